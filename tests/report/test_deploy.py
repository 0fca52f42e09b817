"""The result of a deploy as text and JSON."""

import json

import pytest

from tapctl.concurrency.remedy import RemedyMode
from tapctl.errors import ExitCode, NotVerified
from tapctl.report import deploy
from tapctl.report.formats import FORMATS
from tapctl.report.render import RenderOptions
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.changes import ResourceChange
from tapctl.stacks.validations import Validation
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.verify import Verification
from tapctl.workflows.deploy_step import StepOutcome
from tapctl.workflows.gate import Blocked
from tests.support.fixed import judged, read
from tests.support.golden import Golden
from tests.support.hints import noted

PLAIN = RenderOptions(100, color=False)
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"


@pytest.mark.parametrize("changed", [True, False], ids=["changed", "unchanged"])
def test_the_outcome_precedes_the_outputs(changed: bool, golden: Golden) -> None:
    outcome = StepOutcome("shop", STACK_ID, "UPDATE_COMPLETE", changed, {"Url": "https://shop.example"})

    golden(deploy.outputs(outcome, PLAIN))


def test_a_stack_without_outputs_has_no_table() -> None:
    outcome = StepOutcome("shop", STACK_ID, "CREATE_COMPLETE", changed=True)

    assert deploy.outputs(outcome, PLAIN) == "stack shop is CREATE_COMPLETE\n"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop",
            id="an emoji of rich",
        ),
        pytest.param("[/foo]", id="the end of a style"),
        pytest.param("a [red] b", id="a style"),
    ],
)
def test_an_output_is_printed_literally(value: str) -> None:
    outcome = StepOutcome("shop", STACK_ID, "CREATE_COMPLETE", changed=True, outputs={"It": value})

    assert value in deploy.outputs(outcome, PLAIN)


def test_a_long_output_is_wrapped() -> None:
    outcome = StepOutcome("shop", STACK_ID, "CREATE_COMPLETE", changed=True, outputs={"It": "x" * 500})

    assert deploy.outputs(outcome, PLAIN).count("x") == 500


def test_the_document_has_the_changes_the_losses_and_the_warnings_of_aws() -> None:
    warning = Validation("SERVICE_QUOTA", "FAILED", "WARN", "5 of 5", "Vpc", "/Resources/Vpc")
    executed = ChangeSet("set", STACK_ID, (ResourceChange("Remove", "Table", "AWS::DynamoDB::Table"),), (warning,))
    outcome = StepOutcome("shop", STACK_ID, "UPDATE_COMPLETE", changed=True, executed=executed)

    document = json.loads(deploy.as_json(None, outcome, None))

    assert [change["logical_id"] for change in document["changes"]] == ["Table"]
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


def test_the_document_of_a_deploy_without_changes_is_empty() -> None:
    outcome = StepOutcome("shop", STACK_ID, "UPDATE_COMPLETE", changed=False)

    document = json.loads(deploy.as_json(None, outcome, None))

    assert (document["changes"], document["losses"], document["validations"]) == ([], {}, [])


TEMPLATE = """\
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties:
      ReservedConcurrentExecutions: 30
"""
DEPLOYED = StepOutcome("shop", STACK_ID, "CREATE_COMPLETE", changed=True)
DROPPED = judged(read(TEMPLATE), 0, remedy=RemedyMode.ADJUST)
LOWERED = judged(read(TEMPLATE), 20, remedy=RemedyMode.ADJUST)
FITTING = judged(read(TEMPLATE), 30)


class TestARemedy:
    def test_it_is_the_last_line(self, golden: Golden) -> None:
        lines = [deploy.remedy_line(result) for result in (DROPPED, LOWERED, FITTING, None)]

        assert lines[2:] == ["", ""]
        golden(lines[:2])

    def test_it_is_in_the_document_of_a_deploy_and_of_no_other(self, golden: Golden) -> None:
        blocked = deploy.Transcript(DROPPED)
        documents = [
            deploy.as_json(DROPPED, DEPLOYED, None),
            deploy.as_json(FITTING, DEPLOYED, None),
            deploy.as_json(DROPPED, DEPLOYED, None, declined=True),
            deploy.declined_json("shop", blocked),
            deploy.failure_json("shop", blocked, Blocked(ExitCode.EXCEEDS, "no consent")),
        ]

        remedied = [json.loads(document)["remedied"] for document in documents]
        assert [list(names) for names in remedied] == [["Worker"], [], [], [], []]
        golden(remedied[0])

    def test_it_is_a_warning_of_github_at_its_line(self, golden: Golden) -> None:
        checks = (
            Check(
                "Worker", CheckStatus.PROVED, "reservation of 30 in the template, dropped by the remedy", remedied=True
            ),
            Check("Worker", CheckStatus.FAILED, "Timeout is 29, expected 30"),
        )
        reports = {
            "verified": deploy.success(DROPPED, DEPLOYED, Verification("shop", checks)),
            "not verified": deploy.success(DROPPED, DEPLOYED, None, NotVerified("not verified", noted("look"))),
            "without a remedy": deploy.success(FITTING, DEPLOYED, None),
            "unchanged": deploy.success(None, DEPLOYED, None),
            "blocked": deploy.failure(DROPPED, Blocked(ExitCode.EXCEEDS, "no consent", noted("allow it"))),
            "failed before the verdict": deploy.failure(None, Blocked(ExitCode.EXCEEDS, "nothing")),
        }
        for name, report in reports.items():
            golden(FORMATS["github"](report), name)


def test_each_upload_of_a_plan_is_one_line(golden: Golden) -> None:
    golden(deploy.uploads({"s3://bucket/1.zip": "code of Fn", "s3://bucket/2.template": "the template"}, PLAIN))
