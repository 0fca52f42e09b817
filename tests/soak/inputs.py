"""Mutated inputs: whether a template or a snapshot brings a traceback, a hang or a raw control character.

    python -m tests.soak.inputs --count 20000 --seed 1

Each case takes a template of the project's tests, or of `--folder`, and damages it: bytes of its text, or values, keys
and branches of its structure, which is then written as JSON or YAML. Every fourth case damages the snapshot besides.
The template is read, its demand is printed, it is judged against the snapshot, the result is printed in every format,
and the remedy is printed as a diff. What is claimed:

- every failure is an error of tapctl, in one line;
- each step ends within ten seconds;
- no stream has a raw control character, and no line that a CI runner obeys;
- a JSON document and a JUnit file can be parsed.

One line for each case where that does not hold, with its seed: `--seed N --count 1 --show` prints that template.
"""

import argparse
import io
import json
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any
from xml.etree import ElementTree

import typer

from tapctl.__main__ import complain
from tapctl.account.snapshot import load as load_snapshot
from tapctl.cli import demand, fix
from tapctl.cli.options import OutputOptions, SnapshotOptions
from tapctl.cli.terminal import Terminal
from tapctl.concurrency.read_demand import read_demand
from tapctl.errors import TapctlError
from tapctl.report.preflight import RENDERERS
from tapctl.settings.options import AccountOptions, JudgementOptions, TemplateOptions
from tapctl.settings.settings import Settings
from tapctl.template.load import load
from tapctl.workflows.preflight import preflight
from tapctl.workflows.read_inputs import stack_tree_for
from tests.soak.damage import TEXTS, damaged
from tests.soak.seeds import SNAPSHOT, TEMPLATES

ROOT = Path(__file__).parents[2]
SUFFIXES = (".yaml", ".yml", ".json", ".template")
SECONDS = 10

_RAW = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")
_OBEYED = re.compile(r"^\s*::(?!(?:error|warning|notice) file=)", re.MULTILINE)


class HangError(BaseException):
    """A step took too long; no handler of tapctl catches it."""


@dataclass
class Case:
    """A damaged template and its snapshot, how far the judgement came, and what was wrong with it."""

    seed: int
    name: str
    file: Path
    given: Sequence[str] = ()
    """Values for the parameters that the template declares."""
    reached: str = "refused"
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join([f"seed {self.seed}: {self.name}, {self.reached}", *(f"  {wrong}" for wrong in self.wrong)])


def seeds_in(folder: Path) -> dict[str, str]:
    """The texts of the valid templates in a folder, by their relative paths."""
    found = {}
    for file in sorted(file for file in folder.rglob("*") if file.suffix in SUFFIXES and file.is_file()):
        try:
            text = load(str(file)).source.text
        except TapctlError:
            continue
        if len(text) < 100_000:
            found[str(file.relative_to(folder))] = text
    return found


@contextmanager
def workspace(folder: Path | None) -> Iterator[tuple[Path, dict[str, str]]]:
    """A copy of the templates, beside which the damaged ones are written, and their texts."""
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        if folder:
            shutil.copytree(folder, place, dirs_exist_ok=True)
        else:
            shutil.copytree(ROOT / "tests" / "concurrency" / "templates", place, dirs_exist_ok=True)
            for name, text in TEMPLATES.items():
                (place / name).write_text(text)
        yield place, seeds_in(place)


def run(seed: int, place: Path, templates: dict[str, str]) -> Case:
    """Damage a template by this seed, and judge it."""
    rng = Random(seed)
    name = rng.choice(sorted(templates))
    text = damaged(rng, templates[name], rng.choice(list(templates.values())))
    file = place / Path(name).parent / f"damaged{rng.choice(['.yaml', '.yaml', '.yaml', '.json'])}"
    file.write_bytes(text)
    snapshot = json.dumps(SNAPSHOT | {"limits": rng.choice(LIMITS)})
    account = place / "damaged-account.json"
    account.write_bytes(damaged(rng, snapshot, snapshot) if rng.random() < 0.25 else snapshot.encode())
    case = Case(seed, name, file, given=rng.choice([(), (), TEXTS]))
    judge(case, account)
    file.unlink()
    return case


LIMITS = tuple(
    {"concurrent_executions": limit, "unreserved_concurrent_executions": left}
    for limit, left in ((1000, 1000), (1000, 110), (10, 10), (400, 101))
)


def judge(case: Case, account: Path) -> None:
    """Take every step, and note what is wrong."""
    path, formats = str(case.file), iter(RENDERERS.items())
    found: dict[str, Any] = {}

    def read() -> None:
        found["template"] = load(path)
        case.reached = "read"

    def settings(**more: Any) -> Settings:
        names = found["template"].parameters if case.given else ()
        given = {name: Random(f"{case.seed}{name}").choice(case.given) for name in names}
        return Settings(path, parameters=given, **more)

    def ask() -> None:
        asked = read_demand(stack_tree_for(found["template"], settings()))
        case.reached = "resolved"
        Terminal().result(demand.as_text(asked, Terminal().options()))

    def decide() -> None:
        reader = load_snapshot(account)
        chosen = settings(stack_name="shop", region=reader.account.region)
        found["result"] = preflight(found["template"], reader, chosen)
        case.reached = found["result"].verdict.value

    def edit() -> None:
        fix.fix(
            TemplateOptions(argument=path),
            AccountOptions(config=Path("/dev/null")),
            SnapshotOptions(snapshot=account),
            JudgementOptions(),
            fix.FixOptions(),
            OutputOptions(),
        )

    if _step(case, "read", read) and _step(case, "demand", ask) and _step(case, "preflight", decide):
        for name, render in formats:
            _step(
                case, name, lambda name=name, render=render: _print(name, render(found["result"], Terminal().options()))
            )
        _step(case, "fix", edit)


def _print(name: str, text: str) -> None:
    Terminal().result(text, annotates=name == "github")
    if name in ("json", "sarif"):
        json.loads(text)
    elif name == "junit":
        ElementTree.fromstring(text)


def _step(case: Case, name: str, step: Any) -> bool:
    """Whether a step succeeded; a failure that is not an error of tapctl is wrong, and so is what is printed raw."""
    out, err, done = io.StringIO(), io.StringIO(), False
    try:
        with redirect_stdout(out), redirect_stderr(err), _limited():
            try:
                step()
                done = True
            except TapctlError as error:
                complain(error.message, error.hint, error.exit_code)
    except typer.Exit:
        done = True
    except HangError:
        case.wrong.append(f"{name}: takes more than {SECONDS} s")
    except Exception:  # noqa: BLE001 - any exception is what is looked for
        lines = traceback.format_exc().splitlines()
        places = [line.strip() for line in lines if "/tapctl/" in line]
        case.wrong.append(f"{name}: {lines[-1][:200]!r} at {places[-1] if places else '?'}")
    printed = out.getvalue() + err.getvalue()
    if raw := _RAW.search(printed):
        case.wrong.append(f"{name}: prints {raw[0]!r} in {printed[max(0, raw.start() - 40) : raw.end() + 40]!r}")
    if obeyed := _OBEYED.search(printed):
        case.wrong.append(f"{name}: prints a command, {printed[obeyed.start() : obeyed.start() + 60]!r}")
    if len(err.getvalue().splitlines()) > 2 and not done:
        case.wrong.append(f"{name}: an error of several lines")
    return done


@contextmanager
def _limited() -> Iterator[None]:
    def hang(_: int, frame: FrameType | None) -> None:
        raise HangError

    signal.signal(signal.SIGALRM, hang)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.inputs", description="Soak the judgement of bad input.")
    parser.add_argument("--count", type=int, default=1000, help="how many inputs")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first; each input has the next one")
    parser.add_argument("--folder", type=Path, help="where the templates are (default: the project's own)")
    parser.add_argument("--show", action="store_true", help="print every input")
    given = parser.parse_args()
    began, reached, wrong = time.monotonic(), Counter[str](), 0
    with workspace(given.folder) as (place, templates):
        for seed in range(given.seed, given.seed + given.count):
            case = run(seed, place, templates)
            reached[case.reached] += 1
            wrong += bool(case.wrong)
            if reached.total() % 1000 == 0:
                past = reached.total() - reached["refused"]
                _say(f"to seed {seed}: {reached.total()} inputs, {past} past parsing, {wrong} wrong")
            if given.show:
                _say(case_text(seed, templates))
            if case.wrong or given.show:
                _say(str(case))
    for name, count in reached.most_common():
        _say(f"{count:>8}  {name}")
    past = given.count - reached["refused"]
    _say(f"{given.count} inputs, {past} past parsing, {wrong} wrong, {time.monotonic() - began:.0f} s")
    sys.exit(bool(wrong))


def case_text(seed: int, templates: dict[str, str]) -> str:
    """The damaged template of a seed."""
    rng = Random(seed)
    name = rng.choice(sorted(templates))
    return damaged(rng, templates[name], rng.choice(list(templates.values()))).decode(errors="backslashreplace")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
