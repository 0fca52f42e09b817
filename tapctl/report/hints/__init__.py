"""Words every hint: here alone, a command or an option is written for a person.

The modules of this package word the enums of those modules of `tapctl.hints` that have their names.
"""

import re
import string
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from tapctl.hints import Advice, Hint
from tapctl.hints.judgement import JudgementAdvice

DURING_DEPLOY: Mapping[Advice, str] = {
    JudgementAdvice.ALLOW_REMEDY: (
        "`--remedy adjust` applies the remedy; `tapctl fix{} --write` writes it into the template"
    ),
    JudgementAdvice.APPLY_REMEDY: "`tapctl fix{} --write` writes the remedy into the template",
    JudgementAdvice.ALLOW_TWO_STEPS: "`--remedy adjust` deploys it in two steps: it lowers first, then raises",
    JudgementAdvice.DEPLOY_IN_TWO_STEPS: "it is deployed in two steps: it lowers first, then raises",
    JudgementAdvice.DEPLOY_IN_TWO_STEPS_IF_ALLOWED: (
        "without `--remedy fail`, it is deployed in two steps: it lowers first, then raises"
    ),
}
"""The wording while a deploy is running, where it differs."""

_BY_DEPLOY = "a deploy into these accounts applies the remedy"

OF_FLEET: Mapping[Advice, str] = {
    JudgementAdvice.ALLOW_REMEDY: f"{_BY_DEPLOY} with your consent, or with `--remedy adjust`",
    JudgementAdvice.APPLY_REMEDY: _BY_DEPLOY,
    JudgementAdvice.ALLOW_TWO_STEPS: (
        "a deploy into these accounts takes two steps with your consent, or with `--remedy adjust`: it lowers first,"
        " then raises"
    ),
    JudgementAdvice.DEPLOY_IN_TWO_STEPS: ("a deploy into these accounts takes two steps: it lowers first, then raises"),
    JudgementAdvice.OR_RAISE_SANDBOX_LIMIT: (
        "or raise the limit in the sandbox: `tapctl sandbox start --account-limit ACCOUNT={}`"
    ),
    JudgementAdvice.SAVE_SNAPSHOT: (
        "`tapctl account --targets NAME --output FOLDER` saves one of each account and Region"
    ),
    JudgementAdvice.RENEW_SNAPSHOT: "`tapctl account --targets NAME --output FOLDER` saves new ones",
}
"""The wording for one account of many."""

_IN_TWO_ROLLOUTS = "roll out a template with the smaller reservations first, since a stack set has no two steps"

THROUGH_STACK_SET: Mapping[Advice, str] = {
    **OF_FLEET,
    JudgementAdvice.ALLOW_REMEDY: (
        "`tapctl fleet deploy --remedy adjust` gives these accounts the remedy as parameter overrides"
    ),
    JudgementAdvice.APPLY_REMEDY: "a rollout with these options gives these accounts the remedy as parameter overrides",
    JudgementAdvice.ALLOW_TWO_STEPS: _IN_TWO_ROLLOUTS,
    JudgementAdvice.DEPLOY_IN_TWO_STEPS: _IN_TWO_ROLLOUTS,
    JudgementAdvice.DEPLOY_IN_TWO_STEPS_IF_ALLOWED: _IN_TWO_ROLLOUTS,
}
"""The wording for a fleet that has a stack set."""

_AS_ALWAYS: Mapping[Advice, str] = {}


class _Words(string.Formatter):
    """`str.format`, where `{!q}` has a value as one word of a shell, and `{!k}` as a key of TOML."""

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        if conversion == "q":
            import shlex

            return shlex.quote(str(value))
        if conversion == "k":
            import json

            return value if re.fullmatch(r"[A-Za-z0-9_-]+", value) else json.dumps(value, ensure_ascii=False)
        return super().convert_field(value, conversion)


def wording(advice: Advice) -> str:
    """The words of an advice, with `{}`, `{!q}` or `{!k}` for each value; a short command imports few modules."""
    module = type(advice).__module__.replace("tapctl.hints", __name__)
    words: Mapping[Advice, str] = import_module(module).WORDING
    return words[advice]


def worded(hint: Hint, instead: Mapping[Advice, str] = _AS_ALWAYS) -> str:
    """A hint and its further steps as a person reads them; `instead` has other wordings for some."""
    text = _Words().format(instead.get(hint.advice) or wording(hint.advice), *hint.values)
    return "; ".join((text, *(worded(step, instead) for step in hint.then)))


def worded_all(hints: Iterable[Hint], instead: Mapping[Advice, str] = _AS_ALWAYS) -> str:
    """The hints of one finding in one line; empty where there are none."""
    return "; ".join(worded(hint, instead) for hint in hints)
