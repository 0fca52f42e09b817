import pytest

from tapctl.aws.session import Aws, Target
from tapctl.sandbox.quirks import is_emulator


@pytest.mark.parametrize(
    ("endpoint", "emulator"),
    [
        pytest.param("http://127.0.0.1:4566", True, id="IPv4 loopback"),
        pytest.param("http://[::1]:4566", True, id="IPv6 loopback"),
        pytest.param("http://localhost:4566", True, id="localhost"),
        pytest.param("https://proxy.example.com", False, id="another endpoint"),
        pytest.param(None, False, id="AWS"),
    ],
)
def test_an_emulator_has_a_loopback_endpoint(endpoint: str | None, emulator: bool) -> None:
    assert is_emulator(Aws(Target("us-east-1", endpoint=endpoint, keys=("test", "test")))) is emulator


def test_an_endpoint_from_the_environment_may_be_an_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4566")

    assert is_emulator(Aws(Target("us-east-1")))
