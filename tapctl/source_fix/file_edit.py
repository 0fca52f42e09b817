"""A source file before and after, shown as a diff or written."""

import difflib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tapctl.errors import UsageError
from tapctl.state.files import write_together


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One source file before and after."""

    file: str
    before: str
    after: str

    def diff(self) -> str:
        """A unified diff, as `git apply` and `patch -p1` read it."""
        name = _shown(self.file)
        lines = difflib.unified_diff(_lines(self.before), _lines(self.after), f"a/{name}", f"b/{name}")
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def write(edits: Sequence[FileEdit]) -> None:
    """Put the new texts in the files' places, each whole or not at all, byte order marks kept.

    Raises `UsageError`, before any file is changed, when one is no longer what was edited or cannot be written.
    """
    write_together({Path(edit.file): _mark(edit) + edit.after for edit in edits})


def _mark(edit: FileEdit) -> str:
    raw = Path(edit.file).read_bytes()
    if raw.decode("utf-8-sig", errors="replace") != edit.before:
        raise UsageError(f"{edit.file} was changed meanwhile", "run it again")
    return "\ufeff" if raw.startswith(b"\xef\xbb\xbf") else ""


def _lines(text: str) -> list[str]:
    """Lines as diff tools count them: only a line feed ends one."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _shown(file: str) -> str:
    """From the working folder, or from the root for what is elsewhere; a name with blanks ends in a tab, as in git."""
    path = Path(os.path.normpath(Path(file).absolute()))
    start = Path.cwd() if path.is_relative_to(Path.cwd()) else Path(path.anchor)
    name = path.relative_to(start).as_posix()
    return f"{name}\t" if " " in name else name
