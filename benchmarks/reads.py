"""How long a preflight waits for AWS, against the longest chain of calls that depend on one another.

    python -m benchmarks.reads [--rounds 5]

The reference stack, new and deployed, is judged against an AWS that answers after 50 ms and one that answers at once;
what the first takes more is the wait.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from typing import Any

from tapctl.account.live import LiveAccount
from tapctl.settings.settings import Settings
from tapctl.template.load import load
from tapctl.workflows.preflight import judge
from tests.support.answering_aws import REGION, AnsweringAws
from tests.workflows.test_read_inputs_calls import REFERENCE, SECRETS, live_reference

LATENCY = 0.05
BUDGET = 1.5
"""The largest allowed ratio of the wait to the chain."""

CHAINS: Mapping[str, int] = {"new": 2, "deployed": 4}
"""Calls of the longest chain: of a new stack the stack, then what it touches; of a deployed one the stack, its
resources, their reservations, then what they provision."""


def seconds(answers: dict[str, Any], latency: float) -> float:
    """Of one preflight whose clients exist already."""
    answering = AnsweringAws(answers, latency)
    aws = answering.aws()
    aws.prepare(["cloudformation", "cloudwatch", "dynamodb", "iam", "kms", "lambda", "service-quotas", "sts"])
    parameters = {"EnvironmentSuffix": "x", "ReservedConcurrency": "100", "WebhookSecrets": SECRETS}
    settings = Settings(str(REFERENCE), stack_name="orders", region=REGION, parameters=parameters)
    template = load(str(REFERENCE))
    started = time.perf_counter()
    judge(template, LiveAccount(aws), settings)
    return time.perf_counter() - started


def main() -> int:
    """Print the ratio of each stack; 1 where one is over the budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds, worst = parser.parse_args().rounds, 0.0
    for name, answers in (("new", {}), ("deployed", live_reference())):
        seconds(answers, 0)
        wait = min(seconds(answers, LATENCY) for _ in range(rounds)) - min(seconds(answers, 0) for _ in range(rounds))
        ratio = wait / LATENCY / CHAINS[name]
        worst = max(worst, ratio)
        sys.stdout.write(f"{name}: {wait:.3f} s, {ratio:.2f} of its chain of {CHAINS[name]} calls (budget {BUDGET})\n")
    return int(worst > BUDGET)


if __name__ == "__main__":
    sys.exit(main())
