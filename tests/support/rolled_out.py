"""Plans and rollouts in memory, for what is reported of them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tapctl.aws.stack_sets import InstanceResult, SetOperation
from tapctl.concurrency.remedy import RemedyMode
from tapctl.errors import AwsError
from tapctl.fleet.cells import Cell, Cells
from tapctl.fleet.judge import judge_fleet
from tapctl.fleet.operation import EndedOperation
from tapctl.fleet.override_sets import wanted
from tapctl.fleet.plan import SetState, plan_rollout
from tapctl.fleet.prepare import Prepared
from tapctl.fleet.rollout import Rollout
from tapctl.settings.settings import Settings
from tapctl.settings.targets import TargetAccount
from tests.support.fake_account import FakeAccount, fake_account
from tests.support.fixed import read
from tests.support.hints import noted

REGIONS = ("eu-west-1", "us-east-1")
TEMPLATE = """\
Parameters: {Size: {Type: String, Default: "350"}, Key: {Type: String, NoEcho: true, Default: k}}
Conditions: {Reserves: !Not [!Equals [!Ref Size, ""]]}
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties: {ReservedConcurrentExecutions: !If [Reserves, !Ref Size, !Ref AWS::NoValue]}
"""


def account(number: int) -> str:
    return str(number) * 12


def planned(*limits: int | None, state: SetState | None = None, joins: bool = False, **own: str) -> Prepared:
    """The plan for accounts 1, 2, … with these concurrency limits in two Regions; None cannot be read.

    `own` are parameters of the last account.
    """

    def open_cell(cell: Cell) -> FakeAccount:
        limit = limits[int(cell.account.id[0]) - 1]
        if limit is None:
            raise AwsError(
                "role read cannot be assumed from account 999999999999", noted("create it in these accounts")
            )
        return fake_account(limit)

    def parameters(number: int) -> dict[str, str]:
        return own if number == len(limits) else {}

    cells = tuple(
        Cell(TargetAccount(account(number), REGIONS, parameters=parameters(number)), region, "")
        for number in range(1, len(limits) + 1)
        for region in REGIONS
    )
    settings = Settings("t.yaml", remedy=RemedyMode.ADJUST)
    judged = judge_fleet(read(TEMPLATE), Cells("prod", cells, {}, (), open_cell), settings)
    held = {name: value or "" for name, value in state.values.items()} if state else None
    want = wanted(judged.cells, settings, held=held, joins=joins)
    return Prepared(judged, plan_rollout(want, state or SetState(), None))


def ended(prepared: Prepared, *failed: str, reason: str = "", status: str = "SUCCEEDED") -> list[EndedOperation]:
    """The ends of the operations of a plan, in which these accounts failed."""

    def result(cell: tuple[str, str]) -> InstanceResult:
        wrong = cell[0] in failed
        return InstanceResult(*cell, "FAILED" if wrong else "SUCCEEDED", reason if wrong else "")

    return [
        EndedOperation(
            step.description, SetOperation(f"tapctl-{number}", "CREATE", status), {c: result(c) for c in step.cells}
        )
        for number, step in enumerate(prepared.plan.steps, 1)
        if step.cells
    ]


def rolled_out(prepared: Prepared, ends: Sequence[EndedOperation] = (), **more: Any) -> Rollout:
    return replace(Rollout(prepared, list(ends), list(prepared.plan.left_out)), **more)
