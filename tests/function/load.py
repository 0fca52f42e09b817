"""Many deliveries at once against the sandbox: `python -m tests.function.load [--deliveries 1000] [--events 100]`.

Events of several transactions are delivered in random order with duplicates, all at once, to several processes of the
function. The second time some of these processes are killed in mid-flight. What was not acknowledged is delivered
again, as senders do. An event that is applied twice, lost, or acknowledged without being stored, and a state older than
the newest event's, end the script with an error.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from collections import Counter
from typing import Any, NamedTuple

from tests.function.emulator import running
from tests.function.environments import Function, lines, numbered, over_new_table

PER_TRANSACTION = 10
FIRST_TIME = {"applied", "stale"}
Answer = tuple[int, str]


class Plan(NamedTuple):
    """How many deliveries of how many events, to how many processes."""

    deliveries: int
    events: int
    processes: int
    seed: int

    def shuffled(self) -> list[int]:
        """Return event numbers in random order, each of them at least once."""
        chance = random.Random(self.seed)
        numbers = [*range(self.events), *chance.choices(range(self.events), k=self.deliveries - self.events)]
        chance.shuffle(numbers)
        return numbers


def deliver(function: Function, numbers: list[int], plan: Plan, killed: int) -> list[tuple[int, Answer | None]]:
    """Deliver all at once; kill some processes after their first answers. A delivery without an answer has None."""
    shares = [share for start in range(plan.processes) if (share := numbers[start :: plan.processes])]
    processes = [function.start(threads=len(share)) for share in shares]
    for process, share in zip(processes, shares, strict=True):
        write(process, lines([numbered(number, per_transaction=PER_TRANSACTION) for number in share]))
    outcomes: list[tuple[int, Answer | None]] = []
    for index, (process, share) in enumerate(zip(processes, shares, strict=True)):
        answers = read(process, at_most=5 if index < killed else len(share))
        process.kill()
        process.wait(60)
        outcomes += zip(share, [*answers, *[None] * (len(share) - len(answers))], strict=True)
    return outcomes


def write(process: subprocess.Popen[bytes], text: bytes) -> None:
    if process.stdin is not None:
        process.stdin.write(text)
        process.stdin.close()


def read(process: subprocess.Popen[bytes], at_most: int) -> list[Answer]:
    answers: list[Answer] = []
    with process.stdout or sys.stdin.buffer as stream:
        while len(answers) < at_most and (line := stream.readline()):
            answer: dict[str, Any] = json.loads(line)
            answers.append((answer["statusCode"], json.loads(answer["body"]).get("result", "")))
    return answers


def deliver_all(function: Function, plan: Plan, killed: int) -> str:
    """Let it blow until everything is acknowledged; return what happened in one line."""
    seen, firsts = Counter[str](), Counter[int]()
    started, waiting, rounds = time.monotonic(), plan.shuffled(), 0
    while waiting:
        outcomes = deliver(function, waiting, plan, killed if rounds == 0 else 0)
        seen.update("no answer" if answer is None else answer[1] or str(answer[0]) for _, answer in outcomes)
        firsts.update(number for number, answer in outcomes if answer is not None and answer[1] in FIRST_TIME)
        acknowledged = {number for number, answer in outcomes if answer is not None and answer[0] == 200}
        demand(acknowledged <= stored(function), "acknowledged without being stored")
        waiting = [number for number, answer in outcomes if answer is None or answer[0] != 200]
        rounds += 1
        demand(rounds <= 20, "not acknowledged after 20 rounds")
    took = time.monotonic() - started
    check(function, plan, firsts)
    return f"{took:.1f} s, {rounds} rounds, answers {dict(sorted(seen.items()))}"


def stored(function: Function) -> set[int]:
    """Return the numbers of the events that have a marker."""
    return {int(key.rpartition("#e")[2]) for key in function.rows() if key.startswith("evt#")}


def check(function: Function, plan: Plan, firsts: Counter[int]) -> None:
    demand(stored(function) == set(range(plan.events)), "an event is lost")
    demand(all(count == 1 for count in firsts.values()), f"applied more than once: {firsts.most_common(3)}")
    rows = function.rows()
    for first in range(0, plan.events, PER_TRANSACTION):
        newest = min(first + PER_TRANSACTION, plan.events) - 1
        row = rows[f"standard#tx-{first // PER_TRANSACTION}"]
        demand(
            (row["eventId"], row["amount"]) == (f"e{newest}", str(newest % PER_TRANSACTION)), f"not the newest: {row}"
        )


def demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise SystemExit(otherwise)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--deliveries", type=int, default=1000)
    parser.add_argument("--events", type=int, default=100)
    parser.add_argument("--processes", type=int, default=4, help="processes of the function")
    parser.add_argument("--killed", type=int, default=2, help="how many of them are killed in the second run")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    plan = Plan(asked.deliveries, asked.events, asked.processes, asked.seed)
    with running() as emulator:
        for killed in (0, asked.killed):
            with over_new_table(emulator) as function:
                found = deliver_all(function, plan, killed)
            sys.stdout.write(
                f"{plan.deliveries} deliveries of {plan.events} events at once to {plan.processes} processes, "
                f"{killed} of them killed, seed {plan.seed}: each applied once, the newest state everywhere; {found}\n"
            )


if __name__ == "__main__":
    main()
