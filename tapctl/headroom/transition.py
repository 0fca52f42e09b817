"""From what the stack holds to what the template wants: the change of every function's claim."""

from collections.abc import Mapping
from dataclasses import dataclass

from tapctl.account.model import LiveFunction
from tapctl.headroom.demand import Demand, FunctionDemand
from tapctl.unknown import Unknown

Count = int | Unknown


@dataclass(frozen=True, slots=True)
class Change:
    """One function before and after; `wanted` None is removed, `live` None is not there yet.

    `replaced` says that CloudFormation creates a new function and deletes the old one after everything
    else succeeded, so that both hold their claim for a while.
    """

    logical_id: str
    wanted: FunctionDemand | None
    live: LiveFunction | None
    replaced: bool = False

    @property
    def old(self) -> Count:
        return self.live.claim if self.live else 0

    @property
    def new(self) -> Count:
        return self.wanted.claim if self.wanted else 0

    @property
    def base(self) -> Count:
        """What it holds already and keeps while it changes: nothing for one that is made anew."""
        return 0 if self.replaced else self.old

    @property
    def grows(self) -> bool:
        """Whether it may need more than it holds at any moment."""
        match self.new, self.base:
            case int(new), int(base):
                return new > base
            case int(new), _:
                return new > 0
            case _:
                return True


def transition(demand: Demand, live: Mapping[str, LiveFunction]) -> tuple[Change, ...]:
    """Pair the template's functions with the stack's by logical id."""
    wanted = {function.logical_id: function for function in demand.functions}
    changes = [
        Change(logical_id, function, held := live.get(logical_id), _renamed(function, held))
        for logical_id, function in wanted.items()
    ]
    changes += [Change(logical_id, None, held) for logical_id, held in live.items() if logical_id not in wanted]
    return tuple(changes)


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
        peak = _minus(peak, *_growth(change))
    return Outlook(final, peak)


def _growth(change: Change) -> tuple[Count, Count]:
    match change.new, change.base:
        case int(new), int(base):
            return max(new, base), base
        case new, base:
            return new, base


def _minus(rest: Count, new: Count, old: Count) -> Count:
    match rest, new, old:
        case int(left), int(more), int(less):
            return left - (more - less)
        case _:
            return next(value for value in (rest, new, old) if isinstance(value, Unknown))
