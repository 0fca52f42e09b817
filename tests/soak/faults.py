"""Deploys over a bad line, killed at any moment; a plain re-run has to bring every stack about.

    python -m tests.soak.faults --count 200 --seed 1

Each run deploys a stack with a table and a packaged function, or an update of one, by the real command, while a proxy
throttles, answers with 500 and 503, resets connections before or after the call was carried out, delays and truncates
answers, or lets the credentials expire half-way; every other time the command is killed besides, at the moment of a
random call. Then the same command is run over a good line. What is claimed: it succeeds without anybody's hand; the
stack is CREATE_COMPLETE or UPDATE_COMPLETE, the function runs the new code, a table that held something still holds
it, every artifact in the bucket is whole, and no command ended with a traceback.

A custom resource makes every operation last more than a second, so that many a killed deploy leaves one under way.
What the sandbox cannot show are stale reads, and states that it never reaches: those have tests in the deploy room.
"""

import argparse
import io
import json
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from os import environ
from pathlib import Path
from random import Random
from typing import Any, NoReturn, TypeVar

from tapctl import sandbox
from tapctl.state.files import state_dir
from tests.soak.proxy import Call, Forward, Reply, between
from tests.support.sandbox_clients import Aws, function, table
from tests.support.terminal import Answer, Terminal

STACK = "bumpy"
COMMAND = ("deploy", "template.json", "--env=local", f"--stack-name={STACK}", "--yes", "--no-verify", "--no-lint")
CODE = """
import json, time, urllib.request

def handle(event, context):
    if "ResponseURL" in event:
        time.sleep(1)
        same = {{key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}}
        answer = {{**same, "Status": "SUCCESS", "PhysicalResourceId": "slow"}}
        body = json.dumps(answer).encode()
        urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], body, method="PUT"))
    return {!r}
"""
Fault = Callable[[Call, Forward], Reply | None]


def template(marker: str) -> dict[str, Any]:
    """A table, a function beside it, and a custom resource that takes the function a second at every change."""
    slow = {"ServiceToken": {"Fn::GetAtt": ["Fn", "Arn"]}, "Marker": marker}
    fn = function(Code="code", ReservedConcurrentExecutions=5, Environment={"Variables": {"T": {"Ref": "Table"}}})
    return {
        "Resources": {"Table": table(), "Fn": fn, "Slow": {"Type": "Custom::Slow", "Properties": slow}},
        "Outputs": {"Table": {"Value": {"Ref": "Table"}}, "Fn": {"Value": {"Ref": "Fn"}}},
    }


def refusal(call: Call, code: str, status: int) -> Reply:
    """An error in the protocol of the call."""
    if call.is_json:
        headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-ErrorType": code}
        return Reply(status, headers, json.dumps({"__type": code, "message": "a fault"}).encode())
    error = f"<Error><Code>{code}</Code><Message>a fault</Message></Error>"
    body = f"<ErrorResponse>{error}</ErrorResponse>" if call.method == "POST" and call.path == "/" else error
    return Reply(status, {"Content-Type": "text/xml"}, body.encode())


def slow(call: Call, forward: Forward) -> Reply:
    time.sleep(0.5)
    return forward(call)


def truncated(call: Call, forward: Forward) -> Reply:
    reply = forward(call)
    return reply.cut(len(reply.body) // 2) if reply.body else reply


def lost(call: Call, forward: Forward) -> None:
    """The call is carried out, and nobody hears of it."""
    forward(call)


FAULTS: tuple[Fault, ...] = (
    lambda call, _: refusal(call, "ThrottlingException" if call.is_json else "Throttling", 400),
    lambda call, _: refusal(call, "InternalFailure", 500),
    lambda call, _: refusal(call, "ServiceUnavailable", 503),
    lambda _, __: None,
    lost,
    slow,
    truncated,
)


@dataclass
class BadLine:
    """Faults for some calls, and for one of them the end of the credentials or of the command itself."""

    rng: Random
    left: int
    expires_at: int | None = None
    dies_at: int | None = None
    kill: Callable[[], None] = lambda: None
    calls: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, call: Call, forward: Forward) -> Reply | None:
        with self._lock:
            self.calls += 1
            number, fault = self.calls, self._fault()
        if number == self.dies_at:
            if self.rng.random() < 0.5:
                forward(call)
            self.kill()
            return None
        if self.expires_at and number >= self.expires_at:
            return refusal(call, "ExpiredToken", 403)
        return fault(call, forward)

    def _fault(self) -> Fault:
        if self.left and self.rng.random() < 0.15:
            self.left -= 1
            return self.rng.choice(FAULTS)
        return lambda call, forward: forward(call)


def bad_line(rng: Random) -> BadLine:
    fate = rng.choice(["lives", "lives", "expires", "dies", "dies", "dies"])
    when = rng.randint(1, 28)  # about as many calls make a deploy
    return BadLine(
        rng,
        rng.randint(0, 5),
        expires_at=when if fate == "expires" else None,
        dies_at=when if fate == "dies" else None,
    )


@dataclass(frozen=True)
class Run:
    """How the commands over the bad line ended, and what is wrong after the one over the good line."""

    codes: tuple[int, ...]
    wrong: str | None


@dataclass(frozen=True)
class FaultRunner:
    """One sandbox for all runs, and a folder to deploy from."""

    clients: Aws
    terminal: Terminal

    def run(self, seed: int) -> Run:
        rng = Random(seed)
        sandbox.reset()
        held = self._hold() if rng.random() < 0.5 else None
        self._write(f"new {seed}", rng)
        bumpy = [self._deploy_over(bad_line(rng)) for _ in range(rng.randint(1, 2))]
        last = self.terminal.tapctl(*COMMAND)
        wrong = next(
            (f"a traceback: {answer.err[-500:]}" for answer in (*bumpy, last) if "Traceback" in answer.err), None
        )
        return Run(tuple(answer.code for answer in bumpy), wrong or self._wrong(last, f"new {seed}", held))

    def _hold(self) -> str:
        """A stack that is up, and something in its table; the table's name."""
        self._write("old", Random(0))
        first = self.terminal.tapctl(*COMMAND)
        assert first.code == 0, first
        name = self.clients.outputs(STACK)["Table"]
        self.clients.dynamodb.put_item(TableName=name, Item={"id": {"S": "kept"}})
        return name

    def _write(self, marker: str, rng: Random) -> None:
        folder = self.terminal.cwd / "code"
        folder.mkdir(exist_ok=True)
        (folder / "index.py").write_text(CODE.format(marker), encoding="utf-8")
        (self.terminal.cwd / "template.json").write_text(json.dumps(template(marker)), encoding="utf-8")
        (folder / "ballast").write_bytes(rng.randbytes(50_000))

    def _deploy_over(self, line: BadLine) -> Answer:
        with between(line):
            running = subprocess.Popen(
                [sys.executable, "-m", "tapctl", *COMMAND],
                cwd=self.terminal.cwd,
                env=self.terminal.variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            line.kill = running.kill
            out, err = running.communicate(timeout=300)
        return Answer(running.returncode, out, err)

    def _wrong(self, last: Answer, marker: str, held: str | None) -> str | None:
        if last.code != 0:
            return f"the re-run exits with {last.code}: {last.err[-500:]}"
        status, outputs = self.clients.describe(STACK)["StackStatus"], self.clients.outputs(STACK)
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return f"the stack is {status}"
        answer = self.clients.client("lambda").invoke(FunctionName=outputs["Fn"])
        if json.loads(answer["Payload"].read()) != marker:
            return "the function runs other code"
        if held and (outputs["Table"] != held or not self.clients.dynamodb.scan(TableName=held)["Items"]):
            return "the table lost what it held"
        broken = [key for key, body in self._artifacts() if not whole(body)]
        return f"broken artifacts: {broken}" if broken else None

    def _artifacts(self) -> Iterator[tuple[str, bytes]]:
        api: Any = self.clients.s3
        for bucket in api.list_buckets()["Buckets"]:
            for item in api.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
                yield item["Key"], api.get_object(Bucket=bucket["Name"], Key=item["Key"])["Body"].read()


def whole(body: bytes) -> bool:
    """Whether an artifact is a ZIP whose every file is as its checksum says, or a template."""
    try:
        if not body.startswith(b"PK"):
            return isinstance(json.loads(body), dict)
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return archive.testzip() is None
    except (ValueError, zipfile.BadZipFile):
        return False


@contextmanager
def fault_runner(folder: Path) -> Iterator[FaultRunner]:
    """A sandbox in the state folder that TAPCTL_STATE_DIR names, and a project in this one."""
    (folder / "tapctl.toml").write_text("[env.local]\nsandbox = true\n", encoding="utf-8")
    clients = Aws(sandbox.start(sandbox.AccountLimits(1000)))
    try:
        yield FaultRunner(clients, Terminal(state_dir(), folder))
    finally:
        clients.close()
        sandbox.stop()


def main() -> None:
    soak("faults", "Deploy over a bad line.", fault_runner, FaultRunner.run, count=200)


Runner = TypeVar("Runner")


def soak(
    name: str,
    description: str,
    opened: Callable[[Path], AbstractContextManager[Runner]],
    run: Callable[[Runner, int], Run],
    *,
    count: int,
) -> NoReturn:
    """Run one seed after the other, print what went wrong and how the runs ended, and exit with 1 for any wrong one."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.soak.{name}", description=description)
    parser.add_argument("--count", type=int, default=count, help="how many runs")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first; each run has the next one")
    given = parser.parse_args()
    ended: Counter[int] = Counter()
    began, wrong = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        environ["TAPCTL_STATE_DIR"] = f"{folder}/state"
        with opened(Path(folder)) as runner:
            for seed in range(given.seed, given.seed + given.count):
                outcome = run(runner, seed)
                ended.update(outcome.codes)
                if outcome.wrong:
                    wrong += 1
                    say(f"seed {seed}: {outcome.codes}, then {outcome.wrong}")
    for code, times in sorted(ended.items()):
        say(f"{times:5} x over the bad line {'killed' if code < 0 else f'exit {code}'}")
    say(f"{given.count} runs, {wrong} wrong, {time.monotonic() - began:.0f} s")
    sys.exit(bool(wrong))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
