"""Start the server process: its socket, its environment, its first answer."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tapctl.errors import TapctlError, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.sandbox import http
from tapctl.sandbox.clients import ACCOUNT_ID, REGION
from tapctl.sandbox.limits import AccountLimits
from tapctl.sandbox.paths import SandboxPaths
from tapctl.sandbox.pidfile import PidFile
from tapctl.sandbox.secret import Secret
from tapctl.state.isolated_python import isolated

EMULATOR, PINNED = "ministack", "1.5.33"
HINT = advise(UsageAdvice.INSTALL_SANDBOX)
START_TIMEOUT = 20.0
"""Seconds within which a server must answer for the first time."""
INHERITED = (
    "PATH",
    "HOME",
    "USERPROFILE",
    "SYSTEMROOT",
    "LANG",
    "LC_ALL",
    "TZ",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
)
"""The caller's environment variables that the server gets: none that could carry credentials."""

_started: dict[int, subprocess.Popen[bytes]] = {}
"""Servers that this interpreter started and must reap."""


def require_emulator() -> None:
    """Raise `UsageError` unless the emulator is installed in the pinned version."""
    try:
        installed = version(EMULATOR)
    except PackageNotFoundError:
        raise UsageError(f"the sandbox needs the emulator `{EMULATOR}`, which is not installed", HINT) from None
    if installed != PINNED:
        raise UsageError(f"the sandbox needs {EMULATOR} {PINNED}, but {installed} is installed", HINT)


def launch(
    paths: SandboxPaths, limits: AccountLimits, secret: Secret, *, port: int | None, last_port: int | None
) -> PidFile:
    """Start the server and wait until it answers. Raises `UsageError` for the port, `TapctlError` for the start."""
    listener = _listen(port, last_port)
    try:
        chosen: int = listener.getsockname()[1]
        process = _spawn(paths, limits, listener, chosen)
    except OSError as error:
        raise TapctlError(
            f"cannot start the sandbox: {error.strerror}: {error.filename}",
            advise(UsageAdvice.SEE_SANDBOX_FILES, str(paths.folder)),
        ) from None
    finally:
        listener.close()
    _wait_until_healthy(paths, process, chosen, secret)
    _started[process.pid] = process
    return PidFile(process.pid, chosen)


def reap(pid: int) -> None:
    """Collect the exit status of an ended server, if this interpreter started it."""
    if process := _started.pop(pid, None):
        process.wait()


def server_environment(
    paths: SandboxPaths, limits: AccountLimits, port: int, caller: Mapping[str, str]
) -> dict[str, str]:
    """The environment of the server, and of the functions that it runs."""
    return {name: caller[name] for name in INHERITED if name in caller} | {
        "TMPDIR": str(paths.scratch),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "LAMBDA_ACCOUNT_CONCURRENCY": str(limits.concurrent_executions),
        "LOG_LEVEL": "WARNING",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(paths.state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(paths.objects),
        # No listener beside the one port, and no access to the caller's containers.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{paths.folder / 'no-docker'}",
        # What a function sees unless the extension gives it a session; no request is accepted with it.
        "AWS_ACCESS_KEY_ID": ACCOUNT_ID,
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _listen(port: int | None, last_port: int | None) -> socket.socket:
    """Listen on the given port, or else on the last one, which stack outputs contain, or on a free one."""
    if port is not None:
        try:
            return _bind(port)
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "the highest port is 65535"
            raise UsageError(
                f"the sandbox cannot listen on port {port}: {reason}",
                advise(UsageAdvice.CHOOSE_PORT),
            ) from None
    try:
        return _bind(last_port or 0)
    except OSError:
        return _bind(0)


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # allows the port of a server that just ended; the option differs on Windows
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


def _spawn(paths: SandboxPaths, limits: AccountLimits, listener: socket.socket, port: int) -> subprocess.Popen[bytes]:
    command = isolated("tapctl.sandbox.server", str(paths.folder), "--port", str(port))
    inherited: tuple[int, ...] = ()
    if os.name == "posix":  # inherited, so that no other process can take the port in between
        inherited = (listener.fileno(),)
        command += ["--descriptor", str(listener.fileno())]
    else:
        listener.close()
    shutil.rmtree(paths.scratch, ignore_errors=True)
    paths.scratch.mkdir(exist_ok=True)
    with paths.log.open("wb") as log:
        return subprocess.Popen(  # noqa: S603  # our own module, by this interpreter
            command,
            cwd=Path(__file__).parents[2],  # stays, whatever becomes of the caller's
            env=server_environment(paths, limits, port, os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=inherited,
            start_new_session=True,
        )


def _wait_until_healthy(paths: SandboxPaths, process: subprocess.Popen[bytes], port: int, secret: Secret) -> None:
    hint = advise(UsageAdvice.SEE_LOG, str(paths.log))
    deadline = time.monotonic() + START_TIMEOUT
    while not http.is_healthy(port, secret, timeout=0.5):
        if process.poll() is not None:
            raise TapctlError(f"the sandbox did not start: {_last_line(paths.log)}", hint)
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise TapctlError(f"the sandbox did not answer within {START_TIMEOUT:.0f} s: {_last_line(paths.log)}", hint)
        time.sleep(0.02)


def _last_line(log: Path) -> str:
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "it wrote no log"
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return lines[-1].removeprefix("error: ") if lines else "its log is empty"
