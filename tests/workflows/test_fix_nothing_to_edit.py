"""What is said where there is nothing to edit although it does not fit."""

import pytest

from tapctl.account.model import LiveFunction, Quota, Stack
from tapctl.concurrency.remedy import RemedyMode
from tapctl.concurrency.verdict import Verdict
from tapctl.settings.settings import Settings
from tapctl.unknown import Unknown
from tapctl.workflows.fix import why_none
from tapctl.workflows.preflight import judge
from tests.support.fake_account import FakeAccount, fake_account
from tests.support.fixed import judged, read

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


def test_a_remedy_that_is_forbidden_is_no_remedy_that_there_is_not() -> None:
    said = why_none(judged(read(FUNCTION.format(50)), 20, remedy=RemedyMode.FAIL))
    assert said.endswith(": `--remedy fail` forbids the edit that might mend that")


def test_what_two_steps_bring_about_needs_no_edit() -> None:
    stack = Stack("mine", "UPDATE_COMPLETE", {"Old": LiveFunction("old", 60, 0)})
    found = judge(
        read(FUNCTION.format(60)), fake_account(1000, 140, stack=stack), Settings("t.yaml", stack_name="mine")
    )
    assert why_none(found).endswith(": nothing to edit, since `tapctl deploy` lowers first and raises then")


@pytest.mark.parametrize(
    ("text", "reader", "expected"),
    [
        pytest.param(
            TABLE,
            fake_account(quotas={"dynamodb/L-F98FE922": Quota(10, 10)}),
            "DynamoDB tables: 10 used, 1 more, of 10: no edit would mend that",
            id="another-limit",
        ),
        pytest.param(
            FUNCTION.format("!ImportValue x"),
            fake_account(lookups={"import:x": Unknown("x was denied", "allow the action x")}),
            "Fn asks for concurrency that is not known: x was denied (allow the action x):"
            " nothing is edited while that is not known",
            id="not-known",
        ),
    ],
)
def test_it_is_the_limit_in_question_that_is_named(text: str, reader: FakeAccount, expected: str) -> None:
    assert why_none(judge(read(text), reader, Settings("t.yaml"))) == expected


def test_what_is_provisioned_is_named_with_its_line_and_what_would_help() -> None:
    found = judged(read(PROVISIONED), 20)
    assert [(each.resource, each.line) for each in found.findings if each.verdict is found.verdict] == [("Fn", 11)]
    helps = "only reservations are edited here; lower or remove the provisioned concurrency of Fn by hand"
    assert why_none(found).endswith(f": {helps}")


HIDING = """\
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 50}}
  Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://x/y}}
"""


def test_while_a_claim_is_not_known_that_is_what_is_said() -> None:
    """The rest exceeds in any case, and is what is blamed; what would fit hangs on what nobody knows."""
    found = judged(read(HIDING), 20)
    assert found.verdict is Verdict.EXCEEDS
    blamed = [each for each in found.findings if each.verdict is Verdict.EXCEEDS]
    assert [each.resource for each in blamed] == ["Fn"]
    assert "while the claim of Inner/* is not known (the template of nested stack" in str(blamed[0].hint)
    assert ": nothing is edited while the claim of Inner/* is not known (" in why_none(found)
