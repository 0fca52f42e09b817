"""An account in memory: it answers the port from data and records the reads."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tapctl.account.model import (
    Account,
    AccountSettings,
    Concurrency,
    Holders,
    Identity,
    Increase,
    InFlight,
    LiveFunction,
    PastFailure,
    Quota,
    Stack,
)
from tapctl.limits import Limit
from tapctl.unknown import Count, Unknown

NOT_SET = Unknown("the fake account does not have it", judged=False)


@dataclass
class FakeAccount:
    """Satisfies `tapctl.account.reader.AccountReader`."""

    account: Account
    asked: list[str] = field(default_factory=list)
    """The reads, as `name` or `name of what`."""
    closer: Mapping[str, LiveFunction] = field(default_factory=dict)
    template: Mapping[str, Any] | str | Unknown = NOT_SET
    failed: tuple[PastFailure, ...] | Unknown = ()
    increases: tuple[Increase, ...] | Unknown = ()

    def snapshot(self) -> Account | None:
        return self.account if self.account.is_snapshot else None

    def identity(self) -> Identity | Unknown:
        self.asked.append("identity")
        return Identity(self.account.account_id, self.account.region or "") if self.account.account_id else NOT_SET

    def settings(self) -> AccountSettings:
        self.asked.append("settings")
        return self.account.settings

    def stack(self, name: str) -> Stack | Unknown | None:
        self.asked.append(f"stack of {name}")
        stack = self.account.stack
        return stack if isinstance(stack, Unknown) or (stack and stack.name == name) else None

    def with_provisioned(self, stack: Stack, functions: Collection[str]) -> Stack:
        self.asked.append(f"what {', '.join(functions)} provision")
        return replace(stack, functions={**stack.functions, **self.closer})

    def deployed_template(self, stack: Stack) -> Mapping[str, Any] | str | Unknown:
        if "the running template" not in self.asked:  # a live account reads it once
            self.asked.append("the running template")
        return self.template

    def in_flight(self) -> tuple[InFlight, ...] | Unknown:
        self.asked.append("stacks in flight")
        return self.account.in_flight

    def past_failures(self, stack: Stack) -> tuple[PastFailure, ...] | Unknown:
        self.asked.append("past failures")
        return self.failed

    def pending_increases(self, limit: Limit) -> tuple[Increase, ...] | Unknown:
        self.asked.append(f"pending increases of {limit.id}")
        return self.increases

    def holders(self) -> Holders | Unknown:
        self.asked.append("holders")
        return self.account.holders

    def claimed_peak(self) -> Count:
        self.asked.append("claimed peak")
        return self.account.claimed_peak

    def quotas(self, limits: Sequence[Limit]) -> Mapping[str, Quota]:
        self.asked += [f"quota of {limit.id}" for limit in limits]
        return {limit.key: self.account.quotas.get(limit.key, Quota(10**9, 0)) for limit in limits}

    def exports(self) -> Mapping[str, str] | Unknown:
        self.asked.append("exports")
        return self.account.exports

    def imports(self, names: Sequence[str]) -> Mapping[str, tuple[str, ...] | Unknown]:
        self.asked += [f"imports of {name}" for name in names]
        return {name: self.account.imports.get(name, ()) for name in names}

    def look_up(self, keys: Sequence[str]) -> Mapping[str, str | Unknown]:
        self.asked += [f"look-up of {key}" for key in keys]
        return {key: self.account.lookups.get(key, NOT_SET) for key in keys}


def fake_account(limit: int = 1000, unreserved: int | None = None, **more: object) -> FakeAccount:
    """An account with this concurrency limit, and further fields of `Account`."""
    settings = AccountSettings(Concurrency(limit, limit if unreserved is None else unreserved))
    values: dict[str, object] = {"region": "eu-west-1", "exports": {}, **more}
    return FakeAccount(Account(settings=settings, **values))  # type: ignore[arg-type]
