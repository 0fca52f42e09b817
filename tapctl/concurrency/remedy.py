"""The least change of the template that makes it fit: keep, else lower, else drop.

A reservation is never lowered to 0 (that would stop the function), never under the function's own
provisioned concurrency, and never under what the live function holds already.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tapctl.account.model import Concurrency
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.demand import FunctionDemand
from tapctl.concurrency.floor import Floor
from tapctl.concurrency.provisioned import check_provisioned, open_provision
from tapctl.errors import UsageError
from tapctl.resource_types import RESERVED_CONCURRENCY
from tapctl.unknown import Unknown


class RemedyAction(Enum):
    """What a remedy does with one reservation."""

    KEEP = "keep"
    LOWER = "lower"
    DROP = "drop"


class RemedyMode(Enum):
    """How far a remedy may go: `remedy` of an environment, or `--remedy`."""

    ADJUST = "adjust"
    DROP = "drop"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class RemedyPolicy:
    """What an environment wants of remedies.

    Functions in `priority` are served first, in that order; the others share what is left in proportion to
    what they ask for. What would be lowered below its `minimum` is dropped instead.
    """

    mode: RemedyMode = RemedyMode.ADJUST
    priority: tuple[str, ...] = ()
    minimum: Mapping[str, int] = field(default_factory=dict)


PLAIN = RemedyPolicy()
"""Share in proportion, with nobody first."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What becomes of one reservation; `value` is what is written, None when the property goes."""

    action: RemedyAction
    value: int | None
    requested: int


@dataclass(frozen=True, slots=True)
class RemedyPlan:
    """A remedy for every function with a reservation; `possible` False when none makes the template fit."""

    remedies: Mapping[str, Remedy]
    possible: bool

    @property
    def changes(self) -> dict[str, Remedy]:
        return {name: each for name, each in self.remedies.items() if each.action is not RemedyAction.KEEP}


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A reservation that wants more than it holds."""

    logical_id: str
    requested: int
    base: int
    provisioned: int
    minimum: int = 0

    @property
    def least(self) -> int:
        """The growth that it needs however little it reserves, for its provisioned concurrency."""
        return max(0, self.provisioned - self.base)

    @property
    def wish(self) -> int:
        """The growth beyond that."""
        return max(0, self.requested - self.base - self.least)

    @property
    def need(self) -> int:
        """The growth beyond `least` without which the reservation is not worth having."""
        return max(0, min(self.minimum, self.requested) - self.base - self.least)


def allocate(
    changes: tuple[ClaimChange, ...], account: Concurrency, bounds: Floor | Unknown, policy: RemedyPolicy = PLAIN
) -> RemedyPlan:
    """The least change that lets every order of updates leave the safe floor."""
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
    broken = {change.logical_id for change in changes if check_provisioned(change)}
    first = policy.priority
    sound = sorted(
        (each for each in candidates if each.logical_id not in broken),
        key=lambda each: first.index(each.logical_id) if each.logical_id in first else len(first),
    )
    share = _whole_or_nothing if policy.mode is RemedyMode.DROP else _proportional
    shares = share(sound, room, len([each for each in sound if each.logical_id in first]))
    served = {each.logical_id: _serve(each, shares.get(each.logical_id)) for each in candidates}
    return RemedyPlan({**keep, **served}, possible=True)


def _room(
    changes: tuple[ClaimChange, ...], candidates: list[_Candidate], account: Concurrency, bounds: Floor | Unknown
) -> int | None:
    """What the reservations may grow in all: unreserved beyond the safe floor, less what grows in any case."""
    forced = sum(candidate.least for candidate in candidates)
    for change in changes:
        if change.grows and not _is_candidate(change):
            if isinstance(change.top, Unknown) or isinstance(change.base, Unknown):
                return None
            forced += change.top - change.base
    if isinstance(bounds, Unknown) or isinstance(account.unreserved, Unknown):
        return None if candidates or forced else 0
    room = account.unreserved - max(bounds.safe, bounds.hard) - forced
    # What asks for nothing is refused nothing, however little is left.
    return room if forced else max(room, 0)


def _is_candidate(change: ClaimChange) -> bool:
    wanted = change.wanted
    if wanted is None or not isinstance(wanted.reserved, int) or wanted.reserved == 0:
        return False
    known = isinstance(change.base, int) and isinstance(change.provisioned_top, int)
    return known and (change.grows or check_provisioned(change) is not None)


def _candidate(change: ClaimChange, minimum: Mapping[str, int]) -> _Candidate:
    match change.wanted, change.base, change.provisioned_top:
        case FunctionDemand(reserved=int(requested)), int(base), int(provisioned):
            return _Candidate(change.logical_id, requested, base, provisioned, minimum.get(change.logical_id, 0))
        case _:
            raise AssertionError(change)


def _proportional(candidates: list[_Candidate], room: int, first: int) -> dict[str, int]:
    """The first ones take what they ask while it lasts; the rest share in proportion, in whole numbers.

    What the minimum of the rest takes is set aside before; who cannot have it gets no share at all.
    """
    shares: dict[str, int] = {}
    for each in candidates[:first]:
        share = min(each.wish, room)
        if share >= each.need:
            shares[each.logical_id] = share
            room -= share
    rest: list[_Candidate] = []
    for each in candidates[first:]:
        if each.need <= room:
            rest.append(each)
            room -= each.need
    more = {each.logical_id: each.wish - each.need for each in rest}
    asked = sum(more.values())
    given = more if asked <= room else _rounded({name: wish * room for name, wish in more.items()}, asked, room)
    return shares | {each.logical_id: each.need + given[each.logical_id] for each in rest}


def _rounded(weights: dict[str, int], whole: int, room: int) -> dict[str, int]:
    """`weights` by `whole`, in whole numbers that add up to `room`."""
    given = {name: weight // whole for name, weight in weights.items()}
    # The largest remainders get what rounding left over; ties go in the template's order.
    by_remainder = sorted(weights, key=lambda name: -(weights[name] % whole))
    for name in by_remainder[: room - sum(given.values())]:
        given[name] += 1
    return given


def _whole_or_nothing(candidates: list[_Candidate], room: int, first: int) -> dict[str, int]:
    """The first ones in their order, then as many of the others as fit whole, and rather the larger ones."""
    shares = {each.logical_id: 0 for each in candidates}
    for each in candidates[:first]:
        shares[each.logical_id] = each.wish if each.wish <= room else 0
        room -= shares[each.logical_id]
    kept: list[_Candidate] = []
    for each in sorted(candidates[first:], key=lambda each: each.wish):
        if each.wish <= room:
            kept.append(each)
            room -= each.wish
        elif smaller := next((other for other in kept if 0 < each.wish - other.wish <= room), None):
            # As many are kept with it in the place of a smaller one, and less is dropped.
            kept[kept.index(smaller)] = each
            room -= each.wish - smaller.wish
    return shares | {each.logical_id: each.wish for each in kept}


def _serve(candidate: _Candidate, share: int | None) -> Remedy:
    """Turn a share into a remedy; no share at all means that the reservation cannot stay."""
    requested = candidate.requested
    if share is None:
        return Remedy(RemedyAction.DROP, None, requested)
    if share == candidate.wish:
        return Remedy(RemedyAction.KEEP, requested, requested)
    value = candidate.base + candidate.least + share
    return Remedy(RemedyAction.LOWER, value, requested) if value else Remedy(RemedyAction.DROP, None, requested)


def apply(body: Mapping[str, Any], plan: RemedyPlan, prefix: str = "") -> dict[str, Any]:
    """The template as the plan wants it; what it keeps is left as it was written.

    `prefix` says which stack of the tree this is; what the plan wants of the others is theirs to apply.
    Raises `UsageError` for a function that a transform makes.
    """
    changed = copy.deepcopy(dict(body))
    for name, remedy in plan.changes.items():
        logical_id = name.removeprefix(prefix)
        if not name.startswith(prefix) or "/" in logical_id:
            continue
        resource = changed["Resources"].get(logical_id)
        if resource is None:
            raise UsageError(
                f"the reservation of {logical_id} is made by a transform and cannot be changed by itself",
                "change it in the template",
            )
        # AWS::NoValue rather than no property: it also wins over a default that a transform would fill in.
        value = remedy.value if remedy.action is RemedyAction.LOWER else {"Ref": "AWS::NoValue"}
        resource.setdefault("Properties", {})[RESERVED_CONCURRENCY] = value
    return changed
