"""The files of a folder that go into a zip, and the hash of their names, modes and contents."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tapctl.errors import UsageError

EXCLUDED = {
    *("__pycache__", ".DS_Store", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".tox"),
    *(".git", ".hg", ".svn", ".venv", ".aws-sam"),
}
"""Files and folders of development tools, which no function needs."""


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A file and its name in the zip; `size` in bytes when the folder was listed."""

    name: str
    file: Path
    executable: bool
    size: int


class ContentHash:
    """A hash of the name, executable bit and content of each file, independent of time and machine."""

    def __init__(self, bytecode: str | None = None) -> None:
        # To be raised when `tapctl.packaging.archive` writes other bytes for the same files.
        self._hash = hashlib.sha256(f"tapctl.zip/1 {bytecode}\n".encode() if bytecode else b"tapctl.zip/1\n")

    def add(self, entry: TreeEntry, content: bytes) -> None:
        """Add a file; `content` is the SHA-256 of its content."""
        name = entry.name.encode()
        self._hash.update(b"%d:%s %d %s\n" % (len(name), name, entry.executable, content))

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def content_hash(entries: Iterable[TreeEntry], bytecode: str | None = None) -> str:
    """The hash of these files in the given order, hexadecimal."""
    result = ContentHash(bytecode)
    for entry in entries:
        with entry.file.open("rb") as file:
            result.add(entry, hashlib.file_digest(file, "sha256").digest())
    return result.hexdigest()


def tree(path: Path) -> list[TreeEntry]:
    """Every file of a folder sorted by name, or the one file.

    Raises `UsageError` for an entry that is not a file, a link out of the folder, or a folder without files; `OSError`
    for an entry that cannot be read.
    """
    mode = path.stat().st_mode
    if stat.S_ISREG(mode):
        return [_entry(path.name, path)]
    if not stat.S_ISDIR(mode):
        raise UsageError(f"{path} is neither a file nor a folder", "set the property to the folder of the code")
    entries = sorted(_entries(path), key=lambda entry: entry.name)
    if not entries:
        raise UsageError(f"{path} has no files", "put the function's code there")
    return entries


def _entries(path: Path) -> Iterator[TreeEntry]:
    root = path.resolve()
    for folder, names, files in os.walk(path, onerror=_raise):
        names[:] = [name for name in names if name not in EXCLUDED]
        for name in (*files, *(name for name in names if (Path(folder) / name).is_symlink())):
            if name not in EXCLUDED and not name.endswith(".pyc"):
                file = Path(folder) / name
                yield _entry(file.relative_to(path).as_posix(), _checked(file, root))


def _raise(error: OSError) -> None:
    """`os.walk` skips a folder that it cannot list unless its error handler raises."""
    raise error


def _entry(name: str, file: Path) -> TreeEntry:
    status = file.stat()
    return TreeEntry(name, file, bool(status.st_mode & stat.S_IXUSR), status.st_size)


def _checked(file: Path, root: Path) -> Path:
    """The file. Raises `UsageError` for a link that is broken, leads out of `root` or to a folder."""
    if not file.is_symlink():
        if not file.is_file():
            raise UsageError(f"{file} is neither a file nor a folder", "remove it from the function's folder")
        return file
    target = Path(os.path.realpath(file))  # Path.resolve raises for a link to itself before Python 3.13
    if not target.is_file():
        raise UsageError(f"{file} is a link that does not lead to a file", "replace the link with a file")
    if not target.is_relative_to(root):
        raise UsageError(f"{file} is a link that leads out of the function's folder", "replace the link with the file")
    return file
