import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from tapctl.aws.session import Aws, Connection
from tapctl.errors import AwsError, BusyError, TapctlError, UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.stacks import change_set
from tapctl.stacks.change_set import ChangeSet, ChangeSetRefused
from tapctl.stacks.change_set_request import ChangeSetRequest
from tapctl.stacks.changes import ResourceChange
from tapctl.stacks.validations import Validation, Validations
from tapctl.unknown import Unknown
from tests.support.golden import Golden
from tests.support.stubbed_stacks import STACK_ID, stubbed

pytestmark = pytest.mark.xdist_group("deploy change set")

SET_ID = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/tapctl-1/66666666-2222-3333-4444-555555555555"
BOTH = {"ChangeSetName": SET_ID, "StackName": STACK_ID}
READ = {"ChangeSetName": SET_ID, "IncludePropertyValues": True}
QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue"}


def request(name: str, *resources: str, creates: bool = True, **more: Any) -> ChangeSetRequest:
    template = {"Resources": dict.fromkeys(resources, QUEUE)}
    return ChangeSetRequest(name, creates, {"TemplateBody": json.dumps(template)}, **more)


def stacks(aws: Aws) -> list[str]:
    found = aws.client("cloudformation").list_stacks()["StackSummaries"]
    return [stack["StackName"] for stack in found if stack["StackStatus"] != "DELETE_COMPLETE"]


def sets(aws: Aws, stack: str) -> list[str]:
    """The change sets that could still be executed, or that failed."""
    found = aws.client("cloudformation").list_change_sets(StackName=stack)["Summaries"]
    return [summary["ChangeSetName"] for summary in found if summary["ExecutionStatus"] != "EXECUTE_COMPLETE"]


def executed(aws: Aws, found: ChangeSet | None) -> None:
    assert found is not None
    client = aws.client("cloudformation")
    client.execute_change_set(ChangeSetName=found.id, StackName=found.stack_id)
    client.get_waiter("stack_create_complete").wait(StackName=found.stack_id, WaiterConfig={"Delay": 1})


def test_additions_are_read(aws: Aws) -> None:
    found = change_set.create(aws, request("made", "A", "B"))

    assert found is not None
    assert {(change.action, change.logical_id, change.type) for change in found.changes} == {
        ("Add", "A", "AWS::SQS::Queue"),
        ("Add", "B", "AWS::SQS::Queue"),
    }
    assert not any(change.destroys for change in found.changes)
    change_set.discard(aws, found, with_stack=True)


def test_a_discarded_change_set_leaves_nothing_behind(aws: Aws) -> None:
    found = change_set.create(aws, request("declined", "A"))
    assert found is not None
    assert "declined" in stacks(aws)

    change_set.discard(aws, found, with_stack=True)

    assert "declined" not in stacks(aws)


def test_nothing_to_change_is_none_and_deletes_the_change_set(aws: Aws) -> None:
    executed(aws, change_set.create(aws, request("same", "A")))

    assert change_set.create(aws, request("same", "A", creates=False)) is None
    assert sets(aws, "same") == []
    assert "same" in stacks(aws)


def test_a_removal_destroys_and_an_addition_does_not(aws: Aws) -> None:
    executed(aws, change_set.create(aws, request("moved", "A")))

    found = change_set.create(aws, request("moved", "B", creates=False))

    assert found is not None
    assert {(change.action, change.logical_id, change.destroys) for change in found.changes} == {
        ("Add", "B", False),
        ("Remove", "A", True),
    }
    change_set.discard(aws, found, with_stack=False)
    assert "moved" in stacks(aws)


def test_a_refused_template_is_an_error_of_one_line(aws: Aws, golden: Golden) -> None:
    body = json.dumps({"Resources": {"A": {"Type": "AWS::No::Such"}}})

    with pytest.raises(UsageError) as raised:
        change_set.create(aws, ChangeSetRequest("odd", creates=True, template={"TemplateBody": body}))

    assert "\n" not in raised.value.message
    golden(raised.value)
    assert "odd" not in stacks(aws)


def made(stub: Stubber) -> None:
    stub.add_response("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})


def described(stub: Stubber, status: str, reason: str | None = None, **more: Any) -> None:
    why = {"StatusReason": reason} if reason else {}
    known = {"ChangeSetId": SET_ID, "StackId": STACK_ID, "Status": status, "Changes": []}
    again = {"NextToken": more.pop("page")} if "page" in more else {}
    stub.add_response("describe_change_set", {**known, **why, **more}, {**READ, **again})


def checked(stub: Stubber, *events: dict[str, Any]) -> None:
    """The answer of DescribeEvents; every event of it has an id."""
    numbered = [{"EventId": str(number), **event} for number, event in enumerate(events)]
    stub.add_response("describe_events", {"OperationEvents": numbered}, {"ChangeSetName": SET_ID})


def removed(stub: Stubber, status: str, others: int = 0, *, with_stack: bool) -> None:
    stub.add_response("delete_change_set", {}, BOTH)
    now = datetime.now(UTC)
    stack = {"StackName": "shop", "StackId": STACK_ID, "CreationTime": now, "StackStatus": status}
    stub.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": STACK_ID})
    if status == "REVIEW_IN_PROGRESS":
        summaries = [{"ChangeSetName": f"theirs-{number}"} for number in range(others)]
        stub.add_response("list_change_sets", {"Summaries": summaries}, {"StackName": "shop"})
    if with_stack:
        stub.add_response("delete_stack", {}, {"StackName": STACK_ID})


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information to create a change set.",
        "No updates are to be performed.",
    ],
)
def test_both_messages_for_no_changes_are_recognised(reason: str) -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        made(stub)
        described(stub, "FAILED", reason)
        stub.add_response("delete_change_set", {}, BOTH)

        assert change_set.create(aws, request("shop", "A", creates=False)) is None


@pytest.mark.parametrize(
    ("status", "others", "deleted"),
    [
        pytest.param("REVIEW_IN_PROGRESS", 0, True, id="its new stack is deleted"),
        pytest.param("REVIEW_IN_PROGRESS", 1, False, id="a stack with another change set stays"),
        pytest.param("CREATE_COMPLETE", 0, False, id="a stack that was created meanwhile stays"),
    ],
)
def test_a_failed_change_set_is_deleted_and_its_reason_is_the_error(
    status: str, others: int, deleted: bool, golden: Golden
) -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        made(stub)
        described(stub, "FAILED", "The following hook(s)/validation failed: [AWS::EarlyValidation::X]")
        checked(stub)
        removed(stub, status, others, with_stack=deleted)

        with pytest.raises(AwsError) as raised:
            change_set.create(aws, request("shop", "A"))

    golden(raised.value)


def test_failed_checks_are_the_error_with_their_paths(golden: Golden) -> None:
    found = [
        {
            "EventType": "VALIDATION_ERROR",
            "LogicalResourceId": name,
            "ValidationName": "PROPERTY_VALIDATION",
            "ValidationFailureMode": mode,
            "ValidationStatus": "FAILED",
            "ValidationStatusReason": "Unsupported property [Nmae].",
            "ValidationPath": f"/Resources/{name}/Properties/Nmae",
        }
        for name, mode in (("A", "FAIL"), ("B", "WARN"), ("C", "FAIL"))
    ]
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        made(stub)
        described(stub, "FAILED", "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]")
        checked(stub, *found)
        stub.add_response("delete_change_set", {}, BOTH)

        with pytest.raises(UsageError) as raised:
            change_set.create(aws, request("shop", "A", creates=False))

    assert raised.value.exit_code == 2
    assert isinstance(raised.value, ChangeSetRefused)
    assert [failure.logical_id for failure in raised.value.failures] == ["A", "C"]
    golden(raised.value)


@pytest.mark.parametrize("readable", [True, False])
def test_a_resource_that_exists_already_is_refused_with_the_way_to_import_it(readable: bool, golden: Golden) -> None:
    conflict = {
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "T",
        "ValidationName": "NAME_CONFLICT_VALIDATION",
        "ValidationFailureMode": "FAIL",
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": "Resource of type 'AWS::DynamoDB::Table' with identifier 'orders' already exists.",
    }
    reason = "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]"
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        made(stub)
        described(stub, "FAILED", reason)
        checked(stub, *([conflict] if readable else []))
        stub.add_response("delete_change_set", {}, BOTH)

        with pytest.raises(TapctlError) as raised:
            change_set.create(aws, request("shop", "A", creates=False))

    golden(raised.value)


def test_the_reason_of_a_failed_nested_change_set_is_the_error(golden: Golden) -> None:
    child = SET_ID.replace("tapctl-1", "child")
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        made(stub)
        described(stub, "FAILED", f"Nested change set {child} was not successfully created: Currently in FAILED.")
        below = {"Status": "CREATE_IN_PROGRESS", "Changes": []}
        stub.add_response("describe_change_set", below, {**READ, "ChangeSetName": child})
        below = {"Status": "FAILED", "StatusReason": "Template error: no such bucket", "Changes": []}
        stub.add_response("describe_change_set", below, {**READ, "ChangeSetName": child})
        checked(stub)
        stub.add_response("delete_change_set", {}, BOTH)

        with pytest.raises(AwsError) as raised:
            change_set.create(aws, request("shop", "A", creates=False), sleep=lambda _: None)

    golden(raised.value)


class Interrupting:
    """A sleep during which the user presses Ctrl-C."""

    def __call__(self, seconds: float) -> None:
        raise KeyboardInterrupt


def test_an_interrupt_while_waiting_leaves_nothing_behind() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        made(stub)
        described(stub, "CREATE_IN_PROGRESS")
        removed(stub, "REVIEW_IN_PROGRESS", with_stack=True)

        with pytest.raises(KeyboardInterrupt):
            change_set.create(aws, request("shop", "A"), sleep=Interrupting())


def test_a_change_set_that_cannot_be_deleted_yet_is_deleted_with_its_new_stack() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        made(stub)
        described(stub, "CREATE_IN_PROGRESS")
        stub.add_client_error("delete_change_set", "InvalidChangeSetStatus", "it is in CREATE_IN_PROGRESS")
        now = datetime.now(UTC)
        stack = {"StackName": "shop", "StackId": STACK_ID, "CreationTime": now, "StackStatus": "REVIEW_IN_PROGRESS"}
        stub.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": STACK_ID})
        ours = {"ChangeSetName": "tapctl-1", "ChangeSetId": SET_ID, "Status": "CREATE_IN_PROGRESS"}
        stub.add_response("list_change_sets", {"Summaries": [ours]}, {"StackName": "shop"})
        stub.add_response("delete_stack", {}, {"StackName": STACK_ID})

        with pytest.raises(KeyboardInterrupt):
            change_set.create(aws, request("shop", "A"), sleep=Interrupting())


def test_a_change_set_whose_answer_is_lost_is_deleted_by_its_name() -> None:
    lost = ChangeSetRequest("shop", creates=False, template={"TemplateBody": "{}"})
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        stub.add_client_error("create_change_set", "InternalFailure", "oops", 500)
        stub.add_response("delete_change_set", {}, {"ChangeSetName": lost.name, "StackName": "shop"})

        with pytest.raises(AwsError, match="oops"):
            change_set.create(aws, lost)


@pytest.mark.parametrize(
    ("code", "words", "exit_code"),
    [
        pytest.param("ValidationError", "Parameter 'Stage' must match pattern [a-z]+", 2, id="a parameter"),
        pytest.param(
            "InsufficientCapabilitiesException",
            "Requires capabilities : [CAPABILITY_NAMED_IAM]",
            2,
            id="a capability that is missing",
        ),
        pytest.param(
            "ValidationError",
            "Role arn:aws:iam::123456789012:role/gone is invalid or cannot be assumed",
            2,
            id="a role that is gone",
        ),
        pytest.param(
            "ValidationError",
            f"Stack:{STACK_ID} is in UPDATE_IN_PROGRESS state and can not be updated.",
            5,
            id="another operation",
        ),
        pytest.param(
            "ValidationError",
            "Follow-up operations must use the same DeploymentConfig (mode=EXPRESS) until *_COMPLETE",
            2,
            id="an express deploy that failed before",
        ),
        pytest.param(
            "ValidationError",
            "DeploymentConfig is not supported in this Region",
            2,
            id="a Region without express deploys",
        ),
        pytest.param("LimitExceededException", "ChangeSet limit exceeded", 1, id="a limit of AWS"),
    ],
)
def test_a_refused_request_has_the_exit_code_and_hint_of_its_reason(
    code: str, words: str, exit_code: int, golden: Golden
) -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        stub.add_client_error("create_change_set", code, words)
        stub.add_response("delete_change_set", {})

        with pytest.raises(TapctlError) as raised:
            change_set.create(aws, request("shop", "A", creates=False))

    assert raised.value.exit_code == exit_code
    assert words in raised.value.message
    golden(raised.value)


@pytest.mark.parametrize("is_sandbox", [True, False])
def test_a_type_that_only_the_sandbox_may_lack_is_no_fault_of_the_template(is_sandbox: bool, golden: Golden) -> None:
    words = "Template format error: Unrecognized resource types: [AWS::CloudFormation::LambdaHook]"
    with stubbed("cloudformation") as (aws, stubs):
        aws.target = aws.target if is_sandbox else Connection("us-east-1")
        stubs["cloudformation"].add_client_error("create_change_set", "ValidationError", words)
        stubs["cloudformation"].add_response("delete_change_set", {})

        with pytest.raises(UsageError) as raised:
            change_set.create(aws, request("shop", "A", creates=False))

    golden(raised.value)
    assert (words in raised.value.message) is not is_sandbox
    assert (raised.value.hint == advise(DeployAdvice.FIX_TEMPLATE_OR_PARAMETERS)) is not is_sandbox


@pytest.mark.parametrize(
    "checks",
    [
        pytest.param(
            (Validation("SERVICE_QUOTA", "FAILED", "WARN", "5 of 5", "Vpc"),),
            id="a warning",
        ),
        pytest.param((Validation("X", "SKIPPED", "FAIL", "denied"),), id="a check that was skipped"),
        pytest.param(Unknown("it was denied"), id="checks that could not be read"),
    ],
)
def test_warnings_fail_with_fail_on_warnings(checks: Validations, golden: Golden) -> None:
    with pytest.raises(UsageError) as raised:
        change_set.fail_on_warnings(ChangeSet(SET_ID, STACK_ID, (), checks), "shop")

    golden(raised.value)
    change_set.fail_on_warnings(ChangeSet(SET_ID, STACK_ID, ()), "shop")


def test_a_change_set_of_a_killed_run_is_deleted_first(aws: Aws) -> None:
    executed(aws, change_set.create(aws, request("again", "A")))
    client = aws.client("cloudformation")
    body = json.dumps({"Resources": {"A": QUEUE}})
    for name in ("tapctl-killed", "theirs"):
        client.create_change_set(StackName="again", ChangeSetName=name, ChangeSetType="UPDATE", TemplateBody=body)
    assert sets(aws, "again") == ["tapctl-killed", "theirs"]

    change_set.create(aws, request("again", "A", creates=False, exists=True))

    assert sets(aws, "again") == ["theirs"]


def test_a_reason_that_quotes_no_changes_is_a_failure() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        made(stub)
        described(stub, "FAILED", "Transform failed: the tool printed: No updates are to be performed.")
        checked(stub)
        stub.add_response("delete_change_set", {}, BOTH)

        with pytest.raises(AwsError, match="Transform failed"):
            change_set.create(aws, request("shop", "A", creates=False))


def test_no_changes_to_resources_may_still_be_a_change() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        made(stub)
        described(stub, "CREATE_COMPLETE")
        checked(stub)

        found = change_set.create(aws, request("shop", "A", creates=False))

    assert found == ChangeSet(SET_ID, STACK_ID, ())


def entry(action: str, logical_id: str, **more: str) -> dict[str, Any]:
    change = {"Action": action, "LogicalResourceId": logical_id, "ResourceType": "AWS::SQS::Queue", **more}
    return {"Type": "Resource", "ResourceChange": change}


def test_every_page_of_changes_is_read_and_an_action_that_aws_adds_later_is_kept() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        made(stub)
        described(stub, "CREATE_COMPLETE", Changes=[entry("Add", "A")], NextToken="2")
        checked(stub)
        described(stub, "CREATE_COMPLETE", Changes=[entry("SyncWithActual", "B")], NextToken="3", page="2")
        last = [entry("Teleport", "C"), {"Type": "Hook"}, entry("Modify", "D", Replacement="Conditional")]
        described(stub, "CREATE_COMPLETE", Changes=last, page="3")

        found = change_set.create(aws, request("shop", "A", creates=False))

    assert found is not None
    assert found.changes == (
        ResourceChange("Add", "A", "AWS::SQS::Queue", ""),
        ResourceChange("SyncWithActual", "B", "AWS::SQS::Queue", ""),
        ResourceChange("Teleport", "C", "AWS::SQS::Queue", ""),
        ResourceChange("Modify", "D", "AWS::SQS::Queue", "Conditional"),
    )
    assert [change.logical_id for change in found.changes if change.destroys] == ["D"]


def test_a_change_set_is_read_often_from_when_it_may_be_ready_and_less_later() -> None:
    slept: list[float] = []
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        made(stub)
        for _ in range(40):
            described(stub, "CREATE_IN_PROGRESS")
        described(stub, "CREATE_COMPLETE")
        checked(stub)

        found = change_set.create(
            aws, request("shop", "A", creates=False), sleep=slept.append, clock=lambda: sum(slept)
        )

    assert found is not None
    assert slept == [1.35, *[0.45] * 31, *[2] * 8]


def test_a_change_set_that_is_not_ready_in_time_is_busy(golden: Golden) -> None:
    slept: list[float] = []
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        made(stub)
        for _ in range(8):
            described(stub, "CREATE_PENDING")
        stub.add_response("delete_change_set", {}, BOTH)

        with pytest.raises(BusyError) as raised:
            change_set.create(
                aws,
                request("shop", "A", creates=False),
                sleep=slept.append,
                clock=lambda: sum(slept),
                timeout=4,
            )

    golden(raised.value)


def test_the_request_has_every_parameter() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        stub = stubs["cloudformation"]
        parameters = {
            "StackName": "shop",
            "ChangeSetName": ANY,
            "ClientToken": ANY,
            "ChangeSetType": "UPDATE",
            "TemplateURL": "https://bucket/key",
            "Parameters": [{"ParameterKey": "Stage", "UsePreviousValue": True}],
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
            "Tags": [{"Key": "team", "Value": "shop"}],
            "NotificationARNs": ["arn:aws:sns:us-east-1:123456789012:deploys"],
            "RoleARN": "arn:aws:iam::123456789012:role/deployer",
            "IncludeNestedStacks": True,
        }
        stub.add_response("create_change_set", {"Id": SET_ID, "StackId": STACK_ID}, parameters)
        described(stub, "CREATE_COMPLETE")
        checked(stub)

        change_set.create(
            aws,
            ChangeSetRequest(
                "shop",
                creates=False,
                template={"TemplateURL": "https://bucket/key"},
                parameters=[{"ParameterKey": "Stage", "UsePreviousValue": True}],
                capabilities=["CAPABILITY_NAMED_IAM"],
                tags={"team": "shop"},
                role_arn="arn:aws:iam::123456789012:role/deployer",
                notification_arns=("arn:aws:sns:us-east-1:123456789012:deploys",),
                nested=True,
            ),
        )
