"""The files of a folder as they go into a zip: found, checked, and named by what they hold."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tapctl.errors import UsageError

LEFT_OUT = {
    *("__pycache__", ".DS_Store", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".tox"),
    *(".git", ".hg", ".svn", ".venv", ".aws-sam"),
}
"""What tools leave behind in a folder, and no function runs."""


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A file and its name in the zip; `size` in bytes, as it was found."""

    name: str
    file: Path
    executable: bool
    size: int


class Fingerprint:
    """What names a tree: the name, executable bit and content of each file, and nothing of when or where it is made."""

    def __init__(self, bytecode: str | None = None) -> None:
        # Changes with what `tapctl.packaging.archive` makes of the same files.
        self._whole = hashlib.sha256(f"tapctl.zip/1 {bytecode}\n".encode() if bytecode else b"tapctl.zip/1\n")

    def add(self, entry: TreeEntry, content: bytes) -> None:
        """Count a file, whose content is given by its SHA-256."""
        name = entry.name.encode()
        self._whole.update(b"%d:%s %d %s\n" % (len(name), name, entry.executable, content))

    def hexdigest(self) -> str:
        return self._whole.hexdigest()


def fingerprint(entries: Iterable[TreeEntry], bytecode: str | None = None) -> str:
    """The name of a tree, read from its files one after the other."""
    whole = Fingerprint(bytecode)
    for entry in entries:
        with entry.file.open("rb") as file:
            whole.add(entry, hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def tree(path: Path) -> list[TreeEntry]:
    """Every file of a folder, or the one file, sorted by name.

    Raises `UsageError` for what is no file, for a link that leads out of the folder, and for a folder without files;
    `OSError` for what cannot be read.
    """
    mode = path.stat().st_mode
    if stat.S_ISREG(mode):
        return [_entry(path.name, path)]
    if not stat.S_ISDIR(mode):
        raise UsageError(f"{path} is neither a file nor a folder", "name the folder of the code")
    found = sorted(_below(path), key=lambda entry: entry.name)
    if not found:
        raise UsageError(f"{path} has no files", "put the function's code there")
    return found


def _below(path: Path) -> Iterator[TreeEntry]:
    root = path.resolve()
    for folder, names, files in os.walk(path, onerror=_refuse):
        names[:] = [name for name in names if name not in LEFT_OUT]
        for name in (*files, *(each for each in names if (Path(folder) / each).is_symlink())):
            if name not in LEFT_OUT and not name.endswith(".pyc"):
                file = Path(folder) / name
                yield _entry(file.relative_to(path).as_posix(), _inside(file, root))


def _refuse(error: OSError) -> None:
    """A folder that cannot be listed must not pass for an empty one."""
    raise error


def _entry(name: str, file: Path) -> TreeEntry:
    found = file.stat()
    return TreeEntry(name, file, bool(found.st_mode & stat.S_IXUSR), found.st_size)


def _inside(file: Path, root: Path) -> Path:
    """The file itself; a link must not be broken, lead out of the folder, or be to a folder."""
    if not file.is_symlink():
        if not file.is_file():
            raise UsageError(f"{file} is neither a file nor a folder", "leave it out of the function's folder")
        return file
    target = Path(os.path.realpath(file))  # Path.resolve raises for a link to itself before Python 3.13
    if not target.is_file():
        raise UsageError(f"{file} is a link to what is not a file", "replace the link by the file")
    if not target.is_relative_to(root):
        raise UsageError(f"{file} is a link that leads out of the function's folder", "replace the link by the file")
    return file
