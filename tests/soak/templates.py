"""Mutated templates: what tapctl says that their functions reserve, and what an independent evaluator says.

    python -m tests.soak.templates --count 1000 --seed 1

Each case takes a real template of ../shared/corpus, or of the project's tests where that is absent, and changes its
reservations, conditions, parameters and maps by every intrinsic function. `tests.soak.evaluator` is written from AWS's
documentation and shares nothing with tapctl's resolver. What is claimed:

- a number or an absent reservation that both know is the same, and so is whether a function exists;
- what one refuses as invalid, the other does not count.

What either calls unknown is counted, not compared. A template that SAM refuses, and a value that a parameter's
declaration forbids, are outside of what the evaluator knows, and so are functions of loops and nested stacks.

One line for each contradiction, with its seed and its changes: `--seed N --count 1 --show` prints that template.
"""

import argparse
import copy
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from tapctl.concurrency.read_demand import read_demand
from tapctl.errors import TapctlError, TemplateError
from tapctl.template.nested import stack_tree
from tapctl.template.parameters import Parameters
from tapctl.template.parse import parse
from tapctl.unknown import Unknown
from tests.soak.evaluator import ABSENT, FUNCTIONS, UNKNOWN, Evaluator, InvalidTemplateError, Special
from tests.soak.mutations import Mutator
from tests.support.templates import template

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus" / "templates"
OWN = ROOT / "tests"
SUFFIXES = (".yaml", ".yml", ".json", ".template")

REFUSED = "refused"
"""What stands for a template that is invalid, in place of its reservations."""

Reservations = Mapping[str, Any]
"""The number, `ABSENT` or `UNKNOWN` of each function that exists."""


@dataclass(frozen=True)
class Compared:
    """A mutated template, the outcome for each of its functions, and the contradictions among them."""

    seed: int
    file: Path
    mutator: Mutator
    counts: Counter[str]
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        what = f"seed {self.seed}: {self.file.name}, {'; '.join(self.mutator.done)}; {self.mutator.given}"
        return "\n".join([what, *(f"  {contradiction}" for contradiction in self.wrong)])


@cache
def sources(folder: Path) -> tuple[Path, ...]:
    """The valid templates under a folder that have a function, and no loop."""
    files = sorted(file for file in folder.rglob("*") if file.suffix in SUFFIXES and file.is_file())
    return tuple(file for file in files if _is_comparable(file))


def _is_comparable(file: Path) -> bool:
    text = file.read_text(encoding="utf-8", errors="replace")
    if "Fn::ForEach" in text or not any(kind in text for kind in FUNCTIONS):
        return False
    body = _parsed(file)
    if not isinstance(body.get("Resources"), dict):
        return False
    mutator = Mutator(Random(0), body)
    return bool(mutator.functions) and not isinstance(_by_tapctl(mutator, file), str)


@cache
def _parsed(file: Path) -> dict[str, Any]:
    try:
        value = parse(file.read_text(encoding="utf-8"), str(file)).value
    except TapctlError:
        return {}
    return value if isinstance(value, dict) else {}


def compare(seed: int, folder: Path) -> Compared:
    """Mutate one of the folder's templates and look at it in both ways."""
    rng = Random(seed)
    file = rng.choice(sources(folder))
    mutator = Mutator(rng, copy.deepcopy(_parsed(file)))
    mutator.mutate()
    _extend_the_language(mutator.template)
    found, expected = _by_tapctl(mutator, file), _by_evaluator(mutator)
    outcomes = list(_outcomes(found, expected))
    wrong = tuple(text for outcome, text in outcomes if outcome == "contradiction")
    return Compared(seed, file, mutator, Counter(outcome for outcome, _ in outcomes), wrong)


def _extend_the_language(body: dict[str, Any]) -> None:
    """Fn::Length and the default of Fn::FindInMap need a transform, which runs before SAM's."""
    present = body.get("Transform") or []
    others = present if isinstance(present, list) else [present]
    body["Transform"] = [
        "AWS::LanguageExtensions",
        *(transform for transform in others if transform != "AWS::LanguageExtensions"),
    ]


def _by_tapctl(mutator: Mutator, file: Path) -> Reservations | str:
    """What tapctl reads; why not, where the template is not to be compared."""
    try:
        # The place in the folder is that of the original, so that nested templates and includes are found.
        tree = stack_tree(template(json.dumps(mutator.template), str(file)), Parameters(mutator.given), {})
        functions = read_demand(tree).functions
    except TemplateError as error:
        return "SAM refuses it" if "SAM" in str(error) else REFUSED
    except TapctlError:
        return "its parameters refuse the value"
    reserved = {
        function.logical_id: ABSENT if function.reserved is None else function.reserved for function in functions
    }
    own = [name for name in mutator.functions if name in reserved]
    return {name: UNKNOWN if isinstance(reserved[name], Unknown) else reserved[name] for name in own}


def _by_evaluator(mutator: Mutator) -> Reservations | str:
    try:
        return Evaluator(mutator.template, mutator.given).reservations()
    except InvalidTemplateError:
        return REFUSED


def _outcomes(found: Reservations | str, expected: Reservations | str) -> Iterator[tuple[str, str]]:
    """An outcome for each function, or one for the template, with a text where they contradict each other."""
    if isinstance(found, str) and found != REFUSED:
        yield found, ""
    elif isinstance(found, str) or isinstance(expected, str):
        yield _of_a_refusal(found, expected), f"tapctl: {found}, evaluator: {expected}"
    else:
        for name in sorted(found.keys() | expected.keys()):
            said, meant = found.get(name, "no function"), expected.get(name, "no function")
            yield outcome(said, meant), f"{name}: tapctl {_shown(said)}, evaluator {_shown(meant)}"


def _of_a_refusal(found: Reservations | str, expected: Reservations | str) -> str:
    """How a refusal compares; a value that is unknown may be invalid."""
    if found == expected:
        return "both refuse it"
    if not isinstance(found, str):
        return "unknown to tapctl" if UNKNOWN in found.values() else "contradiction"
    may_be_invalid = not isinstance(expected, str) and UNKNOWN in expected.values()
    return "unknown to the evaluator" if may_be_invalid else "contradiction"


def outcome(said: Any, meant: Any) -> str:
    """How the two values of one function compare."""
    if said is UNKNOWN and meant is UNKNOWN:
        return "unknown to both"
    if UNKNOWN in (said, meant):
        return "unknown to tapctl" if said is UNKNOWN else "unknown to the evaluator"
    return "equal" if said == meant else "contradiction"


def _shown(value: Any) -> str:
    return value.value if isinstance(value, Special) else str(value)


def default_folder() -> Path:
    """The corpus, or the project's own tests where there is none."""
    return CORPUS if CORPUS.exists() else OWN


def table_of(compared: Sequence[Compared]) -> str:
    """How many functions had which outcome."""
    counts: Counter[str] = sum((comparison.counts for comparison in compared), Counter())
    return "\n".join(f"{count:>8}  {name}" for name, count in counts.most_common())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.templates", description="Soak the resolver.")
    parser.add_argument("--count", type=int, default=1000, help="how many templates")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first; each template has the next one")
    parser.add_argument("--folder", type=Path, default=default_folder(), help="where the templates are")
    parser.add_argument("--show", action="store_true", help="print every template")
    given = parser.parse_args()
    began, compared = time.monotonic(), []
    for seed in range(given.seed, given.seed + given.count):
        compared.append(compare(seed, given.folder))
        if given.show:
            _say(json.dumps(compared[-1].mutator.template, indent=1))
        if compared[-1].wrong or given.show:
            _say(str(compared[-1]))
    wrong = sum(bool(comparison.wrong) for comparison in compared)
    _say(table_of(compared))
    _say(f"{given.count} templates, {wrong} contradictions, {time.monotonic() - began:.0f} s")
    sys.exit(bool(wrong))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
