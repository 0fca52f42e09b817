"""Hints for tests that do not care what they advise."""

from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice


def noted(text: str) -> Hint:
    """A hint of these words."""
    return advise(JudgementAdvice.AS_WRITTEN, text)
