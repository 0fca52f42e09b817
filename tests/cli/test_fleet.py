"""`tapctl fleet`: a rollout as its users see it, in the sandbox, and what is refused before anything is made."""

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tapctl.sandbox.stack_set_rules import Failure
from tests.cli.conftest import Tapctl
from tests.support.fleet_service import HUB, HUB_ACCOUNT, Service, refused, serving
from tests.support.golden import Golden
from tests.support.rollouts import reserving
from tests.support.schemas import breaches
from tests.support.shared_sandbox import SharedSandbox
from tests.support.stack_sets import OTHER_REGION, REGION, Fleet
from tests.support.terminal import Terminal

BOTH = (REGION, OTHER_REGION)


@dataclass
class ProdFleet:
    """A fleet `prod` of the sandbox's accounts, and the command."""

    fleet: Fleet
    accounts: list[str]
    folder: Path
    tapctl: Tapctl
    section: dict[str, Any] = field(default_factory=dict)

    def write(self, size: int = 350, *, env: str = "sandbox = true") -> None:
        """The template and tapctl.toml."""
        (self.folder / "template.json").write_text(json.dumps(reserving(size)))
        given = {"regions": list(BOTH), "accounts": self.accounts, "read_role": "read", "stack_set": "orders"}
        lines = [f"{name} = {json.dumps(value)}" for name, value in {**given, **self.section}.items()]
        toml = ['template = "template.json"', "[env.local]", env, "[fleet.prod]", *lines]
        (self.folder / "tapctl.toml").write_text("\n".join(toml) + "\n")

    def run(self, command: str, *more: str, env: str = "local") -> Any:
        lint = ["--no-lint"] if command in ("plan", "deploy") else []
        return self.tapctl("fleet", command, "prod", "--env", env, *lint, *more)

    def document(self, command: str, *more: str, code: int = 0) -> Any:
        """What it prints as JSON, which fulfils its schema."""
        answer = self.run(command, "--format", "json", *more)
        assert answer.code == code, answer
        document = answer.json()
        assert breaches(document) == []
        return document

    @property
    def names(self) -> dict[str, str]:
        """A name for each account, for golden texts."""
        return {f"account {letter}": account for letter, account in zip("ABCDEFG", self.accounts, strict=False)}


@pytest.fixture
def prod(workdir: Path, fleet: Fleet, shared_sandbox: SharedSandbox, tapctl: Tapctl) -> ProdFleet:
    """Six accounts with limits of 10, 50, 400 and 1000, in two Regions; one more of 1000 is not in the fleet."""
    accounts = [*fleet.accounts, *shared_sandbox.new_ids(3)]
    for account, limit in zip(accounts, (10, 50, 400, 400, 1000, 1000, 1000), strict=True):
        fleet.limits(account, limit)
    prod = ProdFleet(fleet, accounts[:6], workdir, tapctl)
    prod.write()
    return prod


DEPLOY = ("deploy", "--yes", "--remedy", "adjust")


def test_a_fleet_is_rolled_out_fails_in_part_is_repaired_proved_and_joined(prod: ProdFleet, golden: Golden) -> None:
    broken = prod.accounts[4]
    prod.section = {"failure_tolerance": 1, "region_concurrency": "parallel"}
    prod.write()
    prod.fleet.rules(fail={f"{broken}/{OTHER_REGION}": Failure("boom", times=1)})

    plan = prod.run("plan", "--remedy", "adjust")
    assert plan.code == 0
    golden(f"{plan.err}\n{plan.out}", "plan", **prod.names)

    first = prod.run(*DEPLOY)
    assert first.code == 6
    assert f"{broken}/{OTHER_REGION} failed: boom" in first.err
    golden(first.out, "one account fails", **prod.names)

    unproved = prod.run("verify")
    assert unproved.code == 8
    golden(unproved.out, "verify", **prod.names)

    second = prod.run(*DEPLOY)
    assert second.code == 0
    golden(second.out, "repaired", **prod.names)
    assert prod.run("verify").code == 0
    stacks = [len(prod.fleet.stacks(account, region)) for account in prod.accounts for region in BOTH]
    assert stacks == [1] * 12

    third = prod.run(*DEPLOY)
    assert third.code == 0
    golden(third.out, "nothing to change", **prod.names)


def test_an_account_that_joins_gets_an_instance_and_the_others_stay(prod: ProdFleet, golden: Golden) -> None:
    joining = prod.accounts.pop()
    prod.section = {"regions": [REGION]}
    prod.write()
    assert prod.document(*DEPLOY, "--no-verify")["operations"] != []
    prod.accounts.append(joining)
    prod.write()

    document = prod.document(*DEPLOY, "--no-verify")

    (operation,) = document["operations"]
    assert [cell["account_id"] for cell in operation["cells"]] == [joining]
    assert len(document["deployed"]) == 6


def test_each_document_fulfils_its_schema(prod: ProdFleet) -> None:
    prod.section = {"regions": [REGION], "accounts": prod.accounts[1:4], "canary": [], "failure_tolerance": 1}
    prod.write()
    prod.fleet.rules(fail={f"{prod.accounts[2]}/{REGION}": Failure("boom", times=1)})

    plan = prod.document("plan", "--remedy", "adjust")
    assert [step["action"] for step in plan["steps"]] == ["create_set", "create", "create"]
    assert len(plan["override_sets"]) == 2

    failed = prod.document(*DEPLOY, code=6)
    cells = {cell["account_id"]: cell["status"] for end in failed["operations"] for cell in end["cells"]}
    assert cells == dict(zip(prod.accounts[1:4], ["SUCCEEDED", "FAILED", "SUCCEEDED"], strict=True))
    assert len(failed["verification"]) == 2

    assert [cell["verified"] for cell in prod.document("verify", code=8)["cells"]] == [True, False, True]
    assert prod.document("watch")["operation"] is None
    assert prod.document("destroy", "--yes")["destroyed"]


# ---------------------------------------------------------------------------------------------------------------------
# Exit codes
# ---------------------------------------------------------------------------------------------------------------------


def test_a_remedy_needs_consent_and_a_question_a_terminal(prod: ProdFleet, golden: Golden) -> None:
    prod.section = {"regions": [REGION]}
    prod.write()

    without = prod.run("deploy", "--yes")
    assert without.code == 3
    golden("\n".join(without.err.splitlines()[-2:]), "consent")
    assert prod.run("plan").code == 3
    assert prod.document("deploy", "--yes", code=3)["error"]["exit_code"] == 3
    assert prod.run("deploy", "--remedy", "adjust").code == 2
    assert prod.run("destroy").code == 2


def test_cells_that_exceed_are_left_out_with_3_and_uncertain_ones_with_4(prod: ProdFleet, golden: Golden) -> None:
    prod.section = {"regions": [REGION], "accounts": [prod.accounts[0], prod.accounts[2], prod.accounts[4]]}
    prod.write()
    command = ("deploy", "--yes", "--remedy", "fail", "--no-verify")
    exceeding = prod.run(*command)
    prod.section["accounts"] = [prod.accounts[2], prod.accounts[4]]
    prod.write()
    uncertain = prod.run(*command)

    assert (exceeding.code, uncertain.code) == (3, 4)
    golden(exceeding.out, "exceeds", **prod.names)
    golden(uncertain.out, "uncertain", **prod.names)
    assert prod.run(*command, "--allow-uncertain").code in (0, 6)


def test_a_canary_that_fails_stops_with_6(prod: ProdFleet, golden: Golden) -> None:
    prod.section = {"regions": [REGION], "canary": [prod.accounts[4]]}
    prod.write()
    prod.fleet.rules(fail={f"{prod.accounts[4]}/{REGION}": Failure("boom")})

    answer = prod.run(*DEPLOY)

    assert answer.code == 6
    golden(answer.out, **prod.names)


def test_an_operation_of_another_user_is_5_and_can_be_watched(prod: ProdFleet, golden: Golden) -> None:
    prod.section = {"regions": [REGION], "accounts": [prod.accounts[4]]}
    prod.write()
    assert prod.run(*DEPLOY, "--no-verify").code == 0
    prod.fleet.hold()
    foreign = prod.fleet.begin("update_stack_instances", name="orders", Accounts=[prod.accounts[4]])

    busy = prod.run(*DEPLOY)
    planned = prod.run("plan")
    later = threading.Timer(3, prod.fleet.release)
    later.start()
    watched = prod.run("watch")
    later.join()

    assert (busy.code, planned.code, watched.code) == (5, 0, 0)
    golden([line for line in planned.err.splitlines() if foreign in line], "plan", operation=foreign)
    golden(busy.err, "busy", operation=foreign)
    golden(watched.out, "watch", operation=foreign)
    golden(prod.run("watch").out, "none")


def test_an_inoperable_instance_is_7(prod: ProdFleet, golden: Golden) -> None:
    prod.section = {"regions": [REGION], "accounts": [prod.accounts[4]]}
    prod.write()
    assert prod.run(*DEPLOY, "--no-verify").code == 0
    prod.fleet.rules(fail={f"{prod.accounts[4]}/{REGION}": Failure("boom", times=1)})

    destroyed = prod.run("destroy", "--yes")
    assert destroyed.code == 7
    golden(destroyed.out, "destroy", **prod.names)
    deployed = prod.run(*DEPLOY)
    assert deployed.code == 7
    golden("\n".join(deployed.err.splitlines()[-9:]), "deploy", **prod.names)


def test_an_interrupt_is_130_and_leaves_the_operation_running(prod: ProdFleet, tmp_path: Path, golden: Golden) -> None:
    prod.section = {"regions": [REGION], "accounts": prod.accounts[4:]}
    prod.write()
    prod.fleet.rules(cell_seconds=5)
    variables = {"TAPCTL_SANDBOX_ACCOUNT": prod.fleet.admin}
    terminal = Terminal(tmp_path / "state", prod.folder, variables)
    running = subprocess.Popen(
        [sys.executable, "-m", "tapctl", "fleet", "deploy", "prod", "--env", "local", "--no-lint", "--yes"],
        cwd=prod.folder,
        env=terminal.variables,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr
    for line in running.stderr:
        if "RUNNING" in line:
            break
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)

    assert running.returncode == 130
    ending = [line for line in said.splitlines() if line.startswith(("error: ", "hint: "))]
    golden([re.sub(r"\btapctl-[\w-]+", "<operation>", line) for line in ending])
    prod.fleet.rules()


# ---------------------------------------------------------------------------------------------------------------------
# Bad input
# ---------------------------------------------------------------------------------------------------------------------


def test_a_protected_environment_is_not_destroyed(prod: ProdFleet, golden: Golden) -> None:
    prod.write(env="sandbox = true\nprotected = true")

    answer = prod.run("destroy", "--yes")

    assert answer.code == 2
    golden(answer.err)


def test_a_set_of_the_same_name_is_refused(prod: ProdFleet, golden: Golden) -> None:
    prod.fleet.create_set(name="orders")

    answers = [prod.run(*DEPLOY), prod.run("plan"), prod.run("destroy", "--yes")]

    assert [answer.code for answer in answers] == [2, 2, 2]
    golden(answers[0].err)


NONSENSE = [
    'failure_tolerance = "200%"',
    "failure_tolerance = -1",
    "failure_tolerance = 1.5",
    "failure_tolerance = 100001",
    "max_concurrent = 0",
    'max_concurrent = "0%"',
    'stack_set = "or ders"',
    'stack_set = "1orders"',
    f'stack_set = "{"x" * 129}"',
    'stack_set_region = "Ireland"',
    'permission = "organization"',
    'permission = "service"',
    'permission = "service"\nous = ["ou-abcd-11111111"]',
    'call_as = "delegated_admin"',
    "auto_deploy = true",
    'administration_role = "admin"',
    'execution_role = "arn:aws:iam::111111111111:role/run"',
    'remedy = "maybe"',
    'canary = ["12"]',
    'canary = ["999999999999"]',
    'region_concurrency = "all"',
    'read_role = "no role"',
    'accounts = ["12345"]',
    'accounts = ["\\u0661\\u0661\\u0661\\u0661\\u0661\\u0661\\u0661\\u0661\\u0661\\u0661\\u0661\\u0661"]',
    "account.abc = {}",
    "accounts = []",
    "regions = []",
    'ous = ["team"]',
    "fail_tolerance = 1",
]


@pytest.mark.parametrize("line", NONSENSE, ids=[line[:60].replace("\n", ", ") for line in NONSENSE])
def test_nonsense_in_the_configuration_is_one_line_with_a_hint(
    line: str, workdir: Path, serve: Callable[[Service], None], tapctl: Tapctl, golden: Golden
) -> None:
    serve(Service())
    given = {"regions": '["eu-west-1"]', "accounts": '["111111111111"]', "stack_set": '"orders"', "read_role": '"r"'}
    names = [setting.partition(" ")[0] for setting in line.splitlines()]
    lines = [f"{name} = {value}" for name, value in given.items() if name not in names]
    (workdir / "tapctl.toml").write_text("\n".join(["[fleet.prod]", *lines, line, ""]))
    (workdir / "template.json").write_text(json.dumps(reserving()))

    answer = tapctl("fleet", "plan", "prod", "--no-lint")

    assert answer.is_error(2)
    assert "\nhint: " in answer.err
    golden(answer.err)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Service], None]]:
    """Let a service answer for AWS."""
    with ExitStack() as stack:

        def start(service: Service) -> None:
            monkeypatch.setenv("AWS_ENDPOINT_URL", stack.enter_context(serving(service)))
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", HUB)
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

        yield start


ONE, TWO, UNIT = "111111111111", "222222222222", "ou-abcd-11111111"
NO_SET = {f"DescribeStackSet {HUB_ACCOUNT}": refused("StackSetNotFoundException", "no set", 404)}
LISTED = f'accounts = ["{ONE}", "{TWO}", "{ONE}"]'
UNITS = f'ous = ["{UNIT}"]'


def plan(
    workdir: Path,
    tapctl: Tapctl,
    accounts: str,
    *more: str,
    fleets: tuple[str, ...] = ("prod",),
    read_role: str = "r",
) -> Any:
    section = f'regions = ["eu-west-1"]\nread_role = "{read_role}"\nstack_set = "orders"\n{accounts}\n'
    (workdir / "tapctl.toml").write_text("".join(f"[fleet.{name}]\n{section}" for name in fleets))
    (workdir / "template.json").write_text(json.dumps(reserving()))
    return tapctl("fleet", "plan", "--no-lint", *more)


def test_several_fleets_need_a_name(
    workdir: Path, serve: Callable[[Service], None], tapctl: Tapctl, golden: Golden
) -> None:
    serve(Service())

    answers = [plan(workdir, tapctl, LISTED, *more, fleets=("prod", "dev")) for more in ((), ("prod,dev",), ("prd",))]

    assert [answer.code for answer in answers] == [2, 2, 2]
    golden("\n".join(answer.err for answer in answers))


@pytest.mark.parametrize("command", ["plan", "deploy", "watch", "verify", "destroy"])
def test_a_fleet_that_does_not_exist_is_the_error_even_without_a_terminal(
    command: str, workdir: Path, tapctl: Tapctl
) -> None:
    (workdir / "template.json").write_text(json.dumps(reserving()))
    (workdir / "tapctl.toml").write_text('template = "template.json"\n[fleet.prod]\nstack_set = "orders"\n')

    answer = tapctl("fleet", command, "prd")
    assert (answer.code, "no fleet `prd`" in answer.err, "confirmation" in answer.err) == (2, True, False)


def test_invalid_accounts_units_and_stack_sets_are_refused(
    workdir: Path, serve: Callable[[Service], None], tapctl: Tapctl, golden: Golden
) -> None:
    serve(Service(units={UNIT: ()}))
    missing = plan(workdir, tapctl, 'ous = ["ou-abcd-22222222"]')
    empty = plan(workdir, tapctl, UNITS)
    (workdir / "tapctl.toml").write_text(f'[fleet.prod]\nregions = ["eu-west-1"]\n{LISTED}\n')
    unnamed = tapctl("fleet", "plan", "--no-lint")

    assert [answer.code for answer in (missing, empty, unnamed)] == [2, 2, 2]
    golden("\n".join((missing.err, empty.err, unnamed.err)))


def test_an_account_that_is_named_twice_is_planned_once(
    workdir: Path, serve: Callable[[Service], None], tapctl: Tapctl, golden: Golden
) -> None:
    serve(Service(refusals=NO_SET))

    answer = plan(workdir, tapctl, LISTED, "--format", "json")

    assert answer.code == 0
    assert sum(len(override_set["cells"]) for override_set in answer.json()["override_sets"]) == 2
    golden([line for line in answer.err.splitlines() if ONE in line])


@pytest.mark.parametrize(
    ("service", "code"),
    [
        pytest.param(Service(refusals=NO_SET, throttled=frozenset({"AssumeRole"})), 0, id="STS throttles once"),
        pytest.param(
            Service(refusals={**NO_SET, f"AssumeRole {TWO}": refused("AccessDenied", "no", 403)}), 4, id="no role"
        ),
        pytest.param(
            Service(refusals={f"DescribeStackSet {HUB_ACCOUNT}": refused("ExpiredToken", "over", 403)}), 1, id="expired"
        ),
        pytest.param(
            Service(refusals={f"DescribeStackSet {HUB_ACCOUNT}": refused("AccessDenied", "not authorized", 403)}),
            1,
            id="no permission",
        ),
    ],
)
def test_a_refusal_of_organizations_is_one_line_with_a_hint(
    service: Service, code: int, workdir: Path, serve: Callable[[Service], None], tapctl: Tapctl, golden: Golden
) -> None:
    serve(service)

    answer = plan(workdir, tapctl, f'accounts = ["{ONE}", "{TWO}"]')

    assert answer.code == code
    golden(f"{answer.err}\n{answer.out}")


def test_organizations_that_throttles_is_asked_again(
    workdir: Path, serve: Callable[[Service], None], tapctl: Tapctl
) -> None:
    service = Service(units={UNIT: (ONE, TWO)}, refusals=NO_SET, throttled=frozenset({"ListAccountsForParent"}))
    serve(service)

    assert plan(workdir, tapctl, UNITS).code == 0
    assert service.counts["ListAccountsForParent"] == 2


def test_a_role_of_another_account_does_not_speak_for_this_one(
    workdir: Path, serve: Callable[[Service], None], tapctl: Tapctl, golden: Golden
) -> None:
    service = Service(refusals=NO_SET)
    serve(service)
    section = f'accounts = ["{ONE}", "{TWO}"]'
    answer = plan(workdir, tapctl, section, "--format", "json", read_role=f"arn:aws:iam::{ONE}:role/r")

    assert answer.code == 4
    (left,) = answer.json()["left_out"]
    assert left["account_id"] == TWO
    golden(left["reason"])
    assert service.counts["AssumeRole"] == 1
