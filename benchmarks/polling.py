"""Cost of waiting for CloudFormation: seconds lost and reads made, on simulated stacks of known durations.

    python -m benchmarks.polling [--samples 500]

The polling loops are the real ones; CloudFormation is simulated inside botocore and time is virtual, so that a
thousand deploys take a minute. Lost is the time from CreateChangeSet to the outputs, less what the service took to
create and to execute the change set. Each request takes 150 ms, starts its operation when it is sent, and shows the
state when its response arrives. All reads count: change set, its validations, events, status and outputs.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from tapctl.aws.session import Aws, Connection
from tapctl.stacks import change_set
from tapctl.stacks.change_set_request import ChangeSetRequest
from tapctl.stacks.follow import Follower
from tapctl.stacks.polling import Budget

LATENCY = 0.15
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/11111111-2222-3333-4444-555555555555"
SET_ID = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/tapctl/66666666-2222-3333-4444-555555555555"


@dataclass(frozen=True, slots=True)
class Scenario:
    """Ranges of seconds that CloudFormation takes, sampled evenly."""

    name: str
    change_set: tuple[float, float]
    execution: tuple[float, float]


SCENARIOS = (
    Scenario("code change", (2, 6), (5, 12)),
    Scenario("small stack", (2, 10), (8, 40)),
    Scenario("long stack", (2, 10), (60, 240)),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """One deploy: seconds lost in all, seconds lost after CloudFormation's last event, reads, and wall seconds."""

    lost: float
    late: float
    reads: int
    wall: float


@dataclass(slots=True)
class Service:
    """A simulated CloudFormation, on a clock that only requests and sleeps advance."""

    preparing: float
    executing: float
    now: float = 0.0
    reads: int = 0
    _requested: float = 0.0
    _executed: float = 0.0
    _token: str = ""
    _responses: Mapping[str, Callable[[Mapping[str, Any], float], dict[str, Any]]] = field(init=False)

    def __post_init__(self) -> None:
        self._responses = {
            "CreateChangeSet": self._create,
            "DescribeChangeSet": self._describe_set,
            "ExecuteChangeSet": self._execute,
            "DescribeStackEvents": self._events,
        }

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def ended(self) -> float:
        return self._executed + self.executing

    def aws(self, shared: Aws) -> Aws:
        """The shared client, with this service in place of AWS."""
        hooks = shared.client("cloudformation").meta.events
        hooks.unregister("before-call.cloudformation", unique_id="service")
        hooks.register("before-call.cloudformation", self._respond, unique_id="service")
        return shared

    def _respond(self, model: Any, params: Mapping[str, Any], **_: object) -> tuple[Any, dict[str, Any]]:
        sent = self.now
        self.now += LATENCY
        self.reads += model.name.startswith("Describe")
        response = self._responses.get(model.name, self._describe)
        return SimpleNamespace(status_code=200), response(params["body"], sent)

    def _describe(self, _: Mapping[str, Any], __: float) -> dict[str, Any]:
        return {"Stacks": [{"StackId": STACK_ID, "StackName": "shop", "StackStatus": "UPDATE_IN_PROGRESS"}]}

    def _create(self, _: Mapping[str, Any], sent: float) -> dict[str, Any]:
        self._requested = sent
        return {"Id": SET_ID, "StackId": STACK_ID}

    def _describe_set(self, _: Mapping[str, Any], __: float) -> dict[str, Any]:
        ready = self.now >= self._requested + self.preparing
        status = "CREATE_COMPLETE" if ready else "CREATE_IN_PROGRESS"
        return {"ChangeSetId": SET_ID, "StackId": STACK_ID, "Status": status, "Changes": []}

    def _execute(self, body: Mapping[str, Any], sent: float) -> dict[str, Any]:
        self._executed, self._token = sent, body["ClientRequestToken"]
        return {}

    def _events(self, _: Mapping[str, Any], __: float) -> dict[str, Any]:
        last = [self._event("end", "UPDATE_COMPLETE")] if self.now >= self.ended() else []
        return {"StackEvents": [*last, self._event("begin", "UPDATE_IN_PROGRESS")]}

    def _event(self, name: str, status: str) -> dict[str, Any]:
        return {
            "EventId": name,
            "StackId": STACK_ID,
            "LogicalResourceId": "shop",
            "PhysicalResourceId": STACK_ID,
            "ResourceType": "AWS::CloudFormation::Stack",
            "ResourceStatus": status,
            "ClientRequestToken": self._token,
        }


def deploy(shared: Aws, service: Service) -> Cost:
    """Change set, execution, events, outputs: as `tapctl.workflows.deploy_step` does them."""
    aws = service.aws(shared)
    client, token = aws.client("cloudformation"), "token"
    request = ChangeSetRequest("shop", creates=False, template={"TemplateBody": "{}"})
    change_set.create(aws, request, sleep=service.sleep, clock=service.clock)
    client.execute_change_set(ChangeSetName=SET_ID, StackName=STACK_ID, ClientRequestToken=token)
    list(Follower(aws, STACK_ID, token, 3600, service.sleep, service.clock, Budget()).follow())
    client.describe_stacks(StackName=STACK_ID)
    lost = service.now - service.preparing - service.executing
    return Cost(lost, service.now - service.ended(), service.reads, service.now)


def measure(scenario: Scenario, samples: int) -> list[Cost]:
    """Deploys whose durations are spread evenly over both ranges, by a sequence that leaves no gaps."""
    shared = Aws(Connection("us-east-1", endpoint="http://127.0.0.1:9", keys=("key", "secret")))
    spread = ((number * 0.7548776662 % 1, number * 0.5698402910 % 1) for number in range(1, samples + 1))
    return [
        deploy(shared, Service(_within(scenario.change_set, first), _within(scenario.execution, second)))
        for first, second in spread
    ]


def _within(span: tuple[float, float], share: float) -> float:
    return span[0] + (span[1] - span[0]) * share


def row(scenario: Scenario, costs: list[Cost]) -> str:
    lost = sorted(cost.lost for cost in costs)
    figures = (
        statistics.mean(lost),
        lost[int(len(lost) * 0.95)],
        lost[-1],
        max(cost.late for cost in costs),
        statistics.mean(cost.reads for cost in costs),
        sum(cost.reads for cost in costs) / sum(cost.wall for cost in costs),
    )
    spans = "{:g}-{:g} + {:g}-{:g} s".format(*scenario.change_set, *scenario.execution)
    return "| {} | {} | {:.2f} | {:.2f} | {:.2f} | {:.2f} | {:.0f} | {:.2f} |".format(scenario.name, spans, *figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=500)
    options = parser.parse_args()
    table = [
        "| deploy | change set + execution | mean lost s | p95 | max | latest end s | reads | reads/s |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(row(scenario, measure(scenario, options.samples)) for scenario in SCENARIOS),
    ]
    sys.stdout.write("\n".join(table) + "\n")


if __name__ == "__main__":
    main()
