"""File locks that the operating system releases when the process ends, however it ends."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tapctl.errors import BusyError, UsageError
from tapctl.hints import Hint, advise
from tapctl.hints.usage import UsageAdvice

if sys.platform == "win32":
    import msvcrt

    def _acquire(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    _probe = _acquire
else:
    import fcntl

    def _acquire(file: IO[bytes]) -> None:
        # flock, not lockf: the lock belongs to the open file, so it also excludes threads of the same process.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _probe(file: IO[bytes]) -> None:
        # Shared, so that two simultaneous probes do not take each other for the holder.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)


AGAIN = advise(UsageAdvice.RUN_AGAIN_IN_A_MOMENT)

_until_exit: list[IO[bytes]] = []
"""Open files whose locks last as long as the process."""


@contextmanager
def hold(path: Path, *, timeout: float, busy: str, hint: Hint = AGAIN) -> Iterator[bool]:
    """Hold the lock; yields whether it had to wait. Raises `BusyError` with `busy` after `timeout` seconds."""
    with _open(path) as file:
        yield _wait(file, timeout, busy, hint)


def hold_until_exit(path: Path, *, timeout: float, busy: str) -> None:
    """Hold the lock until this process ends. Raises `BusyError` with `busy` after `timeout` seconds."""
    file = _open(path)
    _wait(file, timeout, busy, AGAIN)
    _until_exit.append(file)
    # The interpreter closes the file while it finalizes, a while before the process ends; a plain descriptor it leaves.
    os.dup(file.fileno())


def is_held(path: Path) -> bool:
    """Whether a process holds the lock."""
    if not path.exists():
        return False
    with _open(path) as file:
        try:
            _probe(file)
        except OSError:
            return True
    return False


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("ab")
    except OSError as error:
        hint = advise(UsageAdvice.SET_STATE_FOLDER)
        raise UsageError(f"cannot use {path}: {error.strerror}", hint) from None


def _wait(file: IO[bytes], timeout: float, busy: str, hint: Hint) -> bool:
    """Acquire the lock; returns whether it had to wait."""
    deadline, waited = time.monotonic() + timeout, False
    while True:
        try:
            _acquire(file)
        except OSError:
            waited = True
            if time.monotonic() > deadline:
                raise BusyError(busy, hint) from None
        else:
            return waited
        time.sleep(0.02)
