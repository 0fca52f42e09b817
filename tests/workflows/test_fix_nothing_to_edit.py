"""Why nothing is edited although the template does not fit."""

import pytest

from tapctl.account.model import LiveFunction, Quota, Stack
from tapctl.concurrency.remedy import RemedyMode
from tapctl.concurrency.verdict import Verdict
from tapctl.hints import Advice, Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.settings.settings import Settings
from tapctl.unknown import Unknown
from tapctl.workflows.fix import why_no_edit
from tapctl.workflows.preflight import judge
from tests.support.fake_account import FakeAccount, fake_account
from tests.support.fixed import judged, read
from tests.support.golden import Golden
from tests.support.hints import noted

FUNCTION = "Resources: {{Fn: {{Type: AWS::Lambda::Function, Properties: {{ReservedConcurrentExecutions: {}}}}}}}"
PROVISIONED = """\
Resources:
  Fn: {Type: AWS::Lambda::Function}
  Version: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Fn}}
  Alias:
    Type: AWS::Lambda::Alias
    Properties:
      FunctionName: !Ref Fn
      Name: live
      FunctionVersion: !GetAtt Version.Version
      ProvisionedConcurrencyConfig:
        ProvisionedConcurrentExecutions: 30
"""
TABLE = "Resources: {T: {Type: AWS::DynamoDB::Table}}"


def test_a_forbidden_remedy_is_named(golden: Golden) -> None:
    message, hints = why_no_edit(judged(read(FUNCTION.format(50)), 20, remedy=RemedyMode.FAIL))
    assert hints == ()
    golden(message)


@pytest.mark.parametrize(
    ("mode", "advice"),
    [(RemedyMode.ADJUST, JudgementAdvice.DEPLOY_IN_TWO_STEPS), (RemedyMode.ASK, JudgementAdvice.ALLOW_TWO_STEPS)],
    ids=["allowed", "with-consent"],
)
def test_two_steps_need_no_edit(mode: RemedyMode, advice: Advice, golden: Golden) -> None:
    stack = Stack("mine", "UPDATE_COMPLETE", {"Old": LiveFunction("old", 60, 0)})
    settings = Settings("t.yaml", stack_name="mine", remedy=mode)
    result = judge(read(FUNCTION.format(60)), fake_account(1000, 140, stack=stack), settings)
    message, hints = why_no_edit(result)
    assert hints == (advise(advice),)
    golden(message)


@pytest.mark.parametrize(
    ("text", "reader", "hints"),
    [
        pytest.param(TABLE, fake_account(quotas={"dynamodb/L-F98FE922": Quota(10, 10)}), (), id="another-limit"),
        pytest.param(
            FUNCTION.format("!ImportValue x"),
            fake_account(lookups={"import:x": Unknown("x was denied", noted("allow the action x"))}),
            (noted("allow the action x"),),
            id="unknown",
        ),
    ],
)
def test_the_decisive_limit_is_named(text: str, reader: FakeAccount, hints: tuple[Hint, ...], golden: Golden) -> None:
    message, found = why_no_edit(judge(read(text), reader, Settings("t.yaml")))
    assert found == hints
    golden(message)


def test_provisioned_concurrency_is_named_with_its_line_and_the_next_step(golden: Golden) -> None:
    result = judged(read(PROVISIONED), 20)
    findings = [finding for finding in result.findings if finding.verdict is result.verdict]
    assert [(finding.resource, finding.line) for finding in findings] == [("Fn", 11)]
    message, hints = why_no_edit(result)
    golden([message, *hints])


HIDING = """\
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 50}}
  Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://x/y}}
"""


def test_an_unknown_claim_that_blocks_the_remedy_is_named(golden: Golden) -> None:
    """The known claims exceed the limit in any case; the remedy depends on the unknown one."""
    result = judged(read(HIDING), 20)
    assert result.verdict is Verdict.EXCEEDS
    (finding,) = [finding for finding in result.findings if finding.verdict is Verdict.EXCEEDS]
    assert finding.resource == "Fn"
    message, hints = why_no_edit(result)
    golden([message, *hints, *finding.hints])
