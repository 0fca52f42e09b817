"""One step of a deploy against the sandbox, or a stub for what no sandbox has."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tapctl import sandbox
from tapctl.account import snapshot
from tapctl.account.floor_cache import floor_in_error
from tapctl.aws.session import Aws
from tapctl.aws.stacks import StackDescription
from tapctl.errors import AwsError, DeployFailed, Interrupted, UsageError
from tapctl.packaging.package import MAX_BODY
from tapctl.resource_types import ABSENT
from tapctl.settings.settings import Settings
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.options import Options
from tapctl.stacks.stack import ReadyStack
from tapctl.stacks.status import StackAction
from tapctl.stacks.validations import Validation
from tapctl.template.load import load
from tapctl.template.model import Template
from tapctl.template.parse import parse
from tapctl.workflows import preflight
from tapctl.workflows.deploy_step import DeployStep, confirm, execute, run_step
from tapctl.workflows.deployer import Deployer, DeployRequest
from tests.support.fake_ui import FakeUI
from tests.support.golden import Golden
from tests.support.stubbed_stacks import STACK_ID, stubbed
from tests.support.workspace import QUEUE, Workspace, function

pytestmark = pytest.mark.xdist_group("deploy run")

SET_ID = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/tapctl-1/66666666-2222-3333-4444-555555555555"


@pytest.fixture
def workspace(aws: Aws, tmp_path: Path) -> Workspace:
    return Workspace(aws, tmp_path)


def test_a_stack_is_created_updated_and_left_alone_without_changes(workspace: Workspace) -> None:
    outputs = {"Where": {"Value": {"Ref": "A"}}}

    made = workspace.deploy("life", {"Resources": {"A": QUEUE}, "Outputs": outputs})
    changed = workspace.deploy("life", {"Resources": {"A": QUEUE, "B": QUEUE}, "Outputs": outputs})
    same = workspace.deploy("life", {"Resources": {"A": QUEUE, "B": QUEUE}, "Outputs": outputs})

    assert made is not None
    assert (made.status, made.changed, list(made.outputs)) == ("CREATE_COMPLETE", True, ["Where"])
    assert changed is not None
    assert (changed.status, changed.changed, changed.stack_id) == ("UPDATE_COMPLETE", True, made.stack_id)
    assert same is not None
    assert (same.status, same.changed, same.outputs) == ("UPDATE_COMPLETE", False, changed.outputs)
    assert workspace.change_sets("life") == []


def test_a_resource_with_a_false_condition_is_no_change(workspace: Workspace) -> None:
    conditions = {"Never": {"Fn::Equals": ["a", "b"]}}

    made = workspace.deploy(
        "picky", {"Conditions": conditions, "Resources": {"A": QUEUE, "B": QUEUE | {"Condition": "Never"}}}
    )

    assert made is not None
    assert [change.logical_id for change in workspace.ui.change_sets[0].changes] == ["A"]


def test_every_event_is_shown_once_and_the_stacks_own_comes_last(workspace: Workspace) -> None:
    workspace.deploy("shown", {"Resources": {"A": QUEUE}})

    assert [(event.logical_id, event.status) for event in workspace.ui.events] == [
        ("shown", "CREATE_IN_PROGRESS"),
        ("A", "CREATE_IN_PROGRESS"),
        ("A", "CREATE_COMPLETE"),
        ("shown", "CREATE_COMPLETE"),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(False, id="no"),
        pytest.param(KeyboardInterrupt, id="Ctrl-C"),
        pytest.param(EOFError, id="end of input"),
    ],
)
def test_anything_but_a_yes_leaves_no_stack_behind(answer: bool | type[BaseException], workspace: Workspace) -> None:
    workspace.ui.confirms = answer
    if isinstance(answer, bool):
        assert workspace.deploy("declined", {"Resources": {"A": QUEUE}}) is None
    else:
        with pytest.raises((Interrupted, EOFError)):
            workspace.deploy("declined", {"Resources": {"A": QUEUE}})

    assert len(workspace.ui.change_sets) == 1
    assert "declined" not in workspace.stacks()


def test_a_no_to_an_update_leaves_the_stack_as_it_was_and_no_change_set(workspace: Workspace) -> None:
    workspace.deploy("kept", {"Resources": {"A": QUEUE}})
    workspace.ui.confirms = False

    assert workspace.deploy("kept", {"Resources": {"B": QUEUE}}) is None

    assert workspace.stacks()["kept"] == "CREATE_COMPLETE"
    assert workspace.change_sets("kept") == []


def test_a_local_folder_is_uploaded_once(workspace: Workspace, function_folder: Path) -> None:
    body = {"Resources": {"Fn": function(Code="code", FunctionName="packed")}}

    workspace.deploy("packed", body)
    workspace.deploy("packed", body)

    uploads = [step for step in workspace.ui.steps if step.startswith("code of Fn")]
    assert [step.endswith("already uploaded") for step in uploads] == [False, True]
    payload = workspace.aws.client("lambda").invoke(FunctionName="packed")["Payload"].read()
    assert json.loads(payload) == 1


def test_a_template_that_is_too_long_for_a_request_is_uploaded(workspace: Workspace) -> None:
    body = {"Description": "x", "Metadata": {"filler": ["é" * 100] * 300}, "Resources": {"A": QUEUE}}
    assert len(json.dumps(body, ensure_ascii=False).encode()) > MAX_BODY

    outcome = workspace.deploy("long", body)

    assert outcome is not None
    assert outcome.status == "CREATE_COMPLETE"
    again = workspace.deploy("long", body)
    assert again is not None
    assert not again.changed


def test_the_remedy_is_deployed(workspace: Workspace) -> None:
    outcome = workspace.deploy("remedied", {"Resources": {"Fn": function(950, FunctionName="remedied")}})

    assert outcome is not None
    found = workspace.aws.client("lambda").get_function_concurrency(FunctionName="remedied")
    assert found["ReservedConcurrentExecutions"] == 900
    workspace.aws.client("cloudformation").delete_stack(StackName="remedied")


def test_parameters_that_are_not_given_keep_their_value(workspace: Workspace) -> None:
    body = {
        "Parameters": {"Stage": {"Type": "String"}, "Extra": {"Type": "String", "Default": "none"}},
        "Resources": {"A": {**QUEUE, "Properties": {"QueueName": {"Fn::Sub": "${Stage}-${Extra}"}}}},
        "Outputs": {"Stage": {"Value": {"Ref": "Stage"}}, "Extra": {"Value": {"Ref": "Extra"}}},
    }

    workspace.deploy("values", body, parameters={"Stage": "dev"})
    outcome = workspace.deploy("values", body, parameters={"Extra": "some"})

    assert outcome is not None
    assert outcome.outputs == {"Stage": "dev", "Extra": "some"}


def test_the_environments_tags_and_protection_are_set(workspace: Workspace) -> None:
    workspace.deploy("tagged", {"Resources": {"A": QUEUE}}, tags={"team": "shop"}, termination_protection=True)

    found = workspace.aws.client("cloudformation").describe_stacks(StackName="tagged")["Stacks"][0]
    assert found["Tags"] == [{"Key": "team", "Value": "shop"}]
    assert found["EnableTerminationProtection"] is True


def test_a_template_without_a_resource_to_create_is_an_error(tmp_path: Path, golden: Golden) -> None:
    body = {"Conditions": {"Never": {"Fn::Equals": ["a", "b"]}}, "Resources": {"A": {**QUEUE, "Condition": "Never"}}}
    (tmp_path / "empty.json").write_text(json.dumps(body))
    (tmp_path / "account.json").write_text(
        '{"schema": "tapctl.account/1",'
        ' "limits": {"concurrent_executions": 10, "unreserved_concurrent_executions": 10}}'
    )
    settings = Settings(str(tmp_path / "empty.json"), stack_name="shop")
    result = preflight.judge(load(settings.template), snapshot.load(tmp_path / "account.json"), settings)
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        stub.add_response("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})
        reason = "The submitted information didn't contain changes. Submit different information"
        stub.add_response("describe_change_set", {"Status": "FAILED", "StatusReason": reason})
        stub.add_response("delete_change_set", {})
        stub.add_response("describe_stacks", {"Stacks": [stack(StackStatus="REVIEW_IN_PROGRESS")]})
        stub.add_response("list_change_sets", {"Summaries": []})
        stub.add_response("delete_stack", {})

        deployer = Deployer(DeployRequest(aws, result.template, settings), FakeUI())
        ready = ReadyStack(StackDescription("shop", ABSENT), StackAction.CREATE)
        with pytest.raises(UsageError) as raised:
            run_step(deployer, DeployStep(result), ready)
    golden(raised.value)


def test_a_refusal_names_the_first_cause_and_the_next_deploy_starts_over(
    workspace: Workspace, request: pytest.FixtureRequest, golden: Golden
) -> None:
    request.addfinalizer(lambda: sandbox.start(sandbox.AccountLimits(1000)))
    sandbox.start(sandbox.AccountLimits(1000, floor=950))
    body = {"Resources": {"Fn": function(100), "Other": QUEUE}}

    with pytest.raises(DeployFailed) as raised:
        workspace.deploy("refused", body)

    assert raised.value.exit_code == 6
    golden(raised.value)
    assert workspace.stacks()["refused"] == "ROLLBACK_COMPLETE"

    outcome = workspace.deploy("refused", body, min_unreserved=950)

    assert outcome is not None
    assert outcome.status == "CREATE_COMPLETE"
    golden([step for step in workspace.ui.steps if "stack refused" in step], "the next deploy")
    workspace.aws.client("cloudformation").delete_stack(StackName="refused")


def test_a_refused_update_is_rolled_back_and_the_stack_can_be_updated_again(
    workspace: Workspace, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(lambda: sandbox.start(sandbox.AccountLimits(1000)))
    workspace.deploy("updated", {"Resources": {"Fn": function(10)}})
    sandbox.start(sandbox.AccountLimits(1000, floor=990))

    with pytest.raises(DeployFailed) as raised:
        workspace.deploy("updated", {"Resources": {"Fn": function(100)}})

    assert raised.value.exit_code == 6
    assert floor_in_error(raised.value.message) == 990
    sandbox.start(sandbox.AccountLimits(1000))
    # The refusal stays among the stack's events, so the lower minimum must be given.
    outcome = workspace.deploy("updated", {"Resources": {"Fn": function(100)}}, min_unreserved=100)
    assert outcome is not None
    assert outcome.status == "UPDATE_COMPLETE"


def stack(**more: Any) -> dict[str, Any]:
    made = datetime.now(UTC)
    return {"StackName": "shop", "StackId": STACK_ID, "CreationTime": made, "StackStatus": "UPDATE_COMPLETE", **more}


@pytest.mark.parametrize(
    ("code", "cleared"),
    [
        pytest.param("AccessDenied", True, id="refused"),
        pytest.param("", False, id="no answer"),
    ],
)
def test_a_change_set_is_deleted_when_its_execution_is_refused_but_not_without_an_answer(
    code: str, cleared: bool, golden: Golden
) -> None:
    found = ChangeSet(SET_ID, STACK_ID, ())
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        if code:
            stub.add_client_error("execute_change_set", code, "not you", 403)
        else:
            aws.client("cloudformation").meta.events.register("provide-client-params.cloudformation", unreachable)
        if cleared:
            stub.add_response("delete_change_set", {}, {"ChangeSetName": SET_ID, "StackName": STACK_ID})
            stub.add_response("describe_stacks", {"Stacks": [stack(StackStatus="REVIEW_IN_PROGRESS")]})
            stub.add_response("list_change_sets", {"Summaries": []})
            stub.add_response("delete_stack", {}, {"StackName": STACK_ID})

        with pytest.raises(AwsError) as raised:
            execute(Deployer(shop(aws), FakeUI()), found, creates=True)

    golden(raised.value)


def test_a_warning_that_fails_the_deploy_leaves_no_change_set() -> None:
    found = ChangeSet(SET_ID, STACK_ID, (), (Validation("SERVICE_QUOTA", "FAILED", "WARN", "5 of 5"),))
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        stub.add_response("delete_change_set", {}, {"ChangeSetName": SET_ID, "StackName": STACK_ID})
        deployer = Deployer(shop(aws, Options(fail_on_warnings=True)), FakeUI())

        with pytest.raises(UsageError, match="SERVICE_QUOTA: 5 of 5"):
            confirm(deployer, found, creates=False)


def shop(aws: Aws, options: Options = Options()) -> DeployRequest:  # noqa: B008 - frozen
    """A deploy whose template does not matter."""
    source = parse(json.dumps({"Resources": {"A": QUEUE}}), "t.json")
    return DeployRequest(aws, Template(source, source.value), Settings("t.json", stack_name="shop"), options)


def unreachable(**_: object) -> None:
    raise EndpointConnectionError(endpoint_url="https://cloudformation.us-east-1.amazonaws.com")


def test_an_update_names_the_stack_by_its_id(workspace: Workspace) -> None:
    first = workspace.deploy("pinned", {"Resources": {"A": QUEUE}})
    names: list[str] = []
    hook = "provide-client-params.cloudformation.CreateChangeSet"
    workspace.aws.client("cloudformation").meta.events.register(
        hook, lambda params, **_: names.append(params["StackName"])
    )

    workspace.deploy("pinned", {"Resources": {"A": QUEUE, "B": QUEUE}})

    assert first is not None
    assert names == [first.stack_id]
