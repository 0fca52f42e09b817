"""`tapctl config show`: each setting with the place that sets it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Tapctl
from tests.support.golden import Golden
from tests.support.schemas import breaches

FILE = """\
template = "t.yaml"
stack_name = "orders-{env}"
[defaults]
remedy = "fail"
[defaults.parameters]
Size = 1
Team = "shop"
[defaults.minimum]
Fn = 5
[env.prod]
region = "eu-west-1"
account = "123456789012"
[env.prod.parameters]
Size = 2
Token = { env = "THE_TOKEN" }
Secret = "plain-secret"
[verify.outputs]
Url = "https.*"
"""
TEMPLATE = """\
Parameters: {Size: {Type: Number}, Team: {Type: String}, Token: {Type: String}, Secret: {Type: String, NoEcho: true}}
Resources: {T: {Type: AWS::SNS::Topic}}
"""


@pytest.fixture
def project(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (workdir / "tapctl.toml").write_text(FILE)
    (workdir / "t.yaml").write_text(TEMPLATE)
    monkeypatch.setenv("THE_TOKEN", "hush-hush")
    return workdir


def shown(tapctl: Tapctl, *arguments: str) -> dict[str, tuple[Any, str]]:
    answer = tapctl("config", "show", "--format", "json", *arguments)
    assert answer.code == 0, answer
    document = json.loads(answer.out)
    assert (document["schema"], breaches(document)) == ("tapctl.config/1", [])
    return {entry["key"]: (entry["value"], entry["from"]) for entry in document["settings"]}


@pytest.mark.usefixtures("project")
def test_each_value_has_the_place_that_sets_it(tapctl: Tapctl, golden: Golden) -> None:
    rows = shown(tapctl, "--env", "prod", "--min-unreserved", "20", "-p", "Team=web")

    assert (rows["template"][0], rows["stack_name"][0]) == ("t.yaml", "orders-prod")
    golden({key: place for key, (_, place) in rows.items()})
    assert rows["region"] == ("eu-west-1", "[env.prod]")
    assert rows["remedy"] == ("fail", "[defaults]")
    assert rows["min_unreserved"] == (20, "--min-unreserved")
    assert rows["protected"] == (False, "default")
    assert rows["parameters.Size"] == ("2", "[env.prod]") or rows["parameters.Size"] == (2, "[env.prod]")
    assert rows["parameters.Team"] == ("web", "--parameter")
    assert rows["minimum.Fn"] == (5, "[defaults]")
    assert rows["verify.outputs"] == ("set", "[verify]")


@pytest.mark.usefixtures("project")
def test_secrets_are_not_shown(tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("config", "show", "--env", "prod")

    assert "hush" not in answer.out + answer.err
    assert "plain-secret" not in answer.out
    golden(answer.out)


def test_a_variable_that_is_not_set_is_no_error(project: Path, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THE_TOKEN")

    assert shown(tapctl, "--env", "prod")["parameters.Token"] == ("variable THE_TOKEN, not set", "[env.prod]")


def test_the_variables_of_aws_are_named(workdir: Path, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-north-1")

    rows = shown(tapctl)
    assert rows["region"] == ("eu-north-1", "variable AWS_REGION")
    assert rows["profile"] == (None, "default")


@pytest.mark.usefixtures("project")
def test_an_option_beats_the_file(tapctl: Tapctl) -> None:
    rows = shown(tapctl, "--env", "prod", "--region", "us-east-1", "--stack-name", "mine")

    assert rows["region"] == ("us-east-1", "--region")
    assert rows["stack_name"] == ("mine", "--stack-name")


def test_a_missing_environment_is_refused(tapctl: Tapctl) -> None:
    assert tapctl("config", "show", "--env", "nope").is_error(2)


def test_a_value_other_than_text_is_shown_as_json(workdir: Path, tapctl: Tapctl, golden: Golden) -> None:
    own = '[[limits.own]]\ntype = "AWS::IoT::Thing"\nquota = "iot/L-00000001"\ncount = 1\n'
    (workdir / "tapctl.toml").write_text(own)
    answer = tapctl("config", "show")
    assert answer.code == 0, answer
    golden(answer.out)


def test_the_snapshot_and_its_age_are_shown_as_the_file_has_them(workdir: Path, tapctl: Tapctl) -> None:
    (workdir / "tapctl.toml").write_text(
        '[defaults]\nmax_age = "90d"\n[env.ci]\nsnapshot = "ci.json"\nmax_age = "7d"\n'
    )

    assert shown(tapctl)["max_age"] == ("90d", "[defaults]")
    assert shown(tapctl, "--env", "ci")["max_age"] == ("7d", "[env.ci]")
    assert shown(tapctl, "--env", "ci")["snapshot"] == ("ci.json", "[env.ci]")
    assert tapctl("config", "show", "--env", "ci").code == 0
