"""Verifies a rollout: the instance of each cell, and its stack as `tapctl verify` does."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tapctl.account.live import LiveAccount
from tapctl.errors import TapctlError
from tapctl.fleet.cause import cause
from tapctl.fleet.cells import each_cell
from tapctl.fleet.judge import settings_of
from tapctl.fleet.observe import Observed, no_stack_set
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.retry import RetryWindow
from tapctl.verify.verify import ONCE, Verification, verify

if TYPE_CHECKING:
    from tapctl.aws.stack_sets import StackInstance
    from tapctl.fleet.cells import Cell
    from tapctl.fleet.override_sets import Key
    from tapctl.fleet.request import StackSetRequest
    from tapctl.verify.http import Route


@dataclass(frozen=True, slots=True)
class CellProof:
    """A cell with the checks of its instance and its stack; unknown where the cell cannot be read."""

    cell: Cell
    instance: Check
    verification: Verification | Unknown | None = None
    """None where there is no stack."""

    @property
    def checks(self) -> tuple[Check, ...]:
        own = self.verification.checks if isinstance(self.verification, Verification) else ()
        return (self.instance, *own)

    @property
    def is_proved(self) -> bool:
        """Whether every check ran and none failed."""
        read = isinstance(self.verification, Verification)
        return read and not any(check.status is CheckStatus.FAILED for check in self.checks)


@dataclass(frozen=True, slots=True)
class FleetVerification:
    """The verification of every cell."""

    name: str
    stack_set: str
    cells: tuple[CellProof, ...]

    @property
    def failed(self) -> tuple[CellProof, ...]:
        return tuple(proof for proof in self.cells if not proof.is_proved)


def verify_fleet(
    request: StackSetRequest,
    route: Route,
    *,
    only: Collection[Key] | None = None,
    retry: RetryWindow = ONCE,
    progress: Callable[[str], None] = lambda _: None,
) -> FleetVerification:
    """Check every cell, or `only` these. Raises `UsageError` for a stack set that does not exist."""
    sets = request.sets
    stack_set = sets.describe()
    if stack_set is None:
        raise no_stack_set(request)
    instances = {instance.cell: instance for instance in sets.instances()}
    cells = Observed(stack_set, instances).located(request.cells)
    chosen = [cell for cell in cells.cells if only is None or cell.key in only]

    def prove(cell: Cell) -> Verification | None:
        if not cell.stack:
            return None
        reader = cells.open(cell)
        if not isinstance(reader, LiveAccount):
            return None
        return verify(reader.aws, settings_of(cell, request.settings), route, retry=retry, progress=progress)

    proofs = (
        CellProof(
            cell,
            _instance(cell, instances.get(cell.key)),
            Unknown(found.message, found.hint) if isinstance(found, TapctlError) else found,
        )
        for cell, found in zip(chosen, each_cell(chosen, prove), strict=True)
    )
    return FleetVerification(request.name, sets.name, tuple(proofs))


def _instance(cell: Cell, instance: StackInstance | None) -> Check:
    if instance is None:
        return Check(cell.name, CheckStatus.FAILED, "the stack set has no instance there", permanent=True)
    if instance.status != "CURRENT":
        found = cause(instance.reason) if instance.reason else None
        message = f"the instance is {instance.status}{f': {found.sentence}' if found else ''}"
        return Check(cell.name, CheckStatus.FAILED, message, found.hint if found else None, permanent=True)
    return Check(cell.name, CheckStatus.PROVED, "the instance is CURRENT")
