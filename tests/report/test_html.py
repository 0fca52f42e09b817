"""The page for people: what it shows of a preflight and of a verification, and that it needs nothing else."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tapctl.account.model import Quota
from tapctl.concurrency.result import Preflight
from tapctl.report import preflight, verify
from tapctl.report.render import RenderOptions
from tapctl.settings.settings import Settings
from tapctl.template.load import load
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.verify import Verification
from tapctl.workflows.preflight import judge
from tests.support.fake_account import fake_account
from tests.support.golden import Golden

OPTIONS = RenderOptions(80, color=False)
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
TEMPLATE = """\
Resources:
  Orders: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 100}}
  Billing:
    Type: AWS::Lambda::Function
    Properties:
      # <b>the limit</b>
      ReservedConcurrentExecutions: 40
  Table: {Type: AWS::DynamoDB::Table}
  Queue: {Type: AWS::IoT::Thing}
"""
TABLES = "dynamodb/L-F98FE922"


class Page(HTMLParser):
    """The page as a reader gets it: the text of each section by its heading, and the labels of the pictures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sections: dict[str, str] = {}
        self.labels: list[str] = []
        self.parts: list[str] = []
        self._heading: list[str] | None = None
        self._current = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "h2":
            self._heading = []
        if label := dict(attrs).get("aria-label"):
            self.labels.append(label)

    def handle_endtag(self, tag: str) -> None:
        if tag == "h2":
            self._current, self._heading = "".join(self._heading or ()), None

    def handle_data(self, data: str) -> None:
        if self._heading is not None:
            self._heading.append(data)
        elif self._current:
            self.sections[self._current] = self.sections.get(self._current, "") + data


def judged(folder: Path, text: str = TEMPLATE, unreserved: int = 170, **quotas: Quota) -> Preflight:
    (folder / "t.yaml").write_text(text)
    account = fake_account(1000, unreserved, quotas={TABLES: quotas.get("tables", Quota(10, 9))})
    return judge(load(str(folder / "t.yaml")), account, Settings("t.yaml", env="prod", stack_name="shop"))


def page(result: Preflight) -> str:
    return preflight.RENDERERS["html"](result, OPTIONS)


def test_the_page_shows_every_part_of_a_preflight(tmp_path: Path, golden: Golden) -> None:
    text = page(judged(tmp_path))
    sections = Page(text).sections

    headings = ["Concurrency headroom", "Functions", "Findings", "Remedy", "Other limits", "Not judged", "Permissions"]
    assert list(sections) == headings
    assert "(grade: " in sections["Concurrency headroom"]
    golden([line for line in sections["Concurrency headroom"].splitlines() if line.endswith("70")])
    assert all(name in sections["Functions"] for name in ("Orders", "Billing", "lower to"))
    assert "2  Orders: {Type: AWS::Lambda::Function" in sections["Findings"]
    assert "-      ReservedConcurrentExecutions: 40+      ReservedConcurrentExecutions: 20" in sections["Remedy"]
    assert "9 used, 1 more, of 10" in sections["Other limits"]
    assert "AWS::IoT::Thing" in sections["Not judged"]
    assert "dynamodb:" in sections["Permissions"]


def test_pictures_have_a_text(tmp_path: Path, golden: Golden) -> None:
    labels = Page(page(judged(tmp_path))).labels

    golden(labels[0])
    assert "9 used, 1 more, of 10" in labels


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("see https://a.b/c.", '<a href="https://a.b/c">https://a.b/c</a>.', id="the end of a sentence"),
        pytest.param("https://a.b/?x=1&y=2", '<a href="https://a.b/?x=1&amp;y=2">', id="a query"),
        pytest.param('https://a.b/"onclick="x', '<a href="https://a.b/">', id="a quote"),
        pytest.param("run `a <b>`", "run <code>a &lt;b&gt;</code>", id="code"),
    ],
)
def test_a_sentence_has_links_and_code(text: str, shown: str) -> None:
    checks = (Check("Queue", CheckStatus.FAILED, text),)

    assert shown in verify.RENDERERS["html"](Verification("shop", checks), OPTIONS)


def test_the_source_is_shown_as_text(tmp_path: Path) -> None:
    text = page(judged(tmp_path))

    assert "<b>the limit</b>" not in text
    assert "# &lt;b&gt;the limit&lt;/b&gt;" in text


def test_the_page_loads_and_runs_nothing(tmp_path: Path) -> None:
    text = page(judged(tmp_path))

    assert "default-src 'none'" in text
    assert not re.search(r"<script|<img|<link|<iframe|@import|url\(|\ssrc=|\son\w+=", text)


@pytest.mark.parametrize(
    ("unreserved", "marks"),
    [
        pytest.param(10_000, ["width:0.00%", "width:1.40%"], id="fits"),
        pytest.param(170, ["width:83.00%", "width:14.00%"], id="exceeds"),
        pytest.param(100, ["width:86.54%", "width:13.46%", "left:96.15%"], id="beyond the limit"),
    ],
)
def test_the_bar_is_in_proportion(unreserved: int, marks: list[str], tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    account = fake_account(max(1000, unreserved), unreserved)
    text = page(judge(load(str(tmp_path / "t.yaml")), account, Settings("t.yaml")))

    bar = text[text.index('<div class="bar">') : text.index('<ul class="legend">')]
    assert [mark for mark in marks if mark not in bar] == [], bar


def test_a_remedy_that_is_no_edit_is_explained(tmp_path: Path) -> None:
    loop = (
        "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::F: [N, [A, B], {'F${N}': {Type: AWS::Lambda::"
    )
    loop += "Function, Properties: {ReservedConcurrentExecutions: !FindInMap [M, !Ref N, S]}}}]\n"
    loop += "Mappings: {M: {A: {S: '200'}, B: {S: '300'}}}\n"
    sections = Page(page(judged(tmp_path, loop))).sections

    assert "Remedy" in sections


def test_a_verification_has_its_failures_and_what_it_proved() -> None:
    checks = (
        Check("Queue", CheckStatus.FAILED, "it is gone"),
        Check("Table", CheckStatus.PROVED, "it is as in the template"),
        Check("Key", CheckStatus.NOT_CHECKED, "access denied"),
    )
    text = verify.RENDERERS["html"](Verification("shop", checks), OPTIONS)
    sections = Page(text).sections

    assert "Not verified" in text
    assert "it is gone" in sections["Findings"]
    assert sections["Not checked"].strip() == "Key: access denied"
    assert "Table" in sections["1 proved"]


@pytest.mark.install
def test_axe_finds_nothing(tmp_path: Path) -> None:
    """In a browser, in both schemes and at the width of a phone, with axe-core from npm."""
    subprocess.run(["npm", "install", "--silent", "axe-core@4"], cwd=tmp_path, check=True, timeout=300)
    axe = (tmp_path / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    many = replace(judged(tmp_path), env="prod")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page(many))
    script = "<script>%s</script><script>axe.run().then(r => { document.title = 'done'; document.body.textContent ="
    script += " JSON.stringify(r.violations.map(v => [v.id, v.nodes.map(n => n.html)])); });</script></body>"
    (tmp_path / "axe.html").write_text(text.replace("</body>", script % axe), encoding="utf-8")
    assert BROWSER is not None, "install Chromium or Chrome"
    for scheme in ("0", "1"):
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=390,2000", "--dump-dom"]
        arguments += [f"--blink-settings=preferredColorScheme={scheme}", "--virtual-time-budget=20000"]
        command = [BROWSER, *arguments, f"file://{tmp_path}/axe.html"]
        dom = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
        body = re.search(r"<body>(.*)</body>", dom, re.DOTALL)
        assert "<title>done</title>" in dom
        assert body is not None
        assert json.loads(body[1]) == []
