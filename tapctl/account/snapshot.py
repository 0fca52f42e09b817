"""An account in a file, for verdicts without credentials.

`tapctl account --output` writes it, `preflight --snapshot` judges by it.
"""

import codecs
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tapctl.account.model import (
    Account,
    Concurrency,
    Identity,
    Increase,
    InFlight,
    LearnedFloor,
    LiveFunction,
    PastFailure,
    Quota,
    Settings,
    Stack,
)
from tapctl.errors import ConfigError
from tapctl.limits import Limit
from tapctl.unknown import Unknown

SCHEMA = "tapctl.account/1"

_LEFT_OUT = Unknown("the snapshot does not hold it", judged=False)


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Unread(_Model):
    """A read that was refused when the snapshot was taken."""

    unknown: str
    settle: str = ""

    def value(self) -> Unknown:
        return Unknown(self.unknown if self.unknown.strip() else "the snapshot gives no reason", self.settle)


class _Refused(_Unread):
    """The same where any other key would be a value."""

    model_config = ConfigDict(extra="forbid", strict=True)


_Number = Annotated[int, Field(ge=0)] | _Unread


class _Limits(_Model):
    concurrent_executions: _Number
    unreserved_concurrent_executions: _Number
    total_code_size: _Number | None = None


class _Usage(_Model):
    total_code_size: _Number | None = None
    function_count: _Number | None = None


class _Function(_Model):
    physical_id: str
    reserved: _Number | None = None
    provisioned: _Number = 0
    holders: dict[str, Annotated[int, Field(ge=0)]] | None = None


class _Stack(_Model):
    name: str
    status: str = "CREATE_COMPLETE"
    functions: dict[str, _Function] = {}
    parameters: dict[str, str | _Unread] = {}
    resources: dict[str, str] | None = None


_KINDS = {"_Unread", "_Refused", "_Stack", "constrained-int", "str", "dict[str,str]"}
"""What pydantic puts into the path of an error to say which of several kinds it tried."""


class _Quota(_Model):
    value: _Number
    usage: _Number


class _Floor(_Model):
    """A minimum that AWS named in a refusal, the limit under which it did, and when and where that was seen."""

    minimum: Annotated[int, Field(ge=0)]
    limit: Annotated[int, Field(ge=0)]
    seen: str = ""
    where: str = "an error"


class _Snapshot(_Model):
    model_config = ConfigDict(extra="ignore", strict=True, populate_by_name=True)

    schema_: Annotated[Literal["tapctl.account/1"], Field(alias="schema")]
    limits: _Limits
    taken_at: str | None = None
    account_id: str | None = None
    region: str | None = None
    usage: _Usage = _Usage()
    stack: _Stack | _Unread | None = None
    quotas: dict[str, _Quota] = {}
    # What was refused is a map of texts, too, so it is tried first.
    exports: Annotated[_Refused | dict[str, str] | None, Field(union_mode="left_to_right")] = None
    lookups: dict[str, str | _Unread] = {}
    floor: _Floor | None = None


@dataclass(frozen=True, slots=True)
class SnapshotAccount:
    """Answers from a file; what the file leaves out is Unknown, and says so."""

    account: Account

    def identity(self) -> Identity | Unknown:
        if self.account.account_id is None:
            return _LEFT_OUT
        return Identity(self.account.account_id, self.account.region or "")

    def settings(self) -> Settings:
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
    try:
        snapshot = _Snapshot.model_validate_json(_without_mark(path.read_bytes()))
    except OSError as error:
        raise ConfigError(
            f"cannot read the snapshot {path}: {error.strerror}", f"`tapctl account --output {path}` takes one"
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part not in _KINDS)
        raise ConfigError(
            f"{path} is no account snapshot: {where + ': ' if where else ''}{first['msg']}",
            f"`tapctl account --output {path}` takes one",
        ) from None
    if contradiction := next(_contradictions(snapshot), None):
        raise ConfigError(f"{path}: {contradiction}", "mend it, or take the snapshot again")
    return SnapshotAccount(_account(snapshot))


_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def _without_mark(raw: bytes) -> bytes | str:
    """The text behind a byte order mark, which a redirection in PowerShell puts first."""
    encoding = next((name for mark, name in _MARKS.items() if raw.startswith(mark)), None)
    with suppress(UnicodeDecodeError):
        return raw.decode(encoding) if encoding else raw
    return raw


def _contradictions(snapshot: _Snapshot) -> Iterator[str]:
    """What no account can be, each with its place; a number that is not known contradicts nothing."""
    functions = snapshot.stack.functions if isinstance(snapshot.stack, _Stack) else {}
    limit, unreserved = snapshot.limits.concurrent_executions, snapshot.limits.unreserved_concurrent_executions
    if isinstance(limit, int) and isinstance(unreserved, int):
        if unreserved > limit:
            yield f"limits.unreserved_concurrent_executions is {unreserved}, above the limit of {limit}"
        reserved = sum(each.reserved for each in functions.values() if isinstance(each.reserved, int))
        if reserved > limit - unreserved:
            taken = f"of the limit of {limit} only {limit - unreserved} are not unreserved"
            yield f"stack.functions reserve {reserved} executions, but {taken}"
    for name, each in functions.items():
        held = sum((each.holders or {}).values())
        if each.holders is not None and isinstance(each.provisioned, int) and each.provisioned != held:
            yield f"stack.functions.{name}.provisioned is {each.provisioned}, but its holders have {held}"
        if isinstance(limit, int) and isinstance(each.provisioned, int) and each.provisioned > limit:
            yield f"stack.functions.{name}.provisioned is {each.provisioned}, above the limit of {limit}"


def _account(snapshot: _Snapshot) -> Account:
    limits, usage = snapshot.limits, snapshot.usage
    code_size = Quota(_number(limits.total_code_size), _number(usage.total_code_size))
    quotas = {key: Quota(_number(quota.value), _number(quota.usage)) for key, quota in snapshot.quotas.items()}
    exports = snapshot.exports
    return Account(
        region=snapshot.region,
        settings=Settings(
            Concurrency(_number(limits.concurrent_executions), _number(limits.unreserved_concurrent_executions)),
            code_size,
            _number(usage.function_count),
        ),
        account_id=snapshot.account_id,
        taken_at=snapshot.taken_at,
        stack=_stack(snapshot.stack),
        quotas={CODE_STORAGE: code_size} | quotas,
        lookups={
            key: value.value() if isinstance(value, _Unread) else value for key, value in snapshot.lookups.items()
        },
        learned=LearnedFloor(**snapshot.floor.model_dump()) if snapshot.floor else None,
        exports=_LEFT_OUT if exports is None else exports.value() if isinstance(exports, _Unread) else exports,
    )


CODE_STORAGE = "lambda/L-2ACBD22F"


def _stack(stack: _Stack | _Unread | None) -> Stack | Unknown | None:
    if stack is None:
        return None
    if isinstance(stack, _Unread):
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
        name: value.value() if isinstance(value, _Unread) else value for name, value in stack.parameters.items()
    }
    return Stack(stack.name, stack.status, functions, parameters, stack.resources)


def _number(value: "int | _Unread | None") -> int | Unknown:
    if value is None:
        return _LEFT_OUT
    return value.value() if isinstance(value, _Unread) else value


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
    return {"unknown": value.reason, "settle": value.settle} if isinstance(value, Unknown) else value
