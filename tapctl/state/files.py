"""Where tapctl keeps its own state, and how any file is written: whole or not at all."""

import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tapctl.errors import TapctlError, UsageError


def state_dir() -> Path:
    """The per-user state folder: $TAPCTL_STATE_DIR, else $XDG_STATE_HOME/tapctl, else ~/.local/state/tapctl."""
    if chosen := os.environ.get("TAPCTL_STATE_DIR"):
        return Path(chosen)
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "tapctl"


def own_folder(path: Path) -> Path:
    """The folder, which is tapctl's own and made where it is missing. Raises `UsageError` where it cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "set TAPCTL_STATE_DIR to a folder that can be written"
        raise UsageError(f"cannot keep tapctl's own state in {path}: {error.strerror}", hint) from None
    return path


def write_atomically(path: Path, text: str) -> None:
    """Write `text` beside `path` and move it into place, so that a kill leaves the old file or the new one.

    An existing file keeps its permission bits; line ends are written as given. A link stays one, and a pipe
    or a device, such as /dev/stdout, is written to. What a killed run left beside the file is cleared away.
    """
    write_together({path: text})


def write_together(texts: Mapping[Path, str]) -> None:
    """Several files, each as by `write_atomically`; none is replaced before every text stands beside its file.

    Raises an error that names the files that were changed where a later one could not be replaced.
    """
    with ExitStack() as drafts:
        puts = [(path, drafts.enter_context(_draft(path, text))) for path, text in texts.items()]
        changed: list[str] = []
        for path, put in puts:
            try:
                put()
            except TapctlError as error:
                if not changed:
                    raise
                message = f"{error.message}; already changed: {', '.join(changed)}"
                raise TapctlError(message, "mend that and run it again, or put those back") from None
            changed.append(str(path))


@contextmanager
def _draft(path: Path, text: str) -> Iterator[Callable[[], None]]:
    """The text on the disk beside the file, with what moves it into place; gone at the end if that was not called."""
    data = text.encode("utf-8", errors="replace")
    target = _target(path)
    if target is None:
        yield lambda: _write_through(path, data)
        return
    import tempfile  # only what writes a file needs it

    prefix = f".{target.name[:200]}."
    try:
        _sweep(target.parent, prefix)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=prefix, suffix=_SUFFIX)
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}", "name a folder that exists and is writable"
        ) from None
    temporary = Path(name)
    try:
        with _untouched(path):
            _fill(handle, data)
            temporary.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        yield lambda: _replace(path, temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _fill(handle: int, data: bytes) -> None:
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _replace(path: Path, temporary: Path, target: Path) -> None:
    with _untouched(path):
        temporary.replace(target)


@contextmanager
def _untouched(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TapctlError(
            f"cannot write {path}: {error.strerror}", "free some space or name another place; the old file is untouched"
        ) from None


_SUFFIX = ".tapctl"
_ABANDONED = 600
"""Seconds; a write takes moments, so that what is older was left by a run that was killed."""


def _sweep(folder: Path, prefix: str) -> None:
    for left in folder.iterdir():
        if left.name.startswith(prefix) and left.name.endswith(_SUFFIX):
            with suppress(FileNotFoundError):  # another run may sweep, too
                if time.time() - left.stat().st_mtime > _ABANDONED:
                    left.unlink()


def _target(path: Path) -> Path | None:
    """The file that is to be replaced, behind any link; None for what is not replaced but written to."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return path.resolve()
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", "name another place") from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"cannot write {path}: it is a folder", "name a file in it")
    return path.resolve() if stat.S_ISREG(mode) else None


def _write_through(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise TapctlError(f"cannot write {path}: {error.strerror}", "name another place") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
