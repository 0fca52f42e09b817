"""tapctl.toml, or [tool.tapctl] of pyproject.toml: which file is found, and its JSON Schema."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tapctl.errors import ConfigError
from tapctl.settings.config_file import File, find, load
from tests.support.golden import Golden

SECTION = (
    '[project]\nname = "shop"\n[tool.tapctl]\nstack_name = "shop-{env}"\n[tool.tapctl.env.dev]\nregion = "eu-west-1"\n'
)


def test_a_section_of_pyproject_has_the_keys_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(SECTION)
    (tmp_path / "src").mkdir()

    found = find(tmp_path / "src")
    assert found == tmp_path / "pyproject.toml"
    file = load(found)
    assert (file.stack_name, file.env["dev"].region) == ("shop-{env}", "eu-west-1")


@pytest.mark.parametrize("name", ["tapctl.toml", "pyproject.toml"])
def test_a_byte_order_mark_is_no_part_of_the_file(name: str, tmp_path: Path) -> None:
    text = SECTION if name == "pyproject.toml" else 'stack_name = "shop-{env}"\n'
    (tmp_path / name).write_text(text, encoding="utf-8-sig")

    found = find(tmp_path)
    assert found == tmp_path / name
    assert load(found).stack_name == "shop-{env}"


def test_the_file_wins_over_the_section_beside_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(SECTION)
    (tmp_path / "tapctl.toml").write_text("")

    assert find(tmp_path) == tmp_path / "tapctl.toml"


def test_the_nearest_of_both_is_taken(tmp_path: Path) -> None:
    (tmp_path / "tapctl.toml").write_text("")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "pyproject.toml").write_text(SECTION)

    assert find(tmp_path / "src") == tmp_path / "src" / "pyproject.toml"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[project]\ndependencies = ["tapctl"]\n', id="only a dependency"),
        pytest.param('[project\nname = "tapctl"\n', id="not TOML, and not the section"),
        pytest.param("tool = 3 # tapctl\n", id="tool is no table"),
    ],
)
def test_a_pyproject_without_the_section_is_skipped(text: str, tmp_path: Path) -> None:
    (tmp_path / "tapctl.toml").write_text("")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "pyproject.toml").write_text(text)

    assert find(tmp_path / "src") == tmp_path / "tapctl.toml"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[tool.tapctl]\nstack_name = \n", id="broken behind the section"),
        pytest.param('[tool]\ntapctl = "x"\n', id="no table"),
        pytest.param("[tool.tapctl]\nstack = 1\n", id="an unknown key"),
    ],
)
def test_a_wrong_section_is_refused(text: str, tmp_path: Path, golden: Golden) -> None:
    (tmp_path / "pyproject.toml").write_text(text)

    found = find(tmp_path)
    assert found is not None
    with pytest.raises(ConfigError) as refused:
        load(found)
    golden(re.sub(r"(TOML): .*", r"\1", refused.value.message))


def test_a_pyproject_that_is_named_needs_the_section(tmp_path: Path, golden: Golden) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("[project]\n")

    with pytest.raises(ConfigError) as refused:
        load(path)
    golden(refused.value)


ROOT = Path(__file__).parents[2]


def schema() -> Any:
    return json.loads((ROOT / "tapctl" / "schemas" / "tapctl.toml.json").read_text())


def is_valid(content: object) -> bool:
    return bool(Draft202012Validator(schema()).is_valid(content))


def test_the_schema_takes_the_repository_s_own_file() -> None:
    Draft202012Validator.check_schema(schema())
    assert is_valid(tomllib.loads((ROOT / "tapctl.toml").read_text()))


def test_the_schema_names_each_key_with_what_it_means() -> None:
    document = schema()

    assert document["properties"].keys() == File.model_fields.keys()
    for name in ("Environment", "FunctionConfig", "VerifyConfig"):
        assert all(entry.get("description") for entry in document["$defs"][name]["properties"].values()), name


@pytest.mark.parametrize(
    "content",
    [
        {"stack": "x"},
        {"env": {"dev": {"account": "12"}}},
        {"env": {"dev": {"remedy": "maybe"}}},
        {"defaults": {"min_unreserved": -1}},
    ],
    ids=str,
)
def test_the_schema_refuses_what_tapctl_refuses(content: object) -> None:
    assert not is_valid(content)
