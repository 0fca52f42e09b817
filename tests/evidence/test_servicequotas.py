"""How the answers of Service Quotas are read."""

import pytest

from tapctl.evidence import EXPERIMENTS
from tapctl.evidence.experiment import Observation, Seen

MISSING = Observation("x", code="NoSuchResourceException", message="not found")
DENIED = Observation("x", code="IllegalArgumentException", message="no")


@pytest.mark.parametrize(
    ("id_", "quota", "agrees"),
    [
        pytest.param("quotas-applied", Observation("x", 10.0), True, id="equal"),
        pytest.param("quotas-applied", Observation("x", 1000.0), False, id="another number"),
        pytest.param("quotas-applied", MISSING, None, id="none applied"),
        pytest.param("quotas-not-applied", MISSING, True, id="refused"),
        pytest.param("quotas-not-applied", DENIED, False, id="refused with another code"),
        pytest.param("quotas-not-applied", Observation("x", 250.0), None, id="the default"),
    ],
)
def test_the_answers(id_: str, quota: Observation, agrees: bool | None) -> None:
    seen = Seen(10, 10, 10, {"quota": quota, "default": Observation("x", 250.0)})

    assert EXPERIMENTS[id_].reads(seen).agrees is agrees
