"""The server's pid file: the server writes it, every command reads it."""

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from tapctl import __version__
from tapctl.state.files import write_atomically


@dataclass(frozen=True, slots=True)
class PidFile:
    """Process id and port of the server that runs, or ran last."""

    pid: int
    port: int
    python: str = sys.executable
    version: str = __version__

    @property
    def outdated(self) -> bool:
        """Whether the server runs another version of tapctl, or an interpreter that is gone and starts no function."""
        return self.version != __version__ or not os.access(self.python, os.X_OK)


def read(path: Path) -> PidFile | None:
    """Read the pid file; None if it is missing or unusable."""
    try:
        found = PidFile(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    usable = all(type(number) is int and number > 0 for number in (found.pid, found.port))
    return found if usable and isinstance(found.python, str) else None


def write(path: Path, pid_file: PidFile) -> None:
    """Write the pid file atomically."""
    write_atomically(path, json.dumps(asdict(pid_file)) + "\n")
