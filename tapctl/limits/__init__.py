"""The catalogue: one row per limit, one file per service, loaded for the resource types that a template has.

To add a limit, add a `Limit` to the `ROWS` of its service's file and write the index with `python docs/generate.py`;
nothing else changes. A type without a limit goes to `no_limits.toml`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path

from tapctl.limits.awslambda import CONCURRENCY
from tapctl.limits.row import Limit, LimitKind, NoLimit, Number

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


def limits_of(types: Iterable[str], own: Iterable[Limit] = ()) -> tuple[Limit, ...]:
    """The limits that these resource types count toward, those of every template, and the `own` ones of tapctl.toml."""
    there = set(types)
    wanted = {service for type_ in there for service in FILES.get(type_, ())} | {*ALWAYS}
    known = (limit for service in SERVICES if service in wanted for limit in rows(service))
    return (*known, *(limit for limit in own if not there.isdisjoint(limit.types)))


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


NEAR = 0.8
"""The share of a quota from which on what is left is named in a warning."""


@dataclass(frozen=True, slots=True)
class QuotaValue:
    """The value of a quota that Service Quotas does not show, and where it comes from."""

    value: Number
    reason: str


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """`[limits]`: values by the keys of limits, rows beside those of the catalogue, and the share for warnings."""

    overrides: Mapping[str, QuotaValue] = field(default_factory=dict)
    own: tuple[Limit, ...] = ()
    near: float = NEAR


__all__ = [
    "CONCURRENCY",
    "FILES",
    "NEAR",
    "Limit",
    "LimitKind",
    "LimitSettings",
    "NoLimit",
    "Override",
    "catalogue",
    "limits_of",
    "no_limits",
    "rows",
    "uncovered",
]
