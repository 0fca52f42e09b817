from pathlib import Path

import boto3
import pytest

from tapctl import sandbox
from tapctl.aws.session import Aws, Connection
from tapctl.sandbox import secret
from tapctl.sandbox.quirks import is_emulator


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> secret.Secret:
    """The secret of a sandbox in a state folder of its own."""
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path))
    (tmp_path / "sandbox").mkdir()
    return secret.load_or_create(tmp_path / "sandbox")


def test_the_sandbox_of_an_environment_is_an_emulator() -> None:
    assert is_emulator(Aws(Connection("us-east-1", endpoint="http://127.0.0.1:4566", keys=(sandbox.ACCOUNT_ID, "s"))))


def test_credentials_that_carry_the_secret_lead_to_the_sandbox(own: secret.Secret) -> None:
    session = boto3.Session(aws_access_key_id=sandbox.ACCOUNT_ID, aws_secret_access_key=own.key)

    assert is_emulator(Aws(Connection("us-east-1"), _session=session))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
@pytest.mark.usefixtures("own")
def test_an_address_of_this_machine_proves_nothing(host: str) -> None:
    session = boto3.Session(aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="other")

    assert not is_emulator(Aws(Connection("us-east-1", endpoint=f"http://{host}:4566"), _session=session))
