"""`[[verify.invoke]]` against stubs: what is proved, what is not, and that no payload is printed."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from pydantic import ValidationError

from tapctl.aws.session import Aws
from tapctl.errors import AwsError
from tapctl.settings.verify_section import InvokeProbe
from tapctl.verify.check import Check
from tapctl.verify.invoke import check_invocation, differences
from tapctl.verify.retry import RetryWindow
from tests.support.deployed_stacks import deployed_stack, lines, statuses, stubbed
from tests.support.golden import Golden

FUNCTION = {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.13"}}
JAVA = {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "java21"}}
ALIAS = {"Type": "AWS::Lambda::Alias", "Properties": {}}
STACK = deployed_stack(
    {"Resources": {"Fn": FUNCTION, "Java": JAVA, "Live": ALIAS, "Queue": {"Type": "AWS::SQS::Queue"}}},
    {"Fn": "fn", "Java": "java", "Live": "arn:aws:lambda:us-east-1:123456789012:function:fn:live", "Queue": "q"},
)
ID = "11111111-2222-3333-4444-555555555555"
ONCE = RetryWindow(0)


@contextmanager
def functions() -> Iterator[tuple[Aws, Stubber]]:
    """AWS, and the stub of the client that invokes."""
    with stubbed() as (aws, _), Stubber(aws.client("lambda", once=60)) as stub:
        yield aws, stub
        stub.assert_no_pending_responses()


def answer(content: object, error: str = "") -> dict[str, Any]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    failed = {"FunctionError": error} if error else {}
    payload = StreamingBody(io.BytesIO(body), len(body))
    return {"StatusCode": 200, "Payload": payload, "ResponseMetadata": {"RequestId": ID}, **failed}


def checked(response: dict[str, Any] | str, **probe: Any) -> Check:
    """The check of one invocation with this response, or with this error code."""
    with functions() as (aws, stub):
        if isinstance(response, str):
            stub.add_client_error("invoke", response, "quotes hush", 400)
        else:
            stub.add_response("invoke", response)
        (check,) = check_invocation(InvokeProbe(**{"function": "Fn", **probe}), STACK, aws, ONCE)
    return check


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"ok": True, "more": 1}, {"ok": True}, id="a part"),
        pytest.param({"a": {"b": [1, {"c": 2, "d": 3}]}}, {"a": {"b": [1, {"c": 2}]}}, id="nested"),
        pytest.param({"body": '{"id": 5, "more": 1}'}, {"body": {"id": 5}}, id="JSON in a text"),
        pytest.param("pong", "pong", id="text"),
        pytest.param(1, 1.0, id="numbers"),
        pytest.param(None, None, id="anything"),
    ],
)
def test_an_answer_that_holds_what_is_expected(given: object, expected: object) -> None:
    check = checked(answer(given), expect=expected)

    assert check.status.value == "proved"


@pytest.mark.parametrize(
    ("given", "expected", "paths"),
    [
        pytest.param({"ok": False}, {"ok": True}, ["ok"], id="another value"),
        pytest.param({}, {"ok": True}, ["ok"], id="missing"),
        pytest.param({"ok": 1}, {"ok": True}, ["ok"], id="another type"),
        pytest.param({"a": [1, 2]}, {"a": [1]}, ["a"], id="a longer list"),
        pytest.param({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, ["a[0].b"], id="in a list"),
        pytest.param({"body": "not JSON"}, {"body": {"id": 5}}, ["body"], id="text for an object"),
        pytest.param([], {}, [""], id="a list for an object"),
    ],
)
def test_the_places_in_which_an_answer_differs(given: object, expected: object, paths: list[str]) -> None:
    assert list(differences(expected, given)) == paths


def test_a_wrong_answer_fails_without_printing_its_values(golden: Golden) -> None:
    check = checked(answer({"card": "hush", "status": "hush"}), payload={"card": "hush"}, expect={"status": "paid"})

    assert check.status.value == "failed"
    golden(lines([check]))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"errorType": "KeyError", "errorMessage": "'hush'"}, id="raised"),
        pytest.param({"errorType": "hush hush", "errorMessage": "hush"}, id="a type that is none"),
        pytest.param({"errorMessage": "2026-01-01 id Task timed out after 3.00 seconds"}, id="timeout"),
        pytest.param(b"hush", id="no JSON"),
        pytest.param([], id="no object"),
    ],
)
def test_an_error_of_the_function_is_named_by_its_type_alone(content: object, golden: Golden) -> None:
    check = checked(answer(content, "Unhandled"), payload={"card": "hush"})

    assert check.status.value == "failed"
    assert "hush" not in f"{check}"
    golden(lines([check]))


def test_an_answer_that_is_not_json_fails_only_if_one_is_expected() -> None:
    assert checked(answer(b"\xff")).status.value == "proved"
    assert checked(answer(b"\xff"), expect={}).status.value == "failed"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        pytest.param("AccessDeniedException", "not checked", id="denied"),
        pytest.param("TooManyRequestsException", "failed", id="throttled"),
        pytest.param("ResourceNotFoundException", "failed", id="gone"),
        pytest.param("InvalidRequestContentException", "failed", id="a payload that Lambda cannot read"),
    ],
)
def test_an_invocation_that_is_refused(code: str, status: str) -> None:
    check = checked(code)

    assert check.status.value == status
    assert "quotes" not in check.message or code == "ResourceNotFoundException"


def test_expired_credentials_raise() -> None:
    with pytest.raises(AwsError):
        checked("ExpiredTokenException")


@pytest.mark.parametrize("function", ["Missing", "Queue", "Inner/Fn"])
def test_an_unknown_function_fails_permanently(function: str) -> None:
    with stubbed() as (aws, _):
        (check,) = check_invocation(InvokeProbe(function=function), STACK, aws)

    assert (check.status.value, check.permanent) == ("failed", True)


def test_the_payload_is_sent_to_the_alias() -> None:
    with functions() as (aws, stub):
        target = STACK.physical_ids["Live"]
        expected = {"FunctionName": target, "InvocationType": "RequestResponse", "Payload": b'{"a": [1]}'}
        stub.add_response("invoke", answer({}), expected)
        (check,) = check_invocation(InvokeProbe(function="Live", payload={"a": [1]}), STACK, aws)

    assert check.status.value == "proved"


def event(message: str) -> dict[str, Any]:
    return {"logStreamName": "s", "message": message}


START, END = event(f"START RequestId: {ID} Version: 7\n"), event(f"END RequestId: {ID}\n")
REPORT = event(f"REPORT RequestId: {ID}\tDuration: 1 ms\n")
OTHER = event("[ERROR] OSError: of an invocation before")


def in_json(status: str, **record: str) -> dict[str, Any]:
    record = {"requestId": ID, "status": status, **record}
    return event(json.dumps({"time": "t", "type": "platform.report", "record": record}))


def asynchronous(*logged: dict[str, Any], function: str = "Fn") -> Check:
    """The check of an asynchronous invocation whose stream has these events."""
    with functions() as (aws, stub), Stubber(aws.client("logs")) as logs:
        stub.add_response("invoke", {"StatusCode": 202, **answer(b"")})
        named = [entry for entry in logged if ID in entry["message"]]
        logs.add_response("filter_log_events", {"events": named})
        if any("REPORT" in entry["message"] or "platform.report" in entry["message"] for entry in named):
            logs.add_response("filter_log_events", {"events": list(logged)})
        (check,) = check_invocation(InvokeProbe(function=function, asynchronous=True), STACK, aws, ONCE)
        logs.assert_no_pending_responses()
    return check


@pytest.mark.parametrize(
    ("logged", "status"),
    [
        pytest.param([OTHER, START, END, REPORT], "proved", id="succeeded"),
        pytest.param([START, event("[ERROR] KeyError: 'hush'\nTraceback"), END, REPORT], "failed", id="raised"),
        pytest.param([START, event(f"[ERROR]\tt\t{ID}\tlogged"), END, REPORT], "proved", id="logged an error"),
        pytest.param(
            [START, event(f't\t{ID}\tERROR\tInvoke Error \t{{"errorType":"TypeError"}}'), END, REPORT],
            "failed",
            id="raised in Node.js",
        ),
        pytest.param([START, END, event(f"{REPORT['message'].strip()}\tStatus: timeout\n")], "failed", id="timed out"),
        pytest.param([in_json("success")], "proved", id="JSON"),
        pytest.param([in_json("error", errorType="KeyError")], "failed", id="an error in JSON"),
        pytest.param([START], "failed", id="not ended"),
        pytest.param([], "failed", id="not started"),
    ],
)
def test_the_end_of_an_asynchronous_invocation_is_in_its_log(
    logged: list[dict[str, Any]], status: str, golden: Golden
) -> None:
    check = asynchronous(*logged)

    assert check.status.value == status
    assert "hush" not in check.message
    assert check.permanent is (status == "failed")
    golden(lines([check]))


def test_a_runtime_that_logs_no_errors_is_not_taken_for_a_success() -> None:
    assert asynchronous(START, END, REPORT, function="Java").status.value == "not checked"
    assert asynchronous(in_json("success"), function="Java").status.value == "proved"


def test_a_log_that_cannot_be_read_is_not_checked() -> None:
    with functions() as (aws, stub), Stubber(aws.client("logs")) as logs:
        stub.add_response("invoke", {"StatusCode": 202, **answer(b"")})
        logs.add_client_error("filter_log_events", "AccessDeniedException", "no", 400)
        checks = list(check_invocation(InvokeProbe(function="Fn", asynchronous=True), STACK, aws, ONCE))

    assert statuses(checks) == ["not checked"]


def test_an_asynchronous_invocation_has_no_answer_to_expect() -> None:
    with pytest.raises(ValidationError):
        InvokeProbe(function="Fn", asynchronous=True, expect={"ok": True})


def test_a_probe_shows_neither_payload_nor_answer() -> None:
    assert "hush" not in repr(InvokeProbe(function="Fn", payload={"a": "hush"}, expect={"b": "hush"}))
