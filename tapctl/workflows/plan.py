"""The workflow behind `tapctl deploy --plan`: judge, create a change set, show it, delete it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tapctl.account.live import LiveAccount
from tapctl.concurrency import two_step
from tapctl.stacks import change_set
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.changes import ResourceChange
from tapctl.stacks.status import StackAction
from tapctl.template.nested import StackTree
from tapctl.template.resolver import existence
from tapctl.workflows.create_change_set import create_change_set
from tapctl.workflows.deployer import Deployer, DeployRequest, check_parameters
from tapctl.workflows.gate import gate
from tapctl.workflows.preflight import preflight

if TYPE_CHECKING:
    from tapctl.concurrency.result import Preflight
    from tapctl.stacks.stack import ReadyStack
    from tapctl.stacks.ui import DeployUI
    from tapctl.template.lint import Linting


@dataclass(frozen=True, slots=True)
class Planned:
    """What a deploy would change; `change_set` is None where there is nothing to change."""

    preflight: Preflight
    change_set: ChangeSet | None


def plan(request: DeployRequest, ui: DeployUI, linting: Linting | None = None) -> Planned:
    """What a deploy of the template, with its remedy, would change.

    Raises `Blocked` when the verdict blocks the deploy, `BusyError` or `DeployStuck` when no change set can be created
    now, `UsageError` for warnings with `--fail-on-warnings`.
    """
    ready = Deployer(request, ui).recovery.require_ready()
    request = request.by_name_of(ready.stack)
    deployer = Deployer(request, ui)
    check_parameters(ready, request.template, request.settings)
    result = preflight(request.template, LiveAccount(request.aws), request.settings, linting)
    ui.verdict(result)
    gate(result, allow_uncertain=request.allow_uncertain)
    if first := result.first_step:
        steps = two_step.describe_first(result.changes, first)
        ui.step(f"a deploy takes two steps; their combined changes are shown; {steps}")
    planned = _change_set(deployer, result, ready)
    if planned is not None:
        ui.changes(planned)
        if request.options.fail_on_warnings:
            change_set.fail_on_warnings(planned, deployer.name)
    return Planned(result, planned)


def _change_set(deployer: Deployer, result: Preflight, ready: ReadyStack) -> ChangeSet | None:
    """What a deploy would change, without leaving a change set behind; None when there is nothing to change."""
    if ready.action is StackAction.RECREATE:
        deployer.ui.step(f"stack {deployer.name} is {ready.stack.status}: a deploy deletes it and creates it again")
        return ChangeSet("", ready.stack.id, _additions(result.tree))
    created = create_change_set(deployer, result, ready)
    if created is not None:
        change_set.discard(deployer.aws, created, with_stack=ready.creates)
    return created


def _additions(tree: StackTree) -> tuple[ResourceChange, ...]:
    """Every resource as an addition: while the failed stack exists, CloudFormation cannot create a change set."""
    resolver = tree.resolver
    nested = {child.prefix: child for child in tree.children if isinstance(child, StackTree)}
    created = (resource for resource in resolver.template.resources() if existence(resolver, resource) is not False)
    return tuple(
        ResourceChange("Add", resource.logical_id, resource.type, nested=_additions(child) if child else ())
        for resource in created
        for child in [nested.get(f"{tree.prefix}{resource.logical_id}/")]
    )
