"""A value of `{ env = "NAME" }` comes back in no output, whatever it looks like there."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapctl.report.escaping import harmless, one_line
from tapctl.settings.options import AccountOptions, TemplateOptions
from tapctl.settings.settings import read
from tapctl.state import redaction
from tapctl.state.redaction import REDACTED


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    redaction.forget()
    yield
    redaction.forget()


@pytest.mark.parametrize("value", ["hunter2-x", 'qu"ote\nline', "ümlaut", "a<b&c|d", "back\\slash"])
def test_a_hidden_value_is_in_no_text_and_in_no_document(value: str) -> None:
    redaction.hide(value)

    assert one_line(f"parameter Key: {value} is wrong") == f"parameter Key: {REDACTED} is wrong"
    for ascii_only in (True, False):
        text = harmless(json.dumps({"message": f"<{value}>"}, ensure_ascii=ascii_only))
        assert json.loads(text) == {"message": f"<{REDACTED}>"}


@pytest.mark.parametrize("value", ["", "x1", "true", "False", "null", "1000", "-1.5"])
def test_a_value_that_would_break_a_document_is_hidden_by_its_parameter_only(value: str) -> None:
    redaction.hide(value)

    assert harmless('{"a": true, "b": 1000, "c": "x1"}') == '{"a": true, "b": 1000, "c": "x1"}'


def test_the_key_of_a_document_stays() -> None:
    redaction.hide("findings")

    assert harmless('{"findings": "findings"}') == f'{{"findings": "{REDACTED}"}}'


def test_the_longest_of_several_values_is_replaced_first() -> None:
    redaction.hide("secret")
    redaction.hide("secret-and-more")

    assert one_line("secret-and-more secret") == f"{REDACTED} {REDACTED}"


def configured(folder: Path, value: str, monkeypatch: pytest.MonkeyPatch, *given: str) -> frozenset[str]:
    monkeypatch.setenv("A_VALUE", value)
    (folder / "tapctl.toml").write_text(
        'template = "t.yaml"\nstack_name = "shop-staging"\n[env.ci.parameters]\nKey = { env = "A_VALUE" }\n'
    )
    return read(AccountOptions(env="ci"), template=TemplateOptions(parameters=given), cwd=folder).hidden


def test_settings_hide_what_they_read_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert configured(tmp_path, "hunter2-x", monkeypatch) == {"Key"}
    assert one_line("hunter2-x") == REDACTED


def test_a_value_that_the_configuration_spells_itself_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert configured(tmp_path, "staging", monkeypatch) == {"Key"}
    assert one_line("stack shop-staging") == "stack shop-staging"


def test_a_value_of_the_command_line_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert configured(tmp_path, "hunter2-x", monkeypatch, "Key=other-value") == frozenset()
    assert one_line("other-value") == "other-value"


def test_the_stack_s_value_of_a_secret_parameter_is_hidden_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(tmp_path, "hunter3-x", monkeypatch)
    redaction.hide_deployed({"Key": "hunter2-x", "Other": "plain-text"})

    assert one_line("hunter2-x, plain-text") == f"{REDACTED}, plain-text"


def test_a_deployed_value_that_the_configuration_spells_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(tmp_path, "hunter3-x", monkeypatch)
    redaction.hide_deployed({"Key": "staging"})

    assert one_line("stack shop-staging") == "stack shop-staging"
