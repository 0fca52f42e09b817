"""Time and peak memory of tapctl as ratios to cfn-lint, or to `import typer`, measured in one run on one machine.

    python benchmarks/run.py [--repeat 3] [TEMPLATE ...]

Needs tapctl installed. Every figure is the best of the repetitions of a whole process; templates named on the
command line are measured like the made-up ones.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import templates

ROOT = Path(__file__).resolve().parent.parent
TAPCTL = (sys.executable, "-m", "tapctl")
CFN_LINT = (str(Path(sys.executable).with_name("cfn-lint")),)
SNAPSHOT = {
    "schema": "tapctl.account/1",
    "limits": {"concurrent_executions": 100_000, "unreserved_concurrent_executions": 100_000},
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds and peak resident megabytes of one process."""

    seconds: float
    megabytes: float


def measure(command: tuple[str, ...], repeat: int) -> Cost:
    costs = [_once(command) for _ in range(repeat)]
    return Cost(min(cost.seconds for cost in costs), min(cost.megabytes for cost in costs))


def _once(command: tuple[str, ...]) -> Cost:
    started = time.perf_counter()
    with Path(os.devnull).open("w") as nowhere:
        files = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1), (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 2)]
        pid = os.posix_spawn(command[0], command, os.environ, file_actions=files)
        _, _, usage = os.wait4(pid, 0)
    # Linux gives kilobytes, macOS bytes.
    return Cost(time.perf_counter() - started, usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2))


def row(name: str, ours: Cost, theirs: Cost, allowed: float | None) -> float:
    ratio = ours.seconds / theirs.seconds
    memory = ours.megabytes / theirs.megabytes
    outcome = "" if allowed is None else f"{'ok  ' if ratio <= allowed else 'OVER'} <= {allowed:g}"
    print(f"{name:<44} {ours.seconds:7.3f} s {theirs.seconds:7.3f} s {ratio:6.2f} x  mem {memory:5.2f} x  {outcome}")
    return ours.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("templates", nargs="*", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), asked.templates, asked.repeat)


def run(folder: Path, more: list[Path], repeat: int) -> None:
    snapshot = folder / "account.json"
    snapshot.write_text(json.dumps(SNAPSHOT))
    typer = measure((sys.executable, "-c", "import typer"), repeat)
    row("--version, against import typer", measure((*TAPCTL, "--version"), repeat), typer, 1.5)

    stack = str(ROOT / "stack" / "TapStack.json")
    offline = (*TAPCTL, "preflight", stack, "--config", os.devnull, "--snapshot", str(snapshot))
    given = ("--parameter", "EnvironmentSuffix=x", "--parameter", "WebhookSecrets={}")
    lint = measure((*CFN_LINT, stack), repeat)
    os.environ["TAPCTL_STATE_DIR"] = os.devnull  # where nothing can be remembered, every run lints
    row("preflight --snapshot, reference stack", measure((*offline, *given), repeat), lint, 1.15)
    os.environ["TAPCTL_STATE_DIR"] = str(folder / "state")
    row("the same text again", measure((*offline, *given), repeat), lint, None)
    row("the same with --no-lint", measure((*offline, *given, "--no-lint"), repeat), lint, 0.3)

    texts = {
        "50 functions": (templates.functions(50), 0.3),
        "500 functions": (templates.functions(500), 0.2),
        "40 conditions, 60 nested Fn::If": (templates.conditions(40, 60), 0.3),
        "50 SAM functions": (templates.serverless(50), 0.7),
    }
    seconds = {}
    for name, (text, allowed) in texts.items():
        path = folder / f"{name.replace(' ', '-')}.json"
        path.write_text(text)
        # cfn-lint once: on 500 functions it is slow, and always the same.
        theirs = measure((*CFN_LINT, str(path)), 1)
        seconds[name] = row(f"demand, {name}", measure((*TAPCTL, "demand", str(path)), repeat), theirs, allowed)
    growth = seconds["500 functions"] / seconds["50 functions"]
    print(f"{'demand, 500 functions against 50':<44} {growth:6.2f} x  {'ok  ' if growth <= 12 else 'OVER'} <= 12")
    for path in more:
        theirs = measure((*CFN_LINT, str(path)), 1)
        row(f"demand, {path.name}", measure((*TAPCTL, "demand", str(path)), repeat), theirs, None)


if __name__ == "__main__":
    main()
