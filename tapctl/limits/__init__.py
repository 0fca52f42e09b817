"""The catalogue: one row per limit, one file per service, loaded for the resource types that a template has.

To add a limit, add a `Limit` to the `ROWS` of its service's file and write the index again; nothing else changes.
"""

from collections.abc import Iterable
from functools import cache
from importlib import import_module

from tapctl.limits.awslambda import CONCURRENCY
from tapctl.limits.index import ALWAYS, FILES, SERVICES
from tapctl.limits.row import Limit, LimitKind


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


__all__ = ["CONCURRENCY", "FILES", "Limit", "LimitKind", "catalogue", "limits_of", "rows"]
