"""An operation of CloudFormation on one stack: told as it happens, followed to its end, its failure named."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tapctl.account.floor_cache import floor_in_error
from tapctl.aws.session import Aws, explained, in_our_words
from tapctl.errors import DeployFailed, DeployStuck, Interrupted, TapctlError
from tapctl.resource_types import STACK
from tapctl.stacks import custom_resource_logs
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.custom_resource_logs import custom
from tapctl.stacks.diagnose import Diagnosis, diagnose
from tapctl.stacks.follow import Follower, StackEvent, place, watch_command
from tapctl.stacks.redaction import Secrets
from tapctl.stacks.stack import describe_stack
from tapctl.stacks.status import ABSENT, End, state
from tapctl.state.journal import Journal, Phase
from tapctl.unknown import Unknown

TIMEOUT = 3600.0
"""Seconds to wait for CloudFormation."""


CANCELLABLE = "UPDATE_IN_PROGRESS"
"""The only status in which CancelUpdateStack is accepted."""


class Attendant(Protocol):
    """Who watches."""

    def step(self, text: str) -> None:
        """Something begins or was done."""
        ...

    def event(self, event: StackEvent) -> None:
        """Something happened to a resource."""
        ...

    def cancel(self, stack_name: str) -> bool:
        """Whether to call the update off; never yes where nobody can be asked."""
        ...


def attend(follower: Follower, attendant: Attendant) -> list[StackEvent]:
    """Every event up to the stack's own last, and what is to be said after it. Raises what `Follower.follow` does.

    Raises `Interrupted` after a Ctrl-C: at once where nothing can be called off or somebody does not want to, else
    when the update was. A second Ctrl-C leaves at once.
    """
    try:
        _tell(follower, attendant)
    except KeyboardInterrupt:
        raise _interrupted(follower, attendant) from None
    for line in aftermath(follower.aws, follower.seen):
        attendant.step(follower.conceal(line))
    return follower.seen


def _tell(follower: Follower, attendant: Attendant) -> None:
    for event in follower.follow():
        attendant.event(event)


def _interrupted(follower: Follower, attendant: Attendant) -> Interrupted:
    name, status = follower.name, ""
    try:
        status = _status(follower)
        if status == ABSENT:
            return Interrupted(f"interrupted; there is no stack {name} any more", "`tapctl deploy` makes it anew")
        if status == CANCELLABLE and attendant.cancel(name) and _called_off(follower, attendant):
            _tell(follower, attendant)
            return Interrupted(f"interrupted; the update of stack {name} was called off: {follower.seen[-1].status}")
    except KeyboardInterrupt:
        pass
    return Interrupted(
        f"interrupted; CloudFormation goes on with stack {name} by itself{f' ({status})' if status else ''}",
        f"{watch_command(follower.aws, name)} follows it to its end",
    )


def _status(follower: Follower) -> str:
    """How the stack is; empty where that cannot be read now."""
    try:
        return describe_stack(follower.aws, follower.stack_id).status
    except TapctlError:
        return ""


def _called_off(follower: Follower, attendant: Attendant) -> bool:
    """Ask CloudFormation to go back; it may refuse, above all when the update has just ended."""
    from botocore.exceptions import BotoCoreError, ClientError

    doing = f"calling off the update of stack {follower.name}"
    try:
        follower.aws.client("cloudformation").cancel_update_stack(
            StackName=follower.stack_id, ClientRequestToken=f"tapctl-{uuid.uuid4()}"
        )
    except (ClientError, BotoCoreError) as error:
        attendant.step(in_our_words(error, doing).message)
        return False
    attendant.step(f"{doing}; Ctrl-C leaves it to CloudFormation")
    return True


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

    def run(self, doing: str, operation: str, asked: Mapping[str, Any]) -> list[StackEvent]:
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

    def follow(self, stack_id: str, token: str | None) -> list[StackEvent]:
        """Every event of the operation that the token began; the last is the stack's own.

        Without a token it is the operation that is under way. Raises what `attend` does.
        """
        return attend(self.follower(stack_id, token), self.observer)

    def follower(self, stack_id: str, token: str | None) -> Follower:
        """What reads the events of an operation, in which no secret is shown."""
        return Follower(self.aws, stack_id, token, self.timeout, self.sleep, conceal=self.secrets.without)


def failure(aws: Aws, name: str, seen: Sequence[StackEvent]) -> TapctlError:
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


def aftermath(aws: Aws, seen: Sequence[StackEvent]) -> Iterator[str]:
    """Lines for whoever watched; what cannot be read is said in one of them and changes nothing."""
    end = state(seen[-1].status).end
    if end is not End.STUCK:
        for event in left_behind(seen):
            yield (
                f"warning: {event.name} ({event.type} {event.physical_id}) could not be deleted and is no part of the"
                f" stack any more: {event.reason or 'no reason was given'}; it stays, at its price, until you delete it"
            )
    cause = diagnose(seen) if end is not End.SUCCESS else None
    if cause and cause.event and custom_resource_logs.custom(cause.event):
        yield from _log(aws, cause.event, seen)


def left_behind(seen: Sequence[StackEvent]) -> list[StackEvent]:
    """Resources whose last word is that they could not be deleted. An update succeeds with them all the same."""
    last = {event.name: event for event in seen if event.type != STACK}
    return [event for event in last.values() if event.status == "DELETE_FAILED"]


def _log(aws: Aws, event: StackEvent, seen: Sequence[StackEvent]) -> Iterator[str]:
    try:
        function = custom_resource_logs.backing_function(aws, event, seen)
        lines = (
            function if isinstance(function, Unknown) else custom_resource_logs.last_lines(aws, function, event.reason)
        )
    except TapctlError as error:
        function = lines = Unknown(error.message)
    if isinstance(lines, Unknown):
        why = f"{lines.reason}; {lines.resolution}" if lines.resolution else lines.reason
        yield f"the log of the function behind {event.name} cannot be shown: {why}"
        return
    yield f"the last lines of the log of {function}, which makes {event.name}:"
    yield from (f"  {line}" for line in lines)
