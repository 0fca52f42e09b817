"""Answers that are not AWS's, as they come over HTTP."""

import pytest
from botocore.config import Config

from tapctl.aws.answers import WORDS, first_words
from tapctl.aws.errors import aws_call, read_or_unknown
from tapctl.aws.lambda_ import GET_RESERVED, reserved_concurrency
from tapctl.aws.session import Aws, Connection
from tapctl.errors import UnreadableAnswer
from tapctl.unknown import Unknown
from tests.support.fake_aws_server import answering
from tests.support.servers import raw_server


def aws_at(url: str) -> Aws:
    return Aws(Connection("eu-west-1", endpoint=url, keys=("key", "secret")))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param('{"ReservedConcurrentExecutions": 7}', 7, id="a-number"),
        pytest.param("{}", None, id="unset"),
        pytest.param('{"ReservedConcurrentExecutions": 7, "NewField": 1}', 7, id="a-field-that-botocore-does-not-know"),
    ],
)
def test_an_answer_of_aws_is_read(body: str, expected: int | None) -> None:
    with answering(200, body) as url:
        assert reserved_concurrency(aws_at(url), "Fn") == expected


@pytest.mark.parametrize("body", ["<html>Sign in</html>", "", "[]", '"text"', '{"hello": 1}', '{"Reserved', "null"])
def test_an_unexpected_answer_is_unknown_and_not_unset(body: str) -> None:
    with answering(200, body) as url:
        aws = aws_at(url)
        value = read_or_unknown(GET_RESERVED, lambda: reserved_concurrency(aws, "Fn"))
    assert isinstance(value, Unknown)
    assert (body or "empty") in value.reason


def test_a_connection_that_is_closed_is_unknown() -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{") as url:
        aws = aws_at(url)
        # One attempt in place of eight.
        once = Config(retries={"total_max_attempts": 1})
        aws._clients["lambda", None, None] = aws.session.client("lambda", endpoint_url=url, config=once)
        value = read_or_unknown(GET_RESERVED, lambda: reserved_concurrency(aws, "Fn"))
    assert isinstance(value, Unknown)
    assert GET_RESERVED in value.reason


def test_a_value_of_another_type_is_not_an_answer_of_aws() -> None:
    with answering(200, '{"FunctionCount": 1, "AccountUsage": []}') as url:
        aws = aws_at(url)
        with pytest.raises(UnreadableAnswer) as caught, aws_call("reading the settings"):
            aws.client("lambda").get_account_settings()
    assert (caught.value.code, caught.value.message.partition(":")[0]) == ("", "reading the settings")


def test_a_mistake_in_our_own_code_is_no_answer() -> None:
    with pytest.raises(KeyError), aws_call("reading nothing"):
        raise KeyError("ours")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"a\n\tb  c", "a b c"),
        (b"\x1b[31mred\x07\xe2\x80\xae", r"\x1b[31mred\x07\u202e"),
        (b"\xff\xfe", "��"),
        (b"x" * 1000, "x" * WORDS + "…"),
        (b" \n", "an empty body"),
    ],
)
def test_the_first_words_are_short_and_without_control_characters(body: bytes, expected: str) -> None:
    assert first_words(body) == expected
