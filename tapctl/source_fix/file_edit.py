"""A source file before and after, as a diff or written to disk."""

import difflib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.state.files import leads_out, repository_of, write_together


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One source file before and after."""

    file: str
    before: str
    after: str

    def diff(self) -> str:
        """A unified diff for `git apply` and `patch -p1`."""
        name = _diff_name(self.file)
        lines = difflib.unified_diff(_lines(self.before), _lines(self.after), f"a/{name}", f"b/{name}")
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def write(edits: Sequence[FileEdit]) -> None:
    """Replace the files atomically; byte order marks stay.

    Raises `UsageError`, before any file is changed, when one has changed since it was read, cannot be written, or is
    reached through a link that leads out of its repository.
    """
    for edit in edits:
        _check_inside(Path(edit.file))
    write_together({Path(edit.file): _mark(edit) + edit.after for edit in edits})


def _check_inside(file: Path) -> None:
    """Raise `UsageError` for a link out of the repository; without one, out of the working folder."""
    root = repository_of(file)
    if root is None:
        named, root = Path(os.path.normpath(file.absolute())), Path.cwd()
        root = root if named.is_relative_to(root) else named.parent
    if target := leads_out(file, root):
        hint = advise(UsageAdvice.NAME_LINKED_FILE)
        raise UsageError(f"{file} is reached through a link and is {target}, which is outside of {root}", hint)


def _mark(edit: FileEdit) -> str:
    raw = Path(edit.file).read_bytes()
    if raw.decode("utf-8-sig", errors="replace") != edit.before:
        raise UsageError(f"{edit.file} has changed since it was read", advise(UsageAdvice.RUN_AGAIN))
    return "\ufeff" if raw.startswith(b"\xef\xbb\xbf") else ""


def _lines(text: str) -> list[str]:
    """Lines as diff tools split them: at line feeds only."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _diff_name(file: str) -> str:
    """Relative to the working folder, or to the root for other files; a name with spaces ends in a tab, as in git."""
    path = Path(os.path.normpath(Path(file).absolute()))
    start = Path.cwd() if path.is_relative_to(Path.cwd()) else Path(path.anchor)
    name = path.relative_to(start).as_posix()
    return f"{name}\t" if " " in name else name
