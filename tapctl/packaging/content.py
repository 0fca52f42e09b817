"""The content of a local path as the property that names it needs it: a zip or the file as it is, with its digest."""

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
from tapctl.packaging.file_tree import TreeEntry, content_hash, tree
from tapctl.template.local_paths import Local, PathKind

IN_LAMBDA = (PathKind.CODE, PathKind.LAYER)
ZIPPED = (*IN_LAMBDA, PathKind.ZIP)


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that are produced when they are uploaded.

    `digest` is their SHA-256 now, hexadecimal; `write` returns the one of what it wrote. `unzipped` is their size in
    bytes after Lambda unzips them.
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
    """Raise errors while reading `path` as `UsageError` with the resource that names it."""
    try:
        yield
    except FileNotFoundError as error:
        hint = f"its {local.slot.property} is relative to the template"
        raise UsageError(f"{local.owner}: {error.filename or path} does not exist", hint) from None
    except OSError as error:
        message = f"{local.owner}: cannot read {error.filename or path}: {error.strerror}"
        raise UsageError(message, "make it readable, or remove it") from None
    except UnicodeEncodeError:
        raise UsageError(f"{local.owner}: {path} contains a file whose name is not UTF-8", "rename the file") from None


def too_large(owner: str, what: str, size: int) -> UsageError:
    return UsageError(f"{owner}: {what} {size:,} bytes; Lambda accepts {MAX_UNZIPPED:,}", "remove files from it")


def file_content(local: Local, path: Path, installed: Installed | None = None, bytecode: str | None = None) -> Content:
    """The content of `path`, with the dependencies installed for it, and with bytecode where its tag is given.

    Raises `UsageError` for a path that cannot be packaged, and `OSError` for one that cannot be read.
    """
    kind = local.slot.kind
    if kind is PathKind.FILE and path.is_dir():
        raise UsageError(f"{local.owner}: {path} is a folder", f"set its {local.slot.property} to a file")
    entries = _with(_own(local, path), installed)  # rejects a pipe, which opening would block on
    if path.is_dir() or (kind in ZIPPED and path.suffix != ".zip" and not zipfile.is_zipfile(path)):
        return _zipped(local, path, entries, bytecode)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    unzipped = _unzipped(local, path) if kind in ZIPPED else 0
    return Content(digest, path.suffix, partial(_write_file, path), unzipped)


def _zipped(local: Local, path: Path, entries: list[TreeEntry], bytecode: str | None) -> Content:
    size = sum(entry.size for entry in entries)
    if bytecode is not None:  # bytecode is about as large as its source
        size += sum(entry.size for entry in entries if entry.name.endswith(".py"))
    if local.slot.kind in IN_LAMBDA and size > MAX_UNZIPPED:
        raise too_large(local.owner, f"{path} is", size)  # before any file is read
    return Content(content_hash(entries, bytecode), ".zip", partial(write_zip, entries, tag=bytecode), size)


def _own(local: Local, path: Path) -> list[TreeEntry]:
    try:
        return tree(path)
    except UsageError as error:
        raise UsageError(f"{local.owner}: {error.message}", error.hint) from None


def _with(own: list[TreeEntry], installed: Installed | None) -> list[TreeEntry]:
    """A folder's own files and those of its dependencies; its own takes precedence over one of the same name."""
    if installed is None or not any(installed.folder.iterdir()):
        return own
    dependencies = (replace(entry, name=f"{installed.prefix}{entry.name}") for entry in tree(installed.folder))
    return sorted({entry.name: entry for entry in (*dependencies, *own)}.values(), key=lambda entry: entry.name)


def _unzipped(local: Local, path: Path) -> int:
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile:
        raise UsageError(f"{local.owner}: {path} is not a valid zip file", "recreate it") from None


def _write_file(path: Path, out: BinaryIO) -> str:
    with path.open("rb", buffering=0) as file:
        return copy(file, out).hexdigest()


def _write_bytes(data: bytes, out: BinaryIO) -> str:
    out.write(data)
    return hashlib.sha256(data).hexdigest()
