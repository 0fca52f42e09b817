"""An account in a file, for verdicts without credentials.

`tapctl account --output` writes it, `preflight --snapshot` judges by it.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tapctl.account.model import (
    Account,
    AccountSettings,
    Concurrency,
    Identity,
    Increase,
    InFlight,
    LearnedFloor,
    LiveFunction,
    PastFailure,
    Quota,
    Stack,
)
from tapctl.account.snapshot_schema import HeldStack, Snapshot, Unread, read
from tapctl.limits import Limit
from tapctl.unknown import Unknown

SCHEMA = "tapctl.account/1"

_LEFT_OUT = Unknown("the snapshot does not hold it", judged=False)


@dataclass(frozen=True, slots=True)
class SnapshotAccount:
    """Answers from a file; what the file leaves out is Unknown, and says so."""

    account: Account

    def identity(self) -> Identity | Unknown:
        if self.account.account_id is None:
            return _LEFT_OUT
        return Identity(self.account.account_id, self.account.region or "")

    def settings(self) -> AccountSettings:
        return self.account.settings

    def stack(self, name: str) -> Stack | Unknown | None:
        held = self.account.stack
        return held if isinstance(held, Unknown) or (held and held.name == name) else None

    def look_closer(self, stack: Stack, functions: Collection[str]) -> Stack:  # noqa: ARG002 - it holds no more
        return stack

    def running(self, stack: Stack) -> Mapping[str, Any] | str | Unknown:  # noqa: ARG002 - there is one
        return _LEFT_OUT

    def in_flight(self) -> tuple[InFlight, ...] | Unknown:
        return ()

    def failures(self, stack: Stack) -> tuple[PastFailure, ...] | Unknown:  # noqa: ARG002 - there is one
        return ()

    def pending(self, limit: Limit) -> tuple[Increase, ...] | Unknown:  # noqa: ARG002 - it holds none
        return _LEFT_OUT

    def quotas(self, limits: Sequence[Limit]) -> Mapping[str, Quota]:
        held = self.account.quotas
        return {limit.key: held.get(limit.key, Quota(_LEFT_OUT, _LEFT_OUT)) for limit in limits}

    def look_up(self, keys: Sequence[str]) -> Mapping[str, str | Unknown]:
        return {key: self.account.lookups.get(key, _not_looked_up(key)) for key in keys}

    def exports(self) -> Mapping[str, str] | Unknown:
        return self.account.exports


def _not_looked_up(key: str) -> Unknown:
    return Unknown(f"the snapshot does not hold {key}", f"--resolve {key}=VALUE")


def load(path: Path) -> SnapshotAccount:
    """Read a snapshot. Raises `ConfigError` naming the file and the first thing in it that is wrong."""
    return SnapshotAccount(_account(read(path)))


def _account(snapshot: Snapshot) -> Account:
    limits, usage = snapshot.limits, snapshot.usage
    code_size = Quota(_number(limits.total_code_size), _number(usage.total_code_size))
    quotas = {key: Quota(_number(quota.value), _number(quota.usage)) for key, quota in snapshot.quotas.items()}
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
        exports=_LEFT_OUT if exports is None else exports.value() if isinstance(exports, Unread) else exports,
    )


CODE_STORAGE = "lambda/L-2ACBD22F"


def _stack(stack: HeldStack | Unread | None) -> Stack | Unknown | None:
    if stack is None:
        return None
    if isinstance(stack, Unread):
        return stack.value()
    functions = {
        name: LiveFunction(
            each.physical_id,
            None if each.reserved is None else _number(each.reserved),
            _number(each.provisioned),
            each.holders,
        )
        for name, each in stack.functions.items()
    }
    parameters = {
        name: value.value() if isinstance(value, Unread) else value for name, value in stack.parameters.items()
    }
    return Stack(stack.name, stack.status, functions, parameters, stack.resources)


def _number(value: "int | Unread | None") -> int | Unknown:
    if value is None:
        return _LEFT_OUT
    return value.value() if isinstance(value, Unread) else value


def to_json(account: Account) -> dict[str, Any]:
    """The account as the contract `tapctl.account/1` has it; parts that were not read are left out."""
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
            key: {"value": _plain(quota.value), "usage": _plain(quota.usage)}
            for key, quota in sorted(account.quotas.items())
            if _is_held(quota.value) and _is_held(quota.usage)
        },
        "floor": asdict(account.learned) if account.learned else None,
        "lookups": {key: _plain(value) for key, value in account.lookups.items()},
        "exports": _plain(account.exports) if _is_held(account.exports) else None,
    }
    # No exports at all is an answer too; the other parts say nothing when they are empty.
    return {key: value for key, value in entries.items() if value is not None and (value or key == "exports")}


def dumps(account: Account) -> str:
    return json.dumps(to_json(account), indent=2) + "\n"


def _stack_json(stack: Stack | Unknown | None) -> Any:
    if stack is None or isinstance(stack, Unknown):
        return None if stack is None else _plain(stack)
    return {
        "name": stack.name,
        "status": stack.status,
        "functions": {
            name: {
                "physical_id": each.physical_id,
                "reserved": _plain(each.reserved),
                "provisioned": _plain(each.provisioned),
                **({} if each.holders is None else {"holders": dict(each.holders)}),
            }
            for name, each in stack.functions.items()
        },
        "parameters": {name: _plain(value) for name, value in stack.parameters.items()},
        "resources": dict(stack.resources) if stack.resources is not None else None,
    }


def _entries(**values: int | Unknown) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items() if _is_held(value)}


def _is_held(value: object) -> bool:
    return not isinstance(value, Unknown) or value.judged


def _plain(value: object) -> Any:
    return {"unknown": value.reason, "resolution": value.resolution} if isinstance(value, Unknown) else value
