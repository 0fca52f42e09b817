"""`--targets`: a fleet judged live and from a folder of snapshots, and what is no fleet."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Tapctl
from tests.support.fleet_service import HUB, HUB_ACCOUNT, Service, refused, serving
from tests.support.git import commit, git
from tests.support.golden import Golden
from tests.support.schemas import breaches

TEMPLATE = """\
Parameters: {Size: {Type: Number, Default: 100}}
Resources:
  Webhook:
    Type: AWS::Lambda::Function
    Properties:
      {Handler: a.b, Runtime: python3.13, Role: r, Code: {ZipFile: x}, ReservedConcurrentExecutions: !Ref Size}
"""
ROLE = "  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}\n"
ONE, TWO, THREE = "111111111111", "222222222222", "333333333333"
FLEET = 'regions = ["eu-west-1", "us-east-1"]\nread_role = "tapctl-read"\n'


def lambda_refusal(code: str, status: int) -> tuple[int, str, str]:
    return status, "application/json", json.dumps({"__type": code, "message": "try later"})


@pytest.fixture
def fleet(workdir: Path) -> Callable[[str], None]:
    """Write the template, and a tapctl.toml with this fleet `prod`."""

    def write(section: str, template: str = TEMPLATE) -> None:
        (workdir / "t.yaml").write_text(template)
        (workdir / "tapctl.toml").write_text(f'template = "t.yaml"\n[fleet.prod]\n{section}')

    return write


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Service], None]]:
    """Let a service answer for AWS."""
    with ExitStack() as stack:

        def start(service: Service) -> None:
            monkeypatch.setenv("AWS_ENDPOINT_URL", stack.enter_context(serving(service)))
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", HUB)
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

        yield start


def save(folder: Path, account: str, region: str, limit: int, reserved: int = 0, **more: Any) -> None:
    """A snapshot under a name that says nothing."""
    folder.mkdir(exist_ok=True)
    limits = {"concurrent_executions": limit, "unreserved_concurrent_executions": limit - reserved}
    content = {"schema": "tapctl.account/1", "account_id": account, "region": region, "limits": limits, **more}
    (folder / f"{len([*folder.iterdir()])}.json").write_text(json.dumps(content))


def verdicts(document: Mapping[str, Any]) -> dict[str, str]:
    return {f"{cell['account_id']}/{cell['region']}": cell["verdict"] for cell in document["cells"]}


def test_each_cell_is_judged_with_the_role_of_its_account(
    fleet: Callable[[str], None], serve: Callable[[Service], None], tapctl: Tapctl
) -> None:
    fleet(FLEET + f'accounts = ["{ONE}", "{TWO}", "{HUB_ACCOUNT}"]\n')
    service = Service(limits={TWO: 10, HUB_ACCOUNT: 50})
    serve(service)

    answer = tapctl("preflight", "--targets", "prod", "--no-lint", "--format", "json")

    document = answer.json()
    limits = {cell["account_id"]: cell["preflight"]["concurrency"]["limit"] for cell in document["cells"]}
    assert answer.code == 3
    assert limits == {ONE: 1000, TWO: 10, HUB_ACCOUNT: 50}
    assert breaches(document) == []
    assert [breach for cell in document["cells"] for breach in breaches(cell["preflight"])] == []
    assert {name: count for name, count in service.counts.items() if " " not in name} == {
        "GetCallerIdentity": 1,
        "AssumeRole": 2,
        "GetAccountSettings": 6,
    }


def test_a_cell_that_cannot_be_read_is_unknown_and_holds_up_no_other(
    fleet: Callable[[str], None], serve: Callable[[Service], None], tapctl: Tapctl, golden: Golden
) -> None:
    fleet(FLEET + f'accounts = ["{ONE}", "{TWO}", "{THREE}", "444444444444"]\n')
    serve(
        Service(
            refusals={
                f"AssumeRole {TWO}": refused("AccessDenied", f"not authorized on {TWO}", 403),
                f"GetAccountSettings {THREE}/us-east-1": lambda_refusal("UnrecognizedClientException", 403),
                "AssumeRole 444444444444": refused("ExpiredToken", "expired", 403),
            }
        )
    )

    answer = tapctl("preflight", "--targets", "prod", "--no-lint")

    assert answer.code == 4
    golden(answer.out)


def test_a_fresh_account_whose_lambda_fails_is_unknown(
    fleet: Callable[[str], None], serve: Callable[[Service], None], tapctl: Tapctl
) -> None:
    fleet(f'regions = ["eu-west-1"]\nread_role = "r"\naccounts = ["{ONE}", "{TWO}"]\n')
    serve(Service(refusals={f"GetAccountSettings {ONE}": lambda_refusal("ServiceException", 403)}))

    document = tapctl("preflight", "--targets", "prod", "--no-lint", "--format", "json").json()

    assert verdicts(document) == {f"{ONE}/eu-west-1": "unknown", f"{TWO}/eu-west-1": "fits"}


def test_the_accounts_of_organizational_units_that_are_active_and_not_excluded(
    fleet: Callable[[str], None], serve: Callable[[Service], None], tapctl: Tapctl
) -> None:
    fleet(
        'regions = ["eu-west-1"]\nread_role = "r"\nous = ["ou-abcd-11111111"]\n'
        f'exclude = ["{THREE}", "ou-abcd-33333333"]\n'
    )
    units = {
        "ou-abcd-11111111": (ONE, "ou-abcd-22222222", "ou-abcd-33333333"),
        "ou-abcd-22222222": (TWO, THREE, "555555555555"),
        "ou-abcd-33333333": ("666666666666",),
    }
    serve(Service(units=units, states={"555555555555": "SUSPENDED"}))

    document = tapctl("preflight", "--targets", "prod", "--no-lint", "--format", "json").json()

    assert verdicts(document) == {f"{ONE}/eu-west-1": "fits", f"{TWO}/eu-west-1": "fits"}
    assert document["inactive"] == [{"account_id": "555555555555", "state": "SUSPENDED"}]


def test_strict_reads_every_limit(
    fleet: Callable[[str], None], serve: Callable[[Service], None], tapctl: Tapctl
) -> None:
    fleet(f'regions = ["eu-west-1"]\nread_role = "r"\naccounts = ["{ONE}"]\n')
    service = Service()
    serve(service)

    tapctl("preflight", "--targets", "prod", "--no-lint", "--strict")

    assert service.counts["ListStacks"] == 1


def test_a_saved_fleet_is_judged_without_credentials(
    fleet: Callable[[str], None], serve: Callable[[Service], None], tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet(FLEET + f'accounts = ["{ONE}", "{TWO}"]\nous = ["ou-abcd-11111111"]\n')
    units = {"ou-abcd-11111111": (THREE,)}
    serve(Service(limits={ONE: 10}, units=units, refusals={f"AssumeRole {TWO}": refused("AccessDenied", "no", 403)}))
    live = tapctl("preflight", "--targets", "prod", "--no-lint", "--format", "json").json()

    saved = tapctl("account", "--targets", "prod", "--output", "saved")
    assert (saved.code, "`tapctl preflight --targets prod --snapshot saved`" in saved.err) == (0, True)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    offline = tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved", "--format", "json").json()

    assert verdicts(offline) == verdicts(live)
    assert {cell["reason"] for cell in offline["cells"]} == {cell["reason"] for cell in live["cells"]}


def test_the_stack_of_a_snapshot_is_the_one_that_is_updated(
    fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl
) -> None:
    fleet(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]\n')
    stack = {"name": "orders", "functions": {"Webhook": {"physical_id": "w", "reserved": 100}}}
    save(workdir / "saved", ONE, "eu-west-1", 110, 100, stack=stack)

    document = tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved", "--format", "json").json()

    assert verdicts(document) == {f"{ONE}/eu-west-1": "fits"}
    assert document["cells"][0]["preflight"]["stack"] == "orders"


def test_a_parameter_that_is_not_declared_is_a_usage_error(
    fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl
) -> None:
    fleet(FLEET + f'accounts = ["{ONE}"]\n')
    save(workdir / "saved", ONE, "eu-west-1", 1000)

    assert tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved", "-p", "Gone=1").code == 2


def test_the_matrix_with_its_causes(
    fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl, golden: Golden
) -> None:
    fleet(
        FLEET + f'accounts = ["{ONE}", "{TWO}", "{THREE}", "444444444444"]\n'
        f"[fleet.prod.account.{TWO}]\nparameters = {{ Size = 5 }}\n"
    )
    for account, limit in {ONE: 1000, TWO: 50, THREE: 10}.items():
        for region in ("eu-west-1", "us-east-1"):
            save(workdir / "saved", account, region, limit)

    answer = tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved")

    assert answer.code == 3
    golden(answer.out)


def test_past_40_accounts_only_what_deviates_is_shown(
    fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl
) -> None:
    ids = [f"{100_000_000_000 + number}" for number in range(60)]
    fleet(f'regions = ["eu-west-1"]\naccounts = {json.dumps(ids)}\n')
    for number, account in enumerate(ids):
        save(workdir / "saved", account, "eu-west-1", 10 if number < 17 else 1000)

    answer = tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved")

    assert answer.out.count("exceeds") == 20
    assert "concurrency limit 10, 17 cells" in answer.out


@pytest.mark.parametrize(("fit", "others"), [(41, 1), (2, 41), (41, 0)])
def test_the_accounts_without_a_row_are_counted(
    fit: int, others: int, fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl, golden: Golden
) -> None:
    ids = [f"{100_000_000_000 + number}" for number in range(fit + others)]
    fleet(f'regions = ["eu-west-1"]\naccounts = {json.dumps(ids)}\n')
    for number, account in enumerate(ids):
        save(workdir / "saved", account, "eu-west-1", 1000 if number < fit else 10)

    answer = tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved")

    golden([line for line in answer.out.splitlines() if line.startswith(f"{fit} of {fit + others} ")])
    assert answer.out.count("\n100000000") == (others if others <= 40 else 0)


def test_the_page_has_a_finding_for_each_cause_with_every_account(
    fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl
) -> None:
    ids = [f"{100_000_000_000 + number}" for number in range(9)]
    fleet(f'regions = ["eu-west-1"]\naccounts = {json.dumps(ids)}\n')
    for account in ids:
        save(workdir / "saved", account, "eu-west-1", 10)

    page = tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved", "--format", "html").out

    assert all(page.count(account) == 1 for account in ids)
    assert page.count("Webhook reserves 100") == 1


def test_the_next_step_for_snapshots_of_a_stack_set_is_a_rollout(
    fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl
) -> None:
    fleet(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]\nstack_set = "orders"\n')
    save(workdir / "saved", ONE, "eu-west-1", 10)

    answer = tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved")

    assert "`tapctl fleet deploy --remedy adjust`" in answer.out
    assert "`tapctl deploy`" not in answer.out


def test_a_limit_of_the_account_counts_all_of_its_regions(
    fleet: Callable[[str, str], None], workdir: Path, tapctl: Tapctl
) -> None:
    fleet(f'regions = ["eu-west-1", "us-east-1"]\naccounts = ["{ONE}", "{TWO}"]\n', TEMPLATE + ROLE)
    for account, used in {ONE: 999, TWO: 998}.items():
        for region in ("eu-west-1", "us-east-1"):
            quotas = {"iam/L-FE177D64": {"value": 1000, "usage": used}}
            save(workdir / "saved", account, region, 1000, quotas=quotas)

    answer = tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved", "--format", "json")

    assert verdicts(answer.json()) == {
        f"{ONE}/eu-west-1": "exceeds",
        f"{ONE}/us-east-1": "exceeds",
        f"{TWO}/eu-west-1": "fits",
        f"{TWO}/us-east-1": "fits",
    }


ATTACHED = "  P: {Type: AWS::IAM::ManagedPolicy, Properties: {Roles: [%s], PolicyDocument: {}}}\n"
THING = "  Thing: {Type: AWS::IoT::Thing}\n"
OWN = '[[limits.own]]\ntype = "AWS::IoT::Thing"\nquota = "iot/L-00000001"\nall_regions = %s\n'


@pytest.mark.parametrize(
    ("resources", "section", "quotas", "expected"),
    [
        pytest.param(
            ATTACHED % "one", "", {"iam/L-0DA4ABF3": {"value": 20, "usage": {"one": 19}}}, "exceeds",
            id="a role that both attach to",
        ),
        pytest.param(
            ATTACHED % "one", "", {"iam/L-0DA4ABF3": {"value": 20, "usage": {"one": 18, "two": 20}}}, "fits",
            id="a role with room for both",
        ),
        pytest.param(
            ATTACHED % "!Sub 'role-${AWS::Region}'", "",
            {"iam/L-0DA4ABF3": {"value": 20, "usage": {"role-eu-west-1": 19, "role-us-east-1": 19}}}, "fits",
            id="a role for each Region",
        ),
        pytest.param(THING, OWN % "true", {"iot/L-00000001": {"value": 9, "usage": 8}}, "exceeds", id="an own row"),
        pytest.param(THING, OWN % "false", {"iot/L-00000001": {"value": 9, "usage": 8}}, "fits", id="of one Region"),
    ],
)  # fmt: skip
def test_an_ignore_for_an_account_and_an_own_limit_count_too(
    resources: str,
    section: str,
    quotas: Mapping[str, Any],
    expected: str,
    fleet: Callable[[str, str], None],
    workdir: Path,
    tapctl: Tapctl,
) -> None:
    fleet(f'regions = ["eu-west-1", "us-east-1"]\naccounts = ["{ONE}"]\n{section}', TEMPLATE + resources)
    for region in ("eu-west-1", "us-east-1"):
        save(workdir / "saved", ONE, region, 1000, quotas=quotas)

    answer = tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved", "--format", "json")

    assert verdicts(answer.json()) == {f"{ONE}/eu-west-1": expected, f"{ONE}/us-east-1": expected}


def test_junit_has_a_case_for_each_cell(fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl) -> None:
    fleet(FLEET + f'accounts = ["{ONE}", "{TWO}"]\n')
    save(workdir / "saved", ONE, "eu-west-1", 1000)
    save(workdir / "saved", ONE, "us-east-1", 10)

    answer = tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved", "--format", "junit")

    assert 'tests="4" failures="1" errors="2"' in answer.out
    assert f'classname="preflight.{ONE}/us-east-1"' in answer.out


@pytest.mark.parametrize("format_", ["html", "markdown", "sarif", "gitlab", "github"])
def test_every_format_names_the_account(
    format_: str, fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl
) -> None:
    fleet(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]\n')
    save(workdir / "saved", ONE, "eu-west-1", 10)

    answer = tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved", "--format", format_)

    assert answer.code == 3
    assert ONE in answer.out


def test_a_cell_that_was_not_read_has_a_rule_that_is_explained(
    fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl
) -> None:
    fleet(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]\n')
    (workdir / "saved").mkdir()

    answer = tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved", "--format", "sarif")

    named = [result["ruleId"] for result in answer.json()["runs"][0]["results"]]
    assert (answer.code, named) == (4, ["tapctl:cell-unread"])
    assert tapctl("explain", named[0]).code == 0


ACCOUNTS = """\
accounts:
- account_id: '111111111111'
  name: payments
  regions: [us-east-1]
  role: arn:aws:iam::111111111111:role/custodian
- account_id: 222222222222
  name: orders
"""


def test_a_file_of_c7n_org_names_accounts(fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl) -> None:
    fleet('regions = ["eu-west-1"]\nfile = "accounts.yml"\n')
    (workdir / "accounts.yml").write_text(ACCOUNTS)
    save(workdir / "saved", ONE, "us-east-1", 1000)

    answer = tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved", "--format", "json")

    assert verdicts(answer.json()) == {f"{ONE}/us-east-1": "fits", f"{TWO}/eu-west-1": "unknown"}
    assert [cell["name"] for cell in answer.json()["cells"]] == ["payments", "orders"]


@pytest.mark.parametrize(
    ("section", "arguments"),
    [
        pytest.param('regions = ["eu-west-1"]', "", id="no accounts"),
        pytest.param(f'accounts = ["{ONE}"]', "", id="no Regions"),
        pytest.param(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]\nexclude = ["{ONE}"]', "", id="all excluded"),
        pytest.param('regions = ["eu-west-1"]\naccounts = ["12345"]', "", id="no account id"),
        pytest.param(f'regions = ["Ireland"]\naccounts = ["{ONE}"]', "", id="no Region's name"),
        pytest.param('regions = ["eu-west-1"]\nous = ["production"]', "", id="no unit's id"),
        pytest.param('regions = ["eu-west-1"]\nfile = "gone.yml"', "", id="no file"),
        pytest.param('regions = ["eu-west-1"]\nfile = "wrong.yml"', "", id="a file with a wrong id"),
        pytest.param('regions = ["eu-west-1"]\nfile = "t.yaml"', "", id="a file of something else"),
        pytest.param(f'regons = []\naccounts = ["{ONE}"]', "", id="a misspelled key"),
        pytest.param(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]', "--region eu-west-1", id="another Region"),
        pytest.param(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]', "--targets prd", id="a misspelled fleet"),
        pytest.param(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]', "--snapshot gone", id="no folder"),
        pytest.param(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]', "--snapshot twice", id="two of one cell"),
        pytest.param(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]', "--probe-floor", id="a probe"),
        pytest.param(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]', "--baseline b.json", id="a baseline"),
        pytest.param(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]', "--explain", id="one sum"),
        pytest.param(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]', "t.yaml u.yaml", id="two templates"),
        pytest.param(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]', "--env a --env b", id="two environments"),
        pytest.param(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]', "--policy ../p.toml", id="saved, in a gate"),
    ],
)
def test_an_unknown_fleet_is_a_usage_error(
    section: str, arguments: str, fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl, golden: Golden
) -> None:
    fleet(section)
    (workdir / "wrong.yml").write_text("accounts:\n- account_id: 012345\n")
    (workdir.parent / "p.toml").write_text("")
    (workdir / "saved").mkdir()
    for _ in range(2):
        save(workdir / "twice", ONE, "eu-west-1", 1000)
    given = arguments.split()
    given += [] if "--targets" in given else ["--targets", "prod"]
    given += [] if "--snapshot" in given else ["--snapshot", "saved"]

    answer = tapctl("preflight", "--no-lint", *given)

    assert answer.code == 2
    golden(answer.err)


def test_a_missing_organizational_unit_is_a_usage_error(
    fleet: Callable[[str], None], serve: Callable[[Service], None], tapctl: Tapctl, golden: Golden
) -> None:
    fleet('regions = ["eu-west-1"]\nous = ["ou-abcd-11111111"]\n')
    serve(Service())

    answer = tapctl("preflight", "--targets", "prod", "--no-lint")

    assert answer.code == 2
    golden(answer.err)


def test_an_account_that_is_named_twice_is_judged_once(
    fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl, golden: Golden
) -> None:
    fleet(f'regions = ["eu-west-1"]\naccounts = ["{ONE}", "{ONE}"]\n')
    save(workdir / "saved", ONE, "eu-west-1", 1000)

    answer = tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved", "--format", "json")

    assert verdicts(answer.json()) == {f"{ONE}/eu-west-1": "fits"}
    golden([line for line in answer.err.splitlines() if ONE in line])


def test_a_snapshot_of_an_instance_is_judged_by_what_the_template_asks_for(
    fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl
) -> None:
    function = {"physical_id": "w", "reserved": 0}
    given = {"name": "StackSet-orders-1", "functions": {"Webhook": function}, "parameters": {"Size": "0"}}
    save(workdir / "saved", ONE, "eu-west-1", 10, stack=given)
    save(workdir / "saved", TWO, "eu-west-1", 10, stack={**given, "name": "orders"})
    without = f'[fleet.live]\nregions = ["eu-west-1"]\naccounts = ["{TWO}"]\n'
    fleet(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]\nstack_set = "orders"\n{without}')

    answer = tapctl("preflight", "--targets", "all", "--no-lint", "--snapshot", "saved", "--format", "json")

    # The value that a rollout gave is no wish of the template; a stack keeps its values.
    assert verdicts(answer.json()) == {f"{ONE}/eu-west-1": "exceeds", f"{TWO}/eu-west-1": "fits"}


REMEDIES = [
    pytest.param("", "", "`tapctl fleet deploy --remedy adjust` gives", id="consent is needed"),
    pytest.param('remedy = "adjust"', "", "a rollout with these options gives", id="the fleet consents"),
    pytest.param('remedy = "fail"', "--remedy adjust", "a rollout with these options gives", id="the option consents"),
    pytest.param('remedy = "adjust"', "--remedy fail", "leave out the reservation", id="the option forbids"),
    pytest.param('remedy = "fail"', "", "leave out the reservation", id="the fleet forbids"),
]


@pytest.mark.parametrize(("line", "option", "hint"), REMEDIES)
def test_the_hint_is_by_the_remedy_of_the_fleet_unless_an_option_gives_one(
    line: str, option: str, hint: str, fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl
) -> None:
    fleet(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]\nstack_set = "orders"\n{line}\n')
    save(workdir / "saved", ONE, "eu-west-1", 10)

    answer = tapctl(
        "preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved", "--format", "json", *option.split()
    )

    assert answer.code == 3
    assert hint in answer.json()["cells"][0]["hint"]


def test_each_fleet_has_its_own_remedy(fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl) -> None:
    other = f'[fleet.live]\nregions = ["eu-west-1"]\naccounts = ["{TWO}"]\nstack_set = "orders"\nremedy = "drop"\n'
    fleet(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]\nstack_set = "orders"\n{other}')
    for account in (ONE, TWO):
        save(workdir / "saved", account, "eu-west-1", 10)

    answer = tapctl("preflight", "--targets", "all", "--no-lint", "--snapshot", "saved", "--format", "json")

    hints = {cell["account_id"]: cell["hint"] for cell in answer.json()["cells"]}
    assert ["--remedy adjust" in hints[account] for account in (ONE, TWO)] == [True, False]


def test_a_section_of_an_account_that_the_fleet_does_not_name_is_pointed_out(
    fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl, golden: Golden
) -> None:
    own = "\n".join(f"[fleet.prod.account.{account}]\nregions = ['eu-west-1']" for account in (ONE, TWO, THREE))
    fleet(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]\nexclude = ["{THREE}"]\n{own}\n')
    save(workdir / "saved", ONE, "eu-west-1", 1000)

    answer = tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved")

    golden([line for line in answer.err.splitlines() if "section" in line])


def test_a_template_that_fits_no_cell_for_its_own_error_is_that_error(
    fleet: Callable[[str, str], None], workdir: Path, tapctl: Tapctl
) -> None:
    fleet(f'regions = ["eu-west-1"]\naccounts = ["{ONE}"]\n', TEMPLATE.replace("!Ref Size", "!Ref Gone"))
    save(workdir / "saved", ONE, "eu-west-1", 1000)

    assert tapctl("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved").code == 2


# ---------------------------------------------------------------------------------------------------------------------
# In a gate
# ---------------------------------------------------------------------------------------------------------------------

GATED = """\
template = "t.yaml"
[fleet.prod]
regions = ["eu-west-1"]
file = "accounts.yml"
read_role = "r"
[[ignore]]
limit = "lambda-reserved-concurrency"
reason = "no"
until = 2999-01-01
"""


@pytest.fixture
def gated(workdir: Path, serve: Callable[[Service], None]) -> Path:
    """The main branch judges accounts ONE and TWO, whose limit is 10; the branch `change` is checked out."""
    git("init", "-qb", "main", ".")
    accounts = f"accounts: [{{account_id: '{ONE}'}}, {{account_id: '{TWO}'}}]"
    commit(t__yaml=TEMPLATE, tapctl__toml=GATED.partition("[[ignore]]")[0], accounts__yml=accounts)
    git("checkout", "-qb", "change")
    serve(Service(limits={TWO: 10}))
    return workdir


def test_the_change_chooses_no_accounts_and_ignores_nothing(gated: Path, tapctl: Tapctl) -> None:
    narrower = GATED.replace('file = "accounts.yml"', f'accounts = ["{ONE}"]')
    commit(tapctl__toml=narrower, accounts__yml="accounts: []")
    command = ("preflight", "--targets", "prod", "--no-lint", "--format", "json")

    assert verdicts(tapctl(*command).json()) == {f"{ONE}/eu-west-1": "fits"}
    answer = tapctl(*command, "--base", "main")

    document = answer.json()
    assert answer.code == 3
    assert verdicts(document) == {f"{ONE}/eu-west-1": "fits", f"{TWO}/eu-west-1": "exceeds"}
    proposed = {weakening["setting"]: weakening["proposed"] for weakening in document["weakenings"]}
    assert proposed["fleet.prod"] == f'{{"accounts": ["{ONE}"], "read_role": "r", "regions": ["eu-west-1"]}}'
    assert proposed["file accounts.yml"] == "changed content"
    assert {finding["rule"] for finding in document["findings"]} == {"tapctl:weakening"}


def test_a_fleet_of_the_change_alone_is_an_error(gated: Path, tapctl: Tapctl, golden: Golden) -> None:
    commit(tapctl__toml=GATED.replace("[fleet.prod]", "[fleet.other]"))

    answer = tapctl("preflight", "--targets", "other", "--no-lint", "--base", "main")

    assert answer.code == 2
    golden(answer.err)


def test_an_ignored_finding_is_left_out_in_each_cell(gated: Path, tapctl: Tapctl, golden: Golden) -> None:
    commit(tapctl__toml=GATED)

    answer = tapctl("preflight", "--targets", "prod", "--no-lint")

    assert answer.code == 0
    golden([line for line in answer.out.splitlines() if "lambda-reserved-concurrency" in line])


def test_an_old_snapshot_is_unknown(fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl) -> None:
    fleet(f'regions = ["eu-west-1"]\naccounts = ["{ONE}", "{TWO}"]\n')
    save(workdir / "saved", ONE, "eu-west-1", 1000, taken_at="2020-01-01T00:00:00Z")
    save(workdir / "saved", TWO, "eu-west-1", 1000, taken_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    command = ("preflight", "--targets", "prod", "--no-lint", "--snapshot", "saved", "--format", "json")

    document = tapctl(*command, "--max-age", "7d").json()

    assert verdicts(document) == {f"{ONE}/eu-west-1": "unknown", f"{TWO}/eu-west-1": "fits"}
