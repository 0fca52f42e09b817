"""The template's functions beside the stack's, by their logical ids, with what becomes of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from tapctl.account.model import LiveFunction
from tapctl.headroom.demand import Demand, FunctionDemand
from tapctl.headroom.transition import Change
from tapctl.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Fates:
    """What an update does to functions, versions and aliases, by their names.

    `made_anew` are replaced, some of them only `perhaps`. `leave` are not in the template any more and go on in the
    account, by the DeletionPolicy that they were made with; `outlast` do so where they are replaced, by their
    UpdateReplacePolicy. `restated` are those to which the running template already gives the same concurrency, and
    `same_name` the functions that it names in the same way. `unread` says why nobody could compare, so that what is
    made anew is not known and not counted.
    """

    made_anew: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()
    leave: frozenset[str] = frozenset()
    outlast: frozenset[str] = frozenset()
    restated: frozenset[str] = frozenset()
    same_name: frozenset[str] = frozenset()
    unread: str = ""

    def __or__(self, other: Self) -> Self:
        return type(self)(
            self.made_anew | other.made_anew,
            self.perhaps | other.perhaps,
            self.leave | other.leave,
            self.outlast | other.outlast,
            self.restated | other.restated,
            self.same_name | other.same_name,
            self.unread or other.unread,
        )


def transition(demand: Demand, live: Mapping[str, LiveFunction], fates: Fates = Fates()) -> tuple[Change, ...]:
    """Pair the template's functions with the stack's by logical id."""
    wanted = {function.logical_id: function for function in demand.functions}
    changes = [_change(function, live.get(logical_id), fates) for logical_id, function in wanted.items()]
    gone = {logical_id: held for logical_id, held in live.items() if logical_id not in wanted}
    changes += [_removal(logical_id, held, fates) for logical_id, held in gone.items()]
    return tuple(changes)


def _change(function: FunctionDemand, live: LiveFunction | None, fates: Fates) -> Change:
    itself, prefix = function.logical_id, _prefix(function.logical_id)
    known = {*((live.holders if live else None) or ()), *(each.logical_id for each in function.provisioned)}

    def mine(names: frozenset[str]) -> frozenset[str]:
        """Those of the names that are the function's own versions and aliases, without the nested stack's."""
        return frozenset(name for name in known if f"{prefix}{name}" in names)

    sure = _surely_replaced(function, live, fates)
    replaced = live is not None and (sure or itself in fates.made_anew or _renamed(function, live, fates))
    gone = fates.made_anew - fates.perhaps
    return Change(
        itself,
        function,
        live,
        replaced,
        renewed=mine(fates.made_anew),
        stays=sure and itself in fates.outlast,
        kept=mine(fates.leave | (fates.outlast if sure else fates.outlast & gone)),
        restated=mine(fates.restated) | ({itself} & fates.restated),
        perhaps=mine(fates.perhaps) | ({itself} if replaced and not sure else frozenset()),
    )


def _removal(logical_id: str, live: LiveFunction, fates: Fates) -> Change:
    prefix = _prefix(logical_id)
    kept = frozenset(name for name in live.holders or () if f"{prefix}{name}" in fates.leave)
    return Change(logical_id, None, live, stays=logical_id in fates.leave, kept=kept)


def _prefix(logical_id: str) -> str:
    """Of the nested stack that a function is in; its versions and aliases are there too."""
    inside = logical_id.rpartition("/")[0]
    return f"{inside}/" if inside else ""


def _surely_replaced(function: FunctionDemand, live: LiveFunction | None, fates: Fates) -> bool:
    if live is None:
        return False
    renamed = _renamed(function, live, fates) and not isinstance(function.name, Unknown)
    return renamed or function.logical_id in fates.made_anew - fates.perhaps


def _renamed(function: FunctionDemand, live: LiveFunction, fates: Fates) -> bool:
    """FunctionName is create-only. A name that is not known yet may be another one, so it counts as one."""
    alike = function.name is None or function.logical_id in fates.same_name
    return not alike and function.name != live.physical_id
