import json

import pytest

from tapctl.report import verify
from tapctl.report.hints import worded
from tapctl.report.render import RenderOptions
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.verify import Verification
from tests.support.golden import Golden
from tests.support.hints import noted

PLAIN = RenderOptions(100, color=False)
PROVED = Check("Key", CheckStatus.PROVED, "KeyState is Enabled")
FAILED = Check("Fn", CheckStatus.FAILED, "Timeout is 29, expected 30", noted("deploy it again"))
NOT_CHECKED = Check("Table", CheckStatus.NOT_CHECKED, "dynamodb:DescribeTable was denied", noted("allow the action"))
DETAILS = tuple(Check("Fn", CheckStatus.PROVED, f"{name} is 1", detail=True) for name in "abc")


def as_text(*checks: Check, options: RenderOptions = PLAIN) -> str:
    return verify.as_text(Verification("shop", checks), options)


def test_a_line_for_each_check_and_a_summary(golden: Golden) -> None:
    golden(as_text(PROVED, FAILED, NOT_CHECKED))


def test_proved_properties_of_a_resource_are_counted_before_its_other_checks(golden: Golden) -> None:
    golden(as_text(*DETAILS[:2], FAILED, DETAILS[2], PROVED))


def test_a_long_subject_is_shown_to_its_end() -> None:
    subject = f"{'Nested' * 12}/Function"
    rows = as_text(Check(subject, CheckStatus.PROVED, "Timeout is 3 " * 20)).splitlines()[1:-1]

    assert "".join(row[4:].partition("  ")[0].strip() for row in rows).startswith(subject)


def test_verbose_text_has_a_line_for_each_property() -> None:
    text = as_text(*DETAILS, options=RenderOptions(100, color=False, verbose=True))

    assert [line.split()[2] for line in text.splitlines()[1:-1]] == ["a", "b", "c"]


def test_the_verdict_line_names_the_first_failure(golden: Golden) -> None:
    lines = {
        checks: verify.verdict_line(Verification("shop", checks), PLAIN)
        for checks in [(PROVED,), (PROVED, FAILED, NOT_CHECKED)]
    }

    golden(list(lines.values()))


@pytest.mark.parametrize(
    ("checks", "summary"),
    [
        pytest.param((PROVED, PROVED), "verified: 2 proved", id="all proved"),
        pytest.param((PROVED, NOT_CHECKED), "verified: 1 proved, 1 not checked", id="one not checked"),
        pytest.param((FAILED,), "not verified: 1 of 1 checks failed", id="one failed"),
    ],
)
def test_the_summary_counts_checks(checks: tuple[Check, ...], summary: str) -> None:
    assert as_text(*checks).splitlines()[-1] == summary


REMEDIED = Check(
    "Worker", CheckStatus.PROVED, "reservation of 30 in the template, dropped by the remedy", remedied=True
)


def test_a_remedy_is_in_the_last_line_and_is_a_warning_to_other_tools() -> None:
    summary = f"verified: 2 proved; Worker: {REMEDIED.message}"
    assert as_text(PROVED, REMEDIED).splitlines()[-1] == summary

    annotations = verify.RENDERERS["github"](Verification("shop", (PROVED, REMEDIED)), PLAIN)

    assert annotations.splitlines() == [
        f"::warning title=verify-resource::Worker: {REMEDIED.message}",
        summary,
    ]


def test_json_has_an_entry_for_each_check() -> None:
    document = json.loads(verify.as_json(Verification("shop", (PROVED, FAILED)), PLAIN))

    assert document == {
        "schema": "tapctl.verify/1",
        "stack": "shop",
        "verified": False,
        "checks": [
            {"subject": "Key", "status": "proved", "message": PROVED.message, "hint": None},
            {"subject": "Fn", "status": "failed", "message": FAILED.message, "hint": "deploy it again"},
        ],
    }


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(Check("It", CheckStatus.FAILED, "a [red] b"), id="a style"),
        pytest.param(Check("It", CheckStatus.FAILED, "[/x]"), id="a closing tag"),
        pytest.param(Check("It", CheckStatus.FAILED, "[0]"), id="an index"),
        pytest.param(
            Check("output Arn", CheckStatus.PROVED, "arn:aws:secretsmanager:us-east-1:1:secret:shop"), id="an emoji"
        ),
        pytest.param(Check("It", CheckStatus.FAILED, "no", noted("set `[verify.webhook]`")), id="a section in a hint"),
    ],
)
def test_messages_and_hints_are_not_read_as_markup(check: Check) -> None:
    text = as_text(check)

    assert check.message in text
    if check.status is CheckStatus.FAILED:
        assert check.message in verify.verdict_line(Verification("shop", (check,)), PLAIN)
    assert not check.hint or worded(check.hint) in text


ADDRESS = "https://r1.execute-api.eu-west-1.amazonaws.com/" + "a-long-path/" * 20


def test_a_log_gets_a_long_address_on_one_line_and_a_terminal_in_its_width() -> None:
    check = Check("webhook", CheckStatus.PROVED, f"{ADDRESS}: POST returned 200")
    assert f"{ADDRESS}: POST returned 200\n" in as_text(check)
    on_terminal = as_text(check, options=RenderOptions(80, color=False, wraps=True))
    assert max(len(line) for line in on_terminal.splitlines()) <= 80
