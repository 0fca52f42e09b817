"""Deploys that are killed, and what the next one makes of it."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tapctl.aws.session import Aws
from tapctl.concurrency.result import Preflight
from tapctl.errors import BusyError, DeployFailed, UsageError
from tapctl.settings.settings import Settings
from tapctl.state import locks
from tapctl.state.journal import Journal, JournalEntry, Phase, digest, forget, opened, proved
from tapctl.template.load import load
from tapctl.workflows.deploy import DeployResult, deploy
from tapctl.workflows.deployer import Deployer
from tests.support.failing_custom_resource import mood
from tests.support.shared_sandbox import account_id
from tests.support.workspace import QUEUE, Watcher

pytestmark = pytest.mark.xdist_group("deploy resume")

ROOT = Path(__file__).parents[2]


@dataclass
class Told(Watcher):
    verdicts: list[str] = field(default_factory=list)

    def verdict(self, result: Preflight) -> None:
        self.verdicts.append(result.verdict.value)


@dataclass
class Bench:
    """One template, deployed by runs that die and by runs that live."""

    aws: Aws
    template: Path
    watcher: Told = field(default_factory=Told)

    def writes(self, resources: dict[str, Any]) -> None:
        self.template.write_text(json.dumps({"Resources": resources}))

    def dies(self, stack: str, moment: str) -> None:
        endpoint = self.aws.client("sts").meta.endpoint_url
        command = [sys.executable, "-m", "tests.support.kill_points", endpoint, str(self.template), stack, moment]
        ended = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert ended.returncode == -9, ended.stderr

    def deploys(self, stack: str, **more: Any) -> DeployResult | None:
        settings = Settings(str(self.template), stack_name=stack, region="us-east-1")
        deployer = Deployer(self.aws, settings, self.watcher, timeout=60, **more)
        return deploy(load(str(self.template)), deployer, self.watcher, None)

    def sets(self, stack: str) -> list[str]:
        found = self.aws.client("cloudformation").list_change_sets(StackName=stack)["Summaries"]
        return [each["ChangeSetName"] for each in found if each["ExecutionStatus"] == "AVAILABLE"]


@pytest.fixture
def bench(aws: Aws, tmp_path: Path) -> Bench:
    bench = Bench(aws, tmp_path / "queue.json")
    bench.writes({"A": QUEUE})
    return bench


def over(what: Phase, watcher: Watcher) -> bool:
    """Whether it was said in the first line what the last run was about."""
    said = watcher.steps[0]
    return said.startswith("the last run, of 20") and said.endswith(f"UTC, ended {what.value}")


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        pytest.param("asking for a change set", Phase.ASKING, id="before it asked"),
        pytest.param("changes", Phase.CONFIRMING, id="before the yes"),
        pytest.param("event", Phase.EXECUTING, id="while it followed"),
    ],
)
def test_a_run_that_was_killed_is_picked_up_by_the_next(moment: str, phase: Phase, bench: Bench) -> None:
    name = f"killed-{phase.name}".lower()
    bench.dies(name, moment)

    done = bench.deploys(name)

    assert over(phase, bench.watcher)
    assert done is not None
    assert (done.outcome.status, done.outcome.changed) == ("CREATE_COMPLETE", phase is not Phase.EXECUTING)
    assert bench.sets(name) == []
    bench.watcher.steps.clear()
    bench.deploys(name)
    assert not any(step.startswith("the last run") for step in bench.watcher.steps)


def test_the_same_holds_for_an_update(bench: Bench) -> None:
    bench.deploys("updated")
    bench.writes({"A": QUEUE, "B": QUEUE})
    bench.dies("updated", "changes")

    done = bench.deploys("updated")

    assert done is not None
    assert (done.outcome.status, done.outcome.changed) == ("UPDATE_COMPLETE", True)
    assert "its change set, which nobody executed, was removed" in bench.watcher.steps
    assert bench.sets("updated") == []


def test_without_waiting_a_deploy_is_left_to_the_next(bench: Bench, aws: Aws) -> None:
    moody = mood(aws)
    moody.refuse(pause=2)
    bench.writes({"Slow": moody.resource()})

    begun = bench.deploys("hurried", waits=False)
    assert begun is not None
    assert not begun.outcome.followed
    with pytest.raises(BusyError):
        bench.deploys("hurried", waits=False)
    done = bench.deploys("hurried")

    assert done is not None
    assert done.outcome.status == "CREATE_COMPLETE"


def test_a_secret_that_a_resource_quotes_is_not_shown(bench: Bench, aws: Aws) -> None:
    keys = {"KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
    keys["AttributeDefinitions"] = [{"AttributeName": "k", "AttributeType": "S"}]
    aws.client("dynamodb").create_table(TableName="of-hunter2000", **keys)
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "of-${Key}"}, **keys}}
    parameters = {"Key": {"Type": "String", "NoEcho": True}}
    bench.template.write_text(json.dumps({"Parameters": parameters, "Resources": {"Table": table}}))

    settings = Settings(str(bench.template), stack_name="q", region="us-east-1", parameters={"Key": "hunter2000"})
    with pytest.raises(DeployFailed, match=r"of-\(hidden\)' already exists") as raised:
        deploy(load(settings.template), Deployer(aws, settings, bench.watcher, timeout=60), bench.watcher, None)

    told = (raised.value.message, *bench.watcher.steps, *(each.reason for each in bench.watcher.events))
    assert not any("hunter2000" in each for each in told)


def test_an_execution_that_is_history_is_not_searched_for(bench: Bench) -> None:
    """Of a run that did not wait; since then others deployed the stack, or deleted it."""
    gone = f"arn:aws:cloudformation:us-east-1:{account_id()}:stack/history/123"
    with opened(account_id(), "us-east-1", "history") as journal:
        journal.note(Phase.EXECUTING, change_set=gone.replace("stack", "changeSet"), token="t", stack_id=gone)

    started = time.monotonic()
    done = bench.deploys("history")

    assert done is not None
    assert done.outcome.status == "CREATE_COMPLETE"
    assert "its stack is gone" in bench.watcher.steps
    assert time.monotonic() - started < 10


def test_an_attempt_that_failed_is_warned_of_when_it_is_made_again(bench: Bench, aws: Aws) -> None:
    bench.deploys("stubborn")
    table = {
        "TableName": "taken",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
    }
    aws.client("dynamodb").create_table(**table)
    bench.writes({"A": QUEUE, "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table}})
    warning = "warning: the last attempt, which failed, was with the same template and parameters"

    for warned in (False, True):
        bench.watcher.steps.clear()
        with pytest.raises(DeployFailed):
            bench.deploys("stubborn")
        assert (warning in bench.watcher.steps) is warned


def test_two_deploys_of_one_stack_on_one_machine_exclude_each_other() -> None:
    with opened("123456789012", "us-east-1", "twice"):
        busy = pytest.raises(BusyError, match="another tapctl on this machine is deploying stack twice")
        with busy, opened("123456789012", "us-east-1", "twice"):
            pass
        with opened("123456789012", "eu-west-1", "twice"):
            pass


def test_who_waited_for_another_run_is_told_that_the_stack_may_have_changed() -> None:
    def waited() -> bool:
        with opened("123456789012", "us-east-1", "queued") as journal:
            return journal.waited

    with ThreadPoolExecutor(1) as pool:
        with opened("123456789012", "us-east-1", "queued"):
            second = pool.submit(waited)
            time.sleep(0.2)
        assert second.result()
    assert not waited()


def test_a_journal_outlives_its_process_and_a_broken_one_tells_nothing(tmp_path: Path) -> None:
    with opened("123456789012", "us-east-1", "kept") as journal:
        journal.note(Phase.EXECUTING, change_set="c", stack_id="arn", token="t", skipped=("Fn",))
        assert journal.path is not None
    with opened("123456789012", "us-east-1", "kept") as again:
        assert again.entry == journal.entry
    journal.path.write_text("{broken")
    with opened("123456789012", "us-east-1", "kept") as broken:
        assert broken.entry == JournalEntry()
    assert not locks.is_held(journal.path.with_suffix(".lock"))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param('{"phase": "EXECUTING", "skipped": []}', id="an execution of nobody knows what"),
        pytest.param('{"phase": "OVER", "skipped": [1]}', id="a number for a name"),
        pytest.param('{"phase": "ASKING", "skipped": [], "change_set": "c", "at": 5}', id="a number for a time"),
        pytest.param('{"phase": "ASKING", "skipped": [], "colour": "red"}', id="a key of a later version"),
        pytest.param('{"phase": ["OVER"], "skipped": []}', id="a list for a phase"),
        pytest.param("[" * 100_000, id="too deep"),
    ],
)
def test_a_journal_that_tapctl_did_not_write_tells_nothing(content: str) -> None:
    with opened("123456789012", "us-east-1", "strange") as journal:
        assert journal.path is not None
        journal.path.write_text(content)
    with opened("123456789012", "us-east-1", "strange") as again:
        assert again.entry == JournalEntry()


def test_a_journal_that_cannot_be_closed_does_not_undo_what_was_done(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    journal = Journal(taken / "s.json")
    taken.write_text("no folder")
    with pytest.raises(UsageError, match="cannot write"):
        journal.note(Phase.EXECUTING)
    journal.close()
    assert journal.entry.phase is Phase.OVER


def test_where_nothing_can_be_kept_no_deploy_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("no folder")
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path / "taken"))
    with pytest.raises(UsageError, match=r"cannot keep tapctl's own state in .+: Not a directory"):
        opened("123456789012", "us-east-1", "s").__enter__()


def test_a_verification_is_owed_until_the_same_stack_was_proved() -> None:
    mine, other = (f"arn:aws:cloudformation:us-east-1:123456789012:stack/owed/{each}" for each in "12")
    with opened("123456789012", "us-east-1", "owed") as journal:
        journal.note(Phase.EXECUTING, change_set="c", token="t", stack_id=mine, unverified=True)
        journal.close()
    owed = []
    for stack_id in (other, mine):
        proved(stack_id)
        with opened("123456789012", "us-east-1", "owed") as journal:
            owed.append(journal.entry.unverified)
    assert owed == [True, False]


def test_what_was_skipped_in_one_stack_is_not_told_of_another_that_took_its_name() -> None:
    journal = Journal()
    journal.note(Phase.MENDING, stack_id="first", skipped=("Fn",))
    journal.note(Phase.MENDING, stack_id="first")
    same = journal.entry
    journal.note(Phase.CONFIRMING, stack_id="second")
    assert (same.skipped, journal.entry.skipped) == (("Fn",), ())


def test_a_secret_is_not_even_part_of_the_digest() -> None:
    def of(password: str, stage: str) -> str:
        values = {"Password": password, "Stage": stage}
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
        return digest({"TemplateBody": "{}"}, given, {"Password"})

    assert of("one", "dev") == of("two", "dev") != of("one", "prod")


def test_of_an_account_that_was_emptied_nothing_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path))
    for account in ("000000000000", "123456789012"):
        with opened(account, "us-east-1", "shop") as journal:
            journal.note(Phase.MENDING, stack_id="shop", token="t")

    forget("000000000000")

    with opened("000000000000", "us-east-1", "shop") as emptied, opened("123456789012", "us-east-1", "shop") as other:
        assert (emptied.entry, other.entry.phase) == (JournalEntry(), Phase.MENDING)
