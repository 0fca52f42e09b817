"""The resources that a destroy deletes, and its result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tapctl.errors import TapctlError
from tapctl.report.document import as_document, error_fields
from tapctl.report.render import RenderOptions, counted, draw
from tapctl.workflows.destroy import DeletedResource, Deletion, Destroyed

if TYPE_CHECKING:
    from rich.text import Text

SCHEMA = "tapctl.destroy/1"


def deletion(deletion: Deletion, options: RenderOptions) -> str:
    """A line for each resource: the effect, the data that is lost, and last the physical id, which may be long."""
    title = f"stack {deletion.stack_name}, {counted(len(deletion.resources), 'resource')}"
    return draw(options, title, *resource_lines(deletion.resources)).rstrip("\n")


def resource_lines(resources: Sequence[DeletedResource]) -> list[Text]:
    """A line for each resource; without a physical id where that is not known."""
    names = max((len(resource.logical_id) for resource in resources), default=0)
    types = max((len(resource.type) for resource in resources), default=0)
    return [_line(resource, names, types) for resource in resources]


def _line(resource: DeletedResource, names: int, types: int) -> Text:
    from rich.text import Text

    sign, (effect, style) = ("=", "green") if resource.retained else ("-", "red"), _effect(resource)
    name = f" {resource.logical_id:<{names}}  {resource.type:<{types}}  "
    return Text.assemble(sign, name, (effect, style), f"  {resource.physical_id}" if resource.physical_id else "")


def _effect(resource: DeletedResource) -> tuple[str, str]:
    """The effect on the resource, and its style."""
    if resource.retained:
        return f"retained (DeletionPolicy {resource.policy})", ""
    if resource.loss:
        return f"lost, with {resource.loss}", "bold red"
    return "deleted, after a snapshot" if resource.policy == "Snapshot" else "deleted", ""


def as_text(name: str, result: Destroyed) -> str:
    if result.deletion is None:
        return f"stack {name} does not exist: nothing to destroy"
    if not result.done:
        return f"stack {name} was not changed"
    kept = [resource.logical_id for resource in result.deletion.resources if resource.retained]
    left = ", ".join(dict.fromkeys((*kept, *result.left)))
    retained = f"; retained: {left}" if left else ""
    bucket = result.deletion.bucket
    uploaded = f"; what its deploys uploaded to s3://{bucket} is kept" if bucket else ""
    return f"stack {name} is destroyed{retained}{uploaded}"


def as_json(name: str, result: Destroyed) -> str:
    deletion = result.deletion
    resources = [
        {
            "logical_id": resource.logical_id,
            "type": resource.type,
            "physical_id": resource.physical_id,
            "stays": resource.retained or resource.logical_id in result.left,
            "loss": resource.loss or None,
        }
        for resource in (deletion.resources if deletion else ())
    ]
    return as_document(
        SCHEMA,
        name,
        stack_id=deletion.stack_id if deletion else None,
        destroyed=result.done and deletion is not None,
        declined=not result.done,
        resources=resources,
        artifacts=(deletion.bucket or None) if deletion else None,
    )


def failure_json(name: str, error: TapctlError) -> str:
    """The document of a destroy that failed."""
    return as_document(SCHEMA, name, destroyed=False, error=error_fields(error))
