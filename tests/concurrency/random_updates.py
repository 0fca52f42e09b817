"""Random updates of a stack near the point where they stop fitting, as tapctl sees them and as they are."""

from dataclasses import dataclass, replace
from random import Random

from hypothesis import strategies as st

from tapctl.account.model import Concurrency
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.remedy import Remedy
from tapctl.unknown import Unknown
from tests.concurrency.account_model import Held, Move, Update, floors, is_covered
from tests.support.changes import Setting, change

HIDDEN = Unknown("hidden")
NAMES = ("A", "B", "C")
LIMITS = (5, 10, 11, 40, 50, 51, 100, 150, 400, 999, 1000, 1001, 3000)


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


def _count(random: Random) -> int:
    return random.choice((random.choice((0, 1)), random.randint(0, 60), random.randint(0, 400)))


def _held(random: Random, *, covered: bool) -> Held:
    reserved = random.choice((None, _count(random)))
    provisioned = random.choice((random.choice((0, 0, 1, 5)), _count(random)))
    if covered and reserved is not None:
        provisioned = min(reserved, provisioned)
    return Held(reserved, provisioned)


def _move(random: Random) -> Move:
    old = random.choice((None, _held(random, covered=True)))
    new = _held(random, covered=random.random() < 0.75)
    if old is None:
        return Move(None, new, replaced=False)
    return random.choice((Move(old, None, replaced=False), Move(old, new, replaced=random.random() < 1 / 3)))


def _case(random: Random) -> Case:
    """Often within a few executions of a floor, before, on the way or in the end."""
    while True:
        limit = random.choice(LIMITS)
        moves = tuple(_move(random) for _ in range(random.randint(1, len(NAMES))))
        holding = sum(move.old.claim for move in moves if move.old)
        growth = sum(move.new.claim for move in moves if move.new)
        floor = random.choice(sorted(floors(limit)))
        near = floor + random.choice((0, growth, max(0, growth - holding))) + random.randint(-3, 3)
        unreserved = random.choice((near, random.randint(0, limit)))
        # The account's limit covers what is unreserved and what the stack holds.
        if min(floors(limit)) <= unreserved <= limit - holding:
            return Case(limit, unreserved, moves)


def _hidden(random: Random) -> tuple[Case, tuple[ClaimChange, ...]]:
    """A case, and its changes with some of the numbers not known."""

    def hide(setting: Setting | None) -> Setting | None:
        if setting is None:
            return None
        reserved, provisioned = setting
        return (
            HIDDEN if reserved is not None and random.random() < 0.25 else reserved,
            HIDDEN if provisioned and random.random() < 0.25 else provisioned,
        )

    case = _case(random)
    return case, tuple(
        change(name, hide(_setting(move.old)), hide(_setting(move.new)), replaced=move.replaced)
        for name, move in zip(NAMES, case.moves, strict=False)
    )


# Drawn by Python's generator from one seed: a hundred times as fast as choice by choice, which could be shrunk.
CASES = st.randoms(use_true_random=True).map(_case)
HIDDEN_CASES = st.randoms(use_true_random=True).map(_hidden)


def all_covered(case: Case) -> bool:
    return all(is_covered(move.new) for move in case.moves)
