"""The additions of earlier targets to their account, so that targets are judged together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tapctl.account.model import Account, Quota, Usage
from tapctl.concurrency.additions import Addition, Before, additions
from tapctl.concurrency.counting import Inventory
from tapctl.concurrency.exports_check import exported_names
from tapctl.concurrency.limits_check import touched
from tapctl.concurrency.replacement import NO_EFFECTS
from tapctl.concurrency.result import Preflight
from tapctl.limits import LimitKind
from tapctl.unknown import Count, Unknown, total


@dataclass(frozen=True, slots=True)
class Spent:
    """The additions of earlier targets to the account: executions, units of limits by key, and exports by name."""

    executions: Count = 0
    additions: tuple[tuple[str, Addition], ...] = ()
    exports: Mapping[str, str] = field(default_factory=dict)

    def after(self, result: Preflight, name: str) -> Spent:
        """These additions with those of this target."""
        claims = [total([change.claim_after, _negative(change.claim_before)]) for change in result.changes]
        executions = total([self.executions, *claims])
        if isinstance(executions, Unknown):
            executions = Unknown(f"how much {name} reserves is unknown: {executions.reason}", executions.resolution)
        # What exists beside its replacement is gone before the next target is deployed.
        inventory, before = Inventory(result.tree), replace(Before.of(result), effects=NO_EFFECTS)
        added = tuple(
            (limit.key, addition)
            for limit in touched(result.tree, before, result.limits.own)
            if limit.kind is LimitKind.COUNT and limit.usage
            for addition in additions(limit, inventory, before)
            if not (addition.parent and addition.parent.in_template)
        )
        names = dict.fromkeys(exported_names(result.tree), result.stack_name or name)
        return Spent(executions, (*self.additions, *added), {**self.exports, **names})

    def on(self, account: Account) -> Account:
        """The account once all of it is deployed."""
        pool, exports = account.settings.concurrency, account.exports
        unreserved = total([pool.unreserved, _negative(self.executions)])
        quotas = dict(account.quotas)
        for key, addition in self.additions:
            if key in quotas:
                quotas[key] = with_addition(quotas[key], addition)
        return replace(
            account,
            settings=replace(account.settings, concurrency=replace(pool, unreserved=unreserved)),
            claimed_peak=total([account.claimed_peak, self.executions]),
            quotas=quotas,
            exports=exports if isinstance(exports, Unknown) else {**self.exports, **exports},
        )


def _negative(count: Count) -> Count:
    return count if isinstance(count, Unknown) else -count


def with_addition(quota: Quota, addition: Addition) -> Quota:
    """The quota with what is added to its usage: surely the least, and maybe the rest."""
    usage: Usage = quota.usage
    if addition.unknown:
        return replace(quota, usage=addition.unknown)
    rest, parent = addition.most - addition.least, addition.parent
    match usage:
        case Unknown():
            return quota
        case Mapping() if parent and not parent.is_open:
            return replace(
                quota,
                usage={**usage, parent.id: usage.get(parent.id, 0) + addition.least},
                maybe=quota.maybe + rest,
            )
        case int() | float() if parent is None:
            return replace(quota, usage=usage + addition.least, maybe=quota.maybe + rest)
        case _:
            # Which parent gets it, or how much of it the fullest one has, is open.
            return replace(quota, maybe=quota.maybe + addition.most)
