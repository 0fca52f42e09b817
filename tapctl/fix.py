"""The workflow behind `tapctl fix`: the remedy as edits of the source files, checked before anything is written."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tapctl.errors import TapctlError, UsageError
from tapctl.files import write_atomically
from tapctl.headroom.remedy import Remedy
from tapctl.headroom.result import Preflight
from tapctl.headroom.verdict import Verdict
from tapctl.template.edit import apply, set_property
from tapctl.template.family import Family
from tapctl.template.model import Template
from tapctl.template.parse import parse

SETTING = "ReservedConcurrentExecutions"


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One source file before and after."""

    file: str
    before: str
    after: str

    def diff(self) -> str:
        """A unified diff, as `git diff` and `patch` read it."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            f"a/{self.file}",
            f"b/{self.file}",
        )
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)

    def write(self) -> None:
        """Put the new text in the file's place, its byte order mark kept; a kill leaves the old file or the new one."""
        path = Path(self.file)
        raw = path.read_bytes()
        mark = "\ufeff" if raw.startswith(b"\xef\xbb\xbf") else ""
        if raw.decode("utf-8-sig") != self.before:
            raise UsageError(f"{self.file} was changed meanwhile", "run it again")
        write_atomically(path, mark + self.after)


def edits(result: Preflight) -> list[FileEdit]:
    """The remedy as file edits. Raises `UsageError` naming the place that cannot be edited."""
    wanted: dict[str, tuple[Template, dict[str, Remedy]]] = {}
    for member, name, remedy in _remedies(result):
        template, own = wanted.setdefault(member.resolver.template.file, (member.resolver.template, {}))
        if own.setdefault(name, remedy) != remedy:
            raise UsageError(
                f"{template.file} is nested twice, and {name} would need two values",
                "use a parameter of the nested stack",
            )
    return [_edit(template, own) for template, own in wanted.values()]


def _remedies(result: Preflight) -> Iterator[tuple[Family, str, Remedy]]:
    members = {member.prefix: member for member in result.family.members()}
    for logical_id, remedy in result.plan.changes.items():
        prefix, _, name = logical_id.rpartition("/")
        yield members[f"{prefix}/" if prefix else ""], name, remedy


def _edit(template: Template, remedies: Mapping[str, Remedy]) -> FileEdit:
    before = template.source.text
    if template.source.file == "<stdin>":
        raise UsageError("standard input cannot be edited", "name the template file")
    changes = [set_property(template, name, SETTING, remedy.value) for name, remedy in remedies.items()]
    after = apply(before, changes)
    try:
        parse(after, template.file)
    except UsageError as error:
        raise TapctlError(f"the edit of {template.file} would break it: {error.message}", "edit it by hand") from None
    return FileEdit(template.file, before, after)


def others(result: Preflight) -> bool:
    """Whether something beside the concurrency does not fit, which no edit mends."""
    return any(
        finding.judged and finding.verdict is not Verdict.FITS and finding.limit != "lambda-reserved-concurrency"
        for finding in result.findings
    )
