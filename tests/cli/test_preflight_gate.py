"""A gate that the change under test cannot switch off, through the command line."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Tapctl
from tests.support.git import commit, git
from tests.support.golden import Golden
from tests.support.schemas import breaches

TEMPLATE = """\
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: arn:aws:iam::123456789012:role/x
      Code: {ZipFile: "def handler(e, c): pass"}
      ReservedConcurrentExecutions: 60
"""
CONFIGURATION = """\
template = "t.yaml"
[env.prod]
region = "us-east-1"
snapshot = "account.json"
"""


def snapshot(unreserved: int, **more: str) -> str:
    limits = {"concurrent_executions": 1000, "unreserved_concurrent_executions": unreserved}
    return json.dumps({"schema": "tapctl.account/1", "region": "us-east-1", "limits": limits, **more})


@pytest.fixture
def repository(workdir: Path) -> Path:
    """The main branch has a template that the account can just not take; the branch `change` is checked out."""
    git("init", "-qb", "main", ".")
    commit(t__yaml=TEMPLATE, tapctl__toml=CONFIGURATION, account__json=snapshot(110))
    git("checkout", "-qb", "change")
    return workdir


def weakenings(answer: Any) -> dict[str, dict[str, Any]]:
    return {entry["setting"]: entry for entry in json.loads(answer.out)["weakenings"]}


def test_no_setting_of_the_change_counts(repository: Path, tapctl: Tapctl) -> None:
    weaker = f"{CONFIGURATION}min_unreserved = 0\nallow_uncertain = true\nmax_age = '9w'\n"
    ignore = '[[ignore]]\nlimit = "lambda-reserved-concurrency"\nreason = "no"\nuntil = 2999-01-01\n'
    commit(tapctl__toml=weaker + ignore)
    assert tapctl("preflight", "--env", "prod", "--no-lint").code == 0

    answer = tapctl("preflight", "--env", "prod", "--no-lint", "--base", "main", "--format", "json")

    assert answer.code == 3
    found = weakenings(answer)
    assert found["min_unreserved"] == {
        "setting": "min_unreserved",
        "value": None,
        "where": "[env.prod] of main",
        "changed": True,
        "proposed": "0",
    }
    assert {"allow_uncertain", "max_age", "ignore", "--no-lint"} <= found.keys()


def test_the_weakenings_in_words(repository: Path, tapctl: Tapctl, golden: Golden) -> None:
    git("checkout", "-q", "main")
    commit(tapctl__toml=f"{CONFIGURATION}remedy = 'adjust'\nmin_unreserved = 60\n", __cfnlintrc="ignore_checks: [W]\n")
    git("checkout", "-qB", "change")
    commit(
        tapctl__toml=f"{CONFIGURATION}remedy = 'adjust'\nmin_unreserved = 0\n",
        t__yaml="Metadata: {cfn-lint: {config: {ignore_checks: [W]}}}\n" + TEMPLATE,
        account__json=snapshot(1000),
    )

    answer = tapctl("preflight", "--env", "prod", "--no-lint", "--base", "main")

    assert answer.code == 3
    golden("\n".join(line for line in answer.out.splitlines() if "tapctl:weakening" in line))


def test_a_whole_id_is_shown_by_its_first_digits(repository: Path, tapctl: Tapctl) -> None:
    commit(tapctl__toml=f"{CONFIGURATION}min_unreserved = 0\n")
    base = git("rev-parse", "main").strip()

    answer = tapctl("preflight", "--env", "prod", "--no-lint", "--base", base)

    assert answer.code == 3
    assert base[:12] in answer.out
    assert base not in answer.out


VPC = "Resources: {Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}}\n"


def test_a_higher_quota_of_the_change_does_not_count(repository: Path, tapctl: Tapctl) -> None:
    account = {**json.loads(snapshot(110)), "quotas": {"vpc/L-F678F1CE": {"value": 5, "usage": 5}}}
    override = '[limits."vpc/L-F678F1CE"]\nvalue = 50\nreason = "granted"\n'
    git("checkout", "-q", "main")
    commit(t__yaml=VPC, account__json=json.dumps(account))
    git("checkout", "-qB", "change")
    commit(tapctl__toml=CONFIGURATION + override)
    assert tapctl("preflight", "--env", "prod", "--no-lint").code == 0

    answer = tapctl("preflight", "--env", "prod", "--no-lint", "--base", "main", "--format", "json")

    assert answer.code == 3
    assert weakenings(answer)["limits"]["changed"]
    git("checkout", "-q", "main")
    commit(tapctl__toml=CONFIGURATION + override)
    assert tapctl("preflight", "--env", "prod", "--no-lint", "--base", "main").code == 0


def test_without_a_repository_there_is_no_base(workdir: Path, tapctl: Tapctl, golden: Golden) -> None:
    Path("t.yaml").write_text(TEMPLATE)

    answer = tapctl("preflight", "t.yaml", "--no-lint", "--base", "main")

    assert answer.is_error(2)
    golden(answer.err)


def test_the_snapshot_is_that_of_the_base(repository: Path, tapctl: Tapctl) -> None:
    commit(account__json=snapshot(1000))

    answer = tapctl("preflight", "--env", "prod", "--no-lint", "--base", "main", "--format", "json")

    assert answer.code == 3
    assert weakenings(answer)["snapshot account.json"]["changed"]


def test_a_snapshot_path_of_the_change_is_not_used(repository: Path, tapctl: Tapctl) -> None:
    commit(mine__json=snapshot(1000), tapctl__toml=CONFIGURATION.replace("account.json", "mine.json"))

    assert tapctl("preflight", "--env", "prod", "--no-lint", "--base", "main").code == 3


def test_a_snapshot_that_only_the_change_has_is_refused(repository: Path, tapctl: Tapctl) -> None:
    commit(mine__json=snapshot(1000))

    for arguments in (("--base", "main"), ("--policy", "../policy.toml")):
        Path("../policy.toml").write_text("")
        answer = tapctl("preflight", "--no-lint", "--snapshot", "mine.json", *arguments)
        assert answer.is_error(2)
        assert "mine.json" in answer.err


def test_the_template_its_parameters_and_what_the_base_has_count(repository: Path, tapctl: Tapctl) -> None:
    commit(t__yaml=TEMPLATE.replace("60", "10"))

    assert tapctl("preflight", "--env", "prod", "--no-lint", "--base", "main").code == 0


@pytest.mark.parametrize("base", ["nowhere", "--upload-pack=x", "main:tapctl.toml"])
def test_a_base_that_cannot_be_read_is_refused(base: str, repository: Path, tapctl: Tapctl) -> None:
    assert tapctl("preflight", "--env", "prod", "--no-lint", f"--base={base}").is_error(2)


def test_a_shallow_checkout_is_refused(repository: Path, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(t__yaml=TEMPLATE.replace("60", "10"))
    git("clone", "-q", "--depth", "1", f"file://{repository}", "../shallow")
    monkeypatch.chdir("../shallow")

    assert tapctl("preflight", "--env", "prod", "--no-lint", "--base", "origin/main").is_error(2)


def test_a_name_of_two_commits_is_refused(repository: Path, tapctl: Tapctl) -> None:
    git("tag", "main", "change")

    assert tapctl("preflight", "--env", "prod", "--no-lint", "--base", "main").is_error(2)


def test_a_nearer_configuration_of_the_change_does_not_count(
    repository: Path, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("stack").mkdir()
    Path("stack/tapctl.toml").write_text("[env.prod]\nmin_unreserved = 0\n")
    commit()
    monkeypatch.chdir("stack")

    assert tapctl("preflight", "../t.yaml", "--env", "prod", "--no-lint", "--base", "main").code == 3


def test_nothing_of_the_change_runs(repository: Path, tapctl: Tapctl) -> None:
    Path("rules").mkdir()
    marker = repository / "ran"
    Path("rules/Own.py").write_text(f"open({str(marker)!r}, 'w')\n")
    hook = repository / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(0o755)
    commit(__cfnlintrc="append_rules: [rules]\n")
    git("config", "core.fsmonitor", str(hook))

    answer = tapctl("preflight", "--env", "prod", "--base", "main", "--format", "json")

    assert answer.code == 3
    assert weakenings(answer)[".cfnlintrc"]["proposed"] == "append_rules: [rules]"
    assert not marker.exists()
    assert tapctl("preflight", "--env", "prod", "--base", "main", "--allow-cfnlintrc-code").is_error(2)
    assert not marker.exists()


def test_cfn_lint_has_the_configuration_of_the_base_without_its_code(
    repository: Path, tapctl: Tapctl, golden: Golden
) -> None:
    Path("rules").mkdir()
    Path("rules/Own.py").write_text("open('ran', 'w')\n")
    git("checkout", "-q", "main")
    rules = "configure_rules: {E3012: {strict: true}}\nappend_rules: [rules]\n"
    loose = TEMPLATE.replace("60", "10").replace("Runtime", "MemorySize: '128'\n      Timeout: nope\n      Runtime")
    commit(__cfnlintrc=f"ignore_checks: [E3012]\n{rules}", t__yaml=loose)
    git("checkout", "-qB", "change")
    commit(__cfnlintrc=f"ignore_checks: [E]\n{rules}")

    answer = tapctl("preflight", "--env", "prod", "--base", "main", "--format", "json")
    own = next(finding for finding in answer.json()["findings"] if finding["message"].startswith("`append_rules`"))

    assert answer.code == 0, answer.err  # E3012 alone finds something
    assert not Path("ran").exists()
    assert (
        weakenings(answer)[".cfnlintrc"]["value"]
        == '{"ignore_checks": ["E3012"], "configure_rules": {"E3012": {"strict": true}}}'
    )
    assert (own["rule"], own["severity"]) == ("tapctl:weakening", "informational")
    golden(own["message"])
    git("checkout", "-q", "main")
    commit(__cfnlintrc=rules)
    assert tapctl("preflight", "--env", "prod", "--base", "main").code == 2


def test_a_build_that_the_change_brings_does_not_count(repository: Path, tapctl: Tapctl) -> None:
    build = Path(".aws-sam/build")
    build.mkdir(parents=True)
    (build / "template.yaml").write_text(TEMPLATE.replace("60", "10"))
    commit()
    os.utime("t.yaml", (0, 0))

    codes = [tapctl("preflight", "--env", "prod", "--no-lint", *base).code for base in ((), ("--base", "main"))]

    assert codes == [0, 3]


def test_the_ignores_in_the_metadata_are_named(repository: Path, tapctl: Tapctl) -> None:
    metadata = "Metadata: {cfn-lint: {config: {ignore_checks: [W]}}}\n"
    commit(t__yaml=metadata + TEMPLATE)

    answer = tapctl("preflight", "--env", "prod", "--no-lint", "--base", "main", "--format", "json")

    named = weakenings(answer)["cfn-lint ignore_checks"]
    assert (named["value"], named["where"], named["changed"]) == ('["W"]', "t.yaml", True)


def test_a_policy_counts_instead(workdir: Path, tapctl: Tapctl) -> None:
    Path("t.yaml").write_text(TEMPLATE)
    Path("tapctl.toml").write_text(f"{CONFIGURATION}min_unreserved = 0\n")
    Path("account.json").write_text(snapshot(110))
    Path("../policy.toml").write_text('[env.prod]\nsnapshot = "project/account.json"\nmin_unreserved = 60\n')

    answer = tapctl("preflight", "--env", "prod", "--no-lint", "--policy", "../policy.toml", "--format", "json")

    assert answer.code == 3
    assert weakenings(answer)["min_unreserved"]["value"] == "60"


def test_a_policy_that_the_change_may_touch_is_refused(repository: Path, tapctl: Tapctl) -> None:
    assert tapctl("preflight", "--env", "prod", "--no-lint", "--policy", "tapctl.toml").is_error(2)
    assert tapctl("preflight", "--env", "prod", "--no-lint", "--policy", "none.toml").is_error(2)


def test_an_advisory_run_exits_with_0(repository: Path, tapctl: Tapctl) -> None:
    answer = tapctl("preflight", "--env", "prod", "--no-lint", "--advisory")

    assert (answer.code, "exceeds" in answer.out) == (0, True)
    assert tapctl("preflight", "--env", "nowhere", "--no-lint", "--advisory").is_error(2)
    assert tapctl("preflight", "t.yaml", "none.yaml", "--env", "prod", "--no-lint", "--advisory").code == 2


def test_an_uncertain_verdict_may_pass_in_one_environment(workdir: Path, tapctl: Tapctl) -> None:
    Path("t.yaml").write_text(TEMPLATE)
    limits = {"concurrent_executions": 500, "unreserved_concurrent_executions": 110}
    Path("account.json").write_text(json.dumps({"schema": "tapctl.account/1", "limits": limits}))
    Path("tapctl.toml").write_text(f"{CONFIGURATION}[env.dev]\nallow_uncertain = true\nsnapshot = 'account.json'\n")

    codes = {env: tapctl("preflight", "--no-lint", "--env", env).code for env in ("prod", "dev")}

    assert codes == {"prod": 4, "dev": 0}


class TestAge:
    """How old a snapshot may be."""

    @pytest.mark.parametrize(
        ("taken_at", "most", "code"),
        [
            ("2020-01-01T00:00:00Z", None, 0),
            ("2020-01-01T00:00:00Z", "7d", 4),
            ("2020-01-01T00:00:00Z", "2000w", 0),
            ("2999-01-01T00:00:00Z", "7d", 4),
            ("", "7d", 4),
            ("", None, 0),
            ("2020-01-01T00:00:00Z", "soon", 2),
        ],
    )
    def test_an_old_or_undated_one_is_unknown(
        self, taken_at: str, most: str | None, code: int, workdir: Path, tapctl: Tapctl
    ) -> None:
        Path("t.yaml").write_text(TEMPLATE)
        Path("account.json").write_text(snapshot(900, **({"taken_at": taken_at} if taken_at else {})))
        bound = ("--max-age", most) if most else ()

        answer = tapctl("preflight", "t.yaml", "--no-lint", "--snapshot", "account.json", *bound, "--format", "json")

        assert answer.code == code
        if code != 2:
            report = json.loads(answer.out)
            rules = [
                finding["verdict"] for finding in report["findings"] if finding.get("rule") == "tapctl:snapshot-age"
            ]
            assert report["verdict"] == ("unknown" if code else "fits")
            assert rules == (["unknown"] if code else ["fits"] if taken_at else [])

    def test_what_exceeds_by_an_old_one_is_unknown_too(self, workdir: Path, tapctl: Tapctl) -> None:
        Path("t.yaml").write_text(TEMPLATE)
        Path("account.json").write_text(snapshot(110))
        Path("tapctl.toml").write_text("[defaults]\nmax_age = '1d'\n")

        assert tapctl("preflight", "t.yaml", "--no-lint", "--snapshot", "account.json").code == 4


class TestBaseline:
    """Only what is new counts."""

    @pytest.fixture
    def files(self, workdir: Path, tapctl: Tapctl) -> None:
        Path("t.yaml").write_text(TEMPLATE)
        Path("account.json").write_text(snapshot(110))
        self.run(tapctl, "--format", "json", "--output", "main.json")

    def run(self, tapctl: Tapctl, *arguments: str) -> Any:
        return tapctl("preflight", "t.yaml", "--no-lint", "--snapshot", "account.json", *arguments)

    def test_what_it_has_does_not_count(self, files: None, tapctl: Tapctl, golden: Golden) -> None:
        answer = self.run(tapctl, "--baseline", "main.json")

        assert answer.code == 0
        golden([line for line in answer.out.splitlines() if "main.json" in line])

    def test_more_of_the_same_is_new(self, files: None, tapctl: Tapctl) -> None:
        Path("t.yaml").write_text(TEMPLATE.replace("60", "61"))

        assert self.run(tapctl, "--baseline", "main.json").code == 3

    @pytest.mark.parametrize(
        "changed",
        [{"template": "other.yaml"}, {"schema": "tapctl.preflight/2"}, {"findings": 1}, {"schema": "tapctl.account/1"}],
        ids=lambda changed: next(iter(changed.items()))[0] + str(next(iter(changed.values()))),
    )
    def test_another_is_refused(self, changed: dict[str, Any], files: None, tapctl: Tapctl) -> None:
        Path("main.json").write_text(json.dumps({**json.loads(Path("main.json").read_text()), **changed}))

        answer = self.run(tapctl, "--baseline", "main.json", "--output", "report.txt")

        assert (answer.is_error(2), Path("report.txt").exists()) == (True, False)

    def test_a_missing_one_is_refused(self, files: None, tapctl: Tapctl) -> None:
        assert self.run(tapctl, "--baseline", "none.json").is_error(2)


class TestIgnore:
    """`[[ignore]]` in tapctl.toml."""

    def run(self, tapctl: Tapctl, entry: str) -> Any:
        Path("t.yaml").write_text(TEMPLATE)
        Path("account.json").write_text(snapshot(110))
        Path("tapctl.toml").write_text(f"[[ignore]]\n{entry}\n")
        return tapctl("preflight", "t.yaml", "--no-lint", "--snapshot", "account.json", "--format", "json")

    def test_it_is_shown_and_does_not_count(self, workdir: Path, tapctl: Tapctl) -> None:
        entry = 'limit = "lambda-reserved-concurrency"\nresource = "Fn"\nreason = "granted"\nuntil = 2999-12-31'
        answer = self.run(tapctl, entry)

        report = json.loads(answer.out)
        assert (answer.code, report["verdict"]) == (0, "fits")
        assert [finding["excused"] for finding in report["findings"] if "excused" in finding] == [
            "ignored until 2999-12-31: granted"
        ]

    def test_another_resource_counts(self, workdir: Path, tapctl: Tapctl) -> None:
        entry = 'limit = "lambda-reserved-concurrency"\nresource = "Other"\nreason = "granted"\nuntil = 2999-12-31'

        assert self.run(tapctl, entry).code == 3

    @pytest.mark.parametrize(
        "entry",
        [
            'limit = "lambda-reserved-concurrency"\nreason = "granted"\nuntil = 2020-01-01',
            'limit = "lambda-reserved-concurrency"\nreason = " "\nuntil = 2999-01-01',
            'limit = "lambda-reserved-concurrency"\nuntil = 2999-01-01',
            'limit = "lambda-reserved-concurrency"\nreason = "granted"',
            'limit = "lambda-reserved"\nreason = "granted"\nuntil = 2999-01-01',
            'limit = "lambda-reserved-concurrency"\nreason = "granted"\nuntil = "soon"',
        ],
    )
    def test_one_without_a_reason_or_beyond_its_time_is_refused(
        self, entry: str, workdir: Path, tapctl: Tapctl
    ) -> None:
        assert self.run(tapctl, entry).is_error(2)


class TestTargets:
    """Several templates and environments in one run."""

    @pytest.fixture(autouse=True)
    def files(self, workdir: Path) -> None:
        Path("t.yaml").write_text(TEMPLATE)
        Path("u.yaml").write_text(TEMPLATE.replace("60", "50"))
        Path("account.json").write_text(snapshot(190, account_id="123456789012"))
        other = json.loads(snapshot(1000, account_id="222222222222"))
        Path("other.json").write_text(json.dumps({**other, "region": "eu-west-1"}))
        environment = "[env.other]\nregion = 'eu-west-1'\nsnapshot = 'other.json'\n"
        Path("tapctl.toml").write_text(f"{CONFIGURATION}{environment}")

    def test_quietly_the_verdict_of_all_is_printed_alone(self, tapctl: Tapctl) -> None:
        answer = tapctl("preflight", "--env", "*", "--no-lint", "--quiet", "*.yaml")

        assert (answer.code, answer.out) == (3, "exceeds: 4 targets: 3 fits, 1 exceeds\n")

    def test_one_report_has_them_all(self, tapctl: Tapctl) -> None:
        answer = tapctl("preflight", "--env", "*", "--no-lint", "--format", "json", "*.yaml")

        report = json.loads(answer.out)
        assert (answer.code, report["schema"], report["verdict"]) == (3, "tapctl.targets/1", "exceeds")
        assert breaches(report) == []
        found = {target["name"]: (target["account_id"], target["preflight"]["verdict"]) for target in report["targets"]}
        assert found == {
            "prod/t.yaml": ("123456789012", "fits"),
            "prod/u.yaml": ("123456789012", "exceeds"),
            "other/t.yaml": ("222222222222", "fits"),
            "other/u.yaml": ("222222222222", "fits"),
        }

    def test_each_is_linted(self, tapctl: Tapctl) -> None:
        Path("u.yaml").write_text(TEMPLATE.replace("Runtime: python3.12", "Runtime: cobol"))

        answer = tapctl("preflight", "--env", "other", "t.yaml", "u.yaml", "--format", "json")

        assert answer.code == 2
        findings = [target["preflight"]["findings"] for target in json.loads(answer.out)["targets"]]
        assert ["E3030" in {finding.get("rule") for finding in ones} for ones in findings] == [False, True]

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--env", "prod", "--env", "nowhere"),
            ("--env", "prod", "--env", "other", "--stack-name", "one"),
            ("--env", "prod", "--env", "other", "--baseline", "main.json"),
            ("t.yaml", "-"),
            ("*.yml",),
            ("--env", "prod", "--env", "other", "--snapshot", "account.json"),
        ],
    )
    def test_what_cannot_be_is_refused(self, arguments: tuple[str, ...], tapctl: Tapctl) -> None:
        assert tapctl("preflight", "--no-lint", *arguments).code == 2

    def test_a_gate_holds_for_each(self, tapctl: Tapctl) -> None:
        Path("../policy.toml").write_text("[env.prod]\nsnapshot = 'project/account.json'\nmin_unreserved = 170\n")

        answer = tapctl("preflight", "--env", "*", "--no-lint", "--policy", "../policy.toml", "--format", "json")

        # The policy has neither a snapshot nor a Region for the other environment.
        assert answer.code == 2
        assert [bool(target["preflight"]) for target in json.loads(answer.out)["targets"]] == [True, False]

    def test_a_cdk_app_is_all_its_stacks(self, tapctl: Tapctl) -> None:
        def stack(file: str, *needs: str) -> dict[str, Any]:
            properties = {"templateFile": file, "stackName": file.partition(".")[0]}
            return {"type": "aws:cloudformation:stack", "properties": properties, "dependencies": list(needs)}

        Path("cdk.out").mkdir()
        Path("cdk.out/manifest.json").write_text(
            json.dumps({"artifacts": {"A": stack("api.yaml", "B"), "B": stack("data.yaml")}})
        )
        Path("cdk.out/api.yaml").write_text(TEMPLATE)
        Path("cdk.out/data.yaml").write_text(TEMPLATE.replace("60", "50"))

        answer = tapctl("preflight", "cdk.out", "--no-lint", "--snapshot", "account.json", "--format", "json")

        found = [(target["stack"], target["preflight"]["verdict"]) for target in json.loads(answer.out)["targets"]]
        assert (answer.code, found) == (3, [("data", "fits"), ("api", "exceeds")])
        one = tapctl("preflight", "cdk.out/api.yaml", "--no-lint", "--snapshot", "account.json", "--format", "json")
        assert (one.code, json.loads(one.out)["schema"]) == (0, "tapctl.preflight/1")
