"""Names in `priority` and `minimum` that no function has."""

import pytest

from tapctl.concurrency.findings import misnamed
from tapctl.concurrency.remedy import Policy
from tests.support.templates import kin

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
        pytest.param(FUNCTIONS, Policy(), id="nothing-is-said-of-any"),
        pytest.param(FUNCTIONS, Policy(priority=("Orders",), minimum={"Orders": 5}), id="it-is-there"),
        pytest.param(FUNCTIONS, Policy(priority=("Left",)), id="a-condition-leaves-it-out-at-present"),
        pytest.param(REMOTE, Policy(priority=("S/Fn",)), id="it-may-be-in-a-nested-stack-that-is-not-here"),
        pytest.param(LOOP, Policy(priority=("Aone",)), id="a-loop-over-the-unknown-may-make-it"),
    ],
)
def test_a_name_that_a_function_has_or_may_have_is_fine(text: str, policy: Policy) -> None:
    assert not list(misnamed(kin(text), policy))


@pytest.mark.parametrize(
    ("policy", "key", "hint"),
    [
        pytest.param(Policy(priority=("Order",)), "priority", "did you mean `Orders`?", id="a-slip"),
        pytest.param(Policy(minimum={"Queue": 5}), "minimum", "the template has: Orders, Left", id="no-function"),
    ],
)
def test_any_other_is_a_warning(policy: Policy, key: str, hint: str) -> None:
    (warning,) = misnamed(kin(FUNCTIONS), policy)
    assert warning.message.startswith(f"`{key}` in tapctl.toml names ")
    assert (warning.hint, warning.severity) == (hint, "warning")
