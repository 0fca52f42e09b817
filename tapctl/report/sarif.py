"""SARIF 2.1.0, for code scanning.

A problem is a result, and what could not be judged a notification, because scanners show every result as an alert;
what passed is left out. The remedy is the fix of the results on concurrency.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tapctl import __version__
from tapctl.limits import CONCURRENCY
from tapctl.report.finding import (
    HOME,
    Level,
    Remedied,
    Report,
    ReportItem,
    fingerprints,
    from_root,
    remedied,
    root,
    rule_of,
)
from tapctl.source_fix.file_edit import FileEdit

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
_LEVELS = {
    Level.PASS: "none",
    Level.NOTE: "note",
    Level.WARNING: "warning",
    Level.INCONCLUSIVE: "warning",
    Level.ERROR: "error",
}

_LINK = re.compile(r"\[(?=[^\]]*\]\()")
"""Begins a link in a message (section 3.11.6), unless a backslash precedes it."""


def as_sarif(report: Report) -> str:
    base = root()
    results = [item for item in report.problems if item.judged]
    rules = {item.rule: item for item in reversed(report.problems)}
    ids = sorted(rules)
    fix = remedied(report)
    marks = zip(results, fingerprints(results, report.file), strict=True)
    scope = "".join(f"{quote(part, safe='')}/" for part in (report.scope.environment, report.scope.stack) if part)
    run = {
        "tool": {
            "driver": {
                "name": "tapctl",
                "version": __version__,
                "informationUri": HOME,
                "rules": [_rule(rules[name]) for name in ids],
            }
        },
        "automationDetails": {"id": f"tapctl/{report.command}/{scope}"},
        "originalUriBaseIds": {_ROOT: {"uri": f"{base.as_uri().rstrip('/')}/"}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    *(_notification(item, ids, report.file, base) for item in report.problems if not item.judged),
                    *_not_covered(report),
                ],
            }
        ],
        "results": [_result(item, ids, report.file, base, mark=mark, fix=fix) for item, mark in marks],
        "columnKind": "unicodeCodePoints",
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(item: ReportItem) -> dict[str, Any]:
    rule = rule_of(item)
    name = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", item.rule))
    return {
        "id": item.rule,
        "name": name or "Rule",
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.title},
        "help": {"text": f"{rule.help} {rule.docs}", "markdown": f"{rule.help} [Documentation]({rule.docs})"},
        "helpUri": rule.docs,
        "defaultConfiguration": {"level": _LEVELS[rule.level]},
    }


def _result(
    item: ReportItem, rules: Sequence[str], file: str, base: Path, *, mark: str, fix: Remedied | None
) -> dict[str, Any]:
    is_file = fix is not None and all(not edit.file.startswith("<") for edit in fix.edits)
    fixes = [_fix(fix, base)] if fix and fix.edits and is_file and _is_helped(item) else []
    return {
        "ruleId": item.rule,
        "ruleIndex": rules.index(item.rule),
        "level": _LEVELS[item.level],
        "message": _message(item.sentence),
        "locations": [_location(item, file, base)],
        "partialFingerprints": {"tapctl/v1": mark},
        **({"fixes": fixes} if fixes else {}),
    }


def _is_helped(item: ReportItem) -> bool:
    """Whether a change of reservations is about this item."""
    return item.rule == CONCURRENCY.id and item.level in (Level.INCONCLUSIVE, Level.ERROR)


def _message(text: str) -> dict[str, str]:
    return {"text": _LINK.sub(r"\\[", text)}


def _notification(item: ReportItem, rules: Sequence[str], file: str, base: Path) -> dict[str, Any]:
    return {
        "associatedRule": {"id": item.rule, "index": rules.index(item.rule)},
        "level": _LEVELS[item.level],
        "message": _message(item.sentence),
        "locations": [_location(item, file, base)],
    }


def _not_covered(report: Report) -> list[dict[str, Any]]:
    types = report.preflight.coverage if report.preflight else {}
    return [
        {
            "descriptor": {"id": "tapctl:not-covered"},
            "level": "note",
            "message": _message(f"no limit of {type_} is covered ({count} in the template)"),
        }
        for type_, count in types.items()
    ]


def _artifact(file: str, base: Path) -> dict[str, str]:
    path = from_root(file, base)
    known = {} if Path(path).is_absolute() or path.startswith("../") else {"uriBaseId": _ROOT}
    return {"uri": Path(path).as_uri() if Path(path).is_absolute() else quote(path), **known}


def _location(item: ReportItem, file: str, base: Path) -> dict[str, Any]:
    """The place of the item, by default the first line: GitHub refuses a result without a place."""
    place = {"artifactLocation": _artifact(item.file or file, base), "region": {"startLine": item.line or 1}}
    named = {"logicalLocations": [{"name": item.subject}]} if item.subject else {}
    return {**named, "physicalLocation": place}


def _fix(fix: Remedied, base: Path) -> dict[str, Any]:
    return {
        "description": _message("; ".join(fix.lines)),
        "artifactChanges": [
            {"artifactLocation": _artifact(edit.file, base), "replacements": _replacements(edit)} for edit in fix.edits
        ],
    }


def _replacements(edit: FileEdit) -> list[dict[str, Any]]:
    """The changed lines, each block from its first column to that of the line after it."""
    before, after = edit.before.splitlines(keepends=True), edit.after.splitlines(keepends=True)

    def place(line: int) -> tuple[int, int]:
        """Line and column at which the line with this index begins; the end of the file if there is none."""
        ended = line < len(before) or not before or before[-1].endswith(("\n", "\r"))
        return (line + 1, 1) if ended else (line, len(before[-1]) + 1)

    return [
        {
            "deletedRegion": dict(
                zip(("startLine", "startColumn", "endLine", "endColumn"), (*place(start), *place(end)), strict=True)
            ),
            "insertedContent": {"text": "".join(after[new_start:new_end])},
        }
        for kind, start, end, new_start, new_end in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
