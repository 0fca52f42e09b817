"""Start, find, stop and reset the sandbox's server, from any number of commands at once."""

import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tapctl.errors import TapctlError, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.sandbox import clients, http, launch, limits, pidfile, secret
from tapctl.sandbox.clients import ACCOUNT_ID, REGION
from tapctl.sandbox.http import Served
from tapctl.sandbox.limits import AccountLimits
from tapctl.sandbox.paths import SandboxPaths, create_folder, sandbox_paths
from tapctl.sandbox.pidfile import PidFile
from tapctl.sandbox.secret import Secret
from tapctl.state import locks

HEALTH_TIMEOUT = 5.0
"""Seconds within which a server that does not hang answers."""
STOP_TIMEOUT = 20.0
"""Seconds that a server gets to save its state and end."""
HUNG_STOP_TIMEOUT = 3.0
"""The same for a server that did not answer."""
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
"""Windows has no SIGKILL; there SIGTERM cannot be refused either."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox, as one of its accounts sees it."""

    endpoint: str
    pid: int
    limits: AccountLimits
    region: str = REGION
    account_id: str = ACCOUNT_ID
    secret: Secret = field(default_factory=Secret, repr=False)

    @property
    def port(self) -> int:
        """The port of the endpoint."""
        return int(self.endpoint.rpartition(":")[2])

    @property
    def keys(self) -> tuple[str, str]:
        """The access key id and secret key of the account."""
        return self.account_id, self.secret.key


@dataclass(frozen=True, slots=True)
class SandboxStatus:
    """The sandbox if it runs, the limits of the account, and where its files are."""

    sandbox: Sandbox | None
    limits: AccountLimits
    folder: Path
    log: Path
    served: tuple[Served, ...] = ()
    """What the stacks of the account serve: function URLs and APIs."""
    others: Mapping[str, AccountLimits] = field(default_factory=dict)
    """The limits of other accounts, by account id or `account/region`."""


def start(
    account_limits: AccountLimits | None = None,
    port: int | None = None,
    others: Mapping[str, AccountLimits] | None = None,
) -> Sandbox:
    """Return the running sandbox, or start one with the state of the last; `account_limits` apply to either.

    `others` has the limits of other accounts, by account id or `account/region`.
    """
    paths, account = sandbox_paths(), clients.account_id()
    create_folder(paths)
    with _locked(paths):
        own = secret.load_or_create(paths.folder)
        running = _running(paths, own)
        if running and port not in (None, running.port):
            raise UsageError(
                f"the sandbox already runs on port {running.port}, not on {port}",
                advise(UsageAdvice.RESTART_SANDBOX, port),
            )
        for cell, other in (others or {}).items():
            limits.save(paths.folder, other, cell)
        if account_limits is None:
            account_limits = limits.load(paths.folder, account)
        else:
            limits.save(paths.folder, account_limits, account)
        if running is None or running.outdated:
            launch.require_emulator()
            _stop_server(paths, timeout=STOP_TIMEOUT if running else HUNG_STOP_TIMEOUT)
            last = pidfile.read(paths.pid_file)
            running = launch.launch(paths, account_limits, own, port=port, last_port=last.port if last else None)
        return _sandbox(running, account_limits, account, own)


def find() -> Sandbox | None:
    """The running sandbox, if it answers."""
    paths, account = sandbox_paths(), clients.account_id()
    secret.refuse_shared(paths.folder)
    own = secret.load(paths.folder)
    if own is None or (running := _running(paths, own)) is None:
        return None
    return _sandbox(running, limits.load(paths.folder, account), account, own)


def stop() -> bool:
    """Stop the running sandbox, which saves its state first; False if none ran."""
    paths = sandbox_paths()
    if not paths.folder.exists():
        return False
    with _locked(paths):
        return _stop_server(paths)


def reset() -> None:
    """Delete every resource of every account, in memory and on disk; the limits stay."""
    paths = sandbox_paths()
    if not paths.folder.exists():
        return
    with _locked(paths):
        own = secret.load(paths.folder)
        if own and (running := _running(paths, own)):
            http.reset(running.port, own)
            return
        _stop_server(paths)
        for folder in (paths.state, paths.objects):
            shutil.rmtree(folder, ignore_errors=True)


def status() -> SandboxStatus:
    """Whether a sandbox runs, its limits and its files."""
    paths, running = sandbox_paths(), find()
    served = http.served(running.port, running.secret, running.account_id) if running else ()
    file, own = limits.read(paths.folder), clients.account_id()
    others = {cell: account for cell, account in file.accounts.items() if cell != own}
    return SandboxStatus(running, file.of(own), paths.folder, paths.log, served, others)


@contextmanager
def _locked(paths: SandboxPaths) -> Iterator[None]:
    with locks.hold(paths.start_lock, timeout=60, busy="another command is starting or stopping the sandbox"):
        yield


def _running(paths: SandboxPaths, own: Secret) -> PidFile | None:
    """Read the pid file, if the server lives and answers.

    The lock shows whether it lives: the process id alone could belong to another process by now.
    """
    if not locks.is_held(paths.server_lock):
        return None
    deadline = time.monotonic() + HEALTH_TIMEOUT
    while time.monotonic() < deadline:
        running = pidfile.read(paths.pid_file)
        if running and http.is_healthy(running.port, own, timeout=HEALTH_TIMEOUT):
            return running
        if not locks.is_held(paths.server_lock):
            return None
        time.sleep(0.05)
    return None


def _stop_server(paths: SandboxPaths, timeout: float = STOP_TIMEOUT) -> bool:
    """Terminate the server, and kill it if it does not end within `timeout` seconds; False if none runs."""
    server = pidfile.read(paths.pid_file)
    if not locks.is_held(paths.server_lock):
        if server:
            launch.reap(server.pid)
        return False
    if server is None:
        raise TapctlError(
            f"a sandbox runs, but {paths.pid_file} does not name its process", advise(UsageAdvice.KILL_PROCESS)
        )
    for signal_number, seconds in ((signal.SIGTERM, timeout), (KILL, STOP_TIMEOUT)):
        with suppress(ProcessLookupError):
            os.kill(server.pid, signal_number)
        if _wait_until_stopped(paths, seconds):
            launch.reap(server.pid)
            return True
    raise TapctlError(f"the sandbox's process {server.pid} does not end", advise(UsageAdvice.SEE_LOG, str(paths.log)))


def _wait_until_stopped(paths: SandboxPaths, timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while locks.is_held(paths.server_lock):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _sandbox(running: PidFile, account_limits: AccountLimits, account: str, own: Secret) -> Sandbox:
    return Sandbox(f"http://127.0.0.1:{running.port}", running.pid, account_limits, account_id=account, secret=own)
