"""Event sources that may run a function more often than it reserves, and throttles without a reservation."""

import pytest

from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.settings.settings import Settings
from tapctl.workflows.preflight import judge
from tests.support.fake_account import fake_account
from tests.support.golden import Golden
from tests.support.templates import template

QUEUES = """
Resources:
  Fn: {{Type: AWS::Lambda::Function, Properties: {{ReservedConcurrentExecutions: {reserved}}}}}
  Q: {{Type: AWS::SQS::Queue}}
  One:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Fn
      EventSourceArn: !GetAtt Q.Arn
      ScalingConfig: {{MaximumConcurrency: 20}}
  Two:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !GetAtt Fn.Arn
      EventSourceArn: arn:aws:sqs:eu-west-1:123456789012:theirs
      ScalingConfig: {{MaximumConcurrency: {second}}}
"""
API = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 100}}
  S: {Type: AWS::ApiGatewayV2::Stage}
"""


def findings(text: str, room: int = 1000) -> list[Finding]:
    found = judge(template(text), fake_account(1000, room), Settings("t.yaml")).findings
    return [finding for finding in found if finding.limit == "lambda-reserved-concurrency"]


@pytest.mark.parametrize(
    ("reserved", "second", "room", "warned"),
    [
        pytest.param(100, 30, 1000, None, id="enough"),
        pytest.param(50, 30, 1000, None, id="just-enough"),
        pytest.param(49, 30, 1000, 49, id="more-than-the-template-reserves"),
        pytest.param(100, 30, 140, 40, id="more-than-the-remedy-leaves"),
        pytest.param(100, 30, 100, None, id="nothing-where-the-reservation-is-dropped"),
        pytest.param(0, 30, 1000, None, id="nothing-where-the-function-is-stopped"),
        pytest.param(10, "!ImportValue x", 1000, None, id="nothing-where-one-is-not-known"),
    ],
)
def test_sources_that_run_more_at_once_are_warned_of(
    reserved: int, second: object, room: int, warned: int | None, golden: Golden
) -> None:
    found = findings(QUEUES.format(reserved=reserved, second=second), room)
    warnings = [finding for finding in found if finding.severity == "warning"]
    assert [finding.resource for finding in warnings] == (["One"] if warned else [])
    for warning in warnings:
        assert warning.verdict is Verdict.FITS
        assert f"reserves {warned};" in warning.message
        golden([warning.message, *warning.hints])


def test_a_queue_can_throttle_without_a_reservation(golden: Golden) -> None:
    golden(findings(QUEUES.format(reserved=100, second=2), 140)[0].hints[-1])


def test_a_stage_can_throttle_without_a_reservation(golden: Golden) -> None:
    golden(findings(API, 140)[0].hints[-1])
