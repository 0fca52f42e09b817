"""An operation followed while somebody watches: Ctrl-C says what goes on in AWS, and may call an update off."""

import uuid
from typing import Protocol

from tapctl.aws import in_our_words
from tapctl.deploy.aftermath import aftermath
from tapctl.deploy.events import Event, Follower, watch_command
from tapctl.deploy.stack import look
from tapctl.deploy.stack_state import ABSENT
from tapctl.errors import Interrupted, TapctlError

CANCELLABLE = "UPDATE_IN_PROGRESS"
"""The only status in which CancelUpdateStack is accepted."""


class Attendant(Protocol):
    """Who watches."""

    def step(self, text: str) -> None:
        """Something begins or was done."""
        ...

    def event(self, event: Event) -> None:
        """Something happened to a resource."""
        ...

    def cancel(self, stack_name: str) -> bool:
        """Whether to call the update off; never yes where nobody can be asked."""
        ...


def attend(follower: Follower, attendant: Attendant) -> list[Event]:
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
        return look(follower.aws, follower.stack_id).status
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
