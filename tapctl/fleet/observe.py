"""What the stack set of a fleet is now: its own values, its instances, and their overrides."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tapctl.aws.accounts import organization
from tapctl.aws.stack_sets import SERVICE_MANAGED, StackInstance, StackSet
from tapctl.aws.stacks import stack_name
from tapctl.errors import UsageError
from tapctl.fleet.cells import WORKERS, Cells
from tapctl.fleet.definition import OURS
from tapctl.fleet.plan import Instance, SetState

if TYPE_CHECKING:
    from tapctl.aws.accounts import Accounts
    from tapctl.aws.stack_sets import StackSets
    from tapctl.fleet.override_sets import Key
    from tapctl.fleet.request import StackSetRequest


@dataclass(frozen=True, slots=True)
class Observed:
    """The stack set, None where there is none, and its instances."""

    stack_set: StackSet | None = None
    instances: Mapping[Key, StackInstance] = field(default_factory=dict)
    overrides: Mapping[Key, Mapping[str, str]] = field(default_factory=dict)

    @property
    def held(self) -> Mapping[str, str]:
        """The set's own values."""
        return self.stack_set.parameters if self.stack_set else {}

    def state(self, *, is_current: bool) -> SetState:
        found = {key: Instance(each.status, self.overrides.get(key, {})) for key, each in self.instances.items()}
        return SetState(self.stack_set is not None, is_current, self.held, found)


def observe(request: StackSetRequest, *, parametrised: bool = True) -> Observed:
    """Read the stack set; the overrides, one call for each instance, only where there are parameters."""
    sets = request.sets
    stack_set = sets.describe()
    if stack_set is None:
        return Observed()
    instances = {each.cell: each for each in sets.instances()}
    read = [key for key in instances if parametrised or stack_set.parameters]
    with ThreadPoolExecutor(WORKERS, "instance") as pool:
        found = dict(zip(read, pool.map(lambda key: sets.overrides(*key), read), strict=True))
    return Observed(stack_set, instances, found)


def with_stacks(cells: Cells, sets: StackSets) -> Cells:
    """The cells with the stacks that the stack set has there."""
    present = {each.cell: each.stack_id for each in sets.instances()} if sets.describe() else {}
    stacks = {key: stack_name(stack_id) for key, stack_id in present.items() if stack_id}
    return replace(cells, cells=tuple(replace(cell, stack=stacks.get(cell.key, "")) for cell in cells.cells))


def without_management(cells: Cells, accounts: Accounts) -> Cells:
    """The cells that a service-managed stack set reaches: it never reaches the management account."""
    found = organization(accounts.hub)
    management = found.management if found else ""
    left = tuple(cell for cell in cells.cells if cell.account.id != management)
    if len(left) == len(cells.cells):
        return cells
    inactive = {**cells.inactive, management: "the management account, which a service-managed stack set skips"}
    return replace(cells, cells=left, inactive=inactive)


def refuse_others_set(request: StackSetRequest, *, adopts: bool) -> None:
    """Raise `UsageError` for a stack set that another user created, and for one of another permission model."""
    stack_set = request.sets.describe()
    if stack_set is None:
        return
    name, ours = request.sets.name, f"{OURS}{request.name}"
    described = stack_set.description
    if not adopts and described != ours and not described.startswith(f"{ours}:"):
        message = f"stack set {name} exists and was not created for fleet {request.name}"
        raise UsageError(message, "choose another `stack_set`, or take it over with `--adopt`")
    if (stack_set.permission_model == SERVICE_MANAGED) != request.is_service_managed:
        message = (
            f"stack set {name} is {stack_set.permission_model}, and AWS does not change that while it has instances"
        )
        other = "service" if stack_set.permission_model == SERVICE_MANAGED else "self"
        raise UsageError(message, f'set `permission = "{other}"` in [fleet.{request.name}]')
