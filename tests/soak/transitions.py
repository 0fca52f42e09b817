"""Random updates of stacks in random accounts: what tapctl says of them beforehand, and what becomes of them.

    python -m tests.soak.transitions --count 1000 --seed 1

Each case has an account of its own: its limit, its floor (one that the facts allow for that limit), and what others
hold of it, so much that the update is near the point where it stops fitting. A stack is deployed into it and a
changed template of it is judged by `tapctl.workflows.preflight.judge` on the live account; then CloudFormation updates
the stack, without tapctl. What is claimed of that:

- *fits* is never refused, and when something else fails half-way, the rollback is not refused either;
- *exceeds* never succeeds, and what refuses it is Lambda's word on concurrency;
- what Lambda refuses whatever is left (provisioned concurrency on `$LATEST`, of 0, or twice on one version) *exceeds*;
- what an include elsewhere brings, or what AWS documents no rule for (managed instances), never *fits*;
- after a success as much is unreserved as the verdict said would be, and after a rollback as much as before.

Three things it does not claim. A reservation that was changed by hand may stay so, and a rollback may set it to what
the template said: the sums are not looked at there. What versions that no stack knows provision is read where a
reservation changes, not for functions that go; there a little more may be free in the end than was said.
And when something else fails, a reservation may be put back while more is provisioned inside it: in what order
CloudFormation rolls back is not known.

The sandbox judges every call by its own arithmetic, which is that of the facts and not of AWS: what this shows is that
the judgement before agrees with the enforcement after through all of reading, resolving and pairing, not where AWS
sets its floor. The sandbox updates one resource after the other, what is independent in alphabetical order, and
deletes last. The logical ids are random, so that its order is a random one of those that CloudFormation may take;
a verdict holds for all of them and is tried with one. Two calls at the same time, throttling and stale reads do not
occur here.

One line for each failure, with the seed that brings it about again: `--seed N --count 1 --show` prints that case.
"""

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ
from pathlib import Path
from random import Random

from tapctl import sandbox
from tapctl.account.live import LiveAccount
from tapctl.aws.session import Aws, Connection
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Verdict
from tapctl.sandbox import AccountLimits
from tapctl.settings.settings import Settings
from tapctl.workflows.preflight import judge
from tests.concurrency.account_model import floors
from tests.soak.endings import Ending, Outcome, contradiction, refuted
from tests.soak.stacks import Function, Maker, Stack
from tests.soak.written import Written, written
from tests.support.sandbox_clients import Aws as Clients
from tests.support.sandbox_clients import table
from tests.support.templates import template

STACK, TAKEN = "soak", "taken"
LIMITS = (10, 50, 100, 400, 400, 1000, 1000, 1000, 3000)


@dataclass(frozen=True)
class Case:
    """An account, the stack in it, and what the stack is to become."""

    limits: AccountLimits
    pinned: int | None
    old: Stack
    new: Stack
    before: Written
    after: Written
    doomed: bool
    """Whether something else in the update fails."""

    @property
    def floor_is_known(self) -> bool:
        return self.pinned is not None or len(floors(self.limits.concurrent_executions)) == 1


def case_of(seed: int) -> Case:
    rng = Random(seed)
    limit = rng.choice(LIMITS)
    floor = rng.choice(sorted(floors(limit)))
    maker = Maker(rng, limit - floor)
    old = maker.stack() if rng.random() > 0.15 else ()
    new = maker.next(old) if old else maker.stack()
    held = _held_by_others(rng, limit, floor, old, new)
    doomed = rng.random() < 0.15
    return Case(
        AccountLimits(limit, floor, held),
        floor if rng.random() < 0.3 else None,
        old,
        new,
        written(old, "old", rng),
        written(new, "new", rng, {maker.word(): table(TAKEN)} if doomed else {}),
        doomed,
    )


def _held_by_others(rng: Random, limit: int, floor: int, old: Stack, new: Stack) -> int:
    """So much that what is left is about what the update needs at its end, at its peak, or for replacing everything."""
    holds, wants = sum(function.claim for function in old), sum(function.claim for function in new)
    before = {function.logical_id: function.claim for function in old}
    grows = sum(max(0, function.claim - before.get(function.logical_id, 0)) for function in new)
    room = limit - floor - holds
    needs = rng.choice([wants, wants - holds, grows, rng.randint(0, room)]) + rng.randint(-3, 3)
    return room - min(max(needs, 0), room)


@dataclass(frozen=True)
class Played:
    """A case, what was said of it, and how it ended."""

    seed: int
    case: Case
    found: Preflight
    ending: Ending

    @property
    def wrong(self) -> str | None:
        """How verdict and ending contradict each other, if they do."""
        verdict, new = self.found.verdict, self.case.new
        if any(function.is_refused for function in new) and (verdict is Verdict.EXCEEDS or not self.case.after.unseen):
            return None if verdict is Verdict.EXCEEDS else f"{verdict.value}, but Lambda refuses what is provisioned"
        if verdict is Verdict.FITS and (self.case.after.unseen or any(function.is_undocumented for function in new)):
            return "fits, but what a function claims is not known"
        sums = self.found.concurrency.outlook
        orphans = any(function.orphan for function in self.case.old)
        if any(function.by_hand is not None for function in self.case.old):
            return refuted(verdict, self.ending, doomed=self.case.doomed)
        return contradiction(verdict, sums.final, self.ending, doomed=self.case.doomed, at_least=orphans)

    def __str__(self) -> str:
        told, sums = self.case, self.found.concurrency
        parts = [f"seed {self.seed}: {told.limits}, pinned {told.pinned}"]
        for name, stack, text in (("old", told.old, told.before), ("new", told.new, told.after)):
            parts += [f"{name}:", *(f"  {function}" for function in stack), f"  {text}"]
        return "\n".join([*parts, f"{self.found.verdict.value}: {sums.reason} {sums.outlook}", f"ended: {self.ending}"])


@dataclass(frozen=True)
class UpdateRunner:
    """One sandbox for all cases, as the tests see it and as tapctl does."""

    clients: Clients
    aws: Aws

    def play(self, seed: int) -> Played:
        """Bring the old stack about, judge the new one, and update."""
        case = case_of(seed)
        sandbox.reset()
        if case.doomed:
            self.clients.dynamodb.create_table(**table(TAKEN)["Properties"])
        if case.old:
            self.clients.limits(100_000, floor=0)
            status = self._apply(case.before, exists=False)
            assert status == "CREATE_COMPLETE", self._causes()
            self._leave_behind(case.old)
            self._change_by_hand(case.old)
        limits = case.limits
        self.clients.limits(limits.concurrent_executions, floor=limits.floor, held=limits.held)
        settings = Settings(
            "template.yaml",
            stack_name=STACK,
            parameters=case.after.parameters,
            region=self.aws.region,
            min_unreserved=case.pinned,
        )
        before = self.clients.unreserved()
        found = self._judged(case.after, settings)
        status = self._apply(case.after, exists=bool(case.old))
        return Played(seed, case, found, Ending(status, self._causes(), before, self.clients.unreserved()))

    def _judged(self, wanted: Written, settings: Settings) -> Preflight:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in wanted.files.items():
                (Path(folder) / name).write_text(text, encoding="utf-8")
            judged = template(wanted.judged, str(Path(folder) / "template.yaml"))
            return judge(judged, LiveAccount(self.aws), settings)

    def _apply(self, wanted: Written, *, exists: bool) -> str:
        api = self.clients.cloudformation
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in wanted.parameters.items()]
        call = api.update_stack if exists else api.create_stack
        call(StackName=STACK, TemplateBody=wanted.body, Parameters=given)
        return self.clients.settled(STACK)

    def _leave_behind(self, stack: Stack) -> None:
        """What deploys of long ago left: provisioned concurrency on versions that no stack knows any more."""
        for function in stack:
            if function.orphan:
                self._publish_and_provision(function)

    def _publish_and_provision(self, function: Function) -> None:
        api, name = self.clients.client("lambda"), self._name(function)
        api.update_function_configuration(FunctionName=name, Description="changed by hand")
        version = api.publish_version(FunctionName=name)["Version"]
        api.put_provisioned_concurrency_config(
            FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=function.orphan
        )

    def _change_by_hand(self, stack: Stack) -> None:
        for function in stack:
            if function.by_hand is not None:
                self.clients.client("lambda").put_function_concurrency(
                    FunctionName=self._name(function), ReservedConcurrentExecutions=function.by_hand
                )

    def _name(self, function: Function) -> str:
        found = self.clients.cloudformation.describe_stack_resource(
            StackName=STACK, LogicalResourceId=function.logical_id
        )
        name: str = found["StackResourceDetail"]["PhysicalResourceId"]
        return name

    def _causes(self) -> tuple[str, ...]:
        """Why something failed, in order, without the ids of requests."""
        events = self.clients.cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
        reasons = [event["ResourceStatusReason"] for event in events if event["ResourceStatus"].endswith("_FAILED")]
        return tuple(re.sub(r" \((Service|RequestToken): .*", "", reason) for reason in reversed(reasons))


@contextmanager
def update_runner() -> Iterator[UpdateRunner]:
    """A sandbox in the state folder that TAPCTL_STATE_DIR names."""
    running = sandbox.start()
    clients = Clients(running)
    aws = Aws(Connection(running.region, endpoint=running.endpoint, keys=running.keys))
    try:
        yield UpdateRunner(clients, aws)
    finally:
        clients.close()
        sandbox.stop()


def table_of(played: Sequence[Played]) -> str:
    """Verdicts against outcomes."""
    seen = Counter((update.found.verdict, update.ending.outcome) for update in played)
    rows = [f"{'':12}" + "".join(f"{outcome.value:>18}" for outcome in Outcome)]
    rows += [
        f"{verdict.value:12}" + "".join(f"{seen[verdict, outcome]:>18}" for outcome in Outcome) for verdict in Verdict
    ]
    known = [update for update in played if update.case.floor_is_known]
    left_open = [update for update in known if update.found.verdict in (Verdict.UNCERTAIN, Verdict.UNKNOWN)]
    share = 100 * len(left_open) / max(1, len(known))
    return "\n".join([*rows, f"uncertain or unknown where the floor is known: {share:.1f} % of {len(known)}"])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.transitions", description="Soak the judgement.")
    parser.add_argument("--count", type=int, default=1000, help="how many cases")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first; each case has the next one")
    parser.add_argument("--show", action="store_true", help="print every case whole")
    given = parser.parse_args()
    began, played = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        environ["TAPCTL_STATE_DIR"] = folder
        with update_runner() as runner:
            for seed in range(given.seed, given.seed + given.count):
                played.append(runner.play(seed))
                if given.show:
                    say(str(played[-1]))
                if played[-1].wrong:
                    say(f"seed {seed}: {played[-1].wrong}")
    wrong = sum(update.wrong is not None for update in played)
    say(table_of(played))
    say(f"{given.count} cases, {wrong} contradictions, {time.monotonic() - began:.0f} s")
    sys.exit(bool(wrong))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
