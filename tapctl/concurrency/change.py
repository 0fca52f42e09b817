"""From what the stack holds to what the template wants: the change of every function's claim."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from tapctl.account.model import LiveFunction
from tapctl.concurrency.demand import FunctionDemand, Provisioned
from tapctl.unknown import Count, Unknown, total


@dataclass(frozen=True, slots=True)
class ClaimChange:
    """One function before and after; `wanted` None is removed, `live` None is not there yet.

    `replaced` says that CloudFormation creates a new function and deletes the old one after everything
    else succeeded, so that both hold their claim for a while; `renewed` names the versions and aliases of
    which that is true while the function stays. An old function that `stays`, and the versions and aliases that
    are `kept`, leave the stack and not the account. `restated` says of the function, its versions and its aliases that
    the template asks for the concurrency that it asked for before, whatever the live one is; `perhaps` which of them
    are replaced or renewed only where a value turns out to be another one.
    """

    logical_id: str
    wanted: FunctionDemand | None
    live: LiveFunction | None
    replaced: bool = False
    renewed: frozenset[str] = frozenset()
    stays: bool = False
    kept: frozenset[str] = frozenset()
    restated: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()

    @property
    def old(self) -> Count:
        return self.live.claim if self.live else 0

    @property
    def new(self) -> Count:
        """What it claims in the end, with what goes on outside of the stack."""
        if self.wanted is None:
            return self.lasting
        if self.wanted.reserved is None:
            return total([self.wanted.provisioned_total, self.left_behind, self.lasting])
        return total([self.wanted.reserved, self.lasting])

    @property
    def lasting(self) -> Count:
        """What the old function goes on claiming that is removed or replaced, and not deleted."""
        if self.live is None or not self.stays:
            return 0
        if self.live.reserved is not None or self.live.holders is None:
            return self.live.claim
        return sum(value for name, value in self.live.holders.items() if self._is_outside(name))

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
    def untouched(self) -> Self:
        """What becomes of it where its concurrency was changed by hand and CloudFormation does not set it again.

        It does so only when it updates the resource for another reason, as was reported and is not certain.
        """
        live, wanted = self.live, self.wanted
        if self.replaced or wanted is None or live is None or isinstance(live.reserved, Unknown):
            return self
        reserved = live.reserved if self.logical_id in self.restated else wanted.reserved
        held = live.holders
        by_hand = self.restated - self.renewed if held is not None else frozenset()
        provisioned = tuple(
            replace(each, value=(held or {}).get(each.logical_id, 0)) if each.logical_id in by_hand else each
            for each in wanted.provisioned
        )
        return replace(self, wanted=replace(wanted, reserved=reserved, provisioned=provisioned))

    @property
    def drifted(self) -> bool:
        """Whether somebody changed it beside the stack, so that nobody knows what an update sets."""
        return self.untouched != self

    @property
    def left_behind(self) -> int:
        """What versions and aliases provision that no resource of the stack holds, or will hold: no deploy frees it."""
        return sum(value for name, value in self._held.items() if self._is_outside(name))

    @property
    def provisioned_late(self) -> Count:
        """What is provisioned in any order when everything is set and nothing deleted yet.

        An alias of the stack that provisions nothing any more may stay without it, and free its share in time.
        """
        going = [self._held.get(name, 0) for name in self.renewed - self.kept - self.perhaps]
        return total([*(each.value for each in self._provisions), *going, self.left_behind])

    @property
    def provisioned_top(self) -> Count:
        """The most that may be provisioned on the way: one alias may be raised before another is lowered."""
        wanted, held = self._provisions, self._held
        if self.live and not self.replaced and self.live.holders is None:
            return _most(total([each.value for each in wanted]), self.live.provisioned)
        kept = [_most(self._both(each), held.get(each.logical_id, 0)) for each in wanted]
        return total([*kept, *self._going])

    def _is_outside(self, name: str) -> bool:
        return name.startswith(":") or name in self.kept

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


@dataclass(frozen=True, slots=True)
class Outlook:
    """What stays unreserved: `final` after the deploy, `peak` at the worst moment on the way.

    CloudFormation updates independent resources in no promised order, deletes what it replaced last, and
    rolls back in the same way:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
    """

    final: Count
    peak: Count


def outlook(changes: tuple[ClaimChange, ...], unreserved: Count) -> Outlook:
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
