"""The schema of a snapshot file, and readable errors.

Only `schema` and `limits` are required, so that a person can write one.
"""

import codecs
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tapctl.errors import ConfigError, validation_problem
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.state.files import read_bytes
from tapctl.unknown import Unknown


class _Model(BaseModel):
    # Compiled once, as parts of the whole file, and not one by one.
    model_config = ConfigDict(extra="ignore", strict=True, defer_build=True)


class Unread(_Model):
    """A value that could not be read when the snapshot was taken."""

    unknown: str
    resolution: str = ""

    def value(self) -> Unknown:
        reason = self.unknown if self.unknown.strip() else "the snapshot gives no reason"
        return Unknown(reason, advise(JudgementAdvice.AS_WRITTEN, self.resolution) if self.resolution else None)


class UnreadMap(Unread):
    """An unread value in place of a map, in which any other key is a value."""

    model_config = ConfigDict(extra="forbid", strict=True)


Number = Annotated[int, Field(ge=0)] | Unread


class _Limits(_Model):
    concurrent_executions: Number
    unreserved_concurrent_executions: Number
    total_code_size: Number | None = None


class _Usage(_Model):
    total_code_size: Number | None = None
    function_count: Number | None = None


class _Function(_Model):
    physical_id: str
    reserved: Number | None = None
    provisioned: Number = 0
    holders: dict[str, Annotated[int, Field(ge=0)]] | None = None


class SnapshotStack(_Model):
    """The stack to update."""

    name: str
    status: str = "CREATE_COMPLETE"
    functions: dict[str, _Function] = {}
    parameters: dict[str, str | Unread] = {}
    withheld: dict[str, Unread] = {}
    """The parameters that have a value which is not saved: those with NoEcho, and those of environment variables."""
    resources: dict[str, str] | None = None
    physical_ids: dict[str, str] = {}
    exports: dict[str, str] = {}


class SnapshotHolders(_Model):
    """Which functions hold the account's reservations."""

    functions: dict[str, Annotated[int, Field(ge=0)]]
    not_read: Annotated[int, Field(ge=0)] = 0
    reason: str = ""


_UNION_MEMBERS = {
    "Unread",
    "UnreadMap",
    "SnapshotStack",
    "SnapshotHolders",
    "constrained-int",
    "int",
    "float",
    "str",
    "dict[str,str]",
    "list[str]",
}
"""The names that pydantic puts into the path of an error for the members of a union, beside those of its functions."""


Units = Annotated[int | float, Field(ge=0, allow_inf_nan=False)]


class _Quota(_Model):
    value: Units | Unread
    # An Unread is a map too, so it is tried first.
    usage: Annotated[Units | UnreadMap | dict[str, Units], Field(union_mode="left_to_right")]
    source: Literal["", "AWS default", "documented default"] = ""


class _Floor(_Model):
    """The minimum that a refusal named: the concurrency limit at that time, the day, and the source."""

    minimum: Annotated[int, Field(ge=0)]
    limit: Annotated[int, Field(ge=0)]
    seen: str = ""
    where: str = "an error"


class Snapshot(_Model):
    """The file as a whole."""

    model_config = ConfigDict(extra="ignore", strict=True, populate_by_name=True)

    schema_: Annotated[Literal["tapctl.account/1"], Field(alias="schema")]
    limits: _Limits
    taken_at: str | None = None
    account_id: str | None = None
    region: str | None = None
    usage: _Usage = Field(default_factory=_Usage)
    stack: SnapshotStack | Unread | None = None
    quotas: dict[str, _Quota] = {}
    # An UnreadMap is a map of strings too, so it is tried first.
    exports: Annotated[UnreadMap | dict[str, str] | None, Field(union_mode="left_to_right")] = None
    imports: dict[str, list[str] | Unread] = {}
    """The stacks that import an export, by its name."""
    lookups: dict[str, str | Unread] = {}
    holders: SnapshotHolders | Unread | None = None
    floor: _Floor | None = None


def read(path: Path, data: bytes | None = None) -> Snapshot:
    """Validate the file, or `data` as its content. Raises `ConfigError` with its first error."""
    try:
        content = read_bytes(path) if data is None else data
        snapshot = Snapshot.model_validate_json(_without_byte_order_mark(content))
    except OSError as error:
        # Only where nothing is there: the command replaces what the name stands for, such as a template.
        missing = isinstance(error, FileNotFoundError)
        hint = advise(JudgementAdvice.SAVE_SNAPSHOT, str(path)) if missing else advise(JudgementAdvice.RENEW_SNAPSHOT)
        if isinstance(error, IsADirectoryError):
            hint = advise(UsageAdvice.NAME_FILE_IN_FOLDER)
        raise ConfigError(f"cannot read the snapshot {path}: {error.strerror}", hint) from None
    except ValidationError as error:
        first = error.errors()[0]
        steps = (str(part) for part in first["loc"] if part not in _UNION_MEMBERS)
        where = ".".join(step for step in steps if not step.startswith("function-"))
        raise ConfigError(
            f"{path} is not an account snapshot: {where + ': ' if where else ''}{validation_problem(first['msg'])}",
            advise(JudgementAdvice.RENEW_SNAPSHOT),
        ) from None
    if contradiction := next(_contradictions(snapshot), None):
        raise ConfigError(f"{path}: {contradiction}", advise(UsageAdvice.CORRECT_SNAPSHOT))
    return snapshot


_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def _without_byte_order_mark(raw: bytes) -> bytes | str:
    """The text after a byte order mark, which a redirection in PowerShell writes."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if raw.startswith(mark)), None)
    with suppress(UnicodeDecodeError):
        return raw.decode(encoding) if encoding else raw
    return raw


def _contradictions(snapshot: Snapshot) -> Iterator[str]:
    """Values that cannot be true together, with their paths; an unknown one contradicts nothing."""
    functions = snapshot.stack.functions if isinstance(snapshot.stack, SnapshotStack) else {}
    limit, unreserved = snapshot.limits.concurrent_executions, snapshot.limits.unreserved_concurrent_executions
    if isinstance(limit, int) and isinstance(unreserved, int):
        if unreserved > limit:
            yield f"limits.unreserved_concurrent_executions is {unreserved}, above the limit of {limit}"
        reserved = sum(function.reserved for function in functions.values() if isinstance(function.reserved, int))
        # Where the limit was lowered below what functions reserve, none is unreserved.
        if reserved > limit - unreserved and unreserved:
            yield (
                f"stack.functions reserve {reserved} executions, but the limit of {limit} and"
                f" {unreserved} unreserved leave {limit - unreserved} for reservations"
            )
    for name, function in functions.items():
        provisioned, holders = function.provisioned, function.holders
        if not isinstance(provisioned, int):
            continue
        if holders is not None and provisioned != sum(holders.values()):
            yield f"stack.functions.{name}.provisioned is {provisioned}, but its holders sum to {sum(holders.values())}"
        if isinstance(limit, int) and provisioned > limit:
            yield f"stack.functions.{name}.provisioned is {provisioned}, above the limit of {limit}"
