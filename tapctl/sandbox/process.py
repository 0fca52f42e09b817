"""Start, find, stop and reset the sandbox's process, from any number of commands at once."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tapctl.errors import TapctlError, UsageError
from tapctl.sandbox import http, launch, limits, pidfile
from tapctl.sandbox.clients import ACCOUNT_ID, REGION
from tapctl.sandbox.limits import AccountLimits
from tapctl.sandbox.paths import Home, created, home
from tapctl.sandbox.pidfile import PidFile
from tapctl.state import locks

PATIENCE = 5.0
"""Seconds within which a server that lives must answer, or it hangs."""
FAREWELL = 20.0
"""Seconds that a server gets to save its state and end."""
LAST_CHANCE = 3.0
"""The same for one that did not answer."""
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
"""Windows has no SIGKILL; there SIGTERM cannot be refused either."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox."""

    endpoint: str
    pid: int
    limits: AccountLimits
    region: str = REGION
    account_id: str = ACCOUNT_ID


@dataclass(frozen=True, slots=True)
class SandboxStatus:
    """What there is of a sandbox, running or not."""

    sandbox: Sandbox | None
    limits: AccountLimits
    folder: Path
    log: Path


def start(limits: AccountLimits | None = None, port: int | None = None) -> Sandbox:
    """Give the running sandbox, or a new one in the state the last one left; `limits` apply to either."""
    place = created(home())
    with _alone(place):
        running = _running(place)
        if running and port not in (None, running.port):
            raise UsageError(
                f"the sandbox runs on port {running.port} already, not on {port}",
                f"tapctl sandbox stop && tapctl sandbox start --port {port}",
            )
        in_force = _settle_limits(place, limits)
        if running and not running.outdated:
            return _sandbox(running, in_force)
        launch.require_emulator()
        _end(place, patience=FAREWELL if running else LAST_CHANCE)
        last = pidfile.read(place.record)
        pid, chosen = launch.launch(place, in_force, port=port, last_port=last.port if last else None)
        return _sandbox(PidFile(pid, chosen), in_force)


def find() -> Sandbox | None:
    """Look for a running sandbox that answers."""
    place = home()
    running = _running(place)
    return None if running is None else _sandbox(running, limits.load(place.folder))


def stop() -> bool:
    """End the running sandbox, which saves its state first; False when none ran."""
    place = home()
    if not place.folder.exists():
        return False
    with _alone(place):
        return _end(place)


def reset() -> None:
    """Drop every resource, in memory and on disk; the limits stay."""
    place = home()
    if not place.folder.exists():
        return
    with _alone(place):
        if (running := _running(place)) is not None:
            http.forget_everything(running.port)
            return
        _end(place)
        for folder in (place.state, place.objects):
            shutil.rmtree(folder, ignore_errors=True)


def status() -> SandboxStatus:
    """Tell whether a sandbox runs, and where it keeps its things."""
    place = home()
    return SandboxStatus(find(), limits.load(place.folder), place.folder, place.log)


@contextmanager
def _alone(place: Home) -> Iterator[None]:
    with locks.hold(place.start_lock, timeout=60, busy="another command is starting or stopping the sandbox"):
        yield


def _settle_limits(place: Home, wanted: AccountLimits | None) -> AccountLimits:
    if wanted is None:
        return limits.load(place.folder)
    limits.save(place.folder, wanted)
    return wanted


def _running(place: Home) -> PidFile | None:
    """Read the server's record, if the server lives and answers.

    The lock tells whether it lives: a process id alone could be another process's by now.
    """
    if not locks.is_held(place.server_lock):
        return None
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = pidfile.read(place.record)
        if found and http.answers(found.port, patience=PATIENCE):
            return found
        if not locks.is_held(place.server_lock):
            return None
        time.sleep(0.05)
    return None


def _end(place: Home, patience: float = FAREWELL) -> bool:
    """Ask the server to end, and kill it if it does not; False when there is none."""
    found = pidfile.read(place.record)
    if not locks.is_held(place.server_lock):
        if found:
            launch.collect(found.pid)
        return False
    if found is None:
        raise TapctlError(f"a sandbox runs, but {place.record} does not say which", "end it by hand, then start again")
    for how, seconds in ((signal.SIGTERM, patience), (KILL, FAREWELL)):
        with suppress(ProcessLookupError):
            os.kill(found.pid, how)
        if _ended(place, seconds):
            launch.collect(found.pid)
            return True
    raise TapctlError(f"the sandbox's process {found.pid} does not end", f"its log is {place.log}")


def _ended(place: Home, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while locks.is_held(place.server_lock):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _sandbox(found: PidFile, in_force: AccountLimits) -> Sandbox:
    return Sandbox(f"http://127.0.0.1:{found.port}", found.pid, in_force)
