"""The content of a local path as the property that names it needs it: a zip or the file as it is, with its digest."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.limits.awslambda import MAX_UNZIPPED
from tapctl.packaging.bytecode import bytecode_name, compiled
from tapctl.packaging.dependencies import Installed
from tapctl.packaging.links import Follow, of_owner, walk
from tapctl.template.local_paths import Local, PathKind

if TYPE_CHECKING:
    from _typeshed import SupportsRead, SupportsWrite

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
        hint = advise(DeployAdvice.RELATIVE_TO_TEMPLATE, local.slot.property)
        raise UsageError(f"{local.owner}: {error.filename or path} does not exist", hint) from None
    except OSError as error:
        message = f"{local.owner}: cannot read {error.filename or path}: {error.strerror}"
        raise UsageError(message, advise(DeployAdvice.MAKE_READABLE)) from None
    except UnicodeEncodeError:
        raise UsageError(
            f"{local.owner}: {path} contains a file whose name is not UTF-8", advise(DeployAdvice.RENAME_FILE)
        ) from None


def too_large(owner: str, what: str, size: int) -> UsageError:
    return UsageError(
        f"{owner}: {what} {size:,} bytes; Lambda accepts {MAX_UNZIPPED:,}", advise(DeployAdvice.REMOVE_FILES)
    )


def check_sizes(sizes: list[tuple[Local, int]]) -> None:
    """Refuse a function whose code exceeds the limit together with its layers from the same template."""
    layers = {local.owner: size for local, size in sizes if local.slot.kind is PathKind.LAYER}
    for local, size in sizes:
        if local.slot.kind not in IN_LAMBDA:
            continue
        attached = local.properties.get("Layers")
        names = [ref.get("Ref") for ref in attached if isinstance(ref, dict)] if isinstance(attached, list) else []
        of_layers = sum(layers.get(str(name), 0) for name in names)
        if size + of_layers > MAX_UNZIPPED:
            what = "its code and its layers are" if of_layers else f"{local.name} is"
            raise too_large(local.owner, what, size + of_layers)


def file_content(
    local: Local, path: Path, own: list[TreeEntry], installed: Installed | None = None, bytecode: str | None = None
) -> Content:
    """The content of `path` with its `own` files, the dependencies installed for it, and bytecode of this tag.

    Raises `UsageError` for a path that cannot be packaged, and `OSError` for one that cannot be read.
    """
    kind = local.slot.kind
    entries = _with_dependencies(own, installed)
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


def own_files(local: Local, path: Path, follow: Follow) -> list[TreeEntry]:
    """The files at a local path. Raises as `tree` does, and for a folder where a file is needed."""
    if local.slot.kind is PathKind.FILE and path.is_dir():
        raise UsageError(f"{local.owner}: {path} is a folder", advise(DeployAdvice.SET_TO_FILE, local.slot.property))
    with of_owner(local.owner):
        return tree(path, follow)


def _with_dependencies(own: list[TreeEntry], installed: Installed | None) -> list[TreeEntry]:
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
        raise UsageError(f"{local.owner}: {path} is not a valid zip file", advise(DeployAdvice.RECREATE_FILE)) from None


def _write_file(path: Path, out: BinaryIO) -> str:
    with path.open("rb", buffering=0) as file:
        return copy(file, out).hexdigest()


def _write_bytes(data: bytes, out: BinaryIO) -> str:
    out.write(data)
    return hashlib.sha256(data).hexdigest()


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
        # To be raised when `write_zip` writes other bytes for the same files.
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


def tree(path: Path, follow: Follow = lambda _: True) -> list[TreeEntry]:
    """Every file of a folder sorted by name, or the one file.

    Raises `UsageError` for an entry that cannot be packaged, and for a folder without files; `OSError` for an entry
    that cannot be read; what `follow` raises for a link.
    """
    mode = path.stat().st_mode
    if stat.S_ISREG(mode):
        return [_entry(path.name, path)]
    if not stat.S_ISDIR(mode):
        raise UsageError(f"{path} is neither a file nor a folder", advise(DeployAdvice.SET_TO_CODE_FOLDER))
    entries = sorted((_entry(name, file) for name, file in walk(path, follow)), key=lambda entry: entry.name)
    if not entries:
        raise UsageError(f"{path} has no files", advise(DeployAdvice.PUT_CODE_THERE))
    return entries


def _entry(name: str, file: Path) -> TreeEntry:
    status = file.stat()
    return TreeEntry(name, file, bool(status.st_mode & stat.S_IXUSR), status.st_size)


EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest date that a zip can hold, set for every entry."""

_PIECE = 1 << 20
"""Bytes read at a time, so that a large file is never in memory as a whole."""


def write_zip(entries: Iterable[TreeEntry], out: BinaryIO, tag: str | None = None) -> str:
    """Write the files in the given order, with bytecode where its tag is given; returns their content hash."""
    written = ContentHash(tag)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            written.add(entry, _add(archive, entry))
            if tag is not None and entry.name.endswith(".py"):
                _add_bytecode(archive, entry, tag)
    return written.hexdigest()


def _add_bytecode(archive: zipfile.ZipFile, entry: TreeEntry, tag: str) -> None:
    code = compiled(entry.name, entry.file.read_bytes())
    if code is not None:
        archive.writestr(_info(bytecode_name(entry.name, tag), executable=False), code)


def _info(name: str, *, executable: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EPOCH)
    info.create_system = 3  # Unix, whatever the machine
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
    return info


def _add(archive: zipfile.ZipFile, entry: TreeEntry) -> bytes:
    """Write one file; returns the SHA-256 of its content."""
    info = _info(entry.name, executable=entry.executable)
    info.file_size = entry.size
    with entry.file.open("rb", buffering=0) as file, archive.open(info, "w") as sink:
        return copy(file, sink).digest()


def copy(source: SupportsRead[bytes], sink: SupportsWrite[bytes]) -> hashlib._Hash:
    """Copy to the end, piece by piece; returns the SHA-256 of the bytes copied."""
    digest = hashlib.sha256()
    while piece := source.read(_PIECE):
        digest.update(piece)
        sink.write(piece)
    return digest
