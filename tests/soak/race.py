"""Two simultaneous deploys that compete for the last headroom of an account.

    python -m tests.soak.race --count 50 --seed 1

Each time two `tapctl deploy` commands start within half a second of each other, each for a stack of its own, on one
sandbox. Either fits by itself; both do not. What is claimed of the end: exactly one stack has what it asked for. With
remedy `adjust` the other one has less and both commands succeed; with `fail` the other command stops with exit 3 and
its stack is as it was. No stack is left failed, and the account's floor holds.

The sandbox runs the operations of both stacks beside each other, one resource at a time, and judges each call by what
both hold at that moment, so that the second to come is refused as on AWS. The moment that matters is the one between
tapctl's last look at the headroom and the execution of its change set. It is milliseconds long and hardly ever met by
chance; so half of the races are held there: a proxy lets no change set be executed until both were asked for, when
both deploys have looked for the last time and seen enough. What this cannot show is how long AWS takes to count a
reservation that another stack has just made.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from os import environ
from pathlib import Path
from random import Random
from typing import Any

from tapctl import sandbox
from tapctl.state.files import state_dir
from tests.soak.proxy import Call, Forward, Reply, between
from tests.support.sandbox_clients import Aws, function
from tests.support.terminal import Answer, Terminal

STACKS = ("first", "second")
WANTED, HEADROOM, FLOOR = 60, 100, 100
"""What each stack asks for, what both may have together, and what must stay unreserved."""

BEFORE = 10
"""What each stack reserves before it is updated."""

WELL = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}


@dataclass(frozen=True)
class Race:
    """How two deploys meet: by how many seconds the second is late, and whether both are held until both execute."""

    remedy: str
    updates: bool
    held: bool
    late: float = 0.0

    @property
    def left_for_the_other(self) -> int | None:
        """What the stack reserves in the end that came too late."""
        before = BEFORE if self.updates else None
        return before if self.remedy == "fail" else HEADROOM - WANTED

    def __str__(self) -> str:
        what = "two updates" if self.updates else "two creations"
        return f"{what}, remedy {self.remedy}, {'held' if self.held else f'{self.late:.2f} s apart'}"


@dataclass(frozen=True)
class Finish:
    """How a race ended, each in the order of the stacks; a stack that is not there has no status."""

    race: Race
    answers: tuple[Answer, ...]
    statuses: tuple[str | None, ...]
    reserved: tuple[int | None, ...]
    unreserved: int

    @property
    def wrong(self) -> str | None:
        """The first violated claim, or None."""
        codes = sorted(answer.code for answer in self.answers)
        others = [amount for amount in self.reserved if amount != WANTED]
        if len(others) != 1:
            return f"not exactly one has what it asked for: {self.reserved}"
        if codes != ([0, 0] if self.race.remedy == "adjust" else [0, 3]):
            return f"they exit with {codes}: {[answer.err[-300:] for answer in self.answers if answer.code]}"
        if any(status not in WELL for status in self.statuses if status):
            return f"the stacks are {self.statuses}"
        if others != [self.race.left_for_the_other]:
            return f"the other one reserves {others[0]}, not {self.race.left_for_the_other}"
        return None if self.unreserved >= FLOOR else f"{self.unreserved} are unreserved"

    @property
    def how(self) -> str:
        """How the loser learned that the headroom was gone."""
        events = "\n".join(answer.err for answer in self.answers)
        if "UnreservedConcurrentExecution below its minimum value" in events:
            return "refused by AWS"
        return "saw it before executing" if "judging again" in events else "knew it from the start"


@dataclass
class Barrier:
    """Lets no change set be executed until both were asked for, or one has waited too long."""

    both: threading.Barrier = field(default_factory=lambda: threading.Barrier(2, timeout=20))

    def __call__(self, call: Call, forward: Forward) -> Reply:
        if call.operation == "ExecuteChangeSet" and not self.both.broken:
            try:
                self.both.wait()
            except threading.BrokenBarrierError:
                pass
            else:
                self.both.abort()  # what is executed later, after a refusal, need not wait
        return forward(call)


@dataclass(frozen=True)
class RaceRunner:
    """One sandbox for all races, and a folder to deploy from."""

    clients: Aws
    terminal: Terminal

    def run(self, race: Race) -> Finish:
        sandbox.reset()
        self.clients.limits(1000, held=1000 - FLOOR - HEADROOM)
        if race.updates:
            for name in STACKS:
                assert self.clients.create(name, reserving(BEFORE)) == "CREATE_COMPLETE"
        with between(Barrier()) if race.held else nullcontext(), ThreadPoolExecutor(len(STACKS)) as pool:
            lateness = zip(STACKS, (0.0, race.late), strict=True)
            running = [pool.submit(self._deploy, name, race.remedy, late) for name, late in lateness]
            answers = tuple(deploy.result() for deploy in running)
        there = {name: self._status(name) for name in STACKS}
        reserved = tuple(self._reserved(name) if status else None for name, status in there.items())
        return Finish(race, answers, tuple(there.values()), reserved, self.clients.unreserved())

    def _deploy(self, name: str, remedy: str, late: float) -> Answer:
        time.sleep(late)
        return self.terminal.tapctl(
            "deploy", "template.json", "--env=local", f"--stack-name={name}", f"--remedy={remedy}",
            "--yes", "--no-verify", "--no-lint",
        )  # fmt: skip

    def _status(self, name: str) -> str | None:
        """The stack's status; one that is gone has none."""
        there = self.clients.cloudformation.list_stacks()["StackSummaries"]
        statuses = [stack["StackStatus"] for stack in there if stack["StackName"] == name]
        return next((status for status in statuses if status != "DELETE_COMPLETE"), None)

    def _reserved(self, name: str) -> int | None:
        resources = self.clients.cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
        ids = [entry["PhysicalResourceId"] for entry in resources if entry["ResourceStatus"] != "DELETE_COMPLETE"]
        return self.clients.reserved(ids[0]) if ids else None


def reserving(amount: int) -> Mapping[str, Any]:
    return {"Fn": function(ReservedConcurrentExecutions=amount)}


@contextmanager
def race_runner(folder: Path) -> Iterator[RaceRunner]:
    """A sandbox in the state folder that TAPCTL_STATE_DIR names, and a template in this one."""
    (folder / "tapctl.toml").write_text("[env.local]\nsandbox = true\n", encoding="utf-8")
    (folder / "template.json").write_text(json.dumps({"Resources": reserving(WANTED)}), encoding="utf-8")
    clients = Aws(sandbox.start())
    try:
        yield RaceRunner(clients, Terminal(state_dir(), folder))
    finally:
        clients.close()
        sandbox.stop()


def races(seed: int, count: int) -> Iterator[Race]:
    rng = Random(seed)
    for number in range(count):
        held, updates = number % 2 == 0, number % 4 >= 2
        yield Race(rng.choice(["adjust", "fail"]), updates, held, 0.0 if held else rng.uniform(0, 0.5))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.race", description="Race deploys for the headroom.")
    parser.add_argument("--count", type=int, default=50, help="how many races")
    parser.add_argument("--seed", type=int, default=1, help="what the races are drawn by")
    given = parser.parse_args()
    ended: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        environ["TAPCTL_STATE_DIR"] = f"{folder}/state"
        with race_runner(Path(folder)) as runner:
            for number, race in enumerate(races(given.seed, given.count)):
                finish = runner.run(race)
                ended[f"{race.remedy:7} {finish.how}"] += 1
                if finish.wrong:
                    say(f"seed {given.seed}, race {number} ({race}): {finish.wrong}")
                    ended["wrong"] += 1
    for how, times in sorted(ended.items()):
        say(f"{times:5} x {how}")
    sys.exit(bool(ended["wrong"]))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
