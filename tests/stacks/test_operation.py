"""An operation that is followed while the user may press Ctrl-C."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from tapctl.aws.stacks import StackEvent
from tapctl.errors import Interrupted
from tapctl.stacks.follow import Follower
from tapctl.stacks.operation import follow_operation
from tests.support.fake_ui import FakeUI
from tests.support.golden import Golden
from tests.support.stubbed_stacks import STACK_ID, History


@dataclass
class InterruptingUI(FakeUI):
    """Presses Ctrl-C at these times of the history's clock."""

    interrupts: list[float] = field(default_factory=list)

    def sleeps(self, history: History) -> Callable[[float], None]:
        def sleep(seconds: float) -> None:
            history.sleep(seconds)
            if self.interrupts and history.now >= self.interrupts[0]:
                self.interrupts.pop(0)
                raise KeyboardInterrupt

        return sleep

    @property
    def statuses(self) -> list[str]:
        return [event.status for event in self.events]


def update(history: History) -> History:
    history.end(0.1, "UPDATE_IN_PROGRESS")
    history.end(30.0, "UPDATE_COMPLETE")
    return history


def cancellable(history: History, *, refused: bool = False) -> History:
    """CancelUpdateStack rolls the update back, or is refused."""

    def cancel(params: Mapping[str, Any], **_: object) -> tuple[Any, dict[str, Any]]:
        if refused:
            error = {
                "Code": "ValidationError",
                "Message": "CancelUpdateStack cannot be called from current stack status",
            }
            return SimpleNamespace(status_code=400), {"Error": error}
        history.events.pop()
        history.end(history.now + 1, "UPDATE_ROLLBACK_IN_PROGRESS", token=params["body"]["ClientRequestToken"])
        history.end(history.now + 5, "UPDATE_ROLLBACK_COMPLETE", token=params["body"]["ClientRequestToken"])
        return SimpleNamespace(status_code=200), {}

    history.on_cancel = cancel
    return history


def follow(history: History, ui: InterruptingUI) -> list[StackEvent]:
    follower = Follower(history.aws(), STACK_ID, "ours", 3600, ui.sleeps(history), history.clock, history.budget)
    return follow_operation(follower, ui)


def test_without_an_interrupt_every_event_is_shown() -> None:
    history, ui = update(History()), InterruptingUI()

    assert [event.status for event in follow(history, ui)] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert ui.statuses == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]


def test_a_no_leaves_the_update_to_cloudformation(golden: Golden) -> None:
    history, ui = cancellable(update(History())), InterruptingUI(interrupts=[4.0])

    with pytest.raises(Interrupted) as raised:
        follow(history, ui)

    assert raised.value.exit_code == 130
    assert ui.cancellations == 1
    golden(raised.value)


def test_a_yes_cancels_the_update_and_shows_the_rollback(golden: Golden) -> None:
    history, ui = cancellable(update(History())), InterruptingUI(cancels=True, interrupts=[4.0])

    with pytest.raises(Interrupted) as raised:
        follow(history, ui)

    assert ui.statuses == ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"]
    golden([*ui.steps, raised.value])


def test_an_interrupt_says_that_the_stack_was_deleted(golden: Golden) -> None:
    history, ui = update(History(status="")), InterruptingUI(interrupts=[4.0])

    with pytest.raises(Interrupted) as raised:
        follow(history, ui)

    golden(raised.value)


def test_a_second_interrupt_ends_at_once(golden: Golden) -> None:
    history, ui = cancellable(update(History())), InterruptingUI(cancels=True, interrupts=[4.0, 5.0])

    with pytest.raises(Interrupted) as raised:
        follow(history, ui)

    assert history.now < 8
    golden(raised.value)


def test_an_update_that_can_no_longer_be_cancelled_is_left_alone(golden: Golden) -> None:
    history = cancellable(update(History()), refused=True)
    ui = InterruptingUI(cancels=True, interrupts=[4.0])

    with pytest.raises(Interrupted) as raised:
        follow(history, ui)

    assert "cannot be called from current stack status" in ui.text
    golden(raised.value)


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"])
def test_there_is_no_question_where_nothing_can_be_cancelled(status: str) -> None:
    history, ui = update(History(status=status)), InterruptingUI(cancels=True, interrupts=[4.0])

    with pytest.raises(Interrupted, match=status):
        follow(history, ui)

    assert ui.cancellations == 0
