"""Rollouts through the stack sets of the sandbox, in this process."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tapctl.aws.accounts import Accounts
from tapctl.aws.session import Aws, Connection
from tapctl.concurrency.remedy import RemedyMode
from tapctl.fleet.cells import live_cells
from tapctl.fleet.judge import FleetPreflight
from tapctl.fleet.operation import Progress
from tapctl.fleet.plan import FleetDeletion, RolloutPlan
from tapctl.fleet.request import RolloutRequest, StackSetRequest, settings_for, stack_set_of
from tapctl.fleet.rollout import Rollout, deploy_fleet
from tapctl.hints import Hint
from tapctl.report.hints import worded
from tapctl.settings.fleet_section import Fleet as Section
from tapctl.settings.settings import Settings
from tapctl.settings.targets import Targets
from tapctl.template.load import load
from tapctl.template.model import Template
from tests.support.sandbox_clients import function
from tests.support.stack_sets import OTHER_REGION, REGION, Fleet

NAME, SET = "prod", "orders"
Cells = Mapping[str, Any]


def reserving(size: object = 300, **resources: Any) -> dict[str, Any]:
    """A template with one function, whose reservation is the parameter `Size`, and none where that is empty."""
    reservation = {"Fn::If": ["Reserves", {"Ref": "Size"}, {"Ref": "AWS::NoValue"}]}
    return {
        "Parameters": {"Size": {"Type": "String", "Default": str(size)}},
        "Conditions": {"Reserves": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Size"}, ""]}]}},
        "Resources": {"Fn": function(ReservedConcurrentExecutions=reservation), **resources},
    }


@dataclass
class FakeUI:
    """Keeps what a rollout shows; `hooks` are called with each line of progress, and with each read of an operation."""

    answer: bool = True
    steps: list[str] = field(default_factory=list)
    plans: list[RolloutPlan] = field(default_factory=list)
    reads: list[Progress] = field(default_factory=list)
    deletions: list[FleetDeletion] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    on_step: Callable[[str], None] = lambda _: None
    on_progress: Callable[[Progress], None] = lambda _: None

    def step(self, text: str, hint: Hint | None = None) -> None:
        text = f"{text}; {worded(hint)}" if hint else text
        self.steps.append(text)
        self.on_step(text)

    def judged(self, result: FleetPreflight) -> None:
        pass

    def plan(self, plan: RolloutPlan, template: Template) -> None:
        self.plans.append(plan)

    def deletion(self, deletion: FleetDeletion) -> None:
        self.deletions.append(deletion)

    def confirm(self, question: str) -> bool:
        self.questions.append(question)
        return self.answer

    def progress(self, progress: Progress) -> None:
        self.reads.append(progress)
        self.on_progress(progress)


@dataclass
class FleetProject:
    """A template and a fleet's section, and where both are deployed to."""

    fleet: Fleet
    folder: Path
    section: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def template(self, body: Mapping[str, Any]) -> None:
        (self.folder / "template.json").write_text(json.dumps(body))

    @property
    def accounts(self) -> Accounts:
        sandbox = self.fleet.sandbox
        return Accounts(Aws(Connection(REGION, endpoint=sandbox.endpoint, keys=sandbox.keys)))

    def base(self, **more: Any) -> StackSetRequest:
        given = {"accounts": list(self.fleet.accounts), "regions": [REGION], "read_role": "read", "stack_set": SET}
        section = Section.model_validate({**given, **self.section})
        accounts = self.accounts
        cells = live_cells(Targets({NAME: section}, self.folder), accounts)
        settings = Settings(str(self.folder / "template.json"), **{"remedy": RemedyMode.ADJUST, **self.settings})
        own = settings_for(replace(settings, sandbox=True), section)
        sets = stack_set_of(NAME, section, accounts, None)
        quick: dict[str, Any] = {"sleep": lambda seconds: time.sleep(min(seconds, 0.02)), **more}
        return StackSetRequest(
            name=NAME, fleet=section, accounts=accounts, sets=sets, cells=cells, settings=own, **quick
        )

    def request(self, *, adopts: bool = False, **more: Any) -> RolloutRequest:
        return RolloutRequest.of(self.base(**more), load(str(self.folder / "template.json")), adopts=adopts)

    def deploy(self, ui: FakeUI | None = None, **more: Any) -> Rollout:
        return deploy_fleet(self.request(**more), ui or FakeUI())

    def reserved(self, accounts: Sequence[str] = (), region: str = REGION) -> dict[str, int | None]:
        """What the function of each account reserves; an account without one is left out."""
        found = {account: self.fleet.reserved(account, region) for account in accounts or self.fleet.accounts}
        assert all(len(reservations) < 2 for reservations in found.values()), found
        return {account: reservations[0] for account, reservations in found.items() if reservations}


def both_regions() -> dict[str, Any]:
    return {"regions": [REGION, OTHER_REGION]}
