"""Retries of failed checks, and the status of the stack."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tapctl.aws.session import Aws
from tapctl.hints import Advice, advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.settings.settings import Settings
from tapctl.settings.verify_section import HttpProbe, VerifyConfig
from tapctl.stacks.follow import stack_flags
from tapctl.state.journal import Phase, open_journal
from tapctl.verify.retry import RetryWindow
from tapctl.verify.verify import Verification, check_remedies, verify
from tests.support.deployed_stacks import PSEUDO, deployed_stack, stubbed
from tests.support.golden import Golden
from tests.support.servers import Reply, http_server

STACK = {
    "StackId": PSEUDO["AWS::StackId"],
    "StackName": "shop",
    "StackStatus": "CREATE_COMPLETE",
    "CreationTime": 0,
    "Outputs": [{"OutputKey": "Out", "OutputValue": "v"}],
}
TEMPLATE = '{"Resources": {"Topic": {"Type": "AWS::S3::Bucket"}}, "Outputs": {"Out": {"Value": "v"}}}'


def queue_reads(stubs: Any, times: int, status: str = "CREATE_COMPLETE") -> None:
    """Queue the responses of this many reads of the stack, with this status."""
    for _ in range(times):
        stubs["cloudformation"].add_response("describe_stacks", {"Stacks": [{**STACK, "StackStatus": status}]})
        stubs["cloudformation"].add_response("get_template", {"TemplateBody": TEMPLATE})
        stubs["cloudformation"].add_response("list_stack_resources", {"StackResourceSummaries": []})


@dataclass
class Retries:
    """A retry window with a clock that only its pauses advance, and the progress messages."""

    seconds: float
    now: float = 0
    pauses: list[float] = field(default_factory=list)
    progress: list[str] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def verify(self, aws: Aws, *probes: HttpProbe) -> Verification:
        settings = Settings("-", stack_name="shop", verify=VerifyConfig(http=probes))
        retry = RetryWindow(self.seconds, pause=1, clock=lambda: self.now, sleep=self.sleep)
        return verify(aws, settings, lambda url: (url, {}), retry=retry, progress=self.progress.append)


def test_failed_checks_are_retried_until_they_hold(golden: Golden) -> None:
    retries = Retries(30)
    with (
        stubbed("cloudformation") as (aws, stubs),
        http_server(Reply(500), Reply(500), Reply(200)) as (slow, retried),
        http_server(Reply(200)) as (good, not_retried),
    ):
        queue_reads(stubs, 3)

        result = retries.verify(aws, HttpProbe(url=slow), HttpProbe(url=good))

    assert result.failed == []
    assert (len(retried), len(not_retried)) == (3, 1)
    assert retries.pauses == [1, 2]
    golden(retries.progress, url=slow)


def test_retries_end_with_the_window() -> None:
    retries = Retries(5)
    with stubbed("cloudformation") as (aws, stubs), http_server(Reply(500)) as (url, requests):
        queue_reads(stubs, 4)

        result = retries.verify(aws, HttpProbe(url=url))

    assert len(result.failed) == 1
    assert len(requests) == 4
    assert sum(retries.pauses) == 5


@pytest.mark.parametrize("seconds", [0, 30])
def test_permanent_failures_are_not_retried(seconds: float) -> None:
    retries = Retries(seconds)
    with stubbed("cloudformation") as (aws, stubs):
        queue_reads(stubs, 1)

        result = retries.verify(aws, HttpProbe(output="Missing"))

    assert len(result.failed) == 1
    assert retries.pauses == []


def test_checks_keep_the_order_of_the_first_attempt() -> None:
    retries = Retries(30)
    with stubbed("cloudformation") as (aws, stubs), http_server(Reply(500), Reply(200)) as (url, _):
        queue_reads(stubs, 2)

        result = retries.verify(aws, HttpProbe(url=url, path="/a"), HttpProbe(url=url, path="/b"))

    assert [check.subject for check in result.checks][-2:] == [f"http {url}/a", f"http {url}/b"]


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"])
def test_a_rolled_back_update_is_verified_as_the_previous_stack(status: str) -> None:
    retries = Retries(30)
    with stubbed("cloudformation") as (aws, stubs):
        queue_reads(stubs, 1, status)

        result = retries.verify(aws)

    assert result.failed == []
    assert result.checks[0].subject == "stack"
    assert status in result.checks[0].message
    assert retries.progress == []


@pytest.mark.parametrize("status", ["UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED", "IMPORT_ROLLBACK_FAILED"])
def test_a_stuck_stack_fails_permanently(status: str) -> None:
    retries = Retries(30)
    with stubbed("cloudformation") as (aws, stubs):
        queue_reads(stubs, 1, status)

        result = retries.verify(aws)

    assert [check.subject for check in result.failed] == ["stack"]
    assert len(result.checks) > 1
    assert retries.pauses == []


@pytest.mark.parametrize(
    ("status", "recreates"),
    [
        ("ROLLBACK_COMPLETE", DeployAdvice.RECREATE_STACK),
        ("CREATE_FAILED", DeployAdvice.RECREATE_STACK),
        ("ROLLBACK_FAILED", DeployAdvice.RECREATE_WITH_RECOVER),
        ("DELETE_FAILED", DeployAdvice.RECREATE_WITH_RECOVER),
    ],
)
def test_a_stack_that_must_be_recreated_has_no_other_check(status: str, recreates: Advice) -> None:
    retries = Retries(30)
    with stubbed("cloudformation") as (aws, stubs):
        queue_reads(stubs, 1, status)

        result = retries.verify(aws, HttpProbe(output="Out"))

    [only] = result.checks
    assert (only.subject, only.status.value) == ("stack", "failed")
    assert only.hint == advise(recreates, stack_flags(aws, "shop"))
    assert retries.pauses == []


def test_a_stack_in_progress_is_retried(golden: Golden) -> None:
    retries = Retries(30)
    with stubbed("cloudformation") as (aws, stubs):
        queue_reads(stubs, 1, "UPDATE_IN_PROGRESS")
        queue_reads(stubs, 1, "UPDATE_COMPLETE")

        result = retries.verify(aws)

    assert result.failed == []
    golden(retries.progress)


NO_VALUE = {"Ref": "AWS::NoValue"}


@pytest.mark.parametrize(
    ("remedied", "reserved", "stated"),
    [
        pytest.param({"Worker": [30, None]}, NO_VALUE, ["Worker"], id="dropped"),
        pytest.param({"Worker": [30, 12]}, 12, ["Worker"], id="lowered"),
        pytest.param({"Worker": [30, 12]}, "12", ["Worker"], id="as text"),
        pytest.param({"Worker": [30, None]}, 30, [], id="taken back elsewhere"),
        pytest.param({"Worker": [30, 12]}, NO_VALUE, [], id="dropped elsewhere"),
        pytest.param({"Gone": [30, None]}, 30, [], id="of a function that is gone"),
        pytest.param(
            {"Inner/Fn": [9, None]},
            30,
            ["Inner/Fn"],
            id="in a nested stack",
        ),
        pytest.param({}, 30, [], id="none"),
        pytest.param({"Worker": ["30", None]}, NO_VALUE, [], id="an unreadable journal"),
    ],
)
def test_a_remedy_is_stated_while_the_stack_has_it(
    remedied: dict[str, list[Any]],
    reserved: Any,
    stated: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    golden: Golden,
) -> None:
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path))
    with open_journal("123456789012", "us-east-1", "shop") as journal:
        journal.record(Phase.OVER, stack_id=PSEUDO["AWS::StackId"], remedied=remedied)
    worker = {"Type": "AWS::Lambda::Function", "Properties": {"ReservedConcurrentExecutions": reserved}}

    checks = list(check_remedies(deployed_stack({"Resources": {"Worker": worker}})))

    assert [check.subject for check in checks] == stated
    golden([check.message for check in checks])
    assert all(check.remedied for check in checks)


def test_a_remedy_of_an_earlier_stack_of_the_name_is_not_stated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path))
    with open_journal("123456789012", "us-east-1", "shop") as journal:
        journal.record(Phase.OVER, stack_id=f"{PSEUDO['AWS::StackId']}0", remedied={"Queue": [30, None]})

    assert list(check_remedies(deployed_stack({}))) == []


def test_expectations_of_another_stack_are_not_applied(golden: Golden) -> None:
    config = VerifyConfig.model_validate({"outputs": {"Out": "other"}}).left_out("stack tapstack-local")
    with stubbed("cloudformation") as (aws, stubs):
        queue_reads(stubs, 1)

        result = verify(aws, Settings("-", stack_name="shop", verify=config), lambda url: (url, {}))

    assert result.failed == []
    golden([f"{check.status.value}: {check.subject}: {check.message}" for check in result.checks])
