"""The workflow behind `tapctl deploy --plan`: judge, mend, ask for a change set, show it, leave nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tapctl.account.live import LiveAccount
from tapctl.concurrency import two_step
from tapctl.concurrency.result import Preflight
from tapctl.stacks import change_set
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.changes import ResourceChange
from tapctl.stacks.status import StackAction
from tapctl.template.nested import StackTree
from tapctl.template.resolver import existence
from tapctl.workflows.deploy import Narrator, gate
from tapctl.workflows.deployer import check_parameters
from tapctl.workflows.preflight import preflight

if TYPE_CHECKING:
    from tapctl.template.lint import Linting
    from tapctl.template.model import Template
    from tapctl.workflows.deployer import Deployer


@dataclass(frozen=True, slots=True)
class Planned:
    """What a deploy would do; `found` is None where that is nothing."""

    preflight: Preflight
    found: ChangeSet | None


def plan(
    template: Template,
    deployer: Deployer,
    narrator: Narrator,
    linting: Linting | None,
    *,
    allow_uncertain: bool = False,
) -> Planned:
    """What a deploy of the template, with its remedy, would change.

    Raises `Blocked` when the verdict forbids the deploy, `BusyError` or `DeployStuck` when the stack takes no
    change set now, `UsageError` where warnings are to be heeded and there are some.
    """
    live = deployer.recovery.at_rest()
    check_parameters(live, template, deployer.settings)
    result = preflight(template, LiveAccount(deployer.aws), deployer.settings, linting)
    narrator.verdict(result)
    gate(result, allow_uncertain=allow_uncertain)
    if first := result.first_step:
        step = two_step.describe_first(result.changes, first)
        narrator.step(f"a deploy goes in two steps, whose sum is shown here; {step}")
    if live.action is StackAction.RECREATE:
        narrator.step(f"stack {deployer.name} is {live.status}: a deploy deletes it and creates it anew")
        found: ChangeSet | None = ChangeSet("", live.id, _additions(result.tree))
    else:
        found = deployer.plan(result, live)
    if found is not None:
        narrator.changes(found)
        if deployer.options.fail_on_warnings:
            change_set.heed(found, deployer.name)
    return Planned(result, found)


def _additions(tree: StackTree) -> tuple[ResourceChange, ...]:
    """Every resource as new: CloudFormation cannot be asked about it while an old stack stands there."""
    resolver = tree.resolver
    below = {child.prefix: child for child in tree.children if isinstance(child, StackTree)}
    made = (each for each in resolver.template.resources() if existence(resolver, each) is not False)
    return tuple(
        ResourceChange("Add", each.logical_id, each.type, nested=_additions(child) if child else ())
        for each in made
        for child in [below.get(f"{tree.prefix}{each.logical_id}/")]
    )
