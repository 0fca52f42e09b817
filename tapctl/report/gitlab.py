"""Code quality of GitLab: the problems as one JSON list, which a merge request shows beside the lines.

Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

import json
from typing import Any

from tapctl.report.finding import Level, Report, ReportItem, fingerprints, from_root, root

_SEVERITIES = {Level.NOTE: "info", Level.WARNING: "minor", Level.INCONCLUSIVE: "major", Level.ERROR: "critical"}


def as_gitlab(report: Report) -> str:
    base = root()
    marks = zip(report.problems, fingerprints(report.problems, report.file), strict=True)
    problems = [_problem(item, mark, from_root(item.file or report.file, base)) for item, mark in marks]
    return json.dumps(problems, indent=2) + "\n"


def _problem(item: ReportItem, mark: str, path: str) -> dict[str, Any]:
    return {
        "description": item.sentence,
        "check_name": item.rule,
        "fingerprint": mark,
        "severity": _SEVERITIES[item.level],
        "location": {"path": path, "lines": {"begin": item.line or 1}},
    }
