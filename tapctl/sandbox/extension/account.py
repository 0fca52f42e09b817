"""The accounts of the sandbox: their limits as limits.json has them now, and the concurrency of their functions."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from tapctl.errors import UsageError
from tapctl.sandbox import limits as limits_file
from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.patches import Record
from tapctl.sandbox.limits import AccountLimits
from tapctl.sandbox.rules import FunctionConcurrency

_log = logging.getLogger(__name__)


Content = TypeVar("Content")


class CurrentFile(Generic[Content]):
    """A file of the sandbox's folder, read again when it has changed; an unusable one leaves the last in force."""

    def __init__(self, path: Path, read: Callable[[], Content]) -> None:
        self._path, self._read = path, read
        self._stamp = self._current_stamp()
        self._content = read()

    @property
    def content(self) -> Content:
        stamp = self._current_stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._content = self._read()
            except UsageError as error:
                _log.error("%s; its last content stays in force", error.message)
        return self._content

    def _current_stamp(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino


class SandboxAccount:
    """The account and Region of the current request."""

    def __init__(self, folder: Path) -> None:
        self._file = CurrentFile(folder / limits_file.FILE, lambda: limits_file.read(folder))

    @property
    def limits(self) -> AccountLimits:
        """The limits as limits.json has them now."""
        return self._file.content.of(patches.REQUEST_ACCOUNT.get()(), patches.REQUEST_REGION.get()())

    def functions(self) -> dict[str, FunctionConcurrency]:
        """The functions of the current account and Region by name."""
        records = patches.FUNCTIONS.get()
        return {name: _concurrency(records[name]) for name in records}


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
