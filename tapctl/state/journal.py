"""Records what a deploy is about to do, so that the next run can continue after a kill.

One small file for each account, Region and stack, in the state folder, without secrets.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from tapctl.errors import TapctlError
from tapctl.state import locks
from tapctl.state.files import own_folder, read_bytes, state_dir, write_atomically

FOLDER = "deploys"


class Phase(Enum):
    """What a run was doing; the values follow "the previous run stopped while"."""

    CREATING = "creating a change set"
    CONFIRMING = "its change set waited for confirmation"
    EXECUTING = "its change set was being executed"
    RECOVERING = "repairing the stack"
    OVER = "nothing was running"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """The state of the last deploy of one stack; `at` is in UTC, to the second."""

    phase: Phase = Phase.OVER
    at: str = ""
    stack_id: str = ""
    change_set: str = ""
    creates: bool = False
    """Whether the stack was created for that change set."""
    token: str = ""
    digest: str = ""
    """Of the template and its parameters."""
    failed: str = ""
    """The digest of the last deploy that failed."""
    skipped: tuple[str, ...] = ()
    """Logical ids of the resources that a rollback skipped."""
    unverified: bool = False
    """Whether a deploy still has to be verified."""
    remedied: Mapping[str, Sequence[int | None]] = field(default_factory=dict)
    """The functions that the last execution had a remedy for: the requested reservation, and the new one."""

    @property
    def when(self) -> str:
        return f"{self.at[:10]} {self.at[11:16]} UTC"


@dataclass(slots=True)
class Journal:
    """The entry and its file; without a file it ends with the process."""

    path: Path | None = None
    entry: JournalEntry = field(default_factory=JournalEntry)
    waited: bool = False
    """Whether another run on this machine had to end first."""

    def record(self, phase: Phase, **fields: Any) -> None:
        """Write down what begins now, with fields of the entry."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if fields.get("stack_id", self.entry.stack_id) != self.entry.stack_id:
            # Another stack, even if it has the same name.
            fields = {"skipped": (), "failed": "", "unverified": False, "remedied": {}, **fields}
        self.entry = replace(self.entry, phase=phase, at=now, **fields)
        if self.path:
            write_atomically(self.path, json.dumps({**asdict(self.entry), "phase": phase.name}, indent=1) + "\n")

    def close(self, **fields: Any) -> None:
        """Write down that nothing is running any more; where that fails, the next run finds it out."""
        with suppress(TapctlError):
            self.record(Phase.OVER, change_set="", creates=False, token="", **fields)


@contextmanager
def open_journal(account_id: str, region: str, stack_name: str) -> Iterator[Journal]:
    """The journal of one stack, locked against other deploys of the stack on this machine.

    Raises `BusyError` while another deploy runs, `UsageError` where nothing can be written.
    """
    folder = own_folder(state_dir() / FOLDER / account_id / region)
    busy = f"another tapctl process on this machine is deploying stack {stack_name}"
    with locks.hold(folder / f"{stack_name}.lock", timeout=1, busy=busy) as waited:
        path = folder / f"{stack_name}.json"
        yield Journal(path, _read(path), waited)


def forget(account_id: str) -> None:
    """Delete the journals of an emptied account, but not their locks, which may be held."""
    for path in (state_dir() / FOLDER / account_id).glob("*/*.json"):
        path.unlink(missing_ok=True)


def remedied(stack_id: str) -> Mapping[str, Sequence[int | None]]:
    """The remedies of this machine's last deploy of the stack, as in the entry; empty if unknown."""
    region, account_id, name = _parts(stack_id)
    entry = _read(state_dir() / FOLDER / account_id / region / f"{name}.json")
    return entry.remedied if entry.stack_id == stack_id else {}


def _parts(stack_id: str) -> tuple[str, str, str]:
    """Region, account id and name of the stack."""
    _, _, _, region, account_id, named = stack_id.split(":", 5)
    return region, account_id, named.split("/")[1]


def mark_verified(stack_id: str) -> None:
    """Note that the stack was verified; where that fails, the next deploy verifies it again."""
    region, account_id, name = _parts(stack_id)
    with suppress(TapctlError), open_journal(account_id, region, name) as journal:
        if journal.entry.stack_id == stack_id and journal.entry.unverified:
            journal.record(journal.entry.phase, unverified=False)


def _read(path: Path) -> JournalEntry:
    """The entry in a file; an empty one where the file cannot be read, or was not written by tapctl."""
    try:
        stored = json.loads(read_bytes(path))
        entry = JournalEntry(**{**stored, "phase": Phase[stored["phase"]], "skipped": tuple(stored["skipped"])})
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return JournalEntry()
    return entry if _is_valid(entry) else JournalEntry()


def _is_valid(entry: JournalEntry) -> bool:
    """Whether every value has its type, and an execution has what identifies it."""
    empty = JournalEntry()
    types = all(type(getattr(entry, item.name)) is type(getattr(empty, item.name)) for item in fields(JournalEntry))
    known = entry.phase is not Phase.EXECUTING or all((entry.change_set, entry.stack_id, entry.token))
    remedies = types and all(
        isinstance(pair, list) and [type(value) for value in pair] in ([int, int], [int, type(None)])
        for pair in entry.remedied.values()
    )
    return types and known and remedies and all(isinstance(name, str) for name in entry.skipped)


def digest(template: Mapping[str, str], parameters: Sequence[Mapping[str, Any]], secret: Collection[str]) -> str:
    """A hash that identifies a deploy by its template and its parameters, as CreateChangeSet takes them.

    The values of `secret` parameters are left out, since they could be guessed from the digest.
    """
    public = [dict(parameter) for parameter in parameters if parameter["ParameterKey"] not in secret]
    text = json.dumps([dict(template), public], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
