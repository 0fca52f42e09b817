"""Records the operation that a rollout is about to begin, so that the next run can follow it.

One small file for each account, Region and stack set, in the state folder, without secrets.
"""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path

from tapctl.errors import TapctlError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.state import locks
from tapctl.state.files import own_folder, read_bytes, state_dir, write_atomically

FOLDER = "rollouts"

PREFIX = "tapctl-"
"""Begins the id of every operation that tapctl gives one."""


@dataclass(frozen=True, slots=True)
class RolloutEntry:
    """Where a rollout is: its operation, empty between two of them, what that does, and when it began, in UTC.

    `left` is how many operations were planned after it, `command` which subcommand of `tapctl fleet` continues it.
    """

    operation: str = ""
    step: str = ""
    at: str = ""
    left: int = 0
    command: str = "deploy"

    @property
    def when(self) -> str:
        return f"{self.at[:10]} {self.at[11:16]} UTC"

    @property
    def is_open(self) -> bool:
        """Whether the rollout is not over."""
        return bool(self.operation or self.left)


@dataclass(slots=True)
class RolloutJournal:
    """The entry and its file; `run` is part of every operation id of this run."""

    path: Path
    entry: RolloutEntry = field(default_factory=RolloutEntry)
    command: str = "deploy"
    run: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(3)}")
    number: int = 0

    def begin(self, step: str, left: int = 0) -> str:
        """Write down what begins now, and how many operations come after it; the id for its operation."""
        self.number += 1
        operation, at = f"{PREFIX}{self.run}-{self.number}", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._write(RolloutEntry(operation, step, at, left, self.command))
        return operation

    def close(self) -> None:
        """Write down that the operation is over; where that fails, the next run finds it out."""
        self._end(replace(self.entry, operation="") if self.entry.left else RolloutEntry())

    def finish(self) -> None:
        """Write down that the rollout is over, whatever it left behind."""
        if self.entry != RolloutEntry():
            self._end(RolloutEntry())

    def _end(self, entry: RolloutEntry) -> None:
        with suppress(TapctlError):
            self._write(entry)

    def _write(self, entry: RolloutEntry) -> None:
        self.entry = entry
        write_atomically(self.path, json.dumps(asdict(entry), indent=1) + "\n")


@contextmanager
def open_rollout_journal(
    account_id: str, region: str, stack_set: str, command: str = "deploy"
) -> Iterator[RolloutJournal]:
    """The journal of one stack set, locked against other rollouts of it on this machine.

    Raises `BusyError` while another one runs, `UsageError` where nothing can be written.
    """
    path = _path(account_id, region, stack_set)
    own_folder(path.parent)
    busy = f"another tapctl process on this machine is rolling out stack set {stack_set}"
    hint = advise(UsageAdvice.RUN_AFTER_ROLLOUT)
    with locks.hold(path.with_suffix(".lock"), timeout=1, busy=busy, hint=hint):
        yield RolloutJournal(path, _read(path), command)


def look(account_id: str, region: str, stack_set: str) -> tuple[RolloutEntry, bool]:
    """The entry of a stack set, and whether a process of this machine continues it now."""
    path = _path(account_id, region, stack_set)
    is_running = False
    with suppress(TapctlError):  # a lock that cannot be opened is held by nobody
        is_running = locks.is_held(path.with_suffix(".lock"))
    return _read(path), is_running


def _path(account_id: str, region: str, stack_set: str) -> Path:
    return state_dir() / FOLDER / account_id / region / f"{stack_set}.json"


def _read(path: Path) -> RolloutEntry:
    """The entry in a file; an empty one where the file cannot be read, or was not written by tapctl.

    What a later version has written besides is passed over.
    """
    try:
        content = json.loads(read_bytes(path))
        known = [field.name for field in fields(RolloutEntry)]
        entry = RolloutEntry(**{name: content[name] for name in known if name in content})
    except (OSError, ValueError, TypeError, RecursionError):
        return RolloutEntry()
    same_types = all(type(getattr(entry, field.name)) is type(field.default) for field in fields(RolloutEntry))
    valid = same_types and entry.is_open and entry.left >= 0 and entry.command in ("deploy", "destroy")
    return entry if valid and (not entry.operation or entry.operation.startswith(PREFIX)) else RolloutEntry()
