"""From a delivery to the table: known provider, allowed size, authentic bytes, notices, stored notices."""

from collections.abc import Callable
from typing import NamedTuple

from deliveries import Delivery, Ignored, LedgerEntry, Notice, Recorded, Senders
from errors import MalformedError, TooLargeError, UnknownProviderError, UnsupportedSchemeError, UnverifiedError
from keyring import Keyring
from payments import unusable, with_plausible_time
from providers import SCHEMES, UNSUPPORTED, ProviderScheme
from signatures import digest_of, plain_id
from store.deadline import Deadline
from store.ledger import Ledger
from strict_json import NotJsonError

MAX_BODY = 256 * 1024


class App(NamedTuple):
    """The dependencies of the processing of a delivery; tests pass fakes."""

    keyring: Keyring
    ledger: Ledger
    clock: Callable[[], float]
    emit: Callable[[str], None]
    senders: Senders = Senders()
    function_name: str = ""


def ingest(delivery: Delivery, app: App, until: Deadline) -> list[Recorded]:
    """Verify a delivery and store its notices."""
    scheme = _scheme(delivery.provider)
    check_size(len(delivery.body))
    if not delivery.body:
        raise MalformedError("empty body")
    _authenticate(delivery, scheme, app.keyring)
    now = int(app.clock())
    return [
        app.ledger.record(LedgerEntry(delivery.provider, delivery.provider, notice, delivery.body, now), until)
        for notice in _read(delivery, scheme)
    ]


def check_size(length: int) -> None:
    """Refuse a body that no payment event has."""
    if length > MAX_BODY:
        raise TooLargeError("body over the limit")


def _scheme(provider: str) -> ProviderScheme:
    if provider in UNSUPPORTED:
        raise UnsupportedSchemeError("needs asymmetric cryptography")
    if provider not in SCHEMES:
        raise UnknownProviderError("no such provider")
    return SCHEMES[provider]


def _authenticate(delivery: Delivery, scheme: ProviderScheme, keyring: Keyring) -> None:
    keys = keyring.keys(delivery.provider)
    if not keys:
        raise UnknownProviderError("no secret for this provider")
    try:
        scheme.verify(delivery, keys)
    except UnverifiedError:
        if not keyring.refetched():
            raise
        scheme.verify(delivery, keyring.keys(delivery.provider))


def _read(delivery: Delivery, scheme: ProviderScheme) -> list[Notice]:
    """Read the notices of an authentic body; one that is not JSON is quarantined: a rejection would be retried."""
    try:
        return [_with_plain_id(_plausible(notice, delivery.received_at)) for notice in scheme.notices(delivery)]
    except NotJsonError:
        digest = digest_of(delivery.body)
        return [Notice(digest, digest, "", Ignored("not a JSON object", quarantined=True), expires=False)]


def _plausible(notice: Notice, received_at: float) -> Notice:
    """Quarantine a payment from the future."""
    if isinstance(notice.content, Ignored):
        return notice
    try:
        with_plausible_time(notice.content, received_at)
    except MalformedError as error:
        return notice._replace(content=unusable(error))
    return notice


def _with_plain_id(notice: Notice) -> Notice:
    """Replace an id that is not plain text by the digest, and such a kind by nothing."""
    if plain_id(notice.event_id) and plain_id(notice.kind):
        return notice
    event_id = notice.event_id if plain_id(notice.event_id) else notice.digest
    return notice._replace(event_id=event_id, kind=notice.kind if plain_id(notice.kind) else "")
