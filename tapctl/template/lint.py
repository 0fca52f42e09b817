"""cfn-lint over a template, as plain matches."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tapctl.template.source import Source


@dataclass(frozen=True, slots=True)
class Match:
    """One match of a cfn-lint rule; `severity` is error, warning or informational."""

    rule: str
    severity: str
    message: str
    line: int
    docs: str


def lint(source: Source, region: str | None) -> tuple[Match, ...]:
    """What cfn-lint says, under a `.cfnlintrc` of the working folder and the template's own Metadata.

    `region` limits which resource types exist, as `cfn-lint --regions` does.
    """
    from cfnlint import api
    from cfnlint.config import ManualArgs

    config = ManualArgs(regions=[region]) if region else ManualArgs()
    path = Path(source.file)
    matches = api.lint_file(path, config) if path.is_file() else api.lint(source.text, config=config)
    return tuple(_match(each) for each in matches)


def _match(match: Any) -> Match:
    message = " ".join(match.message.split())
    return Match(match.rule.id, match.rule.severity.lower(), message, match.linenumber, match.rule.source_url)
