"""One request and its answer, whatever the other side does."""

import pytest

from tapctl.verify.http import HttpRequest, Response, send
from tests.support.servers import Reply, saying, serving


def straight(url: str) -> tuple[str, dict[str, str]]:
    return url, {}


def post(url: str, **more: str) -> Response:
    return send(HttpRequest(url, b"{}", more), straight)


def test_what_is_sent_is_what_was_asked_for() -> None:
    with serving(Reply(204)) as (url, got):
        request = HttpRequest(f"{url}/path?q=1", b'{"a": 1}', {"x-own": "yes"}, "PUT")
        assert send(request, lambda where: (where, {"x-route": "here"})) == Response(204, "")

    ((method, path, headers, body),) = got
    assert (method, path, body) == ("PUT", "/path?q=1", b'{"a": 1}')
    assert (headers["x-route"], headers["x-own"]) == ("here", "yes")


def test_an_error_is_its_status_and_its_words() -> None:
    with serving(Reply(503, "busy")) as (url, _):
        assert post(url) == Response(503, "busy")


def test_a_name_below_a_loopback_address_is_found_there() -> None:
    with serving(Reply(200)) as (url, got):
        port = url.rpartition(":")[2]
        assert post(f"http://api.execute-api.127.0.0.1:{port}/x").status == 200

    assert got[0][2]["host"] == f"api.execute-api.127.0.0.1:{port}"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirection_is_the_answer_and_not_followed(method: str) -> None:
    with serving(Reply(302, headers={"location": "/elsewhere"})) as (url, got):
        assert send(HttpRequest(url, method=method), straight).status == 302

    assert len(got) == 1


def test_the_proxies_of_the_environment_do_not_stand_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving(Reply(200)) as (url, _):
        assert post(url).status == 200


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://127.0.0.1:9/", id="nobody listens"),
        pytest.param("not-a-url", id="no URL"),
        pytest.param("http://exa mple/", id="a broken URL"),
        pytest.param("http://127.0.0.1:9/ü", id="a URL that is not ASCII"),
        pytest.param("wss://127.0.0.1:9/", id="another protocol"),
    ],
)
def test_what_cannot_be_reached_is_status_0_and_a_reason(url: str) -> None:
    response = post(url)

    assert response.status == 0
    assert response.text


@pytest.mark.parametrize(
    "answer", [pytest.param(b"", id="nothing"), pytest.param(b"go away\r\n\r\n", id="what is not HTTP")]
)
def test_an_answer_that_is_none_is_status_0(answer: bytes) -> None:
    with saying(answer) as url:
        response = post(url)

    assert (response.status, bool(response.text)) == (0, True)


def test_an_answer_that_takes_too_long_is_none() -> None:
    with serving(Reply(200, delay=0.5)) as (url, _):
        assert send(HttpRequest(url, b""), straight, timeout=0.05).status == 0


@pytest.mark.parametrize(
    ("response", "shown"),
    [
        (Response(200, ""), "200"),
        (Response(500, "a\n b"), "500: a b"),
        (Response(0, "refused"), "not: refused"),
        (Response(500, "x" * 1000), f"500: {'x' * 200}"),
    ],
)
def test_it_is_shown_in_one_short_line(response: Response, shown: str) -> None:
    assert str(response) == shown
