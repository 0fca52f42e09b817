from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from tapctl.aws.stacks import StackEvent
from tapctl.errors import Interrupted
from tapctl.stacks.follow import Follower
from tapctl.stacks.operation import attend
from tests.support.stubbed_stacks import STACK_ID, History


@dataclass
class Somebody:
    """Presses Ctrl-C when told to, and answers the question that follows."""

    answer: bool = False
    presses: list[float] = field(default_factory=list)
    """When, on the story's clock."""
    said: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    asked: int = 0

    def sleeps(self, history: History) -> Callable[[float], None]:
        def sleep(seconds: float) -> None:
            history.sleep(seconds)
            if self.presses and history.now >= self.presses[0]:
                self.presses.pop(0)
                raise KeyboardInterrupt

        return sleep

    def step(self, text: str) -> None:
        self.said.append(text)

    def event(self, event: StackEvent) -> None:
        self.told.append(event.status)

    def cancel(self, stack_name: str) -> bool:
        self.asked += 1
        return self.answer


def update(history: History) -> History:
    history.end(0.1, "UPDATE_IN_PROGRESS")
    history.end(30.0, "UPDATE_COMPLETE")
    return history


def cancellable(history: History, *, refused: bool = False) -> History:
    """CancelUpdateStack turns the story round, or is refused."""

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


def watching(history: History, somebody: Somebody) -> list[StackEvent]:
    follower = Follower(history.aws(), STACK_ID, "ours", 3600, somebody.sleeps(history), history.clock, history.budget)
    return attend(follower, somebody)


def test_without_an_interrupt_everything_is_told() -> None:
    history, somebody = update(History()), Somebody()

    assert [event.status for event in watching(history, somebody)] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert somebody.told == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]


def test_a_no_leaves_the_update_to_cloudformation() -> None:
    history, somebody = cancellable(update(History())), Somebody(presses=[4.0])

    with pytest.raises(Interrupted) as raised:
        watching(history, somebody)

    assert raised.value.exit_code == 130
    assert raised.value.message == "interrupted; CloudFormation goes on with stack shop by itself (UPDATE_IN_PROGRESS)"
    assert raised.value.hint == "`tapctl watch --stack-name shop` follows it to its end"
    assert somebody.asked == 1


def test_a_yes_calls_the_update_off_and_shows_the_way_back() -> None:
    history, somebody = cancellable(update(History())), Somebody(answer=True, presses=[4.0])

    with pytest.raises(Interrupted, match=r"was called off: UPDATE_ROLLBACK_COMPLETE$"):
        watching(history, somebody)

    assert somebody.told == ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"]


def test_of_a_stack_that_is_gone_it_is_not_said_that_it_goes_on() -> None:
    history, somebody = update(History(status="")), Somebody(presses=[4.0])

    with pytest.raises(Interrupted, match=r"^interrupted; there is no stack shop any more$"):
        watching(history, somebody)


def test_a_second_interrupt_leaves_at_once() -> None:
    history, somebody = cancellable(update(History())), Somebody(answer=True, presses=[4.0, 5.0])

    with pytest.raises(Interrupted, match="CloudFormation goes on with stack shop by itself"):
        watching(history, somebody)

    assert history.now < 8


def test_an_update_that_cannot_be_called_off_any_more_is_left_alone() -> None:
    history, somebody = cancellable(update(History()), refused=True), Somebody(answer=True, presses=[4.0])

    with pytest.raises(Interrupted, match="goes on"):
        watching(history, somebody)

    assert any("cannot be called from current stack status" in text for text in somebody.said)


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"])
def test_nobody_is_asked_where_nothing_can_be_called_off(status: str) -> None:
    history, somebody = update(History(status=status)), Somebody(answer=True, presses=[4.0])

    with pytest.raises(Interrupted, match=status):
        watching(history, somebody)

    assert somebody.asked == 0
