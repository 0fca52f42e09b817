"""The user interface of a command that works on a stack, as the workflows see it."""

from collections.abc import Sequence
from typing import Protocol

from tapctl.aws.stacks import StackEvent
from tapctl.concurrency.result import Preflight
from tapctl.hints import Hint
from tapctl.stacks.change_set import ChangeSet


class DeployUI(Protocol):
    """Shows progress and asks questions. Where no question can be asked, the answer is no."""

    def step(self, text: str, hint: Hint | None = None) -> None:
        """Show one line of progress."""
        ...

    def verdict(self, result: Preflight) -> None:
        """Show the verdict of a preflight."""
        ...

    def changes(self, change_set: ChangeSet) -> None:
        """Show what a change set would do."""
        ...

    def event(self, event: StackEvent) -> None:
        """Show what happened to a resource."""
        ...

    def confirm(self, stack_name: str) -> bool:
        """Ask whether to execute the change set that was shown last."""
        ...

    def allow_remedy(self, action: str) -> bool:
        """Ask for consent to a remedy or to two steps, `action`, which the consent to the change set is not."""
        ...

    def allow(self, question: str, leaving: Sequence[str] = ()) -> bool:
        """Ask for consent to repair or delete a failed stack; `leaving` are logical ids that it would leave behind."""
        ...

    def cancel(self, stack_name: str) -> bool:
        """Ask, after a Ctrl-C, whether to cancel the running update."""
        ...
