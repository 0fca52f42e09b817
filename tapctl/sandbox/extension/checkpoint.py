"""Saves the emulator's state while it runs; without this it saves only at its end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tapctl.sandbox.extension import patches

QUIET = 1.0
"""Seconds without a request after which changes are saved."""
LONGEST = 10.0
"""Seconds after which changes are saved even while requests keep coming."""
OPERATIONS_TIMEOUT = 5.0
"""Seconds that a stop waits for stack operations."""

Scope = dict[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]


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
                    self._latest = time.monotonic()
                    self._unsaved_since = self._unsaved_since or self._latest

        return application

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
