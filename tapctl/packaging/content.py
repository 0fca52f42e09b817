"""What stands at a local path, packed as the property that names it wants it, and named by what it holds."""

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from tapctl.errors import UsageError
from tapctl.limits.awslambda import MAX_UNZIPPED
from tapctl.packaging.archive import copy, write_zip
from tapctl.packaging.dependencies import Installed
from tapctl.packaging.file_tree import TreeEntry, fingerprint, tree
from tapctl.template.local_paths import Local, PathKind

IN_LAMBDA = (PathKind.CODE, PathKind.LAYER)
ZIPPED = (*IN_LAMBDA, PathKind.ZIP)


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that can be made when they are needed: `write` gives the digest of what it wrote, as `digest` is now.

    `unzipped` is how many bytes Lambda makes of them.
    """

    digest: str
    suffix: str
    write: Callable[[BinaryIO], str]
    unzipped: int = 0


def text_content(text: str, suffix: str) -> Content:
    data = text.encode()
    return Content(hashlib.sha256(data).hexdigest(), suffix, partial(_write_bytes, data))


@contextmanager
def reading(local: Local, path: Path) -> Iterator[None]:
    """Turn what goes wrong in reading what is at `path` into a line that says who names it."""
    try:
        yield
    except FileNotFoundError as error:
        missing = error.filename or path
        hint = f"its {local.slot.property} is relative to the template"
        raise UsageError(f"{local.owner}: there is no {missing}", hint) from None
    except OSError as error:
        place = error.filename or path
        raise UsageError(f"{local.owner}: cannot read {place}: {error.strerror}", "mend it, or leave it out") from None
    except UnicodeEncodeError:
        raise UsageError(f"{local.owner}: {path} has a file whose name is not UTF-8", "rename it") from None


def too_large(owner: str, what: str, size: int) -> UsageError:
    return UsageError(f"{owner}: {what} {size:,} bytes; Lambda takes {MAX_UNZIPPED:,}", "leave files out")


def packed(local: Local, path: Path, installed: Installed | None = None, bytecode: str | None = None) -> Content:
    """What stands at `path`, with what was installed for it, and with bytecode where a tag of it is given.

    Raises `UsageError` for what cannot be packed, and within `reading` for what is not there or cannot be read.
    """
    kind = local.slot.kind
    if kind is PathKind.FILE and path.is_dir():
        raise UsageError(f"{local.owner}: {path} is a folder", f"its {local.slot.property} takes a file")
    entries = _with(_own(local, path), installed)  # looks before anything is opened: a pipe would be waited for
    if path.is_dir() or (kind in ZIPPED and path.suffix != ".zip" and not zipfile.is_zipfile(path)):
        return _zipped(local, path, entries, bytecode)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    unzipped = _unzipped(local, path) if kind in ZIPPED else 0
    return Content(digest, path.suffix, partial(_write_file, path), unzipped)


def _zipped(local: Local, path: Path, entries: list[TreeEntry], bytecode: str | None) -> Content:
    size = sum(entry.size for entry in entries)
    if bytecode is not None:  # about as much again for each source
        size += sum(entry.size for entry in entries if entry.name.endswith(".py"))
    if local.slot.kind in IN_LAMBDA and size > MAX_UNZIPPED:
        raise too_large(local.owner, f"{path} is", size)  # before all of it is read
    return Content(fingerprint(entries, bytecode), ".zip", partial(write_zip, entries, tag=bytecode), size)


def _own(local: Local, path: Path) -> list[TreeEntry]:
    try:
        return tree(path)
    except UsageError as error:
        raise UsageError(f"{local.owner}: {error.message}", error.hint) from None


def _with(own: list[TreeEntry], installed: Installed | None) -> list[TreeEntry]:
    """A folder's own files and those that were installed for it; where both have a name, its own counts."""
    if installed is None or not any(installed.folder.iterdir()):
        return own
    more = (replace(entry, name=f"{installed.prefix}{entry.name}") for entry in tree(installed.folder))
    return sorted({entry.name: entry for entry in (*more, *own)}.values(), key=lambda entry: entry.name)


def _unzipped(local: Local, path: Path) -> int:
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(each.file_size for each in archive.infolist())
    except zipfile.BadZipFile:
        raise UsageError(f"{local.owner}: {path} is no zip, whatever its name says", "make it anew") from None


def _write_file(path: Path, out: BinaryIO) -> str:
    with path.open("rb", buffering=0) as file:
        return copy(file, out).hexdigest()


def _write_bytes(data: bytes, out: BinaryIO) -> str:
    out.write(data)
    return hashlib.sha256(data).hexdigest()
