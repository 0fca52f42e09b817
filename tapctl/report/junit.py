"""JUnit XML, for the test views of CI systems: a suite per command, a case per finding.

Source: https://github.com/testmoapp/junitxml
"""

import re
from collections import Counter
from xml.etree import ElementTree as Xml

from tapctl.report.finding import Level, Report, ReportItem

_OUTCOMES = {Level.NOTE: "skipped", Level.WARNING: "skipped", Level.INCONCLUSIVE: "error", Level.ERROR: "failure"}
"""The element of a case that did not pass; JUnit's error is a test without a verdict."""

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot represent."""


def as_junit(report: Report) -> str:
    outcomes = Counter(_OUTCOMES.get(item.level) for item in report.items)
    counts = {
        "tests": str(len(report.items)),
        "failures": str(outcomes["failure"]),
        "errors": str(outcomes["error"]),
        "skipped": str(outcomes["skipped"]),
    }
    suites = Xml.Element("testsuites", {"name": "tapctl", **counts})
    suite = Xml.SubElement(suites, "testsuite", {"name": _clean(report.title), **counts})
    for item in report.items:
        _case(suite, report.command, item)
    Xml.indent(suites)
    return Xml.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: Xml.Element, command: str, item: ReportItem) -> None:
    name = item.message if item.level is Level.PASS else item.rule
    place = {"classname": _clean(f"{command}.{item.subject or item.rule}"), "name": _clean(name)}
    if item.file:
        place |= {"file": _clean(item.file)} | ({"line": str(item.line)} if item.line else {})
    case = Xml.SubElement(suite, "testcase", place)
    if outcome := _OUTCOMES.get(item.level):
        attributes = {"message": _clean(item.message)} | ({} if outcome == "skipped" else {"type": item.rule})
        Xml.SubElement(case, outcome, attributes).text = _clean(item.hint) if item.hint else None


def _clean(text: str) -> str:
    return _ILLEGAL.sub("?", text)
