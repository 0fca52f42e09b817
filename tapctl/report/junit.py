"""JUnit XML, for the test views of CI systems: a suite a command, a case a finding.

Source: https://github.com/testmoapp/junitxml
"""

import re
from collections import Counter
from xml.etree import ElementTree as Xml

from tapctl.report.finding import Level, Report, ReportItem

_OUTCOMES = {Level.NOTE: "skipped", Level.WARNING: "skipped", Level.INCONCLUSIVE: "error", Level.ERROR: "failure"}
"""What a case holds when it is not well; an error is a test that came to no verdict."""

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""


def as_junit(results: Report) -> str:
    counted = Counter(_OUTCOMES.get(each.level) for each in results.records)
    counts = {
        "tests": str(len(results.records)),
        "failures": str(counted["failure"]),
        "errors": str(counted["error"]),
        "skipped": str(counted["skipped"]),
    }
    suites = Xml.Element("testsuites", {"name": "tapctl", **counts})
    suite = Xml.SubElement(suites, "testsuite", {"name": _clean(results.title), **counts})
    for record in results.records:
        _case(suite, results, record)
    Xml.indent(suites)
    return Xml.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: Xml.Element, results: Report, record: ReportItem) -> None:
    name = record.message if record.level is Level.PASS else record.rule
    place = {"classname": _clean(f"{results.command}.{record.subject or record.rule}"), "name": _clean(name)}
    if record.file:
        place |= {"file": _clean(record.file)} | ({"line": str(record.line)} if record.line else {})
    case = Xml.SubElement(suite, "testcase", place)
    if outcome := _OUTCOMES.get(record.level):
        said = {"message": _clean(record.message)} | ({} if outcome == "skipped" else {"type": record.rule})
        Xml.SubElement(case, outcome, said).text = _clean(record.hint) if record.hint else None


def _clean(text: str) -> str:
    return _ILLEGAL.sub("?", text)
