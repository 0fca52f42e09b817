"""The server process: takes the lock, installs the extension, serves the emulator, saves its state to disk."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tapctl.errors import TapctlError
from tapctl.sandbox import pidfile
from tapctl.sandbox.extension import UnsupportedError, install
from tapctl.sandbox.extension.checkpoint import Checkpoint
from tapctl.sandbox.paths import SandboxPaths
from tapctl.sandbox.pidfile import PidFile
from tapctl.state import locks


def main() -> None:
    """Serve until SIGTERM or SIGINT; on failure the last line of stderr has the reason."""
    arguments = _arguments()
    paths = SandboxPaths(arguments.folder)
    try:
        # A command that checks the lock holds it for an instant.
        locks.hold_until_exit(paths.server_lock, timeout=5, busy=f"another sandbox already runs in {paths.folder}")
        pidfile.write(paths.pid_file, PidFile(os.getpid(), arguments.port))
        install(paths.folder)
        asyncio.run(_serve(arguments.port, arguments.descriptor))
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


async def _serve(port: int, descriptor: int | None) -> None:
    from hypercorn.asyncio import serve  # imported after the check that the emulator is installed
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
        await serve(application, config, shutdown_trigger=lambda: _stop_requested(checkpoint))
    finally:
        saving.cancel()


async def _stop_requested(checkpoint: Checkpoint) -> None:
    """Return after SIGTERM or SIGINT, when the state is on disk."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(name, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(stop.set))
    await stop.wait()
    await checkpoint.finish()


if __name__ == "__main__":
    main()
