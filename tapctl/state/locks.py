"""File locks that the operating system drops when their holder dies, however it dies."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tapctl.errors import BusyError, UsageError

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    _look = _take
else:
    import fcntl

    def _take(file: IO[bytes]) -> None:
        # flock, not lockf: the lock belongs to the open file, so two threads of one process exclude each other too.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _look(file: IO[bytes]) -> None:
        # Shared, so that two who look at the same instant do not take each other for the holder.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)


_for_life: list[IO[bytes]] = []


@contextmanager
def held(path: Path, *, patience: float, busy: str) -> Iterator[bool]:
    """Hold the lock for the block; tells whether another held it until just now.

    Raises `BusyError` with `busy` when it is not free within `patience` seconds.
    """
    with _opened(path) as file:
        yield _wait_for(file, patience, busy)


def take_for_life(path: Path, *, patience: float, busy: str) -> None:
    """Hold the lock until this process has ended."""
    file = _opened(path)
    _wait_for(file, patience, busy)
    _for_life.append(file)


def is_held(path: Path) -> bool:
    """Whether some process holds the lock right now."""
    if not path.exists():
        return False
    with _opened(path) as file:
        try:
            _look(file)
        except OSError:
            return True
    return False


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("ab")
    except OSError as error:
        hint = "set TAPCTL_STATE_DIR to a folder that can be written"
        raise UsageError(f"cannot use {path}: {error.strerror}", hint) from None


def _wait_for(file: IO[bytes], patience: float, busy: str) -> bool:
    """Take it; tells whether that took waiting."""
    deadline, waited = time.monotonic() + patience, False
    while True:
        try:
            _take(file)
        except OSError:
            waited = True
            if time.monotonic() > deadline:
                raise BusyError(busy, "try again in a moment") from None
        else:
            return waited
        time.sleep(0.02)
