"""Throttles that take the place of a reservation."""

from tapctl.concurrency.verdict import Finding
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


def test_a_queue_can_throttle_without_a_reservation(golden: Golden) -> None:
    golden(findings(QUEUES.format(reserved=100, second=2), 140)[0].hints[-1])


def test_a_stage_can_throttle_without_a_reservation(golden: Golden) -> None:
    golden(findings(API, 140)[0].hints[-1])
