"""tapctl.toml, the environment and the flags: who wins, and how a mistake is named."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tapctl.concurrency.remedy import RemedyMode
from tapctl.errors import ConfigError, ExitCode, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.limits import QuotaValue
from tapctl.limits.row import Call
from tapctl.settings.settings import Settings
from tests.settings.reading import read
from tests.support.golden import Golden, shown


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "tapctl.toml"
    path.write_text(text, encoding="utf-8")
    return path


def reading(folder: Path, text: str, **flags: Any) -> Settings:
    written(folder, text)
    return read(**{"template": "t.yaml", **flags})


def refused(folder: Path, text: str, **flags: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        reading(folder, text, **flags)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "\n" not in caught.value.message
    return caught.value


class TestFinding:
    def test_the_nearest_file_above_counts(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        written(folder, 'template = "stack/t.json"')
        (folder / "a" / "b").mkdir(parents=True)
        monkeypatch.chdir(folder / "a" / "b")
        assert read().template == "../../stack/t.json"

    def test_a_nearer_one_hides_it(self, folder: Path) -> None:
        written(folder, 'template = "far.json"')
        (folder / "a").mkdir()
        written(folder / "a", 'template = "near.json"')
        assert read(cwd=folder / "a").template == "a/near.json"

    def test_another_file_can_be_named(self, folder: Path) -> None:
        written(folder, 'template = "far.json"')
        (folder / "other.toml").write_text('template = "other.json"')
        assert read(config=folder / "other.toml").template == "other.json"

    def test_none_at_all_is_fine_when_the_template_is_named(self, folder: Path) -> None:
        assert read(template="t.yaml") == Settings("t.yaml")

    def test_a_template_is_required(self, folder: Path, golden: Golden) -> None:
        with pytest.raises(UsageError) as caught:
            read()
        golden(caught.value)

    def test_a_given_file_must_exist(self, folder: Path, golden: Golden) -> None:
        with pytest.raises(ConfigError) as caught:
            read(config=folder / "none.toml")
        golden(caught.value)

    def test_the_functions_paths_are_beside_the_file_and_may_be_switched_off(self, folder: Path) -> None:
        named = reading(folder, '[function]\nsource = "code"\nrequirements = "r.txt"\n', template="t.json").function
        off = reading(folder, "[function]\nrequirements = false\n", template="t.json").function

        assert (named.source, named.requirements) == ("code", "r.txt")
        assert (off.source, off.requirements) == (None, False)
        assert reading(folder, "[function]\nbytecode = true\n", template="t.json").function.bytecode

    def test_a_template_on_the_command_line_is_one_here(self, folder: Path) -> None:
        assert reading(folder, 'template = "far.json"', template="here.json").template == "here.json"


MISTAKES = {
    "a-key": 'colour = "x"',
    "a-key-of-an-environment": '[env.dev]\ncolour = "x"',
    "a-key-of-the-function": '[function]\ncolour = "x"',
    "requirements-of-a-number": "[function]\nrequirements = 5",
    "a-key-of-verify": '[verify]\nurl = "x"',
    "a-number-for-a-text": "template = 5",
    "a-number-for-a-section": "env = 5",
    "an-account-as-a-number": "[env.dev]\naccount = 123456789012",
    "a-short-account": '[env.dev]\naccount = "12345"',
    "a-long-account": '[env.dev]\naccount = "1234567890123"',
    "an-unknown-remedy": '[env.dev]\nremedy = "hope"',
    "less-than-nothing": "[env.dev]\nmin_unreserved = -1",
    "a-number-as-text": '[env.dev]\nmin_unreserved = "10"',
    "true-for-a-number": "[env.dev]\nminimum = {A = true}",
    "a-fraction": "[env.dev]\nminimum = {A = 1.0}",
    "a-tag-of-a-number": "[env.dev.tags]\na = 1",
    "half-a-webhook": '[verify.webhook]\ntable = "t"',
    "a-secret-of-a-number": '[verify.webhook]\ntable = "t"\nendpoint = "e"\nsecret = 5',
    "an-unknown-provider": '[verify.webhook]\ntable = "t"\nendpoint = "e"\nprovider = "paypal"',
    "a-status-that-is-none": '[verify.webhook]\ntable = "t"\nendpoint = "e"\nforged = { status = [401, 700] }',
    "a-probe-of-nothing": "[[verify.http]]\nstatus = 200",
    "a-pattern-that-is-none": '[verify.outputs]\nName = "["',
    "a-parameter-of-a-date": "[env.dev.parameters]\nP = 2020-01-01",
    "a-parameter-of-a-map": '[env.dev.parameters]\nP = { file = "x" }',
    "a-parameter-of-numbers": "[env.dev.parameters]\nP = [1, 2]",
}


class TestMistakes:
    @pytest.mark.parametrize("text", MISTAKES.values(), ids=MISTAKES)
    def test_the_key_is_named(self, folder: Path, text: str, golden: Golden) -> None:
        error = refused(folder, text, env="dev")
        assert isinstance(error, ConfigError)
        golden(error)

    @pytest.mark.parametrize("key", ["priority = ['Fn']", "parameters = {}", "region = 'us-east-1'"])
    def test_a_key_of_an_environment_is_refused_at_the_top(self, folder: Path, key: str, golden: Golden) -> None:
        golden(refused(folder, key))

    @pytest.mark.parametrize("section", ["env.dev", "defaults"])
    def test_a_top_level_key_is_refused_in_an_environment(self, folder: Path, section: str, golden: Golden) -> None:
        golden(refused(folder, f'[{section}]\nstack_name = "shop"\n'))

    @pytest.mark.parametrize(
        ("text", "near"),
        [
            ('templat = "x"', "template"),
            ("[env.dev]\nsandbx = true", "sandbox"),
            ('[function]\nsorce = "x"', "source"),
            ("[verify]\nwebhok = 1", "webhook"),
        ],
    )
    def test_a_misspelt_key_suggests_the_nearest(self, folder: Path, text: str, near: str) -> None:
        assert refused(folder, text, env="dev").hint == advise(UsageAdvice.DID_YOU_MEAN, near)

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("a = ", id="cut-off"),
            pytest.param('a = 1\nb = "x', id="a-quote"),
            pytest.param("a = 1\na = 2", id="a-key-twice"),
            pytest.param(f"a = {'[' * 5000}", id="deep"),
            pytest.param(f"a = {'9' * 5000}", id="a-number-of-5000-digits"),
        ],
    )
    def test_invalid_toml(self, folder: Path, text: str, golden: Golden) -> None:
        error = refused(folder, text)
        assert isinstance(error, ConfigError)
        golden(error)

    def test_bytes_that_are_not_utf_8(self, folder: Path, golden: Golden) -> None:
        (folder / "tapctl.toml").write_bytes(b"a = '\xff'")
        with pytest.raises(ConfigError) as caught:
            read(template="t")
        golden(caught.value)


class TestEnvironments:
    TWO = '[env.staging]\nregion = "us-east-1"\n[env.production]\nregion = "eu-west-1"\n'

    @pytest.mark.parametrize(
        ("name", "named"),
        [("stagin", ["staging"]), ("prodution", ["production"]), ("x", ["staging", "production"])],
    )
    def test_an_unknown_one_is_named_with_the_nearest(
        self, folder: Path, name: str, named: list[str], golden: Golden
    ) -> None:
        error = refused(folder, self.TWO, env=name)
        assert f"`{name}`" in error.message
        assert [environment for environment in ("staging", "production") if environment in shown(error.hint)] == named
        golden(error)

    def test_a_file_without_environments(self, folder: Path, golden: Golden) -> None:
        golden(refused(folder, "", env="x"))

    def test_no_file(self, folder: Path, golden: Golden) -> None:
        with pytest.raises(ConfigError) as caught:
            read(template="t", env="dev")
        golden(caught.value)

    def test_everything_of_it_is_in_force(self, folder: Path) -> None:
        found = reading(
            folder,
            """
            stack_name = "orders-{env}"
            [env.dev]
            region = "eu-west-1"
            account = "123456789012"
            profile = "p"
            role_arn = "arn:aws:iam::123456789012:role/r"
            tags = { a = "b" }
            remedy = "drop"
            min_unreserved = 40
            termination_protection = true
            priority = ["A", "B"]
            sandbox = true
            artifact_bucket = "bucket"
            """,
            env="dev",
        )
        assert found == Settings(
            "t.yaml",
            "dev",
            "orders-dev",
            {},
            "eu-west-1",
            "p",
            "123456789012",
            "arn:aws:iam::123456789012:role/r",
            {"a": "b"},
            all_tags=True,
            remedy=RemedyMode.DROP,
            min_unreserved=40,
            termination_protection=True,
            priority=("A", "B"),
            sandbox=True,
            artifact_bucket="bucket",
            environments=("dev",),
        )

    def test_a_flag_beats_it(self, folder: Path) -> None:
        text = 'stack_name = "s"\n[env.dev]\nregion = "a"\nprofile = "b"\nremedy = "drop"\nmin_unreserved = 40\n'
        flags: dict[str, Any] = {
            "region": "x",
            "profile": "y",
            "stack_name": "z",
            "remedy": RemedyMode.FAIL,
            "min_unreserved": 0,
        }
        found = reading(folder, text, env="dev", **flags)
        assert {name: getattr(found, name) for name in flags} == flags
        assert found.chosen_stack

    def test_without_one_its_settings_are_not_in_force(self, folder: Path) -> None:
        assert reading(folder, self.TWO).region is None

    @pytest.mark.parametrize(
        ("pattern", "env", "expected"),
        [("s", None, "s"), ("s-{env}", "dev", "s-dev"), ("s-{env}", None, None), ("{env}-{env}", "dev", "dev-dev")],
    )
    def test_a_stack_name_may_depend_on_it(
        self, folder: Path, pattern: str, env: str | None, expected: str | None
    ) -> None:
        found = reading(folder, f'stack_name = "{pattern}"\n[env.dev]\n', env=env)
        assert (found.stack_name, found.chosen_stack) == (expected, False)


class TestWhatCloudFormationIsGiven:
    FILE = """
[env.dev]
role_arn = "arn:of:role"
tags = { team = "shop", stage = "dev" }
notification_arns = ["arn:of:topic"]
capabilities = ["CAPABILITY_IAM"]
termination_protection = true
protected = true
"""

    def test_the_environment_gives_it(self, folder: Path) -> None:
        settings = reading(folder, self.FILE, env="dev")
        assert (settings.role_arn, settings.tags) == ("arn:of:role", {"team": "shop", "stage": "dev"})
        assert (settings.notification_arns, settings.capabilities) == (("arn:of:topic",), ("CAPABILITY_IAM",))
        assert (settings.termination_protection, settings.protected) == (True, True)

    def test_a_flag_beats_it_and_a_tag_joins_the_others(self, folder: Path) -> None:
        settings = reading(
            folder,
            self.FILE,
            env="dev",
            role_arn="arn:of:other",
            tags=("team=pay", "cost=a=b"),
            notification_arns=("arn:1", "arn:2"),
            capabilities=("CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"),
            termination_protection=False,
        )
        assert settings.role_arn == "arn:of:other"
        assert settings.tags == {"team": "pay", "stage": "dev", "cost": "a=b"}
        assert settings.notification_arns == ("arn:1", "arn:2")
        assert settings.capabilities == ("CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
        assert settings.termination_protection is False

    @pytest.mark.parametrize(
        "options",
        [
            pytest.param({"tags": ("team",)}, id="a tag without a value"),
            pytest.param({"tags": ("team=",)}, id="an empty tag"),
            pytest.param({"tags": ("=shop",)}, id="a tag without a key"),
            pytest.param({"tags": ("AWS:team=shop",)}, id="a reserved tag"),
            pytest.param({"tags": (f"{'k' * 129}=shop",)}, id="a long key"),
            pytest.param({"tags": (f"team={'v' * 257}",)}, id="a long value"),
            pytest.param({"tags": ("team=\x1b[31m",)}, id="a control character"),
            pytest.param({"capabilities": ("CAPABILITY_ALL",)}, id="an unknown capability"),
        ],
    )
    def test_an_invalid_tag_or_capability(self, folder: Path, options: Mapping[str, Any], golden: Golden) -> None:
        golden(refused(folder, "", **options))


class TestTags:
    """`tags` of the configuration is the whole list; what the command line gives joins it, or the stack's own."""

    def tags(self, folder: Path, text: str, live: Mapping[str, str], **flags: Any) -> dict[str, str]:
        return reading(folder, f"[env.dev]\n{text}", env="dev", **flags).tags_beside(live)

    @pytest.mark.parametrize(
        ("text", "given", "expected"),
        [
            pytest.param("", (), {"team": "a"}, id="nothing-is-given"),
            pytest.param("", ("other=1",), {"team": "a", "other": "1"}, id="a-tag-is-added"),
            pytest.param("", ("team=b",), {"team": "b"}, id="a-tag-is-replaced"),
            pytest.param('tags = { stage = "dev" }', (), {"stage": "dev"}, id="the-whole-list"),
            pytest.param('tags = { stage = "dev" }', ("x=1",), {"stage": "dev", "x": "1"}, id="the-list-and-one-more"),
            pytest.param("tags = {}", (), {}, id="an-empty-list"),
            pytest.param('tags = { x = "" }', ("x=1",), {"x": "1"}, id="an-empty-one-replaced"),
        ],
    )
    def test_the_tags_of_a_stack_that_has_one(
        self, folder: Path, text: str, given: tuple[str, ...], expected: Mapping[str, str]
    ) -> None:
        assert self.tags(folder, text, {"team": "a"}, tags=given) == expected

    def test_the_tags_that_aws_sets_are_not_given_back(self, folder: Path) -> None:
        assert self.tags(folder, "", {"aws:servicecatalog:x": "1"}, tags=("a=b",)) == {"a": "b"}

    def test_those_of_a_codepipeline_file_come_between(self, folder: Path) -> None:
        (folder / "p.json").write_text('{"Parameters": {}, "Tags": {"b": "file", "c": "file"}}')
        found = self.tags(
            folder, 'tags = { a = "env", b = "env" }', {}, parameters_file=folder / "p.json", tags=("c=flag",)
        )
        assert found == {"a": "env", "b": "file", "c": "flag"}

    def test_an_empty_one_of_the_configuration_is_refused(self, folder: Path, golden: Golden) -> None:
        golden(refused(folder, '[env.dev.tags]\na = ""', env="dev"))


class TestDefaults:
    FILE = """
[defaults]
region = "eu-west-1"
remedy = "drop"
protected = true
tags = { team = "shop" }
minimum = { A = 1, B = 2 }
[defaults.parameters]
Stage = "any"
Size = 5
[env.dev]
protected = false
tags = { stage = "dev" }
minimum = { B = 3 }
parameters = { Stage = "dev" }
[env.other]
"""

    def test_an_environment_s_own_value_wins(self, folder: Path) -> None:
        found = reading(folder, self.FILE, env="dev")
        assert (found.region, found.remedy, found.protected) == ("eu-west-1", RemedyMode.DROP, False)

    def test_parameters_and_minimums_are_joined_by_key_and_tags_are_not(self, folder: Path) -> None:
        found = reading(folder, self.FILE, env="dev")
        assert found.parameters == {"Stage": "dev", "Size": "5"}
        assert (found.minimum, found.tags) == ({"A": 1, "B": 3}, {"stage": "dev"})

    @pytest.mark.parametrize("env", ["other", None], ids=["an empty environment", "no environment"])
    def test_they_hold_alone(self, folder: Path, env: str | None) -> None:
        found = reading(folder, self.FILE, env=env)
        assert (found.region, found.protected, found.tags) == ("eu-west-1", True, {"team": "shop"})
        assert found.parameters == {"Stage": "any", "Size": "5"}

    def test_an_option_wins(self, folder: Path) -> None:
        found = reading(folder, self.FILE, region="us-east-1", parameters=("Size=6",))
        assert (found.region, found.parameters["Size"]) == ("us-east-1", "6")

    def test_the_section_that_sets_a_parameter_is_named(self, folder: Path) -> None:
        found = reading(folder, self.FILE, env="dev").configured
        assert found == {"Stage": "[env.dev.parameters] of tapctl.toml", "Size": "[defaults.parameters] of tapctl.toml"}

    def test_a_variable_of_theirs_is_hidden(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MY_SECRET", "long enough")
        text = '[defaults.parameters]\nP = { env = "MY_SECRET" }\n[env.dev]\n'
        assert reading(folder, text, env="dev").hidden == {"P"}

    def test_an_unknown_key_is_named(self, folder: Path, golden: Golden) -> None:
        golden(refused(folder, '[defaults]\nregio = "eu-west-1"'))


class TestParameters:
    def parameters(self, folder: Path, text: str = "", **flags: Any) -> Mapping[str, str]:
        return reading(folder, f"[env.dev.parameters]\n{text}", env="dev", **flags).parameters

    def test_every_kind_becomes_text(self, folder: Path) -> None:
        text = 'S = "x"\nI = 5\nF = 1.5\nT = true\nN = false\nL = ["a", "b"]\nE = ""\n'
        assert self.parameters(folder, text) == {
            "S": "x",
            "I": "5",
            "F": "1.5",
            "T": "true",
            "N": "false",
            "L": "a,b",
            "E": "",
        }

    def test_a_secret_stands_in_the_environment(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MY_SECRET", "s")
        assert self.parameters(folder, 'P = { env = "MY_SECRET" }') == {"P": "s"}

    def test_one_that_is_not_set_is_named(self, folder: Path, monkeypatch: pytest.MonkeyPatch, golden: Golden) -> None:
        monkeypatch.delenv("MY_SECRET", raising=False)
        with pytest.raises(ConfigError) as caught:
            self.parameters(folder, 'P = { env = "MY_SECRET" }')
        assert "MY_SECRET" in caught.value.message
        golden(caught.value)

    def test_for_a_verdict_it_is_unknown(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("MY_SECRET", raising=False)
        (folder / "tapctl.toml").write_text('template = "t.yaml"\n[env.e.parameters]\nP = { env = "MY_SECRET" }\n')
        found = read(env="e", missing_secrets_unknown=True, cwd=folder)
        assert (found.parameters, list(found.withheld)) == ({}, ["P"])
        assert "MY_SECRET" in found.withheld["P"].reason

    def test_one_that_is_given_otherwise_need_not_be_set(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("MY_SECRET", raising=False)
        assert self.parameters(folder, 'P = { env = "MY_SECRET" }', parameters=("P=x",)) == {"P": "x"}

    def test_a_flag_beats_the_file_beats_the_environment(self, folder: Path) -> None:
        (folder / "p.json").write_text('{"B": "file", "C": "file"}')
        found = self.parameters(
            folder, 'A = "env"\nB = "env"\nC = "env"', parameters_file=folder / "p.json", parameters=("C=flag",)
        )
        assert found == {"A": "env", "B": "file", "C": "flag"}

    @pytest.mark.parametrize(
        ("given", "expected"),
        [("A=b", {"A": "b"}), ("A=", {"A": ""}), ("A=b=c", {"A": "b=c"}), ("A= b ", {"A": " b "})],
    )
    def test_a_flag_is_split_at_its_first_sign(self, folder: Path, given: str, expected: dict[str, str]) -> None:
        assert self.parameters(folder, parameters=(given,)) == expected

    def test_the_last_flag_counts(self, folder: Path) -> None:
        assert self.parameters(folder, parameters=("A=1", "A=2")) == {"A": "2"}

    @pytest.mark.parametrize("given", ["A", "=b", "", "="])
    def test_a_value_that_is_not_a_pair(self, folder: Path, given: str, golden: Golden) -> None:
        with pytest.raises(UsageError) as caught:
            self.parameters(folder, parameters=(given,))
        assert f"`--parameter {given}`" in caught.value.message
        golden(caught.value)


class TestResolve:
    def test_lookups_are_taken_by_their_kind(self, folder: Path) -> None:
        found = reading(folder, "", lookups=("ssm:/a=1", "import:E=x=y", "ssm:/b:3="))
        assert found.lookups == {"ssm:/a": "1", "import:E": "x=y", "ssm:/b:3": ""}

    @pytest.mark.parametrize("given", ["/a=1", "ssm:/a", "ssm:=1", "other:a=1", "import:=x", ""])
    def test_another_kind_is_named(self, folder: Path, given: str, golden: Golden) -> None:
        error = refused(folder, "", lookups=(given,))
        assert f"`--resolve {given}`" in error.message
        golden(error)


def test_the_repository_s_own_file_is_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRETS", "{}")
    own = Path(__file__).parents[2] / "tapctl.toml"
    for name in ("local", "staging"):
        found = read(config=own, env=name)
        assert found.stack_name == f"tapstack-{name}"
        assert found.parameters["ReservedConcurrency"] == "100"
        assert Path(found.template).is_file()


def test_a_parameter_with_use_previous_value_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text('[{"ParameterKey": "A", "ParameterValue": "1"}, {"ParameterKey": "B", "UsePreviousValue": true}]')
    found = read(template="t", parameters_file=file)

    assert (found.parameters, found.kept, found.withheld) == ({"A": "1"}, ("B",), {})


def test_a_value_on_the_command_line_beats_use_previous_value(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text('[{"ParameterKey": "B", "UsePreviousValue": true}]')
    found = read(template="t", parameters_file=file, parameters=("B=2",))

    assert (found.parameters, found.kept) == ({"B": "2"}, ())


def test_a_value_beside_use_previous_value_is_refused_as_cloudformation_does(tmp_path: Path, golden: Golden) -> None:
    file = tmp_path / "p.json"
    file.write_text('[{"ParameterKey": "B", "ParameterValue": "hush", "UsePreviousValue": true}]')

    with pytest.raises(UsageError) as refused:
        read(template="t", parameters_file=file)
    golden(refused.value)
    assert "hush" not in refused.value.message


@pytest.mark.parametrize("entry", ['"ParameterValue": "", "UsePreviousValue": true', '"UsePreviousValue": true'])
def test_an_empty_value_beside_use_previous_value_counts_as_unset(entry: str, tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(f'[{{"ParameterKey": "B", {entry}}}]')

    assert read(template="t", parameters_file=file).kept == ("B",)


@pytest.mark.parametrize("name", ["template.yaml", "template.yml", "template.json", "cdk.out"])
def test_the_template_of_the_working_folder_is_taken(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)

    assert read().template == name


def test_several_templates_of_the_working_folder_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Golden
) -> None:
    for name in ("template.yaml", "cdk.out"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError) as refused:
        read()
    golden(refused.value)


class TestLimits:
    VPCS = '[limits."vpc/L-F678F1CE"]\n'
    OWN = "[[limits.own]]\n"

    def test_a_value_its_reason_a_row_and_the_share_for_warnings(self, folder: Path) -> None:
        text = (
            f'[limits]\nnear = 90\n{self.VPCS}value = 20\nreason = "ticket 123"\n'
            f'{self.OWN}type = "AWS::IoT::Thing"\nquota = "iot/L-00000001"\ncount = 2\n'
        )
        found = reading(folder, text).limits
        (row,) = found.own
        assert (found.near, found.overrides) == (0.9, {"vpc/L-F678F1CE": QuotaValue(20, "ticket 123")})
        assert (row.id, row.key, row.types, row.counts[0].units) == (
            "iot-l-00000001", "iot/L-00000001", ("AWS::IoT::Thing",), 2,
        )  # fmt: skip
        assert row.permissions[0] == "cloudformation:ListResources"

    @pytest.mark.parametrize(("key", "region"), [("true", "us-east-1"), ("false", "")])
    def test_a_row_may_be_of_the_whole_account(self, folder: Path, key: str, region: str) -> None:
        (row,) = reading(folder, f'{self.OWN}type = "A::B::C"\nquota = "a/L-1"\nall_regions = {key}').limits.own
        assert isinstance(row.usage, Call)
        assert (row.is_global, row.usage.region) == (bool(region), region)

    def test_a_limit_can_be_named_by_its_id(self, folder: Path) -> None:
        text = '[limits.vpc-vpcs]\nvalue = 20.5\nreason = "r"\n'
        assert reading(folder, text).limits.overrides == {"vpc/L-F678F1CE": QuotaValue(20.5, "r")}

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param('[limits."vpc/L-F678F1CX"]\nvalue = 1\nreason = "r"', id="no limit"),
            pytest.param(f'{VPCS}value = "20"\nreason = "r"', id="no number"),
            pytest.param(f'{VPCS}value = nan\nreason = "r"', id="not a finite number"),
            pytest.param(f"{VPCS}value = 20", id="no reason"),
            pytest.param(f'{VPCS}value = 20\nreason = "r"\nreson = ""', id="an unknown key"),
            pytest.param('[limits."cloudformation/template-size"]\nvalue = 1\nreason = "r"', id="no account's"),
            pytest.param(f'[limits.vpc-vpcs]\nvalue = 1\nreason = "r"\n{VPCS}value = 2\nreason = "r"', id="two names"),
            pytest.param('[limits.lambda-reserved-concurrency]\nvalue = 1\nreason = "r"', id="what is read"),
            pytest.param("[limits]\nnear = 101", id="more than all"),
            pytest.param("[limits]\nvpcs = 20", id="no table"),
            pytest.param(f'{OWN}type = "AWS::IoT::Thingg"\nquota = "iot/L-1"', id="no type of AWS"),
            pytest.param(f'{OWN}type = "Thing"\nquota = "iot/L-1"', id="no type at all"),
            pytest.param(f'{OWN}type = "::"\nquota = "iot/L-1"', id="no names in a type"),
            pytest.param(f'{OWN}type = "AWS::EC2::VPC"\nquota = "vpc/L-F678F1CE"', id="in the catalogue"),
            pytest.param(f'{OWN}type = "AWS::EC2::VPC"\nquota = "VPC/L-f678f1ce"', id="in the catalogue by its code"),
            pytest.param(f'{OWN}type = "AWS::EC2::VPC"\nquota = "vpc/vpcs"', id="in the catalogue by its id"),
            pytest.param(f'{OWN}type = "A::B::C"\nquota = "a/b"\nall_regions = 1', id="no truth"),
            pytest.param(f'{OWN}type = "A::B::C"\nquota = "a/b"\n' * 2, id="twice"),
            pytest.param(f'{OWN}type = "A::B::C"\nquota = "a/b"\ncount = 0', id="counts nothing"),
        ],
    )
    def test_a_mistake_is_named(self, folder: Path, text: str, golden: Golden) -> None:
        error = refused(folder, text)
        golden(error, folder=folder)


VERIFY = '[verify.outputs]\nUrl = "https.*"\n'


@pytest.mark.parametrize(
    ("text", "options", "elsewhere"),
    [
        pytest.param('stack_name = "shop"', {}, "", id="its own stack"),
        pytest.param('stack_name = "shop"', {"stack_name": "shop"}, "", id="its own stack by name"),
        pytest.param('stack_name = "shop"', {"stack_name": "other"}, "stack shop", id="another stack"),
        pytest.param('stack_name = "shop-{env}"', {"env": "dev"}, "", id="of an environment"),
        pytest.param(
            'stack_name = "shop-{env}"', {"env": "dev", "stack_name": "shop-x"}, "stack shop-dev", id="of another one"
        ),
        pytest.param('stack_name = "shop-{env}"', {"stack_name": "shop-x"}, "", id="of some environment"),
        pytest.param('stack_name = "shop-{env}"', {"stack_name": "other"}, "stack shop-{env}", id="of none"),
        pytest.param('template = "a.json"', {"stack_name": "any"}, "", id="its own template"),
        pytest.param('template = "a.json"', {"template": "./a.json"}, "", id="its own template by name"),
        pytest.param('template = "a.json"', {"template": "b.json"}, "template a.json", id="another template"),
        pytest.param('template = "a.json"', {"template": "-"}, "", id="from a pipe"),
        pytest.param('template = "cdk.out"', {"template": "cdk.out/A.template.json"}, "", id="in its cloud assembly"),
        pytest.param("", {"template": "b.json", "stack_name": "any"}, "", id="of no stack"),
    ],
)
def test_verify_holds_for_its_own_stack(
    text: str, options: dict[str, str], elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tapctl.toml").write_text(f"{text}\n{VERIFY}[env.dev]\n")

    settings = read(**options, template_required=False)

    assert settings.verify.elsewhere == elsewhere
    assert bool(settings.verify.outputs) is not bool(elsewhere)


def test_nothing_is_left_out_where_nothing_is_expected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tapctl.toml").write_text('stack_name = "shop"\n')

    settings = read(stack_name="other", template_required=False)

    assert settings.verify.elsewhere == ""
