"""The webhook function under the real Lambda runtime client, as ratios to an empty handler in the same run.

    pip install -e '.[bench]'
    python -m benchmarks.webhook

Init is from the start of the process to its first request for work; an invocation is from handing out the event to the
posted answer; computed is the processor's time of a warm one, without waiting. The store is a stub that answers at
once, so what is left is the function's own time. The handlers take turns, and each figure is the median over their
execution environments, so that a busy moment of the machine hits all alike and decides nothing. Absolute figures hold
for one machine only; the ratios carry over. The folders are compiled first, as a package for Lambda should be.
"""

import argparse
import compileall
import json
import os
import py_compile
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.lambda_service import Runtime, Store
from tests.function.senders import SECRETS, http_event, payment_body, sign_standard

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "benchmarks" / "handlers"
EMPTY, ONE_REQUEST, OURS, LIBRARIES = (
    "empty handler",
    "one request to the store",
    "webhook function",
    "the same over urllib3 and botocore's signer",
)
HANDLERS = {
    EMPTY: (EXAMPLES / "empty",),
    ONE_REQUEST: (EXAMPLES / "store_only",),
    OURS: (ROOT / "function",),
    LIBRARIES: (ROOT / "function", EXAMPLES / "libraries"),
}
"""The folders of each handler; a later one replaces files of those before it."""


class Times(NamedTuple):
    """Milliseconds of one execution environment, or their medians over several."""

    init: float
    first: float
    p50: float
    p99: float
    computed: float


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--environments", type=int, default=15, help="execution environments of each handler")
    parser.add_argument("--warm", type=int, default=200, help="warm invocations in each")
    arguments = parser.parse_args()
    table, store = measure(arguments.environments, arguments.warm)
    say("| ms | init | first invocation | warm p50 | warm p99 | computed |\n| --- | --- | --- | --- | --- | --- |")
    for name, times in table.items():
        say(
            f"| {name} | {times.init:.1f} | {times.first:.2f} | {times.p50:.2f} | {times.p99:.2f} "
            f"| {times.computed:.2f} |"
        )
    say(f"| the store alone | | | {store.p50:.2f} | {store.p99:.2f} | |\n")
    empty, asking, ours, libraries = (table[name] for name in (EMPTY, ONE_REQUEST, OURS, LIBRARIES))
    for name, times in ((OURS, ours), (LIBRARIES, libraries)):
        say(
            f"{name}: init {times.init / empty.init:.2f} x the empty handler (budget 2.5),"
            f" warm p99 {times.p99 - store.p99:.2f} ms above the store (budget 1.5)"
        )
    say(f"warm p50 is {ours.p50 / empty.p50:.1f} times, warm p99 {ours.p99 / empty.p99:.1f} times the empty handler's")
    say(f"warm p99 is {ours.p99 - asking.p99:.2f} ms above a handler that only asks the store")


def measure(environments: int, warm: int) -> tuple[dict[str, Times], Times]:
    """Return the times of each handler and of the store alone, taken in turns."""
    runs: dict[str, list[Times]] = {name: [] for name in HANDLERS}
    store_runs: list[Times] = []
    with tempfile.TemporaryDirectory() as folder:
        folders = {
            name: compiled(sources, Path(folder) / str(number))
            for number, (name, sources) in enumerate(HANDLERS.items())
        }
        for _ in range(environments):
            for name, path in folders.items():
                runs[name].append(one_environment(path, warm))
            store_runs.append(store_alone(warm))
    return {name: medians(times) for name, times in runs.items()}, medians(store_runs)


def compiled(sources: tuple[Path, ...], into: Path) -> Path:
    """Copy a handler's folders over each other and compile the result."""
    for source in sources:
        shutil.copytree(source, into, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    compileall.compile_dir(into, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    return into


def one_environment(folder: Path, warm: int) -> Times:
    """Start one execution environment and invoke it."""
    runtime, store = Runtime(), Store()
    started = time.perf_counter()
    command = [sys.executable, "-m", "awslambdaric", "index.handler"]
    process = subprocess.Popen(  # the runtime client, by this interpreter
        command, cwd=folder, env=environment(runtime, store), stdout=subprocess.DEVNULL
    )
    try:
        init = (runtime.asked.get(timeout=20) - started) * 1000
        first = invocation(runtime, 0)
        before = processor_time(process.pid)
        others = [invocation(runtime, number + 1) for number in range(warm)]
        computed = (processor_time(process.pid) - before) / warm
    finally:
        process.kill()
        process.wait()
        runtime.close()
        store.close()
    return Times(init, first, statistics.median(others), percentile(others, 0.99), computed)


def processor_time(pid: int) -> float:
    """Return how many milliseconds a process has computed, where Linux counts them; waiting is not in it."""
    schedstat = Path(f"/proc/{pid}/schedstat")
    return int(schedstat.read_text().split()[0]) / 1e6 if schedstat.exists() else 0.0


def invocation(runtime: Runtime, number: int) -> float:
    """Hand out one event and return how long its answer took."""
    runtime.events.put(event(number))
    milliseconds, body = runtime.answered.get(timeout=20)
    if json.loads(body)["statusCode"] != 200:
        raise SystemExit(f"answered {body!r}")
    return milliseconds


def store_alone(rounds: int) -> Times:
    store = Store()
    times = store.exchange_times(rounds)
    store.close()
    return Times(0, times[0], statistics.median(times), percentile(times, 0.99), 0)


def event(number: int) -> bytes:
    """Return a new payment event of about 2 kB, as Stripe's are."""
    body = payment_body(transactionId=f"tx-{number}", padding="x" * 1800)
    headers = sign_standard(body, event_id=f"e{number}", at=int(time.time()))
    return json.dumps(http_event("standard", body, headers)).encode()


def environment(runtime: Runtime, store: Store) -> dict[str, str]:
    """Return the variables that Lambda sets, and the function's own."""
    return {
        "PATH": os.environ["PATH"],
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime.port}",
        "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{store.port}",
        "AWS_LAMBDA_FUNCTION_NAME": "measured",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "test",
        "DYNAMODB_TABLE_NAME": "transactions",
        "WEBHOOK_SECRETS": json.dumps(SECRETS),
        "_HANDLER": "index.handler",
    }


def medians(runs: list[Times]) -> Times:
    return Times(*(statistics.median(column) for column in zip(*runs, strict=True)))


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
