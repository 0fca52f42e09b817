"""Templates written to a folder and deployed to the sandbox, one change set at a time."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tapctl.account.live import LiveAccount
from tapctl.aws.session import Aws
from tapctl.settings.settings import Settings
from tapctl.stacks.stack import ReadyStack, find_stack
from tapctl.stacks.status import rule_for
from tapctl.template.load import load
from tapctl.workflows import preflight
from tapctl.workflows.deploy_step import Deployed, DeployStep, Refused, StepOutcome, run_step
from tapctl.workflows.deployer import Deployer, DeployRequest
from tests.support.fake_ui import FakeUI

QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue"}


@dataclass
class Workspace:
    """A folder of templates, and the stacks that they are deployed as."""

    aws: Aws
    folder: Path
    ui: FakeUI = field(default_factory=FakeUI)

    def deploy(self, name: str, body: dict[str, Any], **settings: Any) -> StepOutcome | None:
        """Run one step without the gate and the recheck; None when the user declined. Raises the step's refusal."""
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(body))
        request = DeployRequest(
            self.aws,
            load(str(path)),
            Settings(str(path), stack_name=name, region="us-east-1", **settings),
            timeout=60,
        )
        stack = find_stack(self.aws, name)
        result = preflight.judge(request.template, LiveAccount(self.aws), request.settings)
        self.ui.events.clear()
        ready = ReadyStack(stack, rule_for(stack.status).action)
        end = run_step(Deployer(request, self.ui), DeployStep(result, rechecks=False), ready)
        if isinstance(end, Refused):
            raise end.failure
        return end.outcome if isinstance(end, Deployed) else None

    def stacks(self) -> dict[str, str]:
        """The status of every stack that is not deleted."""
        stacks = self.aws.client("cloudformation").list_stacks()["StackSummaries"]
        return {
            stack["StackName"]: stack["StackStatus"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"
        }

    def change_sets(self, name: str) -> list[str]:
        """The change sets that were not executed."""
        summaries = self.aws.client("cloudformation").list_change_sets(StackName=name)["Summaries"]
        return [summary["ChangeSetName"] for summary in summaries if summary["ExecutionStatus"] != "EXECUTE_COMPLETE"]


def function(reserved: int | None = None, **properties: Any) -> dict[str, Any]:
    """A Lambda function with this reservation."""
    every = {
        "Runtime": "python3.11",
        "Handler": "index.handle",
        "Role": "arn:aws:iam::000000000000:role/any",
        "Code": {"ZipFile": "def handle(event, context): return 1"},
        "ReservedConcurrentExecutions": reserved,
        **properties,
    }
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {name: value for name, value in every.items() if value is not None},
    }
