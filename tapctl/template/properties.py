"""A template's number: a whole one, as a number or as text."""

import re

from tapctl.template.model import Resource
from tapctl.template.parameters import as_text
from tapctl.template.resolver import NO_VALUE, Resolver, Value
from tapctl.template.source import Path
from tapctl.unknown import Unknown


def whole_number(value: object) -> int:
    """`5` and `"5"` are 5, as in CloudFormation. Raises `ValueError` saying what it is instead."""
    text = as_text(int(value)) if isinstance(value, float) and value.is_integer() else as_text(value).strip()
    if isinstance(value, bool | list | dict) or not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        shown = "a list" if isinstance(value, list) else "a map" if isinstance(value, dict) else f"`{text}`"
        raise ValueError(f"is {shown}, not a whole number")
    if int(text) < 0:
        raise ValueError(f"is {text}, below 0")
    return int(text)


def count(resolver: Resolver, resource: Resource, raw: Value, path: Path) -> int | Unknown | None:
    """A property as a whole number, None where it is left out; a resource that may not exist makes it unknown.

    Raises `TemplateError` with the line of what is no whole number above or at 0.
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
        raise resolver.template.error(message, *path, hint="give one of 0 or more, or leave it out") from None


def existence(resolver: Resolver, resource: Resource) -> bool | Unknown:
    return resolver.exists(resource.condition, ("Resources", resource.logical_id, "Condition"))


def plain(unknown: Unknown) -> Unknown:
    """The Unknown by itself, whatever kind of one it is."""
    return Unknown(unknown.reason, unknown.resolution, unknown.judged, unknown.lookup)
