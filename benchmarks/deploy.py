"""Time of a code-only deploy by tapctl, the AWS CLI and SAM, in alternating runs on one sandbox.

    python -m benchmarks.deploy [--rounds 5]

Needs the extra `sandbox`; `aws` and `sam` are measured if they are on the PATH. Each tool deploys its own copy of the
reference stack, and each round adds a line to the function first. tapctl also judges, lints and verifies, which the
other tools do not; `tapctl-` is tapctl without the verification.
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
BUDGET = 0.9
"""The largest allowed ratio of tapctl's time to that of the AWS CLI."""

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
    """A tool with its copy of the stack; `commands` deploy it from `folder`."""

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
    tools = ["tapctl", "tapctl-", *(tool for tool in ("aws", "sam") if shutil.which(tool))]
    return [Contender(tool, _copy(base / tool, tool), _commands(tool)) for tool in tools]


def _copy(folder: Path, name: str) -> Path:
    for source in ("stack", "function"):
        shutil.copytree(ROOT / source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tapctl.toml").write_text(CONFIGURATION.format(stack=name.replace("-", "2")))
    return folder


def _commands(tool: str) -> list[list[str]]:
    bucket = ["--s3-bucket", BUCKET]
    deploy = ["--stack-name", tool, "--capabilities", "CAPABILITY_NAMED_IAM", "--parameter-overrides"]
    values = [f"EnvironmentSuffix={tool}"]
    match tool:
        case "tapctl" | "tapctl-":
            verify = [] if tool == "tapctl" else ["--no-verify"]
            return [[sys.executable, "-m", "tapctl", "deploy", "--env", "local", "--yes", *verify]]
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
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5)
    rounds = arguments.parse_args().rounds
    with tempfile.TemporaryDirectory() as base:
        os.environ["TAPCTL_STATE_DIR"] = f"{base}/state"
        running = sandbox.start(sandbox.AccountLimits(1000))
        try:
            _measure(contenders(Path(base)), os.environ | sandbox.environment(running), rounds)
        finally:
            sandbox.stop()


def _measure(tools: list[Contender], environment: Mapping[str, str], rounds: int) -> None:
    subprocess.run(
        [sys.executable, "-c", f"import boto3; boto3.client('s3').create_bucket(Bucket={BUCKET!r})"],
        env=environment,
        check=True,
    )
    for tool in tools:
        tool.deploy(environment)
    seconds: dict[str, list[float]] = {tool.name: [] for tool in tools}
    for number in range(rounds):
        for tool in tools:
            tool.change(number)
            seconds[tool.name].append(tool.deploy(environment))
    print(f"{'tool':<8} {'median':>8} {'best':>8} {'worst':>8}   tapctl : tool")
    for name, times in seconds.items():
        ratio = statistics.median(ours / theirs for ours, theirs in zip(seconds["tapctl"], times, strict=True))
        budget = f"  budget {BUDGET} {'holds' if ratio <= BUDGET else 'EXCEEDED'}" if name == "aws" else ""
        print(
            f"{name:<8} {statistics.median(times):6.2f} s {min(times):6.2f} s {max(times):6.2f} s   {ratio:.2f}{budget}"
        )


if __name__ == "__main__":
    main()
