"""Requests, and the checks of `[[verify.http]]`, against servers on the loopback interface."""

from typing import Any

import pytest

from tapctl.settings.verify_section import HttpProbe
from tapctl.verify.check import Check
from tapctl.verify.http import HttpRequest, Response, check_http, send
from tests.support.deployed_stacks import deployed_stack, lines, statuses
from tests.support.golden import Golden
from tests.support.servers import ReceivedRequests, Reply, http_server, raw_server


def direct(url: str) -> tuple[str, dict[str, str]]:
    return url, {}


def post(url: str, **more: str) -> Response:
    return send(HttpRequest(url, b"{}", more), direct)


def test_a_request_is_sent_with_the_headers_of_its_route() -> None:
    with http_server(Reply(204)) as (url, requests):
        request = HttpRequest(f"{url}/path?q=1", b'{"a": 1}', {"x-own": "yes"}, "PUT")
        assert send(request, lambda where: (where, {"x-route": "here"})) == Response(204, "")

    ((method, path, headers, body),) = requests
    assert (method, path, body) == ("PUT", "/path?q=1", b'{"a": 1}')
    assert (headers["x-route"], headers["x-own"]) == ("here", "yes")


def test_an_error_response_keeps_its_status_and_body() -> None:
    with http_server(Reply(503, "busy")) as (url, _):
        assert post(url) == Response(503, "busy")


def test_a_name_below_a_loopback_address_becomes_a_host_header() -> None:
    with http_server(Reply(200)) as (url, requests):
        port = url.rpartition(":")[2]
        assert post(f"http://api.execute-api.127.0.0.1:{port}/x").status == 200

    assert requests[0][2]["host"] == f"api.execute-api.127.0.0.1:{port}"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_not_followed(method: str) -> None:
    with http_server(Reply(302, headers={"location": "/elsewhere"})) as (url, requests):
        assert send(HttpRequest(url, method=method), direct).status == 302

    assert len(requests) == 1


def test_loopback_requests_bypass_the_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with http_server(Reply(200)) as (url, _):
        assert post(url).status == 200


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://127.0.0.1:9/", id="connection refused"),
        pytest.param("not-a-url", id="no URL"),
        pytest.param("http://exa mple/", id="a broken URL"),
        pytest.param("http://127.0.0.1:9/ü", id="a URL that is not ASCII"),
        pytest.param("wss://127.0.0.1:9/", id="another protocol"),
    ],
)
def test_an_unreachable_url_is_status_0_with_a_reason(url: str) -> None:
    response = post(url)

    assert response.status == 0
    assert response.text


@pytest.mark.parametrize("sent", [pytest.param(b"", id="nothing"), pytest.param(b"go away\r\n\r\n", id="no HTTP")])
def test_a_response_that_is_not_http_is_status_0(sent: bytes) -> None:
    with raw_server(sent) as url:
        response = post(url)

    assert (response.status, bool(response.text)) == (0, True)


def test_a_late_response_is_status_0() -> None:
    with http_server(Reply(200, delay=0.5)) as (url, _):
        assert send(HttpRequest(url, b""), direct, timeout=0.05).status == 0


@pytest.mark.parametrize(
    ("response", "shown"),
    [
        (Response(200, ""), "returned 200"),
        (Response(500, "a\n b"), "returned 500: a b"),
        (Response(0, "refused"), "failed: refused"),
        (Response(500, "x" * 1000), f"returned 500: {'x' * 200}"),
    ],
)
def test_a_response_as_text(response: Response, shown: str) -> None:
    assert str(response) == shown


def probe_checks(reply: Reply, **probe: Any) -> tuple[list[Check], ReceivedRequests]:
    """The checks of a probe of the output `Url`, and the requests that the server received."""
    with http_server(reply) as (url, requests):
        stack = deployed_stack({}, outputs={"Url": f"{url}/"})
        return list(check_http(HttpProbe(output="Url", **probe), stack, direct)), requests


def test_a_probe_sends_the_configured_request(golden: Golden) -> None:
    checks, requests = probe_checks(Reply(200), path="/health", method="PUT", headers={"X-Own": "yes"})

    ((method, path, headers, body),) = requests
    assert (method, path, headers["x-own"], body) == ("PUT", "/health", "yes", b"")
    golden(lines(checks))


@pytest.mark.parametrize(
    ("path", "requested"), [("orders/7", "/orders/7"), ("/orders", "/orders"), ("?q=1", "/?q=1"), ("", "/")]
)
def test_a_path_is_below_the_address(path: str, requested: str) -> None:
    assert probe_checks(Reply(200), path=path)[1][0][1] == requested


def test_the_subject_separates_the_output_from_the_path() -> None:
    assert probe_checks(Reply(200), path="orders")[0][0].subject == "http Url/orders"


@pytest.mark.parametrize(
    ("reply", "probe", "status"),
    [
        pytest.param(Reply(204), {}, "proved", id="2xx by default"),
        pytest.param(Reply(404), {}, "failed", id="no 2xx"),
        pytest.param(Reply(404), {"status": 404}, "proved", id="the expected status"),
        pytest.param(Reply(302, headers={"location": "/x"}), {"status": ["302"]}, "proved", id="a redirect"),
        pytest.param(Reply(200, '{"ok": true}'), {"body": '"ok": *true'}, "proved", id="the expected body"),
        pytest.param(Reply(200, '{"ok": false}'), {"body": '"ok": *true'}, "failed", id="another body"),
        pytest.param(Reply(200, delay=0.3), {"timeout": 0.05}, "failed", id="too late"),
    ],
)
def test_a_response_is_compared_with_the_expected_one(reply: Reply, probe: dict[str, Any], status: str) -> None:
    assert statuses(probe_checks(reply, **probe)[0]) == [status]


def test_a_failed_probe_shows_the_response_and_what_was_expected(golden: Golden) -> None:
    (check,), requests = probe_checks(Reply(500, "oops"), status=["2xx", 404], body="fine")

    golden(check.message, host=requests[0][2]["host"])


def test_a_probe_of_a_url_keeps_its_path() -> None:
    with http_server(Reply(200)) as (url, requests):
        list(check_http(HttpProbe(url=f"{url}/a/"), deployed_stack({}), direct))

    assert requests[0][1] == "/a/"


def test_a_header_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, golden: Golden) -> None:
    headers = {"authorization": {"env": "PROBE_TOKEN"}}
    monkeypatch.delenv("PROBE_TOKEN", raising=False)
    (check,), requests = probe_checks(Reply(200), headers=headers)
    assert (check.status.value, check.permanent, requests) == ("failed", True, [])
    golden(check.message)

    monkeypatch.setenv("PROBE_TOKEN", "hush")

    assert probe_checks(Reply(200), headers=headers)[1][0][2]["authorization"] == "hush"


def test_a_probe_of_a_missing_output_fails_permanently(golden: Golden) -> None:
    (check,) = check_http(HttpProbe(output="Url"), deployed_stack({}), direct)

    assert (check.subject, check.status.value, check.permanent) == ("http Url", "failed", True)
    golden(check.message)
