"""The request for a rollout: the fleet, its stack set, the template, and how AWS is reached."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from tapctl.aws.stack_sets import DELEGATED_ADMIN, Preferences, StackSets
from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.template.parameters import as_text

if TYPE_CHECKING:
    from tapctl.aws.accounts import Accounts
    from tapctl.fleet.cells import Cells
    from tapctl.settings.fleet_section import Fleet
    from tapctl.settings.settings import Settings
    from tapctl.template.lint import Linting
    from tapctl.template.model import Template

NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
"""Of a stack set: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html"""

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
        inherited = {field.name: getattr(base, field.name) for field in fields(StackSetRequest)}
        return cls(**inherited, template=template, linting=linting, adopts=adopts)


def stack_set_of(name: str, fleet: Fleet, accounts: Accounts, env: str | None) -> StackSets:
    """The stack set of a fleet. Raises `UsageError` for a fleet without one, or without its Region."""
    set_name, region = place_of(name, fleet, env)
    return StackSets(accounts.cell(region), set_name, _call_as(fleet), tuple(fleet.ous))


def place_of(name: str, fleet: Fleet, env: str | None) -> tuple[str, str]:
    """The name of a fleet's stack set, and its Region. Raises `UsageError` as `stack_set_of` does."""
    if not fleet.stack_set:
        raise UsageError(f"fleet {name} has no stack set", advise(DeployAdvice.SET_STACK_SET, name))
    if "{env}" in fleet.stack_set and env is None:
        raise UsageError(
            f"the stack set's name {fleet.stack_set} needs an environment", advise(UsageAdvice.PASS_ENVIRONMENT)
        )
    set_name = fleet.stack_set.replace("{env}", env or "")
    if not NAME.fullmatch(set_name):
        message = f"{set_name} cannot be the name of a stack set: AWS takes up to 128 letters, digits and hyphens"
        raise UsageError(message, advise(DeployAdvice.CORRECT_STACK_SET, name))
    region = fleet.stack_set_region or next(iter(fleet.regions), None)
    if region is None:
        raise UsageError(f"fleet {name} has no Region for its stack set", advise(DeployAdvice.GIVE_STACK_SET_REGION))
    return set_name, region


def refuse_foreign_canary(name: str, fleet: Fleet, cells: Cells) -> None:
    """Raise `UsageError` for an account of the canary that is not one of the fleet's."""
    accounts = {cell.account.id for cell in cells.cells}
    if foreign := [id_ for id_ in fleet.canary or () if id_ not in accounts]:
        message = f"the canary {foreign[0]} is none of the accounts of fleet {name}"
        raise UsageError(message, advise(DeployAdvice.CORRECT_CANARY, name))


def _call_as(fleet: Fleet) -> str:
    """The CallAs of every call for the fleet's stack set; empty for a self-managed one."""
    if fleet.permission == "self":
        return ""
    return DELEGATED_ADMIN if fleet.call_as == "delegated_admin" else "SELF"


def settings_for(settings: Settings, fleet: Fleet) -> Settings:
    """The settings of a fleet: its parameters and its remedy win over the environment's."""
    values = {
        name: ",".join(value) if isinstance(value, list) else as_text(value)
        for name, value in fleet.parameters.items()
        if name not in settings.parameters or name in settings.configured
    }
    return replace(
        settings,
        parameters={**settings.parameters, **values},
        configured={**settings.configured, **dict.fromkeys(values, "[fleet] of tapctl.toml")},
        remedy=fleet.remedy or settings.remedy,
    )
