"""What does not decide whether the deploy fits, and is worth knowing before it."""

import pytest

from tapctl.account.model import LiveFunction, Stack
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.settings.settings import Settings
from tapctl.unknown import Unknown
from tapctl.workflows.preflight import judge
from tests.support.fake_account import fake_account
from tests.support.golden import Golden
from tests.support.templates import template

SCALED = """
Parameters: {{P: {{Type: Number}}}}
Resources:
  Fn: {{Type: AWS::Lambda::Function, Properties: {{{function}}}}}
  V: {{Type: AWS::Lambda::Version, Properties: {{FunctionName: !Ref Fn}}}}
  Live:
    Type: AWS::Lambda::Alias
    Properties: {{FunctionName: !Ref Fn, FunctionVersion: !GetAtt V.Version, Name: live{alias}}}
  T:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ScalableDimension: lambda:function:ProvisionedConcurrency
      ResourceId: {id}
      MinCapacity: {least}
      MaxCapacity: 5000
      ScheduledActions: [{{ScalableTargetAction: {{MinCapacity: {scheduled}}}}}]
"""


def warnings(text: str, limit: int = 1000, unreserved: int | None = None, stack: Stack | None = None) -> list[Finding]:
    settings = Settings("t.yaml", stack_name=stack.name if stack else None)
    found = judge(template(text), fake_account(limit, unreserved, stack=stack), settings).findings
    return [finding for finding in found if finding.severity == "warning"]


def scaled(
    least: object = 900,
    function: str = "",
    alias: str = "",
    id_: str = "!Sub 'function:${Fn}:live'",
    scheduled: int = 1,
) -> str:
    return SCALED.format(least=least, function=function, alias=alias, id=id_, scheduled=scheduled)


PROVISIONED = ", ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 50}"


@pytest.mark.parametrize(
    ("text", "limit", "unreserved", "warned"),
    [
        pytest.param(scaled(900), 1000, None, False, id="all-that-may-be-provisioned"),
        pytest.param(scaled(901), 1000, None, True, id="one-more"),
        pytest.param(scaled(101), 1000, 200, True, id="beside-what-others-reserve"),
        pytest.param(scaled(900, alias=PROVISIONED), 1000, None, False, id="with-what-the-alias-provisions-itself"),
        pytest.param(scaled(901, alias=PROVISIONED), 1000, None, True, id="more-than-with-what-it-provisions-itself"),
        pytest.param(scaled(1), 10, None, True, id="any-in-a-new-account"),
        pytest.param(scaled(390), 400, None, False, id="maybe-enough-where-the-minimum-is-not-known"),
        pytest.param(scaled(391), 400, None, True, id="too-much-under-any-minimum"),
        pytest.param(scaled(10, "ReservedConcurrentExecutions: 10"), 1000, None, False, id="as-much-as-is-reserved"),
        pytest.param(scaled(11, "ReservedConcurrentExecutions: 10"), 1000, None, True, id="more-than-is-reserved"),
        pytest.param(scaled(11, "ReservedConcurrentExecutions: !Ref P"), 1000, None, False, id="maybe-reserved"),
        pytest.param(scaled("!Ref P"), 1000, None, False, id="an-unknown-minimum"),
        pytest.param(scaled(1, scheduled=901), 1000, None, True, id="by-a-schedule"),
        pytest.param(scaled(900, id_="function:theirs:live"), 1000, 200, False, id="a-function-elsewhere-may-reserve"),
        pytest.param(scaled(901, id_="function:theirs:live"), 1000, 200, True, id="more-than-the-account-has"),
        pytest.param(
            scaled(901, id_="!Sub ['function:${N}:live', {N: !Select [6, !Split [':', !Ref Live]]}]"),
            1000, None, True, id="named-as-the-cdk-does",
        ),
    ],
)  # fmt: skip
def test_a_target_that_can_never_be_met(
    text: str, limit: int, unreserved: int | None, warned: bool, golden: Golden
) -> None:
    found = warnings(text, limit, unreserved)
    assert [(finding.resource, finding.line, finding.verdict) for finding in found] == [("T", 9, Verdict.FITS)] * warned
    for finding in found:
        golden([finding.message, *map(str, finding.hints)])


MEMORY = """
Parameters: {{P: {{Type: Number}}}}
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      MemorySize: {}
      {}
"""
INSTANCES = "CapacityProviderConfig: {LambdaManagedInstancesCapacityProviderConfig: {CapacityProviderArn: arn}}"


@pytest.mark.parametrize(
    ("memory", "limit", "more", "warned"),
    [
        pytest.param(3008, 10, "", False, id="as-much-as-new-accounts-have"),
        pytest.param(3009, 10, "", True, id="more"),
        pytest.param("'10240'", 999, "", True, id="below-the-default-limit"),
        pytest.param(10240, 1000, "", False, id="at-the-default-limit"),
        pytest.param("!Ref P", 10, "", False, id="not-known"),
        pytest.param(10240, 10, INSTANCES, False, id="on-managed-instances"),
    ],
)
def test_memory_that_new_accounts_do_not_have(
    memory: object, limit: int, more: str, warned: bool, golden: Golden
) -> None:
    found = warnings(MEMORY.format(memory, more), limit)
    assert [(finding.resource, finding.line) for finding in found] == [("Fn", 7)] * warned
    for finding in found:
        golden([finding.message, *map(str, finding.hints)])


def test_a_reservation_of_0_stops_the_function(golden: Golden) -> None:
    text = "Resources: {Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 0}}}"
    (found,) = warnings(text)
    assert (found.resource, found.verdict) == ("Fn", Verdict.FITS)
    golden([found.message, *map(str, found.hints)])


LOWERED = "Resources: {{Fn: {{Type: AWS::Lambda::Function, Properties: {{ReservedConcurrentExecutions: {}}}}}}}"


@pytest.mark.parametrize(
    ("reserved", "limit", "unreserved", "warned"),
    [
        pytest.param(5, 1000, 99, True, id="already-below-the-minimum"),
        pytest.param(5, 1000, 100, False, id="at-the-minimum"),
        pytest.param(20, 1000, 99, False, id="nothing-is-lowered"),
        pytest.param(5, 400, 10, False, id="maybe-at-the-minimum"),
        pytest.param(5, 400, 9, True, id="below-any-minimum"),
    ],
)
def test_a_rollback_that_the_account_refuses(
    reserved: int, limit: int, unreserved: int, warned: bool, golden: Golden
) -> None:
    stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": LiveFunction("mine-Fn", 20, 0)})
    found = warnings(LOWERED.format(reserved), limit, unreserved, stack)
    assert [finding.resource for finding in found] == ["Fn"] * warned
    for finding in found:
        golden([finding.message, *map(str, finding.hints)])


RESERVES = "Resources: {{Fn: {{Type: AWS::Lambda::Function, Properties: {{ReservedConcurrentExecutions: {}}}}}}}"


@pytest.mark.parametrize(
    ("reserved", "claimed", "warned"),
    [
        pytest.param(100, 700, False, id="the-peak-fits"),  # 300 are claimed, 400 ran beside, 600 are left
        pytest.param(250, 750, False, id="to-the-last-one"),
        pytest.param(251, 750, True, id="one-less-is-left"),
        pytest.param(250, Unknown("cloudwatch:GetMetricData was denied"), False, id="it-may-not-be-read"),
        pytest.param(0, 1000, False, id="nothing-more-is-claimed"),
    ],
)
def test_less_than_the_peak_of_two_weeks_is_left(
    reserved: int, claimed: int | Unknown, warned: bool, golden: Golden
) -> None:
    reader = fake_account(1000, 700, claimed_peak=claimed)
    result = judge(template(RESERVES.format(reserved)), reader, Settings("t.yaml"))
    found = [finding.message for finding in result.findings if finding.message.startswith("fits, but leaves")]
    assert (result.verdict, bool(found)) == (Verdict.FITS, warned)
    if warned:
        golden(found)
