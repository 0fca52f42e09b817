"""Stacks of the sandbox deleted, and those that must not or cannot be deleted."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tapctl.aws.session import Aws
from tapctl.errors import AwsError, DeployStuck, UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.report import destroy as report
from tapctl.resource_types import ABSENT, STACK
from tapctl.settings.settings import Settings
from tapctl.stacks.operation import Operator
from tapctl.stacks.stack import find_stack
from tapctl.workflows.destroy import DeletedResource, Deletion, Destroyed, _refuse_imported, destroy
from tests.support.failing_custom_resource import FailingFunction, failing_function
from tests.support.fake_ui import FakeUI
from tests.support.golden import Golden
from tests.support.workspace import QUEUE

pytestmark = pytest.mark.xdist_group("deploy destroy")

TABLE: dict[str, Any] = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
    },
}


@dataclass
class DestroyedStacks:
    """Creates stacks and deletes them."""

    aws: Aws
    function: FailingFunction
    ui: FakeUI = field(default_factory=lambda: FakeUI(allows=True, leave=set()))
    deletions: list[Deletion] = field(default_factory=list)
    confirms: bool = True

    def make(self, name: str, resources: dict[str, Any], **more: Any) -> None:
        self.create(name, {"Resources": resources}, **more)

    def create(self, name: str, body: dict[str, Any], **more: Any) -> None:
        made = self.aws.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(body), **more)
        Operator(self.aws, name, FakeUI(), timeout=30).follow(made["StackId"], None)

    def destroy(self, name: str, **settings: Any) -> Destroyed:
        operator = Operator(self.aws, name, self.ui, timeout=30)
        return destroy(operator, Settings("", env="prod", **settings), self._confirm)

    def _confirm(self, deletion: Deletion) -> bool:
        self.deletions.append(deletion)
        return self.confirms

    def status(self, name: str) -> str:
        return find_stack(self.aws, name).status


@pytest.fixture(scope="module")
def function(aws: Aws) -> FailingFunction:
    return failing_function(aws)


@pytest.fixture
def stacks(aws: Aws, function: FailingFunction) -> Iterator[DestroyedStacks]:
    yield DestroyedStacks(aws, function)
    function.fail()


def exporting(name: str) -> dict[str, Any]:
    """A template with an export of this name, and one that nobody imports."""
    outputs = {"Url": {"Value": {"Ref": "Queue"}, "Export": {"Name": name}}}
    unused = {"Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}, "Export": {"Name": f"{name}-arn"}}}
    return {"Resources": {"Queue": QUEUE}, "Outputs": {**outputs, **unused}}


def importing(name: str) -> dict[str, Any]:
    parameter = {"Type": "String", "Value": {"Fn::ImportValue": name}}
    return {"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": parameter}}}


def test_an_export_in_use_is_refused_with_the_stacks_that_import_it(stacks: DestroyedStacks, golden: Golden) -> None:
    for name, body in (("network", exporting("url")), ("web", importing("url")), ("api", importing("url"))):
        stacks.create(name, body)

    with pytest.raises(UsageError) as refused:
        stacks.destroy("network")

    golden(refused.value)
    assert (stacks.status("network"), stacks.deletions) == ("CREATE_COMPLETE", [])
    stacks.destroy("web")
    stacks.destroy("api")
    assert stacks.destroy("network").done


def test_an_export_that_only_the_tree_of_the_stack_imports_is_no_reason(
    stacks: DestroyedStacks, golden: Golden
) -> None:
    stacks.create("root", exporting("own"))
    stacks.create("root-Inner-1", importing("own"))
    inner = DeletedResource("Inner", STACK, "arn:aws:cloudformation:us-east-1:000000000000:stack/root-Inner-1/1")
    operator = Operator(stacks.aws, "root", stacks.ui, timeout=30)

    _refuse_imported(operator, find_stack(stacks.aws, "root"), [inner])
    with pytest.raises(UsageError) as refused:
        _refuse_imported(operator, find_stack(stacks.aws, "root"), [])
    golden(refused.value)


def test_importers_that_cannot_be_read_are_left_to_cloudformation(stacks: DestroyedStacks) -> None:
    stacks.create("hidden", exporting("secret"))
    stacks.create("reader", importing("secret"))
    events = stacks.aws.client("cloudformation").meta.events

    def deny(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListImports")

    events.register("before-call.cloudformation.ListImports", deny)
    try:
        with pytest.raises(AwsError) as refused:
            stacks.destroy("hidden")
    finally:
        events.unregister("before-call.cloudformation.ListImports", deny)

    assert refused.value.hint == advise(DeployAdvice.STOP_IMPORTING, "reader", "secret")
    assert stacks.status("hidden") == "CREATE_COMPLETE"


def test_deleted_lost_and_retained_resources_are_shown_before(stacks: DestroyedStacks) -> None:
    stacks.make(
        "shown", {"Table": TABLE, "Kept": {**TABLE, "DeletionPolicy": "Retain"}, "Thing": stacks.function.resource()}
    )

    result = stacks.destroy("shown")

    assert result.done
    assert stacks.status("shown") == ABSENT
    (deletion,) = stacks.deletions
    assert {resource.logical_id: (resource.retained, resource.loss) for resource in deletion.resources} == {
        "Table": (False, "its items"),
        "Kept": (True, ""),
        "Thing": (False, ""),
    }
    kept = next(resource.physical_id for resource in deletion.resources if resource.retained)
    assert stacks.aws.client("dynamodb").list_tables()["TableNames"] == [kept]
    assert json.loads(report.as_json("shown", result))["destroyed"] is True


def test_a_no_leaves_the_stack_as_it_is(stacks: DestroyedStacks) -> None:
    stacks.make("spared", {"A": QUEUE})
    stacks.confirms = False

    result = stacks.destroy("spared")

    assert not result.done
    assert stacks.status("spared") == "CREATE_COMPLETE"
    assert json.loads(report.as_json("spared", result))["declined"] is True


def test_without_a_stack_there_is_no_question(stacks: DestroyedStacks) -> None:
    result = stacks.destroy("never")

    assert (result.deletion, stacks.deletions) == (None, [])


def test_a_protected_environment_is_refused(stacks: DestroyedStacks, golden: Golden) -> None:
    stacks.make("precious", {"A": QUEUE})

    with pytest.raises(UsageError) as raised:
        stacks.destroy("precious", protected=True)
    golden(raised.value)

    assert (stacks.status("precious"), stacks.deletions) == ("CREATE_COMPLETE", [])


def test_termination_protection_is_refused(stacks: DestroyedStacks, golden: Golden) -> None:
    stacks.make("guarded", {"A": QUEUE}, EnableTerminationProtection=True)

    with pytest.raises(UsageError) as raised:
        stacks.destroy("guarded")

    golden(raised.value)
    assert stacks.status("guarded") == "CREATE_COMPLETE"


def test_a_resource_that_cannot_be_deleted_is_left_behind_only_by_name(stacks: DestroyedStacks, golden: Golden) -> None:
    stacks.make("sticky", {"Sticks": stacks.function.resource(), "Goes": QUEUE})
    stacks.function.fail("Sticks:Delete")

    with pytest.raises(DeployStuck) as raised:
        stacks.destroy("sticky")
    golden(raised.value)
    assert any("Sticks is DELETE_FAILED" in step for step in stacks.ui.steps)

    stacks.ui.leave = {"Sticks"}
    assert stacks.destroy("sticky").left == ("Sticks",)
    assert stacks.status("sticky") == ABSENT


def test_a_running_operation_is_waited_for_first(stacks: DestroyedStacks) -> None:
    stacks.function.fail(pause=2)
    body = json.dumps({"Resources": {"Slow": stacks.function.resource()}})
    stacks.aws.client("cloudformation").create_stack(StackName="busy", TemplateBody=body)

    assert stacks.destroy("busy").done

    assert stacks.ui.steps[0].startswith("stack busy is CREATE_IN_PROGRESS")
    assert stacks.status("busy") == ABSENT
