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
    cases: Counter[tuple[str, str]] = Counter()
    for item in report.items:
        place = f"{report.command}.{item.subject or item.rule}", item.rule
        cases[place] += 1
        _case(suite, place, cases[place], item)
    Xml.indent(suites)
    return Xml.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: Xml.Element, called: tuple[str, str], number: int, item: ReportItem) -> None:
    """A case, whose class and name are the same in the next run: they hold no value of the account or the stack."""
    name = called[1] if number == 1 else f"{called[1]} ({number})"
    place = {"classname": _clean(called[0]), "name": _clean(name)}
    if item.file:
        place |= {"file": _clean(item.file)} | ({"line": str(item.line)} if item.line else {})
    case = Xml.SubElement(suite, "testcase", place)
    if outcome := _OUTCOMES.get(item.level):
        attributes = {"message": _clean(item.message)} | ({} if outcome == "skipped" else {"type": _clean(item.rule)})
        Xml.SubElement(case, outcome, attributes).text = _clean(item.hint) if item.hint else None


def _clean(text: str) -> str:
    return _ILLEGAL.sub("?", text)
