from typing import Any

import pytest

from tapctl.verify.exports import check_exports
from tests.support.deployed_stacks import PSEUDO, deployed, found, stubbed

MINE = PSEUDO["AWS::StackId"]
BODY = {"Outputs": {"Out": {"Value": "v", "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-Out"}}}}}


def said(*pages: Any, name: str = "shop-Out") -> list[tuple[str, str]]:
    stack = deployed(BODY, outputs={"Out": "v"}, exports={"Out": name})
    with stubbed("cloudformation") as (aws, stubs):
        for page in pages:
            if isinstance(page, str):
                stubs["cloudformation"].add_client_error("list_exports", page, "no", 403)
            else:
                stubs["cloudformation"].add_response("list_exports", page)
        return found(check_exports(aws, stack))


def export(**changes: str) -> dict[str, Any]:
    return {"Exports": [{"ExportingStackId": MINE, "Name": "shop-Out", "Value": "v", **changes}]}


def test_an_export_is_found_on_any_page() -> None:
    assert said({"Exports": [], "NextToken": "more"}, export()) == [("proved", "shop-Out can be imported")]


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        pytest.param({"Exports": []}, "is exported by no stack", id="by nobody"),
        pytest.param(export(ExportingStackId="arn:other"), "is exported by arn:other", id="by another stack"),
        pytest.param(export(Value="old"), "is old, output Out is v", id="with another value"),
    ],
)
def test_an_export_that_others_cannot_rely_on_has_failed(page: Any, problem: str) -> None:
    assert said(page) == [("failed", f"shop-Out {problem}")]


def test_an_export_of_another_name_than_the_templates_has_failed() -> None:
    assert said(export(Name="old-Out"), name="old-Out") == [
        ("failed", "old-Out is the name of output Out, the template says shop-Out")
    ]


def test_a_denied_listing_is_not_checked() -> None:
    assert said("AccessDenied") == [("not checked", "cloudformation:ListExports was denied")]


def test_nothing_is_asked_where_nothing_is_exported() -> None:
    with stubbed("cloudformation") as (aws, _):
        assert list(check_exports(aws, deployed({}))) == []
