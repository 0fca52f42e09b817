"""What a rollout is asked to do: the fleet, its stack set, the template, and where both are reached."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from tapctl.aws.stack_sets import DELEGATED_ADMIN, Preferences, StackSets
from tapctl.errors import UsageError
from tapctl.template.parameters import as_text

if TYPE_CHECKING:
    from tapctl.aws.accounts import Accounts
    from tapctl.fleet.cells import Cells
    from tapctl.settings.fleet_section import Fleet
    from tapctl.settings.settings import Settings
    from tapctl.template.lint import Linting
    from tapctl.template.model import Template

TIMEOUT = 6 * 3600.0
"""Seconds to wait for one operation: 800 accounts took some hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSetRequest:
    """A fleet with its stack set; `accounts` has the credentials of the administrator account."""

    name: str
    fleet: Fleet
    accounts: Accounts
    sets: StackSets
    cells: Cells
    settings: Settings
    timeout: float = TIMEOUT
    sleep: Callable[[float], None] = time.sleep

    @property
    def is_service_managed(self) -> bool:
        return self.fleet.permission == "service"

    @property
    def preferences(self) -> Preferences:
        fleet = self.fleet
        in_parallel = fleet.region_concurrency == "parallel"
        return Preferences(fleet.failure_tolerance, fleet.max_concurrent, in_parallel, tuple(fleet.regions))


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutRequest(StackSetRequest):
    """A rollout of a template."""

    template: Template
    linting: Linting | None = None
    adopts: bool = False
    """Whether a stack set that was not created for this fleet may be updated."""

    @classmethod
    def of(
        cls, base: StackSetRequest, template: Template, linting: Linting | None = None, *, adopts: bool = False
    ) -> RolloutRequest:
        inherited = {each.name: getattr(base, each.name) for each in fields(StackSetRequest)}
        return cls(**inherited, template=template, linting=linting, adopts=adopts)


def stack_set_of(name: str, fleet: Fleet, accounts: Accounts, env: str | None) -> StackSets:
    """The stack set of a fleet. Raises `UsageError` for a fleet without one, or without its Region."""
    if not fleet.stack_set:
        raise UsageError(f"fleet {name} has no stack set", f"give [fleet.{name}] a `stack_set`, the name of one")
    if "{env}" in fleet.stack_set and env is None:
        raise UsageError(f"the stack set's name {fleet.stack_set} needs an environment", "pass `--env NAME`")
    region = fleet.stack_set_region or next(iter(fleet.regions), None)
    if region is None:
        raise UsageError(f"fleet {name} has no Region for its stack set", "give it `stack_set_region`")
    return StackSets(
        accounts.cell(region), fleet.stack_set.replace("{env}", env or ""), _call_as(fleet), tuple(fleet.ous)
    )


def _call_as(fleet: Fleet) -> str:
    """The CallAs of every call for the fleet's stack set; empty for a self-managed one."""
    if fleet.permission == "self":
        return ""
    return DELEGATED_ADMIN if fleet.call_as == "delegated_admin" else "SELF"


def settings_for(settings: Settings, fleet: Fleet, *, remedied: bool) -> Settings:
    """The settings of a fleet: its parameters and its remedy win over the environment's, an option over both."""
    values = {
        name: ",".join(value) if isinstance(value, list) else as_text(value)
        for name, value in fleet.parameters.items()
        if name not in settings.parameters or name in settings.configured
    }
    return replace(
        settings,
        parameters={**settings.parameters, **values},
        configured={**settings.configured, **dict.fromkeys(values, "[fleet] of tapctl.toml")},
        remedy=settings.remedy if remedied or fleet.remedy is None else fleet.remedy,
    )
