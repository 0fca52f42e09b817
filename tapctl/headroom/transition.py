"""From what the stack holds to what the template wants: the change of every function's claim."""

from collections.abc import Mapping
from dataclasses import dataclass

from tapctl.account.model import LiveFunction
from tapctl.headroom.demand import Demand, FunctionDemand, Provisioned
from tapctl.unknown import Unknown, total

Count = int | Unknown


@dataclass(frozen=True, slots=True)
class Change:
    """One function before and after; `wanted` None is removed, `live` None is not there yet.

    `replaced` says that CloudFormation creates a new function and deletes the old one after everything
    else succeeded, so that both hold their claim for a while; `renewed` names the versions and aliases of
    which that is true while the function stays. One that is removed and `stays` leaves the stack, not the account.
    """

    logical_id: str
    wanted: FunctionDemand | None
    live: LiveFunction | None
    replaced: bool = False
    renewed: frozenset[str] = frozenset()
    stays: bool = False

    @property
    def old(self) -> Count:
        return self.live.claim if self.live else 0

    @property
    def new(self) -> Count:
        """What it claims in the end, with what versions outside of the stack go on holding."""
        if self.wanted is None:
            return self.old if self.stays else 0
        if self.wanted.reserved is not None:
            return self.wanted.reserved
        return total([self.wanted.provisioned_total, self.left_behind])

    @property
    def base(self) -> Count:
        """What it holds already and keeps while it changes: nothing for one that is made anew."""
        return 0 if self.replaced else self.old

    @property
    def top(self) -> Count:
        """The most that it may claim before what goes is deleted; never less than what it holds."""
        if self.wanted is None:
            return self.base
        claim = self.provisioned_top if self.wanted.reserved is None else self.wanted.reserved
        match claim, self.base:
            case int(most), int(held):
                return max(most, held)
            case _:
                return claim

    @property
    def grows(self) -> bool:
        """Whether it may need more than it holds at any moment."""
        match self.top, self.base:
            case _ if self.wanted is None:
                return False
            case int(most), int(held):
                return most > held
            case int(most), _:
                return most > 0
            case _:
                return True

    @property
    def left_behind(self) -> int:
        """What versions and aliases provision that no resource of the stack holds: no deploy frees it."""
        return sum(value for name, value in self._held.items() if name.startswith(":"))

    @property
    def provisioned_late(self) -> Count:
        """What is provisioned in any order when everything is set and nothing deleted yet.

        An alias of the stack that provisions nothing any more may stay without it, and free its share in time.
        """
        return total([*(self._both(each) for each in self._provisions), self.left_behind])

    @property
    def provisioned_top(self) -> Count:
        """The most that may be provisioned on the way: one alias may be raised before another is lowered."""
        wanted, held = self._provisions, self._held
        if self.live and not self.replaced and self.live.holders is None:
            return _most(total([each.value for each in wanted]), self.live.provisioned)
        kept = [_most(self._both(each), held.get(each.logical_id, 0)) for each in wanted]
        return total([*kept, *self._going])

    def _both(self, each: Provisioned) -> Count:
        """One alias or version, and the one that it replaces."""
        renewed = self._held.get(each.logical_id, 0) if each.logical_id in self.renewed else 0
        return total([each.value, renewed])

    @property
    def _provisions(self) -> tuple[Provisioned, ...]:
        return self.wanted.provisioned if self.wanted else ()

    @property
    def _held(self) -> Mapping[str, int]:
        return (self.live.holders or {}) if self.live and not self.replaced else {}

    @property
    def _going(self) -> list[Count]:
        """What aliases and versions hold that the template no longer has, or never had."""
        stays = {each.logical_id for each in self._provisions}
        return [value for name, value in self._held.items() if name not in stays]


def _most(one: Count, other: Count) -> Count:
    match one, other:
        case int(first), int(second):
            return max(first, second)
        case _:
            return one if isinstance(one, Unknown) else other


def transition(
    demand: Demand,
    live: Mapping[str, LiveFunction],
    made_anew: frozenset[str] = frozenset(),
    stays: frozenset[str] = frozenset(),
) -> tuple[Change, ...]:
    """Pair the template's functions with the stack's by logical id.

    `made_anew` names what is known to be replaced, `stays` what is not deleted though the template is without it.
    """
    wanted = {function.logical_id: function for function in demand.functions}
    changes = [_change(function, live.get(logical_id), made_anew) for logical_id, function in wanted.items()]
    gone = {logical_id: held for logical_id, held in live.items() if logical_id not in wanted}
    changes += [Change(logical_id, None, held, stays=logical_id in stays) for logical_id, held in gone.items()]
    return tuple(changes)


def _change(function: FunctionDemand, live: LiveFunction | None, made_anew: frozenset[str]) -> Change:
    inside = function.logical_id.rpartition("/")[0]
    prefix = f"{inside}/" if inside else ""
    anew = live is not None and function.logical_id in made_anew
    renewed = frozenset(each.logical_id for each in function.provisioned if f"{prefix}{each.logical_id}" in made_anew)
    return Change(function.logical_id, function, live, anew or _renamed(function, live), renewed)


def _renamed(function: FunctionDemand, live: LiveFunction | None) -> bool:
    """FunctionName is create-only. A name that is not known yet may be another one, so it counts as one."""
    if live is None or function.name is None:
        return False
    return function.name != live.physical_id


@dataclass(frozen=True, slots=True)
class Outlook:
    """What stays unreserved: `final` after the deploy, `peak` at the worst moment on the way.

    CloudFormation updates independent resources in no promised order, deletes what it replaced last, and
    rolls back in the same way:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
    """

    final: Count
    peak: Count


def outlook(changes: tuple[Change, ...], unreserved: Count) -> Outlook:
    final, peak = unreserved, unreserved
    for change in changes:
        final = _minus(final, change.new, change.old)
        peak = _minus(peak, change.top, change.base) if change.wanted else peak
    return Outlook(final, peak)


def _minus(rest: Count, new: Count, old: Count) -> Count:
    match rest, new, old:
        case int(left), int(more), int(less):
            return left - (more - less)
        case _:
            return next(value for value in (rest, new, old) if isinstance(value, Unknown))
