"""The account that the sandbox plays: its limits as the file says now, and what its functions hold now."""

import logging
from pathlib import Path

from tapctl.errors import UsageError
from tapctl.sandbox import limits as limits_file
from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.patches import Record
from tapctl.sandbox.limits import AccountLimits
from tapctl.sandbox.rules import Holding

_log = logging.getLogger(__name__)


class SandboxAccount:
    """Reads limits.json again whenever it changed, so that limits change without losing stacks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = self._stamp()
        self._limits = limits_file.load(folder)
        self._cap_invocations()

    @property
    def limits(self) -> AccountLimits:
        """The limits in force; an unusable file leaves the last usable ones in force."""
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            try:
                self._limits = limits_file.load(self._folder)
            except UsageError as error:
                _log.error("%s; they stay", error.message)
            self._cap_invocations()
        return self._limits

    def table(self) -> dict[str, Holding]:
        """Say what every function of the current account and region has set."""
        functions = patches.FUNCTIONS.get()
        return {name: _holding(functions[name]) for name in functions}

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = (self._folder / limits_file.FILE).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino

    def _cap_invocations(self) -> None:
        # Throttling at invoke time is the emulator's own; only its number is ours.
        patches.INVOKE_CAP.put(self._limits.concurrent_executions)


def _holding(record: Record) -> Holding:
    """Leave out the configurations that the emulator keeps beyond the end of their version or alias."""
    aliases = {name: str(alias.get("FunctionVersion", "")) for name, alias in record.get("aliases", {}).items()}
    alive = {*aliases, *record.get("versions", {})}
    reserved = record.get("concurrency")
    return Holding(
        reserved=None if reserved is None else int(reserved),
        provisioned={
            name: int(config["RequestedProvisionedConcurrentExecutions"])
            for name, config in record.get("provisioned_concurrency", {}).items()
            if name in alive
        },
        aliases=aliases,
    )
