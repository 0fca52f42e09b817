"""Money is exact, moments are exact, and nothing else gets into the table."""

from decimal import Decimal

import fields
import pytest
from errors import MalformedError
from hypothesis import given
from hypothesis import strategies as st
from payments import rank

from tests.function.examples import bounded


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        pytest.param("10.50", "10.50", id="text-keeps-its-zeros"),
        pytest.param(Decimal("0.1"), "0.1", id="a-tenth-stays-a-tenth"),
        pytest.param(0.1, "0.1", id="a-double-reads-as-it-was-written"),
        pytest.param(100, "100", id="whole"),
        pytest.param("-3.20", "-3.20", id="refunds-are-negative"),
        pytest.param("0", "0", id="zero"),
        pytest.param("9" * 38, "9" * 38, id="38-digits"),
        pytest.param(123456789012.345, "123456789012.345", id="15-digit-double"),
    ],
)
def test_an_amount_is_stored_exactly(value: object, stored: str) -> None:
    assert str(fields.amount(value)) == stored


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="missing"),
        pytest.param(True, id="truth"),
        pytest.param("", id="empty"),
        pytest.param("1_000", id="underscore"),
        pytest.param("1,000.00", id="comma"),
        pytest.param(" 1", id="space"),
        pytest.param("\u0661", id="arabic-digit"),
        pytest.param("NaN", id="nan-text"),
        pytest.param("Infinity", id="infinity-text"),
        pytest.param(float("nan"), id="nan"),
        pytest.param(float("inf"), id="infinity"),
        pytest.param(0.1 + 0.2, id="a-double-that-lost-its-value"),
        pytest.param("9" * 39, id="39-digits"),
        pytest.param("1e126", id="too-large-for-the-table"),
        pytest.param("1e-131", id="too-small-for-the-table"),
        pytest.param(Decimal("1e999999"), id="far-too-large"),
        pytest.param([1], id="a-list"),
        pytest.param({"value": 1}, id="an-object"),
        pytest.param("0x10", id="hexadecimal"),
    ],
)
def test_an_amount_that_is_not_exact_is_refused(value: object) -> None:
    with pytest.raises(MalformedError, match="amount"):
        fields.amount(value)


@bounded
@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15))
def test_money_as_text_survives(amount: Decimal) -> None:
    assert fields.amount(str(amount)) == amount


@bounded
@given(st.integers(-(10**13), 10**13))
def test_cents_as_a_double_survive(cents: int) -> None:
    assert fields.amount(cents / 100) == Decimal(cents) / 100


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("2026-11-23T12:00:00Z", "1795435200", id="utc"),
        pytest.param("2026-11-23T13:00:00+01:00", "1795435200", id="with-a-zone"),
        pytest.param("2026-11-23T13:00:00+0100", "1795435200", id="zone-without-a-colon"),
        pytest.param("2026-11-23 12:00:00", "1795435200", id="without-a-zone-it-is-utc"),
        pytest.param("2026-11-23T12:00:00.037339943Z", "1795435200.037339943", id="nanoseconds"),
        pytest.param("2026-11-23T12:00:00.1234567891234Z", "1795435200.123456789", id="beyond-nanoseconds"),
        pytest.param(1795435200, "1795435200", id="seconds"),
        pytest.param("1795435200", "1795435200", id="seconds-as-text"),
        pytest.param(1795435200123, "1795435200.123", id="milliseconds"),
        pytest.param(Decimal("1795435200.5"), "1795435200.5", id="half-a-second"),
        pytest.param(0, "0", id="the-beginning"),
    ],
)
def test_a_moment_is_exact(value: object, seconds: str) -> None:
    assert fields.moment(value) == Decimal(seconds)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="nothing"),
        pytest.param("", id="empty"),
        pytest.param("yesterday", id="a-word"),
        pytest.param("2026-02-30T00:00:00Z", id="no-such-day"),
        pytest.param("2026-11-23", id="day-only"),
        pytest.param("2026-11-23T12:00:00 Europe/Berlin", id="zone-by-name"),
        pytest.param("1969-12-31T23:59:59Z", id="before-the-epoch"),
        pytest.param("0001-01-01T00:00:00+14:00", id="before-year-one"),
        pytest.param("\u0662\u0660\u0662\u0666-11-23T12:00:00Z", id="arabic-digits"),
        pytest.param(-1, id="negative"),
        pytest.param(253_402_300_800_000, id="year-10000"),
        pytest.param("999999999999999", id="far-beyond-year-9999"),
        pytest.param("9999-12-31T23:59:59-01:00", id="year-10000-in-utc"),
        pytest.param(Decimal("1e400"), id="far-beyond"),
        pytest.param(Decimal("1e-300"), id="smaller-than-the-table-holds"),
        pytest.param(Decimal("1." + "1" * 30), id="too-many-digits"),
        pytest.param(True, id="truth"),
        pytest.param(float("nan"), id="nan"),
    ],
)
def test_a_moment_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(MalformedError, match="timestamp"):
        fields.moment(value)


@pytest.mark.parametrize("value", ["", "EU", "EUR ", "euro-x", "\u20ac\u20ac\u20ac", None, 978])
def test_a_currency_is_a_code(value: object) -> None:
    with pytest.raises(MalformedError, match="currency"):
        fields.currency(value)


@pytest.mark.parametrize("value", ["", "a\nb", "\u00e9", "x" * 65, None, 1, "<b>"])
def test_a_status_is_a_word(value: object) -> None:
    with pytest.raises(MalformedError, match="status"):
        fields.status(value)


def test_a_payment_moves_forward_through_its_statuses() -> None:
    path = ["unheard-of", "pending", "processing", "failed", "Authorised", "succeeded", "refunded", "chargeback"]
    assert [rank(status) for status in path] == sorted(rank(status) for status in path)
