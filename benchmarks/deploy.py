"""A code-only change deployed end to end, by tapctl, the AWS CLI and SAM, on one sandbox, in turns.

    python benchmarks/deploy.py [--rounds 5]

Needs tapctl with its extra `sandbox`; `aws` and `sam` are measured where they are on the PATH. Each deploys a copy of
the reference stack of its own; before each round a line is added to the function. tapctl judges, lints and verifies
on top of what the others do; `tapctl-` is the same without the verification, which the others have no like of.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tapctl import sandbox

ROOT = Path(__file__).resolve().parent.parent
BUCKET = "benchmark-artifacts"

CONFIGURATION = """
template = "stack/TapStack.json"
stack_name = "{stack}"
[env.local]
sandbox = true
[env.local.parameters]
EnvironmentSuffix = "{stack}"
"""


@dataclass(frozen=True, slots=True)
class Contender:
    """A tool with a copy of the stack; `commands` deploy it from there."""

    name: str
    folder: Path
    commands: Sequence[Sequence[str]]

    def change(self, number: int) -> None:
        with (self.folder / "function" / "index.py").open("a") as file:
            file.write(f"# {number}\n")

    def deploy(self, environment: Mapping[str, str]) -> float:
        """Seconds from the first command to the end of the last."""
        started = time.perf_counter()
        for command in self.commands:
            done = subprocess.run(
                command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode:
                sys.exit(f"{self.name}: {' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return time.perf_counter() - started


def contenders(base: Path) -> list[Contender]:
    tools = ["tapctl", "tapctl-", *(each for each in ("aws", "sam") if shutil.which(each))]
    return [Contender(tool, _copy(base / tool, tool), _commands(tool)) for tool in tools]


def _copy(folder: Path, name: str) -> Path:
    for each in ("stack", "function"):
        shutil.copytree(ROOT / each, folder / each, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tapctl.toml").write_text(CONFIGURATION.format(stack=name.replace("-", "2")))
    return folder


def _commands(tool: str) -> list[list[str]]:
    bucket = ["--s3-bucket", BUCKET]
    deploy = ["--stack-name", tool, "--capabilities", "CAPABILITY_NAMED_IAM", "--parameter-overrides"]
    values = [f"EnvironmentSuffix={tool}"]
    match tool:
        case "tapctl" | "tapctl-":
            proves = [] if tool == "tapctl" else ["--no-verify"]
            return [[sys.executable, "-m", "tapctl", "deploy", "--env", "local", "--yes", *proves]]
        case "aws":
            packaged = ["--template-file", "stack/TapStack.json", "--output-template-file", "packaged.yaml"]
            return [
                ["aws", "cloudformation", "package", *packaged, *bucket],
                ["aws", "cloudformation", "deploy", "--template-file", "packaged.yaml", *deploy, *values],
            ]
        case _:
            quiet = ["--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"]
            return [["sam", "deploy", "--template-file", "stack/TapStack.json", *bucket, *quiet, *deploy, *values]]


def main() -> None:
    arguments = argparse.ArgumentParser(description="Time a code-only change, end to end.")
    arguments.add_argument("--rounds", type=int, default=5)
    rounds = arguments.parse_args().rounds
    with tempfile.TemporaryDirectory() as base:
        os.environ["TAPCTL_STATE_DIR"] = f"{base}/state"
        running = sandbox.start(sandbox.AccountLimits(1000))
        try:
            _measure(contenders(Path(base)), os.environ | sandbox.environment(running), rounds)
        finally:
            sandbox.stop()


def _measure(found: list[Contender], environment: Mapping[str, str], rounds: int) -> None:
    subprocess.run(
        [sys.executable, "-c", f"import boto3; boto3.client('s3').create_bucket(Bucket={BUCKET!r})"],
        env=environment,
        check=True,
    )
    for each in found:
        each.deploy(environment)
    seconds: dict[str, list[float]] = {each.name: [] for each in found}
    for number in range(rounds):
        for each in found:
            each.change(number)
            seconds[each.name].append(each.deploy(environment))
    ours = statistics.mean(seconds["tapctl"])
    print(f"{'tool':<8} {'mean':>8} {'best':>8} {'worst':>8}   of tapctl's mean")
    for name, taken in seconds.items():
        mean = statistics.mean(taken)
        print(f"{name:<8} {mean:6.2f} s {min(taken):6.2f} s {max(taken):6.2f} s   {mean / ours:.2f} x")


if __name__ == "__main__":
    main()
