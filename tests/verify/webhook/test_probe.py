"""The signed, duplicate and forged event, against stubs and against the deployed reference function."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tapctl import sandbox
from tapctl.settings.verify_section import Answer, WebhookProbe
from tapctl.verify.check import Check
from tapctl.verify.deployed_stack import read
from tapctl.verify.retry import RetryWindow
from tapctl.verify.verify import verify
from tapctl.verify.webhook.probe import check_webhook, log_hint
from tests.support.deployed_stacks import deployed_stack, lines, statuses, stubbed
from tests.support.golden import Golden, shown
from tests.support.servers import ReceivedRequests, Reply, http_server
from tests.verify.conftest import SQUARE_URL, ReferenceStack

pytestmark = pytest.mark.xdist_group("verify webhook")

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PROBE = WebhookProbe(
    endpoint="Url", table="Table", path="/{id}", body={"id": "{id}"}, key={"id": "{id}"}, secret=SECRET
)
ROW = {"Item": {"id": {"S": "x"}, "amount": {"N": "12.340"}, "note": {"S": "yes"}}}
OTHER = {"Item": {"id": {"S": "x"}, "amount": {"N": "13"}}}
NO_ROW: dict[str, Any] = {}
IN_ORDER = (Reply(200), Reply(200), Reply(401))


def webhook_checks(
    replies: tuple[Reply, ...],
    rows: list[Mapping[str, Any] | str],
    probe: WebhookProbe = PROBE,
    seconds: float = 0,
) -> tuple[list[Check], ReceivedRequests]:
    """The checks where the endpoint sends these replies and the table returns these rows, and the requests sent.

    A string among the rows is the error code of a read. The stack has one function.
    """
    with http_server(*replies) as (url, requests), stubbed("dynamodb") as (aws, stubs):
        for row in rows:
            if isinstance(row, str):
                stubs["dynamodb"].add_client_error("get_item", row, "no", 400)
            else:
                stubs["dynamodb"].add_response("get_item", row)
        body = {"Resources": {"Hook": {"Type": "AWS::Lambda::Function"}}}
        stack = deployed_stack(body, {"Hook": "hook"}, {"Url": url, "Table": "t"})
        retry = RetryWindow(seconds, sleep=lambda _: None)
        return list(check_webhook(probe, stack, aws, {}, lambda address: (address, {}), retry=retry)), requests


def without_url(checks: list[Check], requests: ReceivedRequests) -> list[str]:
    """The lines of the checks with the same URL in every run."""
    text = "\n".join(lines(checks)).replace(requests[0][2]["host"], "HOST")
    return re.sub(r"tapctl-[0-9a-f-]{36}", "ID", text).split("\n")


ALL_PROVED = ["proved"] * 6


def test_a_correct_endpoint_is_proved_in_every_point(golden: Golden) -> None:
    checks, requests = webhook_checks(IN_ORDER, [ROW, ROW, NO_ROW, NO_ROW])

    assert statuses(checks) == ALL_PROVED
    signed, duplicate, forged = requests
    assert signed == duplicate
    (_, path, headers, body), (_, _, forged_headers, forged_body) = signed, forged
    assert json.loads(body)["id"] == headers["webhook-id"] == path.removeprefix("/")
    assert json.loads(forged_body)["id"] == forged_headers["webhook-id"] != headers["webhook-id"]
    golden(lines(checks))


def test_a_row_is_waited_for() -> None:
    checks, _ = webhook_checks(IN_ORDER, [NO_ROW, NO_ROW, ROW, ROW, NO_ROW, NO_ROW], seconds=60)

    assert statuses(checks) == ALL_PROVED


def test_without_a_row_the_signed_event_fails_and_no_duplicate_is_sent(golden: Golden) -> None:
    checks, requests = webhook_checks((Reply(200), Reply(401)), [NO_ROW, NO_ROW, NO_ROW])

    assert statuses(checks) == ["proved", "failed", "proved", "proved"]
    assert len(requests) == 2
    golden(lines(checks))


@pytest.mark.parametrize("status", [301, 400, 401, 429, 500])
def test_a_rejected_signed_event_fails_and_only_the_forged_one_is_sent(status: int, golden: Golden) -> None:
    checks, requests = webhook_checks((Reply(status, "because"), Reply(401)), [NO_ROW, NO_ROW])

    assert statuses(checks) == ["failed", "proved", "proved"]
    assert len(requests) == 2
    golden(without_url(checks, requests))


def test_a_rejected_duplicate_fails(golden: Golden) -> None:
    checks, requests = webhook_checks((Reply(200), Reply(409), Reply(401)), [ROW, ROW, NO_ROW, NO_ROW])

    assert statuses(checks) == ["proved", "proved", "failed", "proved", "proved", "proved"]
    golden(without_url(checks, requests))


@pytest.mark.parametrize("after", [pytest.param(OTHER, id="changed"), pytest.param(NO_ROW, id="deleted")])
def test_a_duplicate_that_changes_the_row_fails(after: dict[str, Any], golden: Golden) -> None:
    checks, _ = webhook_checks(IN_ORDER, [ROW, after, NO_ROW, NO_ROW])

    assert statuses(checks) == ["proved", "proved", "proved", "failed", "proved", "proved"]
    golden(checks[3].message)


def test_an_accepted_forged_event_fails(golden: Golden) -> None:
    checks, requests = webhook_checks((Reply(200),), [ROW, ROW, NO_ROW, ROW])

    assert statuses(checks) == ["proved"] * 4 + ["failed"] * 2
    golden(without_url(checks, requests))


@pytest.mark.parametrize(
    "status", [pytest.param(200, id="accepted"), pytest.param(401, id="another status"), pytest.param(502, id="error")]
)
def test_the_hint_for_a_forged_event_depends_on_the_response(status: int, golden: Golden) -> None:
    probe = PROBE.model_copy(update={"forged": Answer(status=403)})  # type: ignore[arg-type]

    checks, _ = webhook_checks((Reply(status),), [NO_ROW] * (3 if status == 200 else 2), probe)

    (forged,) = (check for check in checks if check.message.startswith("forged event: POST"))
    golden(forged.hint)


@pytest.mark.parametrize(
    "functions",
    [
        pytest.param({}, id="none"),
        pytest.param({"A": {}, "B": {}}, id="several"),
        pytest.param({"A": {"LoggingConfig": {"LogGroup": "own"}}}, id="with a LogGroup"),
    ],
)
def test_the_log_hint_names_the_log_groups_of_the_functions(
    functions: dict[str, dict[str, Any]], golden: Golden
) -> None:
    resources = {
        name: {"Type": "AWS::Lambda::Function", "Properties": properties} for name, properties in functions.items()
    }
    body = {"Resources": resources} if resources else {}

    golden(log_hint(deployed_stack(body, {name: name.lower() for name in functions})))


def test_expected_responses_are_configurable() -> None:
    expected = {
        "signed": Answer(status=202),  # type: ignore[arg-type]
        "duplicate": Answer(status=409),  # type: ignore[arg-type]
        "forged": Answer(status=["200", "404"]),  # type: ignore[arg-type]
    }

    checks, _ = webhook_checks(
        (Reply(202), Reply(409), Reply(200)), [ROW, ROW, NO_ROW, NO_ROW], PROBE.model_copy(update=expected)
    )

    assert statuses(checks) == ALL_PROVED


@pytest.mark.parametrize(
    ("expected", "status"),
    [
        pytest.param({"amount": "12.34"}, "proved", id="equal number"),
        pytest.param({"note": "yes"}, "proved", id="equal text"),
        pytest.param({"amount": "12.35"}, "failed", id="another number"),
        pytest.param({"amount": "much"}, "failed", id="no number"),
        pytest.param({"note": "no", "left": "x"}, "failed", id="two differences"),
    ],
)
def test_the_row_must_have_the_expected_attributes(expected: dict[str, Any], status: str, golden: Golden) -> None:
    checks, _ = webhook_checks(IN_ORDER, [ROW, ROW, NO_ROW, NO_ROW], PROBE.model_copy(update={"row": expected}))

    assert checks[1].status.value == status
    golden(checks[1].message)


@pytest.mark.parametrize(
    ("rows", "denied"),
    [
        pytest.param(["AccessDeniedException", NO_ROW, NO_ROW], 1, id="of the signed event"),
        pytest.param([ROW, "AccessDeniedException", NO_ROW, NO_ROW], 3, id="after the duplicate"),
        pytest.param([ROW, ROW, "AccessDeniedException", NO_ROW], 5, id="before the forged event"),
    ],
)
def test_a_row_that_cannot_be_read_is_not_checked(
    rows: list[Mapping[str, Any] | str], denied: int, golden: Golden
) -> None:
    replies = IN_ORDER if len(rows) == 4 else (Reply(200), Reply(401))

    checks, _ = webhook_checks(replies, rows)

    assert {index: status for index, status in enumerate(statuses(checks)) if status != "proved"} == {
        denied: "not checked"
    }
    golden(checks[denied].message)


def configuration_check(
    probe: WebhookProbe, parameters: Mapping[str, str], outputs: Mapping[str, str] | None = None
) -> Check:
    """The only check of a configuration with which no event can be sent."""
    stack = deployed_stack({}, outputs=outputs or {"Url": "http://127.0.0.1:9", "Table": "t"})
    with stubbed("dynamodb") as (aws, _):
        (check,) = check_webhook(probe, stack, aws, parameters, lambda url: (url, {}))
    return check


def test_a_missing_output_fails_permanently(golden: Golden) -> None:
    check = configuration_check(PROBE, {}, {"Url": "http://x"})

    assert (check.status.value, check.permanent) == ("failed", True)
    golden(check.message)


def test_without_a_secret_no_event_is_sent() -> None:
    check = configuration_check(PROBE.model_copy(update={"secret": None}), {})

    assert check.status.value == "not checked"


def test_a_malformed_secret_fails_permanently_and_is_not_printed() -> None:
    check = configuration_check(PROBE.model_copy(update={"secret": "whsec_q"}), {})

    assert (check.status.value, check.permanent) == ("failed", True)
    assert "whsec_q" not in f"{check.message}{shown(check.hint)}"


PAYMENT = {"transactionId": "{id}", "amount": "12.34", "currency": "EUR", "status": "succeeded"}
ADYEN_ITEM = {
    "pspReference": "{id}",
    "merchantAccountCode": "Shop",
    "merchantReference": "order-1",
    "amount": {"value": 1234, "currency": "EUR"},
    "eventCode": "AUTHORISATION",
    "eventDate": "{timestamp}",
    "success": "true",
}
BODIES: dict[str, dict[str, Any]] = {
    "adyen": {"live": "false", "notificationItems": [{"NotificationRequestItem": ADYEN_ITEM}]},
    "generic": PAYMENT,
    "github": PAYMENT,
    "standard": PAYMENT,
    "square": {
        "event_id": "{id}",
        "created_at": "{timestamp}",
        "data": {
            "type": "payment",
            "object": {
                "payment": {"id": "{id}", "amount_money": {"amount": 1234, "currency": "EUR"}, "status": "COMPLETED"}
            },
        },
    },
    "stripe": {
        "id": "{id}",
        "created": "{epoch}",
        "data": {"object": {"id": "{id}", "amount": 1234, "currency": "eur", "status": "succeeded"}},
    },
}


def live_checks(reference: ReferenceStack, **changes: Any) -> list[Check]:
    """The checks of the configured webhook, with these changes, at the deployed function."""
    probe = reference.settings.verify.webhook
    assert probe is not None
    stack = read(reference.aws, "tapstack-local")
    return list(
        check_webhook(
            probe.model_copy(update=changes),
            stack,
            reference.aws,
            reference.settings.parameters,
            lambda url: sandbox.route(reference.running, url),
            retry=RetryWindow(1),
        )
    )


@pytest.mark.parametrize("provider", BODIES)
def test_the_deployed_function_is_proved_for_every_provider(provider: str, reference: ReferenceStack) -> None:
    minor = provider in ("adyen", "square", "stripe")
    row = {"provider": provider, "currency": "EUR", "amount": 1234 if minor else "12.34"}

    checks = live_checks(
        reference,
        provider=provider,
        path=f"/{provider}",
        body=BODIES[provider],
        key={"transactionId": provider + "#{id}"},
        row=row,
        url=SQUARE_URL,
    )

    assert statuses(checks) == ALL_PROVED, lines(checks)


def test_the_deployed_function_rejects_a_wrong_secret(reference: ReferenceStack) -> None:
    checks = live_checks(reference, secret=SECRET)

    assert statuses(checks) == ["failed", "proved", "proved"]
    assert "401" in checks[0].message
    assert SECRET not in str(lines(checks))


def test_a_row_under_another_key_is_not_found(reference: ReferenceStack) -> None:
    checks = live_checks(reference, key={"transactionId": "somewhere else"})

    assert checks[1].status.value == "failed"
    assert "webhook-transactions-local" in checks[1].message


def test_a_key_attribute_that_the_table_lacks_is_not_checked(reference: ReferenceStack) -> None:
    checks = live_checks(reference, key={"wrong": "{id}"})

    assert checks[1].status.value == "not checked"
    assert "dynamodb:GetItem" in checks[1].message


def test_a_malformed_secret_leaves_the_other_checks(reference: ReferenceStack) -> None:
    settings = replace(reference.settings, parameters={**reference.settings.parameters, "WebhookSecrets": "[]"})

    result = verify(reference.aws, settings, lambda url: sandbox.route(reference.running, url))

    assert [check.subject for check in result.failed] == ["webhook"]
    assert len(result.checks) > 30


def test_a_malformed_secret_exits_with_8(reference: ReferenceStack) -> None:
    result = reference.command("verify", "--env", "local", "--parameter", "WebhookSecrets=[]")

    assert (result.returncode, result.stderr) == (8, "")
    assert "WebhookSecrets" in result.stdout


def test_a_deleted_table_fails_with_a_log_hint(reference: ReferenceStack, golden: Golden) -> None:
    reference.client("dynamodb").delete_table(TableName="webhook-transactions-local")

    checks = live_checks(reference)

    assert checks[0].status.value == "failed"
    golden(checks[0].hint)
    result = reference.command("verify", "--env", "local")
    assert result.returncode == 8, result.stderr
    assert re.search(r"FAILED +TransactionTable ", result.stdout)
