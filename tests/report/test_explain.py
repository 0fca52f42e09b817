"""The rules and their page, and the sum behind a verdict."""

import re
from pathlib import Path

import pytest

from tapctl.concurrency.judge import floor
from tapctl.evidence import claim, with_grade
from tapctl.limits import catalogue
from tapctl.report.explain import anchor, evidence, rules
from tapctl.report.finding import _KINDS

ROOT = Path(__file__).parents[2]


def test_each_rule_of_a_finding_is_explained() -> None:
    source = "".join(path.read_text() for path in (ROOT / "tapctl").rglob("*.py"))
    named = set(re.findall(r'"(tapctl:[a-z-]+)"', source))
    kinds = {f"verify-{kind}" for kind in (*_KINDS, "resource")}

    explained = {rule.id for rule in rules()}
    used = named | kinds | {limit.id for limit in catalogue()} | {"preflight"}
    assert explained ^ used == set(), "`OWN_RULES` in tapctl/report/explain.py has a text for each rule"


def test_each_rule_has_a_section_with_its_anchor() -> None:
    page = (ROOT / "docs" / "rules.md").read_text()

    for rule in rules():
        assert f"\n## {rule.id}\n" in page, f"{rule.id}: `make docs` writes its section"
        assert anchor(rule.id) == rule.id or f'<a id="{anchor(rule.id)}"></a>' in page
        assert re.fullmatch(r"[a-z0-9-]+", anchor(rule.id))


def test_each_rule_is_written_in_sentences() -> None:
    for rule in rules():
        assert rule.text.endswith("."), rule
        assert rule.remedy.endswith("."), rule
        assert not rule.title.endswith("."), rule


KNOWN = ("minimum-10", "minimum-50", "minimum-1000")


@pytest.mark.parametrize(
    ("limit", "id_"), [(10, "minimum-10"), (50, "minimum-50"), (1000, "minimum-1000"), (400, "minimum-between")]
)
def test_the_minimum_has_its_grade_and_its_sources(limit: int, id_: str) -> None:
    bounds = floor(limit)

    found = evidence(bounds)

    assert found[0] == with_grade(bounds.source, id_) != bounds.source
    assert found[1 : len(claim(id_).sources) + 1] == claim(id_).sources
    assert bounds.known == (len(found) == len(claim(id_).sources) + 1)


def test_an_open_minimum_has_what_is_known_of_other_limits() -> None:
    found = evidence(floor(400))

    for taken in map(claim, KNOWN):
        assert {with_grade(taken.text, taken.id), *taken.sources} <= set(found)


def test_a_pinned_minimum_needs_none() -> None:
    pinned = floor(400, pinned=40)

    assert evidence(pinned) == (pinned.source,)
