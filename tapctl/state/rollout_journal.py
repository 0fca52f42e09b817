"""Records the operation that a rollout is about to begin, so that the next run can follow it.

One small file for each account, Region and stack set, in the state folder, without secrets.
"""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tapctl.errors import TapctlError
from tapctl.state import locks
from tapctl.state.files import own_folder, read_bytes, state_dir, write_atomically

FOLDER = "rollouts"

PREFIX = "tapctl-"
"""Begins the id of every operation that tapctl gives one."""


@dataclass(frozen=True, slots=True)
class RolloutEntry:
    """The last operation of a rollout, empty once it is over; `step` is what it does, `at` when, in UTC."""

    operation: str = ""
    step: str = ""
    at: str = ""

    @property
    def when(self) -> str:
        return f"{self.at[:10]} {self.at[11:16]} UTC"


@dataclass(slots=True)
class RolloutJournal:
    """The entry and its file; `run` is part of every operation id of this run."""

    path: Path
    entry: RolloutEntry = field(default_factory=RolloutEntry)
    run: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(3)}")
    number: int = 0

    def begin(self, step: str) -> str:
        """Write down what begins now; the id for its operation."""
        self.number += 1
        operation = f"{PREFIX}{self.run}-{self.number}"
        self._write(RolloutEntry(operation, step, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")))
        return operation

    def close(self) -> None:
        """Write down that nothing is running any more; where that fails, the next run finds it out."""
        with suppress(TapctlError):
            self._write(RolloutEntry())

    def _write(self, entry: RolloutEntry) -> None:
        self.entry = entry
        write_atomically(self.path, json.dumps(asdict(entry), indent=1) + "\n")


@contextmanager
def open_rollout_journal(account_id: str, region: str, stack_set: str) -> Iterator[RolloutJournal]:
    """The journal of one stack set, locked against other rollouts of it on this machine.

    Raises `BusyError` while another one runs, `UsageError` where nothing can be written.
    """
    folder = own_folder(state_dir() / FOLDER / account_id / region)
    busy = f"another tapctl process on this machine is rolling out stack set {stack_set}"
    with locks.hold(folder / f"{stack_set}.lock", timeout=1, busy=busy):
        path = folder / f"{stack_set}.json"
        yield RolloutJournal(path, _read(path))


def _read(path: Path) -> RolloutEntry:
    """The entry in a file; an empty one where the file cannot be read, or was not written by tapctl."""
    try:
        entry = RolloutEntry(**json.loads(read_bytes(path)))
    except (OSError, ValueError, TypeError, RecursionError):
        return RolloutEntry()
    valid = all(isinstance(value, str) for value in asdict(entry).values()) and entry.operation.startswith(PREFIX)
    return entry if valid else RolloutEntry()
