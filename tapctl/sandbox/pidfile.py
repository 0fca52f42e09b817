"""The record of the server process, which it writes itself and every command reads."""

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from tapctl import __version__
from tapctl.state.files import write_atomically


@dataclass(frozen=True, slots=True)
class PidFile:
    """Which process serves, or last served, on which port."""

    pid: int
    port: int
    python: str = sys.executable
    version: str = __version__

    @property
    def outdated(self) -> bool:
        """Whether it runs another tapctl than this one, or by an interpreter that is gone: no function would start."""
        return self.version != __version__ or not os.access(self.python, os.X_OK)


def read(path: Path) -> PidFile | None:
    """Read the record; None when there is none, or none that can be used."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        record = PidFile(**fields)
    except (OSError, ValueError, TypeError):
        return None
    usable = all(type(number) is int and number > 0 for number in (record.pid, record.port))
    return record if usable and isinstance(record.python, str) else None


def write(path: Path, record: PidFile) -> None:
    """Write the record, whole or not at all."""
    write_atomically(path, json.dumps(asdict(record)) + "\n")
