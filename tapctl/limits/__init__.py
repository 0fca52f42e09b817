"""The catalogue: one row per limit, one file per service, loaded for the resource types that a template has.

To add a limit, add a `Limit` to the `ROWS` of its service's file and write the index with `python docs/generate.py`;
nothing else changes. A type without a limit goes to `no_limits.toml`.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from tapctl.limits.awslambda import CONCURRENCY
from tapctl.limits.row import Limit, LimitKind, NoLimit

_FOLDER = Path(__file__).parent
_INDEX = json.loads((_FOLDER / "index.json").read_bytes())

SERVICES: tuple[str, ...] = tuple(_INDEX["services"])
"""The files of this package, one per service."""

ALWAYS: tuple[str, ...] = tuple(_INDEX["always"])
"""The files with limits of every template."""

FILES: Mapping[str, list[str]] = _INDEX["files"]
"""The files that have rows for a resource type."""


@cache
def rows(service: str) -> tuple[Limit, ...]:
    """The rows of one service's file."""
    found: tuple[Limit, ...] = import_module(f"tapctl.limits.{service}").ROWS
    return found


def limits_of(types: Iterable[str]) -> tuple[Limit, ...]:
    """The limits that these resource types count toward, and those of every template."""
    wanted = {service for type_ in types for service in FILES.get(type_, ())} | {*ALWAYS}
    return tuple(limit for service in SERVICES if service in wanted for limit in rows(service))


def catalogue() -> tuple[Limit, ...]:
    """Every limit, the services in alphabetical order behind Lambda and CloudFormation."""
    return tuple(limit for service in SERVICES for limit in rows(service))


@cache
def no_limits() -> tuple[NoLimit, ...]:
    """The resource types that are known to have no limit, of `no_limits.toml`."""
    import tomllib

    text = (_FOLDER / "no_limits.toml").read_text(encoding="utf-8")
    groups = tomllib.loads(text)["none"]
    return tuple(NoLimit(group["reason"], group["docs"], tuple(group["types"])) for group in groups)


def uncovered(types: Iterable[str]) -> set[str]:
    """The types that no row knows and that are not known to have no limit either."""
    unknown = {type_ for type_ in types if type_ not in FILES}
    return unknown.difference(*(group.types for group in no_limits())) if unknown else unknown


__all__ = [
    "CONCURRENCY",
    "FILES",
    "Limit",
    "LimitKind",
    "NoLimit",
    "catalogue",
    "limits_of",
    "no_limits",
    "rows",
    "uncovered",
]
