"""What a deploy does about a stack in each status: in the sandbox, or with a stub for what no sandbox has."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tapctl.aws.session import Aws, Connection
from tapctl.aws.stacks import StackDescription, StackEvent
from tapctl.errors import BusyError, DeployStuck
from tapctl.resource_types import STACK_STATUSES, in_progress
from tapctl.stacks.operation import Operator, operation_error
from tapctl.stacks.recovery import Recovery, StackDeletion, to_skip
from tapctl.stacks.stack import find_stack
from tapctl.stacks.status import StackAction, rule_for
from tests.support.failing_custom_resource import FailingFunction, failing_function
from tests.support.fake_ui import FakeUI
from tests.support.golden import Golden
from tests.support.stubbed_stacks import STACK_ID, History
from tests.support.workspace import QUEUE

pytestmark = pytest.mark.xdist_group("deploy recover")

Body = dict[str, Any]


@dataclass
class Stacks:
    """Brings stacks into a status, and recovers them."""

    aws: Aws
    function: FailingFunction
    ui: FakeUI

    def make(self, name: str, resources: Body, *, update: bool = False, rollback: bool = True) -> str:
        """Create or update a stack and wait; the status that it ends in."""
        client = self.aws.client("cloudformation")
        call = client.update_stack if update else client.create_stack
        call(StackName=name, TemplateBody=json.dumps({"Resources": resources}), DisableRollback=not rollback)
        return self.status(name)

    def status(self, name: str) -> str:
        stack = find_stack(self.aws, name)
        if in_progress(stack.status):
            Operator(self.aws, name, FakeUI(), timeout=30).follow(stack.id, None)
        return find_stack(self.aws, name).status

    def action(self, name: str) -> StackAction:
        """What a deploy would do first."""
        return rule_for(find_stack(self.aws, name).status).action

    def recovery(self, name: str, **more: Any) -> Recovery:
        return Recovery(Operator(self.aws, name, self.ui, timeout=30), **more)


@pytest.fixture(scope="module")
def function(aws: Aws) -> FailingFunction:
    return failing_function(aws)


@pytest.fixture
def stacks(aws: Aws, function: FailingFunction) -> Iterator[Stacks]:
    yield Stacks(aws, function, FakeUI(allows=True))
    function.fail()


def test_a_running_creation_is_followed_to_its_end(stacks: Stacks, golden: Golden) -> None:
    stacks.function.fail(pause=2)
    stacks.aws.client("cloudformation").create_stack(
        StackName="coming", TemplateBody=json.dumps({"Resources": {"Slow": stacks.function.resource()}})
    )

    ready = stacks.recovery("coming").make_ready()

    assert (ready.stack.status, ready.action) == ("CREATE_COMPLETE", StackAction.UPDATE)
    golden(stacks.ui.steps)
    assert stacks.ui.events[-1].status == "CREATE_COMPLETE"


def test_without_waiting_a_running_operation_is_busy(stacks: Stacks, golden: Golden) -> None:
    stacks.function.fail(pause=2)
    stacks.aws.client("cloudformation").create_stack(
        StackName="hurried", TemplateBody=json.dumps({"Resources": {"Slow": stacks.function.resource()}})
    )

    with pytest.raises(BusyError) as raised:
        stacks.recovery("hurried", waits=False).make_ready()

    golden(raised.value)
    assert stacks.status("hurried") == "CREATE_COMPLETE"


def test_a_stack_that_is_being_deleted_is_waited_for_and_then_absent(stacks: Stacks) -> None:
    stacks.make("going", {"Slow": stacks.function.resource()})
    stacks.function.fail(pause=2)
    stacks.aws.client("cloudformation").delete_stack(StackName="going")

    assert stacks.recovery("going").make_ready().action is StackAction.CREATE


def test_a_rolled_back_creation_is_explained_and_deleted_without_a_question(stacks: Stacks) -> None:
    stacks.function.fail("Bad:Create")
    assert stacks.make("undone", {"Bad": stacks.function.resource()}) == "ROLLBACK_COMPLETE"
    stacks.ui.allows = False

    recovery = stacks.recovery("undone", protected=True)
    ready = recovery.make_ready()
    recovery.clear(ready.stack)

    assert ready.action is StackAction.RECREATE
    assert "first cause: Bad: " in stacks.ui.text
    assert "Bad was set to fail" in stacks.ui.text
    assert stacks.action("undone") is StackAction.CREATE


def kept_by_a_rollback(stacks: Stacks, name: str) -> StackDescription:
    """A stack in ROLLBACK_COMPLETE whose queue, with a name of its own, stays in the account."""
    stacks.function.fail("Bad:Create")
    kept = {**QUEUE, "DeletionPolicy": "Retain", "Properties": {"QueueName": f"{name}-jobs"}}
    resources = {"Kept": kept, "Bad": stacks.function.resource(DependsOn="Kept")}
    assert stacks.make(name, resources) == "ROLLBACK_COMPLETE"
    return find_stack(stacks.aws, name)


def test_resources_left_by_a_rollback_are_named_before_the_stack_is_deleted(stacks: Stacks, golden: Golden) -> None:
    stack, stacks.ui.allows = kept_by_a_rollback(stacks, "kept"), False

    with pytest.raises(DeployStuck) as raised:
        stacks.recovery("kept").clear(stack)

    golden([*stacks.ui.steps, raised.value], endpoint=stacks.aws.target.endpoint)
    assert find_stack(stacks.aws, "kept").status == "ROLLBACK_COMPLETE"


def test_no_consent_is_needed_to_import_what_a_rollback_left(stacks: Stacks) -> None:
    stack, stacks.ui.allows = kept_by_a_rollback(stacks, "imported"), False

    stacks.recovery("imported", imports=True).clear(stack)

    assert stacks.action("imported") is StackAction.CREATE


def test_termination_protection_of_an_empty_stack_is_disabled_with_consent(stacks: Stacks) -> None:
    stacks.function.fail("Bad:Create")
    stacks.make("guarded", {"Bad": stacks.function.resource()})
    stacks.aws.client("cloudformation").update_termination_protection(
        StackName="guarded", EnableTerminationProtection=True
    )
    stacks.ui.allows = False
    recovery = stacks.recovery("guarded")
    ready = recovery.make_ready()

    with pytest.raises(DeployStuck):
        recovery.clear(ready.stack)
    assert find_stack(stacks.aws, "guarded").termination_protection

    stacks.ui.allows = True
    recovery.clear(ready.stack)
    assert stacks.action("guarded") is StackAction.CREATE


def failed_creation(stacks: Stacks, name: str) -> StackDescription:
    """A stack in CREATE_FAILED that holds a queue."""
    stacks.function.fail("Bad:Create")
    resources = {"Good": QUEUE, "Bad": stacks.function.resource(DependsOn="Good")}
    assert stacks.make(name, resources, rollback=False) == "CREATE_FAILED"
    stacks.function.fail()
    return stacks.recovery(name).make_ready().stack


def test_a_failed_creation_with_resources_is_deleted_with_consent(stacks: Stacks, golden: Golden) -> None:
    stack = failed_creation(stacks, "left")
    stacks.ui.allows = False
    with pytest.raises(DeployStuck) as raised:
        stacks.recovery("left").clear(stack)
    golden(raised.value)
    assert find_stack(stacks.aws, "left").status == "CREATE_FAILED"

    stacks.ui.allows = True
    stacks.recovery("left").clear(stack)

    assert stacks.action("left") is StackAction.CREATE


def test_a_deletion_retains_what_its_policy_names(stacks: Stacks, golden: Golden) -> None:
    stacks.function.fail("Bad:Create")
    kept = {**QUEUE, "DeletionPolicy": "RetainExceptOnCreate", "Properties": {"QueueName": "half-jobs"}}
    stacks.make("half", {"Kept": kept, "Bad": stacks.function.resource(DependsOn="Kept")}, rollback=False)
    stacks.ui.allows = False

    with pytest.raises(DeployStuck):
        stacks.recovery("half").clear(find_stack(stacks.aws, "half"))

    golden(stacks.ui.steps[2:], endpoint=stacks.aws.target.endpoint)


def test_a_protected_environment_keeps_the_resources_of_a_failed_creation(stacks: Stacks) -> None:
    stack = failed_creation(stacks, "precious")

    with pytest.raises(DeployStuck, match=r"protected.*Good"):
        stacks.recovery("precious", protected=True).clear(stack)

    assert find_stack(stacks.aws, "precious").status == "CREATE_FAILED"


def test_a_failed_creation_can_be_rolled_forward(stacks: Stacks) -> None:
    failed_creation(stacks, "onward")

    assert stacks.recovery("onward", roll_forward=True).make_ready().action is StackAction.UPDATE


def test_a_stack_whose_rollback_failed_is_deleted(stacks: Stacks, golden: Golden) -> None:
    stacks.function.fail("Bad:Create", "Stays:Delete")
    resources = {"Stays": stacks.function.resource(), "Bad": stacks.function.resource(DependsOn="Stays")}
    assert stacks.make("halfway", resources) == "ROLLBACK_FAILED"
    recovery = stacks.recovery("halfway")

    recovery.clear(recovery.make_ready().stack)

    assert stacks.action("halfway") is StackAction.CREATE
    golden(stacks.ui.steps[0])


def failed_deletion(stacks: Stacks, name: str) -> StackDescription:
    stacks.make(name, {"Stays": stacks.function.resource(), "Goes": QUEUE})
    stacks.function.fail("Stays:Delete")
    stacks.aws.client("cloudformation").delete_stack(StackName=name)
    assert stacks.status(name) == "DELETE_FAILED"
    return stacks.recovery(name).make_ready().stack


def test_a_deletion_that_failed_is_tried_again(stacks: Stacks) -> None:
    stack = failed_deletion(stacks, "again")
    stacks.function.fail()

    stacks.recovery("again").clear(stack)

    assert stacks.action("again") is StackAction.CREATE
    ((question, leaving),) = stacks.ui.consents
    assert ("Stays" in question, leaving) == (True, [])


def test_a_resource_that_cannot_be_deleted_is_left_behind_only_by_name(stacks: Stacks, golden: Golden) -> None:
    stack = failed_deletion(stacks, "behind")
    stacks.ui.leave = set()

    with pytest.raises(DeployStuck) as raised:
        stacks.recovery("behind").clear(stack)
    golden(raised.value.hint)
    assert "  Stays is DELETE_FAILED: Stays was set to fail" in stacks.ui.text

    stacks.ui.leave = {"Stays"}
    stacks.recovery("behind").clear(stack)
    assert stacks.action("behind") is StackAction.CREATE


def failed_update(stacks: Stacks, name: str, *, rollback: bool) -> str:
    stacks.make(name, {"Thing": stacks.function.resource("1")})
    stacks.function.fail("Thing:Update")
    return stacks.make(name, {"Thing": stacks.function.resource("2"), "New": QUEUE}, update=True, rollback=rollback)


def test_a_failed_update_without_rollback_is_rolled_back(stacks: Stacks, golden: Golden) -> None:
    assert failed_update(stacks, "stopped", rollback=False) == "UPDATE_FAILED"
    stacks.function.fail()

    ready = stacks.recovery("stopped").make_ready()

    assert (ready.stack.status, ready.action) == ("UPDATE_ROLLBACK_COMPLETE", StackAction.UPDATE)
    golden(stacks.ui.consents)
    assert "Thing was set to fail" in stacks.ui.text


def test_a_failed_rollback_is_continued_when_its_cause_is_fixed(stacks: Stacks, golden: Golden) -> None:
    assert failed_update(stacks, "stuck", rollback=True) == "UPDATE_ROLLBACK_FAILED"
    stacks.function.fail()

    assert stacks.recovery("stuck").make_ready().stack.status == "UPDATE_ROLLBACK_COMPLETE"
    golden(stacks.ui.consents)


def test_a_rollback_that_fails_again_skips_as_few_resources_as_possible(stacks: Stacks, golden: Golden) -> None:
    assert failed_update(stacks, "skips", rollback=True) == "UPDATE_ROLLBACK_FAILED"

    ready = stacks.recovery("skips").make_ready()

    assert ready.stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert [leaving for _, leaving in stacks.ui.consents] == [[], ["Thing"]]
    golden([stacks.ui.consents[1][0], stacks.ui.steps[-1]])


@pytest.mark.parametrize("recover", [False, True])
def test_there_is_no_recovery_without_consent(recover: bool, stacks: Stacks) -> None:
    name = f"silent-{recover}".lower()
    failed_update(stacks, name, rollback=True)
    stacks.function.fail()
    stacks.ui.allows = recover

    if recover:
        stacks.recovery(name).make_ready()
        return
    with pytest.raises(DeployStuck, match="UPDATE_ROLLBACK_FAILED") as raised:
        stacks.recovery(name).make_ready()
    assert raised.value.exit_code == 7
    assert find_stack(stacks.aws, name).status == "UPDATE_ROLLBACK_FAILED"


def test_a_rolled_back_update_is_explained_and_updated(stacks: Stacks) -> None:
    stacks.make("sorry", {"Thing": stacks.function.resource("1")})
    stacks.function.fail("New:Create")
    resources = {"Thing": stacks.function.resource("1"), "New": stacks.function.resource()}
    assert stacks.make("sorry", resources, update=True) == "UPDATE_ROLLBACK_COMPLETE"

    assert stacks.recovery("sorry").make_ready().action is StackAction.UPDATE
    assert "first cause: New: " in stacks.ui.text


@pytest.mark.parametrize("imports", [False, True])
def test_resources_left_by_the_rollback_of_an_update_are_named_before_the_next(imports: bool, golden: Golden) -> None:
    history, ui = History(), FakeUI()
    history.end(0.1, "UPDATE_IN_PROGRESS")
    history.add(0.2, "Bad", "CREATE_FAILED", ResourceStatusReason="because")
    history.end(0.3, "UPDATE_ROLLBACK_IN_PROGRESS")
    history.add(0.4, "Kept", "DELETE_SKIPPED")
    history.end(0.5, "UPDATE_ROLLBACK_COMPLETE")
    history.now = 1
    aws = answering(history, DescribeStacks=[{"Stacks": [stack("UPDATE_ROLLBACK_COMPLETE")]}])

    ready = Recovery(Operator(aws, "shop", ui, sleep=history.sleep), imports=imports).make_ready()

    assert ready.action is StackAction.UPDATE
    assert ("Kept" in ui.text) is not imports
    if not imports:
        golden(ui.steps)


WAITING = [
    ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"),
    ("ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"),
    ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"),
    ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"),
    ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
    ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
    ("DELETE_IN_PROGRESS", "CREATE_COMPLETE"),
    ("IMPORT_IN_PROGRESS", "IMPORT_COMPLETE"),
    ("IMPORT_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_COMPLETE"),
]


def stack(status: str, **more: Any) -> Body:
    return {"StackName": "shop", "StackId": STACK_ID, "CreationTime": datetime.now(UTC), "StackStatus": status, **more}


def answering(history: History, **answers: list[Body]) -> Aws:
    """AWS with the history's events, which answers the named operations from lists."""
    aws = history.aws()

    def answer(model: Any, **_: object) -> tuple[Any, Body]:
        return SimpleNamespace(status_code=200), answers[model.name].pop(0)

    for operation in answers:
        aws.client("cloudformation").meta.events.register_first(f"before-call.cloudformation.{operation}", answer)
    return aws


@pytest.mark.parametrize(("status", "end"), WAITING)
def test_every_running_operation_is_followed_and_its_end_decides(status: str, end: str) -> None:
    history, ui = History(), FakeUI()
    history.end(0.1, status, token=None)
    history.end(2.0, end, token=None, ResourceStatusReason="it was refused")
    stacks = [{"Stacks": [stack(status)]}, {"Stacks": [stack(end)]}]
    aws = answering(history, DescribeStacks=stacks, ListStackResources=[{"StackResourceSummaries": []}])

    ready = Recovery(Operator(aws, "shop", ui, sleep=history.sleep)).make_ready()

    assert ready.stack.status == end
    assert status in ui.steps[0]
    assert ui.steps[1].endswith(f"{end}: it was refused")


def test_a_failed_rollback_of_an_import_is_left_to_aws_support(golden: Golden) -> None:
    history, ui = History(), FakeUI(allows=True)
    history.end(0.1, "IMPORT_ROLLBACK_FAILED", token=None)
    failed = {
        "LogicalResourceId": "Table",
        "ResourceType": "AWS::DynamoDB::Table",
        "LastUpdatedTimestamp": datetime.now(UTC),
        "ResourceStatus": "IMPORT_ROLLBACK_FAILED",
        "ResourceStatusReason": "no such table",
    }
    stacks = [{"Stacks": [stack("IMPORT_ROLLBACK_FAILED")]}]
    aws = answering(history, DescribeStacks=stacks, ListStackResources=[{"StackResourceSummaries": [failed]}])

    with pytest.raises(DeployStuck) as raised:
        Recovery(Operator(aws, "shop", ui, sleep=history.sleep)).make_ready()

    golden([*ui.steps, raised.value])


def test_an_express_stack_is_deleted_in_its_mode_by_its_id_and_role() -> None:
    history, requests, role = History(), list[Body](), "arn:aws:iam::123456789012:role/deployer"
    aws = history.aws()

    def answer(params: Body, **_: object) -> tuple[Any, Body]:
        requests.append(dict(params["body"]))
        history.end(1.0, "DELETE_COMPLETE", token=params["body"]["ClientRequestToken"])
        return SimpleNamespace(status_code=200), {}

    aws.client("cloudformation").meta.events.register("before-call.cloudformation.DeleteStack", answer)
    deletion = StackDeletion(Operator(aws, "shop", FakeUI(), sleep=history.sleep), role)

    assert deletion.delete(StackDescription("shop", "CREATE_FAILED", STACK_ID, express=True)) == ()
    assert (requests[0]["StackName"], requests[0]["RoleARN"]) == (STACK_ID, role)
    assert requests[0]["DeploymentConfig.Mode"] == "EXPRESS"


@pytest.mark.parametrize("status", [name for name in STACK_STATUSES if name.endswith("_FAILED")])
def test_a_deploy_that_ends_stuck_names_the_next_step(status: str, golden: Golden) -> None:
    last = StackEvent("1", "", "shop", "AWS::CloudFormation::Stack", status, "why", STACK_ID, STACK_ID)

    aws = Aws(Connection("eu-west-1", env="prod"))
    error = operation_error(aws, "shop", [last])

    assert error.exit_code == 7
    golden(error)


def test_only_failed_resources_of_a_nested_stack_are_skipped() -> None:
    child = STACK_ID.replace("/shop/", "/shop-Nested-1X/")

    def event(number: int, name: str, kind: str, status: str, within: str, reason: str = "") -> StackEvent:
        physical = within if kind == "AWS::CloudFormation::Stack" and name.startswith("shop") else f"p-{name}"
        return StackEvent(str(number), "", name, kind, status, reason, physical, within)

    seen = [
        event(1, "Fn", "AWS::Lambda::Function", "UPDATE_FAILED", child, "no role"),
        event(2, "Other", "AWS::SQS::Queue", "UPDATE_FAILED", child, "Resource update cancelled"),
        event(3, "Nested", "AWS::CloudFormation::Stack", "UPDATE_FAILED", STACK_ID),
        event(4, "Own", "AWS::SQS::Queue", "UPDATE_FAILED", STACK_ID, "gone"),
        event(5, "shop", "AWS::CloudFormation::Stack", "UPDATE_ROLLBACK_FAILED", STACK_ID),
    ]

    assert to_skip(seen) == ["shop-Nested-1X.Fn", "Own"]
