"""The server process: takes the lock, installs the extension, serves the emulator, saves its state to disk."""

import argparse
import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from tapctl.errors import TapctlError
from tapctl.sandbox import pidfile, secret
from tapctl.sandbox.extension import UnsupportedError, buckets, credentials, install, patches, served_urls
from tapctl.sandbox.extension.stack_set_runner import StackSetRunner
from tapctl.sandbox.guard import Application, Guard, Scope
from tapctl.sandbox.paths import SandboxPaths
from tapctl.sandbox.pidfile import PidFile
from tapctl.sandbox.secret import Secret
from tapctl.state import locks

QUIET = 1.0
"""Seconds without a request after which changes are saved."""
LONGEST = 10.0
"""Seconds after which changes are saved even while requests keep coming."""
OPERATIONS_TIMEOUT = 5.0
"""Seconds that a stop waits for stack operations."""


class Checkpoint:
    """Notes when requests pass, and saves after them; never in the middle of a stack operation.

    The coroutine of an operation is not part of the state: saved half-way, its stack would be
    IN_PROGRESS forever.
    """

    def __init__(self) -> None:
        self._latest = 0.0
        self._unsaved_since: float | None = None

    def application(self) -> Application:
        """The emulator's ASGI application, with the time of each request noted."""
        inner: Application = patches.APP.get()

        async def application(scope: Scope, receive: Any, send: Any) -> None:
            try:
                await inner(scope, receive, send)
            finally:
                if scope["type"] == "http" and scope["path"] != "/_ministack/health":
                    self.note()

        return application

    def note(self) -> None:
        """Note that the state may have changed."""
        self._latest = time.monotonic()
        self._unsaved_since = self._unsaved_since or self._latest

    async def run(self) -> None:
        """Save whenever a save is due, until cancelled."""
        while True:
            await asyncio.sleep(QUIET / 4)
            now = time.monotonic()
            if self._unsaved_since is None or _operations_in_progress():
                continue
            if now - self._latest >= QUIET or now - self._unsaved_since >= LONGEST:
                self._save()

    async def finish(self) -> None:
        """Wait for stack operations to end, then save."""
        deadline = time.monotonic() + OPERATIONS_TIMEOUT
        while _operations_in_progress() and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        self._save()

    def _save(self) -> None:
        self._unsaved_since = None
        patches.SAVE_ALL.get()(patches.SERVICES_TO_SAVE.get()())


def _operations_in_progress() -> bool:
    """Whether a stack operation runs; REVIEW_IN_PROGRESS only waits for an execution."""
    # _data holds the stacks of every account and Region; the mapping itself only those of a request.
    stacks = patches.STACKS.get()._data.values()  # noqa: SLF001
    statuses = {stack.get("StackStatus", "") for stack in list(stacks)}
    return any(status.endswith("_IN_PROGRESS") for status in statuses - {"REVIEW_IN_PROGRESS"})


def main() -> None:
    """Serve until SIGTERM or SIGINT; on failure the last line of stderr has the reason."""
    arguments = _arguments()
    paths = SandboxPaths(arguments.folder)
    try:
        # A command that checks the lock holds it for an instant.
        locks.hold_until_exit(paths.server_lock, timeout=5, busy=f"another sandbox already runs in {paths.folder}")
        pidfile.write(paths.pid_file, PidFile(os.getpid(), arguments.port))
        own = secret.load_or_create(paths.folder)
        runner = install(paths.folder, _endpoint(arguments.port), own)
        asyncio.run(_serve(arguments.port, arguments.descriptor, own, runner))
    except (UnsupportedError, TapctlError) as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: cannot serve on 127.0.0.1:{arguments.port}: {error.strerror or error}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tapctl.sandbox.server", description=__doc__)
    parser.add_argument("folder", type=Path, help="the sandbox's state folder")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--descriptor", type=int, help="an inherited socket that already listens on the port")
    return parser.parse_args()


def _endpoint(port: int) -> str:
    return f"http://127.0.0.1:{port}"


async def _serve(port: int, descriptor: int | None, own: Secret, runner: StackSetRunner) -> None:
    from hypercorn.asyncio import serve  # imported after the check that the emulator is installed
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{port}" if descriptor is None else f"fd://{descriptor}"]
    config.loglevel = "WARNING"
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    checkpoint = Checkpoint()
    runner.changed = checkpoint.note
    saving = asyncio.create_task(checkpoint.run())
    application: Any = Guard(
        checkpoint.application(),
        own,
        port,
        secret_of=credentials.secret_of(own),
        entered=buckets.bootstrap,
        served=lambda account: served_urls.listed(_endpoint(port), own, account),
    )
    try:
        await serve(application, config, shutdown_trigger=lambda: _stop_requested(checkpoint, runner))
    finally:
        saving.cancel()


async def _stop_requested(checkpoint: Checkpoint, runner: StackSetRunner) -> None:
    """Return after SIGTERM or SIGINT, when the state is on disk."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(name, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(stop.set))
    await stop.wait()
    await runner.stop(OPERATIONS_TIMEOUT)
    await checkpoint.finish()


if __name__ == "__main__":
    main()
