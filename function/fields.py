"""The allow-listed payment fields: exact money, ISO times, and identifiers of printable ASCII."""

import re
from datetime import UTC, datetime
from decimal import Decimal

from errors import MalformedError

_TRANSACTION_ID = re.compile(r"[\x20-\x7e]{1,255}")
_CURRENCY = re.compile(r"[A-Za-z]{3,5}")
_STATUS = re.compile(r"[A-Za-z0-9_. -]{1,64}")
_NUMBER = re.compile(r"-?[0-9]{1,60}(\.[0-9]{1,60})?([eE][+-]?[0-9]{1,3})?")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_MARKER_PREFIX = "evt#"
_MAX_DIGITS = 38  # what a DynamoDB number holds
_MAX_FLOAT_DIGITS = 15  # what a binary double always carries without loss
_MAX_MOMENT_DIGITS = 24  # fewer than Decimal's default precision, so that no division rounds
_LARGEST_MOMENT = 14  # of 15 digits before the point, and no more than 9 behind it
_SMALLEST_MOMENT = -9
_MILLISECONDS_FROM = 10**11  # as seconds this is the year 5138, as milliseconds 1973
_LAST_SECOND = 253_402_300_799  # of the year 9999


def transaction_id(value: object) -> str:
    """Return an identifier that can be the table's key and cannot be taken for an event marker."""
    if not isinstance(value, str) or not _TRANSACTION_ID.fullmatch(value) or value.startswith(_MARKER_PREFIX):
        raise MalformedError("transactionId")
    return value


def related_id(value: object) -> str | None:
    """Return the identifier of a related transaction where there is a usable one."""
    return value if isinstance(value, str) and _TRANSACTION_ID.fullmatch(value) else None


def currency(value: object) -> str:
    """Return a currency code in upper case."""
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise MalformedError("currency")
    return value.upper()


def status(value: object) -> str:
    """Return a status word as the sender wrote it."""
    if not isinstance(value, str) or not _STATUS.fullmatch(value):
        raise MalformedError("status")
    return value


def amount(value: object) -> Decimal:
    """Return exact money that a DynamoDB number holds without rounding; a missing amount is never 0."""
    number = _decimal(value, "amount")
    if len(number.as_tuple().digits) > _MAX_DIGITS or not -130 <= number.adjusted() <= 125:
        raise MalformedError("amount")
    return number


def moment(value: object) -> Decimal:
    """Return exact seconds since 1970 from ISO 8601 text (UTC unless it says otherwise) or from an epoch number."""
    seconds = _iso(value) if isinstance(value, str) and not value.isdecimal() else _epoch(value)
    if not 0 <= seconds <= _LAST_SECOND:
        raise MalformedError("timestamp")
    return seconds


def iso(seconds: Decimal) -> str:
    """Write a moment as ISO 8601 text in UTC, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _iso(value: str) -> Decimal:
    found = _MOMENT.fullmatch(value)
    if not found:
        raise MalformedError("timestamp")
    day, clock, fraction, zone = found.groups()
    try:
        whole = datetime.fromisoformat(f"{day}T{clock}{zone or 'Z'}").timestamp()
    except (ValueError, OverflowError) as error:
        raise MalformedError("timestamp") from error
    if whole < 0:  # a fraction would be added on the wrong side
        raise MalformedError("timestamp")
    return Decimal(f"{int(whole)}.{fraction}") if fraction else Decimal(int(whole))


def _epoch(value: object) -> Decimal:
    number = _decimal(value, "timestamp")
    if (
        len(number.as_tuple().digits) > _MAX_MOMENT_DIGITS
        or not _SMALLEST_MOMENT <= number.adjusted() <= _LARGEST_MOMENT
    ):
        raise MalformedError("timestamp")
    return number / 1000 if number >= _MILLISECONDS_FROM else number


def _decimal(value: object, field: str) -> Decimal:
    """Return an exact number; the runtime has already read a direct event, so a double may arrive here."""
    match value:
        case bool():
            raise MalformedError(field)
        case Decimal():
            return value
        case int():
            return Decimal(value)
        case float():
            # repr is the shortest text that reads back as this double: up to 15 digits, exactly what was sent.
            return _few_digits(repr(value), field)
        case str() if _NUMBER.fullmatch(value):
            return Decimal(value)
    raise MalformedError(field)


def _few_digits(text: str, field: str) -> Decimal:
    if not _NUMBER.fullmatch(text):  # nan and inf
        raise MalformedError(field)
    number = Decimal(text)
    if len(number.as_tuple().digits) > _MAX_FLOAT_DIGITS:
        raise MalformedError(f"{field}: too many digits for a number, send it as a string")
    return number
