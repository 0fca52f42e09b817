"""One event is applied once, the newest state wins, and nothing is acknowledged that is not stored."""

import itertools
import json
import random
from decimal import Decimal

import pytest
from aws.client import WireError
from errors import StorageUnavailableError
from hypothesis import given
from hypothesis import strategies as st
from store.deadline import ALLOWANCE_SECONDS, Deadline, deadline, retry
from store.ledger import Ledger

from tests.function.examples import bounded
from tests.function.fake_table import FakeTable
from tests.function.receiver import Context, Receiver
from tests.function.senders import (
    NOW,
    PAYMENT,
    SIGNED,
    adyen_body,
    adyen_item,
    delivery,
    http_event,
    payment_body,
    sign_generic,
    sign_standard,
    sign_stripe,
    stripe_body,
)

DAY = 86_400


def send(receiver: Receiver, event_id: str, **changes: object) -> str:
    body = payment_body(**changes)
    return str(receiver.post("standard", body, sign_standard(body, event_id=event_id))[1]["result"])


def at(second: int) -> str:
    return f"2026-11-23T11:00:{second:02}Z"


class TestOnce:
    @pytest.mark.parametrize("provider", SIGNED)
    def test_a_redelivery_is_a_duplicate(self, receiver: Receiver, provider: str) -> None:
        results = [receiver.post(provider, *delivery(provider))[1] for _ in range(3)]
        assert [one["result"] for one in results] == ["applied", "duplicate", "duplicate"]
        assert len({one["transactionId"] for one in results}) == 1

    def test_the_marker_and_the_state_are_what_the_event_said(self, receiver: Receiver) -> None:
        send(receiver, "msg_1")
        marker, row = receiver.table.plain("evt#standard#msg_1"), receiver.table.plain("standard#tx-1")
        assert marker["paymentId"] == "tx-1"
        assert (int(marker["receivedAt"]), int(marker["expiresAt"])) == (NOW, NOW + 35 * DAY)
        assert marker["bodyHash"] == row["bodyHash"]
        assert {name: row[name] for name in ("amount", "currency", "status", "provider", "eventId")} == {
            "amount": "10.5",
            "currency": "EUR",
            "status": "succeeded",
            "provider": "standard",
            "eventId": "msg_1",
        }

    @pytest.mark.parametrize("amount", ["12345678901234567.89", "0.1234567890123456789", "1e-7", "-0.10", "100"])
    def test_a_number_in_the_json_is_stored_to_its_last_digit(self, receiver: Receiver, amount: str) -> None:
        body = payment_body(amount="?").replace(b'"?"', amount.encode())
        receiver.post("standard", body, sign_standard(body))
        assert Decimal(receiver.table.plain("standard#tx-1")["amount"]) == Decimal(amount)

    def test_only_listed_fields_are_stored(self, receiver: Receiver) -> None:
        send(receiver, "msg_1", email="a@example.com", card="4242424242424242", data={"name": "Ada"})
        stored = json.dumps(list(receiver.table.rows.values()))
        assert not any(word in stored for word in ("example.com", "4242", "Ada"))

    @pytest.mark.parametrize(
        ("provider", "expires"),
        [
            ("stripe", True),
            ("standard", True),
            ("generic", True),
            ("adyen", False),
            ("square", False),
            ("github", False),
        ],
    )
    def test_a_marker_expires_only_where_the_time_is_signed(
        self, receiver: Receiver, provider: str, expires: bool
    ) -> None:
        receiver.post(provider, *delivery(provider))
        (marker,) = [row for key, row in receiver.table.rows.items() if key.startswith("evt#")]
        assert ("expiresAt" in marker) is expires

    def test_an_expired_marker_does_not_count_even_before_it_is_deleted(self, receiver: Receiver) -> None:
        assert send(receiver, "msg_1") == "applied"
        receiver.table.rows["evt#standard#msg_1"]["expiresAt"] = {"N": str(NOW)}
        assert send(receiver, "msg_1") == "duplicate"
        receiver.table.rows["evt#standard#msg_1"]["expiresAt"] = {"N": str(NOW - 1)}
        assert send(receiver, "msg_1") == "applied"

    def test_a_known_id_with_other_content_is_counted_and_not_stored(self, receiver: Receiver) -> None:
        send(receiver, "msg_1")
        before = dict(receiver.table.rows)
        assert send(receiver, "msg_1", amount=99) == "duplicate"
        assert receiver.table.rows == before
        assert receiver.log[-1]["IdMismatch"] == 1

    def test_a_known_id_is_answered_with_the_transaction_it_is_stored_for(self, receiver: Receiver) -> None:
        send(receiver, "msg_1")
        other = payment_body(transactionId="tx-2")
        answer = receiver.post("standard", other, sign_standard(other))[1]
        assert answer == {"result": "duplicate", "transactionId": "tx-1"}

    def test_an_ordinary_redelivery_is_no_mismatch(self, receiver: Receiver) -> None:
        send(receiver, "msg_1")
        send(receiver, "msg_1")
        assert "IdMismatch" not in receiver.log[-1]

    def test_an_ignored_event_is_known_too(self, receiver: Receiver) -> None:
        body = stripe_body(data={})
        results = [receiver.post("stripe", body, sign_stripe(body))[1]["result"] for _ in range(2)]
        assert results == ["ignored", "duplicate"]

    def test_a_changed_delivery_header_does_not_replay_a_github_body(self, receiver: Receiver) -> None:
        body, headers = delivery("github")
        receiver.post("github", body, headers)
        assert receiver.post("github", body, {**headers, "x-github-delivery": "d-2"})[1]["result"] == "duplicate"

    def test_one_event_id_of_two_providers_is_two_events(self, receiver: Receiver) -> None:
        first = payment_body(id="same", transactionId="a")
        receiver.post("generic", first, sign_generic(first, at=NOW))
        body = stripe_body(id="same")
        assert receiver.post("stripe", body, sign_stripe(body))[1]["result"] == "applied"


class TestOrder:
    def test_an_older_event_is_stale_and_is_known_from_then_on(self, receiver: Receiver) -> None:
        assert send(receiver, "new", timestamp=at(30), status="refunded") == "applied"
        assert send(receiver, "old", timestamp=at(10), status="succeeded") == "stale"
        assert receiver.table.plain("standard#tx-1")["status"] == "refunded"
        assert receiver.table.plain("evt#standard#old")["result"] == "stale"
        assert send(receiver, "old", timestamp=at(10), status="succeeded") == "duplicate"

    @pytest.mark.parametrize(
        ("first", "second", "result"),
        [
            ("pending", "succeeded", "applied"),
            ("succeeded", "pending", "stale"),
            ("succeeded", "succeeded", "applied"),
            ("pending", "archived", "applied"),
            ("archived", "pending", "applied"),
            ("archived", "settled", "applied"),
            ("archived", "succeeded", "applied"),
            ("refund_succeeded", "refund_pending", "stale"),
        ],
    )
    def test_within_one_second_the_further_status_wins(
        self, receiver: Receiver, first: str, second: str, result: str
    ) -> None:
        send(receiver, "a", timestamp=at(10), status=first)
        assert send(receiver, "b", timestamp=at(10), status=second) == result

    def test_a_nanosecond_decides(self, receiver: Receiver) -> None:
        send(receiver, "a", timestamp="2026-11-23T11:00:00.000000002Z")
        assert send(receiver, "b", timestamp="2026-11-23T11:00:00.000000001Z") == "stale"

    @pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
    def test_any_order_of_arrival_ends_in_the_newest_state(self, receiver: Receiver, order: tuple[int, ...]) -> None:
        statuses = ["pending", "processing", "succeeded", "refunded"]
        for number in order + order[::-1]:
            send(receiver, f"e{number}", timestamp=at(number), status=statuses[number], amount=number)
        row = receiver.table.plain("standard#tx-1")
        assert (row["status"], row["amount"], row["eventId"]) == ("refunded", "3", "e3")

    @bounded
    @given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), min_size=1, max_size=20), st.integers())
    def test_events_in_any_order_with_repeats_end_the_same(self, events: list[tuple[int, int]], seed: int) -> None:
        ends = set()
        unique = {f"e{second}-{number}": second for second, number in events if number == 0}
        for shuffle in (0, seed):
            receiver = Receiver()
            arriving = list(unique.items()) * 2
            random.Random(shuffle).shuffle(arriving)
            results = [send(receiver, name, timestamp=at(second)) for name, second in arriving]
            assert results.count("duplicate") == len(unique)
            ends.add(receiver.table.plain("standard#tx-1")["eventId"] if unique else None)
        assert len(ends) == 1

    def test_a_field_that_a_newer_event_lacks_is_gone(self, receiver: Receiver) -> None:
        receiver.post("stripe", *delivery("stripe"))
        body = stripe_body(id="evt_2", type="")
        receiver.post("stripe", body, sign_stripe(body))
        assert "eventType" not in receiver.table.rows["stripe#pi_1"]

    def test_each_provider_has_separate_rows(self, receiver: Receiver) -> None:
        assert send(receiver, "msg_1", transactionId="pi_1", amount=1, timestamp=at(59)) == "applied"
        receiver.post("stripe", *delivery("stripe"))
        assert receiver.applied == ["standard#pi_1", "stripe#pi_1"]
        assert receiver.table.plain("stripe#pi_1")["amount"] == "1050"

    def test_a_direct_invocation_for_another_provider_does_not_overwrite_a_row(self, receiver: Receiver) -> None:
        receiver.invoke({**PAYMENT, "provider": "stripe"})
        before = receiver.table.rows["tx-1"]
        answer = receiver.invoke({**PAYMENT, "provider": "square", "timestamp": "2026-11-23T12:00:00Z"})
        assert json.loads(answer["body"])["result"] == "ignored"
        assert receiver.table.rows["tx-1"] == before
        assert receiver.log[-1]["detail"] == "transaction of another provider"


def cancelled(*codes: str) -> WireError:
    return WireError("TransactionCanceledException", reasons=[{"Code": code} for code in codes])


CONTENTION = [
    pytest.param(cancelled("None", "TransactionConflict"), id="state-conflict"),
    pytest.param(cancelled("TransactionConflict", "ConditionalCheckFailed"), id="marker-conflict"),
    pytest.param(cancelled("ThrottlingError", "None"), id="throttled-in-the-transaction"),
    pytest.param(WireError("ThrottlingException"), id="throttled"),
    pytest.param(WireError("ProvisionedThroughputExceededException"), id="over-capacity"),
    pytest.param(WireError("InternalServerError", passing=True), id="server-error"),
    pytest.param(WireError("Unreachable", passing=True), id="connection-lost"),
]


class TestStorage:
    @pytest.mark.parametrize("error", CONTENTION)
    def test_a_passing_error_is_retried(self, receiver: Receiver, error: WireError) -> None:
        receiver.table.errors = [error, error]
        assert send(receiver, "msg_1") == "applied"
        assert len(receiver.table.calls) == 3

    def test_a_write_whose_answer_was_lost_is_no_duplicate(self, receiver: Receiver) -> None:
        receiver.table.lost_answers = 2
        assert send(receiver, "msg_1") == "applied"
        assert send(receiver, "msg_1") == "duplicate"

    @pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
    def test_a_lasting_error_is_answered_at_once(self, receiver: Receiver, code: str) -> None:
        receiver.table.errors = [WireError(code)] * 9
        answer = receiver.invoke(ordinary())
        assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "10")
        assert json.loads(answer["body"]) == {"error": "storage unavailable"}
        assert len(receiver.table.calls) == 1
        assert (receiver.log[0]["StorageUnavailable"], receiver.log[0]["detail"]) == (1, code)

    @pytest.mark.parametrize("error", [cancelled("None", "ValidationError"), WireError("ValidationException")])
    def test_what_the_table_will_never_accept_is_quarantined(self, receiver: Receiver, error: WireError) -> None:
        receiver.table.errors = [error]
        assert send(receiver, "msg_1") == "ignored"
        marker = receiver.table.plain("evt#standard#msg_1")
        assert (marker["reason"], marker["quarantined"]) == ("not accepted by the table", True)
        assert marker["body"]
        assert receiver.log[-1]["Quarantined"] == 1
        assert send(receiver, "msg_1") == "duplicate"

    def test_what_cannot_be_quarantined_either_is_not_acknowledged(self, receiver: Receiver) -> None:
        receiver.table.errors = [WireError("ValidationException")] * 2
        assert receiver.invoke(ordinary())["statusCode"] == 503

    @pytest.mark.parametrize("lost", [1, 4])
    def test_a_quarantined_delivery_raises_its_alarm_though_the_first_answer_was_lost(
        self, receiver: Receiver, lost: int
    ) -> None:
        body = payment_body(amount="ten")
        receiver.table.lost_answers = lost
        receiver.post("standard", body, sign_standard(body))
        assert "evt#standard#msg_1" in receiver.table.rows
        receiver.post("standard", body, sign_standard(body))
        assert receiver.log[-1]["Quarantined"] == 1
        assert "Duplicate" in receiver.log[-1]

    def test_an_unreachable_table_is_not_retried_for_eight_seconds(self, receiver: Receiver) -> None:
        receiver.table.errors = [WireError("Unreachable", passing=True)] * 99
        assert receiver.invoke(ordinary())["statusCode"] == 503
        assert len(receiver.table.calls) == 4
        assert not receiver.table.rows

    def test_half_a_batch_stored_is_not_acknowledged(self, receiver: Receiver) -> None:
        body = adyen_body(adyen_item(), adyen_item(pspReference="PSP2"))
        receiver.app = receiver.app._replace(ledger=ledger_over(FailingAfterOne(receiver.table)))
        assert receiver.post("adyen", body, {})[0] == 503
        receiver.app = receiver.app._replace(ledger=ledger_over(receiver.table))
        assert [one["result"] for one in receiver.post("adyen", body, {})[1]["items"]] == ["duplicate", "applied"]

    def test_a_missing_table_name_is_misconfigured(self, receiver: Receiver) -> None:
        receiver.app = receiver.app._replace(ledger=Ledger(receiver.table, ""))
        assert receiver.post("standard", *delivery("standard"))[0] == 500

    def test_a_failure_of_the_marker_alone_is_not_acknowledged(self, receiver: Receiver) -> None:
        body = payment_body(amount=None)
        receiver.table.errors = [WireError("AccessDeniedException")]
        assert receiver.post("standard", body, sign_standard(body))[0] == 503


class FailingAfterOne(FakeTable):
    """A table that takes one write and then refuses."""

    def __init__(self, table: FakeTable) -> None:
        super().__init__()
        self.table = table

    def call(self, operation: str, request: object, timeout: float) -> dict[str, object]:
        if self.calls:
            raise WireError("AccessDeniedException")
        self.calls.append(operation)
        return self.table.call(operation, request, timeout)  # type: ignore[arg-type]


def ledger_over(table: FakeTable) -> Ledger:
    return Ledger(table, "transactions")


def ordinary() -> object:
    return http_event("standard", *delivery("standard"))


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def until(self, seconds: float) -> Deadline:
        return Deadline(self.now + seconds, lambda: self.now, self.sleep)


class TestDeadline:
    def test_contention_is_tried_for_the_whole_allowance(self) -> None:
        clock = Clock()

        def busy(_timeout: float) -> None:
            raise WireError("ThrottlingException")

        with pytest.raises(StorageUnavailableError):
            retry(busy, clock.until(ALLOWANCE_SECONDS))
        assert 108 <= clock.now < 108.01
        assert all(0 <= pause <= 1 for pause in clock.pauses)
        assert len(clock.pauses) > 10

    def test_one_try_never_outlasts_what_is_left(self) -> None:
        clock = Clock()
        assert retry(lambda timeout: timeout, clock.until(8)) == 3
        assert retry(lambda timeout: timeout, clock.until(1.5)) == 1.5

    def test_an_invocation_near_its_end_gets_less(self) -> None:
        long, short = deadline(Context(30)), deadline(Context(3))
        assert 7.9 < long.deadline - long.monotonic() <= 8
        assert 2.4 < short.deadline - short.monotonic() <= 2.5
