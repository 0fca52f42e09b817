"""The formats for other tools, in which `preflight` and `verify` print their findings."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, TypeVar

from tapctl.report.escaping import with_plain_lines
from tapctl.report.render import RenderOptions

if TYPE_CHECKING:
    from rich.text import Text

    from tapctl.concurrency.verdict import Finding, Verdict
    from tapctl.report.finding import Report

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class Judged(Protocol):
    """The verdict on a template, in one account or in those of a fleet."""

    @property
    def verdict(self) -> "Verdict": ...
    @property
    def lint_errors(self) -> "list[Finding]": ...


class Printer(Protocol[T_contra]):
    """A module of this room that has a renderer of its results for each format, and the last line alone."""

    @property
    def RENDERERS(self) -> Mapping[str, Callable[[T_contra, RenderOptions], str]]: ...  # noqa: N802  # as modules do
    def verdict_line(self, result: T_contra, options: RenderOptions, /) -> str: ...


class VerdictPrinter(Printer[T_contra], Protocol[T_contra]):
    """A `Printer` that has the verdict in one sentence, too."""

    def sentence(self, result: T_contra, /) -> "Text": ...


def _renderer(name: str) -> "Callable[[Report], str]":
    """`as_NAME` of the module `tapctl.report.NAME`, which is imported when it is used."""

    def render(report: "Report") -> str:
        text: str = getattr(import_module(f"tapctl.report.{name}"), f"as_{name}")(report)
        return text

    return render


FORMATS: "Mapping[str, Callable[[Report], str]]" = {
    name: _renderer(name) for name in ("github", "gitlab", "html", "junit", "markdown", "sarif")
}


def rendered_by(report_of: "Callable[[T], Report]") -> dict[str, Callable[[T, RenderOptions], str]]:
    """A renderer for each format; `report_of` makes the report of a result."""

    def renderer(render: "Callable[[Report], str]") -> Callable[[T, RenderOptions], str]:
        return lambda result, _: render(as_data(report_of(result)))

    return {name: renderer(render) for name, render in FORMATS.items()}


def as_data(report: "Report") -> "Report":
    """The report with each text in it as one line."""
    return with_plain_lines(
        replace(
            report,
            items=tuple(map(with_plain_lines, report.items)),
            scope=with_plain_lines(report.scope),
            functions=tuple(map(with_plain_lines, report.functions)),
        )
    )
