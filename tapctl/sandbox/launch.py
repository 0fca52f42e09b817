"""Starting the server process: its socket, its environment, its first answer."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tapctl.errors import TapctlError, UsageError
from tapctl.sandbox import http
from tapctl.sandbox.clients import ACCESS_KEY, ACCOUNT_ID, REGION, SECRET_KEY
from tapctl.sandbox.limits import AccountLimits
from tapctl.sandbox.paths import Home

EMULATOR, PINNED = "ministack", "1.5.33"
HINT = "pip install 'tapctl[sandbox]'"
DEADLINE = 20.0
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
"""What the server gets of the caller's environment: nothing that could carry credentials."""

_started: dict[int, subprocess.Popen[bytes]] = {}
"""Servers started by this interpreter, so that it can collect them when they end."""


def require_emulator() -> None:
    """Say in one line what is missing, before anything is started."""
    try:
        found = version(EMULATOR)
    except PackageNotFoundError:
        raise UsageError(f"the sandbox needs the emulator `{EMULATOR}`, which is not installed", HINT) from None
    if found != PINNED:
        raise UsageError(f"the sandbox needs {EMULATOR} {PINNED}, but {found} is installed", HINT)


def launch(place: Home, limits: AccountLimits, *, port: int | None, last_port: int | None) -> tuple[int, int]:
    """Start the server and wait until it answers; its process id and port."""
    listener = _listen(port, last_port)
    try:
        chosen: int = listener.getsockname()[1]
        process = _spawn(place, limits, listener, chosen)
    except OSError as error:
        raise TapctlError(
            f"cannot start the sandbox: {error.strerror}: {error.filename}", f"its files are in {place.folder}"
        ) from None
    finally:
        listener.close()
    _await_answer(place, process, chosen)
    _started[process.pid] = process
    return process.pid, chosen


def collect(pid: int) -> None:
    """Take the exit status of a server whose lock is free, if this interpreter started it."""
    if process := _started.pop(pid, None):
        process.wait()


def server_environment(place: Home, limits: AccountLimits, port: int, caller: Mapping[str, str]) -> dict[str, str]:
    """Compose the environment of the server, and thereby of the functions that it runs."""
    return {name: caller[name] for name in INHERITED if name in caller} | {
        "TMPDIR": str(place.scratch),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "LAMBDA_ACCOUNT_CONCURRENCY": str(limits.concurrent_executions),
        "LOG_LEVEL": "WARNING",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(place.state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(place.objects),
        # No listener beside the one port, and no hand on the caller's containers.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{place.folder / 'no-docker'}",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _listen(port: int | None, last_port: int | None) -> socket.socket:
    """Listen on the port asked for, or else on the last one, which stack outputs contain, or on a free one."""
    if port is not None:
        try:
            return _bind(port)
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else "ports end at 65535"
            raise UsageError(
                f"the sandbox cannot listen on port {port}: {why}",
                "name another --port, or none for a free one",
            ) from None
    try:
        return _bind(last_port or 0)
    except OSError:
        return _bind(0)


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # a port of a server that just ended is free; elsewhere the option means something else
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


def _spawn(place: Home, limits: AccountLimits, listener: socket.socket, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tapctl.sandbox.server", str(place.folder), "--port", str(port)]
    inherited: tuple[int, ...] = ()
    if os.name == "posix":  # handed over, so that nobody else can take the port in between
        inherited = (listener.fileno(),)
        command += ["--descriptor", str(listener.fileno())]
    else:
        listener.close()
    shutil.rmtree(place.scratch, ignore_errors=True)
    place.scratch.mkdir(exist_ok=True)
    with place.log.open("wb") as log:
        return subprocess.Popen(  # noqa: S603  # our own module, by this interpreter
            command,
            cwd=Path(__file__).parents[2],  # where `tapctl` can be imported from
            env=server_environment(place, limits, port, os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=inherited,
            start_new_session=True,
        )


def _await_answer(place: Home, process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + DEADLINE
    while not http.answers(port, patience=0.5):
        if process.poll() is not None:
            raise TapctlError(f"the sandbox did not start: {_last_line(place.log)}", f"its log is {place.log}")
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise TapctlError(
                f"the sandbox did not answer within {DEADLINE:.0f} s: {_last_line(place.log)}",
                f"its log is {place.log}",
            )
        time.sleep(0.02)


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return "it left no log"
    said = [line.strip() for line in lines if line.strip()]
    return said[-1].removeprefix("error: ") if said else "it said nothing"
