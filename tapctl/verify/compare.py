"""Comparisons of a template's value with an API's, and conversions of boolean properties to the API's terms."""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from tapctl.aws.answers import first_words

Comparison = Callable[[Any, Any], bool]
"""Takes the expected value, from the template, and the actual one, from the API."""

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


class NotJson(Exception):
    """A document that should be JSON is not; the message has its first words."""


def json_object(document: Any) -> Mapping[str, Any]:
    """The JSON object, which may be text. Raises `NotJson` for anything else."""
    parsed = document
    if isinstance(document, str):
        with suppress(ValueError, RecursionError):
            parsed = json.loads(document)
    if not isinstance(parsed, dict):
        raise NotJson(f"not a JSON object: {first_words(str(document))}")
    return parsed


def same(expected: Any, actual: Any) -> bool:
    """Equal; a template may write numbers and booleans as text."""
    return bool(_canonical(expected) == _canonical(actual))


def unordered(expected: Any, actual: Any) -> bool:
    """Whether both lists have the same entries, in any order."""
    return _sorted(expected) == _sorted(actual)


def same_name(expected: Any, actual: Any) -> bool:
    """Whether both sides name the same resource, by its name, its id or its ARN."""
    return bool(actual) and _name(expected) == _name(actual)


def same_document(expected: Any, actual: Any) -> bool:
    """Whether both are the same JSON document, as text or parsed. Raises `NotJson` for another text on one side."""
    return bool(expected == actual) or same(_parsed(expected), _parsed(actual))


def within(expected: Any, actual: Any) -> bool:
    """One value contains the other, such as the URI of an integration its function's ARN."""
    return bool(actual) and (str(expected) in str(actual) or str(actual) in str(expected))


def boolean(value: Any) -> bool:
    """A boolean property, which a template may write as text."""
    return str(value).lower() == "true"


def as_status(value: Any) -> str:
    """A boolean property as the status ENABLED or DISABLED."""
    return "ENABLED" if boolean(value) else "DISABLED"


def as_state(value: Any) -> str:
    """A boolean property as the state Enabled or Disabled."""
    return as_status(value).capitalize()


def same_or_changing(expected: Any, actual: Any) -> bool:
    """The expected status, or the transition to it, which may take an hour."""
    return actual in (expected, {"ENABLED": "ENABLING", "DISABLED": "DISABLING"}[expected])


def _sorted(entries: Any) -> list[str]:
    return sorted(json.dumps(_canonical(entry), sort_keys=True) for entry in entries or [])


def _canonical(value: Any) -> Any:
    match value:
        case bool() | "True" | "False":
            return str(value).lower()
        case int() | float():
            return float(value)
        case str():
            return float(value) if _NUMBER.fullmatch(value) else value
        case list() | tuple():
            return [_canonical(item) for item in value]
        case dict():
            return {name: _canonical(item) for name, item in value.items()}
        case _:
            return value


def _name(value: Any) -> str:
    return re.split("[:/]", str(value).removesuffix(":*"))[-1]


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise NotJson(f"not JSON: {first_words(value)}") from None
