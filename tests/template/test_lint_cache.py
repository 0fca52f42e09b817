"""A text in which cfn-lint found nothing is not linted again."""

import json
from pathlib import Path

import pytest

from tapctl.template import lint
from tapctl.template.nested import with_nested
from tapctl.template.parse import parse
from tapctl.template.source import Source

CLEAN = "Resources: {T: {Type: AWS::SNS::Topic}}\n"
NESTED = "Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml}}}\n"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(place: Path, text: str) -> Source:
    (place / "t.yaml").write_text(text)
    return parse(text, "t.yaml")


def linted(source: Source, region: str | None = "eu-west-1") -> tuple[bool, list[str]]:
    """Whether cfn-lint was run, and the rules that it matched."""
    with lint.start(source, region) as running:
        return running.process is not None, [each.rule for each in running.matches()]


def test_it_is_asked_once_for_a_text_and_a_region(place: Path) -> None:
    source = written(place, CLEAN)
    assert linted(source) == (True, [])
    assert linted(source) == (False, [])
    assert linted(source, "us-east-1") == (True, [])
    known = json.loads((place / "state" / lint.CACHE_FILE).read_text())
    assert known == [lint.cache_key([source], region) for region in ("eu-west-1", "us-east-1")]


def test_one_that_is_ready_is_sent_away_where_nothing_would_be_found(place: Path) -> None:
    source = written(place, CLEAN)
    with lint.boot() as ready:
        ready.begin(source, None)
        assert ready.matches() == ()
    with lint.boot() as ready:
        ready.begin(source, None)
        assert ready.process is None


def test_one_that_was_never_asked_is_ended(place: Path) -> None:
    with lint.boot() as ready:
        process = ready.process
    assert process
    assert process.returncode is not None


def test_a_finding_is_found_again(place: Path) -> None:
    source = written(place, "Resources: {T: {Type: AWS::SNS::Topic, Properties: {No: 1}}}\n")
    assert linted(source) == linted(source) == (True, ["E3002"])


@pytest.mark.parametrize("name", [".cfnlintrc", ".cfnlintrc.yml"])
def test_under_a_configuration_nothing_is_remembered(place: Path, name: str) -> None:
    (place / name).write_text("")
    assert lint.cache_key([written(place, CLEAN)], None) is None


def test_a_template_with_parts_elsewhere_is_not_known_by_its_text(place: Path) -> None:
    assert lint.cache_key([written(place, "Resources: {M: {Type: My::Own::Part::MODULE}}\n")], None) is None


def test_a_nested_template_is_linted_with_its_own_name_and_known_by_its_text(place: Path) -> None:
    source = written(place, NESTED)
    (place / "child.yaml").write_text(CLEAN)
    assert linted(source) == (True, [])
    assert linted(source) == (False, [])
    (place / "child.yaml").write_text("Resources: {T: {Type: AWS::SNS::Topic, Properties: {No: 1}}}\n")
    with lint.start(source, None) as running:
        assert [(each.file, each.line, each.rule) for each in running.matches()] == [("child.yaml", 1, "E3002")]


def test_templates_that_nest_each_other_are_linted_once_each(place: Path) -> None:
    (place / "child.yaml").write_text(NESTED.replace("child", "t"))
    assert [each.file for each in with_nested(written(place, NESTED))] == ["t.yaml", "child.yaml"]


def test_a_nested_template_that_cannot_be_read_is_left_out(place: Path) -> None:
    (place / "child.yaml").write_text("hello")
    assert [each.file for each in with_nested(written(place, NESTED))] == ["t.yaml"]


@pytest.mark.parametrize("kept", ["{", "[1, 2]", "{}", "null"])
def test_what_cannot_be_used_says_nothing(place: Path, kept: str) -> None:
    (place / "state").mkdir()
    (place / "state" / lint.CACHE_FILE).write_text(kept)
    assert not lint.is_known("a")
    lint.remember("a")
    assert lint.is_known("a")


def test_only_the_newest_are_kept(place: Path) -> None:
    for number in range(lint.CACHE_SIZE + 1):
        lint.remember(str(number))
    assert not lint.is_known("0")
    assert lint.is_known(str(lint.CACHE_SIZE))


def test_where_nothing_can_be_kept_nothing_fails(place: Path) -> None:
    (place / "state").write_text("a file, no folder")
    lint.remember("a")
    assert not lint.is_known("a")
