"""How many of the resources in real templates are of types whose limits are judged or that are known to have none.

`python -m tests.cli.test_limits_coverage [FOLDER ...]` prints the share, and the types that are not covered. A template
is counted with every parameter open, so that each resource that may exist counts; a nested one counts for itself.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapctl.concurrency.counting import Inventory
from tapctl.errors import TapctlError
from tapctl.limits import uncovered
from tapctl.template.load import load
from tapctl.template.nested import stack_tree
from tapctl.template.parameters import Parameters
from tests.cli.test_limits_corpus import PSEUDO

SHARED = Path(__file__).parents[3] / "shared"
FOLDERS = (SHARED / "corpus", SHARED / "cases")
ENDINGS = {".json", ".template", ".yaml", ".yml"}
TARGET = 0.95

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not SHARED.exists(), reason="the corpus is not beside the project"),
]


def types_of(file: Path) -> Iterator[str]:
    """The type of each resource of a template; nothing of a file that is no template, or one with errors."""
    try:
        tree = stack_tree(load(str(file)), Parameters({}), PSEUDO)
        items = list(Inventory(tree).by_name.values())
    except (TapctlError, UnicodeDecodeError):
        return
    yield from (item.type for item in items if item.member is tree)


def counted(*folders: Path) -> Counter[str]:
    files = (file for folder in folders for file in sorted(folder.rglob("*")) if file.suffix in ENDINGS)
    return Counter(type_ for file in files for type_ in types_of(file))


def share(types: Counter[str]) -> float:
    return 1 - sum(types[type_] for type_ in uncovered(types)) / types.total()


def test_at_least_95_percent_of_the_resources_are_covered() -> None:
    assert share(counted(*FOLDERS)) >= TARGET


def main(*folders: Path) -> None:
    types = counted(*folders)
    missing = Counter({type_: types[type_] for type_ in uncovered(types)})
    sys.stdout.write(f"{share(types):.1%} of {types.total():,} resources are covered; the types that are not:\n")
    for type_, count in missing.most_common():
        sys.stdout.write(f"{count:5} {type_}\n")


if __name__ == "__main__":
    main(*(Path(folder) for folder in sys.argv[1:] or FOLDERS))
