"""A deploy in two steps, for what fits after the deploy but maybe not during it: lower first, then raise.

In the first step no function claims more than it holds: one that is updated in place gets the smaller of its old and
its new reservation, one that is replaced has none yet, and what is removed is deleted. The second step deploys the
template as it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tapctl.account.model import Concurrency
from tapctl.concurrency.change import ClaimChange, outlook
from tapctl.concurrency.judge import Floor, check_provisioned, lacks_only_on_the_way, open_provision
from tapctl.concurrency.remedy import Remedy, RemedyAction, RemedyPlan
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.unknown import Unknown, known

FIRST, SECOND = "step 1 of 2", "step 2 of 2"
GOES_ON = advise(JudgementAdvice.DEPLOY_SECOND_STEP)


@dataclass(frozen=True, slots=True)
class TwoStepPlan:
    """The reservations of the `first` step; None where two steps would not fit either, with what would."""

    first: RemedyPlan | None
    instead: Hint | None = None


def plan_two_steps(
    changes: tuple[ClaimChange, ...], account: Concurrency, bounds: Floor | Unknown
) -> TwoStepPlan | None:
    """The two steps; None where they are not needed or cannot help.

    They cannot where a sum is unknown, where the end does not fit, and where the concurrency that was changed outside
    of the stack may stay as it is.
    """
    sums = outlook(changes, account.unreserved)
    if isinstance(bounds, Unknown) or not lacks_only_on_the_way(sums, bounds):
        return None
    if any(check_provisioned(change) or open_provision(change) or change.drifted for change in changes):
        return None
    least = max(bounds.safe, bounds.hard)
    if not any(change.grows for change in changes):
        return None
    provisioned = sum(_provisioned_in_first(change) for change in changes)
    if provisioned and isinstance(account.unreserved, int) and account.unreserved - provisioned < least:
        return TwoStepPlan(None, advise(_alternative(changes), provisioned))
    first = {change.logical_id: _smaller(change) for change in changes if change.wanted and _reserves(change)}
    return TwoStepPlan(RemedyPlan(first, possible=True))


def _reserves(change: ClaimChange) -> bool:
    return change.wanted is not None and isinstance(change.wanted.reserved, int)


def _smaller(change: ClaimChange) -> Remedy:
    """The first step's reservation of a function that the template reserves concurrency for."""
    wanted = change.wanted.reserved if change.wanted else None
    requested = wanted if isinstance(wanted, int) else 0
    old = change.live.reserved if change.live and not change.replaced else None
    if isinstance(old, int) and change.wanted and old < known(change.provisioned_peak):
        old = None  # the old reservation would not cover the provisioned concurrency
    if requested == 0 or (isinstance(old, int) and requested <= old):
        return Remedy(RemedyAction.KEEP, requested, requested)
    if isinstance(old, int):
        return Remedy(RemedyAction.LOWER, old, requested)
    return Remedy(RemedyAction.DROP, None, requested)


def _provisioned_in_first(change: ClaimChange) -> int:
    """The executions that a function without a reservation in the first step provisions beyond those it holds."""
    if change.wanted is None or (_reserves(change) and _smaller(change).action is not RemedyAction.DROP):
        return 0
    return max(0, known(change.provisioned_peak) - known(change.claim_in_place))


def _alternative(changes: tuple[ClaimChange, ...]) -> JudgementAdvice:
    """What frees concurrency before provisioned concurrency takes it."""
    if any(change.replaced for change in changes):
        return JudgementAdvice.KEEP_FUNCTION_NAME
    if any(change.replaced_versions for change in changes):
        return JudgementAdvice.PROVISION_ON_ALIAS
    return JudgementAdvice.LOWER_BEFORE_RAISING


def describe_first(changes: tuple[ClaimChange, ...], plan: RemedyPlan) -> str:
    """The effect of the first step on each function: first what frees concurrency, then what waits for it."""
    freed = [f"{change.logical_id} {effect}" for change in changes for effect in _frees(change)]
    waiting = [f"{name} {_waits(remedy.value)} until step 2" for name, remedy in plan.changes.items()]
    return f"{FIRST}: {', '.join([*freed, *waiting])}"


def describe_second(plan: RemedyPlan) -> str:
    """The reservations that had to wait for the second step."""
    return f"{SECOND}: {', '.join(f'{name} reserves {remedy.requested}' for name, remedy in plan.changes.items())}"


def _frees(change: ClaimChange) -> Iterator[str]:
    old = change.live.reserved if change.live else None
    new = change.wanted.reserved if change.wanted else None
    if not isinstance(old, int) or change.replaced:
        return
    if change.wanted is None:
        yield f"is deleted and frees {old}"
    elif new is None:
        yield f"frees its reservation of {old}"
    elif isinstance(new, int) and new < old:
        yield f"is lowered from {old} to {new}"


def _waits(value: int | None) -> str:
    return "has no reservation" if value is None else f"stays at {value}"
