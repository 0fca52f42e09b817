"""A deploy as a whole against the sandbox; what the sandbox cannot give, against a stub."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tapctl import sandbox
from tapctl.account import snapshot
from tapctl.aws.session import Aws
from tapctl.errors import AwsError, DeployFailed, Interrupted, UsageError
from tapctl.packaging.upload import MAX_BODY
from tapctl.settings.settings import Settings
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.options import Options
from tapctl.stacks.stack import StackDescription, describe_stack
from tapctl.stacks.status import ABSENT
from tapctl.stacks.validations import Validation
from tapctl.template.load import load
from tapctl.workflows import preflight
from tapctl.workflows.deployer import Deployer
from tests.support.stubbed_stacks import STACK_ID, stubbed
from tests.support.workspace import QUEUE, Desk, Watcher, function

pytestmark = pytest.mark.xdist_group("deploy run")

SET_ID = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/tapctl-1/66666666-2222-3333-4444-555555555555"


@pytest.fixture
def desk(aws: Aws, tmp_path: Path) -> Desk:
    return Desk(aws, tmp_path)


def test_a_stack_is_made_changed_and_left_alone_when_nothing_changed(desk: Desk) -> None:
    outputs = {"Where": {"Value": {"Ref": "A"}}}

    made = desk.deploy("life", {"Resources": {"A": QUEUE}, "Outputs": outputs})
    changed = desk.deploy("life", {"Resources": {"A": QUEUE, "B": QUEUE}, "Outputs": outputs})
    same = desk.deploy("life", {"Resources": {"A": QUEUE, "B": QUEUE}, "Outputs": outputs})

    assert made is not None
    assert (made.status, made.changed, list(made.outputs)) == ("CREATE_COMPLETE", True, ["Where"])
    assert changed is not None
    assert (changed.status, changed.changed, changed.stack_id) == ("UPDATE_COMPLETE", True, made.stack_id)
    assert same is not None
    assert (same.status, same.changed, same.outputs) == ("UPDATE_COMPLETE", False, changed.outputs)
    assert desk.sets("life") == []


def test_what_a_false_condition_leaves_out_is_no_change(desk: Desk) -> None:
    conditions = {"Never": {"Fn::Equals": ["a", "b"]}}

    made = desk.deploy(
        "picky", {"Conditions": conditions, "Resources": {"A": QUEUE, "B": QUEUE | {"Condition": "Never"}}}
    )

    assert made is not None
    assert [each.logical_id for each in desk.watcher.sets[0].changes] == ["A"]


def test_every_event_is_told_once_and_the_stacks_own_comes_last(desk: Desk) -> None:
    desk.deploy("told", {"Resources": {"A": QUEUE}})

    told = [(each.logical_id, each.status) for each in desk.watcher.events]
    assert told == [
        ("told", "CREATE_IN_PROGRESS"),
        ("A", "CREATE_IN_PROGRESS"),
        ("A", "CREATE_COMPLETE"),
        ("told", "CREATE_COMPLETE"),
    ]


@pytest.mark.parametrize(
    "answer",
    [pytest.param(False, id="no"), pytest.param(KeyboardInterrupt, id="Ctrl-C"), pytest.param(EOFError, id="no end")],
)
def test_whatever_is_not_a_yes_leaves_no_stack_behind(answer: bool | type[BaseException], desk: Desk) -> None:
    desk.watcher.answer = answer
    if isinstance(answer, bool):
        assert desk.deploy("asked", {"Resources": {"A": QUEUE}}) is None
    else:
        with pytest.raises((Interrupted, EOFError)):
            desk.deploy("asked", {"Resources": {"A": QUEUE}})

    assert len(desk.watcher.sets) == 1
    assert "asked" not in desk.stacks()


def test_a_no_to_an_update_leaves_the_stack_as_it_was_and_no_change_set(desk: Desk) -> None:
    desk.deploy("kept", {"Resources": {"A": QUEUE}})
    desk.watcher.answer = False

    assert desk.deploy("kept", {"Resources": {"B": QUEUE}}) is None

    assert desk.stacks()["kept"] == "CREATE_COMPLETE"
    assert desk.sets("kept") == []


def test_a_local_folder_is_uploaded_once_and_then_there_already(desk: Desk, function_folder: Path) -> None:
    body = {"Resources": {"Fn": function(Code="code", FunctionName="packed")}}

    desk.deploy("packed", body)
    desk.deploy("packed", body)

    said = [step for step in desk.watcher.steps if step.startswith("code of Fn")]
    assert [step.split()[-1] for step in said] == ["uploaded", "already"]
    payload = desk.aws.client("lambda").invoke(FunctionName="packed")["Payload"].read()
    assert json.loads(payload) == 1


def test_a_template_that_is_too_long_for_a_request_goes_through_the_bucket(desk: Desk) -> None:
    body = {"Description": "x", "Metadata": {"filler": ["é" * 100] * 300}, "Resources": {"A": QUEUE}}
    assert len(json.dumps(body, ensure_ascii=False).encode()) > MAX_BODY

    outcome = desk.deploy("long", body)

    assert outcome is not None
    assert outcome.status == "CREATE_COMPLETE"
    again = desk.deploy("long", body)
    assert again is not None
    assert not again.changed


def test_a_remedy_is_what_is_deployed(desk: Desk) -> None:
    outcome = desk.deploy("mended", {"Resources": {"Fn": function(950, FunctionName="mended")}})

    assert outcome is not None
    found = desk.aws.client("lambda").get_function_concurrency(FunctionName="mended")
    assert found["ReservedConcurrentExecutions"] == 900
    desk.aws.client("cloudformation").delete_stack(StackName="mended")


def test_parameters_that_are_not_given_keep_their_value(desk: Desk) -> None:
    body = {
        "Parameters": {"Stage": {"Type": "String"}, "Extra": {"Type": "String", "Default": "none"}},
        "Resources": {"A": {**QUEUE, "Properties": {"QueueName": {"Fn::Sub": "${Stage}-${Extra}"}}}},
        "Outputs": {"Stage": {"Value": {"Ref": "Stage"}}, "Extra": {"Value": {"Ref": "Extra"}}},
    }

    desk.deploy("values", body, parameters={"Stage": "dev"})
    outcome = desk.deploy("values", body, parameters={"Extra": "some"})

    assert outcome is not None
    assert outcome.outputs == {"Stage": "dev", "Extra": "some"}


def test_the_environments_tags_and_protection_are_set(desk: Desk) -> None:
    desk.deploy("tagged", {"Resources": {"A": QUEUE}}, tags={"team": "shop"}, termination_protection=True)

    found = desk.aws.client("cloudformation").describe_stacks(StackName="tagged")["Stacks"][0]
    assert found["Tags"] == [{"Key": "team", "Value": "shop"}]
    assert found["EnableTerminationProtection"] is True


def test_a_template_whose_conditions_leave_nothing_over_says_so(tmp_path: Path) -> None:
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

        with pytest.raises(UsageError, match=r"empty\.json has no resource to create"):
            Deployer(aws, settings, Watcher()).deploy(result, StackDescription(ABSENT))


def test_a_refusal_names_the_first_cause_in_both_words_and_the_next_deploy_starts_over(
    desk: Desk, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(lambda: sandbox.start(sandbox.AccountLimits(1000)))
    sandbox.start(sandbox.AccountLimits(1000, floor=950))
    body = {"Resources": {"Fn": function(100), "Other": QUEUE}}

    with pytest.raises(DeployFailed) as raised:
        desk.deploy("refused", body)

    assert raised.value.exit_code == 6
    said = raised.value.message
    assert said.startswith("stack refused failed and was rolled back (ROLLBACK_COMPLETE): Fn: Specified Reserved")
    assert "below its minimum value of [950]" in said
    assert "that is, the reservation would leave fewer than 950 unreserved executions in this account" in said
    assert "`tapctl preflight --stack-name refused --min-unreserved 950` shows" in (str(raised.value.hint) or "")
    assert desk.stacks()["refused"] == "ROLLBACK_COMPLETE"

    outcome = desk.deploy("refused", body, min_unreserved=950)

    assert outcome is not None
    assert outcome.status == "CREATE_COMPLETE"
    assert "stack refused is ROLLBACK_COMPLETE: its creation failed and was undone" in desk.watcher.steps
    assert "deleting stack refused to make room for a new one" in desk.watcher.steps
    desk.aws.client("cloudformation").delete_stack(StackName="refused")


def test_a_refused_update_is_rolled_back_and_the_stack_can_be_updated_again(
    desk: Desk, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(lambda: sandbox.start(sandbox.AccountLimits(1000)))
    desk.deploy("updated", {"Resources": {"Fn": function(10)}})
    sandbox.start(sandbox.AccountLimits(1000, floor=990))

    with pytest.raises(DeployFailed, match=r"\(UPDATE_ROLLBACK_COMPLETE\): Fn: .*\[990\]"):
        desk.deploy("updated", {"Resources": {"Fn": function(100)}})

    sandbox.start(sandbox.AccountLimits(1000))
    # The refusal stays among the stack's events, so it takes a word that the minimum is another one now.
    outcome = desk.deploy("updated", {"Resources": {"Fn": function(100)}}, min_unreserved=100)
    assert outcome is not None
    assert outcome.status == "UPDATE_COMPLETE"


def stack(**more: Any) -> dict[str, Any]:
    made = datetime.now(UTC)
    return {"StackName": "shop", "StackId": STACK_ID, "CreationTime": made, "StackStatus": "UPDATE_COMPLETE", **more}


def test_a_stack_that_is_not_there_is_absent() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_client_error(
            "describe_stacks", "ValidationError", "Stack with id shop does not exist"
        )
        assert describe_stack(aws, "shop") == StackDescription(ABSENT)


def test_the_stack_is_pinned_by_its_id_and_its_values_are_read() -> None:
    parameters = [{"ParameterKey": "Stage", "ParameterValue": "dev"}, {"ParameterKey": "Empty"}]
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_response("describe_stacks", {"Stacks": [stack(Parameters=parameters)]})
        assert describe_stack(aws, "shop") == StackDescription(
            "UPDATE_COMPLETE", STACK_ID, {"Stage": "dev", "Empty": ""}
        )


def test_a_nested_stack_is_refused_in_favour_of_its_parent() -> None:
    parent = STACK_ID.replace("/shop/", "/mall/")
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_response("describe_stacks", {"Stacks": [stack(ParentId=parent)]})
        with pytest.raises(UsageError, match="stack shop is nested in mall") as raised:
            describe_stack(aws, "shop")
    assert raised.value.hint == "deploy that one"


def test_a_refused_look_says_what_was_looked_at() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_client_error("describe_stacks", "AccessDenied", "not allowed", 403)
        with pytest.raises(AwsError, match="looking at stack shop: access denied: not allowed"):
            describe_stack(aws, "shop")


@pytest.mark.parametrize(
    ("code", "cleared"),
    [
        pytest.param("AccessDenied", True, id="refused, so nothing began"),
        pytest.param("", False, id="no answer, so it may have begun"),
    ],
)
def test_a_set_whose_execution_was_refused_goes_and_one_that_may_be_executing_stays(code: str, cleared: bool) -> None:
    found = ChangeSet(SET_ID, STACK_ID, ())
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        if code:
            stub.add_client_error("execute_change_set", code, "not you", 403)
        else:
            aws.client("cloudformation").meta.events.register("before-call.cloudformation", unreachable)
        if cleared:
            stub.add_response("delete_change_set", {}, {"ChangeSetName": SET_ID, "StackName": STACK_ID})
            stub.add_response("describe_stacks", {"Stacks": [stack(StackStatus="REVIEW_IN_PROGRESS")]})
            stub.add_response("list_change_sets", {"Summaries": []})
            stub.add_response("delete_stack", {}, {"StackName": STACK_ID})

        with pytest.raises(AwsError, match="executing the change set"):
            Deployer(aws, Settings("t.json", stack_name="shop"), Watcher())._execute(found, creates=True)


def test_a_warning_that_is_to_fail_the_deploy_is_shown_and_leaves_nothing() -> None:
    found = ChangeSet(SET_ID, STACK_ID, (), (Validation("SERVICE_QUOTA", "FAILED", "WARN", "5 of 5"),))
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        stub.add_response("delete_change_set", {}, {"ChangeSetName": SET_ID, "StackName": STACK_ID})
        deployer = Deployer(
            aws, Settings("t.json", stack_name="shop"), Watcher(), options=Options(fail_on_warnings=True)
        )

        with pytest.raises(UsageError, match="SERVICE_QUOTA: 5 of 5"):
            deployer._confirmed(found, creates=False)


def unreachable(**_: object) -> None:
    raise EndpointConnectionError(endpoint_url="https://cloudformation.us-east-1.amazonaws.com")


def test_an_update_is_asked_for_by_the_id_of_the_stack_that_was_looked_at(desk: Desk) -> None:
    first = desk.deploy("pinned", {"Resources": {"A": QUEUE}})
    asked: list[str] = []
    hook = "provide-client-params.cloudformation.CreateChangeSet"
    desk.aws.client("cloudformation").meta.events.register(hook, lambda params, **_: asked.append(params["StackName"]))

    desk.deploy("pinned", {"Resources": {"A": QUEUE, "B": QUEUE}})

    assert first is not None
    assert asked == [first.stack_id]
