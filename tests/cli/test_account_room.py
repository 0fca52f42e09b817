"""How much more can be reserved in an account, and which requests for more are refused before they are sent."""

import json
from pathlib import Path

import pytest

from tapctl.cli.account import room
from tapctl.concurrency.judge import floor
from tests.cli.conftest import Tapctl
from tests.support.golden import Golden


@pytest.mark.parametrize(("limit", "unreserved"), [(1000, 250), (400, 120), (400, 60), (400, 8), (10, 10)])
def test_the_room_for_reservations_is_shown_as_far_as_the_floor_is_known(
    limit: int, unreserved: int, golden: Golden
) -> None:
    golden(room(unreserved, floor(limit)))


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["--request-increase", "many"], id="no number"),
        pytest.param(["--request-increase", "vpc-vpcs=0"], id="nothing"),
        pytest.param(["--request-increase", "vpc-vpc=10"], id="no limit"),
        pytest.param(["--request-increase", "vpc-vpcs=9", "--request-increase", "iam-users=9"], id="fixed"),
        pytest.param(["--wait"], id="nothing to wait for"),
    ],
)
def test_a_request_that_cannot_be_sent_is_named(
    options: list[str], tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch, golden: Golden
) -> None:
    for name, value in (("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_REGION", "eu-west-1")):
        monkeypatch.setenv(name, value)
    answer = tapctl("account", "--yes", *options)

    assert answer.is_error(2)
    golden(answer.err)


def test_a_value_and_a_limit_of_tapctl_toml_are_judged_by_a_snapshot(
    workdir: Path, tapctl: Tapctl, golden: Golden
) -> None:
    limits = {"concurrent_executions": 1000, "unreserved_concurrent_executions": 1000}
    quotas = {"vpc/L-F678F1CE": {"value": 5, "usage": 5}, "iot/L-00000001": {"value": 3, "usage": 1}}
    snapshot = {"schema": "tapctl.account/1", "limits": limits, "quotas": quotas}
    (workdir / "account.json").write_text(json.dumps(snapshot))
    (workdir / "template.yaml").write_text("Resources: {V: {Type: AWS::EC2::VPC}, A: {Type: AWS::IoT::Thing}}")
    (workdir / "tapctl.toml").write_text(
        '[limits."vpc/L-F678F1CE"]\nvalue = 20\nreason = "ticket 123"\n'
        '[[limits.own]]\ntype = "AWS::IoT::Thing"\nquota = "iot/L-00000001"\ncount = 3\ntitle = "Things"\n'
    )
    answer = tapctl("preflight", "--snapshot", "account.json", "--no-lint", "--format", "json")

    document = json.loads(answer.out)
    messages = {finding["limit"]: finding["message"] for finding in document["findings"]}
    assert (answer.code, document["coverage"]) == (3, [])
    golden([messages["vpc-vpcs"], messages["iot-l-00000001"]])


def test_the_title_of_an_own_limit_is_not_read_as_markup(workdir: Path, tapctl: Tapctl) -> None:
    limits = {"concurrent_executions": 1000, "unreserved_concurrent_executions": 1000}
    quotas = {"iot/L-00000001": {"value": 3, "usage": 1}}
    (workdir / "account.json").write_text(
        json.dumps({"schema": "tapctl.account/1", "limits": limits, "quotas": quotas})
    )
    (workdir / "tapctl.toml").write_text(
        '[[limits.own]]\ntype = "AWS::IoT::Thing"\nquota = "iot/L-00000001"\ntitle = "Things [/x]"\n'
    )
    answer = tapctl("account", "--snapshot", "account.json")

    assert (answer.code, "Things [/x]" in answer.out) == (0, True), answer
