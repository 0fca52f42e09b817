"""The three deliveries of a webhook: signed, the same again, and forged; and the row behind them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tapctl import sandbox
from tapctl.settings.verify_section import Answer, FromEnvironment, WebhookProbe
from tapctl.verify.check import Check
from tapctl.verify.deployed_stack import read
from tapctl.verify.retry import RetryWindow
from tapctl.verify.verify import verify
from tapctl.verify.webhook.probe import advice, check_webhook
from tests.support.deployed_stacks import deployed, found, stubbed
from tests.support.servers import Got, Reply, serving
from tests.verify.conftest import SQUARE_URL, Stage

pytestmark = pytest.mark.xdist_group("verify webhook")

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PROBE = WebhookProbe(
    endpoint="Url", table="Table", path="/{id}", body={"id": "{id}"}, key={"id": "{id}"}, secret=SECRET
)
ROW = {"Item": {"id": {"S": "x"}, "amount": {"N": "12.340"}, "note": {"S": "yes"}}}
OTHER = {"Item": {"id": {"S": "x"}, "amount": {"N": "13"}}}
NONE: dict[str, Any] = {}
IN_ORDER = (Reply(200), Reply(200), Reply(401))
PROVED = [
    ("proved", "a signed event was answered 200"),
    ("proved", "the event was found in table t"),
    ("proved", "the same delivery again was answered 200"),
    ("proved", "the duplicate left the row unchanged"),
    ("proved", "a forged event was answered 401"),
    ("proved", "the forged event left no row"),
]


def heard(reply: Reply, probe: WebhookProbe) -> list[Check]:
    """What is said of a stack with one function that answers everything so, and stores nothing."""
    body = {"Resources": {"Hook": {"Type": "AWS::Lambda::Function"}}}
    with serving(reply) as (url, _), stubbed("dynamodb") as (aws, stubs):
        for _ in range(2 if reply.status != 200 else 3):
            stubs["dynamodb"].add_response("get_item", NONE)
        stack = deployed(body, {"Hook": "hook"}, {"Url": url, "Table": "t"})
        return list(check_webhook(probe, stack, aws, {}, lambda where: (where, {}), patience=RetryWindow(0)))


def sent(
    replies: tuple[Reply, ...],
    rows: list[Mapping[str, Any] | str],
    probe: WebhookProbe = PROBE,
    patience: float = 0,
) -> tuple[list[tuple[str, str]], Got]:
    """The checks of a webhook where the endpoint and the table answer so, in turn; and what was posted."""
    with serving(*replies) as (url, got), stubbed("dynamodb") as (aws, stubs):
        for row in rows:
            if isinstance(row, str):
                stubs["dynamodb"].add_client_error("get_item", row, "no", 400)
            else:
                stubs["dynamodb"].add_response("get_item", row)
        stack = deployed({}, outputs={"Url": url, "Table": "t"})
        quick = RetryWindow(patience, sleep=lambda _: None)
        return found(list(check_webhook(probe, stack, aws, {}, lambda where: (where, {}), patience=quick))), got


def test_all_three_outcomes_and_the_row_are_proved() -> None:
    checks, got = sent(IN_ORDER, [ROW, ROW, NONE, NONE])

    assert checks == PROVED
    first, second, third = got
    assert first == second
    (_, path, headers, body), (_, _, forged, other) = first, third
    assert json.loads(body)["id"] == headers["webhook-id"] == path.removeprefix("/")
    assert json.loads(other)["id"] == forged["webhook-id"] != headers["webhook-id"]


def test_the_row_may_take_a_while() -> None:
    assert sent(IN_ORDER, [NONE, NONE, ROW, ROW, NONE, NONE], patience=60)[0] == PROVED


def test_a_row_that_does_not_come_has_failed_and_no_duplicate_is_sent() -> None:
    checks, got = sent((Reply(200), Reply(401)), [NONE, NONE, NONE])

    assert checks[1:] == [("failed", "the event is not in table t"), *PROVED[4:]]
    assert len(got) == 2


@pytest.mark.parametrize("status", [301, 400, 401, 429, 500])
def test_a_signed_event_that_is_not_taken_has_failed_and_only_the_forged_one_follows(status: int) -> None:
    checks, got = sent((Reply(status, "because"), Reply(401)), [NONE, NONE])

    assert checks[0][0] == "failed"
    assert checks[0][1].startswith(f"a signed event was answered {status}: because; expected is 2xx, at http://")
    assert checks[1:] == PROVED[4:]
    assert len(got) == 2


def test_a_duplicate_that_is_refused_has_failed() -> None:
    checks, _ = sent((Reply(200), Reply(409), Reply(401)), [ROW, ROW, NONE, NONE])

    assert [each[0] for each in checks] == ["proved", "proved", "failed", "proved", "proved", "proved"]
    assert checks[2][1].startswith("the same delivery again was answered 409")


@pytest.mark.parametrize("after", [OTHER, NONE])
def test_a_duplicate_that_changes_the_row_has_failed(after: dict[str, Any]) -> None:
    assert sent(IN_ORDER, [ROW, after, NONE, NONE])[0][3] == ("failed", "the duplicate changed the row")


def test_a_forged_event_that_is_taken_has_failed() -> None:
    checks, _ = sent((Reply(200),), [ROW, ROW, NONE, ROW])

    assert checks[4][1].startswith("a forged event was answered 200; expected is 4xx")
    assert checks[5] == ("failed", "the forged event left a row")


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        pytest.param(200, "the endpoint must verify signatures", id="taken"),
        pytest.param(401, "it was refused, but otherwise: `forged` in", id="refused with another status"),
        pytest.param(502, "`aws logs tail /aws/lambda/hook --since 10m --region us-east-1` shows", id="broken"),
    ],
)
def test_the_hint_at_a_forged_event_depends_on_the_answer(status: int, hint: str) -> None:
    probe = PROBE.model_copy(update={"forged": Answer(status=403)})  # type: ignore[arg-type]

    (answered,) = (each for each in heard(Reply(status), probe) if each.message.startswith("a forged event"))

    assert (str(answered.hint) or "").startswith(hint)


@pytest.mark.parametrize(
    ("functions", "hint"),
    [
        pytest.param({}, "read the function's log", id="none"),
        pytest.param({"A": {}, "B": {}}, "read the function's log, /aws/lambda/a or /aws/lambda/b", id="several"),
        pytest.param(
            {"A": {"LoggingConfig": {"LogGroup": "own"}}},
            "`aws logs tail own --since 10m --region us-east-1` shows the function's log",
            id="a group of its own",
        ),
    ],
)
def test_the_log_is_named_where_it_is_known(functions: dict[str, dict[str, Any]], hint: str) -> None:
    resources = {name: {"Type": "AWS::Lambda::Function", "Properties": each} for name, each in functions.items()}
    body = {"Resources": resources} if resources else {}

    assert advice(deployed(body, {name: name.lower() for name in functions})) == hint


def test_what_the_outcomes_look_like_can_be_said() -> None:
    own = {"signed": Answer(status=202), "duplicate": Answer(status=409), "forged": Answer(status=["200", "404"])}  # type: ignore[arg-type]
    probe = PROBE.model_copy(update=own)

    checks, _ = sent((Reply(202), Reply(409), Reply(200)), [ROW, ROW, NONE, NONE], probe)

    assert {status for status, _ in checks} == {"proved"}


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        pytest.param({"amount": "12.34"}, None, id="the same number"),
        pytest.param({"note": "yes"}, None, id="the same text"),
        pytest.param({"amount": "12.35"}, "amount is 12.340, not 12.35", id="another number"),
        pytest.param({"amount": "much"}, "amount is 12.340, not much", id="no number"),
        pytest.param({"note": "no", "left": "x"}, "note is yes, not no; left is not there, not x", id="two"),
    ],
)
def test_the_row_must_hold_what_was_sent(wanted: dict[str, Any], problem: str | None) -> None:
    checks, _ = sent(IN_ORDER, [ROW, ROW, NONE, NONE], PROBE.model_copy(update={"row": wanted}))

    assert checks[1] == (("failed", f"the event is in table t, but {problem}") if problem else PROVED[1])


@pytest.mark.parametrize(
    ("rows", "opaque_resources"),
    [
        pytest.param(["AccessDeniedException", NONE, NONE], {1}, id="the row"),
        pytest.param([ROW, "AccessDeniedException", NONE, NONE], {3}, id="the row after the duplicate"),
        pytest.param([ROW, ROW, "AccessDeniedException", NONE], {5}, id="the row before the forged one"),
    ],
)
def test_a_row_that_may_not_be_read_is_not_checked(
    rows: list[Mapping[str, Any] | str], opaque_resources: set[int]
) -> None:
    replies = IN_ORDER if len(rows) == 4 else (Reply(200), Reply(401))
    checks, _ = sent(replies, rows)

    assert {index for index, (status, _) in enumerate(checks) if status == "not checked"} == opaque_resources
    assert ("not checked", "table t: dynamodb:GetItem was denied") in checks
    assert not [each for each in checks if each[0] == "failed"]


def refused(probe: WebhookProbe, parameters: Mapping[str, str], outputs: Mapping[str, str] | None = None) -> Check:
    """The one check where nothing can be sent."""
    stack = deployed({}, outputs=outputs or {"Url": "http://127.0.0.1:9", "Table": "t"})
    with stubbed("dynamodb") as (aws, _):
        (check,) = check_webhook(probe, stack, aws, parameters, lambda url: (url, {}))
    return check


def test_an_output_that_the_stack_lacks_has_failed() -> None:
    check = refused(PROBE, {}, {"Url": "http://x"})

    assert found([check]) == [("failed", "[verify.webhook] names output Table, which the stack lacks")]


def test_without_a_secret_nothing_is_sent_and_nothing_proved() -> None:
    check = refused(PROBE.model_copy(update={"secret": None}), {})

    assert found([check]) == [("not checked", "no signing secret of provider standard is known here")]


@pytest.mark.parametrize("secret", ["whsec_q", "secret€"])
def test_a_secret_that_cannot_sign_has_failed_and_is_not_shown(secret: str) -> None:
    check = refused(PROBE.model_copy(update={"secret": secret}), {})

    assert found([check]) == [("failed", "the signing secret of [verify.webhook] is none of provider standard")]
    assert secret not in f"{check.message}{check.hint}"


@pytest.mark.parametrize("secrets", ["[]", "{}", '{"standard": []}', "whsec_x", "5"])
def test_secrets_of_another_form_have_failed_and_are_not_shown(secrets: str) -> None:
    probe = PROBE.model_copy(update={"secret": None, "secret_parameter": "Secrets"})

    check = refused(probe, {"Secrets": secrets})

    problem = "parameter Secrets is no JSON object with a list of secrets for standard"
    assert found([check]) == [("failed", problem)]


def test_a_secret_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    probe = PROBE.model_copy(update={"secret": FromEnvironment(env="PROBE_SECRET")})
    monkeypatch.delenv("PROBE_SECRET", raising=False)
    check = refused(probe, {})
    problem = "[verify.webhook] secret needs the environment variable PROBE_SECRET, which is not set"
    assert found([check]) == [("failed", problem)]

    monkeypatch.setenv("PROBE_SECRET", SECRET)

    assert sent(IN_ORDER, [ROW, ROW, NONE, NONE], probe)[0] == PROVED


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


def live(stage: Stage, **changes: Any) -> list[Check]:
    """What the configured webhook, with these changes, finds at the deployed function."""
    probe = stage.settings.verify.webhook
    assert probe is not None
    stack = read(stage.aws, "tapstack-local")
    return list(
        check_webhook(
            probe.model_copy(update=changes),
            stack,
            stage.aws,
            stage.settings.parameters,
            lambda url: sandbox.route(stage.running, url),
            patience=RetryWindow(1),
        )
    )


@pytest.mark.parametrize("provider", BODIES)
def test_the_deployed_function_passes_all_three_for_every_provider(provider: str, stage: Stage) -> None:
    minor = provider in ("adyen", "square", "stripe")
    row = {"provider": provider, "currency": "EUR", "amount": 1234 if minor else "12.34"}

    checks = live(stage, provider=provider, path=f"/{provider}", body=BODIES[provider], row=row, url=SQUARE_URL)

    assert [each.status.value for each in checks] == ["proved"] * 6, found(checks)


def test_a_wrong_secret_is_refused_by_the_deployed_endpoint_and_shown_by_nobody(stage: Stage) -> None:
    checks = live(stage, secret=SECRET)

    assert [each.status.value for each in checks] == ["failed", "proved", "proved"]
    assert "answered 401" in checks[0].message
    assert SECRET not in str(found(checks))


def test_a_row_that_is_not_where_the_configuration_says_has_failed(stage: Stage) -> None:
    checks = live(stage, key={"transactionId": "somewhere else"})

    assert found(checks)[1] == ("failed", "the event is not in table webhook-transactions-local")


def test_a_key_that_the_table_does_not_have_is_not_checked(stage: Stage) -> None:
    checks = live(stage, key={"wrong": "{id}"})

    assert checks[1].status.value == "not checked"
    assert "dynamodb:GetItem failed" in checks[1].message


def test_a_bad_secret_does_not_hide_the_rest_of_the_verification(stage: Stage) -> None:
    settings = replace(stage.settings, parameters={**stage.settings.parameters, "WebhookSecrets": "[]"})

    result = verify(stage.aws, settings, lambda url: sandbox.route(stage.running, url))

    assert [each.subject for each in result.failed] == ["webhook"]
    assert len(result.checks) > 30


def test_the_command_ends_with_8_for_a_bad_secret(stage: Stage) -> None:
    answer = stage.command("verify", "--env", "local", "--parameter", "WebhookSecrets=[]")

    assert (answer.returncode, answer.stderr) == (8, "")
    assert "is no JSON object with a list of secrets for standard" in " ".join(answer.stdout.split())


def test_a_function_that_fails_and_a_table_that_is_gone_are_seen(stage: Stage) -> None:
    stage.client("dynamodb").delete_table(TableName="webhook-transactions-local")

    checks = live(stage)

    assert checks[0].status.value == "failed"
    assert "answered 5" in checks[0].message
    assert checks[0].hint == (
        "`aws logs tail /aws/lambda/webhook-processor-local --since 10m --region us-east-1` shows the function's log"
    )
    answer = stage.command("verify", "--env", "local")
    assert answer.returncode == 8, answer.stderr
    assert "there is no webhook-transactions-local any more" in " ".join(answer.stdout.split())
