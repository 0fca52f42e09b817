"""Names in `priority` and `minimum` that no function has."""

import pytest

from tapctl.concurrency.remedy import RemedyPolicy
from tapctl.concurrency.warnings import unknown_names
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.hints.usage import UsageAdvice
from tests.support.golden import Golden
from tests.support.templates import stack_tree_of

FUNCTIONS = """
Conditions: {Never: !Equals [a, b]}
Resources:
  Orders: {Type: AWS::Lambda::Function}
  Left: {Type: AWS::Lambda::Function, Condition: Never}
  Queue: {Type: AWS::SQS::Queue}
"""
REMOTE = "Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://x/y'}}}"
LOOP = """
Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList}}
Resources: {'Fn::ForEach::L': [X, !Ref Names, {'A${X}': {Type: AWS::Lambda::Function}}]}
"""


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        pytest.param(FUNCTIONS, RemedyPolicy(), id="no-names"),
        pytest.param(FUNCTIONS, RemedyPolicy(priority=("Orders",), minimum={"Orders": 5}), id="it-is-there"),
        pytest.param(FUNCTIONS, RemedyPolicy(priority=("Left",)), id="a-condition-leaves-it-out-at-present"),
        pytest.param(REMOTE, RemedyPolicy(priority=("S/Fn",)), id="it-may-be-in-a-nested-stack-that-is-not-here"),
        pytest.param(LOOP, RemedyPolicy(priority=("Aone",)), id="a-loop-over-the-unknown-may-make-it"),
    ],
)
def test_a_name_that_a_function_has_or_may_have_is_fine(text: str, policy: RemedyPolicy) -> None:
    assert not list(unknown_names(stack_tree_of(text), policy))


@pytest.mark.parametrize(
    ("policy", "key", "hint"),
    [
        pytest.param(
            RemedyPolicy(priority=("Order",)), "priority", advise(UsageAdvice.DID_YOU_MEAN, "Orders"), id="a-slip"
        ),
        pytest.param(
            RemedyPolicy(minimum={"Queue": 5}),
            "minimum",
            advise(JudgementAdvice.TEMPLATE_HAS, "Orders, Left"),
            id="no-function",
        ),
    ],
)
def test_an_unknown_function_name_is_a_warning(policy: RemedyPolicy, key: str, hint: Hint, golden: Golden) -> None:
    (warning,) = unknown_names(stack_tree_of(FUNCTIONS), policy)
    assert f"`{key}`" in warning.message
    assert (warning.hints, warning.severity) == ((hint,), "warning")
    golden(warning.message)
