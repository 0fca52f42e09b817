"""Deploys that are killed, and what the next one does about it."""

import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tapctl.aws.session import Aws
from tapctl.errors import BusyError, DeployFailed, UsageError
from tapctl.settings.settings import Settings
from tapctl.state import locks
from tapctl.state.journal import Journal, JournalEntry, Phase, digest, forget, mark_verified, open_journal
from tapctl.template.load import load
from tapctl.workflows.deploy import DeployResult, deploy
from tapctl.workflows.deployer import DeployRequest
from tests.support.failing_custom_resource import failing_function
from tests.support.fake_ui import FakeUI
from tests.support.golden import Golden
from tests.support.shared_sandbox import account_id
from tests.support.workspace import QUEUE

pytestmark = pytest.mark.xdist_group("deploy resume")

ROOT = Path(__file__).parents[2]


@dataclass
class OneTemplate:
    """One template, deployed by runs that are killed and by runs that are not."""

    aws: Aws
    template: Path
    ui: FakeUI = field(default_factory=FakeUI)

    def write(self, resources: dict[str, Any]) -> None:
        self.template.write_text(json.dumps({"Resources": resources}))

    def kill(self, stack: str, moment: str) -> None:
        endpoint = self.aws.client("sts").meta.endpoint_url
        where = [endpoint, *(self.aws.target.keys or ())]
        command = [sys.executable, "-m", "tests.support.kill_points", *where, str(self.template), stack, moment]
        ended = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert ended.returncode == -9, ended.stderr

    def deploy(self, stack: str, *, waits: bool = True) -> DeployResult | None:
        settings = Settings(str(self.template), stack_name=stack, region="us-east-1")
        request = DeployRequest(self.aws, load(str(self.template)), settings, timeout=60, waits=waits)
        return deploy(request, self.ui)

    def change_sets(self, stack: str) -> list[str]:
        summaries = self.aws.client("cloudformation").list_change_sets(StackName=stack)["Summaries"]
        return [summary["ChangeSetName"] for summary in summaries if summary["ExecutionStatus"] == "AVAILABLE"]


@pytest.fixture
def workspace(aws: Aws, tmp_path: Path) -> OneTemplate:
    workspace = OneTemplate(aws, tmp_path / "queue.json")
    workspace.write({"A": QUEUE})
    return workspace


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        pytest.param("creating a change set", Phase.CREATING, id="before the change set"),
        pytest.param("changes", Phase.CONFIRMING, id="before the confirmation"),
        pytest.param("event", Phase.EXECUTING, id="during the execution"),
    ],
)
def test_the_next_run_continues_after_a_kill(moment: str, phase: Phase, workspace: OneTemplate, golden: Golden) -> None:
    name = f"killed-{phase.name}".lower()
    workspace.kill(name, moment)

    done = workspace.deploy(name)

    assert phase.value in workspace.ui.steps[0]
    golden(re.sub(r"\(20.*? UTC\)", "(<time>)", workspace.ui.steps[0]))
    assert done is not None
    assert (done.outcome.status, done.outcome.changed) == ("CREATE_COMPLETE", phase is not Phase.EXECUTING)
    assert workspace.change_sets(name) == []
    workspace.ui.steps.clear()
    workspace.deploy(name)
    assert not any(phase.value in step for phase in Phase for step in workspace.ui.steps)


def test_an_update_that_was_killed_continues_too(workspace: OneTemplate, golden: Golden) -> None:
    workspace.deploy("updated")
    workspace.write({"A": QUEUE, "B": QUEUE})
    workspace.kill("updated", "changes")

    done = workspace.deploy("updated")

    assert done is not None
    assert (done.outcome.status, done.outcome.changed) == ("UPDATE_COMPLETE", True)
    golden(re.sub(r"\(20.*? UTC\)", "(<time>)", workspace.ui.text))
    assert workspace.change_sets("updated") == []


def test_without_waiting_a_deploy_is_left_to_the_next(workspace: OneTemplate, aws: Aws) -> None:
    function = failing_function(aws)
    function.fail(pause=2)
    workspace.write({"Slow": function.resource()})

    begun = workspace.deploy("hurried", waits=False)
    assert begun is not None
    assert not begun.outcome.followed
    with pytest.raises(BusyError):
        workspace.deploy("hurried", waits=False)
    done = workspace.deploy("hurried")

    assert done is not None
    assert done.outcome.status == "CREATE_COMPLETE"


def test_a_secret_that_a_resource_quotes_is_not_shown(workspace: OneTemplate, aws: Aws) -> None:
    keys = {"KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
    keys["AttributeDefinitions"] = [{"AttributeName": "k", "AttributeType": "S"}]
    aws.client("dynamodb").create_table(TableName="of-hunter2000", **keys)
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "of-${Key}"}, **keys}}
    parameters = {"Key": {"Type": "String", "NoEcho": True}}
    workspace.template.write_text(json.dumps({"Parameters": parameters, "Resources": {"Table": table}}))

    settings = Settings(str(workspace.template), stack_name="q", region="us-east-1", parameters={"Key": "hunter2000"})
    with pytest.raises(DeployFailed, match=r"of-\*\*\*\*' already exists") as raised:
        deploy(DeployRequest(aws, load(settings.template), settings, timeout=60), workspace.ui)

    texts = (raised.value.message, *workspace.ui.steps, *(event.reason for event in workspace.ui.events))
    assert not any("hunter2000" in text for text in texts)


def test_a_finished_execution_is_not_searched_for(workspace: OneTemplate) -> None:
    """A run did not wait; since then another user deleted the stack."""
    gone = f"arn:aws:cloudformation:us-east-1:{account_id()}:stack/history/123"
    with open_journal(account_id(), "us-east-1", "history") as journal:
        journal.record(Phase.EXECUTING, change_set=gone.replace("stack", "changeSet"), token="t", stack_id=gone)

    started = time.monotonic()
    done = workspace.deploy("history")

    assert done is not None
    assert done.outcome.status == "CREATE_COMPLETE"
    assert [step for step in workspace.ui.steps if step.startswith("its stack")]
    assert time.monotonic() - started < 10


def test_the_same_deploy_after_a_failure_is_warned_of(workspace: OneTemplate, aws: Aws, golden: Golden) -> None:
    workspace.deploy("stubborn")
    table = {
        "TableName": "taken",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
    }
    aws.client("dynamodb").create_table(**table)
    workspace.write({"A": QUEUE, "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table}})
    warnings = list[str]()
    for warned in (False, True):
        workspace.ui.steps.clear()
        with pytest.raises(DeployFailed):
            workspace.deploy("stubborn")
        warnings = [step for step in workspace.ui.steps if step.startswith("warning: ")]
        assert len(warnings) == warned
    golden(warnings)


def test_two_deploys_of_one_stack_on_one_machine_exclude_each_other() -> None:
    with open_journal("123456789012", "us-east-1", "twice"):
        busy = pytest.raises(BusyError, match="stack twice")
        with busy, open_journal("123456789012", "us-east-1", "twice"):
            pass
        with open_journal("123456789012", "eu-west-1", "twice"):
            pass


def test_a_journal_tells_whether_it_waited_for_another_run() -> None:
    def waited() -> bool:
        with open_journal("123456789012", "us-east-1", "queued") as journal:
            return journal.waited

    with ThreadPoolExecutor(1) as pool:
        with open_journal("123456789012", "us-east-1", "queued"):
            second = pool.submit(waited)
            time.sleep(0.2)
        assert second.result()
    assert not waited()


def test_a_journal_outlives_its_process_and_a_broken_one_is_empty(tmp_path: Path) -> None:
    with open_journal("123456789012", "us-east-1", "kept") as journal:
        journal.record(Phase.EXECUTING, change_set="c", stack_id="arn", token="t", skipped=("Fn",))
        assert journal.path is not None
    with open_journal("123456789012", "us-east-1", "kept") as again:
        assert again.entry == journal.entry
    journal.path.write_text("{broken")
    with open_journal("123456789012", "us-east-1", "kept") as broken:
        assert broken.entry == JournalEntry()
    assert not locks.is_held(journal.path.with_suffix(".lock"))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param('{"phase": "EXECUTING", "skipped": []}', id="an execution without its change set"),
        pytest.param('{"phase": "OVER", "skipped": [1]}', id="a number for a name"),
        pytest.param('{"phase": "CREATING", "skipped": [], "change_set": "c", "at": 5}', id="a number for a time"),
        pytest.param('{"phase": "CREATING", "skipped": [], "colour": "red"}', id="a key of a later version"),
        pytest.param('{"phase": ["OVER"], "skipped": []}', id="a list for a phase"),
        pytest.param("[" * 100_000, id="too deep"),
    ],
)
def test_a_journal_that_tapctl_did_not_write_is_empty(content: str) -> None:
    with open_journal("123456789012", "us-east-1", "strange") as journal:
        assert journal.path is not None
        journal.path.write_text(content)
    with open_journal("123456789012", "us-east-1", "strange") as again:
        assert again.entry == JournalEntry()


def test_a_journal_that_cannot_be_closed_does_not_undo_what_was_done(tmp_path: Path, golden: Golden) -> None:
    taken = tmp_path / "taken"
    journal = Journal(taken / "s.json")
    taken.write_text("no folder")
    with pytest.raises(UsageError) as raised:
        journal.record(Phase.EXECUTING)
    golden(raised.value)
    journal.close()
    assert journal.entry.phase is Phase.OVER


def test_without_a_state_folder_no_deploy_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Golden
) -> None:
    (tmp_path / "taken").write_text("no folder")
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path / "taken"))
    with pytest.raises(UsageError) as raised:
        open_journal("123456789012", "us-east-1", "s").__enter__()
    golden(raised.value)


def test_a_verification_is_owed_until_the_same_stack_is_verified() -> None:
    mine, other = (f"arn:aws:cloudformation:us-east-1:123456789012:stack/owed/{number}" for number in "12")
    with open_journal("123456789012", "us-east-1", "owed") as journal:
        journal.record(Phase.EXECUTING, change_set="c", token="t", stack_id=mine, unverified=True)
        journal.close()
    owed = []
    for stack_id in (other, mine):
        mark_verified(stack_id)
        with open_journal("123456789012", "us-east-1", "owed") as journal:
            owed.append(journal.entry.unverified)
    assert owed == [True, False]


def test_skipped_resources_are_forgotten_when_another_stack_takes_the_name() -> None:
    journal = Journal()
    journal.record(Phase.RECOVERING, stack_id="first", skipped=("Fn",))
    journal.record(Phase.RECOVERING, stack_id="first")
    same = journal.entry
    journal.record(Phase.CONFIRMING, stack_id="second")
    assert (same.skipped, journal.entry.skipped) == (("Fn",), ())


def test_a_secret_is_not_even_part_of_the_digest() -> None:
    def of(password: str, stage: str) -> str:
        values = {"Password": password, "Stage": stage}
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
        return digest({"TemplateBody": "{}"}, given, {"Password"})

    assert of("one", "dev") == of("two", "dev") != of("one", "prod")


def test_the_journals_of_an_emptied_account_are_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path))
    for account in ("000000000000", "123456789012"):
        with open_journal(account, "us-east-1", "shop") as journal:
            journal.record(Phase.RECOVERING, stack_id="shop", token="t")

    forget("000000000000")

    with (
        open_journal("000000000000", "us-east-1", "shop") as emptied,
        open_journal("123456789012", "us-east-1", "shop") as other,
    ):
        assert (emptied.entry, other.entry.phase) == (JournalEntry(), Phase.RECOVERING)
