"""The sandbox's own process: takes the lock, puts the limits in force, serves the emulator, keeps its state on disk."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tapctl.errors import TapctlError
from tapctl.sandbox import pidfile
from tapctl.sandbox.extension import UnsupportedError, install
from tapctl.sandbox.extension.checkpoint import Checkpoint
from tapctl.sandbox.paths import Home
from tapctl.sandbox.pidfile import PidFile
from tapctl.state import locks

Serve = Callable[..., Awaitable[None]]


def main() -> None:
    """Serve until SIGTERM or SIGINT; on failure the last line on stderr says why."""
    arguments = _arguments()
    place = Home(arguments.folder)
    try:
        # A command that looks whether the lock is held holds it for an instant itself.
        locks.hold_until_exit(place.server_lock, timeout=5, busy=f"another sandbox runs in {place.folder}")
        pidfile.write(place.record, PidFile(os.getpid(), arguments.port))
        install(place.folder)
        asyncio.run(_serve(arguments.port, arguments.descriptor))
    except (UnsupportedError, TapctlError) as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: cannot serve on 127.0.0.1:{arguments.port}: {error.strerror or error}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tapctl.sandbox.server", description=__doc__)
    parser.add_argument("folder", type=Path, help="the sandbox's state folder")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--descriptor", type=int, help="an inherited socket that listens on the port already")
    return parser.parse_args()


async def _serve(port: int, descriptor: int | None) -> None:
    from hypercorn.asyncio import serve  # only after the check that the emulator is there
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{port}" if descriptor is None else f"fd://{descriptor}"]
    config.loglevel = "WARNING"
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    checkpoint = Checkpoint()
    saving = asyncio.create_task(checkpoint.run())
    application: Any = checkpoint.application()
    try:
        await serve(application, config, shutdown_trigger=lambda: _stopped(checkpoint))
    finally:
        saving.cancel()


async def _stopped(checkpoint: Checkpoint) -> None:
    """Return when the process is told to end and its state is on disk."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(name, told.set)
        except NotImplementedError:  # Windows
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(told.set))
    await told.wait()
    await checkpoint.finish()


if __name__ == "__main__":
    main()
