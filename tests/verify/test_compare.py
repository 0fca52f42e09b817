from typing import Any

import pytest

from tapctl.verify.compare import (
    Comparison,
    as_state,
    as_status,
    boolean,
    same,
    same_document,
    same_name,
    same_or_changing,
    unordered,
    within,
)

KEY = "arn:aws:kms:us-east-1:1:key/k-1"


@pytest.mark.parametrize(
    ("comparison", "expected", "actual", "equal"),
    [
        (same, "30", 30, True),
        (same, 0, 0.0, True),
        (same, "0.5", 0.5, True),
        (same, True, "true", True),
        (same, "True", True, True),
        (same, {"a": "1"}, {"a": 1}, True),
        (same, ["1"], [1], True),
        (same, "007", "7", False),
        (same, "a", "b", False),
        (same, 0, None, False),
        (same, None, None, True),
        (same, False, 0, False),
        (unordered, ["a", "b"], ["b", "a"], True),
        (unordered, [{"a": 1, "b": 2}], [{"b": 2, "a": "1"}], True),
        (unordered, ["a"], ["a", "a"], False),
        (unordered, [], None, True),
        (same_name, KEY, "k-1", True),
        (same_name, "k-1", KEY, True),
        (same_name, "arn:aws:logs:x:1:log-group:g:*", "arn:aws:logs:x:1:log-group:g", True),
        (same_name, "k-1", None, False),
        (same_name, "k-1", "k-10", False),
        (same_document, {"a": 5}, '{"a": "5"}', True),
        (same_document, {"a": 5}, "{}", False),
        (same_document, "not json", "not json", True),
        (within, "arn:fn", "arn:aws:apigateway:x:lambda:path/functions/arn:fn/invocations", True),
        (within, "arn:fn", "arn:other", False),
        (within, "arn:fn", "", False),
        (same_or_changing, "ENABLED", "ENABLING", True),
        (same_or_changing, "DISABLED", "ENABLING", False),
    ],
)
def test_comparisons(comparison: Comparison, expected: Any, actual: Any, equal: bool) -> None:
    assert comparison(expected, actual) is equal


@pytest.mark.parametrize(("value", "on"), [(True, True), ("true", True), ("True", True), (False, False), ("no", False)])
def test_boolean_properties_may_be_text(value: Any, on: bool) -> None:
    assert boolean(value) is on
    assert (as_status(value), as_state(value)) == (("ENABLED", "Enabled") if on else ("DISABLED", "Disabled"))
