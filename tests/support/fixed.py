"""A template checked against an in-memory account, and fixed in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from tapctl.concurrency.remedy import RemedyMode
from tapctl.concurrency.result import Preflight
from tapctl.settings.settings import Settings
from tapctl.template.load import load
from tapctl.template.model import Template, check
from tapctl.template.parse import parse
from tapctl.workflows.fix import Fix, fix
from tapctl.workflows.preflight import judge
from tests.support.fake_account import fake_account

FLOOR = 100


def read(text: str, file: str = "t.yaml") -> Template:
    """The template with its source text."""
    source = parse(text, file)
    return check(Template(source, source.value))


def judged(template: Template, room: int, given: Mapping[str, str] | None = None, **more: object) -> Preflight:
    """Checked against an account in which this many more executions can be reserved."""
    settings = replace(Settings(template.file), parameters=given or {}, **more)  # type: ignore[arg-type]
    return judge(template, fake_account(1000, FLOOR + room), settings)


def fixed_text(
    text: str,
    room: int,
    given: Mapping[str, str] | None = None,
    *,
    file: str = "t.yaml",
    scanners: Collection[str] = (),
    mode: RemedyMode = RemedyMode.ADJUST,
) -> str:
    """The text after the fix."""
    (edit,) = fix(judged(read(text, file), room, given, remedy=mode), scanners).edits
    return edit.after


def fixed(path: Path, room: int, given: Mapping[str, str] | None = None, mode: RemedyMode = RemedyMode.ADJUST) -> Fix:
    return fix(judged(load(str(path)), room, given, remedy=mode))
