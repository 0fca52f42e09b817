import pytest

from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.report.finding import Level, ReportItem, of_verification
from tapctl.report.finding import level as level_of
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.verify import Verification
from tests.support.hints import noted


@pytest.mark.parametrize(
    ("finding", "level"),
    [
        (Finding("l", Verdict.FITS, "m"), Level.PASS),
        (Finding("l", Verdict.UNKNOWN, "m"), Level.INCONCLUSIVE),
        (Finding("l", Verdict.UNCERTAIN, "m"), Level.INCONCLUSIVE),
        (Finding("l", Verdict.EXCEEDS, "m"), Level.ERROR),
        (Finding("l", Verdict.UNKNOWN, "m", judged=False), Level.NOTE),
        (Finding(None, Verdict.FITS, "m", rule="E1", severity="error"), Level.ERROR),
        (Finding(None, Verdict.FITS, "m", rule="W1", severity="warning"), Level.WARNING),
        (Finding(None, Verdict.FITS, "m", rule="I1", severity="informational"), Level.NOTE),
    ],
)
def test_how_much_a_finding_matters(finding: Finding, level: Level) -> None:
    assert level_of(finding) is level


@pytest.mark.parametrize(
    ("subject", "rule"),
    [
        ("stack", "verify-stack"),
        ("output Arn", "verify-output"),
        ("http Url/health", "verify-http"),
        ("invoke Fn", "verify-invoke"),
        ("configuration", "verify-configuration"),
        ("webhook", "verify-webhook"),
        ("Fn", "verify-resource"),
        ("AWS::S3::Bucket", "verify-resource"),
    ],
)
def test_a_check_has_a_rule_by_what_it_is_about(subject: str, rule: str) -> None:
    results = of_verification(Verification("shop", (Check(subject, CheckStatus.FAILED, "m", noted("h")),)), "s")

    assert results.items == (ReportItem(rule, Level.ERROR, subject, "m", "h"),)
    assert (results.command, results.title, results.sentence) == ("verify", "verification of stack shop", "s")
