"""The promise: *fits* is never refused, *exceeds* always is, and the remedy turns into *fits*."""

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.judge import Floor, judge
from tapctl.concurrency.remedy import Remedy, RemedyAction, RemedyMode, RemedyPlan, RemedyPolicy, allocate
from tapctl.concurrency.two_step import plan_two_steps
from tapctl.concurrency.verdict import Verdict
from tests.concurrency.account_model import Held, Move, Update, floors
from tests.concurrency.random_updates import CASES, HIDDEN_CASES, NAMES, Case, all_covered

EFFORT = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
PINS = st.none() | st.integers(0, 120)
ORDERS = st.just(()) | st.permutations(NAMES).map(lambda names: tuple(names[:2]))


def verdict(case: Case, pinned: int | None) -> Verdict:
    return judge(case.changes, case.pool, pinned=pinned).verdict


def fits(case: Case, pinned: int | None) -> bool:
    return verdict(case, pinned) is Verdict.FITS


def bounds(case: Case, pinned: int | None) -> Floor:
    found = judge(case.changes, case.pool, pinned=pinned).floor
    assert isinstance(found, Floor)
    return found


@EFFORT
@given(CASES, PINS)
def test_fits_is_never_refused_and_exceeds_always_is(case: Case, pinned: int | None) -> None:
    updates = case.updates(pinned)
    assume(updates)
    found = verdict(case, pinned)
    event(found.value)
    if found is Verdict.FITS:
        assert all(update.always_accepted() for update in updates)
        assert all_covered(case)
    elif found is Verdict.EXCEEDS:
        assert not any(update.ever_accepted() for update in updates)
    else:
        possible = floors(case.limit) if pinned is None else {pinned}
        anyway = [Update(case.unreserved, floor, case.moves) for floor in possible]
        assert not all(update.always_accepted() for update in anyway)
        if bounds(case, pinned).known and all_covered(case):
            assert any(update.ever_accepted() for update in updates)


@EFFORT
@given(HIDDEN_CASES)
def test_the_same_holds_for_unknown_values(hidden: tuple[Case, tuple[ClaimChange, ...]]) -> None:
    case, changes = hidden
    found = judge(changes, case.pool).verdict
    event(found.value)
    if found is Verdict.FITS:
        assert all(update.always_accepted() for update in case.updates())
        assert all_covered(case)
    if found is Verdict.EXCEEDS:
        assert not any(update.ever_accepted() for update in case.updates())


@EFFORT
@given(CASES, PINS, st.sampled_from(RemedyMode), ORDERS)
def test_an_applied_remedy_fits(case: Case, pinned: int | None, mode: RemedyMode, priority: tuple[str, ...]) -> None:
    found = allocate(case.changes, case.pool, bounds(case, pinned), RemedyPolicy(mode, priority))
    event(f"{mode.value}: {'possible' if found.possible else 'impossible'}")
    assert found == allocate(case.changes, case.pool, bounds(case, pinned), RemedyPolicy(mode, priority))
    check_bounds(case, found)
    if fits(case, pinned):
        assert found.possible
        assert not found.changes
    if not found.possible:
        assert mode is RemedyMode.FAIL or not fits(without_reservations(case), pinned)
        return
    remedied = case.remedied(dict(found.remedies))
    assert fits(remedied, pinned)
    assert all(update.always_accepted() for update in remedied.updates(pinned))
    assert mode is not RemedyMode.FAIL or not found.changes
    if mode is RemedyMode.ADJUST and not priority:
        for name, remedy in found.changes.items():
            assert not fits_with_one_more(case, found, name, remedy, pinned)


def check_bounds(case: Case, found: RemedyPlan) -> None:
    """Never 0, never below what the function provisions or holds, never more than was asked."""
    reserving = {
        change.logical_id: change for change in case.changes if change.wanted and change.wanted.reserved is not None
    }
    assert set(found.remedies) == set(reserving)
    for name, remedy in found.remedies.items():
        wanted = reserving[name].wanted
        assert wanted
        assert remedy.requested == wanted.reserved
        match remedy.action:
            case RemedyAction.KEEP:
                assert remedy.value == remedy.requested
            case RemedyAction.DROP:
                assert remedy.value is None
                assert remedy.requested != 0
            case RemedyAction.LOWER:
                assert remedy.value is not None
                assert 0 < remedy.value < remedy.requested
                assert remedy.value >= least(reserving[name])


def least(change: ClaimChange) -> int:
    """What its provisioned concurrency and, where it is changed in place, the live function hold."""
    provisioned, holds = change.wanted.provisioned_total if change.wanted else 0, change.claim_in_place
    assert isinstance(provisioned, int)
    assert isinstance(holds, int)
    return max(provisioned, holds)


def without_reservations(case: Case) -> Case:
    """Nothing less than this would do: every reservation gone that grows, or does not cover what is provisioned."""
    moves = []
    for change, move in zip(case.changes, case.moves, strict=True):
        new = move.new
        if new and new.reserved and (change.grows or new.provisioned > new.reserved):
            new = Held(None, new.provisioned)
        moves.append(Move(move.old, new, move.replaced))
    return Case(case.limit, case.unreserved, tuple(moves))


def fits_with_one_more(case: Case, found: RemedyPlan, name: str, remedy: Remedy, pinned: int | None) -> bool:
    """Whether the remedy took more from this function than it had to."""
    more = Remedy(RemedyAction.LOWER, (remedy.value or 0) + 1, remedy.requested)
    kept = case.remedied({**found.remedies, name: more})
    return (more.value or 0) <= remedy.requested and all_covered(kept) and fits(kept, pinned)


@settings(EFFORT, max_examples=1000)  # one in fifty has two steps
@given(CASES, PINS)
def test_two_steps_that_are_proposed_are_both_accepted(case: Case, pinned: int | None) -> None:
    plan = plan_two_steps(case.changes, case.pool, bounds(case, pinned))
    event("none" if plan is None else "refused" if plan.first is None else "planned")
    if plan is None or plan.first is None or not all_covered(case):
        return
    assert plan.first.changes
    first = case.remedied(dict(plan.first.remedies))
    assert all_covered(first)
    for update in first.updates(pinned):
        assert update.always_accepted()
        # After the first step removed functions are gone, and replaced ones exist once.
        pairs = zip(first.moves, case.moves, strict=True)
        second = tuple(Move(move.new, goal.new) for move, goal in pairs if move.new and goal.new)
        assert Update(left(first), update.floor, second).always_accepted()


def left(case: Case) -> int:
    """What is unreserved when the update is over."""
    old = sum(move.old.claim for move in case.moves if move.old)
    new = sum(move.new.claim for move in case.moves if move.new)
    return case.unreserved + old - new
