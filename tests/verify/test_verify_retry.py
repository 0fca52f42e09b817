"""What failed is asked again until it holds or the time is over, and nothing else is."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tapctl.aws.session import Aws
from tapctl.settings.settings import Settings
from tapctl.settings.verify_section import HttpProbe, VerifyConfig
from tapctl.stacks.follow import place
from tapctl.verify.retry import RetryWindow
from tapctl.verify.verify import Verification, verify
from tests.support.deployed_stacks import PSEUDO, stubbed
from tests.support.servers import Reply, serving

STACK = {
    "StackId": PSEUDO["AWS::StackId"],
    "StackName": "shop",
    "StackStatus": "CREATE_COMPLETE",
    "CreationTime": 0,
    "Outputs": [{"OutputKey": "Out", "OutputValue": "v"}],
}
TEMPLATE = '{"Resources": {"Topic": {"Type": "AWS::Events::Rule"}}, "Outputs": {"Out": {"Value": "v"}}}'


def reads(stubs: Any, times: int, status: str = "CREATE_COMPLETE") -> None:
    """The stack is read this many times, and found in this status."""
    for _ in range(times):
        stubs["cloudformation"].add_response("describe_stacks", {"Stacks": [{**STACK, "StackStatus": status}]})
        stubs["cloudformation"].add_response("get_template", {"TemplateBody": TEMPLATE})
        stubs["cloudformation"].add_response("list_stack_resources", {"StackResourceSummaries": []})


@dataclass
class Waiting:
    """A patience whose time only its pauses move, and what was said meanwhile."""

    seconds: float
    now: float = 0
    pauses: list[float] = field(default_factory=list)
    talk: list[str] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def verify(self, aws: Aws, *probes: HttpProbe) -> Verification:
        settings = Settings("-", stack_name="shop", verify=VerifyConfig(http=probes))
        patience = RetryWindow(self.seconds, pause=1, clock=lambda: self.now, sleep=self.sleep)
        return verify(aws, settings, lambda url: (url, {}), patience=patience, tell=self.talk.append)


def test_what_failed_is_asked_again_until_it_holds() -> None:
    waiting = Waiting(30)
    with (
        stubbed("cloudformation") as (aws, stubs),
        serving(Reply(500), Reply(500), Reply(200)) as (slow, got),
        serving(Reply(200)) as (good, once),
    ):
        reads(stubs, 3)

        result = waiting.verify(aws, HttpProbe(url=slow), HttpProbe(url=good))

    assert result.failed == []
    assert (len(got), len(once)) == (3, 1)
    assert waiting.pauses == [1, 2]
    assert waiting.talk == [f"not right yet: http {slow}; asking again for up to 30 s"]


def test_the_time_comes_to_an_end() -> None:
    waiting = Waiting(5)
    with stubbed("cloudformation") as (aws, stubs), serving(Reply(500)) as (url, got):
        reads(stubs, 4)

        result = waiting.verify(aws, HttpProbe(url=url))

    assert len(result.failed) == 1
    assert len(got) == 4
    assert sum(waiting.pauses) == 5


@pytest.mark.parametrize("seconds", [0, 30])
def test_what_time_does_not_mend_is_not_waited_for(seconds: float) -> None:
    waiting = Waiting(seconds)
    with stubbed("cloudformation") as (aws, stubs):
        reads(stubs, 1)

        result = waiting.verify(aws, HttpProbe(output="Missing"))

    assert len(result.failed) == 1
    assert waiting.pauses == []


def test_the_order_stays_that_of_the_first_time() -> None:
    waiting = Waiting(30)
    with stubbed("cloudformation") as (aws, stubs), serving(Reply(500), Reply(200)) as (url, _):
        reads(stubs, 2)

        result = waiting.verify(aws, HttpProbe(url=url, path="/a"), HttpProbe(url=url, path="/b"))

    assert [each.subject for each in result.checks][-2:] == [f"http {url}/a", f"http {url}/b"]


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"])
def test_what_was_undone_is_what_it_was_before_and_no_failure(status: str) -> None:
    waiting = Waiting(30)
    with stubbed("cloudformation") as (aws, stubs):
        reads(stubs, 1, status)

        result = waiting.verify(aws)

    assert result.failed == []
    assert "undone" in result.checks[0].message
    assert waiting.talk == []


@pytest.mark.parametrize("status", ["UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED", "IMPORT_ROLLBACK_FAILED"])
def test_a_stuck_stack_is_a_failure_that_time_does_not_mend(status: str) -> None:
    waiting = Waiting(30)
    with stubbed("cloudformation") as (aws, stubs):
        reads(stubs, 1, status)

        result = waiting.verify(aws)

    assert [each.subject for each in result.failed] == ["stack"]
    assert len(result.checks) > 1
    assert waiting.pauses == []


@pytest.mark.parametrize(
    ("status", "agreed"),
    [
        ("ROLLBACK_COMPLETE", ""),
        ("CREATE_FAILED", ""),
        ("ROLLBACK_FAILED", " --recover"),
        ("DELETE_FAILED", " --recover"),
    ],
)
def test_where_there_is_no_working_stack_that_is_all_that_is_said(status: str, agreed: str) -> None:
    waiting = Waiting(30)
    with stubbed("cloudformation") as (aws, stubs):
        reads(stubs, 1, status)

        result = waiting.verify(aws, HttpProbe(output="Out"))

    [only] = result.checks
    assert only.message.endswith("; there is no working stack")
    assert only.hint == f"`tapctl deploy{place(aws, 'shop')}{agreed}` makes it anew"
    assert waiting.pauses == []


def test_an_operation_under_way_is_waited_for() -> None:
    waiting = Waiting(30)
    with stubbed("cloudformation") as (aws, stubs):
        reads(stubs, 1, "UPDATE_IN_PROGRESS")
        reads(stubs, 1, "UPDATE_COMPLETE")

        result = waiting.verify(aws)

    assert result.failed == []
    assert waiting.talk == ["not right yet: stack; asking again for up to 30 s"]
