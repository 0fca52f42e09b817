import json

import pytest

from tapctl.report import deploy
from tapctl.report.render import RenderOptions
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.changes import ResourceChange
from tapctl.stacks.validations import Validation
from tapctl.workflows.deploy_step import Outcome

PLAIN = RenderOptions(100, color=False)
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"


@pytest.mark.parametrize(
    ("changed_it", "said"),
    [
        pytest.param(True, "stack shop is UPDATE_COMPLETE", id="changed"),
        pytest.param(False, "stack shop is up to date: nothing to change", id="unchanged"),
    ],
)
def test_the_outcome_is_said_in_one_sentence(changed_it: bool, said: str) -> None:
    outcome = Outcome("shop", STACK_ID, "UPDATE_COMPLETE", changed_it, {"Url": "https://shop.example"})

    text = deploy.outputs(outcome, PLAIN)

    assert text.splitlines()[0] == said
    assert text.splitlines()[-1].split() == ["Url", "https://shop.example"]


def test_a_stack_without_outputs_gets_no_empty_table() -> None:
    outcome = Outcome("shop", STACK_ID, "CREATE_COMPLETE", changed=True)

    assert deploy.outputs(outcome, PLAIN) == "stack shop is CREATE_COMPLETE\n"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop",
            id="what rich takes for the emoji of a secret",
        ),
        pytest.param("[/foo]", id="what rich takes for the end of a style"),
        pytest.param("a [red] b", id="what rich takes for a style"),
    ],
)
def test_an_output_is_shown_as_it_is(value: str) -> None:
    outcome = Outcome("shop", STACK_ID, "CREATE_COMPLETE", changed=True, outputs={"It": value})

    assert value in deploy.outputs(outcome, PLAIN)


def test_a_long_output_is_broken_and_not_cut() -> None:
    outcome = Outcome("shop", STACK_ID, "CREATE_COMPLETE", changed=True, outputs={"It": "x" * 500})

    assert deploy.outputs(outcome, PLAIN).count("x") == 500


def test_the_document_of_a_deploy_holds_what_was_changed_and_what_aws_warned_of() -> None:
    warning = Validation("SERVICE_QUOTA", "FAILED", "WARN", "5 of 5", "Vpc", "/Resources/Vpc")
    executed = ChangeSet("set", STACK_ID, (ResourceChange("Remove", "Table", "AWS::DynamoDB::Table"),), (warning,))
    outcome = Outcome("shop", STACK_ID, "UPDATE_COMPLETE", changed=True, executed=executed)

    document = json.loads(deploy.as_json(None, outcome, None))

    assert [each["logical_id"] for each in document["changes"]] == ["Table"]
    assert document["losses"] == {"Table": "its items"}
    assert document["validations"] == [
        {
            "name": "SERVICE_QUOTA",
            "status": "FAILED",
            "mode": "WARN",
            "resource": "Vpc",
            "path": "/Resources/Vpc",
            "message": "5 of 5",
        }
    ]
    assert (document["changed"], document["verdict"]) == (True, "fits")


def test_the_document_of_a_deploy_that_had_nothing_to_do_holds_no_changes() -> None:
    outcome = Outcome("shop", STACK_ID, "UPDATE_COMPLETE", changed=False)

    document = json.loads(deploy.as_json(None, outcome, None))

    assert (document["changes"], document["losses"], document["validations"]) == ([], {}, [])
