"""The accounts of the sandbox: their limits as limits.json has them now, and the concurrency of their functions."""

import logging
from pathlib import Path

from tapctl.errors import UsageError
from tapctl.sandbox import limits as limits_file
from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.patches import Record
from tapctl.sandbox.limits import AccountLimits
from tapctl.sandbox.rules import FunctionConcurrency

_log = logging.getLogger(__name__)


class SandboxAccount:
    """The account of the current request; reads limits.json again when it has changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamp = self._current_stamp()
        self._file = limits_file.read(folder)

    @property
    def limits(self) -> AccountLimits:
        """The account's limits; an unusable file leaves the last usable ones in force."""
        stamp = self._current_stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._file = limits_file.read(self._folder)
            except UsageError as error:
                _log.error("%s; the limits do not change", error.message)
        return self._file.of(patches.REQUEST_ACCOUNT.get()())

    def functions(self) -> dict[str, FunctionConcurrency]:
        """The functions of the current account and Region by name."""
        records = patches.FUNCTIONS.get()
        return {name: _concurrency(records[name]) for name in records}

    def _current_stamp(self) -> tuple[int, int] | None:
        try:
            found = (self._folder / limits_file.FILE).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino


def _concurrency(record: Record) -> FunctionConcurrency:
    """Leave out configurations that the emulator keeps after their version or alias was deleted."""
    aliases = {name: str(alias.get("FunctionVersion", "")) for name, alias in record.get("aliases", {}).items()}
    qualifiers = {*aliases, *record.get("versions", {})}
    reserved = record.get("concurrency")
    return FunctionConcurrency(
        reserved=None if reserved is None else int(reserved),
        provisioned={
            name: int(config["RequestedProvisionedConcurrentExecutions"])
            for name, config in record.get("provisioned_concurrency", {}).items()
            if name in qualifiers
        },
        aliases=aliases,
    )
