"""Somebody who writes templates, deploys them to the sandbox, watches, and answers as a test tells."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tapctl.account.live import LiveAccount
from tapctl.aws.session import Aws
from tapctl.aws.stacks import StackEvent
from tapctl.settings.settings import Settings
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.stack import describe_stack
from tapctl.template.load import load
from tapctl.workflows import preflight
from tapctl.workflows.deployer import Deployer, Outcome

QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue"}


@dataclass
class Watcher:
    """Sees everything, and answers as it was told."""

    answer: bool | type[BaseException] = True
    recover: bool = False
    leave: set[str] | None = None
    """What may be left behind; None lets everything be."""
    agreed: list[tuple[str, list[str]]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    sets: list[ChangeSet] = field(default_factory=list)
    events: list[StackEvent] = field(default_factory=list)

    def step(self, text: str) -> None:
        self.steps.append(text)

    def changes(self, found: ChangeSet) -> None:
        self.sets.append(found)

    def event(self, event: StackEvent) -> None:
        self.events.append(event)

    def cancel(self, stack_name: str) -> bool:
        return False

    def confirm(self, stack_name: str) -> bool:
        if isinstance(self.answer, bool):
            return self.answer
        raise self.answer

    def allow(self, question: str, leaving: Sequence[str] = ()) -> bool:
        self.agreed.append((question, list(leaving)))
        return self.recover and (self.leave is None or self.leave.issuperset(leaving))


@dataclass
class Desk:
    """Writes templates and deploys them."""

    aws: Aws
    folder: Path
    watcher: Watcher = field(default_factory=Watcher)

    def deploy(self, name: str, body: dict[str, Any], **more: Any) -> Outcome | None:
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(body))
        settings = Settings(str(path), stack_name=name, region="us-east-1", **more)
        live = describe_stack(self.aws, name)
        result = preflight.judge(load(str(path)), LiveAccount(self.aws), settings)
        self.watcher.events.clear()
        return Deployer(self.aws, settings, self.watcher, timeout=60).deploy(result, live)

    def stacks(self) -> dict[str, str]:
        found = self.aws.client("cloudformation").list_stacks()["StackSummaries"]
        return {each["StackName"]: each["StackStatus"] for each in found if each["StackStatus"] != "DELETE_COMPLETE"}

    def sets(self, name: str) -> list[str]:
        found = self.aws.client("cloudformation").list_change_sets(StackName=name)["Summaries"]
        return [each["ChangeSetName"] for each in found if each["ExecutionStatus"] != "EXECUTE_COMPLETE"]


def function(reserved: int | None = None, **more: Any) -> dict[str, Any]:
    properties = {
        "Runtime": "python3.11",
        "Handler": "index.handle",
        "Role": "arn:aws:iam::000000000000:role/any",
        "Code": {"ZipFile": "def handle(event, context): return 1"},
        "ReservedConcurrentExecutions": reserved,
        **more,
    }
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {name: value for name, value in properties.items() if value is not None},
    }
