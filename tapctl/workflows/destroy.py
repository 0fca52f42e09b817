"""A stack destroyed: what goes and what stays is known before anybody is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.aws.session import explained
from tapctl.errors import UsageError
from tapctl.settings.settings import Settings
from tapctl.stacks.operation import Operator
from tapctl.stacks.recovery import Recovery, Removal
from tapctl.stacks.stack import StackDescription, StackResource, describe_stack, list_resources
from tapctl.stacks.stateful_types import STATEFUL
from tapctl.stacks.status import ABSENT, StackAction
from tapctl.template.parse import parse

_KEEPING = ("Retain", "RetainExceptOnCreate")


@dataclass(frozen=True, slots=True)
class Doomed:
    """One resource of the stack; `policy` is its DeletionPolicy."""

    logical_id: str
    type: str
    physical_id: str
    policy: str = "Delete"

    @property
    def stays(self) -> bool:
        return self.policy in _KEEPING

    @property
    def loss(self) -> str:
        """What is lost with it, in words; empty where that is nothing."""
        lost = STATEFUL.get(self.type, "")
        return "" if self.stays or self.policy == "Snapshot" else lost


@dataclass(frozen=True, slots=True)
class Fate:
    """What a destruction takes along."""

    stack_name: str
    stack_id: str
    resources: tuple[Doomed, ...]
    bucket: str
    """Where the code of its deploys is, which is kept."""


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What came of it: `fate` is None where there was no stack, `left` what could not be deleted."""

    fate: Fate | None
    done: bool
    left: tuple[str, ...] = ()


def destroy(operator: Operator, settings: Settings, agreed: Callable[[Fate], bool]) -> Destroyed:
    """Delete the stack, once it is at rest and `agreed` says yes to what goes.

    Raises `UsageError` for a protected environment and under termination protection, `DeployStuck` with what could
    not be deleted, `BusyError` when the time is up.
    """
    name = operator.name
    if settings.protected:
        hint = "take `protected` out of tapctl.toml first, if you are sure"
        raise UsageError(f"environment {settings.env} is protected: stack {name} is not destroyed", hint)
    live = _at_rest(operator)
    if live.status == ABSENT:
        return Destroyed(None, done=True)
    if live.guarded:
        command = "aws cloudformation update-termination-protection --no-enable-termination-protection"
        raise UsageError(f"termination protection of stack {name} is on", f"`{command} --stack-name {name}`")
    fate = _fate(operator, settings, live)
    if not agreed(fate):
        return Destroyed(fate, done=False)
    left = Removal(operator, settings.role_arn, flag="--yes").delete(live)
    return Destroyed(fate, done=True, left=left)


def _at_rest(operator: Operator) -> StackDescription:
    """The stack, after what is under way has ended; a stack in whatever state may be deleted then."""
    live = describe_stack(operator.aws, operator.name)
    return Recovery(operator).settled(live) if live.action is StackAction.WAIT else live


def _fate(operator: Operator, settings: Settings, live: StackDescription) -> Fate:
    policies = _policies(operator, live)
    listed = (each for each in list_resources(operator.aws, live.id) if each.held)
    account = live.id.split(":")[4]
    bucket = settings.artifact_bucket or f"tapctl-artifacts-{account}-{operator.aws.region}"
    return Fate(operator.name, live.id, tuple(_doomed(each, policies) for each in listed), bucket)


def _doomed(resource: StackResource, policies: Mapping[str, str]) -> Doomed:
    name = resource.logical_id
    return Doomed(name, resource.type, resource.physical_id, policies.get(name, "Delete"))


def _policies(operator: Operator, live: StackDescription) -> dict[str, str]:
    """The DeletionPolicy of each resource in the running template that has one; of a stack under review, nothing."""
    with explained(f"reading the template of stack {operator.name}"):
        found: Any = operator.aws.client("cloudformation").get_template(StackName=live.id, TemplateStage="Processed")
    body = found.get("TemplateBody") or {}
    template = parse(body, operator.name).value if isinstance(body, str) else body
    entries = template.get("Resources", {}) if isinstance(template, Mapping) else {}
    return {name: str(each["DeletionPolicy"]) for name, each in entries.items() if "DeletionPolicy" in each}
