"""Why instances fail, by the reasons of StackSets."""

import pytest

from tapctl.fleet.cause import cause
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.report.hints import worded
from tests.support.golden import Golden

REFUSED = (
    "ResourceLogicalId:Fn, ResourceType:AWS::Lambda::Function, ResourceStatusReason:Resource handler returned message:"
    " \"Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its"
    ' minimum value of [100]. (Service: Lambda, Status Code: 400, Request ID: 1)" (RequestToken: 2, HandlerErrorCode:'
    " InvalidRequest)."
)


def test_a_cause_is_that_of_the_resource_with_its_meaning(golden: Golden) -> None:
    found = cause(REFUSED)

    assert "RequestToken" not in found.sentence
    golden(found.sentence)
    assert found.hint == advise(DeployAdvice.RUN_AGAIN_WITH_MINIMUM)


@pytest.mark.parametrize("reason", ["", "Cancelled since failure tolerance has exceeded"], ids=["none", "cancelled"])
def test_a_reason_of_stack_sets_stays_as_it_is(reason: str, golden: Golden) -> None:
    golden(cause(reason).sentence)


ROLE = "AWSCloudFormationStackSetExecutionRole"
EXISTS = "ResourceLogicalId:Q, ResourceType:AWS::SQS::Queue, ResourceStatusReason:shop already exists"


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param(
            f"Account 111111111111 should have '{ROLE}' role with trust relationship to Role 'Admin'.", id="no role"
        ),
        pytest.param(
            f"Account 111111111111 should have {ROLE} role with trust relationship to Role arn:aws:iam::2:role/Admin.",
            id="no role, named by its ARN",
        ),
        pytest.param(
            "Account 111111111111 should have 'Admin' role with trust relationship to CloudFormation service.",
            id="no administration role",
        ),
        pytest.param("Region eu-south-1 is not enabled in account 111111111111", id="a Region that is not enabled"),
        pytest.param(f"{EXISTS}.", id="a resource that exists"),
        pytest.param(
            f"{EXISTS} in stack arn:aws:cloudformation:eu-west-1:111111111111:stack/other/1.", id="one of another stack"
        ),
        pytest.param("Cancelled since failure tolerance has exceeded", id="cancelled"),
    ],
)
def test_the_next_step_is_one_that_a_fleet_has(reason: str, golden: Golden) -> None:
    found = cause(reason)

    assert found.hint
    assert "`--" not in worded(found.hint)
    golden([found.sentence, found.hint])
