"""Time and peak memory of tapctl's commands, compared with cfn-lint and with the imports that they need.

    python -m benchmarks.run [--rounds 5] [TEMPLATE ...]

The ratios are medians of paired runs of whole processes, which alternate; each budget is for the elapsed time. A
template that is named on the command line is compared like the generated ones, without a budget.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import templates
from benchmarks.processes import Command, Comparison, measure, table

ROOT = Path(__file__).resolve().parent.parent
STACK = str(ROOT / "stack" / "TapStack.json")
TAPCTL = (sys.executable, "-m", "tapctl")
CFN_LINT = str(Path(sys.executable).with_name("cfn-lint"))
SNAPSHOT = {
    "schema": "tapctl.account/1",
    "limits": {"concurrent_executions": 100_000, "unreserved_concurrent_executions": 100_000},
}

COMPARISONS = (
    Comparison("--version : import typer", "version", "typer", 1.3),
    Comparison("preflight, linted : cfn-lint", "preflight", "lint", 1.15),
    Comparison("preflight, lint cached : cfn-lint", "preflight again", "lint"),
    Comparison("preflight --no-lint : cfn-lint", "preflight --no-lint", "lint", 0.2),
    Comparison("preflight --no-lint : import boto3", "preflight --no-lint", "boto3", 1.6),
    Comparison("demand, 500 functions : 50 functions", "demand 500", "demand 50", 12),
    Comparison("demand, 500 functions : cfn-lint", "demand 500", "lint 500", 0.1),
    Comparison("demand, 50 functions : cfn-lint", "demand 50", "lint 50"),
    Comparison("demand, 50 SAM functions : cfn-lint", "demand sam", "lint sam", 0.4),
    Comparison("demand, 40 conditions : cfn-lint", "demand conditions", "lint conditions", 0.3),
)


def commands(folder: Path) -> dict[str, Command]:
    """The commands that are compared, by name, with their templates in `folder`."""
    texts = {
        "50": templates.functions(50),
        "500": templates.functions(500),
        "sam": templates.serverless(50),
        "conditions": templates.conditions(40, 60),
    }
    found = {
        "version": Command((*TAPCTL, "--version")),
        "typer": Command((sys.executable, "-c", "import typer")),
        "boto3": Command((sys.executable, "-c", "import boto3")),
        **preflights(folder),
    }
    for name, text in texts.items():
        file = folder / f"{name}.json"
        file.write_text(text)
        found |= demand_and_lint(name, file)
    return found


def preflights(folder: Path) -> dict[str, Command]:
    """An offline preflight of the reference stack, with and without linting, and cfn-lint on the same template."""
    snapshot = folder / "account.json"
    snapshot.write_text(json.dumps(SNAPSHOT))
    parameters = ("--parameter", "EnvironmentSuffix=x", "--parameter", "WebhookSecrets={}")
    preflight = (*TAPCTL, "preflight", STACK, "--config", os.devnull, "--snapshot", str(snapshot), *parameters)
    state = {"TAPCTL_STATE_DIR": str(folder / "state")}
    return {
        "lint": Command((CFN_LINT, STACK)),
        # The state folder cannot be created there, so every run lints.
        "preflight": Command(preflight, {"TAPCTL_STATE_DIR": os.devnull}),
        "preflight again": Command(preflight, state),
        "preflight --no-lint": Command((*preflight, "--no-lint"), state),
    }


def demand_and_lint(name: str, file: Path) -> dict[str, Command]:
    """`tapctl demand` and cfn-lint on one template."""
    return {
        f"demand {name}": Command((*TAPCTL, "demand", str(file))),
        f"lint {name}": Command((CFN_LINT, str(file))),
    }


def run(folder: Path, files: Sequence[Path], rounds: int) -> str:
    """Measure everything; returns the table."""
    named, comparisons = commands(folder), list(COMPARISONS)
    for file in files:
        named |= demand_and_lint(str(file), file)
        comparisons.append(Comparison(f"demand, {file.name} : cfn-lint", f"demand {file}", f"lint {file}"))
    measure({"preflight again": named["preflight again"]}, 1)  # fills its cache
    return table(comparisons, measure(named, rounds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("templates", nargs="*", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(run(Path(folder), arguments.templates, arguments.rounds))


if __name__ == "__main__":
    main()
