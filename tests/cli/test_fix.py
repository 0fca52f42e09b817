"""`tapctl fix` as a command: the diff, the write, and a kill in its middle."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.cli.conftest import Tapctl
from tests.support.fixed import fixed
from tests.support.golden import Golden
from tests.support.terminal import Answer

TEMPLATE = """# kept
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      ReservedConcurrentExecutions: 100  # much
"""
SWITCHED = """\
Parameters: {P: {Type: Number, Default: -1}}
Conditions: {Has: !Not [!Equals [!Ref P, -1]]}
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      ReservedConcurrentExecutions: !If [Has, !Ref P, !Ref AWS::NoValue]
"""
LOWERED = TEMPLATE.replace("100", "50")


FIX = ("fix", "t.yaml", "--snapshot", "account.json")

Fix = Callable[..., Answer]


@pytest.fixture
def folder(workdir: Path) -> Path:
    limits = {"concurrent_executions": 150, "unreserved_concurrent_executions": 150}
    (workdir / "account.json").write_text(json.dumps({"schema": "tapctl.account/1", "limits": limits}))
    (workdir / "t.yaml").write_text(TEMPLATE)
    return workdir


@pytest.fixture
def fix(folder: Path, tapctl: Tapctl) -> Fix:
    return partial(tapctl, *FIX)


def test_by_default_it_shows_a_diff_and_changes_nothing(folder: Path, fix: Fix) -> None:
    done = fix()
    assert done.code == 4
    assert done.out == (
        "--- a/t.yaml\n+++ b/t.yaml\n@@ -3,4 +3,4 @@\n   Fn:\n     Type: AWS::Lambda::Function\n     Properties:\n"
        "-      ReservedConcurrentExecutions: 100  # much\n+      ReservedConcurrentExecutions: 50  # much\n"
    )
    assert (folder / "t.yaml").read_text() == TEMPLATE


def test_write_applies_it_and_a_second_run_has_nothing_to_do(folder: Path, fix: Fix, golden: Golden) -> None:
    assert fix("--write").code == 0
    assert (folder / "t.yaml").read_text() == LOWERED
    again = fix("--write")
    assert (again.code, again.out) == (0, "")
    golden(again.err)


def test_the_snapshot_of_the_environment_is_used_as_by_preflight(folder: Path, tapctl: Tapctl) -> None:
    (folder / "tapctl.toml").write_text('template = "t.yaml"\n[env.prod]\nsnapshot = "account.json"\n')

    assert tapctl("fix", "--env", "prod", "--write").code == 0
    assert (folder / "t.yaml").read_text() == LOWERED


def test_a_byte_order_mark_stays(folder: Path, fix: Fix) -> None:
    (folder / "t.yaml").write_bytes(b"\xef\xbb\xbf" + TEMPLATE.encode())
    fix("--write")
    assert (folder / "t.yaml").read_bytes() == b"\xef\xbb\xbf" + LOWERED.encode()


def test_the_result_fits_by_preflight(folder: Path, fix: Fix, tapctl: Tapctl) -> None:
    judge = ("preflight", "t.yaml", "--snapshot", "account.json", "--no-lint")
    assert [tapctl(*judge).code, fix("--write").code, tapctl(*judge).code] == [4, 0, 0]


def test_changes_are_listed_unless_quiet(folder: Path, fix: Fix, golden: Golden) -> None:
    golden(fix().err)
    assert fix("--quiet").err == ""
    assert fix("--write").err.splitlines()[1:] == ["changed t.yaml"]


def test_scanners_are_suppressed_when_asked(folder: Path, fix: Fix, golden: Golden) -> None:
    done = fix("--remedy", "drop", "--suppress", "checkov", "--suppress", "cfn_nag", "--write")
    assert done.code == 0
    golden((folder / "t.yaml").read_text())


def test_standard_input_is_refused_in_one_line(
    folder: Path, tapctl: Tapctl, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (folder / "t.yaml").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        done = tapctl("fix", "-", "--snapshot", "account.json")
    assert (done.code, done.out) == (2, "")
    golden(done.err)


TOOLS = {"git": ["git", "apply", "--verbose"], "patch": ["patch", "-p1", "--fuzz=0"]}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("name", ["t.yaml", "./t.yaml", "a b/t ü.yaml", "a/../t.yaml", "a/t.yaml"])
@pytest.mark.parametrize(
    "text",
    [TEMPLATE, TEMPLATE.replace("\n", "\r\n"), TEMPLATE.removesuffix("\n"), f'Description: "\u2028"\n{TEMPLATE}'],
    ids=["plain", "crlf", "no-final-newline", "other-line-ends"],
)
def test_the_diff_can_be_applied(tmp_path: Path, tool: str, name: str, text: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    for folder in ("a", "a b"):
        (tmp_path / folder).mkdir()
    target = tmp_path / name
    target.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        (edit,) = fixed(Path(name), 50).edits
        diff = edit.diff()
    applied = subprocess.run(TOOLS[tool], cwd=tmp_path, input=diff.encode(), capture_output=True, check=False)
    assert applied.returncode == 0, (applied.stdout + applied.stderr).decode()
    assert target.read_bytes().decode() == text.replace("100", "50")


FORKS = """\
import contextlib, io, os, sys
from tapctl.__main__ import main

command = sys.argv[1:]
def run(*more):
    sys.argv = ["tapctl", *command, *more]
    try:
        main()
    except SystemExit as ended:
        return ended.code

with contextlib.redirect_stdout(io.StringIO()):
    run("--quiet")  # a copy of this process has nothing to import
print("ready", flush=True)
for _ in sys.stdin:
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(run("--quiet", "--write"))
    print(child, flush=True)
    next(sys.stdin)  # until then nothing else has the child's id
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Writes:
    """`fix --write` again and again, in copies of a process that has imported everything."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stdout
        assert process.stdout.readline() == "ready\n"

    def start(self) -> int:
        """The id of a process that begins to write."""
        return self._next()

    def end(self, process: int, kill: int = 0) -> int:
        """The exit code of the process, after a signal."""
        os.kill(process, kill)
        return self._next()

    def _next(self) -> int:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
class TestAKill:
    """In the middle of `fix --write`, by the signal that cannot be caught."""

    LONG = f"{TEMPLATE}# {'x' * 900_000}\n"
    LOWERED = LONG.replace("100", "50", 1)

    @pytest.fixture
    def writes(self, folder: Path) -> Iterator[Writes]:
        (folder / "t.yaml").write_text(self.LONG)
        command, pipe = [sys.executable, "-c", FORKS, *FIX], subprocess.PIPE
        with subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, text=True) as process:
            yield Writes(process)

    def left(self, folder: Path) -> set[str]:
        return {path.name for path in folder.iterdir()} - {"t.yaml", "account.json"}

    def test_at_any_moment_it_leaves_the_old_file_or_the_new_one(self, folder: Path, writes: Writes) -> None:
        begun = time.monotonic()
        assert writes.end(writes.start()) == 0
        whole = time.monotonic() - begun
        assert (folder / "t.yaml").read_text() == self.LOWERED
        for moment in range(13):
            (folder / "t.yaml").write_text(self.LONG)
            process = writes.start()
            time.sleep(whole * moment / 12)
            writes.end(process, signal.SIGKILL)
            assert (folder / "t.yaml").read_text() in (self.LONG, self.LOWERED)

    def test_while_it_writes_too_and_the_next_run_clears_up(self, folder: Path, writes: Writes) -> None:
        for _ in range(4):
            (folder / "t.yaml").write_text(self.LONG)
            process = writes.start()
            while (folder / "t.yaml").read_text() == self.LONG and not self.left(folder):
                time.sleep(0.0002)
            writes.end(process, signal.SIGKILL)
            assert (folder / "t.yaml").read_text() in (self.LONG, self.LOWERED)
        for name in self.left(folder):
            os.utime(folder / name, (0, 0))
        (folder / "t.yaml").write_text(self.LONG)
        assert writes.end(writes.start()) == 0
        assert self.left(folder) == set()


@pytest.mark.parametrize(
    ("how", "where"),
    [(["--env", "local"], " in [env.local.parameters]"), (["--parameter", "P=100"], "")],
    ids=["by-the-environment", "by-a-flag"],
)
def test_a_parameter_that_helps_is_named_where_it_was_given(
    folder: Path, fix: Fix, how: list[str], where: str, golden: Golden
) -> None:
    (folder / "tapctl.toml").write_text("[env.local.parameters]\nP = 100\n")
    (folder / "t.yaml").write_text(SWITCHED)
    done = fix("--remedy", "drop", *how)
    (line,) = [line for line in done.err.splitlines() if "parameter P out" in line]
    assert line.endswith(f" out{where}")
    golden(line)


CDK = {
    "Parameters": {"Limit": {"Type": "Number", "Default": 100}},
    "Resources": {
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"ReservedConcurrentExecutions": {"Ref": "Limit"}},
            "Metadata": {"aws:cdk:path": "Live/Fn/Resource"},
        }
    },
}


def test_a_template_of_the_cdk_is_overwritten_and_its_parameter_comes_first(
    folder: Path, fix: Fix, golden: Golden
) -> None:
    (folder / "t.yaml").write_text(json.dumps(CDK, indent=1))
    (folder / "tapctl.toml").write_text("[env.prod.parameters]\nLimit = 100\n")
    done = fix("--env", "prod")
    first, *_ = done.err.splitlines()
    assert all(part in first for part in ("Limit", '"50"', "[env.prod.parameters]"))
    golden(done.err)
    literal = json.loads(json.dumps(CDK).replace('{"Ref": "Limit"}', "100"))
    (folder / "t.yaml").write_text(json.dumps(literal, indent=1))
    assert [line for line in fix("--write").err.splitlines() if "construct Live/Fn/Resource" in line]
