"""The formats that every command with findings can be rendered in, one function each."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from tapctl.report.finding import Report
from tapctl.report.github import as_github
from tapctl.report.junit import as_junit
from tapctl.report.markdown import as_markdown
from tapctl.report.render import RenderOptions
from tapctl.report.sarif import as_sarif

T = TypeVar("T")

FORMATS: Mapping[str, Callable[[Report], str]] = {
    "github": as_github,
    "junit": as_junit,
    "markdown": as_markdown,
    "sarif": as_sarif,
}


def rendered_by(results: Callable[[T], Report]) -> dict[str, Callable[[T, RenderOptions], str]]:
    """A renderer for each format, of what `results` brings into the neutral shape."""

    def renderer(render: Callable[[Report], str]) -> Callable[[T, RenderOptions], str]:
        return lambda found, _: render(results(found))

    return {name: renderer(render) for name, render in FORMATS.items()}
