"""Facts from the schemas of resource types, which cfn-lint ships.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tapctl.resource_types import CUSTOM_RESOURCE, CUSTOM_RESOURCES


def _schema(type_: str, region: str | None = None) -> Mapping[str, Any]:
    """The schema of a type; empty where there is none."""
    region = region or "us-east-1"
    type_ = CUSTOM_RESOURCE if type_.startswith(CUSTOM_RESOURCES) else type_
    try:
        name = _names_of_files(region).get(type_)
        return _read(f"resources/{name}.json") if name else {}
    except (OSError, ValueError):  # another version keeps them otherwise
        return _by_cfn_lint(type_, region)


@cache
def _names_of_files(region: str) -> Mapping[str, str]:
    """By the type, how the file of its schema is called."""
    return _read(f"providers/{region}.json")


def _read(name: str) -> Mapping[str, Any]:
    """A file of cfn-lint's; importing it for that would take half a second."""
    spec = find_spec("cfnlint")
    (folder,) = (spec.submodule_search_locations if spec else None) or ("",)
    found: Mapping[str, Any] = json.loads((Path(folder) / "data" / "schemas" / name).read_bytes())
    return found


def _by_cfn_lint(type_: str, region: str) -> Mapping[str, Any]:
    from cfnlint.schema import ResourceNotFoundError
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    try:
        found: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, type_).schema
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
        if allowed := sorted({action for group in actions for action in group}):
            found[type_] = tuple(allowed)
    return found


@dataclass(frozen=True, slots=True)
class CreateOnly:
    """The properties of which a change replaces the resource: `surely`, or `maybe` where only a part of one does.

    `names` are those by which the account knows the resource. CloudFormation refuses to replace one that keeps them:
    no two can exist. `deletes_first` is a type of which the old resource is deleted before the new one is created.
    """

    surely: tuple[str, ...]
    maybe: tuple[str, ...]
    names: tuple[str, ...] = ()
    deletes_first: bool = False


def create_only(type_: str) -> CreateOnly | None:
    """The create-only properties of a type; None for a type without a schema."""
    schema = _schema(type_)
    if not schema:
        return None
    paths = _paths(schema, "createOnlyProperties")
    surely = {path for path in paths if "/" not in path}
    maybe = {path.partition("/")[0] for path in (*paths, *_paths(schema, "conditionalCreateOnlyProperties"))} - surely
    deletes_first = schema.get("replacementStrategy") == "delete_then_create"
    return CreateOnly(tuple(sorted(surely)), tuple(sorted(maybe)), _names(type_, schema, surely), deletes_first)


def _names(type_: str, schema: Mapping[str, Any], create_only: Iterable[str]) -> tuple[str, ...]:
    """The properties that identify a resource, where a template sets all of them; else its name, by how it is called.

    Where AWS makes up the identifier, the name is still one of the account: `QueueName` of a queue beside its URL.
    """
    identifier = _paths(schema, "primaryIdentifier")
    if identifier and not {*identifier} & {*_paths(schema, "readOnlyProperties")}:
        return tuple(identifier)
    full = f"{type_.rpartition('::')[2]}Name"
    return tuple(sorted(name for name in create_only if name.endswith("Name") and full.endswith(name)))


def _paths(schema: Mapping[str, Any], key: str) -> list[str]:
    return [path.removeprefix("/properties/") for path in schema.get(key, ())]
