"""A plan: what a deploy would change, of which nothing is left."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tapctl import sandbox
from tapctl.aws.session import Aws
from tapctl.errors import UsageError
from tapctl.settings.settings import Settings
from tapctl.stacks.options import Options
from tapctl.template.load import load
from tapctl.workflows.deploy import deploy
from tapctl.workflows.deployer import Deployer
from tapctl.workflows.plan import Planned, plan
from tests.support.small_account import Recorder

pytestmark = pytest.mark.xdist_group("plan")

QUEUE: Mapping[str, Any] = {"Type": "AWS::SQS::Queue"}


@dataclass(frozen=True)
class Desk:
    """Plans and deploys templates, and looks at what is left."""

    aws: Aws
    folder: Path

    def deployer(self, name: str, body: Mapping[str, Any], options: Options) -> Deployer:
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(body))
        settings = Settings(str(path), stack_name=name, region="us-east-1")
        return Deployer(self.aws, settings, Recorder(), options=options)

    def plan(self, name: str, body: Mapping[str, Any], options: Options = Options()) -> Planned:  # noqa: B008 - frozen
        deployer = self.deployer(name, body, options)
        return plan(load(deployer.settings.template), deployer, Recorder(), None)

    def deploy(self, name: str, body: Mapping[str, Any]) -> None:
        deployer = self.deployer(name, body, Options())
        deploy(load(deployer.settings.template), deployer, Recorder(), None)

    def stacks(self) -> dict[str, str]:
        found = self.aws.client("cloudformation").list_stacks()["StackSummaries"]
        return {each["StackName"]: each["StackStatus"] for each in found if each["StackStatus"] != "DELETE_COMPLETE"}

    def sets(self, name: str) -> list[str]:
        found = self.aws.client("cloudformation").list_change_sets(StackName=name)["Summaries"]
        return [each["ChangeSetName"] for each in found if each["ExecutionStatus"] != "EXECUTE_COMPLETE"]


@pytest.fixture
def desk(aws: Aws, tmp_path: Path) -> Desk:
    return Desk(aws, tmp_path)


def told(planned: Planned) -> list[tuple[str, str]]:
    assert planned.found is not None
    return [(each.action, each.logical_id) for each in planned.found.changes]


def test_a_stack_that_is_not_there_is_planned_and_still_is_not(desk: Desk) -> None:
    assert told(desk.plan("new", {"Resources": {"A": QUEUE}})) == [("Add", "A")]
    assert "new" not in desk.stacks()


def test_an_update_is_planned_and_the_stack_stays_as_it_was(desk: Desk) -> None:
    desk.deploy("up", {"Resources": {"A": QUEUE}})

    assert sorted(told(desk.plan("up", {"Resources": {"B": QUEUE}}))) == [("Add", "B"), ("Remove", "A")]

    assert desk.stacks()["up"] == "CREATE_COMPLETE"
    assert desk.sets("up") == []


def test_no_change_is_no_change_set(desk: Desk) -> None:
    desk.deploy("same", {"Resources": {"A": QUEUE}})

    assert desk.plan("same", {"Resources": {"A": QUEUE}}).found is None
    assert desk.sets("same") == []


def test_a_stack_that_must_be_made_anew_is_planned_without_being_touched(
    desk: Desk, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(lambda: sandbox.start(sandbox.AccountLimits(1000)))
    sandbox.start(sandbox.AccountLimits(1000, floor=990))
    function = {
        "Runtime": "python3.11",
        "Handler": "index.handle",
        "Role": "arn:aws:iam::000000000000:role/any",
        "Code": {"ZipFile": "x"},
        "ReservedConcurrentExecutions": 50,
    }
    body = {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Resources": {
            "Fn": {"Type": "AWS::Lambda::Function", "Properties": function},
            "Not": {**QUEUE, "Condition": "Never"},
        },
    }
    client = desk.aws.client("cloudformation")
    client.create_stack(StackName="undone", TemplateBody=json.dumps(body))
    for _ in range(50):
        if desk.stacks()["undone"] == "ROLLBACK_COMPLETE":
            break
        time.sleep(0.1)
    sandbox.start(sandbox.AccountLimits(1000))

    assert told(desk.plan("undone", body)) == [("Add", "Fn")]
    assert desk.stacks()["undone"] == "ROLLBACK_COMPLETE"


def test_drift_of_a_stack_that_is_not_there_is_refused_before_anything_is_asked(desk: Desk) -> None:
    with pytest.raises(UsageError, match="--revert-drift is for a stack that exists"):
        desk.plan("none", {"Resources": {"A": QUEUE}}, Options(revert_drift=True))
    assert "none" not in desk.stacks()
