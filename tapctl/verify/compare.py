"""Ways to compare a value of a template with what an API shows of it."""

import json
import re
from collections.abc import Callable
from typing import Any

Comparison = Callable[[Any, Any], bool]
"""The template's value and the API's; whether they are the same."""

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


def same(wanted: Any, found: Any) -> bool:
    """Alike; numbers and switches may stand as text in a template."""
    return bool(_plain(wanted) == _plain(found))


def unordered(wanted: Any, found: Any) -> bool:
    """The same entries in any order."""
    return _sorted(wanted) == _sorted(found)


def same_name(wanted: Any, found: Any) -> bool:
    """The same thing, each side by its name, its id or its ARN."""
    return bool(found) and _name(wanted) == _name(found)


def same_document(wanted: Any, found: Any) -> bool:
    """The same JSON, each side as text or as what it says."""
    return same(_parsed(wanted), _parsed(found))


def within(wanted: Any, found: Any) -> bool:
    """One names the other, such as a function's ARN inside of the URI that invokes it."""
    return bool(found) and (str(wanted) in str(found) or str(found) in str(wanted))


def _sorted(entries: Any) -> list[str]:
    return sorted(json.dumps(_plain(each), sort_keys=True) for each in entries or [])


def _plain(value: Any) -> Any:
    match value:
        case bool() | "True" | "False":
            return str(value).lower()
        case int() | float():
            return float(value)
        case str():
            return float(value) if _NUMBER.fullmatch(value) else value
        case list() | tuple():
            return [_plain(item) for item in value]
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case _:
            return value


def _name(value: Any) -> str:
    return re.split("[:/]", str(value).removesuffix(":*"))[-1]


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def is_on(value: Any) -> bool:
    return str(value).lower() == "true"


def enabled(value: Any) -> str:
    return "ENABLED" if is_on(value) else "DISABLED"


def soon(wanted: Any, found: Any) -> bool:
    """In this state, or on the way to it, which may take an hour."""
    return found in (wanted, {"ENABLED": "ENABLING", "DISABLED": "DISABLING"}[wanted])
