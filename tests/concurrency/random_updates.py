"""Random updates of a stack near the point where they stop fitting, as tapctl sees them and as they are."""

from dataclasses import dataclass, replace

from hypothesis import assume
from hypothesis import strategies as st

from tapctl.account.model import Concurrency
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.remedy import Remedy
from tapctl.unknown import Unknown
from tests.concurrency.account_model import Held, Move, Update, floors, is_covered
from tests.support.changes import Setting, change

HIDDEN = Unknown("hidden")
NAMES = ("A", "B", "C")
LIMITS = st.sampled_from([5, 10, 11, 40, 50, 51, 100, 150, 400, 999, 1000, 1001, 3000])
COUNTS = st.one_of(st.sampled_from([0, 1]), st.integers(0, 60), st.integers(0, 400))


@dataclass(frozen=True)
class Case:
    """An account, and what happens to each function of the stack."""

    limit: int
    unreserved: int
    moves: tuple[Move, ...]

    @property
    def pool(self) -> Concurrency:
        return Concurrency(self.limit, self.unreserved)

    @property
    def changes(self) -> tuple[ClaimChange, ...]:
        return tuple(
            change(name, _setting(move.old), _setting(move.new), replaced=move.replaced)
            for name, move in zip(NAMES, self.moves, strict=False)
        )

    def updates(self, pinned: int | None = None) -> list[Update]:
        """The update under every floor that may be in force; one that is broken already is not."""
        possible = floors(self.limit) if pinned is None else {pinned}
        return [Update(self.unreserved, floor, self.moves) for floor in sorted(possible) if floor <= self.unreserved]

    def remedied(self, remedies: dict[str, Remedy]) -> "Case":
        """The same with the remedies applied to what is wanted."""
        moves = tuple(
            replace(move, new=Held(remedies[name].value, move.new.provisioned))
            if move.new and name in remedies
            else move
            for name, move in zip(NAMES, self.moves, strict=False)
        )
        return replace(self, moves=moves)


def _setting(held: Held | None) -> Setting | None:
    return None if held is None else (held.reserved, held.provisioned)


@st.composite
def held(draw: st.DrawFn, *, covered: bool) -> Held:
    reserved = draw(st.none() | COUNTS)
    provisioned = draw(st.sampled_from([0, 0, 1, 5]) | COUNTS)
    if covered and reserved is not None:
        provisioned = min(reserved, provisioned)
    return Held(reserved, provisioned)


@st.composite
def moves(draw: st.DrawFn) -> Move:
    old = draw(st.none() | held(covered=True))
    new = draw(st.none() | held(covered=draw(st.sampled_from([True, True, True, False]))))
    assume(old is not None or new is not None)
    return Move(old, new, replaced=old is not None and new is not None and draw(st.sampled_from([False, False, True])))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Often within a few executions of a floor, before, on the way or in the end."""
    limit = draw(LIMITS)
    made = tuple(draw(st.lists(moves(), min_size=1, max_size=len(NAMES))))
    holding = sum(move.old.claim for move in made if move.old)
    growth = sum(move.new.claim for move in made if move.new)
    near = st.builds(
        lambda floor, extra, off: floor + extra + off,
        st.sampled_from(sorted(floors(limit))),
        st.sampled_from([0, growth, max(0, growth - holding)]),
        st.integers(-3, 3),
    )
    unreserved = draw(near | st.integers(0, limit))
    # The account's limit covers what is unreserved and what the stack holds.
    assume(min(floors(limit)) <= unreserved <= limit - holding)
    return Case(limit, unreserved, made)


@st.composite
def hidden(draw: st.DrawFn, case: Case) -> tuple[ClaimChange, ...]:
    """The case with some of its numbers not known."""

    def hide(setting: Setting | None) -> Setting | None:
        if setting is None:
            return None
        reserved, provisioned = setting
        hides = st.sampled_from([False, False, False, True])
        return (
            HIDDEN if reserved is not None and draw(hides) else reserved,
            HIDDEN if provisioned and draw(hides) else provisioned,
        )

    return tuple(
        change(name, hide(_setting(move.old)), hide(_setting(move.new)), replaced=move.replaced)
        for name, move in zip(NAMES, case.moves, strict=False)
    )


def all_covered(case: Case) -> bool:
    return all(is_covered(move.new) for move in case.moves)
