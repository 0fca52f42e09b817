"""Several targets in one preflight: their order, what they share, and what one adds for the next."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tapctl.account.model import Quota
from tapctl.account.reader import AccountReader
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Verdict
from tapctl.errors import AwsError, ConfigError, ExitCode, TapctlError, TemplateError, UsageError
from tapctl.limits import Limit, LimitSettings
from tapctl.limits.row import Call, each
from tapctl.report.render import RenderOptions
from tapctl.report.targets import RENDERERS
from tapctl.settings.settings import Settings
from tapctl.template.load import load
from tapctl.workflows.targets import (
    JudgedTarget,
    SharedReader,
    Target,
    environments,
    judge_together,
    targets,
    worst_code,
    worst_verdict,
)
from tests.support.fake_account import FakeAccount, fake_account
from tests.support.golden import Golden
from tests.support.schemas import breaches

FITS, EXCEEDS, UNCERTAIN, UNKNOWN = Verdict.FITS, Verdict.EXCEEDS, Verdict.UNCERTAIN, Verdict.UNKNOWN
OPTIONS = RenderOptions(100, color=False)


def function(reserved: int | str) -> str:
    properties = f"Code: {{ZipFile: x}}, Role: r, ReservedConcurrentExecutions: {reserved}"
    return f"Resources: {{Fn: {{Type: AWS::Lambda::Function, Properties: {{{properties}}}}}}}\n"


OPEN = "Parameters: {Size: {Type: Number}}\n" + function("{Ref: Size}")


def tables(count: int) -> str:
    return "Resources:\n" + "".join(f"  T{number}: {{Type: AWS::DynamoDB::Table}}\n" for number in range(count))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def judge(
    texts: Mapping[str, str], account: FakeAccount | Mapping[str, AccountReader], **settings: Any
) -> tuple[JudgedTarget, ...]:
    """Each text as the template of a target, in this order; the account may be another for each."""
    chosen = []
    for name, text in texts.items():
        Path(name).write_text(text)
        chosen.append(Target(name, Settings(name, stack_name=f"s-{name}", region="us-east-1", **settings)))

    def open_(target: Target) -> tuple[AccountReader, Settings]:
        reader = account if isinstance(account, FakeAccount) else account[target.name]
        return reader, target.settings

    return judge_together(chosen, lambda target: load(target.settings.template), open_, lints=False)


def verdicts(results: tuple[JudgedTarget, ...]) -> list[Verdict]:
    return [result.verdict for result in results]


class TestTogether:
    """What one target adds to its account is used for the next."""

    def test_two_that_fit_alone_do_not_fit_together(self) -> None:
        account = fake_account(1000, 190)

        assert verdicts(judge({"a": function(60)}, account)) == [FITS]
        assert verdicts(judge({"b": function(50)}, account)) == [FITS]
        assert verdicts(judge({"a": function(60), "b": function(50)}, account)) == [FITS, EXCEEDS]
        assert verdicts(judge({"a": function(60), "b": function(30)}, account)) == [FITS, FITS]

    def test_one_that_exceeds_adds_nothing(self) -> None:
        results = judge({"a": function(600), "b": function(50)}, fake_account(1000, 190))

        assert verdicts(results) == [EXCEEDS, FITS]

    def test_after_an_unknown_amount_the_rest_is_unknown(self) -> None:
        results = judge({"a": OPEN, "b": function(50)}, fake_account(1000, 190))

        assert verdicts(results) == [UNKNOWN, UNKNOWN]

    def test_counted_limits_add_up(self) -> None:
        account = fake_account(1000, 900)
        account.account = replace(account.account, quotas={"dynamodb/L-F98FE922": Quota(10, 5)})

        assert verdicts(judge({"a": tables(3), "b": tables(2)}, account)) == [FITS, FITS]
        assert verdicts(judge({"a": tables(3), "b": tables(3)}, account)) == [FITS, EXCEEDS]

    def test_own_limits_add_up(self) -> None:
        own = Limit(
            "iot-l-1", "iot/L-1", "Things", "", (each("Custom::Thing"),), usage=Call("iot", "ListThings", "things")
        )
        account = fake_account(1000, 900)
        account.account = replace(account.account, quotas={"iot/L-1": Quota(2, 1)})
        thing = "Resources: {T: {Type: Custom::Thing, Properties: {ServiceToken: t}}}\n"

        results = judge({"a": thing, "b": thing}, account, limits=LimitSettings(own=(own,)))

        outcomes = [result.outcome for result in results if isinstance(result.outcome, Preflight)]
        found = [finding.verdict for outcome in outcomes for finding in outcome.findings if finding.limit == "iot-l-1"]
        assert found == [FITS, EXCEEDS]

    def test_the_parents_of_each_template_are_read(self) -> None:
        read: list[tuple[str, ...]] = []

        class Counting(FakeAccount):
            def quotas(self, limits: Sequence[Limit]) -> Mapping[str, Quota]:
                calls = (limit.usage for limit in limits if isinstance(limit.usage, Call) and limit.usage.parent)
                read.extend(call.parents for call in calls)
                return super().quotas(limits)

        branch = "Resources: {{B: {{Type: AWS::Amplify::Branch, Properties: {{AppId: {}, BranchName: main}}}}}}\n"
        shared = SharedReader(Counting(fake_account(1000, 900).account))
        for name in ("app-1", "app-2", "app-1"):
            Path("t").write_text(branch.format(name))
            judge_together(
                [Target("t", Settings("t", stack_name="s", region="us-east-1"))],
                lambda target: load(target.settings.template),
                lambda target: (shared, target.settings),
                lints=False,
            )

        assert read == [("app-1",), ("app-2",)]

    def test_two_may_not_export_one_name(self) -> None:
        export = "Resources: {T: {Type: AWS::SNS::Topic}}\nOutputs: {O: {Value: 1, Export: {Name: shared}}}"
        account = fake_account(1000, 900)
        account.account = replace(account.account, exports={})

        assert verdicts(judge({"a": export, "b": export}, account)) == [FITS, EXCEEDS]

    def test_another_region_is_another_account(self) -> None:
        here, there = fake_account(1000, 190), fake_account(1000, 190)
        there.account = replace(there.account, account_id="222222222222")
        chosen = {"a": here, "b": there}
        texts = {"a": function(60), "b": function(50)}
        for name, text in texts.items():
            Path(name).write_text(text)
        ones = [Target(name, Settings(name, profile=name, stack_name="s", region="us-east-1")) for name in texts]

        results = judge_together(
            ones, lambda target: load(target.name), lambda target: (chosen[target.name], target.settings), lints=False
        )

        assert verdicts(results) == [FITS, FITS]


def test_a_report_names_the_account_of_each() -> None:
    account = fake_account(1000, 900, account_id="111111111111")
    results = judge({"a": function(1), "b": function(2)}, account)

    report = json.loads(RENDERERS["json"](results, OPTIONS))
    assert {target["account_id"] for target in report["targets"]} == {"111111111111"}
    assert account.asked.count("identity") == 1


def test_the_account_is_read_once() -> None:
    account = fake_account(1000, 900)
    account.account = replace(account.account, quotas={"dynamodb/L-F98FE922": Quota(10, 5)})

    judge({"a": tables(1), "b": function(10), "c": tables(2), "d": function(20)}, account)

    shared = [read for read in account.asked if not read.startswith("stack of")]
    assert len(shared) == len(set(shared)), shared


class TestErrors:
    """A target that cannot be judged leaves the others as they are."""

    def test_it_is_one_of_the_report(self, golden: Golden) -> None:
        results = judge({"a": "nonsense", "b": function(10)}, fake_account(1000, 900))

        assert isinstance(results[0].outcome, TemplateError)
        assert (worst_code(results), worst_verdict(results)) == (ExitCode.USAGE, UNKNOWN)
        report = json.loads(RENDERERS["json"](results, OPTIONS))
        assert (report["schema"], report["verdict"]) == ("tapctl.targets/1", "unknown")
        assert breaches(report) == []
        assert [bool(entry["preflight"]) for entry in report["targets"]] == [False, True]
        assert report["targets"][0]["error"]["exit_code"] == 2
        golden(RENDERERS["text"](results, OPTIONS))
        golden(RENDERERS["github"](results, OPTIONS), name="github")

    @pytest.mark.parametrize(
        ("codes", "worst"),
        [
            ((ExitCode.OK, ExitCode.UNCERTAIN), ExitCode.UNCERTAIN),
            ((ExitCode.UNCERTAIN, ExitCode.EXCEEDS), ExitCode.EXCEEDS),
            ((ExitCode.EXCEEDS, ExitCode.USAGE), ExitCode.USAGE),
            ((ExitCode.USAGE, ExitCode.FAILURE), ExitCode.FAILURE),
            ((ExitCode.OK,), ExitCode.OK),
        ],
    )
    def test_the_worst_decides(self, codes: tuple[ExitCode, ...], worst: ExitCode) -> None:
        made: dict[ExitCode, dict[str, str | TapctlError]] = {
            ExitCode.FAILURE: {"x": AwsError("refused")},
            ExitCode.USAGE: {"x": UsageError("wrong")},
            ExitCode.EXCEEDS: {"a": function(900)},
            ExitCode.UNCERTAIN: {"a": OPEN},
            ExitCode.OK: {"a": function(1)},
        }
        results: list[JudgedTarget] = []
        for code in codes:
            ((name, what),) = made[code].items()
            if isinstance(what, str):
                results += judge({name: what}, fake_account(1000, 900))
            else:
                results.append(JudgedTarget(Target(name, Settings(name)), what))

        assert worst_code(results) is worst


class TestChosen:
    """Which targets there are, and in which order."""

    def names(self, files: tuple[str, ...], envs: tuple[str | None, ...] = (None,), **more: Any) -> list[str]:
        def read(env: str | None, given: tuple[str, ...]) -> Settings:
            return Settings(given[0] if given else "t.yaml", env=env, stack_name="own", **more)

        return [target.name for target in targets(files, envs, read)]

    def test_they_are_in_the_order_given(self) -> None:
        for name in ("b.yaml", "a.yaml", "c.json"):
            Path(name).write_text("")

        assert self.names(("*.yaml", "c.json", "a.yaml")) == ["a.yaml", "b.yaml", "c.json"]
        assert self.names(("c.json", "a.yaml"), ("y", "x")) == ["y/c.json", "y/a.yaml", "x/c.json", "x/a.yaml"]
        assert self.names((), ("y", "x")) == ["y", "x"]

    def test_a_pattern_without_a_file_is_refused(self) -> None:
        with pytest.raises(UsageError):
            self.names(("*.yml",))

    def test_all_environments_need_a_configuration(self, folder: Path) -> None:
        (folder / "tapctl.toml").write_text("[env.b]\n[env.a]\n")
        assert environments(("*",), None, None) == ("b", "a")
        (folder / "tapctl.toml").write_text("")
        with pytest.raises(ConfigError):
            environments(("*",), None, None)
        with pytest.raises(UsageError):
            environments(("a", "a"), None, None)

    def test_the_stacks_of_a_cdk_app_come_after_what_they_need(self, folder: Path) -> None:
        def stack(name: str, *needs: str, place: str = "aws://unknown-account/unknown-region") -> dict[str, Any]:
            properties = {"templateFile": f"{name}.json", "stackName": f"app-{name}"}
            return {
                "type": "aws:cloudformation:stack",
                "properties": properties,
                "dependencies": [*needs, f"{name}.assets"],
                "environment": place,
            }

        app = folder / "cdk.out"
        app.mkdir()
        artifacts = {"Api": stack("Api", "Data"), "Data": stack("Data", place="aws://111111111111/eu-west-1")}
        (app / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
        Path("b.yaml").write_text("")

        found = targets(("cdk.out",), (None,), lambda _, given: Settings(given[0], region="us-east-1"))

        assert [(one.name, one.settings.stack_name, one.settings.region) for one in found] == [
            ("Data", "app-Data", "eu-west-1"),
            ("Api", "app-Api", "us-east-1"),
        ]
        artifacts["Data"] = stack("Data", "Api")
        (app / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
        with pytest.raises(TemplateError):
            self.names(("cdk.out",))


@pytest.mark.parametrize("format_", RENDERERS)
def test_every_format_names_the_target(format_: str) -> None:
    results = judge({"first": function(60), "second": function(50)}, fake_account(1000, 190))
    assert isinstance(results[1].outcome, Preflight)

    assert "second" in RENDERERS[format_](results, OPTIONS)
