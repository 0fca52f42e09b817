"""The generated blocks of README.md and docs/ are up to date, and the links between the pages lead somewhere."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tapctl.limits import CONCURRENCY
from tapctl.report.policy import USES, Command

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))


def test_generated_blocks_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_policy_for_ci_reads_what_concurrency_takes() -> None:
    blocks = re.findall(r"(?s)```json\n(.*?)```", (ROOT / "docs" / "ci.md").read_text(encoding="utf-8"))
    allowed = json.loads(blocks[-1])["Statement"][0]["Action"]

    assert allowed == sorted({*allowed})
    needed = {use.action for use in USES if use.command is Command.PREFLIGHT} | {*CONCURRENCY.permissions}
    assert needed - {*allowed} == set(), "add it to the policy in docs/ci.md"
    assert [action for action in allowed if not re.match(r"\w+:(Get|List|Describe)", action)] == []


def test_the_index_lists_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", index.read_text(encoding="utf-8")))
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {index.name}
    assert listed ^ pages == set(), "docs/README.md lists each page"
