"""The three event shapes: recognised by structure, each answered in its form."""

import json
from typing import Any

import pytest
from aws.client import WireError
from handlers.direct import NotStoredError

from tests.function.receiver import Context, Receiver
from tests.function.senders import (
    NOW,
    PAYMENT,
    SECRETS,
    SIGNED,
    STANDARD_SECRET,
    adyen_body,
    adyen_item,
    delivery,
    http_event,
    payment_body,
    sign_standard,
    sign_stripe,
    sqs_event,
    stripe_body,
)

BODY = payment_body()


def direct(receiver: Receiver, event: object) -> tuple[int, Any]:
    answer = receiver.invoke(event)
    return answer["statusCode"], json.loads(answer["body"])


class TestHttp:
    def test_the_answer_is_json_and_not_cached(self, receiver: Receiver) -> None:
        answer = receiver.invoke(http_event("standard", BODY, sign_standard(BODY)))
        assert answer["headers"] == {"content-type": "application/json", "cache-control": "no-store"}
        assert json.loads(answer["body"]) == {"result": "applied", "transactionId": "tx-1"}

    @pytest.mark.parametrize("provider", ["", "unknown", "Stripe", "stripe/", "..", "stripe%2f", "\u00e9"])
    def test_an_unknown_provider_is_404(self, receiver: Receiver, provider: str) -> None:
        event = http_event(provider, BODY, sign_standard(BODY))
        assert receiver.invoke(event)["statusCode"] == 404

    def test_a_provider_without_a_secret_is_404(self) -> None:
        assert Receiver({"stripe": SECRETS["stripe"]}).post("standard", BODY, sign_standard(BODY))[0] == 404

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "", "OPTIONS"])
    def test_another_method_is_405(self, receiver: Receiver, method: str) -> None:
        answer = receiver.invoke(http_event("standard", BODY, sign_standard(BODY), method=method))
        assert (answer["statusCode"], answer["headers"]["allow"]) == (405, "POST")

    @pytest.mark.parametrize("path", ["/webhooks/standard", "/webhooks/standard/", "/live/webhooks/standard"])
    def test_the_path_serves_where_parameters_are_missing(self, receiver: Receiver, path: str) -> None:
        event = http_event("standard", BODY, sign_standard(BODY)) | {"rawPath": path}
        del event["pathParameters"]
        assert receiver.invoke(event)["statusCode"] == 200

    def test_header_names_are_read_in_any_case(self, receiver: Receiver) -> None:
        headers = {name.title(): value for name, value in sign_standard(BODY).items()}
        assert receiver.post("standard", BODY, headers)[0] == 200

    @pytest.mark.parametrize("provider", SIGNED)
    def test_a_body_in_base64_is_verified_as_the_bytes_it_stands_for(self, receiver: Receiver, provider: str) -> None:
        body, headers = delivery(provider)
        assert receiver.post(provider, body, headers, encoded=True)[0] == 200

    @pytest.mark.parametrize("flag", ["true", 1, "yes", None])
    def test_only_true_says_that_a_body_is_base64(self, receiver: Receiver, flag: object) -> None:
        event = http_event("standard", BODY, sign_standard(BODY)) | {"isBase64Encoded": flag}
        assert receiver.invoke(event)["statusCode"] == 200

    @pytest.mark.parametrize(
        "secrets",
        [
            pytest.param("", id="empty-text"),
            pytest.param("{}", id="no-provider"),
            pytest.param("[]", id="a-list"),
            pytest.param("nonsense", id="no-json"),
            pytest.param('{"standard": []}', id="no-secret"),
            pytest.param('{"standard": [""]}', id="empty-secret"),
            pytest.param('{"standard": ["AA=="]}', id="one-byte"),
            pytest.param('{"standard": ["' + STANDARD_SECRET + '"], "standart": ["another secret"]}', id="unknown"),
            pytest.param('{"standard": "secret"}', id="no-list"),
            pytest.param('{"standard": ["whsec_"]}', id="empty-key"),
            pytest.param('{"standard": ["whsec_%%%"]}', id="not-base64"),
            pytest.param('{"standard": ["YWJj", "YWJj", "YWJj"]}', id="three-secrets"),
        ],
    )
    def test_without_a_usable_secret_nothing_is_accepted(self, secrets: str) -> None:
        receiver = Receiver(secrets)
        assert receiver.post("standard", BODY, sign_standard(BODY)) == (500, {"error": "misconfigured"})
        assert receiver.log[0]["Misconfigured"] == 1
        assert not receiver.table.calls

    def test_square_without_its_url_is_misconfigured(self) -> None:
        assert Receiver(url="").post("square", *delivery("square"))[0] == 500

    def test_several_adyen_items_are_answered_one_by_one(self, receiver: Receiver) -> None:
        first, second = adyen_item(), adyen_item(pspReference="PSP2")
        assert receiver.post("adyen", adyen_body(first), {})[1] == {"result": "applied", "transactionId": "PSP1"}
        _, answer = receiver.post("adyen", adyen_body(first, second), {})
        assert (answer["result"], answer["transactionId"]) == ("applied", "PSP2")
        assert [one["result"] for one in answer["items"]] == ["duplicate", "applied"]


class TestSqs:
    def records(self, *records: object) -> dict[str, object]:
        return {"Records": list(records)}

    def failures(self, receiver: Receiver, event: object, context: object = None) -> list[str]:
        answer = receiver.invoke(event, context)
        assert list(answer) == ["batchItemFailures"]
        return [one["itemIdentifier"] for one in answer["batchItemFailures"]]

    def test_a_stored_record_is_done(self, receiver: Receiver) -> None:
        event = self.records(sqs_event("standard", BODY.decode(), sign_standard(BODY)))
        assert self.failures(receiver, event) == []
        assert self.failures(receiver, event) == []
        assert receiver.applied == ["standard#tx-1"]

    def test_only_the_failed_records_come_again(self, receiver: Receiver) -> None:
        good = sqs_event("standard", BODY.decode(), sign_standard(BODY), message_id="good")
        forged = sqs_event("standard", BODY.decode() + " ", sign_standard(BODY), message_id="forged")
        unknown = sqs_event("unknown", "{}", {}, message_id="unknown")
        assert self.failures(receiver, self.records(forged, good, unknown)) == ["forged", "unknown"]
        assert receiver.applied == ["standard#tx-1"]

    def test_the_window_is_judged_when_the_api_received_it(self, receiver: Receiver) -> None:
        receiver.now = NOW + 86_400.0
        in_time = sqs_event("standard", BODY.decode(), sign_standard(BODY), at=NOW + 10)
        late = sqs_event("standard", BODY.decode(), sign_standard(BODY), at=NOW + 400, message_id="late")
        assert self.failures(receiver, self.records(in_time, late)) == ["late"]

    def test_a_record_older_than_the_markers_last_could_be_a_replay(self, receiver: Receiver) -> None:
        record = sqs_event("standard", BODY.decode(), sign_standard(BODY))
        receiver.now = NOW + 33 * 86_400.0
        assert self.failures(receiver, self.records(record)) == []
        receiver.now = NOW + 35 * 86_400.0
        assert self.failures(receiver, self.records(record)) == ["m-1"]

    def test_without_its_own_time_the_time_of_sending_counts(self, receiver: Receiver) -> None:
        record = sqs_event("standard", BODY.decode(), sign_standard(BODY))
        del record["messageAttributes"]["requestTimeEpoch"]
        assert self.failures(receiver, self.records(record)) == []

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"body": None}, id="no-body"),
            pytest.param({"body": "\ud800"}, id="body-is-no-text"),
            pytest.param({"messageAttributes": None}, id="no-attributes"),
            pytest.param({"messageAttributes": [1]}, id="attributes-are-a-list"),
            pytest.param({"attributes": {}, "messageAttributes": {}}, id="no-time"),
        ],
    )
    def test_a_broken_record_stays_in_the_queue(self, receiver: Receiver, change: dict[str, object]) -> None:
        record = {**sqs_event("standard", BODY.decode(), sign_standard(BODY)), **change}
        assert self.failures(receiver, self.records(record)) == ["m-1"]

    def test_a_record_without_a_name_returns_the_whole_batch(self, receiver: Receiver) -> None:
        record = {**sqs_event("unknown", "{}", {}), "messageId": None}
        assert self.failures(receiver, self.records(record)) == [""]

    def test_an_authentic_record_that_is_no_payment_is_done(self, receiver: Receiver) -> None:
        record = sqs_event("standard", "nonsense", sign_standard(b"nonsense"))
        assert self.failures(receiver, self.records(record)) == []

    def test_what_does_not_fit_into_the_invocation_comes_again(self, receiver: Receiver) -> None:
        event = self.records(sqs_event("standard", BODY.decode(), sign_standard(BODY)))
        assert self.failures(receiver, event, Context(seconds=0.2)) == ["m-1"]
        assert not receiver.table.calls

    @pytest.mark.parametrize(
        "event",
        [
            pytest.param({"Records": []}, id="empty"),
            pytest.param({"Records": [{"eventSource": "aws:s3"}]}, id="another-source"),
            pytest.param({"Records": [{"eventSource": "aws:sqs"}, {"eventSource": "aws:s3"}]}, id="mixed"),
            pytest.param({"Records": "aws:sqs"}, id="no-list"),
        ],
    )
    def test_another_batch_is_no_queue_batch(self, receiver: Receiver, event: object) -> None:
        assert direct(receiver, event)[0] == 400


class TestDirect:
    def test_the_original_contract_is_stored(self, receiver: Receiver) -> None:
        event = {**PAYMENT, "amount": 100.5, "currency": "USD", "provider": "stripe"}
        assert direct(receiver, event) == (200, {"result": "applied", "transactionId": "tx-1"})
        row = receiver.table.rows["tx-1"]
        assert (row["amount"], row["currency"], row["status"]) == ({"N": "100.5"}, {"S": "USD"}, {"S": "succeeded"})
        assert (row["provider"], row["timestamp"]) == ({"S": "stripe"}, {"S": PAYMENT["timestamp"]})

    @pytest.mark.parametrize("field", ["transactionId", "amount", "currency", "status"])
    def test_a_missing_field_is_named(self, receiver: Receiver, field: str) -> None:
        event = {name: value for name, value in PAYMENT.items() if name != field}
        assert direct(receiver, event) == (400, {"error": f"malformed: {field}"})
        assert not receiver.table.calls

    @pytest.mark.parametrize(
        "event",
        [
            pytest.param(None, id="nothing"),
            pytest.param([], id="a-list"),
            pytest.param("text", id="a-string"),
            pytest.param(7, id="a-number"),
            pytest.param({}, id="an-empty-object"),
            pytest.param({"requestContext": {"elb": {}}, "httpMethod": "POST", "body": "{}"}, id="load-balancer"),
            pytest.param({"version": "1.0", "httpMethod": "POST", "body": "{}"}, id="rest-api"),
        ],
    )
    def test_any_other_event_is_malformed(self, receiver: Receiver, event: object) -> None:
        assert direct(receiver, event) == (400, {"error": "malformed: transactionId"})

    @pytest.mark.parametrize("key", ["evt#stripe#evt_1", "", "\u00e9", "x" * 256, 7, None, "a\nb"])
    def test_a_transaction_id_cannot_be_a_marker(self, receiver: Receiver, key: object) -> None:
        assert direct(receiver, {**PAYMENT, "transactionId": key})[0] == 400

    @pytest.mark.parametrize("provider", ["a b", "a#b", "\u00e9", "x" * 256])
    def test_a_provider_is_plain_text(self, receiver: Receiver, provider: str) -> None:
        assert direct(receiver, {**PAYMENT, "provider": provider})[0] == 400

    def test_the_same_event_twice_is_a_duplicate(self, receiver: Receiver) -> None:
        assert [direct(receiver, PAYMENT)[1]["result"] for _ in range(2)] == ["applied", "duplicate"]

    def test_an_event_id_names_the_event(self, receiver: Receiver) -> None:
        direct(receiver, {**PAYMENT, "eventId": "e1"})
        assert direct(receiver, {**PAYMENT, "eventId": "e1", "status": "failed"})[1]["result"] == "duplicate"
        assert "evt#direct#e1" in receiver.table.rows

    @pytest.mark.parametrize("key", ["stripe#pi_1", "standard#"])
    def test_a_direct_event_cannot_name_the_row_of_a_provider(self, receiver: Receiver, key: str) -> None:
        assert direct(receiver, {**PAYMENT, "transactionId": key})[0] == 400
        assert direct(receiver, {**PAYMENT, "transactionId": f"order-{key}"})[0] == 200

    def test_an_event_from_the_future_is_malformed(self, receiver: Receiver) -> None:
        event = {**PAYMENT, "timestamp": NOW + 301}
        assert direct(receiver, event) == (400, {"error": "malformed: timestamp: in the future"})
        assert direct(receiver, {**PAYMENT, "timestamp": NOW + 300})[0] == 200

    def test_what_cannot_be_stored_raises_so_that_lambda_repeats_it(self, receiver: Receiver) -> None:
        receiver.table.errors = [WireError("AccessDeniedException")]
        with pytest.raises(NotStoredError, match="AccessDeniedException"):
            receiver.invoke(PAYMENT)
        assert (receiver.log[-1]["Failed"], receiver.log[-1]["status"]) == (1, 503)
        assert direct(receiver, PAYMENT)[1]["result"] == "applied"

    def test_an_object_that_is_no_json_is_malformed(self, receiver: Receiver) -> None:
        assert direct(receiver, {**PAYMENT, "extra": object()})[0] == 400

    def test_a_body_cannot_pose_as_a_direct_event(self, receiver: Receiver) -> None:
        event = {**http_event("standard", BODY, {}), **PAYMENT}
        assert receiver.invoke(event)["statusCode"] == 401


class TestThinAndOther:
    def test_half_a_surrogate_pair_does_not_reach_the_table(self, receiver: Receiver) -> None:
        broken = "\ud800"
        subject = {"id": "pi_1", "amount": 1, "currency": "eur", "status": "paid", "payment_intent": broken}
        for changes in ({"data": {"object": subject}}, {"id": broken}, {"type": broken}, {"object": broken}):
            body = stripe_body(**changes)
            assert receiver.post("stripe", body, sign_stripe(body))[0] == 200
            receiver.table.rows.clear()

    def test_a_thin_event_is_noted(self, receiver: Receiver) -> None:
        body = stripe_body(object="v2.core.event", created="2026-11-23T11:59:00Z")
        assert receiver.post("stripe", body, sign_stripe(body)) == (200, {"result": "ignored", "transactionId": None})
        assert receiver.table.plain("evt#stripe#evt_1")["reason"] == "thin event"

    def test_an_event_about_something_else_is_noted_without_its_body(self, receiver: Receiver) -> None:
        body = stripe_body(type="customer.created", data={"object": {"id": "cus_1", "email": "a@example.com"}})
        assert receiver.post("stripe", body, sign_stripe(body))[1]["result"] == "ignored"
        assert "body" not in receiver.table.rows["evt#stripe#evt_1"]

    def test_a_payment_that_cannot_be_used_is_kept_with_its_body(self, receiver: Receiver) -> None:
        body = payment_body(amount="ten")
        assert receiver.post("standard", body, sign_standard(body))[1]["result"] == "ignored"
        row = receiver.table.plain("evt#standard#msg_1")
        assert (row["reason"], row["quarantined"]) == ("unusable amount", True)
        assert row["body"]
        assert not receiver.applied

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"nonsense", id="no-json"),
            pytest.param(b"[1]", id="a-list"),
            pytest.param(b'{"amount": NaN}', id="nan"),
            pytest.param(b"[" * 100_000, id="nested-without-end"),
            pytest.param(b'{"amount": 1e9999999999999999999}', id="endless-exponent"),
            pytest.param(b'{"amount": ' + b"9" * 100_000 + b"}", id="endless-number"),
            pytest.param(b"\xff\xfe\x00", id="no-text"),
            pytest.param(b"\xef\xbb\xbf{}", id="byte-order-mark"),
        ],
    )
    def test_an_authentic_body_that_is_no_payment_is_quarantined(self, receiver: Receiver, body: bytes) -> None:
        status, answer = receiver.post("standard", body, sign_standard(body), encoded=True)
        assert (status, answer["result"]) == (200, "ignored")
        assert not receiver.applied
