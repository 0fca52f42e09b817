"""A deploy in two steps, for what fits at the end but maybe not on the way: lower first, then raise.

In the first step nothing claims more than it holds: what is changed in place gets the lesser of its old and
new reservation, what is made anew none yet, and what goes is deleted. The second step is the target.
"""

from collections.abc import Iterator

from tapctl.account.model import Concurrency
from tapctl.concurrency.change import ClaimChange, outlook
from tapctl.concurrency.floor import Floor
from tapctl.concurrency.provisioned import check_provisioned, open_provision
from tapctl.concurrency.remedy import Remedy, RemedyAction, RemedyPlan
from tapctl.concurrency.result import Preflight
from tapctl.unknown import Unknown


def first_step(
    changes: tuple[ClaimChange, ...], account: Concurrency, bounds: Floor | Unknown
) -> RemedyPlan | str | None:
    """The reservations of the first step; None when one step will do, or in words why two would not.

    Sums that are unknown, an end that does not fit, and what was changed by hand and may stay so are none of its
    business either.
    """
    sums = outlook(changes, account.unreserved)
    if isinstance(bounds, Unknown) or isinstance(sums.final, Unknown) or isinstance(sums.peak, Unknown):
        return None
    if any(check_provisioned(change) or open_provision(change) or change.drifted for change in changes):
        return None
    least = max(bounds.safe, bounds.hard)
    if sums.final < least or sums.peak >= least or not any(change.grows for change in changes):
        return None
    remedies = {change.logical_id: _less(change) for change in changes if change.wanted and _reserves(change)}
    held = sum(_provisioned_anew(change) for change in changes)
    if held and isinstance(account.unreserved, int) and account.unreserved - held < least:
        return (
            f"two steps would not do: provisioned concurrency takes {held} before anything is freed;"
            f" what would: {_help(changes)}"
        )
    return RemedyPlan(remedies, possible=True)


def _reserves(change: ClaimChange) -> bool:
    return change.wanted is not None and isinstance(change.wanted.reserved, int)


def _less(change: ClaimChange) -> Remedy:
    """What the first step reserves for a function that reserves something at the end."""
    wanted = change.wanted.reserved if change.wanted else None
    requested = wanted if isinstance(wanted, int) else 0
    old = change.live.reserved if change.live and not change.replaced else None
    if isinstance(old, int) and change.wanted and old < _known(change.provisioned_top):
        old = None  # what it holds would not cover what it provisions
    if requested == 0 or (isinstance(old, int) and requested <= old):
        return Remedy(RemedyAction.KEEP, requested, requested)
    return (
        Remedy(RemedyAction.LOWER, old, requested)
        if isinstance(old, int)
        else Remedy(RemedyAction.DROP, None, requested)
    )


def _provisioned_anew(change: ClaimChange) -> int:
    """What a function without a reservation in the first step provisions beyond what it holds."""
    if change.wanted is None or (_reserves(change) and _less(change).action is not RemedyAction.DROP):
        return 0
    return max(0, _known(change.provisioned_top) - _known(change.base))


def _help(changes: tuple[ClaimChange, ...]) -> str:
    """What frees something before provisioned concurrency takes it."""
    if any(change.replaced for change in changes):
        return "keep the old name, or give the new one in a later deploy, once the old function is without it"
    if any(change.renewed for change in changes):
        return "provision on an alias, which keeps it when its version changes"
    return "`DependsOn` from what is raised to what is lowered, or a deploy of the lowering by itself"


def _known(value: int | Unknown) -> int:
    return value if isinstance(value, int) else 0


FIRST, SECOND = "step 1 of 2", "step 2 of 2"
GOES_ON = "`tapctl deploy` with the same options goes on with step 2"


def first_plan(result: Preflight) -> RemedyPlan | None:
    """The reservations of the first step; None where one step will do."""
    return result.staging if isinstance(result.staging, RemedyPlan) and result.staging.changes else None


def first(result: Preflight, plan: RemedyPlan) -> str:
    """What becomes of each function in the first step, what frees something before what has to wait for it."""
    freed = [f"{each.logical_id} {told}" for each in result.changes for told in _frees(each)]
    waiting = [f"{name} {_waits(each.value)} until step 2" for name, each in plan.changes.items()]
    return f"{FIRST}: {', '.join([*freed, *waiting])}"


def second(plan: RemedyPlan) -> str:
    """What the functions get that had to wait."""
    return f"{SECOND}: {', '.join(f'{name} gets {each.requested}' for name, each in plan.changes.items())}"


def _frees(change: ClaimChange) -> Iterator[str]:
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
