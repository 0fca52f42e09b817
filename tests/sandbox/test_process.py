import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tapctl import sandbox
from tapctl.errors import BusyError, TapctlError, UsageError
from tapctl.sandbox import AccountLimits, pidfile
from tapctl.sandbox.pidfile import PidFile
from tapctl.state import locks
from tests.support.golden import Golden
from tests.support.sandbox_clients import Aws

pytestmark = pytest.mark.sandbox
START = "from tapctl import sandbox; print(sandbox.start().pid)"


def port_of(running: sandbox.Sandbox) -> int:
    return int(running.endpoint.rsplit(":", 1)[1])


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_sandbox_is_found_until_it_is_stopped(state: Path) -> None:
    assert sandbox.find() is None
    running = sandbox.start()
    assert sandbox.find() == running
    assert (running.region, running.account_id, running.limits) == ("us-east-1", "000000000000", AccountLimits(10))

    assert sandbox.stop()

    assert sandbox.find() is None
    assert not alive(running.pid)
    assert not sandbox.stop()


def test_a_second_start_finds_the_first_and_applies_its_limits(state: Path) -> None:
    first = sandbox.start()

    second = sandbox.start(AccountLimits(1000))

    assert (second.pid, second.endpoint) == (first.pid, first.endpoint)
    assert second.limits == AccountLimits(1000)
    assert sandbox.start() == second


def test_a_killed_sandbox_is_noticed_and_replaced_on_the_same_port(state: Path) -> None:
    first = sandbox.start(AccountLimits(50))
    os.kill(first.pid, signal.SIGKILL)
    os.waitpid(first.pid, 0)
    assert sandbox.find() is None

    second = sandbox.start()

    assert second.pid != first.pid
    assert second.endpoint == first.endpoint
    assert second.limits == AccountLimits(50)


def test_a_hanging_sandbox_is_ended_and_replaced(state: Path) -> None:
    first = sandbox.start()
    os.kill(first.pid, signal.SIGSTOP)

    second = sandbox.start()

    assert second.pid != first.pid
    assert not alive(first.pid)


@pytest.mark.parametrize("what", [{"python": "/gone"}, {"version": "0.0.0"}], ids=["interpreter", "version"])
def test_a_sandbox_of_an_installation_that_is_gone_is_replaced_and_keeps_its_state(state: Path, what: Any) -> None:
    first = sandbox.start()
    found = pidfile.read(state / "sandbox.json")
    assert found is not None
    pidfile.write(state / "sandbox.json", replace(found, **what))

    second = sandbox.start()

    assert second.pid != first.pid
    assert second.endpoint == first.endpoint
    assert not alive(first.pid)
    assert sandbox.start() == second


def test_an_unusable_limits_file_leaves_the_limits_of_a_running_sandbox(state: Path, golden: Golden) -> None:
    aws = Aws(sandbox.start(AccountLimits(1000)))
    assert aws.unreserved() == 1000

    (state / "limits.json").write_text("{")

    assert aws.unreserved() == 1000
    aws.close()
    (line,) = [line for line in (state / "server.log").read_text().splitlines() if "limits.json" in line]
    golden(line[line.index("cannot use") :])


def test_another_process_with_the_process_id_of_the_pid_file_is_left_alone(state: Path) -> None:
    state.mkdir()
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    pidfile.write(state / "sandbox.json", PidFile(bystander.pid, 9))
    try:
        assert sandbox.find() is None
        assert not sandbox.stop()
        assert sandbox.start().pid != bystander.pid
        assert bystander.poll() is None
    finally:
        bystander.communicate()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": "1", "port": 1}', '{"pid": 0, "port": -1}'])
def test_an_unusable_pid_file_counts_as_none(state: Path, text: str) -> None:
    state.mkdir()
    (state / "sandbox.json").write_text(text)

    assert pidfile.read(state / "sandbox.json") is None
    assert sandbox.find() is None


def test_concurrent_starts_end_with_one_process(state: Path) -> None:
    with ThreadPoolExecutor() as pool:
        threads = [pool.submit(sandbox.start) for _ in range(3)]
        commands = [subprocess.Popen([sys.executable, "-c", START], stdout=subprocess.PIPE) for _ in range(3)]
        pids = {int(command.communicate()[0]) for command in commands} | {thread.result().pid for thread in threads}

    assert len(pids) == 1


def test_the_sandbox_outlives_the_command_that_started_it(state: Path) -> None:
    pid = int(subprocess.run([sys.executable, "-c", START], check=True, capture_output=True).stdout)

    found = sandbox.find()

    assert found is not None
    assert found.pid == pid


def test_a_port_can_be_chosen(state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]

    assert port_of(sandbox.start(port=port)) == port
    assert port_of(sandbox.start(port=port)) == port


@pytest.mark.parametrize("port", [pytest.param(None, id="in use"), pytest.param(70000, id="out of range")])
def test_an_unusable_port_is_a_usage_error(state: Path, port: int | None, golden: Golden) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = port or taken.getsockname()[1]

        with pytest.raises(UsageError) as failure:
            sandbox.start(port=wanted)

    golden(failure.value, port=wanted)
    assert sandbox.find() is None


def test_a_running_sandbox_does_not_move_to_another_port(state: Path, golden: Golden) -> None:
    running = sandbox.start()

    with pytest.raises(UsageError) as failure:
        sandbox.start(port=1)

    golden(failure.value, port=port_of(running))


def test_the_last_port_is_given_up_if_another_process_listens_on_it(state: Path) -> None:
    first = port_of(sandbox.start())
    sandbox.stop()
    with HTTPServer(("127.0.0.1", first), BaseHTTPRequestHandler):
        assert port_of(sandbox.start()) != first


def test_the_server_listens_on_the_loopback_interface_only(state: Path) -> None:
    port = port_of(sandbox.start())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("no other interface here")
        outside = probe.getsockname()[0]

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((outside, port), timeout=2)


def test_a_failed_start_names_the_servers_error_and_its_log(state: Path, golden: Golden) -> None:
    (state / "sandbox.json").mkdir(parents=True)

    with pytest.raises(TapctlError) as failure:
        sandbox.start()

    golden(failure.value)
    assert sandbox.find() is None


def test_a_log_that_cannot_be_written_is_named(state: Path, golden: Golden) -> None:
    (state / "server.log").mkdir(parents=True)

    with pytest.raises(TapctlError) as failure:
        sandbox.start()

    golden(failure.value)


def test_broken_limits_stop_a_start_and_new_ones_repair_it(state: Path) -> None:
    state.mkdir()
    (state / "limits.json").write_text("{")

    with pytest.raises(UsageError):
        sandbox.start()

    assert sandbox.start(AccountLimits(50)).limits == AccountLimits(50)


def test_a_state_folder_that_cannot_be_written_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Golden
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path / "file"))

    with pytest.raises(UsageError) as failure:
        sandbox.start()

    golden(failure.value)


def test_status_describes_a_sandbox_that_runs_or_not(state: Path) -> None:
    assert sandbox.status().sandbox is None
    assert sandbox.status().folder == state

    running = sandbox.start(AccountLimits(400))

    assert sandbox.status().sandbox == running
    assert sandbox.status().limits == AccountLimits(400)
    assert sandbox.status().log.exists()


def test_a_lock_is_free_again_after_its_holder(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert not locks.is_held(lock)
    with locks.hold(lock, timeout=0, busy=""):
        assert locks.is_held(lock)
        with pytest.raises(BusyError, match="in use"), locks.hold(lock, timeout=0, busy="in use"):
            pass
    assert not locks.is_held(lock)
