"""Rollouts of 12 cells over a bad line, killed at any moment; a plain re-run has to bring every cell about.

    python -m tests.soak.rollouts --count 100 --seed 1

Each run has six new accounts in two Regions with random limits and floors, and StackSets that behave as AWS's
documentation leaves open: what a failed create leaves, whether operations run side by side, whether lists are old.
Every other time the fleet has the first version of the template already. The real command then rolls the second one
out, once or twice, while a proxy throttles, answers with 500 and 503, resets connections before or after the call was
carried out, delays and truncates answers, or lets the credentials expire half-way, some cells fail or have no role, and
every other time the command is killed at the moment of a random call, of one that begins an operation, or of one that
follows it. Sometimes a stack is deleted by hand as well. Then the same command is run over a good line, with nothing in
its way.

What is claimed: it exits with 0; each cell has one stack, whose instance is CURRENT and whose reservation is the one
that is planned for it, and which its account can spare; no cell was created again where its stack was there; another
run has nothing to change; and no command ended with a traceback.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import boto3

from tapctl import sandbox
from tapctl.sandbox import AccountLimits, Sandbox, limits, stack_set_rules
from tapctl.sandbox.paths import sandbox_paths
from tapctl.sandbox.stack_set_rules import Failure, StackSetRules
from tapctl.state.files import state_dir
from tests.soak.faults import BadLine, Run, soak
from tests.soak.proxy import Call, Forward, Reply, between
from tests.support.rollouts import reserving
from tests.support.terminal import Answer, Terminal

SET, REGIONS = "orders", ("us-east-1", "eu-west-1")
COMMAND = ("fleet", "deploy", "prod", "--env=local", "--yes", "--no-verify", "--no-lint", "--format=json")
BEGINNINGS = frozenset(
    {"CreateStackSet", "UpdateStackSet", "CreateStackInstances", "UpdateStackInstances", "DeleteStackInstances"}
)
"""The calls that change something."""

FOLLOWING = frozenset({"DescribeStackSetOperation"})
"""The call that follows what has begun."""

CALLS = 160
"""About as many make a rollout."""

WELL = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
"""A stack that is as it was after an update that failed may be what is wanted in the end."""

Cell = tuple[str, str]


@dataclass
class Line(BadLine):
    """A bad line that may end the command with one of its `fatal` calls."""

    dies_with: int | None = None
    fatal: frozenset[str] = BEGINNINGS
    seen: int = 0

    def __call__(self, call: Call, forward: Forward) -> Reply | None:
        if call.operation in self.fatal:
            self.seen += 1
            if self.seen == self.dies_with:
                if self.rng.random() < 0.5:
                    forward(call)
                self.kill()
                return None
        return super().__call__(call, forward)


def line_of(rng: Random) -> Line:
    fate = rng.choice(["lives", "lives", "expires", "dies", "dies", "dies with", "dies with", "dies with"])
    return Line(
        rng,
        rng.randint(0, 8),
        expires_at=rng.randint(1, CALLS) if fate == "expires" else None,
        dies_at=rng.randint(1, CALLS) if fate == "dies" else None,
        dies_with=rng.randint(1, 6) if fate == "dies with" else None,
        fatal=rng.choice([BEGINNINGS, FOLLOWING]),
    )


@dataclass(frozen=True)
class Case:
    """Six accounts, what each cell may have, how StackSets behave, and what the fleet's section says."""

    seed: int
    admin: str
    accounts: tuple[str, ...]
    limits: Mapping[Cell, AccountLimits]
    rules: StackSetRules
    section: Mapping[str, Any]
    secret: str
    sizes: tuple[int, int]
    """What the first and the second version of the template ask for."""
    is_update: bool
    deleted: tuple[Cell, ...]
    """The cells whose stack is deleted by hand."""

    @property
    def cells(self) -> list[Cell]:
        return [(account, region) for account in self.accounts for region in REGIONS]


def case_of(seed: int) -> Case:
    rng = Random(seed)
    admin, *accounts = (f"7{seed:08}{number:03}" for number in range(7))
    cells = [(account, region) for account in accounts for region in REGIONS]
    rules = StackSetRules(
        failed_create_leaves=rng.choice(["nothing", "ROLLBACK_COMPLETE"]),
        omitted_parameters=rng.choice(["keep", "default"]),
        managed_execution=rng.choice(["serial", "parallel"]),
        cell_seconds=rng.choice([0, 0.05, 0.05, 0.4, 1]),
        list_seconds=rng.choice([0, 0, 0.3]),
        without_role=tuple(account for account in accounts if rng.random() < 0.08),
        fail={"/".join(cell): Failure("boom", rng.choice([1, 1, 2, None])) for cell in cells if rng.random() < 0.08},
    )
    section = {
        "failure_tolerance": rng.choice([0, 1, 2, "20%", "50%"]),
        **({"max_concurrent": rng.choice([1, 3, "50%"])} if rng.random() < 0.5 else {}),
        "region_concurrency": rng.choice(["sequential", "parallel"]),
        **rng.choice([{}, {"canary": []}, {"canary": accounts[2:4]}]),
    }
    return Case(
        seed,
        admin,
        tuple(accounts),
        {cell: _limits(rng) for cell in cells},
        rules,
        section,
        rng.choice(["", "", f"secret {seed}"]),
        (rng.choice([100, 300]), rng.choice([100, 200, 350])),
        is_update=rng.random() < 0.5,
        deleted=tuple(cell for cell in cells if rng.random() < 0.02),
    )


def _limits(rng: Random) -> AccountLimits:
    """A limit, and now and then a floor that nothing documents."""
    limit = rng.choice([10, 50, 250, 400, 1000, 1000])
    strange = rng.random() < 0.1 and limit > 100
    return AccountLimits(limit, floor=rng.randint(101, limit - 1) if strange else None)


@dataclass(frozen=True)
class RolloutRunner:
    """One sandbox for all runs, and a folder to deploy from."""

    sandbox: Sandbox
    terminal: Terminal
    _clients: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    def run(self, case: Case) -> Run:
        for (account, region), own in case.limits.items():
            limits.save(self._folder, own, f"{account}/{region}")
        first = self._deployed(case) if case.is_update else None
        self._write(case, case.sizes[1])
        stack_set_rules.save(self._folder, case.rules)
        rng = Random(case.seed)
        bumpy = [self._over(line_of(rng), case) for _ in range(rng.randint(1, 2))]
        self._delete_by_hand(case)
        usual = replace(case.rules, without_role=(), fail={})
        stack_set_rules.save(self._folder, usual)
        before = self._settled(case)
        last = self._tapctl(case, *COMMAND, "--remedy=adjust")
        again = self._tapctl(case, *COMMAND, "--remedy=adjust")
        stack_set_rules.save(self._folder, StackSetRules())
        answers = [*([first] if first else []), *bumpy, last, again]
        wrong = next((f"a traceback: {answer.err[-800:]}" for answer in answers if "Traceback" in answer.err), None)
        wrong = wrong or self._wrong(case, first, last, again) or self._repeated(case, before, last)
        return Run(tuple(answer.code for answer in bumpy), wrong)

    @property
    def _folder(self) -> Path:
        return sandbox_paths().folder

    def _deployed(self, case: Case) -> Answer:
        """The first version, over a good line."""
        stack_set_rules.save(self._folder, StackSetRules())
        self._write(case, case.sizes[0])
        return self._tapctl(case, *COMMAND, "--remedy=adjust")

    def _write(self, case: Case, size: int) -> None:
        template = reserving(size)
        secret = ["", "[fleet.prod.parameters]", f'Key = "{case.secret}"'] if case.secret else []
        if case.secret:
            template["Parameters"]["Key"] = {"Type": "String", "NoEcho": True}
            template["Resources"]["Fn"]["Properties"]["Environment"] = {"Variables": {"KEY": {"Ref": "Key"}}}
        given = {"regions": REGIONS, "accounts": case.accounts, "read_role": "read", "stack_set": SET, **case.section}
        lines = [f"{name} = {json.dumps(value)}" for name, value in given.items()]
        toml = ['template = "template.json"', "[env.local]", "sandbox = true", "[fleet.prod]", *lines, *secret]
        (self.terminal.cwd / "tapctl.toml").write_text("\n".join([*toml, ""]), encoding="utf-8")
        (self.terminal.cwd / "template.json").write_text(json.dumps(template), encoding="utf-8")

    def _variables(self, case: Case) -> dict[str, str]:
        return {"TAPCTL_SANDBOX_ACCOUNT": case.admin}

    def _tapctl(self, case: Case, *command: str) -> Answer:
        return self.terminal.tapctl(*command, env=self._variables(case))

    def _over(self, line: BadLine, case: Case) -> Answer:
        with between(line):
            running = subprocess.Popen(
                [sys.executable, "-m", "tapctl", *COMMAND, "--remedy=adjust"],
                cwd=self.terminal.cwd,
                env={**self.terminal.variables, **self._variables(case)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            line.kill = running.kill
            out, err = running.communicate(timeout=300)
        return Answer(running.returncode, out, err)

    def _client(self, service: str, account: str, region: str) -> Any:
        key = (service, account, region)
        if key not in self._clients:
            options: Any = {**sandbox.client_options(self.sandbox), "region_name": region}
            options["aws_access_key_id"] = account
            self._clients[key] = SESSION.client(service, **options)
        return self._clients[key]

    def _stacks(self, cell: Cell) -> dict[str, str]:
        """The stacks of a cell that are not deleted, and their statuses."""
        found = self._client("cloudformation", *cell).list_stacks()["StackSummaries"]
        return {
            stack["StackName"]: stack["StackStatus"] for stack in found if stack["StackStatus"] != "DELETE_COMPLETE"
        }

    def _delete_by_hand(self, case: Case) -> None:
        for cell in case.deleted:
            for name in self._stacks(cell):
                self._client("cloudformation", *cell).delete_stack(StackName=name)

    def _wrong(self, case: Case, first: Answer | None, last: Answer, again: Answer) -> str | None:
        if first and first.code != 0:
            return f"the first version exits with {first.code}: {first.err[-800:]}"
        if last.code != 0:
            return f"the re-run exits with {last.code}: {last.err[-800:]}"
        if again.code != 0 or again.json()["operations"]:
            return f"another run has something to change, and exits with {again.code}: {again.err[-800:]}"
        return self._wrong_cells(case, again.json()) or self._wrong_operations(case)

    def _wrong_cells(self, case: Case, plan: Any) -> str | None:
        client = self._client("cloudformation", case.admin, REGIONS[0])
        own = client.describe_stack_set(StackSetName=SET)["StackSet"]["Parameters"]
        usual = next(parameter["ParameterValue"] for parameter in own if parameter["ParameterKey"] == "Size")
        planned = {
            (cell["account_id"], cell["region"]): override_set["overrides"].get("Size", usual)
            for override_set in plan["override_sets"]
            for cell in override_set["cells"]
        }
        pages = client.get_paginator("list_stack_instances").paginate(StackSetName=SET)
        instances = {
            (instance["Account"], instance["Region"]): instance["Status"] for instance in pages.search("Summaries[]")
        }
        if instances != dict.fromkeys(case.cells, "CURRENT") or planned.keys() != instances.keys():
            return f"the instances are {instances}, and planned {list(planned)}"
        for cell in case.cells:
            stacks = self._stacks(cell)
            if len(stacks) != 1 or not set(stacks.values()) <= WELL:
                return f"{cell} has the stacks {stacks}"
            reserved, secret = self._function(cell)
            if secret != case.secret:
                return f"{cell} has not the NoEcho value"
            if reserved != planned[cell]:
                return f"{cell} reserves {reserved!r}, not {planned[cell]!r}"
            least = case.limits[cell].minimum_unreserved
            if case.limits[cell].concurrent_executions - int(reserved or 0) < least:
                return f"{cell} keeps less than {least} unreserved"
        return None

    def _function(self, cell: Cell) -> tuple[str, str]:
        """What the function reserves, as the parameter says it, and the NoEcho value that it has."""
        client = self._client("lambda", *cell)
        (function,) = client.list_functions()["Functions"]
        found = client.get_function_concurrency(FunctionName=function["FunctionName"])
        reserved = found.get("ReservedConcurrentExecutions", "")
        return str(reserved), function.get("Environment", {}).get("Variables", {}).get("KEY", "")

    def _settled(self, case: Case) -> dict[Cell, str]:
        """The cells that are CURRENT with the template of the stack set, and what they reserve; by the set itself.

        Nothing is known to be settled with a NoEcho value, which a run that was killed could not note.
        """
        client = self._client("cloudformation", case.admin, REGIONS[0])
        found = client.list_stack_sets(Status="ACTIVE")["Summaries"]
        if not found or case.secret:
            return {}
        described = client.describe_stack_set(StackSetName=SET)["StackSet"]
        written = (self.terminal.cwd / "template.json").read_text(encoding="utf-8")
        pages = client.get_paginator("list_stack_instances").paginate(StackSetName=SET)
        if described["TemplateBody"] != written:
            return {}
        cells = [
            (instance["Account"], instance["Region"]) for instance in pages.search("Summaries[?Status=='CURRENT']")
        ]
        return {cell: self._function(cell)[0] for cell in cells if self._stacks(cell)}

    def _repeated(self, case: Case, before: Mapping[Cell, str], last: Answer) -> str | None:
        """A cell that was touched although it had what it has in the end.

        Where a floor that nothing documents refused more, the run had to try it to learn that.
        """
        results = [cell for operation in last.json()["operations"] for cell in operation["cells"]]
        touched = {(result["account_id"], result["region"]) for result in results}
        refused = {(result["account_id"], result["region"]) for result in results if result["status"] == "FAILED"}
        learned = {cell for cell in refused if case.limits[cell].floor is not None}
        again = [cell for cell in touched & before.keys() - learned if self._function(cell)[0] == before[cell]]
        return f"cells had nothing to change, and were changed: {again}" if again else None

    def _wrong_operations(self, case: Case) -> str | None:
        """A cell that was created although it had its stack, or whose stack was deleted."""
        client = self._client("cloudformation", case.admin, REGIONS[0])
        made: Counter[Cell] = Counter()
        for page in client.get_paginator("list_stack_set_operations").paginate(StackSetName=SET):
            for operation in page["Summaries"]:
                if operation["Action"] == "CREATE":
                    made.update(self._succeeded(client, operation["OperationId"]))
        expected = Counter(case.cells)
        by_hand = set(case.deleted)
        wrong = {cell: made[cell] for cell in expected if made[cell] != 1 and cell not in by_hand}
        return f"cells were created more than once: {wrong}" if wrong else None

    def _succeeded(self, client: Any, operation: str) -> Iterator[Cell]:
        pages = client.get_paginator("list_stack_set_operation_results")
        for result in pages.paginate(StackSetName=SET, OperationId=operation).search("Summaries[]"):
            if result["Status"] == "SUCCEEDED":
                yield result["Account"], result["Region"]


SESSION: Any = boto3.Session()


@contextmanager
def rollout_runner(folder: Path) -> Iterator[RolloutRunner]:
    """A sandbox in the state folder that TAPCTL_STATE_DIR names, and a project in this one."""
    running = sandbox.start(AccountLimits(1000))
    runner = RolloutRunner(running, Terminal(state_dir(), folder))
    try:
        yield runner
    finally:
        for client in runner._clients.values():
            client.close()
        sandbox.stop()


def main() -> None:
    soak(
        "rollouts",
        "Roll out over a bad line.",
        rollout_runner,
        lambda runner, seed: runner.run(case_of(seed)),
        count=100,
    )


if __name__ == "__main__":
    main()
