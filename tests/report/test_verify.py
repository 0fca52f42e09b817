import json

import pytest

from tapctl.report import verify
from tapctl.report.render import RenderOptions
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.verify import Verification

PLAIN = RenderOptions(100, color=False)
PROVED = Check("Key", CheckStatus.PROVED, "state is Enabled")
FAILED = Check("Fn", CheckStatus.FAILED, "timeout is 29, the template says 30", "deploy it again")
UNSEEN = Check("Table", CheckStatus.NOT_CHECKED, "dynamodb:DescribeTable was denied", "allow the action")


def test_a_line_for_each_check_and_a_sentence_at_the_end() -> None:
    text = verify.as_text(Verification("shop", (PROVED, FAILED, UNSEEN)), PLAIN)

    assert text == (
        "verification of stack shop\n"
        "ok      Key    state is Enabled\n"
        "FAILED  Fn     timeout is 29, the template says 30 (hint: deploy it again)\n"
        "?       Table  dynamodb:DescribeTable was denied (hint: allow the action)\n"
        "not verified: 1 of 3 checks failed, 1 not checked\n"
    )


POINTS = tuple(Check("Fn", CheckStatus.PROVED, f"{each} is 1", detail=True) for each in "abc")


def test_what_holds_of_a_resource_is_summed_up_before_what_does_not() -> None:
    text = verify.as_text(Verification("shop", (*POINTS[:2], FAILED, POINTS[2], PROVED)), PLAIN)

    assert text == (
        "verification of stack shop\n"
        "ok      Fn   3 points are as the template says\n"
        "FAILED  Fn   timeout is 29, the template says 30 (hint: deploy it again)\n"
        "ok      Key  state is Enabled\n"
        "not verified: 1 of 5 checks failed\n"
    )


def test_nothing_is_summed_up_where_everything_is_wanted() -> None:
    text = verify.as_text(Verification("shop", POINTS), RenderOptions(100, color=False, whole=True))

    assert [line.split()[2] for line in text.splitlines()[1:-1]] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("checks", "sentence"),
    [
        pytest.param((PROVED, PROVED), "verified: 2 proved", id="all proved"),
        pytest.param((PROVED, UNSEEN), "verified: 1 proved, 1 not checked", id="one not seen"),
        pytest.param((FAILED,), "not verified: 1 of 1 checks failed", id="one failed"),
    ],
)
def test_the_sentence_counts(checks: tuple[Check, ...], sentence: str) -> None:
    assert verify.as_text(Verification("shop", checks), PLAIN).splitlines()[-1] == sentence


def test_the_json_says_the_same() -> None:
    document = json.loads(verify.as_json(Verification("shop", (PROVED, FAILED)), PLAIN))

    assert document == {
        "schema": "tapctl.verify/1",
        "stack": "shop",
        "verified": False,
        "checks": [
            {"subject": "Key", "status": "proved", "message": "state is Enabled", "hint": None},
            {
                "subject": "Fn",
                "status": "failed",
                "message": "timeout is 29, the template says 30",
                "hint": "deploy it again",
            },
        ],
    }


@pytest.mark.parametrize("message", ["a [red] b", "[/x]", "[0]"])
def test_a_message_is_shown_as_it_is(message: str) -> None:
    assert message in verify.as_text(Verification("shop", (Check("It", CheckStatus.FAILED, message),)), PLAIN)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(
            Check("output Arn", CheckStatus.PROVED, "arn:aws:secretsmanager:us-east-1:1:secret:shop"),
            id="what rich takes for an emoji",
        ),
        pytest.param(
            Check("It", CheckStatus.FAILED, "no", "give `[verify.webhook]`"), id="a hint that names a section"
        ),
    ],
)
def test_hints_and_arns_are_shown_as_they_are(check: Check) -> None:
    text = verify.as_text(Verification("shop", (check,)), PLAIN)

    assert check.message in text
    assert (str(check.hint) or "") in text
