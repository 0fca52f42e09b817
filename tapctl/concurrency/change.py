"""The change of every function's claim: what the stack holds against what the template asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from tapctl.account.model import LiveFunction
from tapctl.concurrency.demand import Demand, FunctionDemand, Provisioned
from tapctl.concurrency.replacement import NO_EFFECTS, UpdateEffects
from tapctl.unknown import Count, Unknown, total


@dataclass(frozen=True, slots=True)
class ClaimChange:
    """One function before and after the update.

    `wanted` is None for a function that is removed, `live` for one that is created. A `replaced` function is created
    again, and the old one is deleted after everything else succeeded, so that both hold their claims for a while.
    `retained` functions leave the stack and stay in the account. The sets hold logical ids without the prefix of a
    nested stack: `replaced_versions`, `removed_versions` and `retained_versions` those of versions and aliases;
    `unchanged_concurrency` and `maybe_replaced` also the function's own. Unchanged is what both templates set to the
    same value, whatever the live value is; maybe replaced is what is replaced only if an unknown value turns out to be
    another one.
    """

    logical_id: str
    wanted: FunctionDemand | None
    live: LiveFunction | None
    replaced: bool = False
    replaced_versions: frozenset[str] = frozenset()
    retained: bool = False
    retained_versions: frozenset[str] = frozenset()
    unchanged_concurrency: frozenset[str] = frozenset()
    maybe_replaced: frozenset[str] = frozenset()
    removed_versions: frozenset[str] = frozenset()

    @property
    def claim_before(self) -> Count:
        return self.live.claim if self.live else 0

    @property
    def claim_after(self) -> Count:
        """The claim after the update, with what the stack leaves behind in the account."""
        if self.wanted is None:
            return self.claim_retained
        if self.wanted.reserved is None:
            return total([self.wanted.provisioned_total, self.provisioned_outside, self.claim_retained])
        return total([self.wanted.reserved, self.claim_retained])

    @property
    def claim_in_place(self) -> Count:
        """The claim of the function before and during the update; 0 for one that is replaced."""
        return 0 if self.replaced else self.claim_before

    @property
    def claim_peak(self) -> Count:
        """The most that the function may claim until old resources are deleted; never less than `claim_in_place`."""
        if self.wanted is None:
            return self.claim_in_place
        claim = self.provisioned_peak if self.wanted.reserved is None else self.wanted.reserved
        match claim, self.claim_in_place:
            case int(most), int(in_place):
                return max(most, in_place)
            case _:
                return claim

    @property
    def claim_before_cleanup(self) -> Count:
        """The claim, in every order of updates, when everything is set and nothing is deleted yet.

        A function that surely is replaced claims beside the old one, which keeps what it holds.
        """
        if self.wanted is None:
            return self.claim_before
        claim = self.provisioned_before_cleanup if self.wanted.reserved is None else self.wanted.reserved
        surely_replaced = self.replaced and self.logical_id not in self.maybe_replaced
        return total([claim, self.claim_before]) if surely_replaced else claim

    @property
    def claim_retained(self) -> Count:
        """The claim of a retained old function, which stays in the account."""
        if self.live is None or not self.retained:
            return 0
        if self.live.reserved is not None or self.live.holders is None:
            return self.live.claim
        return sum(value for name, value in self.live.holders.items() if self._is_outside(name))

    @property
    def grows(self) -> bool:
        """Whether the function may need more than it holds at any moment."""
        match self.claim_peak, self.claim_in_place:
            case _ if self.wanted is None:
                return False
            case int(most), int(in_place):
                return most > in_place
            case int(most), _:
                return most > 0
            case _:
                return True

    @property
    def if_drift_kept(self) -> Self:
        """The change if CloudFormation does not set again the concurrency that was changed outside of the stack.

        It sets a property again only if it updates the resource for another reason; that was observed and is not
        documented.
        """
        live, wanted = self.live, self.wanted
        if self.replaced or wanted is None or live is None or isinstance(live.reserved, Unknown):
            return self
        reserved = live.reserved if self.logical_id in self.unchanged_concurrency else wanted.reserved
        kept = self.unchanged_concurrency - self.replaced_versions if live.holders is not None else frozenset()
        provisioned = tuple(
            replace(version, value=(live.holders or {}).get(version.logical_id, 0))
            if version.logical_id in kept
            else version
            for version in wanted.provisioned
        )
        return replace(self, wanted=replace(wanted, reserved=reserved, provisioned=provisioned))

    @property
    def drifted(self) -> bool:
        """Whether its concurrency was changed outside of the stack, so that the update may or may not set it again."""
        return self.if_drift_kept != self

    @property
    def provisioned_outside(self) -> int:
        """Provisioned concurrency of versions and aliases outside of the stack, or retained: no deploy frees it."""
        return sum(value for name, value in self._holders_before.items() if self._is_outside(name))

    @property
    def provisioned_before_cleanup(self) -> Count:
        """The provisioned concurrency, in every order of updates, when everything is set and nothing is deleted yet.

        An alias of the stack that asks for no provisioned concurrency any more may free its share before that.
        """
        surely_replaced = self.replaced_versions - self.retained_versions - self.maybe_replaced
        kept = surely_replaced | (self.removed_versions - self.retained_versions)
        old = [self._holders_before.get(name, 0) for name in kept]
        return total([*(version.value for version in self._wanted_versions), *old, self.provisioned_outside])

    @property
    def provisioned_peak(self) -> Count:
        """The most that may be provisioned during the update: one alias may be raised before another is lowered."""
        wanted, held = self._wanted_versions, self._holders_before
        if self.live and not self.replaced and self.live.holders is None:
            return _larger(total([version.value for version in wanted]), self.live.provisioned)
        peaks = [_larger(self._with_replaced(version), held.get(version.logical_id, 0)) for version in wanted]
        names = {version.logical_id for version in wanted}
        return total([*peaks, *(value for name, value in held.items() if name not in names)])

    def _is_outside(self, name: str) -> bool:
        """Whether no update of the stack changes it; a version that is not of the stack is named `:qualifier`."""
        return name.startswith(":") or name in self.retained_versions

    def _with_replaced(self, version: Provisioned) -> Count:
        """One alias or version, with the old one that it replaces."""
        old = self._holders_before.get(version.logical_id, 0) if version.logical_id in self.replaced_versions else 0
        return total([version.value, old])

    @property
    def _wanted_versions(self) -> tuple[Provisioned, ...]:
        return self.wanted.provisioned if self.wanted else ()

    @property
    def _holders_before(self) -> Mapping[str, int]:
        return (self.live.holders or {}) if self.live and not self.replaced else {}


def _larger(one: Count, other: Count) -> Count:
    match one, other:
        case int(first), int(second):
            return max(first, second)
        case _:
            return one if isinstance(one, Unknown) else other


@dataclass(frozen=True, slots=True)
class Outlook:
    """The unreserved concurrency: `final` after the deploy, `peak` at its worst moment.

    `before_cleanup` is what every order of updates leaves when everything is set and nothing is deleted yet.
    CloudFormation updates independent resources in no promised order, deletes replaced ones last, and rolls back in
    the same way:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
    """

    final: Count
    peak: Count
    before_cleanup: Count


def outlook(changes: tuple[ClaimChange, ...], unreserved: Count) -> Outlook:
    """The sums over all changes; the first unknown value makes a sum unknown."""
    final, peak, before_cleanup = unreserved, unreserved, unreserved
    for change in changes:
        before_cleanup = _less_growth(before_cleanup, change.claim_before_cleanup, change.claim_before)
        final = _less_growth(final, change.claim_after, change.claim_before)
        peak = _less_growth(peak, change.claim_peak, change.claim_in_place) if change.wanted else peak
    return Outlook(final, peak, before_cleanup)


def _less_growth(unreserved: Count, after: Count, before: Count) -> Count:
    match unreserved, after, before:
        case int(left), int(more), int(less):
            return left - (more - less)
        case _:
            return next(value for value in (unreserved, after, before) if isinstance(value, Unknown))


def diff(
    demand: Demand, live: Mapping[str, LiveFunction], effects: UpdateEffects = NO_EFFECTS
) -> tuple[ClaimChange, ...]:
    """Match the template's functions with the stack's by logical id."""
    wanted = {function.logical_id: function for function in demand.functions}
    changes = [_change(function, live.get(logical_id), effects) for logical_id, function in wanted.items()]
    changes += [_removal(name, function, effects) for name, function in live.items() if name not in wanted]
    return tuple(changes)


def _change(function: FunctionDemand, live: LiveFunction | None, effects: UpdateEffects) -> ClaimChange:
    itself, prefix = function.logical_id, _prefix(function.logical_id)
    versions = {*((live.holders if live else None) or ()), *(version.logical_id for version in function.provisioned)}

    def own(names: frozenset[str]) -> frozenset[str]:
        """The function's versions and aliases among the names, without the nested stack's prefix."""
        return frozenset(name for name in versions if f"{prefix}{name}" in names)

    surely = _surely_replaced(function, live, effects)
    replaced = live is not None and (surely or itself in effects.replaced or _renamed(function, live, effects))
    on_replace = effects.retained_on_replace
    if not surely:
        on_replace &= effects.replaced - effects.maybe_replaced
    return ClaimChange(
        itself,
        function,
        live,
        replaced,
        replaced_versions=own(effects.replaced),
        retained=surely and itself in effects.retained_on_replace,
        retained_versions=own(effects.retained_on_delete | on_replace),
        unchanged_concurrency=own(effects.unchanged_concurrency) | ({itself} & effects.unchanged_concurrency),
        maybe_replaced=own(effects.maybe_replaced) | ({itself} if replaced and not surely else frozenset()),
        removed_versions=own(effects.removed),
    )


def _removal(logical_id: str, live: LiveFunction, effects: UpdateEffects) -> ClaimChange:
    retained, prefix = effects.retained_on_delete, _prefix(logical_id)
    versions = frozenset(name for name in live.holders or () if f"{prefix}{name}" in retained)
    return ClaimChange(logical_id, None, live, retained=logical_id in retained, retained_versions=versions)


def _prefix(logical_id: str) -> str:
    """The prefix of the nested stack that a function is in; its versions and aliases are in the same stack."""
    stack = logical_id.rpartition("/")[0]
    return f"{stack}/" if stack else ""


def _surely_replaced(function: FunctionDemand, live: LiveFunction | None, effects: UpdateEffects) -> bool:
    if live is None:
        return False
    renamed = _renamed(function, live, effects) and not isinstance(function.name, Unknown)
    return renamed or function.logical_id in effects.replaced - effects.maybe_replaced


def _renamed(function: FunctionDemand, live: LiveFunction, effects: UpdateEffects) -> bool:
    """Whether FunctionName, which is create-only, changes; an unknown name counts as another one."""
    same = function.name is None or function.logical_id in effects.same_name
    return not same and function.name != live.physical_id
