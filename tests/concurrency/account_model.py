"""A small account that enforces its floor on every call, written from the facts alone.

Source: ../shared/facts/lambda-concurrency.md, sections 1 and 3 to 5. Reserved concurrency is taken from what is
unreserved; without a reservation provisioned concurrency is. A call credits what the function holds already and
is refused when it would leave less than the floor. A reserved 0 is always accepted.

An update of a stack is a set of calls that CloudFormation makes in any order, creations and replacements among
them; only a function's reservation comes before what its aliases provision, because they refer to it, and
deletions come last. What an account is like therefore depends on which calls are done and not on their order, so
all orders are tried by trying every call after every set of others. A rollback from anywhere makes the opposite
calls in any order, while what was created is still there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations


def floors(limit: int) -> set[int]:
    """Every floor that what was ever observed allows for this limit."""
    if limit == 10:
        return {10}
    if limit == 50:
        return {50}
    if limit >= 1000:
        return {100}
    return {10, max(10, min(100, limit // 10)), min(100, limit)}


@dataclass(frozen=True)
class Held:
    """What a function holds: reserved, None for no reservation, and provisioned in all."""

    reserved: int | None = None
    provisioned: int = 0

    @property
    def claim(self) -> int:
        return self.provisioned if self.reserved is None else self.reserved


@dataclass(frozen=True)
class Move:
    """One function of the update; without `old` it is created, without `new` removed, `replaced` it is there twice."""

    old: Held | None
    new: Held | None
    replaced: bool = False


@dataclass(frozen=True)
class Call:
    """Sets one side of one function; `slot` distinguishes the function from its replacement."""

    slot: tuple[int, bool]
    side: str


Done = frozenset[Call]


@dataclass(frozen=True)
class Update:
    """An account with a floor and the moves of one update of a stack in it."""

    unreserved: int
    floor: int
    moves: tuple[Move, ...]

    def calls(self) -> list[Call]:
        """What is called before anything is deleted, in no order."""
        found = []
        for index, move in enumerate(self.moves):
            if move.new is None:
                continue
            slot = (index, move.replaced)
            old = self._start(slot)
            if move.new.reserved != old.reserved:
                found.append(Call(slot, "reserved"))
            if move.new.provisioned != old.provisioned:
                found.append(Call(slot, "provisioned"))
        return found

    def _start(self, slot: tuple[int, bool]) -> Held:
        index, replacements = slot
        return Held() if replacements else self.moves[index].old or Held()

    def _held(self, slot: tuple[int, bool], done: Done) -> Held:
        old, new = self._start(slot), self.moves[slot[0]].new or Held()
        return Held(
            new.reserved if Call(slot, "reserved") in done else old.reserved,
            new.provisioned if Call(slot, "provisioned") in done else old.provisioned,
        )

    def left(self, done: Done) -> int:
        """What is unreserved when these calls are done."""
        slots = {call.slot for call in done}
        return self.unreserved - sum(self._held(slot, done).claim - self._start(slot).claim for slot in slots)

    def accepts(self, done: Done, call: Call) -> bool:
        """Whether the account accepts one more call; a reservation must cover what is provisioned."""
        return self._is_fine(done, done | {call}, call, covered=True)

    def takes_back(self, done: Done, call: Call) -> bool:
        """Whether the account accepts the opposite of a call that was done."""
        return self._is_fine(done, done - {call}, call, covered=False)

    def _is_fine(self, before: Done, after: Done, call: Call, *, covered: bool) -> bool:
        old, new = self._held(call.slot, before), self._held(call.slot, after)
        if covered and new.reserved is not None and new.provisioned > new.reserved:
            return False
        if call.side == "reserved" and not new.reserved:
            return True  # a deletion, or the 0 that stops a function
        return new.claim <= old.claim or self.left(after) >= self.floor

    def always_accepted(self) -> bool:
        """Whether no order of the calls, and no rollback from anywhere, meets a refusal."""
        return all(
            (not self._is_reached(done) or all(self.accepts(done, call) for call in self._next(done)))
            and all(self.takes_back(done, call) for call in done if not self._was_created(call))
            for done in self._sets()
        )

    def _is_reached(self, done: Done) -> bool:
        """Whether calls forward alone lead here; a rollback may leave any others done."""
        return all(call.side == "reserved" or self._is_set(call.slot, done) for call in done)

    def _is_set(self, slot: tuple[int, bool], done: Done) -> bool:
        reservation = Call(slot, "reserved")
        return reservation in done or reservation not in self.calls()

    def _was_created(self, call: Call) -> bool:
        index, replacements = call.slot
        return replacements or self.moves[index].old is None

    def ever_accepted(self) -> bool:
        """Whether some order of the calls meets no refusal."""
        reached, all_calls = {Done()}, frozenset(self.calls())
        waiting = [Done()]
        while waiting:
            done = waiting.pop()
            for call in self._next(done):
                after = done | {call}
                if after not in reached and self.accepts(done, call):
                    reached.add(after)
                    waiting.append(after)
        return all_calls in reached

    def _next(self, done: Done) -> list[Call]:
        """What may be called now: nothing is provisioned before its function's reservation is set."""
        todo = [call for call in self.calls() if call not in done]
        waiting = {call.slot for call in todo if call.side == "reserved"}
        return [call for call in todo if call.side == "reserved" or call.slot not in waiting]

    def _sets(self) -> Iterator[Done]:
        calls = self.calls()
        return map(frozenset, chain.from_iterable(combinations(calls, size) for size in range(len(calls) + 1)))


def is_covered(held: Held | None) -> bool:
    """Whether the reservation, if there is one, covers what is provisioned."""
    return held is None or held.reserved is None or held.provisioned <= held.reserved
