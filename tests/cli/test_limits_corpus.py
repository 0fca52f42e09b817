"""What real templates add to each limit, against numbers that others counted; see the README beside them.

`python -m tests.cli.test_limits_corpus [CORPUS]` prints how many scenarios are exact, and each
difference.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tapctl.cli.limits import added_by
from tapctl.concurrency.additions import Addition
from tapctl.concurrency.counting import coverage
from tapctl.limits import catalogue
from tapctl.template.load import load
from tapctl.template.nested import StackTree, stack_tree
from tapctl.template.parameters import Parameters

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "limits"
PSEUDO = {"AWS::Region": "us-east-1", "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not beside the project"),
]


def scenarios(corpus: Path = CORPUS) -> list[tuple[str, dict[str, Any]]]:
    if not corpus.exists():
        return []
    templates = json.loads((corpus / "expected.json").read_text())["templates"]
    return [(file, scenario) for file, entry in templates.items() for scenario in entry["scenarios"]]


def compared(corpus: Path = CORPUS) -> set[str]:
    """The keys of the corpus for which the catalogue has a row."""
    keys = set(json.loads((corpus / "expected.json").read_text())["keys"])
    return keys & {limit.key for limit in catalogue()}


def tree_of(file: str, scenario: Mapping[str, Any], corpus: Path = CORPUS) -> StackTree:
    return stack_tree(load(str(corpus / "templates" / file)), Parameters(scenario["parameters"], {}, {}), PSEUDO)


def answers(tree: StackTree) -> dict[str, Addition]:
    """The addition to each key, the largest where several rows share one."""
    found: dict[str, Addition] = {}
    for limit, added in added_by(tree):
        if limit.key not in found or found[limit.key].most < added.most:
            found[limit.key] = added
    return found


def differences(tree: StackTree, scenario: Mapping[str, Any], keys: set[str]) -> Iterator[tuple[str, str]]:
    """Each key of which the answer is another one, with both."""
    found = answers(tree)
    for key in sorted(keys - set(scenario.get("not_compared", {}))):
        expected, added = scenario["limits"].get(key), found.get(key)
        if not same(expected, added):
            shown = f"{added.least}..{added.most} on {added.parent}" if added else "nothing"
            yield key, f"expected {expected}, got {shown}"


def same(expected: Any, added: Addition | None) -> bool:
    if added is None:
        return expected is None or (isinstance(expected, dict) and bool(expected.get("optional")))
    if expected is None:
        return False
    wanted: dict[str, Any] = expected if isinstance(expected, dict) else {"most": expected}
    least, most = round(added.least, 3), round(added.most, 3)
    if (round(wanted.get("least", wanted["most"]), 3), round(wanted["most"], 3)) != (least, most):
        return False
    if wanted.get("parent") is None:
        return True
    parents = wanted["parent"] if isinstance(wanted["parent"], list) else [wanted["parent"]]
    return added.parent is not None and any(
        added.parent.id in (parent, parent.rpartition("/")[2]) for parent in parents
    )


each_scenario = pytest.mark.parametrize(
    ("file", "scenario"), scenarios(), ids=[f"{file}-{index}" for index, (file, _) in enumerate(scenarios())]
)


@each_scenario
def test_every_limit_with_a_row_is_exact(file: str, scenario: dict[str, Any]) -> None:
    assert list(differences(tree_of(file, scenario), scenario, compared())) == []


@each_scenario
def test_a_type_that_is_not_covered_has_the_right_count(file: str, scenario: dict[str, Any]) -> None:
    uncovered = coverage(tree_of(file, scenario))

    assert {type_: count for type_, count in scenario["coverage"].items() if uncovered.get(type_, count) != count} == {}


def main(corpus: Path) -> None:
    keys, exact, wrong = compared(corpus), 0, 0
    for file, scenario in scenarios(corpus):
        found = list(differences(tree_of(file, scenario, corpus), scenario, keys))
        exact, wrong = exact + (not found), wrong + len(found)
        for key, difference in found:
            sys.stdout.write(f"{file} {scenario['parameters']}: {key}: {difference}\n")
    total = len(scenarios(corpus))
    sys.stdout.write(f"{exact} of {total} scenarios exact in {len(keys)} keys; {wrong} of {total * len(keys)} differ\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS)
