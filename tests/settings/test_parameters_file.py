"""The forms of a parameters file, and how a mistake in one is named."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tapctl.errors import UsageError
from tapctl.settings.parameters_file import read
from tapctl.unknown import Unknown
from tests.support.golden import Golden


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestParametersFile:
    def given(self, folder: Path, content: object) -> Mapping[str, str | Unknown]:
        path = folder / "p.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return read(path).parameters

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            pytest.param({"A": "b", "N": 5, "T": True}, {"A": "b", "N": "5", "T": "true"}, id="a-map"),
            pytest.param({"L": ["a", 1], "E": []}, {"L": "a,1", "E": ""}, id="a-map-with-lists"),
            pytest.param({"Parameters": {"A": "b"}, "Tags": {"t": "x"}}, {"A": "b"}, id="a-map-as-codepipeline-has-it"),
            pytest.param([{"ParameterKey": "A", "ParameterValue": 5}], {"A": "5"}, id="pairs-as-create-stack-has-them"),
            pytest.param(["A=b", "C=d=e"], {"A": "b", "C": "d=e"}, id="texts-as-deploy-has-them"),
            pytest.param({}, {}, id="an-empty-map"),
            pytest.param([], {}, id="an-empty-list"),
        ],
    )
    def test_it_has_one_of_these_shapes(self, folder: Path, content: object, expected: dict[str, str]) -> None:
        assert self.given(folder, content) == expected

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param('"A=b"', id="a-text"),
            pytest.param("5", id="a-number"),
            pytest.param('["A"]', id="a-text-that-is-no-pair"),
            pytest.param("[[1]]", id="a-list-in-a-list"),
            pytest.param('["A=b", {"ParameterKey": "A"}]', id="half-a-pair"),
            pytest.param('{"A": {"b": 1}}', id="a-map-for-a-value"),
            pytest.param("{", id="cut-off"),
            pytest.param('[{"ParameterKey": "A", "ParameterValue": {}}]', id="a-map-in-a-pair"),
            pytest.param("[" * 100_000, id="deep"),
        ],
    )
    def test_another_shape_is_named(self, folder: Path, content: str, golden: Golden) -> None:
        with pytest.raises(UsageError) as caught:
            self.given(folder, content)
        golden(re.sub("is not JSON: .*", "is not JSON: …", caught.value.message))

    def test_a_missing_file(self, folder: Path, golden: Golden) -> None:
        with pytest.raises(UsageError) as caught:
            read(folder / "none.json")
        golden(caught.value)

    def test_bytes_that_are_not_utf_8(self, folder: Path, golden: Golden) -> None:
        (folder / "p.json").write_bytes(b'{"A": "\xff"}')
        with pytest.raises(UsageError) as caught:
            read(folder / "p.json")
        golden(caught.value)


@pytest.mark.parametrize(
    "entry", [pytest.param('{"ParameterKey": "Stage"}', id="a-map"), pytest.param('"Stage"', id="a-text")]
)
def test_the_hint_shows_the_form_of_the_invalid_entry(tmp_path: Path, entry: str, golden: Golden) -> None:
    (tmp_path / "p.json").write_text(f"[{entry}]")
    with pytest.raises(UsageError) as caught:
        read(tmp_path / "p.json")
    golden(caught.value)


@pytest.mark.parametrize("other", ['"Parameters": {"A": "b"}, ', '"StackPolicy": {}, ', ""])
def test_codepipeline_s_form_has_tags(tmp_path: Path, other: str) -> None:
    (tmp_path / "p.json").write_text(f'{{{other}"Tags": {{"team": "shop"}}}}')
    assert read(tmp_path / "p.json").tags == {"team": "shop"}


def test_a_parameter_may_have_the_name_of_a_section(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"Tags": "a,b"}')
    found = read(tmp_path / "p.json")
    assert (found.parameters, found.tags) == ({"Tags": "a,b"}, {})
