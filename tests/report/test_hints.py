"""Every advice in words, with values in the places that it lists."""

import string

import pytest

from tapctl.hints import Advice, advise
from tapctl.report.hints import WORDING, worded
from tests.support.golden import Golden


@pytest.mark.parametrize("advice", list(Advice), ids=lambda advice: advice.value)
def test_every_advice_is_worded(advice: Advice, golden: Golden) -> None:
    places = [name for _, name, _, _ in string.Formatter().parse(WORDING[advice]) if name is not None]
    golden(worded(advise(advice, *(f"<{number}>" for number, _ in enumerate(places, 1)))))


def test_text_stays_as_it_is() -> None:
    assert worded("free {some} space") == "free {some} space"


def test_an_advice_is_no_text() -> None:
    with pytest.raises(TypeError):
        f"{advise(Advice.GIVE_REGION)}"
