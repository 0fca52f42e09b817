"""Files: reads within a bound and a time limit, and atomic writes: a file has its old content or all of the new.

A pipe is read and written while its other end is there. A device is neither, except /dev/null and a terminal to write
to: most have no end.
"""

import errno
import os
import select
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from tapctl.errors import TapctlError, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice

_SUFFIX = ".tapctl"
_ABANDONED = 600
"""Seconds after which a temporary file belongs to a run that was killed; a write takes moments."""
_NAME_FOLDER = advise(UsageAdvice.NAME_WRITABLE_FOLDER)


MAX_BYTES = 16 * 1024 * 1024
"""Of a file that is read: CloudFormation accepts a template of at most 1 MB, and a snapshot is smaller still."""

PIPE_SECONDS = 60
"""The longest that a pipe may take, from its first byte to its last, to be read or written."""

_PARTNER_SECONDS = 5
"""The longest that a named pipe may be without its other end."""

_CHUNK = 1024 * 1024

_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
"""Opens a pipe whose other end is missing, and no terminal as the controlling one."""


def read_bytes(path: Path, limit: int = MAX_BYTES, *, seconds: float = PIPE_SECONDS) -> bytes:
    """The content of a regular file, or of a pipe that is complete within `seconds`.

    Raises `OSError`, whose `strerror` has the reason, also for a folder, a device and more than `limit` bytes.
    """
    try:
        status = path.stat()
        _check_readable(status)
        # A pipe without a writer must not block, nor must a file of /proc.
        descriptor = os.open(path, os.O_RDONLY | _NO_WAIT)
    except ValueError:
        raise OSError(errno.EINVAL, "no file can have this name") from None
    try:
        first = _first_byte(descriptor, seconds) if stat.S_ISFIFO(status.st_mode) else b""
        return _drained(descriptor, limit, seconds, first)
    finally:
        os.close(descriptor)


def read_stdin(limit: int = MAX_BYTES, *, seconds: float = PIPE_SECONDS) -> bytes:
    """All of standard input. Raises `OSError` as `read_bytes` does; a person at a terminal may take any time."""
    return _drained(sys.stdin.fileno(), limit, None if sys.stdin.isatty() else seconds)


def _check_readable(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder, not a file")
    if (stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode)) and not _is_null(status):
        raise OSError(errno.ENODEV, "it is a device, not a file")


def _is_null(status: os.stat_result) -> bool:
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == Path(os.devnull).stat().st_rdev


def _first_byte(descriptor: int, seconds: float) -> bytes:
    """Wait for the writer of a named pipe; returns the byte that it may have written, which is read."""
    if _is_ready(descriptor, select.POLLIN, min(seconds, _PARTNER_SECONDS)):
        return b""
    try:
        first = os.read(descriptor, 1)
    except BlockingIOError:  # there is a writer, which has written nothing
        return b""
    if not first:
        raise TimeoutError(errno.ETIMEDOUT, "it is a pipe that nothing writes to")
    return first


def _drained(descriptor: int, limit: int, seconds: float | None, first: bytes = b"") -> bytes:
    """The rest of the file."""
    give_up = None if seconds is None else time.monotonic() + seconds
    data = bytearray(first)
    while len(data) <= limit:
        if not _is_ready(descriptor, select.POLLIN, None if give_up is None else give_up - time.monotonic()):
            raise TimeoutError(errno.ETIMEDOUT, f"it is a pipe that does not end within {seconds:g} seconds")
        chunk = os.read(descriptor, _CHUNK)
        if not chunk:
            return bytes(data)
        data += chunk
    size = f"{limit // 1024} KiB" if limit < _CHUNK else f"{limit // _CHUNK} MiB"
    raise OSError(errno.EFBIG, f"it is larger than {size}")


def _is_ready(descriptor: int, event: int, seconds: float | None) -> bool:
    """Whether a descriptor can be read or written within this time; None waits for ever."""
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(None if seconds is None else max(seconds, 0) * 1000))


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
        hint = advise(UsageAdvice.SET_STATE_FOLDER)
        raise UsageError(f"cannot keep tapctl's own state in {path}: {error.strerror}", hint) from None
    return path


def repository_of(file: Path) -> Path | None:
    """The folder of the repository that has a file of this name, whatever links are on the way to it."""
    return next((folder for folder in _normalized(file).parents if (folder / ".git").exists()), None)


def leads_out(file: Path, root: Path) -> Path | None:
    """The target of a file behind all links, if it is outside of this folder."""
    target = Path(os.path.realpath(_normalized(file)))  # Path.resolve raises for a circular link before Python 3.13
    return None if target.is_relative_to(root.resolve()) else target


def refuse_link_out(file: Path) -> None:
    """Raise `UsageError` if a link in the repository would redirect the write to a file outside of it."""
    if (root := repository_of(file)) and (target := leads_out(file, root)):
        raise UsageError(f"{file} is a link out of the repository, to {target}", advise(UsageAdvice.NAME_OTHER_FILE))


def _normalized(file: Path) -> Path:
    return Path(os.path.normpath(file.absolute()))


def write_atomically(path: Path, text: str) -> None:
    """Write `text` to a temporary file beside `path` and move it into place.

    An existing file keeps its permission bits, and line ends are written as given. A link is followed; a pipe that is
    read, a terminal and /dev/null are written to. Temporary files of killed runs are removed.
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
                raise TapctlError(message, advise(UsageAdvice.CORRECT_OR_RESTORE)) from None
            replaced.append(str(path))


def refuse_unwritable(paths: Sequence[Path]) -> None:
    """Raise `UsageError` for a file that cannot be written as far as that shows before the write, or given twice."""
    seen: dict[Path, Path] = {}
    for path in paths:
        refuse_link_out(path)
        target = _target(path)
        if target is None:
            continue
        if target in seen:
            raise UsageError(f"{seen[target]} is named for two results", advise(UsageAdvice.NAME_FILE_FOR_EACH))
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
        yield partial(write_through, path, data)
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
        hint = advise(UsageAdvice.FREE_SPACE_OR_NAME)
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
        raise UsageError(f"cannot write {path}: {error.strerror}", advise(UsageAdvice.NAME_OTHER_PLACE)) from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"cannot write {path}: it is a folder", advise(UsageAdvice.NAME_FILE_IN_FOLDER))
    return path.resolve() if stat.S_ISREG(mode) else None


def write_through(path: Path, data: bytes, seconds: float = PIPE_SECONDS) -> None:
    """Write to a pipe, a terminal or /dev/null."""
    try:
        descriptor = _opened(path, min(seconds, _PARTNER_SECONDS))
        try:
            _pour(descriptor, data, seconds)
        finally:
            os.close(descriptor)
    except OSError as error:
        failure = UsageError if error.errno == errno.ENODEV else TapctlError
        raise failure(f"cannot write {path}: {error.strerror}", advise(UsageAdvice.NAME_OTHER_PLACE)) from None


def _opened(path: Path, seconds: float) -> int:
    """A descriptor to write to, as soon as a pipe has a reader. Raises `OSError`, also for a device without an end."""
    give_up = time.monotonic() + seconds
    while True:
        try:
            return _endless_refused(os.open(path, os.O_WRONLY | _NO_WAIT))
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() > give_up:
                raise TimeoutError(errno.ETIMEDOUT, "it is a pipe that nothing reads from") from None
            time.sleep(0.05)


def _endless_refused(descriptor: int) -> int:
    """The descriptor of a pipe, a terminal or /dev/null. Raises `OSError` for another device."""
    status = os.fstat(descriptor)
    if stat.S_ISFIFO(status.st_mode) or _is_null(status) or os.isatty(descriptor):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.ENODEV, "it is a device, not a file")


def _pour(descriptor: int, data: bytes, seconds: float) -> None:
    give_up, rest = time.monotonic() + seconds, memoryview(data)
    while rest:
        if not _is_ready(descriptor, select.POLLOUT, give_up - time.monotonic()):
            raise TimeoutError(errno.ETIMEDOUT, f"it is a pipe that is not read within {seconds:g} seconds")
        rest = rest[os.write(descriptor, rest) :]
