"""Which findings count: what is ignored until when, and how old a snapshot may be."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from pydantic import Field

from tapctl.errors import ConfigError, UsageError
from tapctl.settings.verify_section import Section

DURATION = r"^(\d{1,6}[smhdw])+$"
"""Seconds, minutes, hours, days, weeks."""


class Ignore(Section):
    """`[[ignore]]`: a finding that does not count, for a reason and for a time."""

    limit: str
    """The id of the limit, as `tapctl limits` lists it."""
    resource: str | None = None
    """The logical id that the finding names; without it the limit is ignored for every resource."""
    reason: Annotated[str, Field(pattern=r"\S")]
    """Why the finding does not matter; every report shows it."""
    until: date
    """The last day on which it is ignored; after it, tapctl refuses the file."""


def in_force(ignores: list[Ignore]) -> tuple[Ignore, ...]:
    """The ignores. Raises `ConfigError` for one that has expired, or whose limit does not exist."""
    from tapctl.limits import catalogue

    known = {limit.id for limit in catalogue()} if ignores else set()
    for ignore in ignores:
        if ignore.until < datetime.now(UTC).date():
            about = f"{ignore.limit} of {ignore.resource}" if ignore.resource else ignore.limit
            message = f"tapctl.toml: [[ignore]] of {about} has expired: `until` is {ignore.until}"
            raise ConfigError(message, "remove it, or set a later `until` if its reason still holds")
        if ignore.limit not in known:
            message = f"tapctl.toml: [[ignore]] names the limit `{ignore.limit}`, which does not exist"
            raise ConfigError(message, "`tapctl limits` lists the ids")
    return tuple(ignores)


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def span(text: str) -> timedelta:
    """A time such as `12h`, `7d` or `1d12h`. Raises `UsageError` for anything else."""
    if not re.fullmatch(DURATION, text):
        raise UsageError(f"`{text}` is not a time", "for example `12h`, `7d` or `2w`")
    parts = re.findall(r"(\d+)(\w)", text)
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
