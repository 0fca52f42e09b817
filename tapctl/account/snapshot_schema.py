"""The file that holds an account: its parts, and what is wrong with one.

Every part beside `schema` and `limits` may be left out, so that one can be written by hand.
"""

import codecs
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tapctl.errors import ConfigError
from tapctl.unknown import Unknown


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class Unread(_Model):
    """A read that was refused when the snapshot was taken."""

    unknown: str
    resolution: str = ""

    def value(self) -> Unknown:
        return Unknown(self.unknown if self.unknown.strip() else "the snapshot gives no reason", self.resolution)


class Refused(Unread):
    """The same where any other key would be a value."""

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


class HeldStack(_Model):
    """The stack that is to be updated."""

    name: str
    status: str = "CREATE_COMPLETE"
    functions: dict[str, _Function] = {}
    parameters: dict[str, str | Unread] = {}
    resources: dict[str, str] | None = None


_KINDS = {"Unread", "Refused", "HeldStack", "constrained-int", "str", "dict[str,str]"}
"""What pydantic puts into the path of an error to say which of several kinds it tried."""


class _Quota(_Model):
    value: Number
    usage: Number


class _Floor(_Model):
    """A minimum that AWS named in a refusal, the limit under which it did, and when and where that was seen."""

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
    usage: _Usage = _Usage()
    stack: HeldStack | Unread | None = None
    quotas: dict[str, _Quota] = {}
    # What was refused is a map of texts, too, so it is tried first.
    exports: Annotated[Refused | dict[str, str] | None, Field(union_mode="left_to_right")] = None
    lookups: dict[str, str | Unread] = {}
    floor: _Floor | None = None


def read(path: Path) -> Snapshot:
    """What the file says. Raises `ConfigError` naming it and the first thing in it that is wrong."""
    try:
        found = Snapshot.model_validate_json(_without_mark(path.read_bytes()))
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
    if contradiction := next(_contradictions(found), None):
        raise ConfigError(f"{path}: {contradiction}", "mend it, or take the snapshot again")
    return found


_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def _without_mark(raw: bytes) -> bytes | str:
    """The text behind a byte order mark, which a redirection in PowerShell puts first."""
    encoding = next((name for mark, name in _MARKS.items() if raw.startswith(mark)), None)
    with suppress(UnicodeDecodeError):
        return raw.decode(encoding) if encoding else raw
    return raw


def _contradictions(snapshot: Snapshot) -> Iterator[str]:
    """What no account can be, each with its place; a number that is not known contradicts nothing."""
    functions = snapshot.stack.functions if isinstance(snapshot.stack, HeldStack) else {}
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
