"""What failed is asked again until it holds or the time is over, and nothing else is."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tapctl.aws import Aws
from tapctl.config import Settings
from tapctl.expectations import HttpProbe, VerifyConfig
from tapctl.verify.patience import Patience
from tapctl.verify.run import Verification, verify

from .servers import Reply, serving
from .subjects import PSEUDO, stubbed

STACK = {
    "StackId": PSEUDO["AWS::StackId"],
    "StackName": "shop",
    "StackStatus": "CREATE_COMPLETE",
    "CreationTime": 0,
    "Outputs": [{"OutputKey": "Out", "OutputValue": "v"}],
}
TEMPLATE = '{"Resources": {"Topic": {"Type": "AWS::Events::Rule"}}, "Outputs": {"Out": {"Value": "v"}}}'


def reads(stubs: Any, times: int) -> None:
    """The stack is read this many times."""
    for _ in range(times):
        stubs["cloudformation"].add_response("describe_stacks", {"Stacks": [STACK]})
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
        patience = Patience(self.seconds, pause=1, clock=lambda: self.now, sleep=self.sleep)
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
