"""Time and peak memory of packaging a folder of 5,000 files and 100 MB, against Python's own zipfile on the same.

    python benchmarks/package.py [--repeat 3]

Each figure is the best of the repetitions of a whole process, the start of Python and the imports included.
"""

import argparse
import os
import random
import sys
import tempfile
import zipfile
from pathlib import Path

from run import measure, row

from tapctl.packaging.archive import write_zip
from tapctl.packaging.file_tree import content_hash, tree

FILES, SIZE = 5_000, 20_000


def make(root: Path) -> None:
    """Files of made-up words, which compress about as well as source code."""
    dice = random.Random(5)  # noqa: S311 - no secret
    words = ["".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=dice.randint(2, 9))) for _ in range(3000)]
    for number in range(FILES):
        file = root / f"package{number % 100}" / f"module{number}.py"
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(" ".join(dice.choices(words, k=SIZE // 5))[:SIZE].ljust(SIZE))


def plain(root: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder, _, names in os.walk(root):
            for name in names:
                archive.write(Path(folder) / name, (Path(folder) / name).relative_to(root))


def packaged(root: Path, target: Path) -> None:
    """What a first deploy does: find, name, zip, and check that the zip is what it is named."""
    entries = tree(root)
    name = content_hash(entries)
    with target.open("wb") as file:
        if write_zip(entries, file) != name:
            raise SystemExit("the zip is not what it is named")


def unchanged(root: Path, _: Path) -> None:
    """What a deploy does when the bucket holds the code already."""
    content_hash(tree(root))


WAYS = {"plain": plain, "packaged": packaged, "unchanged": unchanged}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument(
        "way", nargs="*", help="one of the ways, a folder and a zip: what the processes are started with"
    )
    asked = parser.parse_args()
    if asked.way:
        way, root, target = asked.way
        WAYS[way](Path(root), Path(target))
        return
    with tempfile.TemporaryDirectory() as folder:
        root, target = Path(folder) / "tree", str(Path(folder) / "made.zip")
        make(root)
        # One way after the other in each round: a machine that others use is not equally fast all the time.
        rounds = [
            {way: measure((sys.executable, __file__, way, str(root), target), 1) for way in WAYS}
            for _ in range(asked.repeat)
        ]
        best = {way: min((costs[way] for costs in rounds), key=lambda cost: cost.seconds) for way in WAYS}
        row("5,000 files, 100 MB, against zipfile", best["packaged"], best["plain"], 1.3)
        row("the same when the bucket holds it", best["unchanged"], best["plain"], None)


if __name__ == "__main__":
    main()
