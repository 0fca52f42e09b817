"""The grades of what tapctl assumes about AWS."""

from dataclasses import replace

import pytest

from tapctl.concurrency.judge import floor
from tapctl.evidence.claims import Grade, _graded, claim, with_grade


@pytest.mark.parametrize(
    ("limit", "grade"), [(10, "reported"), (50, "reported"), (400, "open"), (1000, "documented"), (3000, "documented")]
)
def test_the_minimum_has_the_grade_of_its_claim(limit: int, grade: str) -> None:
    bounds = floor(limit)

    assert claim(bounds.claim).grade.value == grade
    assert with_grade(bounds.source, bounds.claim) == f"{bounds.source} (grade: {grade}, no record)"


def test_a_measured_claim_names_its_record() -> None:
    assert _graded(replace(claim("minimum-50"), grade=Grade.MEASURED, records=("a.json", "b.json"))) == (
        "grade: measured, a.json, b.json"
    )


def test_a_minimum_that_was_given_has_no_grade() -> None:
    bounds = floor(400, pinned=40)

    assert with_grade(bounds.source, bounds.claim) == bounds.source
