"""The sections of tapctl.toml on findings: ignores, the age of snapshots, and limits."""

import difflib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import ConfigDict, Field

from tapctl.errors import ConfigError, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.settings.verify_section import Section

if TYPE_CHECKING:
    from tapctl.limits import Limit, LimitSettings, QuotaValue

DURATION = r"^(\d{1,6}[smhdw])+$"
"""Seconds, minutes, hours, days, weeks."""

NOT_BLANK, QUOTA = r"\S", r"^[A-Za-z0-9-]+/[A-Za-z0-9-]+$"


class Ignore(Section):
    """`[[ignore]]`: a finding that does not count, for a reason and for a time."""

    limit: str
    """The id of the limit, as `tapctl limits` lists it."""
    resource: str | None = None
    """The logical id that the finding names; without it the limit is ignored for every resource."""
    reason: Annotated[str, Field(pattern=NOT_BLANK)]
    """Why the finding does not matter; every report shows it."""
    until: date
    """The last day on which it is ignored; after it, tapctl refuses the file."""


def in_force(ignores: Sequence[Ignore], own: "Sequence[Limit]" = ()) -> tuple[Ignore, ...]:
    """The ignores; `own` are limits beside the catalogue.

    Raises `ConfigError` for one that has expired, or whose limit does not exist.
    """
    from tapctl.limits import catalogue

    known = {limit.id for limit in (*catalogue(), *own)} if ignores else set()
    for ignore in ignores:
        if ignore.until < datetime.now(UTC).date():
            about = f"{ignore.limit} of {ignore.resource}" if ignore.resource else ignore.limit
            message = f"tapctl.toml: [[ignore]] of {about} has expired: `until` is {ignore.until}"
            raise ConfigError(message, advise(UsageAdvice.SET_LATER_UNTIL))
        if ignore.limit not in known:
            message = f"tapctl.toml: [[ignore]] names the limit `{ignore.limit}`, which does not exist"
            raise ConfigError(message, advise(UsageAdvice.LIST_LIMITS))
    return tuple(ignores)


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def span(text: str) -> timedelta:
    """A time such as `12h`, `7d` or `1d12h`. Raises `UsageError` for anything else."""
    if not re.fullmatch(DURATION, text):
        raise UsageError(f"`{text}` is not a time", advise(UsageAdvice.FOR_EXAMPLE, "`12h`, `7d` or `2w`"))
    parts = re.findall(r"(\d+)(\w)", text)
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())


class QuotaOverride(Section):
    """`[limits."SERVICE/CODE"]`: the value of a quota, by the key or the id of its limit."""

    value: Annotated[float, Field(ge=0, strict=True, allow_inf_nan=False)]
    """The value in force, where Service Quotas does not show it; findings name it with its reason."""
    reason: Annotated[str, Field(pattern=NOT_BLANK)]
    """Where the value comes from, such as a ticket; required."""


class OwnLimit(Section):
    """`[[limits.own]]`: a limit that the catalogue does not have."""

    type: str
    """The resource type that counts; Cloud Control lists what the account has of it."""
    quota: Annotated[str, Field(pattern=QUOTA)]
    """Service and quota code as Service Quotas has them; another name needs a value in `[limits."SERVICE/NAME"]`."""
    count: Annotated[float, Field(gt=0, strict=True, allow_inf_nan=False)] = 1
    """How many units one resource takes."""
    title: str = ""
    """How findings name it; by default by its type."""
    all_regions: Annotated[bool, Field(strict=True)] = False
    """`true` for one limit of the whole account instead of one in each Region."""


class LimitsConfig(Section):
    """`[limits]`: what is known of limits beside the catalogue and Service Quotas."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)
    __pydantic_extra__: dict[str, QuotaOverride] = Field(init=False)

    near: Annotated[float, Field(gt=0, le=100, strict=True)] = 80
    """From how many percent of a quota on a finding that fits is a warning."""
    own: list[OwnLimit] = Field(default=[])
    """Limits that the catalogue does not have."""

    def in_force(self) -> "LimitSettings":
        """The section with rows. Raises `ConfigError` for a limit or a type that does not exist, and for one twice."""
        from tapctl.limits import LimitSettings, catalogue

        if not self.own and not self.__pydantic_extra__:
            return LimitSettings(near=self.near / 100)
        known = {name: limit for limit in catalogue() for name in (limit.key, limit.id)}
        own: dict[str, Limit] = {}
        for row in self.own:
            limit = _limit(row)
            names = {name.lower(): limit.id for name, limit in known.items()}
            if name := names.get(limit.key.lower()) or names.get(limit.id):
                where = f"in the catalogue, as {name}"
                raise ConfigError(f"tapctl.toml: `limits.own`: {row.quota} is {where}", _LISTED)
            if limit.id in {row.id for row in own.values()}:
                raise ConfigError(f"tapctl.toml: `limits.own`: {row.quota} is given twice", _LISTED)
            _check_type(row.type)
            own[row.quota] = limit
        overrides = _overrides(self.__pydantic_extra__, {**known, **own})
        return LimitSettings(overrides, tuple(own.values()), self.near / 100)


_LISTED = advise(UsageAdvice.LIST_LIMIT_KEYS)


def _limit(row: OwnLimit) -> "Limit":
    """A row of the section as one of the catalogue; Cloud Control lists global resources in one Region."""
    from tapctl.concurrency.counting import plain_number
    from tapctl.limits import Limit
    from tapctl.limits.row import Call, DefaultGrade, each

    units = plain_number(row.count)
    listed = Call(
        "cloudcontrol", "ListResources", "ResourceDescriptions", {"TypeName": row.type}, units=units,
        action="cloudformation:ListResources", region="us-east-1" if row.all_regions else "",
    )  # fmt: skip
    return Limit(
        row.quota.replace("/", "-").lower(), row.quota, row.title or f"{row.type} resources", "",
        (each(row.type, units=units),), grade=DefaultGrade.OPEN, adjustable="/L-" in row.quota, usage=listed,
        is_global=row.all_regions,
    )  # fmt: skip


def _overrides(section: Mapping[str, QuotaOverride], known: "Mapping[str, Limit]") -> "dict[str, QuotaValue]":
    """The values by the keys of their limits. Raises `ConfigError` for a limit that has none, and for one twice."""
    from tapctl.concurrency.counting import plain_number
    from tapctl.limits import LimitKind, QuotaValue

    overrides: dict[str, QuotaValue] = {}
    for name, given in section.items():
        limit = known.get(name)
        if limit is None:
            near = difflib.get_close_matches(name, known, n=1)
            better = advise(UsageAdvice.DID_YOU_MEAN, near[0]) if near else _LISTED
            raise ConfigError(f"tapctl.toml: `limits`: {name} is not the key of a limit", better)
        if limit.kind is not LimitKind.COUNT:
            problem = "always read" if limit.kind is LimitKind.CONCURRENCY else "the same in every account"
            raise ConfigError(f"tapctl.toml: `limits`: {name} is {problem}", _LISTED)
        if limit.key in overrides:
            raise ConfigError(
                f"tapctl.toml: `limits`: {limit.key} is given twice, also as {limit.id}", advise(UsageAdvice.REMOVE_ONE)
            )
        overrides[limit.key] = QuotaValue(plain_number(given.value), given.reason)
    return overrides


_PRIVATE = re.compile(r"\w+(::[\w@-]+)+")
"""A resource type that is not AWS's, or a custom resource."""


def _check_type(type_: str) -> None:
    """Raise `ConfigError` for a type of AWS that cfn-lint does not know; others are private."""
    from tapctl.template.lint import resource_types

    is_private = _PRIVATE.fullmatch(type_) and not type_.startswith("AWS::")
    known = {type_} if is_private else resource_types()
    if type_ not in known:
        near = difflib.get_close_matches(type_, known, n=1)
        hint = advise(UsageAdvice.DID_YOU_MEAN, near[0]) if near else advise(UsageAdvice.LIST_RESOURCE_TYPES)
        raise ConfigError(f"tapctl.toml: `limits.own`: `{type_}` is not a resource type", hint)
