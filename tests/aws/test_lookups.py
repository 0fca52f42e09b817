"""The account id, parameters and exports of an account, as AWS returns them."""

from tapctl.aws.lookups import Export, StoredParameter, account_id, exports, stored_parameters
from tests.support.queued_answers import STACK_ID, stubbed


def test_the_account_of_the_credentials() -> None:
    with stubbed("sts") as (aws, stubs):
        stubs["sts"].add_response("get_caller_identity", {"Account": "123456789012"}, {})

        assert account_id(aws) == "123456789012"


def test_a_parameter_keeps_the_version_by_which_it_was_read() -> None:
    stored = [
        {"Name": "/a", "Type": "String", "Value": "1"},
        {"Name": "/b", "Type": "StringList", "Value": "1,2", "Selector": ":3"},
    ]
    with stubbed("ssm") as (aws, stubs):
        answer = {"Parameters": stored, "InvalidParameters": ["/c"]}
        stubs["ssm"].add_response("get_parameters", answer, {"Names": ["/a", "/b:3", "/c"]})

        assert stored_parameters(aws, ["/a", "/b:3", "/c"]) == (
            StoredParameter("/a", "/a", "String", "1"),
            StoredParameter("/b", "/b:3", "StringList", "1,2"),
        )


def test_every_page_of_exports_is_read() -> None:
    with stubbed("cloudformation") as (aws, stubs):
        first = {"Name": "a", "Value": "1", "ExportingStackId": STACK_ID}
        stubs["cloudformation"].add_response("list_exports", {"Exports": [first], "NextToken": "more"}, {})
        more = {"Exports": [{"Name": "b", "Value": "2"}]}
        stubs["cloudformation"].add_response("list_exports", more, {"NextToken": "more"})

        found = exports(aws)

    assert found == (Export("a", "1", STACK_ID), Export("b", "2", ""))
    assert [export.stack for export in found] == ["orders", ""]
