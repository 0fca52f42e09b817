"""What samconfig.toml, cdk.json and files of parameters say, also where they hold something else."""

import json
from pathlib import Path

import pytest

from tapctl.settings.other_tools import CDK, SAM, Env, cdk_config, sam_config, with_files


def test_an_environment_of_sam_has_what_its_commands_share(tmp_path: Path) -> None:
    (tmp_path / SAM).write_text(
        '[prod.global.parameters]\nregion = "eu-west-1"\nstack_name = "shop"\n'
        '[prod.deploy.parameters]\nparameter_overrides = "A=1 B=\\"two words\\""\ntags = ["t=x"]\nodd = 1\n'
    )
    ((template, envs, note),) = sam_config(tmp_path / SAM)
    env = Env({"region": "eu-west-1"}, {"A": "1", "B": "two words"}, {"t": "x"}, "shop", SAM)
    assert (template, envs, note) == ("", {"prod": env}, "samconfig.toml, prod: odd")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("default = 5", id="no-table"),
        pytest.param("[default]\ndeploy = 5", id="no-command"),
        pytest.param("[default.deploy]\nparameters = [1]", id="no-parameters"),
        pytest.param("[default.deploy.parameters]\ntags = 5", id="no-tags"),
    ],
)
def test_settings_that_sam_does_not_read_are_left_out(text: str, tmp_path: Path) -> None:
    (tmp_path / SAM).write_text(text)
    assert list(sam_config(tmp_path / SAM)) == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param([], id="a-list"),
        pytest.param({"tags": 5}, id="tags-that-are-a-number"),
        pytest.param({"tags": "abc"}, id="tags-that-are-a-text"),
        pytest.param({"tags": [5, None, {"Key": "a"}]}, id="entries-that-are-no-tags"),
        pytest.param({"notificationArns": "x", "profile": 5}, id="values-of-another-type"),
        pytest.param({"output": 5}, id="no-folder"),
    ],
)
def test_settings_that_the_cdk_does_not_read_are_left_out(content: object, tmp_path: Path) -> None:
    (tmp_path / CDK).write_text(json.dumps(content))
    assert list(cdk_config(tmp_path / CDK)) == [("cdk.out", {}, "")]


def test_a_file_of_parameters_is_an_environment_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "params-prod.json").write_text('{"Stage": "prod"}')
    (tmp_path / "params" / "other.json").write_text('{"Elsewhere": "x"}')
    (tmp_path / "params" / "broken.json").write_text("{")
    assert with_files(tmp_path, {}, {"Stage"}) == {
        "prod": Env(parameters={"Stage": "prod"}, source=str(Path("params", "params-prod.json")))
    }
