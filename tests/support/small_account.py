"""An account of the sandbox with small limits, and a template with two functions."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from tapctl.account.model import LearnedFloor
from tapctl.aws.session import Aws
from tapctl.concurrency.remedy import RemedyMode
from tapctl.settings.settings import Settings
from tapctl.template.load import load
from tapctl.workflows.deploy import DeployResult, deploy
from tapctl.workflows.deployer import DeployRequest
from tests.support.fake_ui import FakeUI

FUNCTION = {
    "Runtime": "python3.12",
    "Handler": "index.handler",
    "Role": "arn:aws:iam::123456789012:role/x",
    "Code": "{ZipFile: 'def handler(event, context): return 1'}",
}
TEMPLATE = (
    "Parameters: {A: {Type: Number}, B: {Type: Number}, Name: {Type: String, Default: first}}\nResources:\n"
    + "".join(
        f"  Fn{letter}:\n    Type: AWS::Lambda::Function\n    Properties:\n"
        + "".join(f"      {key}: {value}\n" for key, value in FUNCTION.items())
        + f"      ReservedConcurrentExecutions: !Ref {letter}\n"
        + ("      FunctionName: !Ref Name\n" if letter == "A" else "")
        for letter in "AB"
    )
)


@dataclass(frozen=True)
class SmallAccount:
    """An empty account with limits of the test's choice, and one template."""

    aws: Aws
    template: Path

    def deploy(
        self,
        ui: FakeUI,
        remedy: RemedyMode = RemedyMode.ADJUST,
        minimum: int | None = None,
        learned: LearnedFloor | None = None,
        stack: str = "s",
        **parameters: object,
    ) -> DeployResult:
        settings = Settings(
            str(self.template),
            stack_name=stack,
            parameters={key: str(value) for key, value in parameters.items()},
            region=self.aws.region,
            remedy=remedy,
            min_unreserved=minimum,
            learned=learned,
        )
        result = deploy(DeployRequest(self.aws, load(str(self.template)), settings), ui)
        assert result is not None
        return result

    def events(self) -> list[str]:
        """Every status of the stack, oldest first."""
        events = self.aws.client("cloudformation").describe_stack_events(StackName="s")["StackEvents"]
        return [event["ResourceStatus"] for event in reversed(events) if event["LogicalResourceId"] == "s"]

    def reserved(self) -> dict[str, int | None]:
        client = self.aws.client("lambda")
        names = [function["FunctionName"] for function in client.list_functions()["Functions"]]
        return {
            name: client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
            for name in names
        }

    def stacks(self) -> dict[str, str]:
        stacks = self.aws.client("cloudformation").list_stacks()["StackSummaries"]
        return {
            stack["StackName"]: stack["StackStatus"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"
        }

    def take(self, amount: int) -> None:
        """Reserve this much for a function outside the stack."""
        client = self.aws.client("lambda")
        packed = BytesIO()
        with ZipFile(packed, "w") as archive:
            archive.writestr("a.py", "")
        code = {"ZipFile": packed.getvalue()}
        client.create_function(
            FunctionName="else", Role=FUNCTION["Role"], Code=code, Runtime="python3.12", Handler="a.b"
        )
        client.put_function_concurrency(FunctionName="else", ReservedConcurrentExecutions=amount)
