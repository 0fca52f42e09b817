"""Resolved properties of a resource: whole numbers, and whether the resource is created."""

import re

from tapctl.template.model import Resource
from tapctl.template.parameters import as_text
from tapctl.template.resolver import Resolver
from tapctl.template.source import Path
from tapctl.template.values import NO_VALUE, Value
from tapctl.unknown import Unknown


def whole_number(value: object) -> int:
    """`5` and `"5"` are 5, as in CloudFormation. Raises `ValueError` with the predicate of a message."""
    text = as_text(int(value)) if isinstance(value, float) and value.is_integer() else as_text(value).strip()
    if isinstance(value, bool | list | dict) or not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        shown = "a list" if isinstance(value, list) else "a map" if isinstance(value, dict) else f"`{text}`"
        raise ValueError(f"is {shown}, not a whole number")
    if int(text) < 0:
        raise ValueError(f"is {text}, below 0")
    return int(text)


def count(resolver: Resolver, resource: Resource, raw: Value, path: Path) -> int | Unknown | None:
    """A property as a whole number; None where it is absent, unknown where the resource may not be created.

    Raises `TemplateError` for a value that is not a whole number of 0 or more.
    """
    value = resolver.value(raw, path)
    if value is NO_VALUE:
        return None
    if isinstance(value, Unknown):
        return plain(value)
    exists = existence(resolver, resource)
    if isinstance(exists, Unknown):
        return plain(exists)
    try:
        return whole_number(value)
    except ValueError as error:
        message = f"{path[-1]} of {resource.logical_id} {resolver.without_secrets(str(error))}"
        raise resolver.template.error(message, *path, hint="set a whole number of 0 or more, or omit it") from None


def existence(resolver: Resolver, resource: Resource) -> bool | Unknown:
    """Whether a resource is created under its `Condition`."""
    return resolver.exists(resource.condition, ("Resources", resource.logical_id, "Condition"))


def plain(unknown: Unknown) -> Unknown:
    """Any subclass of Unknown as a plain Unknown."""
    return Unknown(unknown.reason, unknown.resolution, unknown.judged, unknown.lookup)
