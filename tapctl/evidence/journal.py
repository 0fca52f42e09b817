"""The stacks of runs, written down before they are created, so that `clean` finds them after a kill."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tapctl.state import locks
from tapctl.state.files import own_folder, read_bytes, state_dir, write_atomically


@dataclass(frozen=True, slots=True)
class ExperimentJournal:
    """The stacks of an account and Region that runs of this machine made and have not deleted yet."""

    account_id: str
    region: str

    @property
    def _file(self) -> Path:
        return state_dir() / "evidence" / f"{self.account_id}-{self.region}.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock out a second run and a clean. Raises `BusyError`."""
        file = own_folder(self._file.parent) / f"{self._file.stem}.lock"
        busy = f"another evidence run is in progress in account {self.account_id}, {self.region}"
        with locks.hold(file, timeout=0, busy=busy):
            yield

    def stacks(self) -> tuple[str, ...]:
        try:
            return tuple(json.loads(read_bytes(self._file)))
        except (OSError, ValueError):
            return ()

    def add(self, stack: str) -> None:
        self._write((*self.stacks(), stack))

    def remove(self, stack: str) -> None:
        self._write(tuple(name for name in self.stacks() if name != stack))

    def _write(self, stacks: Sequence[str]) -> None:
        own_folder(self._file.parent)
        write_atomically(self._file, json.dumps(list(stacks)) + "\n")
