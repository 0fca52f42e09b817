"""tapctl.toml, the environment and the flags: who wins, and how a mistake is named."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tapctl.concurrency.remedy import RemedyMode
from tapctl.errors import ConfigError, ExitCode, UsageError
from tapctl.settings.arguments import parameters_file
from tapctl.settings.settings import Flags, Settings, read
from tapctl.unknown import Unknown

HINT = "the README lists the keys, under Configuration"


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
    return read(Flags(**{"template": "t.yaml", **flags}))


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
        assert read(Flags()).template == "../../stack/t.json"

    def test_a_nearer_one_hides_it(self, folder: Path) -> None:
        written(folder, 'template = "far.json"')
        (folder / "a").mkdir()
        written(folder / "a", 'template = "near.json"')
        assert read(Flags(), folder / "a").template == "a/near.json"

    def test_another_file_can_be_named(self, folder: Path) -> None:
        written(folder, 'template = "far.json"')
        (folder / "other.toml").write_text('template = "other.json"')
        assert read(Flags(config=folder / "other.toml")).template == "other.json"

    def test_none_at_all_is_fine_when_the_template_is_named(self, folder: Path) -> None:
        assert read(Flags(template="t.yaml")) == Settings("t.yaml")

    def test_a_template_must_be_named_somewhere(self, folder: Path) -> None:
        with pytest.raises(UsageError) as caught:
            read(Flags())
        assert caught.value.message == "no template was named"
        assert caught.value.hint == "give it as an argument, or set `template` in tapctl.toml"

    def test_a_named_file_must_be_there(self, folder: Path) -> None:
        with pytest.raises(ConfigError) as caught:
            read(Flags(config=folder / "none.toml"))
        assert caught.value.message == f"cannot read {folder}/none.toml: No such file or directory"

    def test_the_functions_paths_are_beside_the_file_and_may_be_switched_off(self, folder: Path) -> None:
        named = reading(folder, '[function]\nsource = "code"\nrequirements = "r.txt"\n', template="t.json").function
        off = reading(folder, "[function]\nrequirements = false\n", template="t.json").function

        assert (named.source, named.requirements) == ("code", "r.txt")
        assert (off.source, off.requirements) == (None, False)
        assert reading(folder, "[function]\nbytecode = true\n", template="t.json").function.bytecode

    def test_a_template_on_the_command_line_is_one_here(self, folder: Path) -> None:
        assert reading(folder, 'template = "far.json"', template="here.json").template == "here.json"


NO_TEXT = "it takes text"
SHAPE = r"String should match pattern '^\d{12}$'"
VALUE = 'it takes true or false, a number, text, a list of texts, { env = "NAME" }'
MISTAKES = {
    "a-key": ('colour = "x"', "there is no key `colour`"),
    "a-key-of-an-environment": ('[env.dev]\ncolour = "x"', "there is no key `env.dev.colour`"),
    "a-key-of-the-function": ('[function]\ncolour = "x"', "there is no key `function.colour`"),
    "requirements-of-a-number": (
        "[function]\nrequirements = 5",
        "`function.requirements`: it takes true or false, text",
    ),
    "a-key-of-verify": ('[verify]\nurl = "x"', "there is no key `verify.url`"),
    "a-number-for-a-text": ("template = 5", f"`template`: {NO_TEXT}"),
    "a-number-for-a-section": ("env = 5", "`env`: it takes a table"),
    "an-account-as-a-number": ("[env.dev]\naccount = 123456789012", f"`env.dev.account`: {NO_TEXT}"),
    "a-short-account": ('[env.dev]\naccount = "12345"', f"`env.dev.account`: {SHAPE}"),
    "a-long-account": ('[env.dev]\naccount = "1234567890123"', f"`env.dev.account`: {SHAPE}"),
    "an-unknown-remedy": (
        '[env.dev]\nremedy = "hope"',
        "`env.dev.remedy`: Input should be 'adjust', 'drop' or 'fail'",
    ),
    "less-than-nothing": (
        "[env.dev]\nmin_unreserved = -1",
        "`env.dev.min_unreserved`: Input should be greater than or equal to 0",
    ),
    "a-number-as-text": ('[env.dev]\nmin_unreserved = "10"', "`env.dev.min_unreserved`: it takes a whole number"),
    "true-for-a-number": ("[env.dev]\nminimum = {A = true}", "`env.dev.minimum.A`: it takes a whole number"),
    "a-fraction": ("[env.dev]\nminimum = {A = 1.0}", "`env.dev.minimum.A`: it takes a whole number"),
    "a-tag-of-a-number": ("[env.dev.tags]\na = 1", f"`env.dev.tags.a`: {NO_TEXT}"),
    "half-a-webhook": ('[verify.webhook]\ntable = "t"', "`verify.webhook.endpoint`: Field required"),
    "a-secret-of-a-number": (
        '[verify.webhook]\ntable = "t"\nendpoint = "e"\nsecret = 5',
        '`verify.webhook.secret`: it takes { env = "NAME" }, text',
    ),
    "an-unknown-provider": (
        '[verify.webhook]\ntable = "t"\nendpoint = "e"\nprovider = "paypal"',
        "`verify.webhook.provider`: Input should be 'adyen', 'generic', 'github', 'square', 'standard' or 'stripe'",
    ),
    "a-status-that-is-none": (
        '[verify.webhook]\ntable = "t"\nendpoint = "e"\nforged = { status = [401, 700] }',
        "`verify.webhook.forged.status`: 700 is neither a status code nor a class such as 2xx",
    ),
    "a-probe-of-nothing": (
        "[[verify.http]]\nstatus = 200",
        "`verify.http.0`: it takes either `output` or `url`",
    ),
    "a-pattern-that-is-none": (
        '[verify.outputs]\nName = "["',
        "`verify.outputs.Name`: Input should be a valid regular expression",
    ),
    "a-parameter-of-a-date": ("[env.dev.parameters]\nP = 2020-01-01", f"`env.dev.parameters.P`: {VALUE}"),
    "a-parameter-of-a-map": ('[env.dev.parameters]\nP = { file = "x" }', f"`env.dev.parameters.P`: {VALUE}"),
    "a-parameter-of-numbers": ("[env.dev.parameters]\nP = [1, 2]", f"`env.dev.parameters.P`: {VALUE}"),
}


class TestMistakes:
    @pytest.mark.parametrize(("text", "problem"), MISTAKES.values(), ids=MISTAKES)
    def test_the_key_is_named(self, folder: Path, text: str, problem: str) -> None:
        error = refused(folder, text, env="dev")
        assert (error.message, error.hint) == (f"{folder}/tapctl.toml: {problem}", HINT)
        assert isinstance(error, ConfigError)

    @pytest.mark.parametrize("key", ["priority = ['Fn']", "parameters = {}", "region = 'us-east-1'"])
    def test_a_key_of_an_environment_at_the_top_is_sent_there(self, folder: Path, key: str) -> None:
        error = refused(folder, key)

        assert error.message == f"{folder}/tapctl.toml: `{key.split(maxsplit=1)[0]}` is no key of the top"
        assert error.hint == f"it belongs into [env.NAME]: {HINT}"

    @pytest.mark.parametrize(
        ("text", "near"),
        [
            ('templat = "x"', "template"),
            ("[env.dev]\nsandbx = true", "sandbox"),
            ('[function]\nsorce = "x"', "source"),
            ("[verify]\nwebhok = 1", "webhook"),
        ],
    )
    def test_a_key_that_is_nearly_one_brings_the_one_to_mind(self, folder: Path, text: str, near: str) -> None:
        assert refused(folder, text, env="dev").hint == f"did you mean `{near}`?"

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            pytest.param("a = ", "is not TOML: Invalid value (at end of document)", id="cut-off"),
            pytest.param('a = 1\nb = "x', "is not TOML: Unterminated string (at end of document)", id="a-quote"),
            pytest.param(
                "a = 1\na = 2", "is not TOML: Cannot overwrite a value (at end of document)", id="a-key-twice"
            ),
            pytest.param(f"a = {'[' * 5000}", "is nested too deeply", id="deep"),
        ],
    )
    def test_what_is_no_toml_is_named(self, folder: Path, text: str, problem: str) -> None:
        assert refused(folder, text).message == f"{folder}/tapctl.toml {problem}"

    def test_bytes_that_are_no_text_are_no_toml(self, folder: Path) -> None:
        (folder / "tapctl.toml").write_bytes(b"a = '\xff'")
        with pytest.raises(ConfigError, match=r"tapctl.toml is not TOML: 'utf-8' codec can't decode byte 0xff"):
            read(Flags(template="t"))


class TestEnvironments:
    TWO = '[env.staging]\nregion = "us-east-1"\n[env.production]\nregion = "eu-west-1"\n'

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("stagin", "did you mean `staging`?"),
            ("prodution", "did you mean `production`?"),
            ("x", "it has: staging, production"),
        ],
    )
    def test_an_unknown_one_is_named_with_the_nearest(self, folder: Path, name: str, hint: str) -> None:
        error = refused(folder, self.TWO, env=name)
        assert (error.message, error.hint) == (f"{folder}/tapctl.toml has no environment `{name}`", hint)

    def test_a_file_without_any_says_so(self, folder: Path) -> None:
        assert refused(folder, "", env="x").hint == "it has: none"

    def test_no_file_at_all_says_so(self, folder: Path) -> None:
        with pytest.raises(ConfigError) as caught:
            read(Flags(template="t", env="dev"))
        assert caught.value.message == "there is no environment `dev`: no tapctl.toml was found"

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
            RemedyMode.DROP,
            40,
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
    def test_a_stack_name_may_hang_on_it(
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
            tags=("team=", "cost=a=b"),
            notification_arns=("arn:1", "arn:2"),
            capabilities=("CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"),
            termination_protection=False,
        )
        assert settings.role_arn == "arn:of:other"
        assert settings.tags == {"team": "", "stage": "dev", "cost": "a=b"}
        assert settings.notification_arns == ("arn:1", "arn:2")
        assert settings.capabilities == ("CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
        assert settings.termination_protection is False

    @pytest.mark.parametrize(
        ("flags", "message"),
        [
            ({"tags": ("team",)}, "`--tag team` is not KEY=VALUE"),
            ({"tags": ("=shop",)}, "`--tag =shop` is not KEY=VALUE"),
            ({"capabilities": ("CAPABILITY_ALL",)}, "`CAPABILITY_ALL` is no capability"),
        ],
    )
    def test_what_is_no_tag_or_capability_is_refused(
        self, folder: Path, flags: Mapping[str, Any], message: str
    ) -> None:
        assert refused(folder, "", **flags).message == message


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

    def test_one_that_is_not_set_is_named(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("MY_SECRET", raising=False)
        with pytest.raises(ConfigError) as caught:
            self.parameters(folder, 'P = { env = "MY_SECRET" }')
        assert caught.value.message == "parameter P is to be read from $MY_SECRET, which is not set"
        assert caught.value.hint == "export MY_SECRET=…"

    def test_for_a_verdict_it_is_unknown(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("MY_SECRET", raising=False)
        (folder / "tapctl.toml").write_text('template = "t.yaml"\n[env.e.parameters]\nP = { env = "MY_SECRET" }\n')
        found = read(Flags(env="e", judges=True), folder)
        reason = "parameter P is to be read from $MY_SECRET, which is not set"
        assert (found.parameters, found.withheld) == ({}, {"P": Unknown(reason, "export MY_SECRET=…")})

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
    def test_a_flag_that_is_no_pair_is_named(self, folder: Path, given: str) -> None:
        with pytest.raises(UsageError) as caught:
            self.parameters(folder, parameters=(given,))
        assert caught.value.message == f"`--parameter {given}` is not KEY=VALUE"


class TestParametersFile:
    def given(self, folder: Path, content: object) -> Mapping[str, str]:
        path = folder / "p.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return read(Flags(template="t", parameters_file=path)).parameters

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
        ("content", "problem"),
        [
            pytest.param('"A=b"', "holds no parameters", id="a-text"),
            pytest.param("5", "holds no parameters", id="a-number"),
            pytest.param('["A"]', ", entry 1: it is no parameter", id="a-text-that-is-no-pair"),
            pytest.param("[[1]]", ", entry 1: it is no parameter", id="a-list-in-a-list"),
            pytest.param('["A=b", {"ParameterKey": "A"}]', ", entry 2: it is no parameter", id="half-a-pair"),
            pytest.param('{"A": {"b": 1}}', ": parameter A is a map, not a value", id="a-map-for-a-value"),
            pytest.param("{", "is not JSON: Expecting property name", id="cut-off"),
            pytest.param(
                '[{"ParameterKey": "A", "ParameterValue": {}}]', ", entry 1: parameter A is a map", id="a-map-in-a-pair"
            ),
            pytest.param("[" * 100_000, "is not JSON: maximum recursion depth", id="deep"),
        ],
    )
    def test_another_shape_is_named(self, folder: Path, content: str, problem: str) -> None:
        with pytest.raises(UsageError) as caught:
            self.given(folder, content)
        assert caught.value.message.removeprefix(f"{folder}/p.json").strip().startswith(problem)

    def test_one_that_is_not_there_is_named(self, folder: Path) -> None:
        with pytest.raises(UsageError) as caught:
            read(Flags(template="t", parameters_file=folder / "none.json"))
        assert caught.value.message == f"cannot read {folder}/none.json: No such file or directory"

    def test_bytes_that_are_no_text_are_no_json(self, folder: Path) -> None:
        (folder / "p.json").write_bytes(b'{"A": "\xff"}')
        with pytest.raises(UsageError, match=r"p.json is not JSON: 'utf-8' codec"):
            read(Flags(template="t", parameters_file=folder / "p.json"))


class TestResolve:
    def test_lookups_are_taken_by_their_kind(self, folder: Path) -> None:
        found = reading(folder, "", resolve=("ssm:/a=1", "import:E=x=y", "ssm:/b:3="))
        assert found.lookups == {"ssm:/a": "1", "import:E": "x=y", "ssm:/b:3": ""}

    @pytest.mark.parametrize("given", ["/a=1", "ssm:/a", "ssm:=1", "other:a=1", "import:=x", ""])
    def test_another_kind_is_named(self, folder: Path, given: str) -> None:
        error = refused(folder, "", resolve=(given,))
        assert error.message == f"`--resolve {given}` is neither ssm:NAME=VALUE nor import:NAME=VALUE"


def test_the_repository_s_own_file_is_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRETS", "{}")
    own = Path(__file__).parents[2] / "tapctl.toml"
    for name in ("local", "staging"):
        found = read(Flags(config=own, env=name))
        assert found.stack_name == f"tapstack-{name}"
        assert found.parameters["ReservedConcurrency"] == "100"
        assert Path(found.template).is_file()


@pytest.mark.parametrize(
    ("entry", "example"),
    [
        pytest.param('{"ParameterKey": "Stage"}', '{"ParameterKey": "Stage", "ParameterValue": "dev"}', id="a-map"),
        pytest.param('"Stage"', '"Stage=dev", or {"ParameterKey": "Stage", "ParameterValue": "dev"}', id="a-text"),
    ],
)
def test_the_example_has_the_form_of_the_entry_that_is_no_parameter(tmp_path: Path, entry: str, example: str) -> None:
    (tmp_path / "p.json").write_text(f"[{entry}]")
    with pytest.raises(UsageError) as caught:
        parameters_file(tmp_path / "p.json")
    assert caught.value.hint == f"for example {example}"
