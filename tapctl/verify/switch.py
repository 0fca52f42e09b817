"""Switches of a template, which may stand as text, in the words of the services."""

from typing import Any


def is_on(value: Any) -> bool:
    return str(value).lower() == "true"


def enabled(value: Any) -> str:
    return "ENABLED" if is_on(value) else "DISABLED"


def soon(wanted: Any, found: Any) -> bool:
    """In this state, or on the way to it, which may take an hour."""
    return found in (wanted, {"ENABLED": "ENABLING", "DISABLED": "DISABLING"}[wanted])
