"""Time and peak memory of packaging a folder of 5,000 files and 100 MB, compared with Python's zipfile.

    python -m benchmarks.package [--rounds 5]

The ratios are medians of paired runs of whole processes, the start of Python and the imports included.
"""

import argparse
import os
import random
import sys
import tempfile
import zipfile
from pathlib import Path

from benchmarks.processes import Command, Comparison, measure, table
from tapctl.packaging.content import content_hash, tree, write_zip

FILES, SIZE = 5_000, 20_000
ROOT = Path(__file__).resolve().parent.parent

COMPARISONS = (
    Comparison("first upload : zipfile", "package", "zipfile", 1.3),
    Comparison("unchanged : zipfile", "hash", "zipfile"),
)


def create(root: Path) -> None:
    """Create files of random words, which compress about as well as source code."""
    dice = random.Random(5)  # noqa: S311 - no secret
    words = ["".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=dice.randint(2, 9))) for _ in range(3000)]
    for number in range(FILES):
        file = root / f"package{number % 100}" / f"module{number}.py"
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(" ".join(dice.choices(words, k=SIZE // 5))[:SIZE].ljust(SIZE))


def zip_plainly(root: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder, _, names in os.walk(root):
            for name in names:
                archive.write(Path(folder) / name, (Path(folder) / name).relative_to(root))


def package(root: Path, target: Path) -> None:
    """Do what a first deploy does: list and hash the files, zip them, and compare the hashes."""
    entries = tree(root)
    digest = content_hash(entries)
    with target.open("wb") as file:
        if write_zip(entries, file) != digest:
            raise SystemExit("the content of the zip differs from its hash")


def hash_only(root: Path, _: Path) -> None:
    """Do what a deploy does when the bucket has the zip."""
    content_hash(tree(root))


TASKS = {"zipfile": zip_plainly, "package": package, "hash": hash_only}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("task", nargs="*", help="a task, a folder and a zip: the arguments of the measured processes")
    arguments = parser.parse_args()
    if arguments.task:
        name, root, target = arguments.task
        TASKS[name](Path(root), Path(target))
        return
    with tempfile.TemporaryDirectory() as folder:
        create(Path(folder) / "tree")
        paths = (f"{folder}/tree", f"{folder}/code.zip")
        commands = {
            name: Command((sys.executable, "-m", "benchmarks.package", name, *paths), {"PYTHONPATH": str(ROOT)})
            for name in TASKS
        }
        print(table(COMPARISONS, measure(commands, arguments.rounds)))


if __name__ == "__main__":
    main()
