"""Secrets are read once, or again when they can change, and never too often."""

import json

import pytest
from errors import MisconfiguredError, RefusalError, StorageUnavailableError
from keyring import Keyring, parse_secrets

from tests.function.receiver import Receiver
from tests.function.senders import payment_body, sign_generic
from tests.support.golden import Golden

OLD, NEW = "the old secret", "the new secret"


class Vault:
    """A secret store that counts its readers, may fail, and has a clock."""

    def __init__(self, *secrets: str) -> None:
        self.document = self.write(*secrets)
        self.error: RefusalError | None = None
        self.reads = 0
        self.now = 1000.0

    def write(self, *secrets: str) -> str:
        self.document = json.dumps({"generic": list(secrets)})
        return self.document

    def fetch(self) -> str:
        self.reads += 1
        if self.error is not None:
            raise self.error
        return self.document

    def keyring(self, *, changes: bool = True) -> Keyring:
        return Keyring(self.fetch, changes=changes, monotonic=lambda: self.now)


def keys(keyring: Keyring) -> list[str]:
    return [key.decode() for key in keyring.keys("generic")]


def test_a_variable_is_read_once() -> None:
    vault = Vault(OLD)
    keyring = vault.keyring(changes=False)
    for _ in range(3):
        assert keys(keyring) == [OLD]
        vault.now += 10_000
    assert not keyring.refetched()
    assert vault.reads == 1


def test_a_stored_secret_is_read_again_after_five_minutes() -> None:
    vault = Vault(OLD)
    keyring = vault.keyring()
    keys(keyring)
    vault.write(NEW, OLD)
    vault.now += 299
    assert keys(keyring) == [OLD]
    vault.now += 2
    assert keys(keyring) == [NEW, OLD]


def test_a_failed_signature_reads_again_at_most_every_half_minute() -> None:
    vault = Vault(OLD)
    keyring = vault.keyring()
    keys(keyring)
    assert not keyring.refetched()
    vault.now += 31
    assert keyring.refetched()
    assert not keyring.refetched()
    assert vault.reads == 2


def test_a_rotated_secret_is_accepted_without_a_deploy(receiver: Receiver) -> None:
    vault = Vault(OLD)
    receiver.app = receiver.app._replace(keyring=vault.keyring())
    body = payment_body()
    assert receiver.post("generic", body, sign_generic(body, NEW))[0] == 401
    vault.write(NEW, OLD)
    vault.now += 31
    assert receiver.post("generic", body, sign_generic(body, NEW))[0] == 200
    assert receiver.post("generic", body, sign_generic(body, "another secret"))[0] == 401
    assert vault.reads == 2


FAULTS = [
    pytest.param(StorageUnavailableError("secrets cannot be read now"), "", id="throttled"),
    pytest.param(MisconfiguredError("secrets cannot be read: AccessDeniedException"), "", id="denied"),
    pytest.param(None, '{"generic": ["x"', id="no-json"),
    pytest.param(None, '{"generic": ["short"]}', id="short-secret"),
    pytest.param(None, '{"generic": ["a good secret"], "other": ["a good secret"]}', id="unknown-provider"),
]


@pytest.mark.parametrize(("error", "document"), FAULTS)
def test_good_keys_are_kept_while_the_secrets_cannot_be_read(
    receiver: Receiver, error: RefusalError | None, document: str
) -> None:
    vault = Vault(OLD)
    receiver.app = receiver.app._replace(keyring=vault.keyring())
    body = payment_body()
    assert receiver.post("generic", body, sign_generic(body, OLD))[0] == 200
    assert "SecretsUnread" not in receiver.log[-1]
    good, vault.error, vault.document = vault.document, error, document
    vault.now += 301
    for _ in range(3):
        assert receiver.post("generic", body, sign_generic(body, OLD))[0] == 200
        assert (receiver.log[-1]["SecretsUnread"], receiver.log[-1]["level"]) == (1, "ERROR")
        assert "Failed" not in receiver.log[-1]
    assert vault.reads == 2
    vault.error, vault.document = None, good
    vault.now += 31
    assert receiver.post("generic", body, sign_generic(body, OLD))[0] == 200
    assert vault.reads == 3
    assert "SecretsUnread" not in receiver.log[-1]


@pytest.mark.parametrize(("error", "document"), FAULTS)
def test_forged_deliveries_cause_one_attempt_in_half_a_minute(
    receiver: Receiver, error: RefusalError | None, document: str
) -> None:
    vault = Vault(OLD)
    receiver.app = receiver.app._replace(keyring=vault.keyring())
    body = payment_body()
    receiver.post("generic", body, sign_generic(body, OLD))
    vault.error, vault.document = error, document
    for attempts in (2, 3):
        vault.now += 31
        for _ in range(5):
            assert receiver.post("generic", body, sign_generic(body, "another secret"))[0] == 401
            assert "Failed" not in receiver.log[-1]
        assert vault.reads == attempts


def test_without_any_key_the_failed_attempt_is_not_repeated_at_once(receiver: Receiver) -> None:
    vault = Vault(OLD)
    vault.error = StorageUnavailableError("secrets cannot be read now")
    receiver.app = receiver.app._replace(keyring=vault.keyring())
    body = payment_body()
    assert {receiver.post("generic", body, sign_generic(body, OLD))[0] for _ in range(3)} == {503}
    assert vault.reads == 1
    vault.error = None
    vault.now += 31
    assert receiver.post("generic", body, sign_generic(body, OLD))[0] == 200


@pytest.mark.parametrize("document", ["", "null", "{}", '{"generic": null}', '{"generic": [1]}', '{"generic": {}}'])
def test_an_empty_set_is_an_error(document: str) -> None:
    with pytest.raises(MisconfiguredError):
        Keyring(lambda: document).check()


@pytest.mark.parametrize(
    ("provider", "secret"),
    [
        pytest.param("generic", "x" * 9, id="text"),
        pytest.param("stripe", "whsec_", id="prefix-only"),
        pytest.param("standard", "whsec_" + "A" * 12, id="base64-of-nine-bytes"),
        pytest.param("adyen", "00" * 9, id="hexadecimal-of-nine-bytes"),
    ],
)
def test_a_secret_shorter_than_ten_bytes_is_an_error(provider: str, secret: str, golden: Golden) -> None:
    with pytest.raises(MisconfiguredError) as caught:
        parse_secrets(json.dumps({provider: ["6a" * 20, secret]}))
    golden(caught.value)


@pytest.mark.parametrize("provider", ["paypal", "Stripe", "whsec_in_the_wrong_place", ""])
def test_an_unknown_provider_is_an_error_that_does_not_quote_it(provider: str, golden: Golden) -> None:
    with pytest.raises(MisconfiguredError) as caught:
        parse_secrets(json.dumps({"generic": ["a good secret"], provider: ["a good secret"]}))
    golden(caught.value)
    assert not provider or provider not in str(caught.value)


def test_an_error_does_not_quote_the_secret() -> None:
    with pytest.raises(MisconfiguredError) as caught:
        Keyring(lambda: '{"adyen": ["not-hexadecimal"]}').check()
    assert "hexadecimal" not in str(caught.value)
