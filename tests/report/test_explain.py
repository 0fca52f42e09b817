"""The rules and their page, and the sum behind a verdict."""

import re
from pathlib import Path

import pytest

from tapctl.concurrency.judge import floor
from tapctl.limits import catalogue
from tapctl.report.explain import AT_10, AT_50, DOCUMENTED, anchor, evidence, rules
from tapctl.report.finding import _KINDS

ROOT = Path(__file__).parents[2]


def test_each_rule_of_a_finding_is_explained() -> None:
    source = "".join(path.read_text() for path in (ROOT / "tapctl").rglob("*.py"))
    named = set(re.findall(r'"(tapctl:[a-z-]+)"', source))
    kinds = {f"verify-{kind}" for kind in (*_KINDS, "resource")}

    assert {rule.id for rule in rules()} == named | kinds | {limit.id for limit in catalogue()} | {"preflight"}


def test_each_rule_has_a_section_with_its_anchor() -> None:
    page = (ROOT / "docs" / "rules.md").read_text()

    for rule in rules():
        assert f"\n## {rule.id}\n" in page
        assert anchor(rule.id) == rule.id or f'<a id="{anchor(rule.id)}"></a>' in page
        assert re.fullmatch(r"[a-z0-9-]+", anchor(rule.id))


def test_each_rule_is_written_in_sentences() -> None:
    for rule in rules():
        assert rule.text.endswith("."), rule
        assert rule.remedy.endswith("."), rule
        assert not rule.title.endswith("."), rule


@pytest.mark.parametrize(
    ("limit", "links"),
    [(10, AT_10), (50, AT_50), (1000, (DOCUMENTED,)), (400, (*AT_10, *AT_50, DOCUMENTED))],
)
def test_the_minimum_has_its_evidence(limit: int, links: tuple[str, ...]) -> None:
    _, *found = evidence(floor(limit), limit)
    assert tuple(found) == links


def test_a_pinned_minimum_needs_none() -> None:
    assert evidence(floor(400, pinned=40), 400) == ("pinned by min_unreserved",)
