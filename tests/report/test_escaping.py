"""No text of others acts on a terminal, a CI runner or a page that shows a report: every format, both streams."""

import io
import json
import re
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from html.parser import HTMLParser
from random import Random
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tapctl.__main__ import complain
from tapctl.account.model import Account
from tapctl.aws.stacks import StackEvent
from tapctl.cli.options import FindingsFormat, FindingsOptions
from tapctl.cli.terminal import Terminal
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.errors import ExitCode
from tapctl.report import events, preflight, verify
from tapctl.report.escaping import harmless, one_line
from tapctl.report.render import RenderOptions
from tapctl.settings.settings import Settings
from tapctl.template.load import load
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.verify import Verification
from tapctl.workflows.preflight import judge
from tests.support.fake_account import fake_account
from tests.support.hints import noted
from tests.support.random_json import random_text

FORMATS = [member.value for member in FindingsFormat]
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
RUNNER = re.compile(r"##[\w.-]*\[")
TOKENS = (
    *("\n", "\r", "\x1b[31m", "\x1b]0;T\x07", "\x9b1m", "\u2028", "\u202e", "\ud800", "\x00", "\t", " "),
    *("::error::x", "::add-mask::x", "##[error]x", "##vso[task.x]", "#", ":"),
    *("<img src=x>", "&lt;", "`", "``", "|", "\\", "*", "_", "[a](http://x)", "![a](x)", "[bold]", "[/x]", "[link=x]"),
    *("]]>", "]", '"', "\\u003a", "{0}", "%0A", "$", "~", "x", "Fn"),
)


def text_of_others(random: Random) -> str:
    return random.choice(("".join(random.choices(TOKENS, k=random.randint(0, 9))), random_text(random, 20)))


texts = st.randoms(use_true_random=True).map(text_of_others)
PLAIN = RenderOptions(80, color=False)


def shown(text: str, format_: str) -> str:
    options = FindingsOptions(format=(format_,))
    with redirect_stdout(io.StringIO()) as stream:
        Terminal.of(options).result(text, annotates=format_ == FindingsFormat.GITHUB.value)
    return stream.getvalue()


def is_inert(text: str, commands: int = 0) -> bool:
    assert not FORBIDDEN.search(text), repr(text)
    assert not RUNNER.search(text), text
    assert sum(line.lstrip().startswith("::") for line in text.splitlines()) == commands, text
    return True


def is_valid(text: str, format_: str) -> bool:
    match format_:
        case "json" | "sarif" | "gitlab":
            json.loads(text)
        case "junit":
            Xml.fromstring(text)
        case "markdown":
            html = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
            kinds = Counter(token.type for block in html for token in [block, *(block.children or ())])
            assert not kinds.keys() & {"html_block", "html_inline", "link_open", "image", "em_open", "strong"}, text
            # A row of findings has three cells, one of functions five.
            assert kinds["td_open"] in (0, 3, 5, 8), text
        case "html":
            assert elements(text) <= ELEMENTS, elements(text) - ELEMENTS
    return True


ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "h1", "h2", "h3", "p"),
    *("div", "span", "strong", "em", "i", "b", "a", "code", "pre", "wbr", "ul", "li", "dl", "dt", "dd", "details"),
    *("summary", "table", "thead", "tbody", "tr", "th", "td"),
}
"""What a page is made of: no script, image, form or frame."""


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            assert name != "href" or str(value).startswith("https://"), value


def elements(page: str) -> set[str]:
    """The names of the elements, whose attributes run nothing and load nothing."""
    parser = _Elements()
    parser.feed(page)
    return parser.found


@settings(deadline=None)
@given(subject=texts, message=texts, hint=texts)
def test_a_check_is_data_in_every_format(subject: str, message: str, hint: str) -> None:
    check = Check(subject or "x", CheckStatus.NOT_CHECKED, message, noted(hint) if hint else None)
    checks = Verification("shop", (check,) if subject.split() else ())
    for format_ in FORMATS:
        note(format_)
        text = shown(verify.RENDERERS[format_](checks, PLAIN), format_)

        assert is_inert(text, commands=len(checks.checks) if format_ == "github" else 0)
        assert is_valid(text, format_)
        if format_ == "json" and checks.checks:
            assert [entry["message"] for entry in json.loads(text)["checks"]] == [message]


@pytest.fixture(scope="module")
def fitting(tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp("t") / "t.yaml"
    file.write_text("Resources: {Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 5}}}\n")
    return judge(load(str(file)), fake_account(1000, 900), Settings(str(file)))


@settings(deadline=None)
@given(name=texts, message=texts, rule=texts)
def test_a_finding_is_data_in_every_format(fitting: Any, name: str, message: str, rule: str) -> None:
    findings = (Finding(rule, Verdict.EXCEEDS, message, name, resources=(name,)),)
    changes = tuple(replace(change, logical_id=name) for change in fitting.changes)
    account: Account = replace(fitting.account, region=message)
    result = replace(fitting, findings=findings, changes=changes, account=account, coverage={name: 2})
    for format_ in FORMATS:
        note(format_)
        text = shown(preflight.RENDERERS[format_](result, PLAIN), format_)

        assert is_inert(text, commands=1 if format_ == "github" else 0)
        assert is_valid(text, format_)


@given(message=texts, hint=texts)
def test_messages_on_stderr_are_escaped(message: str, hint: str) -> None:
    event = StackEvent("1", "2026-01-01T00:00:00Z", hint, "T", "CREATE_FAILED", message, "id", "arn")
    with redirect_stderr(io.StringIO()) as stream:
        complain(message, noted(hint) if hint else None, ExitCode.USAGE)
        Terminal().message(message)
        Terminal().message(events.line(event))
        Terminal().show(events.as_json_line(event))

    assert is_inert(stream.getvalue())
    assert stream.getvalue().count("\n") == 4 + bool(hint)


@given(message=texts)
def test_a_text_keeps_its_lines_and_loses_its_commands(message: str) -> None:
    assert "\n" not in one_line(message)
    assert is_inert(harmless(message).replace("\t", "").replace("\r\n", "\n"))


def test_a_drawn_text_keeps_its_colours() -> None:
    assert harmless("\x1b[31mred\x1b[0m\n", coloured=True) == "\x1b[31mred\x1b[0m\n"
    assert harmless("\x1b[31m::error::x", coloured=True) == "\x1b[31m\\u003a:error::x"
    assert harmless("\x1b[31mred") == "\\u001b[31mred"
