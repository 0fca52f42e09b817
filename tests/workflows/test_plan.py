"""A plan: what a deploy would change, without leaving anything behind."""

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
from tapctl.workflows.deployer import DeployRequest
from tapctl.workflows.plan import Planned, plan
from tests.support.fake_ui import FakeUI

pytestmark = pytest.mark.xdist_group("plan")

QUEUE: Mapping[str, Any] = {"Type": "AWS::SQS::Queue"}


@dataclass(frozen=True)
class PlanWorkspace:
    """Plans and deploys templates."""

    aws: Aws
    folder: Path

    def request(self, name: str, body: Mapping[str, Any], options: Options) -> DeployRequest:
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(body))
        settings = Settings(str(path), stack_name=name, region="us-east-1")
        return DeployRequest(self.aws, load(str(path)), settings, options)

    def plan(self, name: str, body: Mapping[str, Any], options: Options = Options()) -> Planned:  # noqa: B008 - frozen
        return plan(self.request(name, body, options), FakeUI())

    def deploy(self, name: str, body: Mapping[str, Any]) -> None:
        deploy(self.request(name, body, Options()), FakeUI())

    def stacks(self) -> dict[str, str]:
        stacks = self.aws.client("cloudformation").list_stacks()["StackSummaries"]
        return {
            stack["StackName"]: stack["StackStatus"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"
        }

    def change_sets(self, name: str) -> list[str]:
        summaries = self.aws.client("cloudformation").list_change_sets(StackName=name)["Summaries"]
        return [summary["ChangeSetName"] for summary in summaries if summary["ExecutionStatus"] != "EXECUTE_COMPLETE"]


@pytest.fixture
def workspace(aws: Aws, tmp_path: Path) -> PlanWorkspace:
    return PlanWorkspace(aws, tmp_path)


def changes(planned: Planned) -> list[tuple[str, str]]:
    assert planned.change_set is not None
    return [(change.action, change.logical_id) for change in planned.change_set.changes]


def test_a_new_stack_is_planned_and_not_created(workspace: PlanWorkspace) -> None:
    assert changes(workspace.plan("new", {"Resources": {"A": QUEUE}})) == [("Add", "A")]
    assert "new" not in workspace.stacks()


def test_an_update_is_planned_and_the_stack_is_not_changed(workspace: PlanWorkspace) -> None:
    workspace.deploy("up", {"Resources": {"A": QUEUE}})

    assert sorted(changes(workspace.plan("up", {"Resources": {"B": QUEUE}}))) == [("Add", "B"), ("Remove", "A")]

    assert workspace.stacks()["up"] == "CREATE_COMPLETE"
    assert workspace.change_sets("up") == []


def test_no_change_is_no_change_set(workspace: PlanWorkspace) -> None:
    workspace.deploy("same", {"Resources": {"A": QUEUE}})

    assert workspace.plan("same", {"Resources": {"A": QUEUE}}).change_set is None
    assert workspace.change_sets("same") == []


def test_a_stack_that_must_be_recreated_is_planned_and_not_changed(
    workspace: PlanWorkspace, request: pytest.FixtureRequest
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
    client = workspace.aws.client("cloudformation")
    client.create_stack(StackName="undone", TemplateBody=json.dumps(body))
    for _ in range(50):
        if workspace.stacks()["undone"] == "ROLLBACK_COMPLETE":
            break
        time.sleep(0.1)
    sandbox.start(sandbox.AccountLimits(1000))

    assert changes(workspace.plan("undone", body)) == [("Add", "Fn")]
    assert workspace.stacks()["undone"] == "ROLLBACK_COMPLETE"


def test_drift_of_a_new_stack_is_refused_before_anything_is_created(workspace: PlanWorkspace) -> None:
    with pytest.raises(UsageError, match="--revert-drift"):
        workspace.plan("none", {"Resources": {"A": QUEUE}}, Options(revert_drift=True))
    assert "none" not in workspace.stacks()
