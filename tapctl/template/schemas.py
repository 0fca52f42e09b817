"""What the schemas of resource types say, which cfn-lint brings.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


def _schema(type_: str, region: str | None = None) -> Mapping[str, Any]:
    """The schema of a type; empty where there is none."""
    from cfnlint.schema import ResourceNotFoundError
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    try:
        found: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region or "us-east-1", type_).schema
    except ResourceNotFoundError:
        return {}
    return found


def handler_permissions(types: Iterable[str], region: str | None = None) -> dict[str, tuple[str, ...]]:
    """By resource type, the IAM actions that CloudFormation needs to create, update and delete it.

    A type without a schema, or without handlers in it, is left out.
    """
    found: dict[str, tuple[str, ...]] = {}
    for type_ in types:
        handlers = _schema(type_, region).get("handlers", {})
        actions = (handlers.get(name, {}).get("permissions", ()) for name in ("create", "read", "update", "delete"))
        if allowed := sorted({action for each in actions for action in each}):
            found[type_] = tuple(allowed)
    return found


@dataclass(frozen=True, slots=True)
class CreateOnly:
    """The properties of which a change replaces the resource: `surely`, or `maybe` where only a part of one does."""

    surely: tuple[str, ...]
    maybe: tuple[str, ...]


def create_only(type_: str) -> CreateOnly | None:
    """Those of a type; None for a type without a schema."""
    schema = _schema(type_)
    if not schema:
        return None
    paths = [path.removeprefix("/properties/") for path in schema.get("createOnlyProperties", ())]
    surely = {path for path in paths if "/" not in path}
    conditional = (path.removeprefix("/properties/") for path in schema.get("conditionalCreateOnlyProperties", ()))
    maybe = {path.partition("/")[0] for path in (*paths, *conditional)} - surely
    return CreateOnly(tuple(sorted(surely)), tuple(sorted(maybe)))
