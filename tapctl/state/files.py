"""The folder for tapctl's state, and atomic writes: a file has its old content or all of the new."""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from tapctl.errors import TapctlError, UsageError

_SUFFIX = ".tapctl"
_ABANDONED = 600
"""Seconds after which a temporary file belongs to a run that was killed; a write takes moments."""
_NAME_FOLDER = "name a folder that exists and is writable"


def state_dir() -> Path:
    """The per-user state folder: $TAPCTL_STATE_DIR, else $XDG_STATE_HOME/tapctl, else ~/.local/state/tapctl."""
    if configured := os.environ.get("TAPCTL_STATE_DIR"):
        return Path(configured)
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "tapctl"


def own_folder(path: Path) -> Path:
    """Create a folder of tapctl's state if it does not exist. Raises `UsageError`."""
    try:
        if not state_dir().exists():  # for its owner alone: the sandbox refuses a folder that others can write
            state_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "set TAPCTL_STATE_DIR to a writable folder"
        raise UsageError(f"cannot keep tapctl's own state in {path}: {error.strerror}", hint) from None
    return path


def write_atomically(path: Path, text: str) -> None:
    """Write `text` to a temporary file beside `path` and move it into place.

    An existing file keeps its permission bits, and line ends are written as given. A link is followed; a pipe or a
    device, such as /dev/stdout, is written to. Temporary files of killed runs are removed.
    """
    write_together({path: text})


def write_together(texts: Mapping[Path, str]) -> None:
    """Write several files as `write_atomically` does; none is replaced before all temporary files are complete.

    Raises an error that names the files already replaced if a later one cannot be.
    """
    with ExitStack() as stack:
        replacements = [(path, stack.enter_context(_staged(path, text))) for path, text in texts.items()]
        replaced: list[str] = []
        for path, replace in replacements:
            try:
                replace()
            except TapctlError as error:
                if not replaced:
                    raise
                message = f"{error.message}; already changed: {', '.join(replaced)}"
                raise TapctlError(message, "correct the cause and run it again, or restore these files") from None
            replaced.append(str(path))


def refuse_unwritable(paths: Sequence[Path]) -> None:
    """Raise `UsageError` for a file that cannot be written as far as that shows before the write, or given twice."""
    seen: dict[Path, Path] = {}
    for path in paths:
        target = _target(path)
        if target is None:
            continue
        if target in seen:
            raise UsageError(f"{seen[target]} is to get two results", "name a file for each")
        seen[target] = path
        folder = target.parent
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            reason = os.strerror(errno.EACCES if folder.is_dir() else errno.ENOENT)
            raise UsageError(f"cannot write {path}: {reason}", _NAME_FOLDER)


@contextmanager
def _staged(path: Path, text: str) -> Iterator[Callable[[], None]]:
    """Write a temporary file; yields the function that moves it into place. It is removed at the end otherwise."""
    data = text.encode("utf-8", errors="replace")
    target = _target(path)
    if target is None:
        yield partial(_write_through, path, data)
        return
    prefix = f".{target.name[:200]}."
    temporary = target.with_name(f"{prefix}{os.urandom(4).hex()}{_SUFFIX}")
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    try:
        _remove_abandoned(target.parent, prefix)
        temporary.touch(0o666 if mode is None else 0o600, exist_ok=False)  # the operating system applies the umask
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", _NAME_FOLDER) from None
    try:
        with _keeping_old(path), temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if mode is not None:
                temporary.chmod(mode)
        yield partial(_replace, path, temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _replace(path: Path, temporary: Path, target: Path) -> None:
    with _keeping_old(path):
        temporary.replace(target)


@contextmanager
def _keeping_old(path: Path) -> Iterator[None]:
    """Raise `OSError` as `TapctlError`, before the file at `path` is replaced."""
    try:
        yield
    except OSError as error:
        hint = "free some space or name another place; the old file is untouched"
        raise TapctlError(f"cannot write {path}: {error.strerror}", hint) from None


def _remove_abandoned(folder: Path, prefix: str) -> None:
    """Remove the temporary files that killed runs left for one target."""
    for file in folder.iterdir():
        if file.name.startswith(prefix) and file.name.endswith(_SUFFIX):
            with suppress(FileNotFoundError):  # another run may remove it at the same time
                if time.time() - file.stat().st_mtime > _ABANDONED:
                    file.unlink()


def _target(path: Path) -> Path | None:
    """The regular file to replace, with links resolved; None for a pipe or device."""
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
