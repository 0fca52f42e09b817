"""Reproducible zips: the entries of the same files have the same order, date and mode on every machine."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO

from tapctl.packaging.bytecode import bytecode_name, compiled
from tapctl.packaging.file_tree import ContentHash, TreeEntry

if TYPE_CHECKING:
    from _typeshed import SupportsRead, SupportsWrite

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
