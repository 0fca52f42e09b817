"""An account in a file, for verdicts without credentials: read as an account, and written from one."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from tapctl.account.model import (
    UNREAD,
    Account,
    AccountSettings,
    Concurrency,
    Holders,
    Identity,
    Increase,
    InFlight,
    LearnedFloor,
    LiveFunction,
    PastFailure,
    Quota,
    QuotaSource,
    Stack,
)
from tapctl.account.snapshot_schema import Snapshot, SnapshotHolders, SnapshotStack, Unread, read
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.limits import Limit
from tapctl.unknown import Count, Unknown

SCHEMA = "tapctl.account/1"
CODE_STORAGE = "lambda/L-2ACBD22F"
"""The key of the limit whose value and usage the file has under `limits` and `usage`."""

LEFT_OUT = Unknown("not in the snapshot", judged=False)
"""What a snapshot does not have."""

T = TypeVar("T")
Wording = Callable[[Hint], str]


@dataclass(frozen=True, slots=True)
class SnapshotAccount:
    """Satisfies `tapctl.account.reader.AccountReader` from a file; a part that the file leaves out is Unknown."""

    account: Account

    def snapshot(self) -> Account | None:
        return self.account

    def identity(self) -> Identity | Unknown:
        if self.account.account_id is None:
            return LEFT_OUT
        return Identity(self.account.account_id, self.account.region or "")

    def settings(self) -> AccountSettings:
        return self.account.settings

    def stack(self, name: str) -> Stack | Unknown | None:
        stack = self.account.stack
        return stack if isinstance(stack, Unknown) or (stack and stack.name == name) else None

    def with_provisioned(self, stack: Stack, functions: Collection[str]) -> Stack:  # noqa: ARG002 - it has all it has
        return stack

    def deployed_template(self, stack: Stack) -> Mapping[str, Any] | str | Unknown:  # noqa: ARG002 - it has none
        return LEFT_OUT

    def in_flight(self) -> tuple[InFlight, ...] | Unknown:
        return ()

    def past_failures(self, stack: Stack) -> tuple[PastFailure, ...] | Unknown:  # noqa: ARG002 - it has none
        return ()

    def pending_increases(self, limit: Limit) -> tuple[Increase, ...] | Unknown:  # noqa: ARG002 - it has none
        return LEFT_OUT

    def holders(self) -> Holders | Unknown:
        return self.account.holders

    def claimed_peak(self) -> Count:
        return LEFT_OUT

    def quotas(self, limits: Sequence[Limit]) -> Mapping[str, Quota]:
        return {limit.key: self.account.quotas.get(limit.key, Quota(LEFT_OUT, LEFT_OUT)) for limit in limits}

    def look_up(self, keys: Sequence[str]) -> Mapping[str, str | Unknown]:
        return {key: self.account.lookups.get(key, _missing_lookup(key)) for key in keys}

    def exports(self) -> Mapping[str, str] | Unknown:
        return self.account.exports

    def imports(self, names: Sequence[str]) -> Mapping[str, tuple[str, ...] | Unknown]:
        return {name: self.account.imports.get(name, LEFT_OUT) for name in names}


def age_of(account: Account, now: datetime) -> timedelta | None:
    """How old a saved account is, negative in the future; None for one without a date, and for one that is read now."""
    try:
        taken = datetime.fromisoformat(account.taken_at or "")
    except ValueError:
        return None
    return now - (taken if taken.tzinfo else taken.replace(tzinfo=UTC)) if account.is_snapshot else None


_SKEW = timedelta(minutes=5)
"""How far two clocks may differ."""


def bounded_by_age(account: Account, most: timedelta, now: datetime) -> Account:
    """The account, whose values are all unknown where it is a snapshot that is older than `most`, or has no date."""
    age = age_of(account, now)
    if not account.is_snapshot or (age is not None and -_SKEW <= age <= most):
        return account
    how = "has no date" if age is None else f"is {spelled(age)} old" if age >= -_SKEW else "is dated in the future"
    stale = Unknown(
        f"the snapshot {how}, and may be at most {spelled(most)} old", advise(JudgementAdvice.RENEW_SNAPSHOT)
    )
    quotas = {key: Quota(stale, stale, quota.source) for key, quota in account.quotas.items()}
    return replace(account, quotas=quotas, exports=stale, stale=stale)


def spelled(span: timedelta) -> str:
    """A time in its largest whole unit, such as `3 days`."""
    seconds = int(span.total_seconds())
    sizes = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
    unit, size = next(((unit, size) for unit, size in sizes if seconds >= size), sizes[-1])
    return f"{seconds // size} {unit}{'' if seconds // size == 1 else 's'}"


def _missing_lookup(key: str) -> Unknown:
    return Unknown(f"the snapshot does not have {key}", advise(JudgementAdvice.PASS_LOOKUP, key))


def load(path: Path, data: bytes | None = None) -> SnapshotAccount:
    """Read a snapshot, or `data` as its content. Raises `ConfigError` with the file and its first error."""
    return SnapshotAccount(_account(read(path, data)))


def _account(snapshot: Snapshot) -> Account:
    limits, usage = snapshot.limits, snapshot.usage
    code_size = Quota(_number(limits.total_code_size), _number(usage.total_code_size))
    quotas = {
        key: Quota(_read(quota.value), _read(quota.usage), QuotaSource(quota.source))
        for key, quota in snapshot.quotas.items()
    }
    exports = snapshot.exports
    return Account(
        region=snapshot.region,
        settings=AccountSettings(
            Concurrency(_number(limits.concurrent_executions), _number(limits.unreserved_concurrent_executions)),
            code_size,
            _number(usage.function_count),
        ),
        account_id=snapshot.account_id,
        taken_at=snapshot.taken_at,
        stack=_stack(snapshot.stack),
        quotas={CODE_STORAGE: code_size} | quotas,
        lookups={key: value.value() if isinstance(value, Unread) else value for key, value in snapshot.lookups.items()},
        learned=LearnedFloor(**snapshot.floor.model_dump()) if snapshot.floor else None,
        imports={
            name: stacks.value() if isinstance(stacks, Unread) else tuple(stacks)
            for name, stacks in snapshot.imports.items()
        },
        holders=_holders(snapshot.holders),
        exports=LEFT_OUT if exports is None else exports.value() if isinstance(exports, Unread) else exports,
    )


def _stack(stack: SnapshotStack | Unread | None) -> Stack | Unknown | None:
    if stack is None:
        return None
    if isinstance(stack, Unread):
        return stack.value()
    functions = {
        name: LiveFunction(
            function.physical_id,
            None if function.reserved is None else _number(function.reserved),
            _number(function.provisioned),
            function.holders,
        )
        for name, function in stack.functions.items()
    }
    values: Mapping[str, str | Unread] = {**stack.parameters, **stack.withheld}
    parameters = {name: value.value() if isinstance(value, Unread) else value for name, value in values.items()}
    return Stack(
        stack.name,
        stack.status,
        functions,
        parameters,
        stack.resources,
        exports=stack.exports,
        ids=stack.physical_ids,
    )


def _holders(holders: SnapshotHolders | Unread | None) -> Holders | Unknown:
    if holders is None:
        return UNREAD
    return holders.value() if isinstance(holders, Unread) else Holders(**holders.model_dump())


def _number(value: "int | Unread | None") -> Count:
    if value is None:
        return LEFT_OUT
    return value.value() if isinstance(value, Unread) else value


def _read(value: "T | Unread") -> T | Unknown:
    return value.value() if isinstance(value, Unread) else value


def to_json(account: Account, word: Wording) -> dict[str, Any]:
    """The account in the schema `tapctl.account/1`, without parts that were not read; `word` words the resolutions."""
    concurrency = account.settings.concurrency
    code = account.settings.code_size
    entries: dict[str, Any] = {
        "schema": SCHEMA,
        "taken_at": account.taken_at,
        "account_id": account.account_id,
        "region": account.region,
        "limits": _entries(
            concurrent_executions=concurrency.limit,
            unreserved_concurrent_executions=concurrency.unreserved,
            total_code_size=code.value,
        ),
        "usage": _entries(total_code_size=code.usage, function_count=account.settings.function_count),
        "stack": _stack_json(account.stack),
        "quotas": {
            key: {"value": quota.value, "usage": quota.usage} | ({"source": source} if source else {})
            for key, quota in sorted(account.quotas.items())
            for source in [quota.source.value]
            if _was_read(quota.value) and _was_read(quota.usage)
        },
        "floor": asdict(account.learned) if account.learned else None,
        "lookups": account.lookups,
        "holders": _holders_json(account.holders),
        "exports": account.exports if _was_read(account.exports) else None,
    }
    # An empty map of exports is a value; any other empty part was not read.
    read_entries = {key: value for key, value in entries.items() if value is not None and (value or key == "exports")}
    worded: dict[str, Any] = _plain(read_entries, word)
    return worded


def dumps(account: Account, word: Wording) -> str:
    return json.dumps(to_json(account, word), indent=2) + "\n"


def _stack_json(stack: Stack | Unknown | None) -> Any:
    if stack is None or isinstance(stack, Unknown):
        return stack
    withheld = {name: value for name, value in stack.parameters.items() if isinstance(value, Unknown)}
    return {
        "name": stack.name,
        "status": stack.status,
        "functions": {
            name: {
                "physical_id": function.physical_id,
                "reserved": function.reserved,
                "provisioned": function.provisioned,
                **({} if function.holders is None else {"holders": function.holders}),
            }
            for name, function in stack.functions.items()
        },
        "parameters": {name: value for name, value in stack.parameters.items() if name not in withheld},
        **({"withheld": withheld} if withheld else {}),
        "resources": stack.resources,
        **({"physical_ids": stack.ids} if stack.ids else {}),
        **({"exports": stack.exports} if stack.exports else {}),
    }


def _holders_json(holders: Holders | Unknown) -> Any:
    if isinstance(holders, Unknown):
        return holders if holders.judged else None
    functions = dict(holders.largest())
    return {"functions": functions, "not_read": holders.not_read, "reason": holders.reason}


def _entries(**values: object) -> dict[str, Any]:
    return {name: value for name, value in values.items() if _was_read(value)}


def _was_read(value: object) -> bool:
    return not isinstance(value, Unknown) or value.judged


def _plain(value: object, word: Wording) -> Any:
    """A value as JSON has it: an Unknown as its reason and resolution, also inside of maps."""
    match value:
        case Unknown():
            return {"unknown": value.reason, "resolution": word(value.resolution) if value.resolution else ""}
        case Mapping():
            return {key: _plain(item, word) for key, item in value.items()}
        case _:
            return value
