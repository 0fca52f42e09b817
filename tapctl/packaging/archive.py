"""A zip that is the same for the same files: sorted entries, one date, two modes, nothing of this machine."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO

from tapctl.packaging.bytecode import compiled, place
from tapctl.packaging.file_tree import Fingerprint, TreeEntry

if TYPE_CHECKING:
    from _typeshed import SupportsRead, SupportsWrite

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold, given to every entry."""

_PIECE = 1 << 20
"""Bytes that are read at a time, so that a large file is never in memory as a whole."""


def write_zip(entries: Iterable[TreeEntry], out: BinaryIO, tag: str | None = None) -> str:
    """Write the files in the given order, with bytecode where a tag of it is given.

    Gives the fingerprint of what was written.
    """
    written = Fingerprint(tag)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            written.add(entry, _add(archive, entry))
            if tag is not None and entry.name.endswith(".py"):
                _add_bytecode(archive, entry, tag)
    return written.hexdigest()


def _add_bytecode(archive: zipfile.ZipFile, entry: TreeEntry, tag: str) -> None:
    code = compiled(entry.name, entry.file.read_bytes())
    if code is not None:
        archive.writestr(_info(place(entry.name, tag), executable=False), code)


def _info(name: str, *, executable: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EPOCH)
    info.create_system = 3  # Unix, wherever it is made
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
    return info


def _add(archive: zipfile.ZipFile, entry: TreeEntry) -> bytes:
    """Write one file; gives the SHA-256 of its content."""
    info = _info(entry.name, executable=entry.executable)
    info.file_size = entry.size
    with entry.file.open("rb", buffering=0) as file, archive.open(info, "w") as sink:
        return copy(file, sink).digest()


def copy(source: SupportsRead[bytes], sink: SupportsWrite[bytes]) -> hashlib._Hash:
    """Copy to the end, piece by piece, and count what was copied."""
    content = hashlib.sha256()
    while piece := source.read(_PIECE):
        content.update(piece)
        sink.write(piece)
    return content
