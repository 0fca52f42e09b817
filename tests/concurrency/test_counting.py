"""What the words of a row count."""

import pytest

from tapctl.concurrency.additions import largest
from tapctl.concurrency.counting import Inventory, parts
from tapctl.limits.row import ABSENT, Count, Named, each, size
from tests.support.counted import grouped
from tests.support.templates import stack_tree_of

TOPIC, SUBSCRIPTION, RULE = "AWS::SNS::Topic", "AWS::SNS::Subscription", "AWS::Events::Rule"
OWN_GROUP = Named("AWS::Logs::LogGroup", "LogGroupName", "/aws/lambda/", "FunctionName")


def added(count: Count, text: str) -> tuple[float, float, str | None]:
    resources = f"Parameters: {{P: {{Type: String}}, Q: {{Type: String, Default: q}}}}\nResources:\n{text}"
    found = largest(grouped(parts([count], Inventory(stack_tree_of(resources)))))
    return found.least, found.most, found.parent.id if found.parent else None


@pytest.mark.parametrize(
    ("fifo", "expected"), [("true", (1, 1, "T")), ("'true'", (1, 1, "T")), ("false", (0, 0, None))]
)
def test_a_resource_counts_under_a_property_of_what_it_refers_to(fifo: str, expected: tuple[int, int, str]) -> None:
    text = (
        f"  T: {{Type: {TOPIC}, Properties: {{FifoTopic: {fifo}}}}}\n"
        f"  S: {{Type: {SUBSCRIPTION}, Properties: {{TopicArn: !Ref T}}}}\n"
    )

    assert added(each(SUBSCRIPTION, per="TopicArn", where={"TopicArn>FifoTopic": ("true",)}), text) == expected


@pytest.mark.parametrize(("allowed", "expected"), [((ABSENT,), 1), (("true",), 0)])
def test_a_resource_outside_the_template_sets_no_property(allowed: tuple[str | None, ...], expected: int) -> None:
    text = f"  S: {{Type: {SUBSCRIPTION}, Properties: {{TopicArn: !Ref P}}}}\n"

    assert added(each(SUBSCRIPTION, where={"TopicArn>FifoTopic": allowed}), text)[1] == expected


def test_a_resource_that_names_no_parent_has_the_one_that_is_there() -> None:
    text = f"  A: {{Type: {RULE}}}\n  B: {{Type: {RULE}, Properties: {{EventBusName: default}}}}\n"

    assert added(each(RULE, per="EventBusName", otherwise="default"), text) == (2, 2, "default")


@pytest.mark.parametrize(
    ("function", "group", "expected"),
    [
        pytest.param("", "a", 1, id="another-name"),
        pytest.param("", "!Sub '/aws/lambda/${F}'", 0, id="by-the-function"),
        pytest.param("", "!Join ['/', [/aws/lambda, !Ref F]]", 0, id="joined"),
        pytest.param("FunctionName: f", "/aws/lambda/f", 0, id="by-its-name"),
        pytest.param("FunctionName: f", "!Sub '/aws/lambda/${F}'", 0, id="by-the-function-with-a-name"),
        pytest.param("FunctionName: !Sub 'a-${P}'", "!Sub '/aws/lambda/a-${P}'", 0, id="by-an-open-name"),
        pytest.param("FunctionName: !Sub 'a-${P}'", "!Sub ['/aws/lambda/a-${X}', {X: !Ref P}]", 0, id="by-a-variable"),
        pytest.param("FunctionName: !Sub 'a-${P}'", "!Sub '/aws/lambda/${P}'", 1, id="another-open-name"),
        pytest.param("FunctionName: !Ref Q", "/aws/lambda/q", 0, id="by-a-known-parameter"),
        pytest.param("FunctionName: !Ref P", "!Sub '/aws/lambda/${F.Arn}'", 1, id="by-an-attribute"),
    ],
)
def test_a_function_adds_nothing_beside_its_own_log_group(function: str, group: str, expected: int) -> None:
    text = (
        f"  F: {{Type: AWS::Lambda::Function, Properties: {{{function}}}}}\n"
        f"  G: {{Type: AWS::Logs::LogGroup, Properties: {{LogGroupName: {group}}}}}\n"
    )

    assert added(each("AWS::Lambda::Function", maybe=True, unless=OWN_GROUP), text) == (0, expected, None)


def test_a_value_that_only_the_deploy_knows_has_as_many_characters_as_the_row_says() -> None:
    text = "  F: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {A: abc, B: !Ref P}}}}\n"

    assert added(size("AWS::Lambda::Function", "Environment.Variables", reference=64), text) == (18, 82, "F")
