"""SARIF 2.1.0, for code scanning; passed items are left out, because scanners show every result as an alert.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
import re
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from tapctl import __version__
from tapctl.report.finding import Level, Report, ReportItem

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Level.NOTE: "note", Level.WARNING: "warning", Level.INCONCLUSIVE: "warning", Level.ERROR: "error"}

_LINK = re.compile(r"\[(?=[^\]]*\]\()")
"""Begins a link in a message (section 3.11.6), unless a backslash precedes it."""


def as_sarif(report: Report) -> str:
    rules = list(dict.fromkeys(item.rule for item in report.problems))
    driver = {"name": "tapctl", "version": __version__, "rules": [{"id": rule} for rule in rules]}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"tapctl/{report.command}/"},
        "results": [_result(item, rules, report.file) for item in report.problems],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _result(item: ReportItem, rules: list[str], file: str) -> dict[str, Any]:
    return {
        "ruleId": item.rule,
        "ruleIndex": rules.index(item.rule),
        "level": _LEVELS[item.level],
        "message": {"text": _LINK.sub(r"\\[", item.sentence)},
        "locations": [_location(item, file)],
    }


def _location(item: ReportItem, file: str) -> dict[str, Any]:
    """The place of the item, by default the first line: GitHub refuses a result without a place."""
    uri = quote(PurePath((item.file or file).strip("<>")).as_posix())
    place = {"artifactLocation": {"uri": uri}, "region": {"startLine": item.line or 1}}
    named = {"logicalLocations": [{"name": item.subject}]} if item.subject else {}
    return {**named, "physicalLocation": place}
