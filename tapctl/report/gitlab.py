"""Code quality of GitLab: the problems as one JSON list, which a merge request shows beside the lines.

Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

import json
from typing import Any

from tapctl.report.finding import Level, Report, ReportItem, fingerprints, from_root, root

_SEVERITIES = {Level.NOTE: "info", Level.WARNING: "minor", Level.INCONCLUSIVE: "major", Level.ERROR: "critical"}


def as_gitlab(report: Report) -> str:
    marks = zip(report.problems, fingerprints(report.problems, report.file), strict=True)
    return json.dumps([_problem(item, mark, report.file) for item, mark in marks], indent=2) + "\n"


def _problem(item: ReportItem, mark: str, file: str) -> dict[str, Any]:
    return {
        "description": item.sentence,
        "check_name": item.rule,
        "fingerprint": mark,
        "severity": _SEVERITIES[item.level],
        "location": {"path": from_root(item.file or file, root()), "lines": {"begin": item.line or 1}},
    }
