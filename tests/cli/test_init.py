"""`tapctl init`: what it finds, what it proposes, and that it overwrites nothing."""

import json
from pathlib import Path

import pytest
import yaml

from tapctl.settings.config_file import load
from tapctl.settings.verify_section import FromEnvironment
from tests.cli.conftest import Tapctl
from tests.support.golden import Golden

TEMPLATE = """\
Parameters:
  Size: {Type: Number}
  Name: {Type: String}
  ApiToken: {Type: String, NoEcho: true}
  Kept: {Type: String, Default: x}
Resources: {T: {Type: AWS::SNS::Topic}}
"""
SAM = """\
version = 0.1
[staging.global.parameters]
stack_name = "shop-staging"
[staging.deploy.parameters]
region = "eu-west-1"
capabilities = "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND"
parameter_overrides = 'Size="5" Name="two words" ApiToken=hush'
tags = ["team=shop", "cost=1"]
resolve_s3 = true
[prod.deploy.parameters]
stack_name = "shop-prod"
template_file = "app.yaml"
region = "eu-central-1"
role_arn = "arn:aws:iam::123456789012:role/cfn"
on_failure = "ROLLBACK"
"""
CDK = {"app": "node app.js", "profile": "dev", "tags": [{"Key": "team", "Value": "shop"}]}


@pytest.fixture
def sam(workdir: Path) -> Path:
    (workdir / "template.yaml").write_text(TEMPLATE)
    (workdir / "app.yaml").write_text(TEMPLATE)
    (workdir / "samconfig.toml").write_text(SAM)
    (workdir / "parameters").mkdir()
    (workdir / "parameters" / "params-prod.json").write_text('[{"ParameterKey": "Size", "ParameterValue": "9"}]')
    (workdir / "parameters" / "other.json").write_text('{"NotOfThisTemplate": "1"}')
    return workdir


def test_the_values_of_samconfig_and_of_parameter_files_are_taken(sam: Path, tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("init", "--yes")

    assert answer.code == 0
    file = load(sam / "tapctl.toml")
    assert (file.stack_name, file.env["prod"].parameters["Size"]) == ("shop-{env}", "9")
    golden([(sam / "tapctl.toml").read_text(), answer.err])
    assert "hush" not in (sam / "tapctl.toml").read_text()


def test_a_single_environment_of_sam_sets_the_defaults(workdir: Path, tapctl: Tapctl) -> None:
    (workdir / "template.yaml").write_text("Resources: {T: {Type: AWS::SNS::Topic}}")
    (workdir / "samconfig.toml").write_text('[default.deploy.parameters]\nstack_name = "shop"\nregion = "eu-west-1"\n')
    tapctl("init", "--yes")

    file = load(workdir / "tapctl.toml")
    assert (file.stack_name, file.defaults.region, list(file.env)) == ("shop", "eu-west-1", ["local"])


def test_the_settings_of_cdk_json_are_proposed(workdir: Path, tapctl: Tapctl) -> None:
    (workdir / "cdk.json").write_text(json.dumps(CDK))
    tapctl("init", "--yes")

    file = load(workdir / "tapctl.toml")
    assert (file.template, file.defaults.profile, file.defaults.tags) == ("cdk.out", "dev", {"team": "shop"})


def test_a_template_is_found_by_its_content(workdir: Path, tapctl: Tapctl) -> None:
    (workdir / "infra").mkdir()
    (workdir / "infra" / "shop.yaml").write_text(TEMPLATE)
    (workdir / "infra" / "values.yaml").write_text("Resources: none\n")
    tapctl("init", "--yes")

    text = (workdir / "tapctl.toml").read_text()
    assert load(workdir / "tapctl.toml").template == "infra/shop.yaml"
    assert "# parameters.Size" in text
    assert "values.yaml" not in text


def test_a_parameter_without_a_default_has_a_place_in_the_only_environment(
    workdir: Path, tapctl: Tapctl, golden: Golden
) -> None:
    (workdir / "template.yaml").write_text(TEMPLATE)

    answer = tapctl("init", "--yes")
    file = load(workdir / "tapctl.toml")
    assert file.env["local"].parameters == {"ApiToken": FromEnvironment(env="API_TOKEN")}
    golden([(workdir / "tapctl.toml").read_text(), answer.err])
    lines = (workdir / "tapctl.toml").read_text().splitlines()
    filled = [line.removeprefix("# ") if line.startswith(("# Size", "# Name")) else line for line in lines]
    (workdir / "tapctl.toml").write_text("\n".join(filled))
    assert set(load(workdir / "tapctl.toml").env["local"].parameters) == {"Size", "Name", "ApiToken"}


def test_a_parameter_of_all_environments_is_asked_for_once(workdir: Path, tapctl: Tapctl, golden: Golden) -> None:
    (workdir / "template.yaml").write_text(TEMPLATE)
    (workdir / "samconfig.toml").write_text('[default.deploy.parameters]\nregion = "eu-west-1"\n')

    answer = tapctl("init", "--yes")
    golden([line for line in answer.err.splitlines() if line.startswith("next: ")])
    assert (workdir / "tapctl.toml").read_text().count("# Size") == 1


def test_an_empty_folder_gets_the_smallest_file(workdir: Path, tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("init", "--yes")

    golden([(workdir / "tapctl.toml").read_text(), answer.err])


@pytest.mark.parametrize("names", [("Shop",), ("Shop", "Data")])
def test_the_stacks_of_an_app_keep_their_names(
    names: tuple[str, ...], workdir: Path, tapctl: Tapctl, golden: Golden
) -> None:
    stack = "aws:cloudformation:stack"
    artifacts = {name: {"type": stack, "properties": {"templateFile": f"{name}.json"}} for name in names}
    (workdir / "cdk.json").write_text(json.dumps(CDK))
    (workdir / "cdk.out").mkdir()
    (workdir / "cdk.out" / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    for name in names:
        (workdir / "cdk.out" / f"{name}.json").write_text('{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}')

    answer = tapctl("init", "--yes")
    golden([(workdir / "tapctl.toml").read_text(), answer.err])


def test_an_app_that_was_not_synthesised_is_synthesised_next(workdir: Path, tapctl: Tapctl, golden: Golden) -> None:
    (workdir / "cdk.json").write_text(json.dumps(CDK))

    answer = tapctl("init", "--yes")
    golden([answer.err, tapctl("demand").err])


def test_nothing_is_overwritten(sam: Path, tapctl: Tapctl, golden: Golden) -> None:
    (sam / "tapctl.toml").write_text("# mine\n")
    workflow = sam / ".github" / "workflows" / "tapctl.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text("# mine\n")

    answer = tapctl("init", "--yes", "--ci")
    assert answer.code == 0
    golden(answer.err)
    assert [path.read_text() for path in (sam / "tapctl.toml", workflow)] == ["# mine\n", "# mine\n"]


def test_a_section_of_pyproject_is_a_configuration(sam: Path, tapctl: Tapctl, golden: Golden) -> None:
    (sam / "pyproject.toml").write_text("[tool.tapctl]\n")

    golden(tapctl("init", "--yes").err)
    assert not (sam / "tapctl.toml").exists()


def test_without_a_terminal_it_shows_the_proposal_and_writes_nothing(sam: Path, tapctl: Tapctl) -> None:
    answer = tapctl("init")

    assert (answer.code, answer.out) == (2, "")
    assert 'stack_name = "shop-{env}"' in answer.err
    assert not (sam / "tapctl.toml").exists()


def test_the_workflow_runs_each_environment(sam: Path, tapctl: Tapctl, golden: Golden) -> None:
    tapctl("init", "--yes", "--ci")

    text = (sam / ".github" / "workflows" / "tapctl.yml").read_text()
    job = yaml.safe_load(text)["jobs"]["preflight"]
    targets = [{"env": "staging", "region": "eu-west-1"}, {"env": "prod", "region": "eu-central-1"}]
    assert job["strategy"]["matrix"]["include"] == targets
    assert job["steps"][-1]["with"] == {"env": "${{ matrix.env }}"}
    golden(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [("samconfig.toml", "[default\n"), ("cdk.json", "{"), ("samconfig.toml", "\udcff")],
    ids=["samconfig", "cdk", "not UTF-8"],
)
def test_a_broken_file_is_named(name: str, text: str, workdir: Path, tapctl: Tapctl) -> None:
    (workdir / name).write_bytes(text.encode(errors="surrogateescape"))

    answer = tapctl("init", "--yes")
    assert answer.is_error(2)
    assert name in answer.err
    assert not (workdir / "tapctl.toml").exists()


def test_a_value_that_tapctl_refuses_is_named(workdir: Path, tapctl: Tapctl) -> None:
    (workdir / "samconfig.toml").write_text(
        '[prod.deploy.parameters]\nregion = "eu-west-1"\ncapabilities = "CAPABILITY_ALL"\n'
    )

    answer = tapctl("init", "--yes")
    assert answer.is_error(2)
    assert "capabilities" in answer.err


def test_a_name_cannot_leave_its_comment(workdir: Path, tapctl: Tapctl) -> None:
    (workdir / "template.yaml").write_text(TEMPLATE)
    (workdir / "x\n[env.evil]\n#.yaml").write_text(TEMPLATE)
    tapctl("init", "--yes")

    assert "evil" not in load(workdir / "tapctl.toml").env
