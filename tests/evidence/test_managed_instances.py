"""How the answer on a reservation of managed instances is read, and that none is started."""

import pytest

from tapctl.evidence import EXPERIMENTS
from tapctl.evidence.experiment import Observation, Seen
from tapctl.evidence.managed_instances import LINKED_ROLE, OPERATOR
from tests.support.golden import Golden

ROW = EXPERIMENTS["lambda-managed-instances"]
PUT = "lambda:PutFunctionConcurrency"
NO_ROOM = "It decreases account's UnreservedConcurrentExecution below its minimum value of [100]."


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Observation(PUT, code="InvalidParameterValueException", message=NO_ROOM), id="counted"),
        pytest.param(Observation(PUT, code="X", message="not supported"), id="refused"),
        pytest.param(Observation(PUT, {}), id="accepted"),
    ],
)
def test_each_answer_decides_the_open_claim(answer: Observation, golden: Golden) -> None:
    reading = ROW.reads(Seen(1000, 1000, 100, {"reserved": answer}))

    assert (reading.claim, reading.agrees) == ("managed-instances", None)
    golden(reading.answer)


def test_no_instance_can_start() -> None:
    (policy,) = OPERATOR["Properties"]["Policies"]
    actions = policy["PolicyDocument"]["Statement"][0]["Action"]
    body = next(call.parameters["TemplateBody"] for call in ROW.calls if call.operation == "CreateStack")

    assert all(action.startswith("ec2:Describe") for action in actions)
    assert body["Resources"]["Function"]["Properties"]["PublishToLatestPublished"] is False
    assert "PublishVersion" not in {call.operation for call in ROW.calls}


def test_without_the_role_of_lambda_nothing_is_made_that_would_stay() -> None:
    first = ROW.calls[0]

    assert (first.action, first.parameters, first.may_fail) == ("iam:GetRole", {"RoleName": LINKED_ROLE}, False)
