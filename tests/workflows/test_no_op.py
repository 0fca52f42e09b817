"""A deploy that has nothing to do: how few calls it takes to know, and when it is left to CloudFormation."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tapctl import sandbox
from tapctl.aws.session import Aws, Connection
from tapctl.concurrency.remedy import RemedyMode
from tapctl.settings.settings import Settings
from tapctl.stacks.options import Options
from tapctl.state.journal import mark_verified
from tapctl.template.load import load
from tapctl.workflows.deploy import DeployResult, deploy
from tapctl.workflows.deployer import DeployRequest
from tapctl.workflows.gate import Blocked
from tests.support.fake_ui import FakeUI
from tests.support.shared_sandbox import SharedSandbox

pytestmark = pytest.mark.xdist_group("unchanged")

FUNCTION: Mapping[str, Any] = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::123456789012:role/x",
        "Code": "code",
        "Environment": {"Variables": {"KEY": {"Ref": "Key"}, "STAGE": {"Ref": "Stage"}}},
        "ReservedConcurrentExecutions": 50,
    },
}
BODY: Mapping[str, Any] = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "dev"},
        "Key": {"Type": "String", "NoEcho": True, "Default": "none"},
    },
    "Resources": {"Fn": FUNCTION},
    "Outputs": {"Name": {"Value": {"Ref": "Fn"}}},
}
CHANGE_SET = "cloudformation:CreateChangeSet"


@dataclass
class RepeatedDeploys:
    """Deploys one template again and again, and counts the calls."""

    target: Connection
    folder: Path
    calls: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    prepared: list[str] = field(default_factory=list)
    """Whether what follows a deploy was prepared, for each deploy that had anything to change."""

    def deploy(
        self, body: Mapping[str, Any] = BODY, options: Options | None = None, *, proves: bool = False, **more: Any
    ) -> DeployResult:
        path = self.folder / "t.json"
        path.write_text(json.dumps(body))
        self.calls.clear()
        aws = Aws(self.target, lambda said: self.calls.append(said.removeprefix("calling ")))
        allowed = Settings(str(path), stack_name="s", region="us-east-1", remedy=RemedyMode.ADJUST)
        settings = replace(allowed, **more)
        ui = FakeUI()
        request = DeployRequest(aws, load(str(path)), settings, options or Options(), verifies=proves)
        request = replace(request, while_waiting=lambda: self.prepared.append("prepared"))
        done = deploy(request, ui)
        self.steps = ui.steps
        assert done is not None
        return done


@pytest.fixture
def deploys(
    shared_sandbox: SharedSandbox, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> RepeatedDeploys:
    limits = sandbox.AccountLimits(getattr(request, "param", 1000))
    running = shared_sandbox.use_account(monkeypatch, tmp_path / "state", limits)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "index.py").write_text("def handler(event, context): return 1\n")
    return RepeatedDeploys(Connection(running.region, endpoint=running.endpoint, keys=running.keys), tmp_path)


def test_two_reads_tell_that_there_is_nothing_to_do(deploys: RepeatedDeploys) -> None:
    first = deploys.deploy(tags={"team": "shop"})

    again = deploys.deploy(tags={"team": "shop"})

    assert deploys.calls == ["cloudformation:DescribeStacks", "cloudformation:GetTemplate"]
    assert deploys.prepared == ["prepared"]
    assert (first.outcome.changed, again.outcome.changed) == (True, False)
    assert (again.outcome.stack_id, again.outcome.outputs) == (first.outcome.stack_id, first.outcome.outputs)


def test_a_verification_is_owed_by_every_deploy_until_one_succeeds(deploys: RepeatedDeploys) -> None:
    first = deploys.deploy(proves=True)
    again, without = deploys.deploy(proves=True), deploys.deploy()
    mark_verified(first.outcome.stack_id)
    settled = deploys.deploy(proves=True)

    assert [result.unverified for result in (first, again, without, settled)] == [True, True, True, False]
    assert [result.outcome.changed for result in (first, again, without, settled)] == [True, False, False, False]
    assert deploys.calls == ["cloudformation:DescribeStacks", "cloudformation:GetTemplate"]


def test_a_deploy_without_verification_owes_none(deploys: RepeatedDeploys) -> None:
    assert not deploys.deploy().unverified


@pytest.mark.parametrize("deploys", [10], indirect=True)
def test_a_remedy_that_is_still_the_right_one_takes_one_more(deploys: RepeatedDeploys) -> None:
    deploys.deploy()

    again = deploys.deploy()

    assert deploys.calls == [
        "cloudformation:DescribeStacks",
        "cloudformation:GetTemplate",
        "lambda:GetAccountSettings",
    ]
    assert not again.outcome.changed
    assert again.preflight is not None
    assert again.preflight.plan.changes["Fn"].value is None


@pytest.mark.parametrize("deploys", [10], indirect=True)
def test_a_remedy_that_is_deployed_already_needs_no_consent_again(deploys: RepeatedDeploys) -> None:
    deploys.deploy()

    again = deploys.deploy(remedy=RemedyMode.ASK)

    assert not again.outcome.changed
    assert again.preflight is not None
    assert again.preflight.plan.changes["Fn"].value is None


@pytest.mark.parametrize("deploys", [10], indirect=True)
def test_without_consent_nothing_is_uploaded_and_no_change_set_is_created(deploys: RepeatedDeploys) -> None:
    with pytest.raises(Blocked):
        deploys.deploy(remedy=RemedyMode.ASK)

    assert CHANGE_SET not in deploys.calls
    assert [call for call in deploys.calls if call.startswith("s3:")] == []


@pytest.mark.parametrize("deploys", [10], indirect=True)
def test_a_remedy_that_is_no_longer_needed_is_taken_back(deploys: RepeatedDeploys) -> None:
    deploys.deploy()
    sandbox.start(sandbox.AccountLimits(1000))

    assert deploys.deploy().outcome.changed
    assert not deploys.deploy().outcome.changed


def test_a_secret_is_known_by_its_fingerprint_and_another_is_deployed(deploys: RepeatedDeploys) -> None:
    deploys.deploy(parameters={"Key": "hunter2"})

    assert not deploys.deploy(parameters={"Key": "hunter2"}).outcome.changed
    assert CHANGE_SET not in deploys.calls
    assert deploys.deploy(parameters={"Key": "hunter3"}).outcome.changed


def test_a_secret_that_this_machine_did_not_pass_is_left_to_cloudformation(deploys: RepeatedDeploys) -> None:
    deploys.deploy(parameters={"Key": "hunter2"})
    client = Aws(deploys.target).client("cloudformation")
    kept = [{"ParameterKey": "Stage", "UsePreviousValue": True}, {"ParameterKey": "Key", "ParameterValue": "other"}]
    client.update_stack(StackName="s", UsePreviousTemplate=True, Parameters=kept)
    client.get_waiter("stack_update_complete").wait(StackName="s", WaiterConfig={"Delay": 1})

    assert deploys.deploy(parameters={"Key": "hunter2"}).outcome.changed


def with_code(body: Mapping[str, Any], **properties: Any) -> dict[str, Any]:
    changed = {**FUNCTION, "Properties": {**FUNCTION["Properties"], **properties}}
    return {**body, "Resources": {"Fn": changed}}


@pytest.mark.parametrize(
    ("body", "more"),
    [
        pytest.param(BODY, {"parameters": {"Stage": "prod"}}, id="a parameter"),
        pytest.param(with_code(BODY, MemorySize=256), {}, id="a property"),
        pytest.param(with_code(BODY, ReservedConcurrentExecutions=60), {}, id="a reservation"),
        pytest.param({**BODY, "Outputs": {**BODY["Outputs"], "More": {"Value": "x"}}}, {}, id="an output"),
    ],
)
def test_a_difference_is_deployed(deploys: RepeatedDeploys, body: Mapping[str, Any], more: Mapping[str, Any]) -> None:
    deploys.deploy()

    deploys.deploy(body, **more)

    assert CHANGE_SET in deploys.calls


def test_changed_code_is_deployed(deploys: RepeatedDeploys) -> None:
    deploys.deploy()
    (deploys.folder / "code" / "index.py").write_text("def handler(event, context): return 2\n")

    assert deploys.deploy().outcome.changed


@pytest.mark.parametrize(
    ("body", "more"),
    [
        pytest.param(BODY, {"tags": {"team": "shop"}}, id="tags that the stack does not have"),
        pytest.param(BODY, {"notification_arns": ("arn:of:topic",)}, id="a topic that it does not have"),
        pytest.param(BODY, {"options": Options(import_existing=True)}, id="resources to import"),
        pytest.param(
            {**BODY, "Parameters": {**BODY["Parameters"], "P": {"Type": "AWS::SSM::Parameter::Value<String>"}}},
            {"parameters": {"P": "/p"}},
            id="a parameter whose value lives elsewhere",
        ),
        pytest.param(
            with_code(BODY, Description="{{resolve:ssm:/p}}"), {}, id="a reference whose value lives elsewhere"
        ),
    ],
)
def test_an_uncertain_difference_is_left_to_cloudformation(
    deploys: RepeatedDeploys, body: Mapping[str, Any], more: Mapping[str, Any]
) -> None:
    Aws(deploys.target).client("ssm").put_parameter(Name="/p", Value="x", Type="String", Overwrite=True)
    given = {name: value for name, value in more.items() if name == "parameters"}
    deploys.deploy(body, **given)

    deploys.deploy(body, **more)

    assert CHANGE_SET in deploys.calls


def test_termination_protection_is_set_where_it_is_not_and_left_alone_where_it_is(deploys: RepeatedDeploys) -> None:
    deploys.deploy()

    deploys.deploy(termination_protection=True)
    assert deploys.calls[2:] == ["cloudformation:UpdateTerminationProtection", "cloudformation:DescribeStacks"]
    deploys.deploy(termination_protection=True)
    assert deploys.calls[2:] == []


def test_a_template_in_yaml_is_compared_by_what_it_says(deploys: RepeatedDeploys) -> None:
    path = deploys.folder / "t.json"
    text = "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties: {QueueName: !Sub '${AWS::StackName}-q'}\n"

    def changes(content: str) -> bool:
        path.write_text(content)
        deploys.calls.clear()
        aws = Aws(deploys.target, lambda said: deploys.calls.append(said.removeprefix("calling ")))
        settings = Settings(str(path), stack_name="y", region="us-east-1")
        done = deploy(DeployRequest(aws, load(str(path)), settings), FakeUI())
        assert done is not None
        return done.outcome.changed

    assert changes(text)
    assert not changes(f"# a comment\n{text}")
    assert len(deploys.calls) == 2
