"""Template functions matched with the stack's, and which of them are replaced."""

import pytest

from tapctl.concurrency.change import ClaimChange, diff
from tapctl.concurrency.demand import Demand, FunctionDemand
from tapctl.unknown import Unknown
from tests.support.changes import live, wanted

X = Unknown("x")


def demand(*functions: FunctionDemand) -> Demand:
    return Demand("t.yaml", functions)


class TestPairing:
    def test_functions_are_paired_by_logical_id(self) -> None:
        kept, new, gone = wanted("A", 5), wanted("B"), live("C", 3)
        assert diff(demand(kept, new), {"C": gone, "A": live("A", 9)}) == (
            ClaimChange("A", kept, live("A", 9)),
            ClaimChange("B", new, None),
            ClaimChange("C", None, gone),
        )

    @pytest.mark.parametrize(
        ("called", "replaced"),
        [
            pytest.param(None, False, id="a-name-that-cloudformation-makes-up"),
            pytest.param("stack-A", False, id="the-same-name"),
            pytest.param("other", True, id="another-name"),
        ],
    )
    def test_another_name_is_another_function(self, called: str | None, replaced: bool) -> None:
        (found,) = diff(demand(wanted("A", 5, called=called)), {"A": live("A", 5)})
        assert found.replaced is replaced

    def test_a_name_that_is_not_known_may_be_another(self) -> None:
        function = FunctionDemand("A", 1, 5, name=X)
        (found,) = diff(demand(function), {"A": live("A", 5)})
        assert found.replaced

    def test_a_new_function_replaces_nothing(self) -> None:
        (found,) = diff(demand(wanted("A", 5, called="other")), {})
        assert not found.replaced
