"""The present state of a fleet's stack set: its own values, its instances, and their overrides."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tapctl.aws.accounts import organization
from tapctl.aws.stack_sets import SERVICE_MANAGED, StackInstance, StackSet
from tapctl.errors import TapctlError, UsageError
from tapctl.fleet.cells import WORKERS, Cells
from tapctl.fleet.definition import OURS
from tapctl.fleet.plan import INOPERABLE, InstanceState, SetState
from tapctl.hints import Hint, advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.state import noecho_hash

if TYPE_CHECKING:
    from tapctl.aws.accounts import Accounts
    from tapctl.aws.stack_sets import StackSets, Values
    from tapctl.fleet.definition import SetDefinition
    from tapctl.fleet.override_sets import Key, WantedSet
    from tapctl.fleet.request import StackSetRequest


@dataclass(frozen=True, slots=True)
class Observed:
    """The stack set, None where there is none, and its instances with their overrides as AWS shows them."""

    stack_set: StackSet | None = None
    instances: Mapping[Key, StackInstance] = field(default_factory=dict)
    overrides: Mapping[Key, Mapping[str, str]] = field(default_factory=dict)

    @property
    def held(self) -> Mapping[str, str] | None:
        """The set's own values, None where there is no set."""
        return self.stack_set.parameters if self.stack_set else None

    def located(self, cells: Cells) -> Cells:
        """The cells with the stacks that the set has there."""
        stacks = {key: instance.stack for key, instance in self.instances.items()}
        return replace(cells, cells=tuple(replace(cell, stack=stacks.get(cell.key, "")) for cell in cells.cells))

    def inoperable(self, cells: Cells) -> tuple[Key, ...]:
        """The cells whose instance StackSets no longer updates."""
        found = ((cell.key, self.instances.get(cell.key)) for cell in cells.cells)
        return tuple(key for key, instance in found if instance and instance.status == INOPERABLE)

    def state(self, definition: SetDefinition, want: WantedSet, known_in: Collection[Key] | None = None) -> SetState:
        """The state of the stack set for the plan, compared with the wanted one.

        `known_in` has the cells whose NoEcho values are those that are given; None where the set may have others.
        """
        now = self.stack_set
        if now is None:
            return SetState()
        given = {placement.key: placement.values for placement in want.placements if placement.key in (known_in or ())}
        instances = {
            key: InstanceState(
                instance.status, self._visible_overrides(key, definition, given.get(key, {})), instance.stack
            )
            for key, instance in self.instances.items()
        }
        hidden = dict.fromkeys(name for name in now.parameters if name in definition.secret)
        return SetState(
            exists=True,
            is_current=definition.is_current(now, want.values)
            and (known_in is not None or not _secrets(definition, want)),
            values={**now.parameters, **hidden},
            instances=instances,
            joins=now.auto_deploys == definition.auto_deploys,
            changed=definition.changed(now, want.reservations),
        )

    def _visible_overrides(self, key: Key, definition: SetDefinition, given: Mapping[str, str]) -> Values:
        """The overrides of an instance, those that AWS hides as they are given, if that is known."""
        overrides = self.overrides.get(key, {})
        return {name: given.get(name) if name in definition.secret else value for name, value in overrides.items()}

    @property
    def _version(self) -> str:
        """Changes with every operation on an instance."""
        last = sorted({instance.last_operation for instance in self.instances.values()})
        return hashlib.sha256(" ".join(last).encode()).hexdigest()

    def remembers(self, definition: SetDefinition, want: WantedSet) -> bool:
        """Whether this machine set these NoEcho values last, and no other operation ran since."""
        secrets = _secrets(definition, want)
        now = self.stack_set
        return now is not None and noecho_hash.matches(_unique(now), self._version, secrets)

    def remember(self, definition: SetDefinition, want: WantedSet) -> None:
        """Note that the set has the NoEcho values that are wanted."""
        if self.stack_set:
            noecho_hash.remember(_unique(self.stack_set), self._version, _secrets(definition, want))


def _unique(stack_set: StackSet) -> str:
    """The part of the set's id that no other set has."""
    return stack_set.id.rpartition(":")[2]


def _secrets(definition: SetDefinition, want: WantedSet) -> dict[str, str]:
    """The NoEcho values that are given to the set, and to instances that have others."""
    own = {name: value for name, value in want.values.items() if name in definition.secret}
    return own | {
        f"{placement.cell.name}/{name}": value
        for placement in want.placements
        for name, value in placement.values.items()
        if name in definition.secret and value != own.get(name)
    }


def observe(sets: StackSets) -> Observed:
    """Read the stack set, and the overrides of its instances: one call for each, unless it has no parameters."""
    stack_set = sets.describe()
    if stack_set is None:
        return Observed()
    instances = {instance.cell: instance for instance in sets.instances()}
    read = instances if stack_set.parameters else ()
    with ThreadPoolExecutor(WORKERS, "instance") as pool:
        found = dict(zip(read, pool.map(lambda key: sets.overrides(*key), read), strict=True))
    return Observed(stack_set, instances, found)


def with_stacks(cells: Cells, named: str, sets: StackSets) -> Cells:
    """The cells with the stacks that the stack set has there, for those of the fleets that name it so."""
    stack_set = sets.describe()
    stacks = {instance.cell: instance.stack for instance in sets.instances()} if stack_set else {}
    located = (
        replace(cell, stack=stacks.get(cell.key) or cell.stack or "") if cell.account.stack_set == named else cell
        for cell in cells.cells
    )
    return replace(cells, cells=tuple(located))


def without_management(cells: Cells, accounts: Accounts) -> Cells:
    """The cells that a service-managed stack set reaches: it never reaches the management account.

    Raises `UsageError` where there is no other.
    """
    found = organization(accounts.hub)
    management = found.management if found else ""
    left = tuple(cell for cell in cells.cells if cell.account.id != management)
    if len(left) == len(cells.cells):
        return cells
    if not left:
        message = f"fleet {cells.fleet} has no account but the management account, which a stack set never reaches"
        raise UsageError(message, advise(DeployAdvice.GIVE_OTHER_OUS))
    inactive = {**cells.inactive, management: "the management account, which a service-managed stack set skips"}
    return replace(cells, cells=left, inactive=inactive)


def _is_of(fleet: str, stack_set: StackSet) -> bool:
    ours, described = f"{OURS}{fleet}", stack_set.description
    return described == ours or described.startswith(f"{ours}:")


def _other_region(request: StackSetRequest) -> str | None:
    """The Region of the fleet that has its stack set, as after a change of `regions`; None where none has."""
    home = request.sets.aws.region
    for region in dict.fromkeys((*request.fleet.regions, *(cell.region for cell in request.cells.cells))):
        with suppress(TapctlError):  # a Region that cannot be read has none that can be used
            there = replace(request.sets, aws=request.accounts.cell(region)).describe() if region != home else None
            if there and _is_of(request.name, there):
                return region
    return None


def _move(request: StackSetRequest, region: str) -> Hint:
    return advise(DeployAdvice.SET_STACK_SET_REGION, region, request.name)


def refuse_others_set(request: StackSetRequest, stack_set: StackSet | None, *, adopts: bool) -> None:
    """Raise `UsageError` for a stack set that was not created for the fleet, and for one of another permission model.

    A set of another fleet is refused too; with `adopts` only the permission model counts. Where there is none, raise
    it for the fleet's own in another Region.
    """
    if stack_set is None:
        if region := _other_region(request):
            raise UsageError(
                f"stack set {request.sets.name} of fleet {request.name} is in {region}", _move(request, region)
            )
        return
    name = request.sets.name
    if not adopts and not _is_of(request.name, stack_set):
        other = stack_set.description.removeprefix(OURS).partition(":")[0]
        whose = (
            f"is that of fleet {other}, not" if stack_set.description.startswith(OURS) else "was not created for fleet"
        )
        message = f"stack set {name} exists and {whose} {request.name}"
        raise UsageError(message, advise(DeployAdvice.CHOOSE_STACK_SET))
    if (stack_set.permission_model == SERVICE_MANAGED) != request.is_service_managed:
        message = (
            f"stack set {name} is {stack_set.permission_model}, and AWS does not change that while it has instances"
        )
        other = "service" if stack_set.permission_model == SERVICE_MANAGED else "self"
        raise UsageError(message, advise(DeployAdvice.SET_PERMISSION, other, request.name))


def no_stack_set(request: StackSetRequest) -> UsageError:
    """The error for a fleet whose stack set does not exist."""
    sets, region = request.sets, _other_region(request)
    hint = _move(request, region) if region else advise(DeployAdvice.CREATE_WITH_FLEET_DEPLOY, request.name)
    return UsageError(f"there is no stack set {sets.name} in {sets.aws.region}", hint)
