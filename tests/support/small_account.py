"""A sandbox to release into, and who is told of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from tapctl.account.model import LearnedFloor
from tapctl.aws.session import Aws
from tapctl.aws.stacks import StackEvent
from tapctl.concurrency.remedy import RemedyMode
from tapctl.concurrency.result import Preflight
from tapctl.settings.settings import Settings
from tapctl.stacks.change_set import ChangeSet
from tapctl.template.load import load
from tapctl.workflows.deploy import DeployResult, deploy
from tapctl.workflows.deployer import Deployer

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


@dataclass
class Recorder:
    """Says yes, after doing what a test wants done at that moment, and notes what it is told."""

    before_execution: Any = None
    steps: list[str] = field(default_factory=list)
    results: list[Preflight] = field(default_factory=list)

    @property
    def verdicts(self) -> list[str]:
        return [each.verdict.value for each in self.results]

    def step(self, text: str) -> None:
        self.steps.append(text)

    def verdict(self, result: Preflight) -> None:
        self.results.append(result)

    def changes(self, found: ChangeSet) -> None: ...

    def event(self, event: StackEvent) -> None: ...

    def cancel(self, stack_name: str) -> bool:
        return False

    def confirm(self, stack_name: str) -> bool:
        if self.before_execution:
            action, self.before_execution = self.before_execution, None
            action()
        return True

    def allow(self, question: str, leaving: Sequence[str] = ()) -> bool:
        return False


@dataclass(frozen=True)
class Stage:
    """An empty account with limits of the test's choice, and one template in it."""

    aws: Aws
    template: Path

    def deploy(
        self,
        recorder: Recorder,
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
        deployer = Deployer(self.aws, settings, recorder)
        done = deploy(load(str(self.template)), deployer, recorder, None)
        assert done is not None
        return done

    def events(self) -> list[str]:
        """What became of the stack itself, from the first status to the last."""
        found = self.aws.client("cloudformation").describe_stack_events(StackName="s")["StackEvents"]
        return [each["ResourceStatus"] for each in reversed(found) if each["LogicalResourceId"] == "s"]

    def reserved(self) -> dict[str, int | None]:
        client = self.aws.client("lambda")
        names = [each["FunctionName"] for each in client.list_functions()["Functions"]]
        return {
            name: client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
            for name in names
        }

    def stacks(self) -> dict[str, str]:
        found = self.aws.client("cloudformation").list_stacks()["StackSummaries"]
        return {each["StackName"]: each["StackStatus"] for each in found if each["StackStatus"] != "DELETE_COMPLETE"}

    def take(self, amount: int) -> None:
        """Somebody else reserves."""
        client = self.aws.client("lambda")
        packed = BytesIO()
        with ZipFile(packed, "w") as archive:
            archive.writestr("a.py", "")
        code = {"ZipFile": packed.getvalue()}
        client.create_function(
            FunctionName="else", Role=FUNCTION["Role"], Code=code, Runtime="python3.12", Handler="a.b"
        )
        client.put_function_concurrency(FunctionName="else", ReservedConcurrentExecutions=amount)
