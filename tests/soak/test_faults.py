"""A short run of deploys over a bad line, and the proxy that spoils it."""

from collections.abc import Iterator
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from random import Random
from urllib.parse import urlsplit

import pytest

from tests.soak.faults import FAULTS, BadLine, Fault, FaultRunner, fault_runner, lost, truncated, whole
from tests.soak.proxy import Interceptor, proxy
from tests.support.fake_aws_server import answering

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultRunner]:
    folder = tmp_path_factory.mktemp("faults")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPCTL_STATE_DIR", str(folder / "state"))
        with fault_runner(folder) as running:
            yield running


@pytest.mark.sandbox
def test_a_plain_re_run_brings_the_stack_about(runner: FaultRunner) -> None:
    """By seed 3 an update is disturbed and killed in the middle, while the table holds something."""
    run = runner.run(3)
    assert (run.wrong, run.codes[0]) == (None, -9)


def asked(interceptor: Interceptor) -> tuple[int, bytes]:
    """What comes through the proxy from a service that answers everything with 200 and `all is well`."""
    with answering(200, "all is well") as address, proxy(urlsplit(address).port or 0, interceptor) as port:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("POST", "/", "Action=DescribeStacks")
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def test_the_proxy_passes_on_what_nobody_meddles_with() -> None:
    assert asked(lambda call, forward: forward(call)) == (200, b"all is well")


@pytest.mark.parametrize("number", range(3), ids=["throttled", "internal-failure", "unavailable"])
def test_a_call_is_refused_in_its_own_protocol(number: int) -> None:
    status, body = asked(FAULTS[number])
    assert status in (400, 500, 503)
    assert b"<ErrorResponse><Error><Code>" in body


@pytest.mark.parametrize("fault", [lambda _, __: None, lost], ids=["reset", "carried-out-and-lost"])
def test_a_connection_is_cut(fault: Fault) -> None:
    with pytest.raises(RemoteDisconnected):
        asked(fault)


def test_an_answer_is_truncated() -> None:
    with pytest.raises(IncompleteRead):
        asked(truncated)


def test_the_command_dies_at_its_call_and_credentials_do_at_theirs() -> None:
    killed: list[bool] = []
    dying = BadLine(Random(1), 0, dies_at=1, kill=lambda: killed.append(True))
    with pytest.raises(RemoteDisconnected):
        asked(dying)
    assert killed == [True]
    assert asked(BadLine(Random(1), 0, expires_at=1))[0] == 403


def test_a_broken_artifact_is_seen() -> None:
    assert whole(b'{"Resources": {}}')
    assert not whole(b"PK cut off")
