"""An operation of CloudFormation on one stack: told as it happens, followed to its end, its failure named."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tapctl.account.floors import floor_in_error
from tapctl.aws import Aws, explained
from tapctl.deploy.attend import Attendant, attend
from tapctl.deploy.change_set import ChangeSet
from tapctl.deploy.diagnose import Diagnosis, diagnose
from tapctl.deploy.events import Event, Follower, place
from tapctl.deploy.journal import Journal, Phase
from tapctl.deploy.logs import custom
from tapctl.deploy.secrecy import Secrets
from tapctl.deploy.stack_state import End, state
from tapctl.errors import DeployFailed, DeployStuck, TapctlError

TIMEOUT = 3600.0
"""Seconds to wait for CloudFormation."""


class Mediator(Attendant, Protocol):
    """Who watches, and may be asked for consent."""

    def allow(self, question: str, leaving: Sequence[str] = ()) -> bool:
        """Whether a stuck stack may be touched in this way; `leaving` are the resources left behind by that."""
        ...


class Observer(Mediator, Protocol):
    """Who is told what goes on, and asked whether it should."""

    def changes(self, found: ChangeSet) -> None:
        """What the change set would do."""
        ...

    def confirm(self, stack_name: str) -> bool:
        """Whether to go on."""
        ...


@dataclass(frozen=True, slots=True)
class Operator:
    """Follows what CloudFormation does to one stack."""

    aws: Aws
    name: str
    observer: Mediator
    timeout: float = TIMEOUT
    sleep: Callable[[float], None] = time.sleep
    journal: Journal = field(default_factory=Journal)
    secrets: Secrets = field(default_factory=Secrets)
    """What no reason may show, though a resource quotes it."""

    def run(self, doing: str, operation: str, asked: Mapping[str, Any]) -> list[Event]:
        """Ask for an operation under a token of its own, and follow it to its end; `operation` is the client's method.

        `asked` names the stack by its id.
        """
        token = self.begin(Phase.MENDING, doing, operation, asked)
        seen = self.follow(asked["StackName"], token)
        self.journal.close()
        return seen

    def begin(self, phase: Phase, doing: str, operation: str, asked: Mapping[str, Any], **known: Any) -> str:
        """Ask for it only; the token by which it is known, which is written down before, with what is `known` of it."""
        token = f"tapctl-{uuid.uuid4()}"
        self.journal.note(phase, token=token, stack_id=asked["StackName"], **known)
        with explained(doing):
            getattr(self.aws.client("cloudformation"), operation)(**asked, ClientRequestToken=token)
        return token

    def follow(self, stack_id: str, token: str | None) -> list[Event]:
        """Every event of the operation that the token began; the last is the stack's own.

        Without a token it is the operation that is under way. Raises what `attend` does.
        """
        return attend(self.follower(stack_id, token), self.observer)

    def follower(self, stack_id: str, token: str | None) -> Follower:
        """What reads the events of an operation, in which no secret is shown."""
        return Follower(self.aws, stack_id, token, self.timeout, self.sleep, conceal=self.secrets.without)


def failure(aws: Aws, name: str, seen: Sequence[Event]) -> TapctlError:
    """What a failed operation is to be called, with its first cause in CloudFormation's words and in ours."""
    status, here = seen[-1].status, place(aws, name)
    row, cause = state(status), diagnose(seen, here)
    said = f"{cause.logical_id}: {cause.words}" if cause else "no resource said why"
    meaning = f"; that is, {cause.meaning}" if cause and cause.meaning else ""
    # A stuck stack that can be mended is, by the next deploy; the cause comes first where it says what to do.
    mended = f"`tapctl deploy{here} --recover` agrees to this: {row.action.value}" if row.end is End.STUCK else ""
    hint = (cause.hint if cause else "") or row.hint or mended or _by_its_log(cause) or None
    if row.end is End.ROLLED_BACK:
        message = f"stack {name} failed and was rolled back ({status}): {said}{meaning}"
        return DeployFailed(message, hint, minimum=floor_in_error(said))
    return DeployStuck(f"stack {name} is {status}: {said}{meaning}", hint)


def _by_its_log(cause: Diagnosis | None) -> str:
    """The next step where a function of the account failed a custom resource: its log was told with the end."""
    if cause is None or cause.event is None or not custom(cause.event):
        return ""
    return f"mend the function behind {cause.logical_id}, whose log is above, and `tapctl deploy` again"
