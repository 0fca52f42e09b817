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
from tapctl.stacks.change_set_request import TagChange
from tapctl.stacks.changes import walk
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

    def request(self, name: str, body: Mapping[str, Any], options: Options, **more: Any) -> DeployRequest:
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(body))
        settings = Settings(str(path), stack_name=name, region="us-east-1", **more)
        return DeployRequest(self.aws, load(str(path)), settings, options)

    def plan(self, name: str, body: Mapping[str, Any], options: Options | None = None, **more: Any) -> Planned:
        return plan(self.request(name, body, options or Options(), **more), FakeUI())

    def deploy(self, name: str, body: Mapping[str, Any], **more: Any) -> None:
        deploy(self.request(name, body, Options(), **more), FakeUI())

    def objects(self) -> list[str]:
        """The keys in the artifact bucket; none where there is no bucket."""
        s3 = self.aws.client("s3")
        return [
            entry["Key"]
            for bucket in s3.list_buckets()["Buckets"]
            for entry in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", [])
        ]

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


def test_the_tags_that_go_are_named(workspace: PlanWorkspace) -> None:
    body = {"Resources": {"A": QUEUE}}
    workspace.deploy("tagged", body, tags={"team": "a", "stage": "dev"})

    more = workspace.plan("tagged", body, tags={"stage": "prod"})
    whole = workspace.plan("tagged", body, tags={"stage": "prod"}, all_tags=True)

    assert more.change_set is not None
    assert whole.change_set is not None
    assert more.change_set.tags == (TagChange("stage", "dev", "prod"),)
    assert whole.change_set.tags == (TagChange("team", "a", None), TagChange("stage", "dev", "prod"))


def nested(workspace: PlanWorkspace, child: Mapping[str, Any]) -> Mapping[str, Any]:
    """A template with a queue of its own and the nested stack `Child`."""
    (workspace.folder / "child.json").write_text(json.dumps({"Resources": child}))
    stack = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "child.json"}}
    return {"Resources": {"A": QUEUE, "Child": stack}}


def test_a_plan_uploads_nothing_and_names_what_a_deploy_would(workspace: PlanWorkspace) -> None:
    before = workspace.objects()
    new = workspace.plan("parent", nested(workspace, {"B": QUEUE}))
    assert (new.compared, list(new.uploads.values())) == (True, ["TemplateURL of Child"])
    assert changes(new) == [("Add", "A"), ("Add", "Child")]
    assert workspace.objects() == before

    workspace.deploy("parent", nested(workspace, {"B": QUEUE}))
    uploaded = workspace.objects()
    same = workspace.plan("parent", nested(workspace, {"B": QUEUE}))
    update = workspace.plan("parent", nested(workspace, {"C": QUEUE}))

    assert (same.compared, dict(same.uploads)) == (False, {})
    assert (update.compared, changes(update)) == (True, [("Modify", "Child")])
    assert update.change_set is not None
    assert sorted((name, change.action) for name, change in walk(update.change_set.changes)) == [
        ("Child", "Modify"), ("Child/B", "Remove"), ("Child/C", "Add"),
    ]  # fmt: skip
    assert workspace.objects() == uploaded


def test_code_is_not_uploaded_for_a_change_set(workspace: PlanWorkspace) -> None:
    (workspace.folder / "code").mkdir()
    (workspace.folder / "code" / "index.py").write_text("def handle(event, context): return 1\n")
    properties = {"Runtime": "python3.12", "Handler": "index.handle", "Code": "code", "Role": "arn:aws:iam::1:role/any"}
    before = workspace.objects()

    planned = workspace.plan("code", {"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": properties}}})

    assert (planned.compared, list(planned.uploads.values())) == (False, ["code of Fn"])
    assert changes(planned) == [("Add", "Fn")]
    assert workspace.objects() == before


def test_a_large_template_is_sent_without_its_indentation(workspace: PlanWorkspace) -> None:
    path = workspace.folder / "large.json"
    body = {"Resources": {f"Queue{number}": QUEUE for number in range(300)}}
    path.write_text(json.dumps(body, indent=40))
    settings = Settings(str(path), stack_name="large", region="us-east-1")

    planned = plan(DeployRequest(workspace.aws, load(str(path)), settings), FakeUI())

    assert (planned.compared, list(planned.uploads.values())) == (False, ["the template"])
    assert len(changes(planned)) == 300
