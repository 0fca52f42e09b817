import pytest

from tapctl import sandbox
from tapctl.errors import UsageError
from tapctl.sandbox import AccountLimits, Sandbox
from tapctl.sandbox.clients import ACCOUNT_VARIABLE
from tapctl.sandbox.secret import Secret
from tests.support.golden import Golden
from tests.support.sandbox_clients import Aws, function
from tests.support.shared_sandbox import SharedSandbox

SECRET = Secret("hush")


def test_the_default_account_is_twelve_zeros_which_are_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ACCOUNT_VARIABLE, raising=False)
    running = Sandbox("http://127.0.0.1:1", 1, AccountLimits(), account_id=sandbox.account_id(), secret=SECRET)

    assert running.account_id == "000000000000"
    assert sandbox.environment(running) == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "hush",
        "NO_PROXY": "127.0.0.1",
    }


def test_the_key_of_another_account_is_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ACCOUNT_VARIABLE, "123456789012")
    running = Sandbox("http://127.0.0.1:1", 1, AccountLimits(), account_id=sandbox.account_id(), secret=SECRET)

    assert sandbox.client_options(running)["aws_access_key_id"] == "123456789012"
    assert running.keys == ("123456789012", "hush")
    assert "hush" not in repr(running)


@pytest.mark.parametrize("account", ["12", "12345678901x", "1234567890123"])
def test_an_account_id_that_is_none_is_refused(account: str, monkeypatch: pytest.MonkeyPatch, golden: Golden) -> None:
    monkeypatch.setenv(ACCOUNT_VARIABLE, account)

    with pytest.raises(UsageError) as failure:
        sandbox.account_id()

    golden(failure.value)


def test_accounts_share_a_server_and_have_their_own_resources_and_limits(
    shared_sandbox: SharedSandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with shared_sandbox.account(tmp_path_factory.mktemp("first") / "state", AccountLimits(1000)) as first:
        here = Aws(first)
        assert here.create("s", {"Fn": function("fn", ReservedConcurrentExecutions=100)}) == "CREATE_COMPLETE"
    with shared_sandbox.account(tmp_path_factory.mktemp("second") / "state", AccountLimits(50)) as second:
        there = Aws(second)
        assert there.create("s", {"Fn": function("fn", ReservedConcurrentExecutions=100)}) == "ROLLBACK_COMPLETE"

    assert first.pid == second.pid
    assert (here.functions(), here.unreserved()) == (["fn"], 900)
    assert (there.functions(), there.unreserved()) == ([], 50)
    here.close()
    there.close()
