"""cfn-lint over templates, and the cache of those in which it found nothing."""

import json
from pathlib import Path

import pytest

from tapctl.errors import TapctlError, UsageError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.template import lint
from tapctl.template.cfn_lint_process import powers
from tapctl.template.model import Source
from tapctl.template.nested import with_nested
from tapctl.template.parse import parse

CLEAN = "Resources: {T: {Type: AWS::SNS::Topic}}\n"
FAULTY_TOPIC = "{Type: AWS::SNS::Topic, Properties: {No: 1}}"
FAULTY = f"Resources: {{T: {FAULTY_TOPIC}}}\n"
STACK = "{{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {}}}}}"
NESTED = f"Resources: {{S: {STACK.format('child.yaml')}}}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path, text: str) -> Source:
    (folder / "t.yaml").write_text(text)
    return parse(text, "t.yaml")


def linted(source: Source, region: str | None = "eu-west-1") -> tuple[bool, list[str]]:
    """Whether cfn-lint ran, and the rules that matched."""
    with lint.start(source, region) as linting:
        return linting.process is not None, [match.rule for match in linting.matches()]


def test_a_clean_text_is_linted_once_per_region(folder: Path) -> None:
    # A folder named like cfn-lint beside the template is not imported.
    (folder / "cfnlint").mkdir()
    (folder / "cfnlint" / "__init__.py").write_text("raise SystemExit(9)")
    source = written(folder, CLEAN)
    with lint.boot() as ready:
        ready.begin(source, "eu-west-1")
        assert ready.process
        assert ready.matches() == ()
    assert linted(source) == (False, [])
    keys = json.loads((folder / "state" / lint.CACHE_FILE).read_text())
    assert keys == [lint.cache_key([source], "eu-west-1")]
    assert not lint.is_clean(lint.cache_key([source], "us-east-1"))


def test_a_ready_process_ends_where_the_text_is_known_to_be_clean(folder: Path) -> None:
    source = written(folder, CLEAN)
    lint.remember_clean(lint.cache_key([source], None) or "")
    with lint.boot() as ready:
        ready.begin(source, None)
        assert ready.process is None


def test_a_ready_process_ends_with_the_block(folder: Path) -> None:
    with lint.boot() as ready:
        process = ready.process
    assert process
    assert process.returncode is not None


def test_a_text_with_matches_is_not_known_to_be_clean(folder: Path) -> None:
    """A nested template is linted under its name, and a key that is given twice is no match."""
    (folder / "child.yaml").write_text(FAULTY)
    (folder / "twice.yaml").write_text("Resources: {T: {Type: AWS::SNS::Topic, Type: AWS::SQS::Queue}}\n")
    twice = f"S2: {STACK.format('twice.yaml')}"
    source = written(folder, f"Resources: {{S: {STACK.format('child.yaml')}, {twice}, T: {FAULTY_TOPIC}}}\n")
    with lint.start(source, "eu-west-1") as linting:
        assert linting.process
        found = sorted((match.file, match.line, match.rule) for match in linting.matches())
    assert found == [("child.yaml", 1, "E3002"), ("t.yaml", 1, "E3002")]
    for sources in ([source], with_nested(source)):
        assert not lint.is_clean(lint.cache_key(sources, "eu-west-1"))


@pytest.mark.parametrize("name", [".cfnlintrc", ".cfnlintrc.yml"])
def test_with_a_configuration_file_nothing_is_cached(folder: Path, name: str) -> None:
    (folder / name).write_text("")
    assert lint.cache_key([written(folder, CLEAN)], None) is None


def test_a_template_that_includes_other_files_is_not_cached(folder: Path) -> None:
    assert lint.cache_key([written(folder, "Resources: {M: {Type: My::Own::Type::MODULE}}\n")], None) is None


def test_a_nested_template_is_cached_by_its_text(folder: Path) -> None:
    source = written(folder, NESTED)
    (folder / "child.yaml").write_text(CLEAN)
    lint.remember_clean(lint.cache_key(with_nested(source), "eu-west-1") or "")
    assert linted(source) == (False, [])
    (folder / "child.yaml").write_text(FAULTY)
    with lint.start(source, "eu-west-1") as linting:
        assert linting.process
        assert linting.key == lint.cache_key(with_nested(source), "eu-west-1")


def test_templates_that_nest_each_other_are_linted_once_each(folder: Path) -> None:
    (folder / "child.yaml").write_text(NESTED.replace("child", "t"))
    assert [source.file for source in with_nested(written(folder, NESTED))] == ["t.yaml", "child.yaml"]


def test_an_unreadable_nested_template_is_skipped(folder: Path) -> None:
    (folder / "child.yaml").write_text("hello")
    assert [source.file for source in with_nested(written(folder, NESTED))] == ["t.yaml"]


@pytest.mark.parametrize("content", ["{", "[1, 2]", "{}", "null"])
def test_an_invalid_cache_is_empty(folder: Path, content: str) -> None:
    (folder / "state").mkdir()
    (folder / "state" / lint.CACHE_FILE).write_text(content)
    assert not lint.is_clean("a")
    lint.remember_clean("a")
    assert lint.is_clean("a")


def test_the_cache_keeps_the_newest(folder: Path) -> None:
    for number in range(lint.CACHE_SIZE + 1):
        lint.remember_clean(str(number))
    assert not lint.is_clean("0")
    assert lint.is_clean(str(lint.CACHE_SIZE))


def test_an_unwritable_cache_is_no_error(folder: Path) -> None:
    (folder / "state").write_text("a file, no folder")
    lint.remember_clean("a")
    assert not lint.is_clean("a")


def test_a_configuration_that_cfn_lint_refuses_is_an_error(folder: Path) -> None:
    (folder / ".cfnlintrc").write_text("{")
    with lint.start(written(folder, CLEAN), None) as linting, pytest.raises(TapctlError) as caught:
        linting.matches()
    assert caught.value.hint == advise(JudgementAdvice.RUN_CFN_LINT)


RULE = """\
from cfnlint.rules import CloudFormationLintRule

open("ran", "w")


class Own(CloudFormationLintRule):
    id, shortdesc, description, source_url, tags = "E9999", "own", "own", "", []
"""


def with_own_rules(folder: Path, name: str, configuration: str) -> Source:
    (folder / "rules").mkdir()
    (folder / "rules" / "Own.py").write_text(RULE)
    (folder / name).write_text(configuration)
    return written(folder, CLEAN)


@pytest.fixture
def home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that is not the working folder."""
    (folder / "home").mkdir()
    monkeypatch.setenv("HOME", str(folder / "home"))
    return folder / "home"


@pytest.mark.parametrize(
    ("name", "configuration", "key"),
    [
        pytest.param(".cfnlintrc", "append_rules: [rules]", "append_rules", id="rules"),
        pytest.param(
            ".cfnlintrc.yaml", "{ignore_checks: [W1], custom_rules: own.txt}", "custom_rules", id="custom rules"
        ),
        pytest.param(".cfnlintrc.yml", '"override_spec": spec.json', "override_spec", id="specification"),
        pytest.param(".cfnlintrc", "registry_schemas: [schemas]", "registry_schemas", id="schemas"),
        pytest.param(".cfnlintrc", "output_file: t.yaml", "output_file", id="a file to write"),
        pytest.param(".cfnlintrc", "x: &x {append_rules: [rules]}\n<<: *x", "append_rules", id="merged"),
    ],
)
def test_configuration_that_loads_code_is_found(folder: Path, name: str, configuration: str, key: str) -> None:
    (folder / name).write_text(configuration)
    assert list(powers()) == [(name, key)]


def test_configuration_that_loads_code_ends_the_process_before_it_is_loaded(folder: Path, home: Path) -> None:
    source = with_own_rules(folder, ".cfnlintrc", "append_rules: [rules]")

    with pytest.raises(UsageError, match=r"\.cfnlintrc sets `append_rules`") as refused:
        linted(source)
    assert refused.value.hint == advise(JudgementAdvice.TRUST_CFN_LINT_CONFIGURATION)
    assert not (folder / "ran").exists()


def test_configuration_that_is_trusted_loads_code(folder: Path, home: Path) -> None:
    source = with_own_rules(folder, ".cfnlintrc", "append_rules: [rules]")
    with lint.start(source, None, trusted=True) as linting:
        assert linting.matches() == ()

    assert (folder / "ran").exists()


@pytest.mark.parametrize(
    ("configuration", "left", "without"),
    [
        pytest.param("ignore_checks: [W] # why\n", "ignore_checks: [W] # why\n", (), id="as it is"),
        pytest.param(
            "ignore_checks: [W]\nappend_rules: [rules]\n", '{"ignore_checks": ["W"]}', ("append_rules",), id="rules"
        ),
        pytest.param(
            "x: &x {append_rules: [rules]}\n<<: *x",
            '{"x": {"append_rules": ["rules"]}}',
            ("append_rules",),
            id="merged",
        ),
        pytest.param(
            '{"output_file": "t.yaml", "override_spec": "s"}', "{}", ("override_spec", "output_file"), id="JSON"
        ),
        pytest.param("[append_rules]", "[append_rules]", (), id="a list"),
        pytest.param("{", "{", (), id="no YAML"),
        pytest.param("", "", (), id="nothing"),
    ],
)
def test_settings_that_a_trusted_configuration_keeps(configuration: str, left: str, without: tuple[str, ...]) -> None:
    assert lint.without_powers(configuration) == (left, without)


def test_settings_kept_of_a_configuration_are_used(folder: Path, home: Path) -> None:
    own = "append_rules: [rules]\nignore_checks: [E3002]\n"
    with_own_rules(folder, ".cfnlintrc", own)
    with lint.start(written(folder, FAULTY), None, configuration=lint.without_powers(own)[0]) as linting:
        assert linting.matches() == ()

    assert not (folder / "ran").exists()


def test_configuration_that_loads_no_code_is_used_beside_the_users_own_at_home(folder: Path, home: Path) -> None:
    with_own_rules(folder, "home/.cfnlintrc", "append_rules: [rules]")
    (folder / ".cfnlintrc").write_text("ignore_checks: [E3002]")

    assert linted(written(folder, FAULTY)) == (True, [])
    assert (folder / "ran").exists()
