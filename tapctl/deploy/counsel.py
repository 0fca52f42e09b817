"""What somebody must know of a stack that failed, and the question whether it may be touched."""

from collections.abc import Sequence
from dataclasses import dataclass

from tapctl.aws import explained
from tapctl.deploy.diagnose import diagnose, explain
from tapctl.deploy.events import Event, place
from tapctl.deploy.operation import Operator
from tapctl.deploy.stack import Live, Resource, resources
from tapctl.deploy.stack_state import End, state
from tapctl.errors import DeployStuck


@dataclass(frozen=True, slots=True)
class Counsel:
    """Explains, and asks."""

    operator: Operator
    flag: str = "--recover"
    """What agrees where nobody can be asked."""

    def explain(self, live: Live) -> None:
        """Why the stack is as it is: the first cause, and every resource that is in a failed state."""
        self._say(_said(self.operator.name, live))
        if cause := diagnose(self._last_operation(live.id)):
            meaning = f"; that is, {cause.meaning}" if cause.meaning else ""
            self._say(f"  the first cause: {cause.logical_id}: {cause.words}{meaning}")
        if state(live.status).end is End.STUCK:
            self.list([each for each in resources(self.operator.aws, live.id) if each.failed])

    def list(self, failed: Sequence[Resource | Event]) -> None:
        for each in failed:
            _, hint = explain(each.reason, each.physical_id, place(self.operator.aws, self.operator.name))
            reason = self.operator.secrets.without(each.reason)
            told = f": {reason}" if reason else ""
            self._say(f"  {each.logical_id} is {each.status}{told}{f'; {hint}' if hint else ''}")

    def ask(self, live: Live, doing: str, leaving: Sequence[str] = (), why: str = "") -> None:
        """Go on only with a yes. Raises `DeployStuck` without one."""
        if not self.operator.observer.allow(f"stack {self.operator.name} is {live.status}; {doing}", leaving):
            flags = " ".join([self.flag, *(f"--leave {each}" for each in leaving)])
            raise self.stuck(live, why, hint=f"`{flags}` agrees to this: {doing}")

    def stuck(self, live: Live, why: str = "", hint: str = "") -> DeployStuck:
        """The error that says so."""
        said = _said(self.operator.name, live)
        return DeployStuck(f"{said}, {why}" if why else said, hint or None)

    def _say(self, text: str) -> None:
        self.operator.observer.step(text)

    def _last_operation(self, stack_id: str) -> Sequence[Event]:
        """The events of the last operation, nested stacks included, oldest first."""
        follower = self.operator.follower(stack_id, None)
        with explained("reading the stack's events"):
            return tuple(follower.follow())


def _said(name: str, live: Live) -> str:
    return f"stack {name} is {live.status}: {state(live.status).meaning}"
