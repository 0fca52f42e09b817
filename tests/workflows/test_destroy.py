"""Stacks of the sandbox destroyed, and those that must not be or cannot."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tapctl.aws.session import Aws
from tapctl.errors import DeployStuck, UsageError
from tapctl.report import destroy as report
from tapctl.report.render import RenderOptions
from tapctl.settings.settings import Settings
from tapctl.stacks.operation import Operator
from tapctl.stacks.stack import describe_stack
from tapctl.stacks.status import ABSENT
from tapctl.workflows.destroy import Destroyed, Fate, destroy
from tests.support.failing_custom_resource import Mood, mood
from tests.support.workspace import QUEUE, Watcher

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
class Wrecker:
    """Makes stacks, and destroys them."""

    aws: Aws
    mood: Mood
    watcher: Watcher = field(default_factory=lambda: Watcher(recover=True, leave=set()))
    fates: list[Fate] = field(default_factory=list)
    answer: bool = True

    def make(self, name: str, resources: dict[str, Any], **more: Any) -> None:
        body = json.dumps({"Resources": resources})
        made = self.aws.client("cloudformation").create_stack(StackName=name, TemplateBody=body, **more)
        Operator(self.aws, name, Watcher(), timeout=30).follow(made["StackId"], None)

    def destroys(self, name: str, **settings: Any) -> Destroyed:
        operator = Operator(self.aws, name, self.watcher, timeout=30)
        return destroy(operator, Settings("", env="prod", **settings), self._agreed)

    def _agreed(self, fate: Fate) -> bool:
        self.fates.append(fate)
        return self.answer

    def status(self, name: str) -> str:
        return describe_stack(self.aws, name).status


@pytest.fixture(scope="module")
def moody(aws: Aws) -> Mood:
    return mood(aws)


@pytest.fixture
def wrecker(aws: Aws, moody: Mood) -> Iterator[Wrecker]:
    yield Wrecker(aws, moody)
    moody.refuse()


def test_what_goes_what_is_lost_and_what_stays_is_said_before(wrecker: Wrecker) -> None:
    wrecker.make(
        "shown", {"Table": TABLE, "Kept": {**TABLE, "DeletionPolicy": "Retain"}, "Thing": wrecker.mood.resource()}
    )

    result = wrecker.destroys("shown")

    assert result.done
    assert wrecker.status("shown") == ABSENT
    (fate,) = wrecker.fates
    assert {each.logical_id: (each.stays, each.loss) for each in fate.resources} == {
        "Table": (False, "its items"),
        "Kept": (True, ""),
        "Thing": (False, ""),
    }
    kept = next(each.physical_id for each in fate.resources if each.stays)
    assert wrecker.aws.client("dynamodb").list_tables()["TableNames"] == [kept]
    said = report.fate(fate, RenderOptions(140, color=False))
    assert "lost, with its items" in said
    assert "stays: DeletionPolicy Retain" in said
    assert json.loads(report.as_json("shown", result))["destroyed"] is True


def test_a_no_leaves_the_stack_as_it_is(wrecker: Wrecker) -> None:
    wrecker.make("spared", {"A": QUEUE})
    wrecker.answer = False

    result = wrecker.destroys("spared")

    assert not result.done
    assert wrecker.status("spared") == "CREATE_COMPLETE"
    assert json.loads(report.as_json("spared", result))["declined"] is True


def test_where_there_is_no_stack_there_is_nothing_to_ask(wrecker: Wrecker) -> None:
    result = wrecker.destroys("never")

    assert (result.fate, wrecker.fates) == (None, [])
    assert report.as_text("never", result) == "there is no stack never: nothing to destroy"


def test_a_protected_environment_is_refused(wrecker: Wrecker) -> None:
    wrecker.make("precious", {"A": QUEUE})

    with pytest.raises(UsageError, match="environment prod is protected: stack precious is not destroyed"):
        wrecker.destroys("precious", protected=True)

    assert (wrecker.status("precious"), wrecker.fates) == ("CREATE_COMPLETE", [])


def test_termination_protection_is_refused(wrecker: Wrecker) -> None:
    wrecker.make("guarded", {"A": QUEUE}, EnableTerminationProtection=True)

    with pytest.raises(UsageError, match="termination protection of stack guarded is on") as raised:
        wrecker.destroys("guarded")

    assert "--no-enable-termination-protection --stack-name guarded" in (str(raised.value.hint) or "")
    assert wrecker.status("guarded") == "CREATE_COMPLETE"


def test_what_cannot_be_deleted_is_named_with_its_reason_and_left_behind_only_by_name(wrecker: Wrecker) -> None:
    wrecker.make("sticky", {"Sticks": wrecker.mood.resource(), "Goes": QUEUE})
    wrecker.mood.refuse("Sticks:Delete")

    with pytest.raises(DeployStuck, match=r"stack sticky is DELETE_FAILED: .*\[Sticks\]") as raised:
        wrecker.destroys("sticky")
    assert raised.value.exit_code == 7
    assert (str(raised.value.hint) or "").startswith("`--yes --leave Sticks` agrees to this")
    assert any("Sticks is DELETE_FAILED" in step for step in wrecker.watcher.steps)

    wrecker.watcher.leave = {"Sticks"}
    assert wrecker.destroys("sticky").left == ("Sticks",)
    assert wrecker.status("sticky") == ABSENT


def test_an_operation_under_way_is_waited_for_first(wrecker: Wrecker) -> None:
    wrecker.mood.refuse(pause=2)
    body = json.dumps({"Resources": {"Slow": wrecker.mood.resource()}})
    wrecker.aws.client("cloudformation").create_stack(StackName="busy", TemplateBody=body)

    assert wrecker.destroys("busy").done

    assert wrecker.watcher.steps[0].startswith("stack busy is CREATE_IN_PROGRESS")
    assert wrecker.status("busy") == ABSENT
