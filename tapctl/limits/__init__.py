"""The catalogue: one row per limit, one file per service, loaded for the resource types that a template has.

To add a limit, add a `Limit` to the `ROWS` of its service's file and write the index again; nothing else changes.
"""

from collections.abc import Iterable
from functools import cache
from importlib import import_module

from tapctl.limits.awslambda import CONCURRENCY
from tapctl.limits.index import ALWAYS, FILES, SERVICES
from tapctl.limits.row import Limit, LimitKind, LimitSettings


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


__all__ = ["CONCURRENCY", "FILES", "Limit", "LimitKind", "LimitSettings", "catalogue", "limits_of", "rows"]
