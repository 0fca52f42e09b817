"""`tapctl explain`, and `preflight --explain`."""

from pathlib import Path

import pytest

from tapctl.errors import ExitCode
from tapctl.report.words import NEXT_STEPS
from tests.cli.conftest import Tapctl
from tests.support.golden import Golden


@pytest.mark.parametrize(
    "topic",
    [
        "exceeds",
        "unknown",
        "4",
        "130",
        "lambda-reserved-concurrency",
        "tapctl:handler",
        "handler",
        "E3012",
        "cell",
        "cell-unread",
        "override set",
        "canary",
        "outdated",
        "INOPERABLE",
        "Left out",
        "remedy",
        "floor",
        "peak",
    ],
)
def test_a_topic(topic: str, tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("explain", topic)

    assert answer.code == 0
    golden(answer.out)


def test_every_failure_has_a_next_step() -> None:
    assert NEXT_STEPS.keys() == set(ExitCode) - {ExitCode.OK}


def test_all_topics_are_listed(tapctl: Tapctl) -> None:
    text = tapctl("explain").out

    assert all(
        f"  {word}" in text for word in ("uncertain", "130", "fleet", "not-checked", "vpc-vpcs", "verify-webhook")
    )


@pytest.mark.parametrize("topic", ["uncertian", "9", "", "inoperabel", "remdy"])
def test_an_unknown_word_is_refused(topic: str, tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("explain", topic)

    assert answer.is_error(2)
    golden(answer.err)


TEMPLATE = """\
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: x}, ReservedConcurrentExecutions: 20}}
  Topic: {Type: AWS::SNS::Topic}
"""


@pytest.mark.parametrize("limit", [10, 400, 1000])
def test_the_sum_of_a_verdict(limit: int, workdir: Path, tapctl: Tapctl, golden: Golden) -> None:
    (workdir / "t.yaml").write_text(TEMPLATE)
    limits = f'{{"concurrent_executions": {limit}, "unreserved_concurrent_executions": {limit}}}'
    (workdir / "a.json").write_text(f'{{"schema": "tapctl.account/1", "limits": {limits}}}')

    golden(tapctl("preflight", "t.yaml", "--snapshot", "a.json", "--no-lint", "--explain").out)


def test_beside_a_document_the_sum_is_talk(workdir: Path, tapctl: Tapctl) -> None:
    (workdir / "t.yaml").write_text(TEMPLATE)
    limits = '{"concurrent_executions": 10, "unreserved_concurrent_executions": 10}'
    (workdir / "a.json").write_text(f'{{"schema": "tapctl.account/1", "limits": {limits}}}')
    answer = tapctl("preflight", "t.yaml", "--snapshot", "a.json", "--no-lint", "--explain", "--format", "json")

    assert answer.json()["schema"] == "tapctl.preflight/1"
    assert "unreserved now" in answer.err
