"""Stack sets, their instances and operations, and how an operation proceeds; pure.

A cell is an account and a Region, written `111111111111/us-east-1`. Every function returns the stack set as it is
afterwards. Names of statuses and preferences are those of the API.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

QUEUED, RUNNING, STOPPING, STOPPED = "QUEUED", "RUNNING", "STOPPING", "STOPPED"
PENDING, SUCCEEDED, FAILED, CANCELLED = "PENDING", "SUCCEEDED", "FAILED", "CANCELLED"
CURRENT, OUTDATED, INOPERABLE = "CURRENT", "OUTDATED", "INOPERABLE"
CREATE, UPDATE, DELETE = "CREATE", "UPDATE", "DELETE"
ACTIVE = frozenset({QUEUED, RUNNING, STOPPING})
SKIPPED_SUSPENDED_ACCOUNT = "SKIPPED_SUSPENDED_ACCOUNT"
OVER_TOLERANCE = "Cancelled since failure tolerance has exceeded"
STOPPED_BY_USER = "Cancelled since the operation has been stopped"

Parameters = Mapping[str, str]
Overrides = tuple[tuple[str, str | None], ...]
"""An override list: name and value, or None for UsePreviousValue."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A stack instance: what the stack set has in one cell."""

    account: str
    region: str
    status: str = OUTDATED
    detailed: str = PENDING
    reason: str = ""
    stack_id: str = ""
    overrides: Parameters = field(default_factory=dict)
    unit: str = ""
    operation: str = ""


@dataclass(frozen=True, slots=True)
class CellResult:
    """The result of an operation in one cell, and the answer of the account gate there."""

    account: str
    region: str
    unit: str = ""
    status: str = PENDING
    reason: str = ""
    gate: str = ""
    gate_reason: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation; `change` are the fields of the stack set that it replaces when it begins.

    Cells in `suspended` accounts are skipped. `overrides` is None where the call has no list. An operation `everywhere`
    is about all instances that there are when it begins; one that `outdates` makes all of them OUTDATED. An automatic
    one deploys to accounts that joined a unit.
    """

    id: str
    action: str
    created: str
    results: dict[str, CellResult]
    status: str = QUEUED
    ended: str = ""
    preferences: Mapping[str, Any] = field(default_factory=dict)
    targets: Mapping[str, Any] = field(default_factory=dict)
    overrides: Overrides | None = None
    retain: bool | None = None
    change: Mapping[str, Any] = field(default_factory=dict)
    suspended: tuple[str, ...] = ()
    updates_set: bool = False
    everywhere: bool = False
    outdates: bool = False
    automatic: bool = False

    @property
    def failed(self) -> int:
        return sum(result.status == FAILED for result in self.results.values())


@dataclass(frozen=True, slots=True)
class SandboxStackSet:
    """A stack set of one account and Region. `units` are its targets, `known` the accounts that they had at last."""

    id: str
    name: str
    account: str
    region: str
    template: str
    description: str = ""
    parameters: Parameters = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    tags: Parameters = field(default_factory=dict)
    model: str = "SELF_MANAGED"
    administration_role: str = ""
    execution_role: str = ""
    auto_deployment: Mapping[str, Any] = field(default_factory=dict)
    managed: bool = False
    status: str = "ACTIVE"
    token: str = ""
    units: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    instances: Mapping[str, Instance] = field(default_factory=dict)
    operations: Mapping[str, Operation] = field(default_factory=dict)

    @property
    def active(self) -> tuple[Operation, ...]:
        """The operations that are queued or run, in the order of their requests."""
        return tuple(operation for operation in self.operations.values() if operation.status in ACTIVE)


@dataclass(frozen=True, slots=True)
class CellOutcome:
    """The result of one cell's stack operation; `stack_id` is empty if no stack is left."""

    status: str
    reason: str = ""
    stack_id: str = ""
    instance: str = OUTDATED
    """The status of the instance after a failure."""
    gate: str = ""
    gate_reason: str = ""


def cell_of(account: str, region: str) -> str:
    return f"{account}/{region}"


def queue(of: SandboxStackSet, operation: Operation) -> SandboxStackSet:
    """Add an operation, which `next_to_begin` names when its turn comes."""
    return replace(of, operations={**of.operations, operation.id: operation})


def next_to_begin(of: SandboxStackSet, *, parallel: bool) -> Operation | None:
    """The next queued operation whose turn it is; with `parallel`, those on different cells run side by side."""
    queued = next((operation for operation in of.active if operation.status == QUEUED), None)
    running = [operation for operation in of.active if operation.status != QUEUED]
    if queued is None or not running:
        return queued
    if not parallel or any(operation.updates_set or queued.updates_set for operation in running):
        return None
    free = all(queued.results.keys().isdisjoint(operation.results) for operation in running)
    return queued if free else None


def begin(of: SandboxStackSet, operation: Operation) -> SandboxStackSet:
    """Apply an operation's changes to the set and its instances, and start it."""
    of = replace(of, **operation.change)
    instances = {
        cell: _outdated(instance) if operation.outdates else instance for cell, instance in of.instances.items()
    }
    results = {
        cell: result
        for cell, result in (_everywhere(of) if operation.everywhere else operation.results).items()
        if operation.action == CREATE or cell in instances  # one queued before may have deleted it
    }
    for cell, result in results.items():
        before = instances.get(cell) or Instance(result.account, result.region, unit=result.unit)
        detailed = SKIPPED_SUSPENDED_ACCOUNT if result.account in operation.suspended else PENDING
        after = replace(before, detailed=detailed, reason="", operation=operation.id, unit=before.unit or result.unit)
        overrides = overridden(before.overrides, operation.overrides)
        instances[cell] = after if overrides == before.overrides else replace(_outdated(after), overrides=overrides)
    active = {cell: result for cell, result in results.items() if result.account not in operation.suspended}
    return _with(replace(of, instances=instances), replace(operation, status=RUNNING, results=active))


def _everywhere(of: SandboxStackSet) -> dict[str, CellResult]:
    """The cells of all instances that take part in an update of the stack set."""
    return {
        cell: CellResult(instance.account, instance.region, instance.unit)
        for cell, instance in of.instances.items()
        if instance.status != INOPERABLE
    }


def _outdated(instance: Instance) -> Instance:
    return instance if instance.status == INOPERABLE else replace(instance, status=OUTDATED, detailed=PENDING)


def overridden(before: Parameters, given: Overrides | None) -> Parameters:
    """The overrides after a call with this list, which replaces the whole; without a list they stay."""
    if given is None:
        return before
    previous = {name: before[name] for name, value in given if value is None and name in before}
    return previous | {name: value for name, value in given if value is not None}


def startable(operation: Operation) -> tuple[str, ...]:
    """The cells that may start now, within the Region order, the concurrency and the failure tolerance."""
    if operation.status != RUNNING:
        return ()
    found: list[str] = []
    for results in _by_region(operation):
        statuses = [result.status for result in results]
        pending = [cell_of(result.account, result.region) for result in results if result.status == PENDING]
        slots = concurrency(operation, len(results), statuses.count(FAILED)) - statuses.count(RUNNING)
        found += pending[: max(slots, 0)]
        if not _regions_in_parallel(operation) and (pending or RUNNING in statuses):
            break
    return tuple(found)


def tolerance(operation: Operation, accounts: int) -> int:
    """How many of this number of accounts may fail in a Region; an automatic deployment has no tolerance to exceed."""
    if operation.automatic:
        return accounts
    if (percentage := operation.preferences.get("FailureTolerancePercentage")) is not None:
        return accounts * int(percentage) // 100
    return int(operation.preferences.get("FailureToleranceCount", 0))


def concurrency(operation: Operation, accounts: int, failed: int) -> int:
    """How many accounts of a Region may run at once, after this number of failures."""
    if operation.automatic:
        return accounts
    if (percentage := operation.preferences.get("MaxConcurrentPercentage")) is not None:
        most = max(accounts * int(percentage) // 100, 1)
    else:
        most = int(operation.preferences.get("MaxConcurrentCount", 1))
    if operation.preferences.get("ConcurrencyMode") == "SOFT_FAILURE_TOLERANCE":
        return most
    return min(most, tolerance(operation, accounts) + 1 - failed)


def started(of: SandboxStackSet, operation: Operation, cell: str) -> SandboxStackSet:
    """Mark a cell as running."""
    of = _with_result(of, operation.id, cell, status=RUNNING)
    return _with_instance(of, cell, replace(of.instances[cell], detailed=RUNNING))


def made(of: SandboxStackSet, cell: str, stack_id: str) -> SandboxStackSet:
    """Note the stack that was begun in a cell."""
    return _with_instance(of, cell, replace(of.instances[cell], stack_id=stack_id))


def finished(of: SandboxStackSet, operation_id: str, cell: str, outcome: CellOutcome) -> SandboxStackSet:
    """Note the result of a cell, and cancel cells if the failure tolerance is exceeded."""
    gate = {"gate": outcome.gate, "gate_reason": outcome.gate_reason}
    of = _with_result(of, operation_id, cell, status=outcome.status, reason=outcome.reason, **gate)
    operation, before = of.operations[operation_id], of.instances[cell]
    if outcome.status == FAILED:
        detailed = INOPERABLE if outcome.instance == INOPERABLE else FAILED
        after = replace(before, status=outcome.instance, detailed=detailed, reason=outcome.reason)
        of = _with_instance(of, cell, replace(after, stack_id=outcome.stack_id))
        return _cancel(of, operation, _beyond_tolerance(operation, before.region), OVER_TOLERANCE)
    if operation.action == DELETE:
        return replace(of, instances={name: instance for name, instance in of.instances.items() if name != cell})
    after = replace(before, status=CURRENT, detailed=SUCCEEDED, reason="", stack_id=outcome.stack_id)
    return _with_instance(of, cell, after)


def stopped(of: SandboxStackSet, operation: Operation) -> SandboxStackSet:
    """Stop an operation: cells that have not begun are cancelled."""
    of = _with(of, replace(operation, status=STOPPING))
    pending = [cell for cell, result in operation.results.items() if result.status == PENDING]
    return _cancel(of, of.operations[operation.id], pending, STOPPED_BY_USER)


def settled(of: SandboxStackSet, operation_id: str, now: str) -> SandboxStackSet:
    """End the operation if none of its cells waits or runs."""
    operation = of.operations[operation_id]
    if any(result.status in (PENDING, RUNNING) for result in operation.results.values()):
        return of
    if operation.status == STOPPING:
        status = STOPPED
    else:
        status = FAILED if any(_is_exceeded(operation, results) for results in _by_region(operation)) else SUCCEEDED
    return _with(of, replace(operation, status=status, ended=now))


def interrupted(of: SandboxStackSet, now: str) -> SandboxStackSet:
    """The stack set after a stop of the sandbox: operations that ran or waited are stopped, their cells cancelled."""
    for operation in of.active:
        cells = [cell for cell, result in operation.results.items() if result.status in (PENDING, RUNNING)]
        of = _cancel(of, operation, cells, STOPPED_BY_USER)
        of = _with(of, replace(of.operations[operation.id], status=STOPPED, ended=now))
    return of


def _by_region(operation: Operation) -> Iterable[list[CellResult]]:
    """The results of each Region, in the order of the preferences, then in that of the targets."""
    found: dict[str, list[CellResult]] = {region: [] for region in operation.preferences.get("RegionOrder", ())}
    for result in operation.results.values():
        found.setdefault(result.region, []).append(result)
    return [results for results in found.values() if results]


def _regions_in_parallel(operation: Operation) -> bool:
    return operation.automatic or operation.preferences.get("RegionConcurrencyType") == "PARALLEL"


def _is_exceeded(operation: Operation, results: list[CellResult]) -> bool:
    failed = sum(result.status == FAILED for result in results)
    return failed > tolerance(operation, len(results))


def _beyond_tolerance(operation: Operation, region: str) -> list[str]:
    """The waiting cells that the failures of a Region cancel: its own and, in sequence, those of the Regions after."""
    regions = list(_by_region(operation))
    if not any(results[0].region == region and _is_exceeded(operation, results) for results in regions):
        return []
    hit = [result for results in regions for result in results if result.status == PENDING]
    parallel = _regions_in_parallel(operation)
    return [cell_of(result.account, result.region) for result in hit if result.region == region or not parallel]


def _cancel(of: SandboxStackSet, operation: Operation, cells: Iterable[str], reason: str) -> SandboxStackSet:
    results, instances = dict(operation.results), dict(of.instances)
    for cell in cells:
        results[cell] = replace(results[cell], status=CANCELLED, reason=reason)
        if cell in instances and instances[cell].operation == operation.id:
            before = instances[cell]
            kept = operation.action == DELETE or before.status == INOPERABLE
            status = before.status if kept else OUTDATED
            instances[cell] = replace(before, status=status, detailed=CANCELLED, reason=reason)
    return _with(replace(of, instances=instances), replace(operation, results=results))


def _with(of: SandboxStackSet, operation: Operation) -> SandboxStackSet:
    return replace(of, operations={**of.operations, operation.id: operation})


def _with_result(of: SandboxStackSet, operation_id: str, cell: str, **change: str) -> SandboxStackSet:
    operation = of.operations[operation_id]
    result = replace(operation.results[cell], **change)
    return _with(of, replace(operation, results={**operation.results, cell: result}))


def _with_instance(of: SandboxStackSet, cell: str, instance: Instance) -> SandboxStackSet:
    return replace(of, instances={**of.instances, cell: instance})
