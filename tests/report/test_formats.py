"""The formats for other tools: every level, and text with the characters that each format must escape."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from tapctl.account.model import SANDBOX_HAS_NONE
from tapctl.cli.options import FindingsFormat
from tapctl.report import preflight, verify
from tapctl.report.finding import FunctionRow, Level, Report, ReportItem, ReportScope, of_verification
from tapctl.report.formats import FORMATS
from tapctl.template.model import Template
from tapctl.template.parse import parse
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.verify import Verification

ITEMS = (
    ReportItem("limit-a", Level.PASS, "Fine", "it fits"),
    ReportItem("limit-b", Level.NOTE, "Seen", "not looked at", "allow the action", judged=False),
    ReportItem("W1", Level.WARNING, "", "a smell", file="t.yaml", line=3),
    ReportItem("limit-c", Level.INCONCLUSIVE, "Perhaps", "nobody knows", file="t.yaml"),
    ReportItem("limit-d", Level.ERROR, "Fn", "too much", "ask for less", "my stack/t.yaml", 12),
)
REPORT = Report("preflight", "preflight of t.yaml", "exceeds: too much", ITEMS, "t.yaml")


def report_of(item: ReportItem) -> Report:
    return Report("verify", "t", "s", (item,), "shop.yaml")


@pytest.mark.parametrize("renderers", [preflight.RENDERERS, verify.RENDERERS], ids=["preflight", "verify"])
def test_every_format_of_the_option_has_a_renderer(renderers: Any) -> None:
    assert set(renderers) == {member.value for member in FindingsFormat}


def test_sarif_has_the_problems_with_their_places() -> None:
    (run,) = json.loads(FORMATS["sarif"](REPORT))["runs"]

    assert [(result["ruleId"], result["level"]) for result in run["results"]] == [
        ("W1", "warning"),
        ("limit-c", "warning"),
        ("limit-d", "error"),
    ]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == [result["ruleId"] for result in run["results"]]
    assert run["results"][-1]["message"] == {"text": "Fn: too much (hint: ask for less)"}
    assert run["results"][-1]["locations"] == [
        {
            "logicalLocations": [{"name": "Fn"}],
            "physicalLocation": {
                "artifactLocation": {"uri": "my%20stack/t.yaml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 12},
            },
        }
    ]


def test_a_limit_that_was_not_judged_is_a_notification_of_sarif() -> None:
    (run,) = json.loads(FORMATS["sarif"](REPORT))["runs"]
    (invocation,) = run["invocations"]
    (notification,) = invocation["toolExecutionNotifications"]

    assert invocation["executionSuccessful"] is True
    assert (notification["level"], notification["message"]["text"]) == (
        "note",
        "Seen: not looked at (hint: allow the action)",
    )
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules[notification["associatedRule"]["index"]] == notification["associatedRule"]["id"] == "limit-b"


@pytest.mark.parametrize(
    ("rule", "level", "docs"),
    [
        pytest.param("lambda-reserved-concurrency", "error", "https://github.com/", id="a limit"),
        pytest.param("tapctl:duplicate-key", "warning", "https://github.com/", id="a rule of tapctl"),
        pytest.param("verify-output", "error", "https://github.com/", id="a check"),
        pytest.param("W3045", "warning", "https://github.com/aws-cloudformation/cfn-lint/", id="a rule of cfn-lint"),
    ],
)
def test_a_sarif_rule_says_what_it_is(rule: str, level: str, docs: str) -> None:
    (run,) = json.loads(FORMATS["sarif"](report_of(ReportItem(rule, Level.ERROR, "Fn", "m"))))["runs"]
    (found,) = run["tool"]["driver"]["rules"]

    assert found["defaultConfiguration"] == {"level": level}
    assert found["helpUri"].startswith(docs)
    assert found["name"].isalnum()
    assert all(found[part]["text"] for part in ("shortDescription", "fullDescription", "help"))
    assert found["helpUri"] in found["help"]["markdown"]


def test_sarif_names_environment_and_stack() -> None:
    report = replace(REPORT, scope=ReportScope("staging", "shop-staging", "123456789012", "eu-west-1"))
    (run,) = json.loads(FORMATS["sarif"](report))["runs"]

    assert run["automationDetails"] == {"id": "tapctl/preflight/staging/shop-staging/"}


def fingerprints_of(*items: ReportItem) -> list[str]:
    (run,) = json.loads(FORMATS["sarif"](replace(REPORT, items=items)))["runs"]
    return [result["partialFingerprints"]["tapctl/v1"] for result in run["results"]]


def test_a_fingerprint_stays_when_the_line_and_the_numbers_change() -> None:
    item = ReportItem("limit-d", Level.ERROR, "Fn", "100 of 10", file="t.yaml", line=3, identity="Fn")

    assert fingerprints_of(item) == fingerprints_of(
        replace(item, message="100 of 20", line=9, level=Level.INCONCLUSIVE)
    )
    assert len({*fingerprints_of(item, item, replace(item, identity="B"), replace(item, rule="x"))}) == 4


def test_paths_are_from_the_root_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")
    report = report_of(ReportItem("r", Level.ERROR, "Fn", "m", file="t.yaml", line=3))
    (run,) = json.loads(FORMATS["sarif"](report))["runs"]

    artifact = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "shop/t.yaml", "uriBaseId": "%SRCROOT%"}
    assert run["originalUriBaseIds"] == {"%SRCROOT%": {"uri": f"{tmp_path.as_uri()}/"}}
    assert json.loads(FORMATS["gitlab"](report))[0]["location"]["path"] == "shop/t.yaml"
    assert "file=shop/t.yaml," in FORMATS["github"](report)


def test_github_annotates_no_limit_that_the_sandbox_lacks() -> None:
    message = f"Standard SNS topics: {SANDBOX_HAS_NONE.reason}"
    lacking = ReportItem("sns-topics", Level.NOTE, "T", message, judged=False)
    denied = replace(lacking, rule="sqs-queues", message="not authorized")

    lines = FORMATS["github"](replace(REPORT, items=(lacking, denied, lacking))).splitlines()
    assert lines == ["::notice title=sqs-queues::T: not authorized", REPORT.sentence]


def test_gitlab_has_the_problems_with_a_severity_and_a_line() -> None:
    problems = json.loads(FORMATS["gitlab"](REPORT))

    assert [(problem["check_name"], problem["severity"]) for problem in problems] == [
        ("limit-b", "info"),
        ("W1", "minor"),
        ("limit-c", "major"),
        ("limit-d", "critical"),
    ]
    assert problems[-1]["description"] == "Fn: too much (hint: ask for less)"
    assert problems[-1]["location"] == {"path": "my stack/t.yaml", "lines": {"begin": 12}}
    assert problems[0]["location"] == {"path": "t.yaml", "lines": {"begin": 1}}
    assert len({problem["fingerprint"] for problem in problems}) == 4


def test_sarif_names_its_version() -> None:
    document = json.loads(FORMATS["sarif"](report_of(ITEMS[0])))

    assert document["version"] == "2.1.0"
    assert document["runs"][0]["results"] == []


@pytest.mark.parametrize(
    ("file", "line", "place"),
    [
        pytest.param("", None, ("shop.yaml", 1), id="no place"),
        pytest.param("t.yaml", None, ("t.yaml", 1), id="only a file"),
        pytest.param("<stdin>", 7, ("stdin", 7), id="standard input"),
    ],
)
def test_a_sarif_result_always_has_a_place(file: str, line: int | None, place: tuple[str, int]) -> None:
    (run,) = json.loads(FORMATS["sarif"](report_of(ReportItem("r", Level.ERROR, "", "m", file=file, line=line))))[
        "runs"
    ]

    (where,) = [location["physicalLocation"] for location in run["results"][0]["locations"]]
    assert (where["artifactLocation"]["uri"], where["region"]["startLine"]) == place


def test_sarif_names_the_resource_once() -> None:
    item = ReportItem("lambda-reserved-concurrency", Level.ERROR, "Fn", "Fn reserves 100")
    (run,) = json.loads(FORMATS["sarif"](report_of(item)))["runs"]

    assert run["results"][0]["message"] == {"text": "Fn reserves 100"}


CHECKS = tuple(
    Check(subject, CheckStatus.FAILED, "it is not")
    for subject in ("Queue", "output Url", "stack", "output Gone", "Gone")
)
TEMPLATE = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\nOutputs:\n  Url:\n    Value: !Ref Queue\n"


def test_a_check_has_the_line_of_its_resource_or_output() -> None:
    source = parse(TEMPLATE, "shop.yaml")
    report = of_verification(Verification("shop", CHECKS, template=Template(source, source.value)), "not verified")

    assert [(item.file, item.line) for item in report.items] == [("shop.yaml", line) for line in (2, 5, 1, 1, 1)]
    assert report.file == "shop.yaml"


def test_a_check_without_a_template_has_no_place() -> None:
    report = of_verification(Verification("shop", CHECKS), "not verified")

    assert {(item.file, item.line) for item in report.items} == {("", None)}
    assert report.file == "shop.template"


def test_junit_has_a_case_for_each_item_and_counts_them() -> None:
    suites = Xml.fromstring(FORMATS["junit"](REPORT))

    counts = {name: suites.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "5", "failures": "1", "errors": "1", "skipped": "2"}
    outcomes = [[child.tag for child in case] for case in suites.iter("testcase")]
    assert outcomes == [[], ["skipped"], ["skipped"], ["error"], ["failure"]]
    last = list(suites.iter("testcase"))[-1]
    assert last.attrib == {"classname": "preflight.Fn", "name": "limit-d", "file": "my stack/t.yaml", "line": "12"}
    failure = last[0]
    assert (failure.get("message"), failure.get("type"), failure.text) == ("too much", "limit-d", "ask for less")


def test_the_names_of_junit_hold_no_values_and_are_unique() -> None:
    items = [ReportItem("verify-resource", Level.PASS, "Fn", f"MemorySize is {size}") for size in (128, 256)]
    suites = Xml.fromstring(FORMATS["junit"](replace(REPORT, command="verify", items=tuple(items))))

    names = [(case.get("classname"), case.get("name")) for case in suites.iter("testcase")]
    assert names == [("verify.Fn", "verify-resource"), ("verify.Fn", "verify-resource (2)")]


@pytest.mark.parametrize("message", ["a < b & c", 'say "no"', "null \x00 and bell \x07", "half \ud800 of a pair"])
def test_junit_is_valid_xml_for_any_message(message: str) -> None:
    for level in Level:
        Xml.fromstring(FORMATS["junit"](report_of(ReportItem(message, level, message, message, message, message))))


def test_github_annotates_the_worst_first_and_ends_with_the_sentence() -> None:
    assert FORMATS["github"](REPORT) == (
        "::error file=my stack/t.yaml,line=12,title=limit-d::Fn: too much (hint: ask for less)\n"
        "::warning file=t.yaml,title=limit-c::Perhaps: nobody knows\n"
        "::warning file=t.yaml,line=3,title=W1::a smell\n"
        "::notice title=limit-b::Seen: not looked at (hint: allow the action)\n"
        "exceeds: too much\n"
    )


def test_github_escapes_messages() -> None:
    item = ReportItem("a:b,c", Level.ERROR, "", "100%\n::error::x")

    assert FORMATS["github"](report_of(item)) == "::error title=a%3Ab%2Cc::100%25%0A::error::x\ns\n"


def test_markdown_has_a_table_of_the_problems() -> None:
    assert FORMATS["markdown"](REPORT) == (
        "### preflight of t.yaml\n\nexceeds: too much\n\n"
        "| | what | found |\n| --- | --- | --- |\n"
        "| note | Seen | not looked at (hint: allow the action) |\n"
        "| warning | W1 t.yaml:3 | a smell |\n"
        "| **open** | Perhaps | nobody knows |\n"
        "| **error** | Fn my stack/t.yaml:12 | too much (hint: ask for less) |\n"
    )


def test_markdown_has_the_scope_and_the_functions() -> None:
    report = replace(
        report_of(ITEMS[0]),
        scope=ReportScope("staging", "shop", "123456789012", "eu-west-1"),
        functions=(FunctionRow("Fn", "100", "-", "exceeds", "lower to 30"),),
    )

    assert FORMATS["markdown"](report) == (
        "### t\n\ns\n\nenvironment staging · stack shop · account 123456789012 · Region eu-west-1\n\n"
        "| function | requested | live | verdict | remedy |\n| --- | ---: | ---: | --- | --- |\n"
        "| Fn | 100 | - | exceeds | lower to 30 |\n"
    )


@pytest.mark.parametrize(
    ("message", "written"),
    [
        pytest.param("a | b", r"a \| b", id="a bar"),
        pytest.param("<b>*x*_y_", r"\<b\>\*x\*\_y\_", id="markup"),
        pytest.param("give `--a_b`", "give `--a_b`", id="code"),
        pytest.param("match `a|b`", r"match `a\|b`", id="a bar in code"),
        pytest.param("` b", r"\` b", id="a lone backtick"),
        pytest.param("two\nlines", "two lines", id="two lines"),
    ],
)
def test_markdown_escapes_messages(message: str, written: str) -> None:
    text = FORMATS["markdown"](report_of(ReportItem("r", Level.ERROR, "s", message)))

    assert text.splitlines()[-1] == f"| **error** | s | {written} |"


def test_markdown_without_findings_is_the_sentence() -> None:
    assert FORMATS["markdown"](report_of(ITEMS[0])) == "### t\n\ns\n"


def test_an_annotation_names_the_resource_once() -> None:
    item = ReportItem("lambda-reserved-concurrency", Level.ERROR, "Fn", "Fn reserves 100")
    assert FORMATS["github"](report_of(item)) == "::error title=lambda-reserved-concurrency::Fn reserves 100\ns\n"
