"""The workflow behind `tapctl destroy`, which shows what is deleted and what stays before it asks."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from tapctl.aws import lookups
from tapctl.aws.cloudformation import list_stack_resources
from tapctl.aws.errors import read_or_unknown
from tapctl.aws.stacks import StackDescription, StackResource, stack_name
from tapctl.errors import UsageError
from tapctl.hints import advise, with_step
from tapctl.hints.deploy import DeployAdvice
from tapctl.packaging.bucket import bucket_name
from tapctl.packaging.package import MAX_BODY
from tapctl.resource_types import ABSENT, STACK
from tapctl.settings.settings import Settings
from tapctl.stacks.follow import stack_flags
from tapctl.stacks.operation import Operator
from tapctl.stacks.recovery import Recovery, StackDeletion
from tapctl.stacks.remains import RETAINING, deletion_policies, deployed_template
from tapctl.stacks.stack import find_stack
from tapctl.stacks.stateful_types import STATEFUL
from tapctl.stacks.status import StackAction, rule_for
from tapctl.unknown import Unknown


@dataclass(frozen=True, slots=True)
class DeletedResource:
    """One resource of the stack; `policy` is its DeletionPolicy."""

    logical_id: str
    type: str
    physical_id: str
    policy: str = "Delete"

    @property
    def retained(self) -> bool:
        return self.policy in RETAINING

    @property
    def loss(self) -> str:
        """The data that is lost with it; empty where there is none."""
        return "" if self.retained or self.policy == "Snapshot" else STATEFUL.get(self.type, "")


@dataclass(frozen=True, slots=True)
class Deletion:
    """The resources that the deletion of a stack deletes."""

    stack_name: str
    stack_id: str
    resources: tuple[DeletedResource, ...]
    bucket: str
    """The bucket with what a deploy of the stack uploaded, which stays; empty where it uploaded nothing."""


@dataclass(frozen=True, slots=True)
class Destroyed:
    """The result: `deletion` is None where there was no stack, `left` are resources that could not be deleted."""

    deletion: Deletion | None
    done: bool
    left: tuple[str, ...] = ()


def destroy(operator: Operator, settings: Settings, confirm: Callable[[Deletion], bool]) -> Destroyed:
    """Delete the stack, after `confirm`.

    Raises `UsageError` for a protected environment, with termination protection and for an export that another stack
    imports, `DeployStuck` where a resource cannot be deleted, `BusyError` when the timeout is over.
    """
    name = operator.name
    if settings.protected:
        hint = advise(DeployAdvice.UNPROTECT)
        raise UsageError(f"environment {settings.env} is protected: stack {name} was not deleted", hint)
    stack = _after_operation(operator)
    if stack.status == ABSENT:
        return Destroyed(None, done=True)
    if stack.termination_protection:
        hint = advise(DeployAdvice.DISABLE_PROTECTION_OF, name)
        raise UsageError(f"termination protection of stack {name} is enabled", hint)
    deletion = _deletion(operator, settings, stack)
    _refuse_imported(operator, stack, deletion.resources)
    if not confirm(deletion):
        return Destroyed(deletion, done=False)
    left = StackDeletion(operator, settings.role_arn, flag="--yes").delete(stack)
    return Destroyed(deletion, done=True, left=left)


def _refuse_imported(operator: Operator, stack: StackDescription, resources: Sequence[DeletedResource]) -> None:
    """Raise `UsageError` for exports of the stack that other stacks import; what cannot be read, AWS decides."""
    used = _importers(operator, stack, [resource.physical_id for resource in resources if resource.type == STACK])
    if not used:
        return
    stacks = list(dict.fromkeys(importer for importers in used.values() for importer in importers))
    exports = "; ".join(
        f"export {name} of stack {stack.name} is imported by {', '.join(by)}" for name, by in used.items()
    )
    hint = advise(DeployAdvice.STOP_IMPORTING, ", ".join(stacks), ", ".join(used))
    for name in stacks:
        hint = with_step(hint, advise(DeployAdvice.OR_DESTROY_IMPORTER, stack_flags(operator.aws, name)))
    raise UsageError(f"{exports}, so it cannot be deleted", hint)


def _importers(operator: Operator, stack: StackDescription, nested: Sequence[str]) -> dict[str, list[str]]:
    """The stacks outside of the tree of this one that import an export of it, by the export."""
    aws, below = operator.aws, tuple(map(stack_name, nested))

    def is_own(name: str) -> bool:
        return name == stack.name or name.startswith(below)

    names = tuple(stack.exports.values())
    if nested:
        exports = read_or_unknown(lookups.LIST_EXPORTS, lambda: lookups.exports(aws))
        names = (
            names if isinstance(exports, Unknown) else tuple(export.name for export in exports if is_own(export.stack))
        )
    found = {}
    for name in names:
        importers = read_or_unknown(lookups.LIST_IMPORTS, partial(lookups.importers, aws, name))
        if not isinstance(importers, Unknown) and (
            others := sorted(importer for importer in importers if not is_own(importer))
        ):
            found[name] = others
    return found


def _after_operation(operator: Operator) -> StackDescription:
    """The stack after its running operation; then it can be deleted in any status."""
    stack = find_stack(operator.aws, operator.name)
    return Recovery(operator).wait(stack) if rule_for(stack.status).action is StackAction.WAIT else stack


def _deletion(operator: Operator, settings: Settings, stack: StackDescription) -> Deletion:
    template = deployed_template(operator.aws, stack)
    policies, text = deletion_policies(template), json.dumps(template, default=str)
    resources = (resource for resource in list_stack_resources(operator.aws, stack.id) if resource.held)
    bucket = settings.artifact_bucket or bucket_name(stack.account_id, operator.aws.region)
    uploaded = bucket if bucket in text or len(text) > MAX_BODY else ""
    return Deletion(operator.name, stack.id, tuple(_deleted(resource, policies) for resource in resources), uploaded)


def _deleted(resource: StackResource, policies: Mapping[str, str]) -> DeletedResource:
    policy = policies.get(resource.logical_id, "Delete")
    return DeletedResource(resource.logical_id, resource.type, resource.physical_id, policy)
