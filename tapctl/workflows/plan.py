"""The workflow behind `tapctl deploy --plan`: judge, create a change set, show it, delete it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tapctl.account.live import LiveAccount
from tapctl.account.model import Stack
from tapctl.aws.cloudformation import get_template
from tapctl.concurrency import two_step
from tapctl.stacks import change_set
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.changes import ResourceChange
from tapctl.stacks.status import StackAction
from tapctl.template.load import from_stack
from tapctl.template.nested import StackTree
from tapctl.template.resolver import existence
from tapctl.workflows.create_change_set import changed_tags, create_change_set, publication_of
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
    """The changes that a deploy would make; `change_set` is None where there is nothing to change."""

    preflight: Preflight
    change_set: ChangeSet | None
    uploads: Mapping[str, str] = field(default_factory=dict)
    """What a deploy would upload first, by its address in S3."""
    compared: bool = False
    """Whether the changes are a comparison of the templates, since CloudFormation could not read the new one yet."""


def plan(request: DeployRequest, ui: DeployUI, linting: Linting | None = None) -> Planned:
    """Find the changes that a deploy of the template, with its remedy, would make.

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
    planned = _planned(deployer, result, ready)
    if planned.change_set is not None:
        ui.changes(planned.change_set)
        if request.options.fail_on_warnings:
            change_set.fail_on_warnings(planned.change_set, deployer.name)
    return planned


def _planned(deployer: Deployer, result: Preflight, ready: ReadyStack) -> Planned:
    """The changes, without uploading anything and without leaving a change set behind."""
    publication = publication_of(deployer, result)
    store = publication.store
    missing = publication.missing()
    uploads = {f"s3://{artifact.bucket or store.bucket}/{artifact.key}": artifact.label for artifact in missing}
    if ready.action is StackAction.RECREATE:
        deployer.ui.step(f"stack {deployer.name} is {ready.stack.status}: a deploy deletes it and creates it again")
        recreated = ChangeSet("", ready.stack.id, _additions(result.tree), tags=changed_tags(deployer, ready))
        return Planned(result, recreated, uploads)
    unsent = publication.compact()
    reads_early = any(artifact.early for artifact in missing)
    if early := [artifact.label for artifact in unsent.missing() if artifact.early] if reads_early else []:
        deployer.ui.step(
            f"CloudFormation reads {', '.join(early)} from S3, and a plan uploads nothing: the templates are compared"
            " instead, which shows neither what is replaced nor what changes within nested stacks"
        )
        return Planned(result, _compared(deployer, result, ready, unsent.package.body), uploads, compared=True)
    created = create_change_set(deployer, result, ready, publication=unsent)
    if created is not None:
        change_set.discard(deployer.aws, created, with_stack=ready.creates)
    return Planned(result, created, uploads)


def _compared(deployer: Deployer, result: Preflight, ready: ReadyStack, body: Mapping[str, Any]) -> ChangeSet | None:
    """The resources added or removed at any depth, and those of the stack itself that are written differently."""
    tags = changed_tags(deployer, ready)
    if ready.creates:
        return ChangeSet("", deployer.name, _additions(result.tree), tags=tags)
    deployed = from_stack(get_template(deployer.aws, ready.stack.id, processed=False), deployer.name).body
    given = deployer.settings.parameters.items()
    if body == deployed and given <= ready.stack.parameters.items() and not tags:
        return None
    old, new = _definitions(deployed), _definitions(body)
    rewritten = {name for name in old.keys() & new.keys() if old[name] != new[name]}
    policies = {name: str(entry.get("DeletionPolicy", "")) for name, entry in old.items()}
    stack = result.account.stack
    held = stack.resources if isinstance(stack, Stack) else None
    if held is None:
        held = {name: str(entry["Type"]) for name, entry in old.items()}
    return ChangeSet("", ready.stack.id, _differences(result.tree, held, rewritten, policies), tags=tags)


def _definitions(body: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The resources of a template by logical id; those of a loop are not known before it is unrolled."""
    entries = (body.get("Resources") or {}).items()
    return {name: entry for name, entry in entries if isinstance(entry, dict) and isinstance(entry.get("Type"), str)}


def _differences(
    tree: StackTree, held: Mapping[str, str], rewritten: Collection[str] = (), policies: Mapping[str, str] | None = None
) -> tuple[ResourceChange, ...]:
    """The added and removed resources by their names in the tree, and those that are rewritten or contain these."""
    added = {change.logical_id: change for change in _additions(tree)}
    prefixed = {name.removeprefix(tree.prefix): type_ for name, type_ in held.items() if name.startswith(tree.prefix)}
    here = {name: type_ for name, type_ in prefixed.items() if "/" not in name}
    nested = {child.prefix: child for child in tree.children if isinstance(child, StackTree)}
    changes = [change for name, change in added.items() if name not in here]
    for name, type_ in here.items():
        child = nested.get(f"{tree.prefix}{name}/")
        within = _differences(child, held) if child else ()
        if name not in added:
            policy = (policies or {}).get(name, "").removesuffix("ExceptOnCreate")
            changes.append(ResourceChange("Remove", name, type_, policy=policy))
        elif name in rewritten or within:
            changes.append(ResourceChange("Modify", name, type_, nested=within))
    return tuple(changes)


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
