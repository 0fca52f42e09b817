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

    `made_anew` are replaced. `leave` are not in the template any more and go on in the account, by the
    DeletionPolicy that they were made with; `outlast` do so where they are replaced, by their UpdateReplacePolicy.
    `restated` are those to which the running template already gives the same concurrency, and `same_name` the
    functions that it names in the same way. `unread` says why nobody could compare, so that what is made anew is not
    known and not counted.
    """

    made_anew: frozenset[str] = frozenset()
    leave: frozenset[str] = frozenset()
    outlast: frozenset[str] = frozenset()
    restated: frozenset[str] = frozenset()
    same_name: frozenset[str] = frozenset()
    unread: str = ""

    def __or__(self, other: Self) -> Self:
        return type(self)(
            self.made_anew | other.made_anew,
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
    prefix = _prefix(function.logical_id)
    renamed = live is not None and function.logical_id not in fates.same_name and _renamed(function, live)
    replaced = live is not None and (renamed or function.logical_id in fates.made_anew)
    anew = {each.logical_id for each in function.provisioned if f"{prefix}{each.logical_id}" in fates.made_anew}
    outlast = fates.outlast if replaced else fates.outlast & fates.made_anew
    kept = _kept(live, prefix, fates.leave | outlast)
    sure = function.logical_id in fates.made_anew or not isinstance(function.name, Unknown)
    stays = replaced and sure and function.logical_id in outlast
    own = {each.logical_id for each in function.provisioned if f"{prefix}{each.logical_id}" in fates.restated}
    restated = frozenset([*own, *({function.logical_id} & fates.restated)])
    return Change(function.logical_id, function, live, replaced, frozenset(anew), stays, kept, restated)


def _removal(logical_id: str, live: LiveFunction, fates: Fates) -> Change:
    kept = _kept(live, _prefix(logical_id), fates.leave)
    return Change(logical_id, None, live, stays=logical_id in fates.leave, kept=kept)


def _kept(live: LiveFunction | None, prefix: str, staying: frozenset[str]) -> frozenset[str]:
    holders = (live.holders or {}) if live else {}
    return frozenset(name for name in holders if f"{prefix}{name}" in staying)


def _prefix(logical_id: str) -> str:
    """Of the nested stack that a function is in; its versions and aliases are there too."""
    inside = logical_id.rpartition("/")[0]
    return f"{inside}/" if inside else ""


def _renamed(function: FunctionDemand, live: LiveFunction) -> bool:
    """FunctionName is create-only. A name that is not known yet may be another one, so it counts as one."""
    return function.name is not None and function.name != live.physical_id
