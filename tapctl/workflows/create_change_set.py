"""A change set for a judged template: packaged with its remedy, and created while code is uploaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.packaging.package import Publication
from tapctl.stacks import change_set
from tapctl.stacks.change_set_request import ChangeSetRequest, TagChange, request_for, tag_changes
from tapctl.stacks.status import StackAction
from tapctl.state.journal import Phase, digest

if TYPE_CHECKING:
    from tapctl.concurrency.remedy import ParameterOverride
    from tapctl.concurrency.result import Preflight
    from tapctl.packaging.links import Link
    from tapctl.settings.settings import Settings
    from tapctl.stacks.change_set import ChangeSet
    from tapctl.stacks.stack import ReadyStack
    from tapctl.workflows.deployer import Deployer


def publication_of(deployer: Deployer, result: Preflight) -> Publication:
    """The template, packaged with its remedy."""
    packaging = deployer.packager(result.account.account_id)
    package = packaging.package(result.template, result.tree, result.plan.edits)
    for line in _followed(package.links):
        deployer.ui.step(line)
    return Publication(package, packaging.store, deployer.ui.step)


def create_change_set(
    deployer: Deployer, result: Preflight, ready: ReadyStack, part: str = "", publication: Publication | None = None
) -> ChangeSet | None:
    """The change set, ready to be executed; None when there is nothing to change.

    A stack that cannot be updated is deleted first, when the template is packaged.
    """
    publication = publication or publication_of(deployer, result)
    if ready.action is StackAction.RECREATE:
        deployer.recovery.clear(ready.stack)
    request = request_for(
        result.template,
        result.tree,
        _overridden(deployer, result.plan.overrides, part),
        deployer.options,
        publication.request,
        previous={} if ready.creates else ready.stack.parameters,
        tags={} if ready.creates else ready.stack.tags,
        creates=ready.creates,
        exists=bool(ready.stack.id) and ready.action is not StackAction.RECREATE,
        stack_id="" if ready.creates else ready.stack.id,
    )
    created = send(deployer, request, publication)
    if created is None and ready.creates:
        raise UsageError(f"{result.template.file} has no resource to create", advise(DeployAdvice.CHECK_CONDITIONS))
    return replace(created, part=part, tags=changed_tags(deployer, ready)) if created else None


def changed_tags(deployer: Deployer, ready: ReadyStack) -> tuple[TagChange, ...]:
    """The changes of the tags of a stack that has resources; all tags of a new stack are new."""
    if ready.action is StackAction.CREATE:
        return ()
    return tag_changes(deployer.settings, ready.stack.tags, keeps=not ready.creates)


_SHOWN = 10
"""How many links are named."""


def _followed(links: Sequence[Link]) -> Iterator[str]:
    """Lines on the links that lead out of the folders of the code."""
    yield from (f"{link}, which is packaged" for link in links[:_SHOWN])
    if more := links[_SHOWN:]:
        yield f"{len(more)} more such links are followed"


def _overridden(deployer: Deployer, overrides: Mapping[str, ParameterOverride], part: str) -> Settings:
    """The settings with the parameter values that apply remedies in this deploy."""
    settings = deployer.settings
    for function, override in overrides.items():
        value = f'"{override.value}"' if not override.value or " " in override.value else override.value
        where = f" in {part}" if part else ""
        deployer.ui.step(f"remedy: deploying {function} with {override.parameter}={value}{where}")
    values = {override.parameter: override.value for override in overrides.values()}
    return replace(settings, parameters={**settings.parameters, **values})


def send(deployer: Deployer, request: ChangeSetRequest, publication: Publication) -> ChangeSet | None:
    """Create the change set while what only its execution reads is uploaded; a failed upload leaves none behind."""
    journal, ui, aws = deployer.journal, deployer.ui, deployer.aws
    created = None
    attempt = digest(request.template, request.parameters, request.secrets.parameters)
    if attempt == journal.entry.failed:
        ui.step("warning: the previous deploy of this template with these parameters failed")
    journal.record(Phase.CREATING, change_set=request.name, creates=request.creates, digest=attempt)
    try:
        with publication.uploading():
            ui.step(f"creating a change set ({', '.join(request.capabilities) or 'no capabilities'})")
            created = change_set.create(aws, request, sleep=deployer.request.sleep)
    except BaseException:
        if created is not None:
            change_set.discard(aws, created, with_stack=request.creates)
        raise
    if created is not None:
        journal.record(Phase.CONFIRMING, change_set=created.id, stack_id=created.stack_id)
    return created
