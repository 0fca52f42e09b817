"""What a deploy does about each state that a stack can be found in: in the sandbox, and where that has none, a stub."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tapctl.aws.session import Aws, Target
from tapctl.aws.stacks import StackEvent
from tapctl.errors import BusyError, DeployStuck, UsageError
from tapctl.stacks.operation import Operator, failure
from tapctl.stacks.recovery import Recovery, Removal, to_skip
from tapctl.stacks.stack import StackDescription, describe_stack
from tapctl.stacks.status import STATES, StackAction, state
from tests.support.failing_custom_resource import Mood, mood
from tests.support.stubbed_stacks import STACK_ID, History, stubbed
from tests.support.workspace import QUEUE, Watcher

pytestmark = pytest.mark.xdist_group("deploy recover")

Body = dict[str, Any]


@dataclass
class Ward:
    """Brings stacks into a state, and mends them."""

    aws: Aws
    mood: Mood
    watcher: Watcher

    def make(self, name: str, resources: Body, *, update: bool = False, rollback: bool = True) -> str:
        """Create or update a stack and wait; the status that it ends in."""
        client = self.aws.client("cloudformation")
        call = client.update_stack if update else client.create_stack
        call(StackName=name, TemplateBody=json.dumps({"Resources": resources}), DisableRollback=not rollback)
        return self.status(name)

    def status(self, name: str) -> str:
        live = describe_stack(self.aws, name)
        if live.status.endswith("_IN_PROGRESS"):
            Operator(self.aws, name, Watcher(), timeout=30).follow(live.id, None)
        return describe_stack(self.aws, name).status

    def recovery(self, name: str, **more: Any) -> Recovery:
        return Recovery(Operator(self.aws, name, self.watcher, timeout=30), **more)

    @property
    def told(self) -> str:
        return "\n".join(self.watcher.steps)


@pytest.fixture(scope="module")
def moody(aws: Aws) -> Mood:
    return mood(aws)


@pytest.fixture
def ward(aws: Aws, moody: Mood) -> Iterator[Ward]:
    yield Ward(aws, moody, Watcher(recover=True))
    moody.refuse()


def test_a_creation_under_way_is_followed_to_its_end(ward: Ward) -> None:
    ward.mood.refuse(pause=2)
    ward.aws.client("cloudformation").create_stack(
        StackName="coming", TemplateBody=json.dumps({"Resources": {"Slow": ward.mood.resource()}})
    )

    live = ward.recovery("coming").ready()

    assert (live.status, live.action) == ("CREATE_COMPLETE", StackAction.UPDATE)
    assert ward.watcher.steps == [
        "stack coming is CREATE_IN_PROGRESS: it is being created; following it to its end",
        "that ended in CREATE_COMPLETE",
    ]
    assert ward.watcher.events[-1].status == "CREATE_COMPLETE"


def test_without_waiting_an_operation_under_way_is_busy(ward: Ward) -> None:
    ward.mood.refuse(pause=2)
    ward.aws.client("cloudformation").create_stack(
        StackName="hurried", TemplateBody=json.dumps({"Resources": {"Slow": ward.mood.resource()}})
    )

    with pytest.raises(BusyError, match="stack hurried is CREATE_IN_PROGRESS") as raised:
        ward.recovery("hurried", waits=False).ready()

    assert raised.value.hint == "`tapctl watch --stack-name hurried` follows it to its end"
    assert ward.status("hurried") == "CREATE_COMPLETE"


def test_a_stack_that_is_being_deleted_is_waited_for_and_then_absent(ward: Ward) -> None:
    ward.make("going", {"Slow": ward.mood.resource()})
    ward.mood.refuse(pause=2)
    ward.aws.client("cloudformation").delete_stack(StackName="going")

    assert ward.recovery("going").ready().action is StackAction.CREATE


def test_a_creation_that_was_undone_is_explained_and_deleted_without_asking(ward: Ward) -> None:
    ward.mood.refuse("Bad:Create")
    assert ward.make("undone", {"Bad": ward.mood.resource()}) == "ROLLBACK_COMPLETE"
    ward.watcher.recover = False

    recovery = ward.recovery("undone", protected=True)
    live = recovery.ready()
    recovery.clear(live)

    assert live.action is StackAction.RECREATE
    assert "the first cause: Bad: " in ward.told
    assert "Bad is in no mood for that" in ward.told
    assert describe_stack(ward.aws, "undone").action is StackAction.CREATE


def test_termination_protection_of_an_empty_stack_is_lifted_with_consent(ward: Ward) -> None:
    ward.mood.refuse("Bad:Create")
    ward.make("guarded", {"Bad": ward.mood.resource()})
    ward.aws.client("cloudformation").update_termination_protection(
        StackName="guarded", EnableTerminationProtection=True
    )
    ward.watcher.recover = False
    recovery = ward.recovery("guarded")
    live = recovery.ready()

    with pytest.raises(DeployStuck):
        recovery.clear(live)
    assert describe_stack(ward.aws, "guarded").guarded

    ward.watcher.recover = True
    recovery.clear(live)
    assert describe_stack(ward.aws, "guarded").action is StackAction.CREATE


def failed_creation(ward: Ward, name: str) -> StackDescription:
    """A stack in CREATE_FAILED that holds a queue."""
    ward.mood.refuse("Bad:Create")
    resources = {"Good": QUEUE, "Bad": ward.mood.resource(DependsOn="Good")}
    assert ward.make(name, resources, rollback=False) == "CREATE_FAILED"
    ward.mood.refuse()
    return ward.recovery(name).ready()


def test_a_creation_that_was_left_as_it_failed_is_deleted_with_consent(ward: Ward) -> None:
    live = failed_creation(ward, "left")
    ward.watcher.recover = False
    with pytest.raises(DeployStuck, match="stack left is CREATE_FAILED") as raised:
        ward.recovery("left").clear(live)
    assert (str(raised.value.hint) or "").startswith("`--recover` agrees to this: delete it with Good")
    assert describe_stack(ward.aws, "left").status == "CREATE_FAILED"

    ward.watcher.recover = True
    ward.recovery("left").clear(live)

    assert describe_stack(ward.aws, "left").action is StackAction.CREATE


def test_a_protected_environment_keeps_what_a_failed_creation_made(ward: Ward) -> None:
    live = failed_creation(ward, "precious")

    with pytest.raises(DeployStuck, match=r"its environment is protected, so .*Good.* must not be deleted"):
        ward.recovery("precious", protected=True).clear(live)

    assert describe_stack(ward.aws, "precious").status == "CREATE_FAILED"


def test_a_failure_can_be_mended_by_going_on(ward: Ward) -> None:
    failed_creation(ward, "onward")

    assert ward.recovery("onward", forward=True).ready().action is StackAction.UPDATE


def test_a_rollback_that_failed_is_deleted_again_and_leaves_behind_only_what_was_agreed(ward: Ward) -> None:
    ward.mood.refuse("Bad:Create", "Stays:Delete")
    resources = {"Stays": ward.mood.resource(), "Bad": ward.mood.resource(DependsOn="Stays")}
    assert ward.make("halfway", resources) == "ROLLBACK_FAILED"
    recovery = ward.recovery("halfway")

    recovery.clear(recovery.ready())

    assert describe_stack(ward.aws, "halfway").action is StackAction.CREATE
    assert "stack halfway is ROLLBACK_FAILED: its creation failed and could not be undone" in ward.told


def failed_deletion(ward: Ward, name: str) -> StackDescription:
    ward.make(name, {"Stays": ward.mood.resource(), "Goes": QUEUE})
    ward.mood.refuse("Stays:Delete")
    ward.aws.client("cloudformation").delete_stack(StackName=name)
    assert ward.status(name) == "DELETE_FAILED"
    return ward.recovery(name).ready()


def test_a_deletion_that_failed_is_tried_again(ward: Ward) -> None:
    live = failed_deletion(ward, "again")
    ward.mood.refuse()

    ward.recovery("again").clear(live)

    assert describe_stack(ward.aws, "again").action is StackAction.CREATE
    assert ward.watcher.agreed == [("stack again is DELETE_FAILED; delete it with Stays", [])]


def test_what_cannot_be_deleted_is_left_behind_only_by_name(ward: Ward) -> None:
    live = failed_deletion(ward, "behind")
    ward.watcher.leave = set()

    with pytest.raises(DeployStuck) as raised:
        ward.recovery("behind").clear(live)
    assert (str(raised.value.hint) or "").startswith("`--recover --leave Stays` agrees to this")
    assert "  Stays is DELETE_FAILED" in ward.told

    ward.watcher.leave = {"Stays"}
    ward.recovery("behind").clear(live)
    assert describe_stack(ward.aws, "behind").action is StackAction.CREATE


def failed_update(ward: Ward, name: str, *, rollback: bool) -> str:
    ward.make(name, {"Thing": ward.mood.resource("1")})
    ward.mood.refuse("Thing:Update")
    return ward.make(name, {"Thing": ward.mood.resource("2"), "New": QUEUE}, update=True, rollback=rollback)


def test_an_update_that_was_left_as_it_failed_is_rolled_back(ward: Ward) -> None:
    assert failed_update(ward, "stopped", rollback=False) == "UPDATE_FAILED"
    ward.mood.refuse()

    live = ward.recovery("stopped").ready()

    assert (live.status, live.action) == ("UPDATE_ROLLBACK_COMPLETE", StackAction.UPDATE)
    assert ward.watcher.agreed == [("stack stopped is UPDATE_FAILED; bring it back to where it last was well", [])]
    assert "Thing is in no mood for that" in ward.told


def test_a_rollback_that_is_stuck_goes_on_once_the_cause_is_mended(ward: Ward) -> None:
    assert failed_update(ward, "stuck", rollback=True) == "UPDATE_ROLLBACK_FAILED"
    ward.mood.refuse()

    assert ward.recovery("stuck").ready().status == "UPDATE_ROLLBACK_COMPLETE"
    assert ward.watcher.agreed == [("stack stuck is UPDATE_ROLLBACK_FAILED; go on with its rollback", [])]


def test_a_rollback_that_stays_stuck_skips_no_more_than_it_must(ward: Ward) -> None:
    assert failed_update(ward, "skips", rollback=True) == "UPDATE_ROLLBACK_FAILED"

    live = ward.recovery("skips").ready()

    assert live.status == "UPDATE_ROLLBACK_COMPLETE"
    assert ward.watcher.agreed[1:] == [
        ("stack skips is UPDATE_ROLLBACK_FAILED; go on with its rollback without these", ["Thing"])
    ]
    assert "skipped: Thing; CloudFormation takes them for rolled back, and drift detection leaves them out" in ward.told


@pytest.mark.parametrize("recover", [False, True])
def test_no_recovery_happens_without_a_yes(recover: bool, ward: Ward) -> None:
    name = f"silent-{recover}".lower()
    failed_update(ward, name, rollback=True)
    ward.mood.refuse()
    ward.watcher.recover = recover

    if recover:
        ward.recovery(name).ready()
        return
    with pytest.raises(DeployStuck, match="could not be undone") as raised:
        ward.recovery(name).ready()
    assert raised.value.exit_code == 7
    assert describe_stack(ward.aws, name).status == "UPDATE_ROLLBACK_FAILED"


def test_an_update_that_was_undone_says_why_and_goes_on(ward: Ward) -> None:
    ward.make("sorry", {"Thing": ward.mood.resource("1")})
    ward.mood.refuse("New:Create")
    resources = {"Thing": ward.mood.resource("1"), "New": ward.mood.resource()}
    assert ward.make("sorry", resources, update=True) == "UPDATE_ROLLBACK_COMPLETE"

    assert ward.recovery("sorry").ready().action is StackAction.UPDATE
    assert "the first cause: New: " in ward.told


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
    """AWS that tells the history's events, and answers the named operations from lists."""
    aws = history.aws()

    def answer(model: Any, **_: object) -> tuple[Any, Body]:
        return SimpleNamespace(status_code=200), answers[model.name].pop(0)

    for operation in answers:
        aws.client("cloudformation").meta.events.register_first(f"before-call.cloudformation.{operation}", answer)
    return aws


@pytest.mark.parametrize(("status", "end"), WAITING)
def test_every_operation_under_way_is_attached_to_and_its_end_decides(status: str, end: str) -> None:
    history, watcher = History(), Watcher()
    history.end(0.1, status, token=None)
    history.end(2.0, end, token=None, ResourceStatusReason="it was refused")
    stacks = [{"Stacks": [stack(status)]}, {"Stacks": [stack(end)]}]
    aws = answering(history, DescribeStacks=stacks, ListStackResources=[{"StackResourceSummaries": []}])

    live = Recovery(Operator(aws, "shop", watcher, sleep=history.sleep)).ready()

    assert live.status == end
    assert watcher.steps[0].startswith(f"stack shop is {status}: ")
    assert watcher.steps[1] == f"that ended in {end}: it was refused"


def test_an_import_that_is_stuck_is_left_to_aws_with_the_reasons() -> None:
    history, watcher = History(), Watcher(recover=True)
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

    with pytest.raises(DeployStuck, match="an import could not be undone") as raised:
        Recovery(Operator(aws, "shop", watcher, sleep=history.sleep)).ready()

    assert raised.value.hint == "AWS Support can bring it back"
    assert "  Table is IMPORT_ROLLBACK_FAILED: no such table" in watcher.steps


def test_an_express_stack_is_deleted_in_its_mode_by_its_id_and_role() -> None:
    history, asked, role = History(), list[Body](), "arn:aws:iam::123456789012:role/deployer"
    aws = history.aws()

    def answer(params: Body, **_: object) -> tuple[Any, Body]:
        asked.append(dict(params["body"]))
        history.end(1.0, "DELETE_COMPLETE", token=params["body"]["ClientRequestToken"])
        return SimpleNamespace(status_code=200), {}

    aws.client("cloudformation").meta.events.register("before-call.cloudformation.DeleteStack", answer)
    removal = Removal(Operator(aws, "shop", Watcher(), sleep=history.sleep), role)

    assert removal.delete(StackDescription("CREATE_FAILED", STACK_ID, express=True)) == ()
    assert (asked[0]["StackName"], asked[0]["RoleARN"]) == (STACK_ID, role)
    assert asked[0]["DeploymentConfig.Mode"] == "EXPRESS"


@pytest.mark.parametrize("status", [name for name in STATES if name.endswith("_FAILED")])
def test_a_deploy_that_ends_stuck_names_the_next_step(status: str) -> None:
    last = StackEvent("1", "", "shop", "AWS::CloudFormation::Stack", status, "why", STACK_ID, STACK_ID)

    aws = Aws(Target("eu-west-1", env="prod"))
    error = failure(aws, "shop", [last])

    assert error.exit_code == 7
    assert error.hint == (
        STATES[status].hint
        or "`tapctl deploy --stack-name shop --env prod --region eu-west-1 --recover`"
        f" agrees to this: {state(status).action.value}"
    )


def test_a_stack_of_a_stack_set_is_refused_by_name() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        owned = stack("CREATE_COMPLETE", StackName="StackSet-base-1234")
        stubs["cloudformation"].add_response("describe_stacks", {"Stacks": [owned]})
        with pytest.raises(UsageError, match="stack StackSet-base-1234 belongs to a StackSet"):
            describe_stack(aws, "StackSet-base-1234")


def test_of_a_nested_stack_only_what_failed_is_skipped() -> None:
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
