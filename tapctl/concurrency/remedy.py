"""The remedy: the smallest change of reservations that makes the template fit: keep, else lower, else drop.

A reservation is never lowered to 0 (that would stop the function), never below the function's provisioned concurrency,
and never below what the live function holds.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Self

from tapctl.account.model import Concurrency
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.demand import FunctionDemand
from tapctl.concurrency.judge import Floor, check_provisioned, open_provision
from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.resource_types import RESERVED_CONCURRENCY
from tapctl.unknown import Unknown


class RemedyAction(Enum):
    """The effect of a remedy on one reservation."""

    KEEP = "keep"
    LOWER = "lower"
    DROP = "drop"


class RemedyMode(Enum):
    """How far a remedy may go: `remedy` of an environment. `ASK` goes as far as `ADJUST`, with consent."""

    ASK = "ask"
    ADJUST = "adjust"
    DROP = "drop"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class RemedyPolicy:
    """How an environment wants headroom shared.

    Functions in `priority` are served first, in that order; the others share the rest in proportion to what they ask
    for. A reservation that would be lowered below its `minimum` is dropped instead.
    """

    mode: RemedyMode = RemedyMode.ADJUST
    priority: tuple[str, ...] = ()
    minimum: Mapping[str, int] = field(default_factory=dict)


PLAIN = RemedyPolicy()
"""All functions share in proportion."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """The remedy for one reservation; `value` is the new one, None where it is dropped."""

    action: RemedyAction
    value: int | None
    requested: int

    @property
    def effect(self) -> str:
        """The change in words, for example `reservation of 30 in the template, dropped by the remedy`."""
        change = "dropped" if self.value is None else f"lowered to {self.value}"
        return f"reservation of {self.requested} in the template, {change} by the remedy"


@dataclass(frozen=True, slots=True)
class ParameterOverride:
    """A parameter value that applies a remedy without an edit of the template."""

    parameter: str
    value: str


@dataclass(frozen=True, slots=True)
class RemedyPlan:
    """A remedy for every function with a reservation; `possible` False when none makes the template fit.

    `overrides` has the functions whose remedy is applied through a parameter, without an edit of the template.
    """

    remedies: Mapping[str, Remedy]
    possible: bool
    overrides: Mapping[str, ParameterOverride] = field(default_factory=dict)

    @property
    def changes(self) -> dict[str, Remedy]:
        return {name: remedy for name, remedy in self.remedies.items() if remedy.action is not RemedyAction.KEEP}

    @property
    def edits(self) -> Self:
        """The part of the plan that needs an edit of the template."""
        edited = {name: remedy for name, remedy in self.remedies.items() if name not in self.overrides}
        return replace(self, remedies=edited, overrides={})


def describe(changes: Mapping[str, Remedy]) -> str:
    """Planned changes, for a question: `drop the reservation of A (30), lower the reservation of B from 50 to 12`."""
    return ", ".join(
        f"drop the reservation of {name} ({remedy.requested})"
        if remedy.value is None
        else f"lower the reservation of {name} from {remedy.requested} to {remedy.value}"
        for name, remedy in changes.items()
    )


def effects(changes: Mapping[str, Remedy]) -> str:
    """The changes that were made: `A: reservation of 30 in the template, dropped by the remedy`."""
    return "; ".join(f"{name}: {remedy.effect}" for name, remedy in changes.items())


NO_REMEDY = RemedyPlan({}, possible=True)
"""There is no reservation to change."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A reservation that asks for more than the function holds."""

    logical_id: str
    requested: int
    in_place: int
    provisioned: int
    minimum: int = 0

    @property
    def least(self) -> int:
        """The growth that its provisioned concurrency needs, however little it reserves."""
        return max(0, self.provisioned - self.in_place)

    @property
    def wish(self) -> int:
        """The growth beyond `least` that it asks for."""
        return max(0, self.requested - self.in_place - self.least)

    @property
    def need(self) -> int:
        """The growth beyond `least` below which the reservation is dropped."""
        return max(0, min(self.minimum, self.requested) - self.in_place - self.least)


def allocate(
    changes: tuple[ClaimChange, ...], account: Concurrency, bounds: Floor | Unknown, policy: RemedyPolicy = PLAIN
) -> RemedyPlan:
    """The smallest change with which every order of updates leaves the safe floor unreserved."""
    keep = {
        change.logical_id: Remedy(RemedyAction.KEEP, change.wanted.reserved, change.wanted.reserved)
        for change in changes
        if change.wanted and isinstance(change.wanted.reserved, int)
    }
    candidates = [_candidate(change, policy.minimum) for change in changes if _is_candidate(change)]
    room = _room(changes, candidates, account, bounds)
    stopped = [change for change in changes if check_provisioned(change) and not _is_candidate(change)]
    if room is None or stopped or any(open_provision(change) for change in changes):
        return RemedyPlan(keep, possible=False)
    if room < 0 or policy.mode is RemedyMode.FAIL:
        fits = room >= sum(candidate.wish for candidate in candidates) and not any(map(check_provisioned, changes))
        return RemedyPlan(keep, possible=fits)
    refused = {change.logical_id for change in changes if check_provisioned(change)}
    order = {name: rank for rank, name in enumerate(policy.priority)}
    sharing = sorted(
        (candidate for candidate in candidates if candidate.logical_id not in refused),
        key=lambda candidate: order.get(candidate.logical_id, len(order)),
    )
    share = _whole_or_nothing if policy.mode is RemedyMode.DROP else _proportional
    shares = share(sharing, room, len([candidate for candidate in sharing if candidate.logical_id in order]))
    served = {candidate.logical_id: _serve(candidate, shares.get(candidate.logical_id)) for candidate in candidates}
    return RemedyPlan({**keep, **served}, possible=True)


def _room(
    changes: tuple[ClaimChange, ...], candidates: list[_Candidate], account: Concurrency, bounds: Floor | Unknown
) -> int | None:
    """How much all reservations may grow: what is unreserved above the safe floor, less what grows in any case."""
    forced = sum(candidate.least for candidate in candidates)
    for change in changes:
        if change.grows and not _is_candidate(change):
            if isinstance(change.claim_peak, Unknown) or isinstance(change.claim_in_place, Unknown):
                return None
            forced += change.claim_peak - change.claim_in_place
    if isinstance(bounds, Unknown) or isinstance(account.unreserved, Unknown):
        return None if candidates or forced else 0
    room = account.unreserved - max(bounds.safe, bounds.hard) - forced
    # A template that asks for no more is refused nothing, however little is unreserved.
    return room if forced else max(room, 0)


def _is_candidate(change: ClaimChange) -> bool:
    wanted = change.wanted
    if wanted is None or not isinstance(wanted.reserved, int) or wanted.reserved == 0:
        return False
    known = isinstance(change.claim_in_place, int) and isinstance(change.provisioned_peak, int)
    return known and (change.grows or check_provisioned(change) is not None)


def _candidate(change: ClaimChange, minimum: Mapping[str, int]) -> _Candidate:
    match change.wanted, change.claim_in_place, change.provisioned_peak:
        case FunctionDemand(reserved=int(requested)), int(in_place), int(provisioned):
            return _Candidate(change.logical_id, requested, in_place, provisioned, minimum.get(change.logical_id, 0))
        case _:
            raise AssertionError(change)


def _proportional(candidates: list[_Candidate], room: int, first: int) -> dict[str, int]:
    """The first ones take what they ask for while it lasts; the rest share in proportion, in whole numbers.

    The minimums of the rest are set aside first; a candidate whose minimum does not fit gets no share at all.
    """
    shares: dict[str, int] = {}
    for candidate in candidates[:first]:
        share = min(candidate.wish, room)
        if share >= candidate.need:
            shares[candidate.logical_id] = share
            room -= share
    rest: list[_Candidate] = []
    for candidate in candidates[first:]:
        if candidate.need <= room:
            rest.append(candidate)
            room -= candidate.need
    wishes = {candidate.logical_id: candidate.wish - candidate.need for candidate in rest}
    asked = sum(wishes.values())
    given = wishes if asked <= room else _rounded({name: wish * room for name, wish in wishes.items()}, asked, room)
    return shares | {candidate.logical_id: candidate.need + given[candidate.logical_id] for candidate in rest}


def _rounded(weights: dict[str, int], whole: int, room: int) -> dict[str, int]:
    """`weights` by `whole`, in whole numbers that add up to `room`."""
    given = {name: weight // whole for name, weight in weights.items()}
    # The largest remainders get the rest; ties are broken by the order of the template.
    by_remainder = sorted(weights, key=lambda name: -(weights[name] % whole))
    for name in by_remainder[: room - sum(given.values())]:
        given[name] += 1
    return given


def _whole_or_nothing(candidates: list[_Candidate], room: int, first: int) -> dict[str, int]:
    """The first ones in their order, then as many of the others as fit whole, preferring the larger ones."""
    shares = {candidate.logical_id: 0 for candidate in candidates}
    for candidate in candidates[:first]:
        shares[candidate.logical_id] = candidate.wish if candidate.wish <= room else 0
        room -= shares[candidate.logical_id]
    kept: list[_Candidate] = []
    for candidate in sorted(candidates[first:], key=lambda candidate: candidate.wish):
        if candidate.wish <= room:
            kept.append(candidate)
            room -= candidate.wish
        elif smaller := next((other for other in kept if 0 < candidate.wish - other.wish <= room), None):
            # The same number of functions keeps its reservation, and less is dropped.
            kept[kept.index(smaller)] = candidate
            room -= candidate.wish - smaller.wish
    return shares | {candidate.logical_id: candidate.wish for candidate in kept}


def _serve(candidate: _Candidate, share: int | None) -> Remedy:
    """The remedy for a share; without any share the reservation is dropped."""
    requested = candidate.requested
    if share is None:
        return Remedy(RemedyAction.DROP, None, requested)
    if share == candidate.wish:
        return Remedy(RemedyAction.KEEP, requested, requested)
    value = candidate.in_place + candidate.least + share
    return Remedy(RemedyAction.LOWER, value, requested) if value else Remedy(RemedyAction.DROP, None, requested)


def apply(body: Mapping[str, Any], plan: RemedyPlan, prefix: str = "") -> dict[str, Any]:
    """A template with the plan's changes; reservations that the plan keeps stay as they are written.

    `prefix` is the stack's place in the tree; changes of other stacks are ignored. Raises `UsageError` for a function
    that a transform generates.
    """
    changed = copy.deepcopy(dict(body))
    for name, remedy in plan.changes.items():
        logical_id = name.removeprefix(prefix)
        if not name.startswith(prefix) or "/" in logical_id:
            continue
        resource = changed["Resources"].get(logical_id)
        if resource is None:
            raise UsageError(
                f"the reservation of {logical_id} is generated by a transform and cannot be changed alone",
                advise(JudgementAdvice.CHANGE_IN_TEMPLATE),
            )
        # AWS::NoValue rather than no property: it also overrides a default that a transform fills in.
        value = remedy.value if remedy.action is RemedyAction.LOWER else {"Ref": "AWS::NoValue"}
        resource.setdefault("Properties", {})[RESERVED_CONCURRENCY] = value
    return changed
