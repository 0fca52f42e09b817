"""A stack deleted, with consent to whatever it holds, and to whatever cannot be deleted of it."""

from dataclasses import dataclass, replace
from typing import Any

from tapctl.aws import explained
from tapctl.deploy.counsel import Counsel
from tapctl.deploy.events import Event
from tapctl.deploy.operation import Operator
from tapctl.deploy.stack import Live, resources
from tapctl.deploy.stack_state import Situation
from tapctl.errors import DeployStuck


@dataclass(frozen=True, slots=True)
class Removal:
    """Deletes one stack."""

    operator: Operator
    role_arn: str | None = None
    flag: str = "--recover"
    """What agrees where nobody can be asked."""

    def clear(self, live: Live, found: Situation, *, consent: bool) -> None:
        """Make room for a new stack of this name: explain, ask where that is needed, delete.

        Raises `DeployStuck` without consent, or where the deletion fails for good.
        """
        name, counsel = self.operator.name, self._counsel
        counsel.explain(live)
        if found.kept:
            told = "`--import-existing` takes what has a name of its own into the new stack"
            self.operator.observer.step(f"{', '.join(found.kept)} stay behind; {told}")
        if consent:
            counsel.ask(live, f"delete it with {', '.join(found.held)}" if found.held else "delete what is left of it")
        if found.guarded:
            self._unguard(live)
        self.operator.observer.step(f"deleting stack {name} to make room for a new one")
        self.delete(live)

    @property
    def _counsel(self) -> Counsel:
        return Counsel(self.operator, self.flag)

    def _attempt(self, live: Live, **how: Any) -> Event:
        """One deletion, by the stack's id and in the mode that it was last in; its last event."""
        role = {"RoleARN": self.role_arn} if self.role_arn else {}
        mode = {"DeploymentConfig": {"Mode": "EXPRESS"}} if live.express else {}
        asked = {"StackName": live.id, **role, **mode, **how}
        return self.operator.run(f"deleting stack {self.operator.name}", "delete_stack", asked)[-1]

    def delete(self, live: Live) -> tuple[str, ...]:
        """Delete the stack; the logical ids of what was left behind, with consent, because it could not be deleted.

        Raises `DeployStuck` without that consent.
        """
        counsel, last, names = self._counsel, self._attempt(live), list[str]()
        # Both are taken for a stack in DELETE_FAILED only. The first leaves what is named and no more.
        for how in ("RetainResources", "DeletionMode"):
            if last.status != "DELETE_FAILED":
                break
            left = [each for each in resources(self.operator.aws, live.id) if each.failed]
            names = [each.logical_id for each in left]
            counsel.list(left)
            leave = "delete the stack and leave these behind"
            counsel.ask(replace(live, status=last.status), leave, names, why=last.reason.rstrip("."))
            last = self._attempt(live, **{how: names if how == "RetainResources" else "FORCE_DELETE_STACK"})
        if last.status != "DELETE_COMPLETE":
            raise DeployStuck(
                f"stack {self.operator.name} could not be deleted, it is {last.status}: {last.reason}",
                "mend what the reason names, and run it again",
            )
        return tuple(names)

    def _unguard(self, live: Live) -> None:
        with explained("switching termination protection off"):
            self.operator.aws.client("cloudformation").update_termination_protection(
                StackName=live.id, EnableTerminationProtection=False
            )
