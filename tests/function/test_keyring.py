"""Secrets are read once, or again when they can change, and never too often."""

import json

import pytest
from errors import MisconfiguredError
from keyring import Keyring

from tests.function.receiver import Receiver
from tests.function.senders import payment_body, sign_generic


class Vault:
    """A secret store that counts its readers, and a clock."""

    def __init__(self, *secrets: str) -> None:
        self.document = self.write(*secrets)
        self.reads = 0
        self.now = 1000.0

    def write(self, *secrets: str) -> str:
        self.document = json.dumps({"generic": list(secrets)})
        return self.document

    def fetch(self) -> str:
        self.reads += 1
        return self.document

    def keyring(self, *, changes: bool = True) -> Keyring:
        return Keyring(self.fetch, changes=changes, monotonic=lambda: self.now)


def keys(keyring: Keyring) -> list[bytes]:
    return keyring.keys("generic", str.encode)


def test_a_variable_is_read_once() -> None:
    vault = Vault("a")
    keyring = vault.keyring(changes=False)
    for _ in range(3):
        assert keys(keyring) == [b"a"]
        vault.now += 10_000
    assert not keyring.refetched()
    assert vault.reads == 1


def test_a_stored_secret_is_read_again_after_five_minutes() -> None:
    vault = Vault("a")
    keyring = vault.keyring()
    keys(keyring)
    vault.write("b", "a")
    vault.now += 299
    assert keys(keyring) == [b"a"]
    vault.now += 2
    assert keys(keyring) == [b"b", b"a"]


def test_a_failed_signature_reads_again_at_most_every_half_minute() -> None:
    vault = Vault("a")
    keyring = vault.keyring()
    keys(keyring)
    assert not keyring.refetched()
    vault.now += 31
    assert keyring.refetched()
    assert not keyring.refetched()
    assert vault.reads == 2


def test_a_rotated_secret_is_accepted_without_a_deploy(receiver: Receiver) -> None:
    vault = Vault("old")
    receiver.app = receiver.app._replace(keyring=vault.keyring())
    body = payment_body()
    assert receiver.post("generic", body, sign_generic(body, "new"))[0] == 401
    vault.write("new", "old")
    vault.now += 31
    assert receiver.post("generic", body, sign_generic(body, "new"))[0] == 200
    assert receiver.post("generic", body, sign_generic(body, "forged"))[0] == 401
    assert vault.reads == 2


@pytest.mark.parametrize("document", ["", "null", "{}", '{"generic": null}', '{"generic": [1]}', '{"generic": {}}'])
def test_an_empty_set_is_an_error(document: str) -> None:
    with pytest.raises(MisconfiguredError):
        Keyring(lambda: document).check()


def test_an_error_does_not_quote_the_secret() -> None:
    keyring = Keyring(lambda: '{"adyen": ["not-hexadecimal"]}')
    with pytest.raises(MisconfiguredError) as caught:
        keyring.keys("adyen", bytes.fromhex)
    assert "hexadecimal" not in str(caught.value)
