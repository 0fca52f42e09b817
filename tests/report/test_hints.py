"""Every advice in words, with values in the places that it lists."""

import ast
import re
import string
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tapctl.hints import Advice, Hint, advise, with_step
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.failures import FailureAdvice
from tapctl.hints.judgement import JudgementAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.report.hints import DURING_DEPLOY, OF_FLEET, THROUGH_STACK_SET, worded, wording
from tests.support.golden import Golden

PACKAGE = Path(__file__).parents[2] / "tapctl"
ENUMS: tuple[type[Advice], ...] = (JudgementAdvice, UsageAdvice, DeployAdvice, FailureAdvice)
ADVICE = {f"{enum.__name__}.{advice.name}": advice for enum in ENUMS for advice in enum}


def places(text: str) -> int:
    """How many values a wording takes."""
    return sum(name is not None for _, name, _, _ in string.Formatter().parse(text))


@pytest.mark.parametrize("enum", ENUMS)
def test_every_advice_is_worded(enum: type[Advice], golden: Golden) -> None:
    numbered = {advice: [f"<{number}>" for number in range(1, places(wording(advice)) + 1)] for advice in enum}
    golden([advise(advice, *values) for advice, values in numbered.items()])


TEXTS_OF_OTHERS = {JudgementAdvice.AS_WRITTEN, JudgementAdvice.READ_PAGE}


def test_each_wording_is_of_one_advice() -> None:
    wordings = Counter(wording(advice) for advice in ADVICE.values() if advice not in TEXTS_OF_OTHERS)
    assert [words for words, count in wordings.items() if count > 1] == [], "use one of the advices for both"


def test_only_texts_of_others_are_worded_by_their_value() -> None:
    """A value is a name or a number; a sentence in it would be worded where the hint is given."""
    bare = {advice for advice in ADVICE.values() if not re.sub(r"[{}\W]", "", wording(advice))}
    assert bare == TEXTS_OF_OTHERS


def test_another_wording_takes_the_same_values() -> None:
    for instead in (DURING_DEPLOY, OF_FLEET, THROUGH_STACK_SET):
        assert {advice for advice, text in instead.items() if places(text) not in (0, places(wording(advice)))} == set()


def test_a_running_deploy_is_not_told_to_deploy() -> None:
    once_it_has_ended = {JudgementAdvice.DEPLOY_SECOND_STEP}
    with_another_option = {JudgementAdvice.WAIT_FOR_INCREASE}

    told = {advice for advice in JudgementAdvice if "`tapctl deploy" in DURING_DEPLOY.get(advice, wording(advice))}

    assert told == once_it_has_ended | with_another_option


@cache
def sources() -> tuple[tuple[str, ast.AST], ...]:
    """Every node of the package with its place, the enums and their wordings aside."""
    return tuple(
        (f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}", node)
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.parent.name != "hints"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call | ast.Attribute)
    )


def named(node: ast.AST) -> str:
    """`DeployAdvice.FOLLOW` for such an expression."""
    return (
        f"{node.value.id}.{node.attr}" if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) else ""
    )


def test_every_advice_is_given() -> None:
    assert ADVICE.keys() - {named(node) for _, node in sources()} == set()


def test_every_hint_has_the_values_of_its_advice() -> None:
    wrong = [
        f"{place}: {named(node.args[0])}"
        for place, node in sources()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "advise"
        if named(node.args[0]) in ADVICE and not any(isinstance(value, ast.Starred) for value in node.args)
        if places(wording(ADVICE[named(node.args[0])])) != len(node.args) - 1
    ]
    assert wrong == []


def test_further_steps_follow() -> None:
    first, second = advise(JudgementAdvice.PASS_REGION), advise(JudgementAdvice.GIVE_STACK_NAME)

    assert worded(with_step(first, second)) == f"{worded(first)}; {worded(second)}"
    assert with_step(None, second) == second


@pytest.mark.parametrize(
    ("hint", "word"),
    [
        pytest.param(advise(UsageAdvice.USE_SNAPSHOT, "my account.json"), " 'my account.json'`", id="a path"),
        pytest.param(advise(JudgementAdvice.PASS_LOOKUP, "import:$(id)"), " 'import:$(id)'=VALUE`", id="an export"),
        pytest.param(advise(DeployAdvice.FOLLOW_FLEET, "all; ls"), " 'all; ls'`", id="a fleet"),
        pytest.param(advise(JudgementAdvice.DELETE_RESERVATION, "shop-fn"), " shop-fn`", id="a plain name"),
        pytest.param(advise(DeployAdvice.SET_STACK_SET, "all"), "[fleet.all]", id="a plain key"),
        pytest.param(advise(UsageAdvice.ADD_ENVIRONMENT, 'my "env"', "x"), r'[env."my \"env\""]', id="a key"),
    ],
)
def test_a_value_is_one_word_of_a_command_or_one_key(hint: Hint, word: str) -> None:
    assert word in worded(hint)


def test_an_advice_is_no_text() -> None:
    with pytest.raises(TypeError):
        f"{advise(JudgementAdvice.PASS_REGION)}"
