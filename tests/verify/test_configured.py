import re
from typing import Any

import pytest

from tapctl.settings.verify_section import HttpProbe
from tapctl.verify.configured import check_http, check_patterns
from tests.support.deployed_stacks import deployed, found
from tests.support.servers import Got, Reply, serving


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        pytest.param("[a-z]+-1", ("proved", "it matches `[a-z]+-1`"), id="the whole value"),
        pytest.param("table", ("failed", "table-1 does not match `table`"), id="a part of it"),
    ],
)
def test_a_pattern_is_for_the_whole_value(pattern: str, said: tuple[str, str]) -> None:
    assert found(check_patterns({"Name": re.compile(pattern)}, deployed({}, outputs={"Name": "table-1"}))) == [said]


def test_a_pattern_for_an_output_that_the_stack_lacks_has_failed_for_good() -> None:
    (check,) = check_patterns({"Name": re.compile("x")}, deployed({}))

    assert check.message == "[verify.outputs] names output Name, which the stack lacks"
    assert check.lasting


def asked(reply: Reply, **probe: Any) -> tuple[list[tuple[str, str]], Got]:
    with serving(reply) as (url, got):
        stack = deployed({}, outputs={"Url": f"{url}/"})
        return found(check_http(HttpProbe(output="Url", **probe), stack, lambda where: (where, {}))), got


def test_a_probe_asks_as_it_is_told() -> None:
    checks, got = asked(Reply(200), path="/health", method="PUT", headers={"X-Own": "yes"})

    ((method, path, headers, body),) = got
    assert (method, path, headers["x-own"], body) == ("PUT", "/health", "yes", b"")
    assert checks == [("proved", "PUT was answered 200")]


@pytest.mark.parametrize(
    ("reply", "probe", "holds"),
    [
        pytest.param(Reply(204), {}, True, id="any 2xx"),
        pytest.param(Reply(404), {}, False, id="no 2xx"),
        pytest.param(Reply(404), {"status": 404}, True, id="the status that is wanted"),
        pytest.param(Reply(302, headers={"location": "/x"}), {"status": ["302"]}, True, id="a redirection"),
        pytest.param(Reply(200, '{"ok": true}'), {"body": '"ok": *true'}, True, id="the body that is wanted"),
        pytest.param(Reply(200, '{"ok": false}'), {"body": '"ok": *true'}, False, id="another body"),
        pytest.param(Reply(200, delay=0.3), {"timeout": 0.05}, False, id="too late"),
    ],
)
def test_an_answer_is_judged(reply: Reply, probe: dict[str, Any], holds: bool) -> None:
    checks, _ = asked(reply, **probe)

    assert [status for status, _ in checks] == ["proved" if holds else "failed"]


def test_what_was_wanted_is_said() -> None:
    ((_, message),), _ = asked(Reply(500, "oops"), status=["2xx", 404], body="fine")

    assert message.startswith("GET was answered 500: oops; expected is 2xx or 404 with a body like `fine`, at http://")


def test_a_url_of_its_own_is_taken_as_it_is() -> None:
    with serving(Reply(200)) as (url, got):
        list(check_http(HttpProbe(url=f"{url}/a/"), deployed({}), lambda where: (where, {})))

    assert got[0][1] == "/a/"


def test_a_header_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"authorization": {"env": "PROBE_TOKEN"}}
    monkeypatch.delenv("PROBE_TOKEN", raising=False)
    checks, got = asked(Reply(200), headers=headers)
    message = "header authorization needs the environment variable PROBE_TOKEN, which is not set"
    assert (checks, got) == ([("failed", message)], [])

    monkeypatch.setenv("PROBE_TOKEN", "hush")

    assert asked(Reply(200), headers=headers)[1][0][2]["authorization"] == "hush"


def test_an_output_that_the_stack_lacks_has_failed() -> None:
    (check,) = check_http(HttpProbe(output="Url"), deployed({}), lambda where: (where, {}))

    assert (check.subject, check.message) == ("http Url", "[[verify.http]] names output Url, which the stack lacks")
