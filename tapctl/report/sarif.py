"""SARIF 2.1.0, for code scanning; what is well is left out, because scanners show every result as an alert.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from tapctl import __version__
from tapctl.report.finding import Level, Report, ReportItem

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Level.NOTE: "note", Level.WARNING: "warning", Level.INCONCLUSIVE: "warning", Level.ERROR: "error"}


def as_sarif(results: Report) -> str:
    rules = list(dict.fromkeys(each.rule for each in results.found))
    driver = {"name": "tapctl", "version": __version__, "rules": [{"id": rule} for rule in rules]}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"tapctl/{results.command}/"},
        "results": [_result(each, rules, results.file) for each in results.found],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _result(record: ReportItem, rules: list[str], file: str) -> dict[str, Any]:
    return {
        "ruleId": record.rule,
        "ruleIndex": rules.index(record.rule),
        "level": _LEVELS[record.level],
        "message": {"text": record.sentence},
        "locations": [_location(record, file)],
    }


def _location(record: ReportItem, file: str) -> dict[str, Any]:
    """Where it stands, the first line of the file where nobody knows: GitHub refuses a result without a place."""
    uri = quote(PurePath((record.file or file).strip("<>")).as_posix())
    place = {"artifactLocation": {"uri": uri}, "region": {"startLine": record.line or 1}}
    named = {"logicalLocations": [{"name": record.subject}]} if record.subject else {}
    return {**named, "physicalLocation": place}
