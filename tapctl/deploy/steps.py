"""The two steps of a deploy in words: what the first does, and what it leaves to the second."""

from collections.abc import Iterator

from tapctl.headroom.remedy import Plan
from tapctl.headroom.result import Preflight
from tapctl.headroom.transition import Change

FIRST, SECOND = "step 1 of 2", "step 2 of 2"
GOES_ON = "`tapctl deploy` with the same options goes on with step 2"


def first_plan(result: Preflight) -> Plan | None:
    """The reservations of the first step; None where one step will do."""
    return result.staging if isinstance(result.staging, Plan) and result.staging.changes else None


def first(result: Preflight, plan: Plan) -> str:
    """What becomes of each function in the first step, what frees something before what has to wait for it."""
    freed = [f"{each.logical_id} {told}" for each in result.changes for told in _frees(each)]
    waiting = [f"{name} {_waits(each.value)} until step 2" for name, each in plan.changes.items()]
    return f"{FIRST}: {', '.join([*freed, *waiting])}"


def second(plan: Plan) -> str:
    """What the functions get that had to wait."""
    return f"{SECOND}: {', '.join(f'{name} gets {each.requested}' for name, each in plan.changes.items())}"


def _frees(change: Change) -> Iterator[str]:
    held = change.live.reserved if change.live else None
    wanted = change.wanted.reserved if change.wanted else None
    if not isinstance(held, int) or change.replaced:
        return
    if change.wanted is None:
        yield f"goes, and with it {held}"
    elif wanted is None:
        yield f"gives its {held} back"
    elif isinstance(wanted, int) and wanted < held:
        yield f"is lowered from {held} to {wanted}"


def _waits(value: int | None) -> str:
    return "runs without a reservation" if value is None else f"stays at {value}"
