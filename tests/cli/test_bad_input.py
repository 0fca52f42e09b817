"""Each mistake of a user is reported in one line with one hint, and never as a traceback."""

import json
import os
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tapctl.__main__ import main
from tapctl.cli import terminal
from tests.cli.conftest import Tapctl
from tests.support.fake_aws_server import IDENTITY, answering, refusal
from tests.support.git import git
from tests.support.golden import Golden
from tests.support.terminal import ROOT, Terminal

QUEUE = "Resources:\n  Queue: {Type: AWS::SQS::Queue}\n"
SHOP = f"""\
Parameters:
  Stage: {{Type: String, AllowedValues: [dev, prod]}}
  Count: {{Type: Number, Default: 1, MinValue: 1}}
  Name: {{Type: String, Default: shop, AllowedPattern: '[a-z]+', ConstraintDescription: lower-case letters}}
  Key: {{Type: String, Default: unset, NoEcho: true, MaxLength: 5}}
{QUEUE}"""
ACCOUNT = (
    '{"schema": "tapctl.account/1", "limits": {"concurrent_executions": 10, "unreserved_concurrent_executions": 10}}'
)
FUNCTION = (
    '{"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": {"ReservedConcurrentExecutions": 100}}}}'
)
CONFIG = """\
stack_name = "shop-{env}"
[env.local]
sandbox = true
[env.staging]
region = "us-east-1"
[env.prod]
region = "us-east-1"
account = "111111111111"
[env.secret]
region = "us-east-1"
parameters = { Key = { env = "SHOP_KEY" } }
"""


def worded(err: str) -> str:
    """The lines without what Python's and libyaml's parsers add, which differs by version."""
    return re.sub(r"(?m)(is not JSON|not JSON|not YAML|is not TOML): .*", r"\1: …", err)


@pytest.fixture
def shop(workdir: Path) -> Path:
    """A folder with a good template, a good configuration and a saved account."""
    (workdir / "shop.yaml").write_text(SHOP)
    (workdir / "queue.yaml").write_text(QUEUE)
    (workdir / "account.json").write_text(ACCOUNT)
    (workdir / "other.json").write_text('{"Colour": "red"}')
    (workdir / "tapctl.toml").write_text(CONFIG)
    return workdir


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("gone.yaml", None, id="a file that is not there"),
        pytest.param("folder", "folder", id="a folder"),
        pytest.param("a.yaml", "hello", id="text"),
        pytest.param("a.json", "[1]", id="a list"),
        pytest.param("a.json", '{"a": 1}', id="another map"),
        pytest.param("a.yaml", "", id="an empty file"),
        pytest.param("a.json", '{"Resources": {,}}', id="JSON with a slip"),
        pytest.param("a.json", '{\n  "Resources": {\n', id="JSON cut short"),
        pytest.param("a.yaml", "Resources:\n  A: [1,\n", id="YAML cut short"),
        pytest.param("a.yaml", "Resources:\n\tA: 1\n", id="YAML with a tab"),
        pytest.param("a.yaml", b"\xff\xfe\x00", id="no text at all"),
        pytest.param(
            "a.yaml",
            "Resources:\n  Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: many}}\n",
            id="a number that is none",
        ),
        pytest.param(
            "a.yaml",
            "Resources:\n  Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: -1}}\n",
            id="a number below zero",
        ),
        pytest.param(
            "a.yaml",
            f"{QUEUE}  Fn:\n    Type: AWS::Lambda::Function\n    Condition: Nowhere\n",
            id="a condition that is not there",
        ),
    ],
)
@pytest.mark.parametrize("command", ["preflight", "demand"])
def test_an_invalid_template(
    command: str, name: str, content: str | bytes | None, shop: Path, tapctl: Tapctl, golden: Golden
) -> None:
    if content == "folder":
        (shop / name).mkdir()
    elif content is not None:
        (shop / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    account = ["--snapshot", "account.json", "--no-lint"] if command == "preflight" else []

    answer = tapctl(command, name, *account)

    assert answer.is_error(2)
    golden(worded(answer.err))


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--parameter", "Stage=test"], id="a value outside of those that are allowed"),
        pytest.param(["--parameter", "Count=x"], id="a wrong type"),
        pytest.param(["--parameter", "Count=0"], id="too small"),
        pytest.param(["--parameter", "Name=Shop"], id="against the pattern"),
        pytest.param(["--parameter", "Key=opensesame"], id="a secret, which is not shown"),
        pytest.param(["--parameter", "Stag=dev"], id="a name that is not declared"),
        pytest.param(["--parameter", "Stage"], id="no value"),
        pytest.param(["--parameters-file", "gone.json"], id="a file of parameters that is not there"),
        pytest.param(["--parameters-file", "shop.yaml"], id="a file of no JSON"),
        pytest.param(["--parameters-file", "other.json", "--parameter", "Stage=dev"], id="a file of something else"),
        pytest.param(["--env", "prd"], id="an environment that is not there"),
        pytest.param(["--env", "zzz"], id="an environment like none that is there"),
        pytest.param(["--env", "prod", "-e", "prod"], id="an environment twice"),
        pytest.param(["--snapshot", "gone.json"], id="a snapshot that is not there"),
        pytest.param(["--snapshot", "shop.yaml"], id="a snapshot that is none"),
        pytest.param(["--nope"], id="an unknown option"),
        pytest.param(["--min-unreserved", "many"], id="an option that takes a number"),
        pytest.param(["--remedy", "pray"], id="an unknown remedy"),
        pytest.param(["--format", "yaml"], id="an unknown format"),
    ],
)
def test_invalid_options(arguments: list[str], shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    account = [] if "--snapshot" in arguments else ["--snapshot", "account.json"]

    answer = tapctl("preflight", "shop.yaml", "--no-lint", *account, *arguments)

    assert "opensesame" not in answer.err
    assert answer.is_error(2)
    golden(worded(answer.err))


def test_a_deploy_takes_one_environment(shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("deploy", "shop.yaml", "--env", "prod", "-e", "staging")

    assert answer.is_error(2)
    golden(worded(answer.err))


def test_only_deploy_needs_a_secret_that_is_not_set(shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    judged = tapctl("preflight", "shop.yaml", "--no-lint", "--env", "secret", "--snapshot", "account.json")
    assert judged.code == 0, judged.err

    deployed = tapctl("deploy", "shop.yaml", "--env", "secret", "--yes")
    assert deployed.is_error(2)
    golden(worded(deployed.err))


@pytest.mark.parametrize("command", ["destroy --yes", "watch", "verify"])
def test_a_command_on_a_stack_needs_no_secret_of_its_template(
    command: str, shop: Path, tapctl: Tapctl, golden: Golden
) -> None:
    answer = tapctl(*command.split(), "--env", "secret")

    assert answer.is_error(1)
    golden(answer.err)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("colour = 1\n", id="an unknown key"),
        pytest.param("[env.prod]\nregoin = 'x'\n", id="an unknown key inside"),
        pytest.param("[env.prod]\naccount = '12'\n", id="an account that is none"),
        pytest.param("[env.prod]\nremedy = 'pray'\n", id="an unknown remedy"),
        pytest.param("stack_name = 5\n", id="a number for a name"),
        pytest.param("[env.prod]\nmin_unreserved = -1\n", id="a number below zero"),
        pytest.param("[verify.webhook]\n", id="a key that is missing"),
        pytest.param("[defaults]\nmax_age = 'a week'\n", id="a time that is none"),
        pytest.param("[limits.\"vpc/L-F678F1CE\"]\nvalue = 5\nreason = ' '\n", id="a blank reason"),
        pytest.param("[[limits.own]]\ntype = 'AWS::IoT::Thing'\nquota = 'iot'\n", id="a quota that is none"),
        pytest.param("stack_name = \n", id="no TOML"),
    ],
)
def test_an_invalid_configuration_names_the_key(content: str, shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    (shop / "tapctl.toml").write_text(content)

    answer = tapctl("preflight", "shop.yaml", "--snapshot", "account.json")

    assert answer.is_error(2)
    golden(worded(answer.err))


def test_a_missing_configuration_is_named(shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("preflight", "shop.yaml", "--snapshot", "account.json", "--config", "gone.toml")

    assert answer.is_error(2)
    golden(answer.err)


def test_an_environment_without_any_configuration(workdir: Path, tapctl: Tapctl, golden: Golden) -> None:
    (workdir / "shop.yaml").write_text(SHOP)

    answer = tapctl("demand", "shop.yaml", "--env", "prod")

    assert answer.is_error(2)
    golden(worded(answer.err))


def test_a_demand_warns_of_a_key_that_is_given_twice(workdir: Path, tapctl: Tapctl, golden: Golden) -> None:
    (workdir / "t.yaml").write_text("Resources:\n  T: {Type: AWS::SNS::Topic}\n  T: {Type: AWS::SNS::Topic}\n")
    answer = tapctl("demand", "t.yaml")

    assert answer.code == 0
    golden(answer.err)


@pytest.mark.parametrize("command", ["preflight", "demand", "deploy --yes"])
def test_no_template_given(command: str, workdir: Path, tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl(*command.split(), "--stack-name", "x")

    assert answer.is_error(2)
    golden(worded(answer.err))


@pytest.mark.parametrize(
    "config",
    [
        pytest.param("", id="none"),
        pytest.param('template = "gone.yaml"\n', id="one that is not there"),
        pytest.param('[defaults.parameters]\nKey = { env = "SHOP_KEY" }\n', id="a parameter without its variable"),
    ],
)
def test_the_account_is_shown_without_a_template(config: str, shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    (shop / "tapctl.toml").write_text(config)
    answer = tapctl("account", "--snapshot", "account.json")

    assert (answer.code, "concurrency: limit 10" in answer.out) == (0, True), answer
    golden(answer.err)


def test_a_template_that_is_named_for_the_account_has_to_be_there(shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("account", "--snapshot", "account.json", "--template", "gone.yaml")

    assert answer.is_error(2)
    golden(answer.err)


def test_an_empty_tag_is_refused_before_anything_else(shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("deploy", "queue.yaml", "--stack-name", "shop", "--tag", "team=")

    assert answer.is_error(2)
    golden(answer.err)


@pytest.mark.parametrize(
    "arguments", [pytest.param(["fly"], id="a command"), pytest.param(["sandbox", "fly"], id="a command of a command")]
)
def test_an_unknown_command(arguments: list[str], workdir: Path, tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl(*arguments)
    assert answer.is_error(2)
    golden(worded(answer.err))


@pytest.mark.parametrize("arguments", [[], ["sandbox"]], ids=["tapctl alone", "sandbox alone"])
def test_no_command_shows_the_help_in_lines(arguments: list[str], workdir: Path, tapctl: Tapctl) -> None:
    answer = tapctl(*arguments)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("Usage: tapctl")
    assert len(answer.err.splitlines()) > 8


def test_deploy_without_a_terminal_needs_yes(shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("deploy", "queue.yaml", "--env", "local")

    assert answer.is_error(2)
    golden(worded(answer.err))
    assert not (shop.parent / "state").exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        pytest.param(["deploy", "shop.yaml", "--env", "nowhere"], "nowhere", id="environment"),
        pytest.param(["destroy", "--env", "nowhere"], "nowhere", id="environment to destroy"),
        pytest.param(["deploy", "shop.yaml", "--env", "local", "-p", "Count=abc"], "Count", id="not a number"),
        pytest.param(["deploy", "shop.yaml", "--env", "local", "-p", "Cuont=1"], "Cuont", id="unknown parameter"),
        pytest.param(["deploy", "gone.yaml", "--env", "local"], "gone.yaml", id="missing template"),
    ],
)
def test_invalid_input_is_reported_before_a_missing_terminal(
    arguments: list[str], named: str, shop: Path, tapctl: Tapctl
) -> None:
    answer = tapctl(*arguments)

    assert answer.is_error(2)
    assert named in answer.err.splitlines()[0]
    assert not (shop.parent / "state").exists()


IMAGE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {PackageType: Image}}
"""


def test_a_deploy_of_an_image_that_is_not_built_ends_before_aws(shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    (shop / "image.yaml").write_text(IMAGE)
    # Neither a Region nor credentials are set.
    answer = tapctl("deploy", "image.yaml", "--stack-name", "shop", "--yes")
    assert answer.is_error(2)
    golden(answer.err)


def test_the_template_of_a_newer_build_is_taken_and_named(shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    (shop / "template.yaml").write_text(IMAGE)
    os.utime(shop / "template.yaml", (1_000, 1_000))
    (shop / ".aws-sam" / "build").mkdir(parents=True)
    (shop / ".aws-sam" / "build" / "template.yaml").write_text(IMAGE.replace("Image}", "Image, ImageUri: 'fn:v1'}"))
    answer = tapctl("preflight", "template.yaml", "--snapshot", "account.json", "--no-lint", "--format", "json")
    assert json.loads(answer.out)["template"] == ".aws-sam/build/template.yaml"
    golden(answer.err)


def test_deploy_without_a_stack_name(shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("deploy", "queue.yaml", "--yes", "--region", "us-east-1")

    assert answer.is_error(2)
    golden(worded(answer.err))


def test_a_snapshot_of_another_stack_is_announced(shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    (shop / "tapctl.toml").write_text('stack_name = "mine"\n')
    account = json.loads((shop / "account.json").read_text())
    (shop / "account.json").write_text(json.dumps({**account, "stack": {"name": "theirs"}}))
    answer = tapctl("preflight", "queue.yaml", "--snapshot", "account.json", "--no-lint")

    assert answer.code == 0
    golden(answer.err)


def test_a_snapshot_of_another_account_is_refused(shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    account = json.loads((shop / "account.json").read_text())
    (shop / "account.json").write_text(json.dumps({**account, "account_id": "222222222222"}))
    command = "preflight queue.yaml --snapshot account.json --no-lint --env"
    answer = tapctl(*command.split(), "prod")

    assert answer.is_error(2)
    golden(answer.err)
    assert tapctl(*command.split(), "staging").code == 0


@pytest.mark.parametrize(("strict", "code"), [([], 0), (["--strict"], 4), (["--strict", "--allow-uncertain"], 0)])
def test_a_limit_that_was_not_read_counts_only_if_it_is_asked(
    strict: list[str], code: int, shop: Path, tapctl: Tapctl
) -> None:
    command = "preflight queue.yaml --snapshot account.json --no-lint --format json"
    assert tapctl(*command.split(), *strict).code == code


ONLINE = [
    pytest.param(["preflight", "queue.yaml", "--no-lint"], id="preflight"),
    pytest.param(["account"], id="account"),
    pytest.param(["deploy", "queue.yaml", "--yes", "--no-lint", "--stack-name", "shop"], id="deploy"),
    pytest.param(["verify", "--stack-name", "shop"], id="verify"),
]


@pytest.mark.parametrize("command", ["preflight", "deploy"])
def test_a_configured_parameter_that_the_template_lacks(
    command: str, shop: Path, tapctl: Tapctl, golden: Golden
) -> None:
    (shop / "tapctl.toml").write_text(
        'stack_name = "shop"\n[env.prod]\nregion = "us-east-1"\nparameters = {Stage = "a"}\n'
    )
    more = ("--yes",) if command == "deploy" else ("--snapshot", "account.json")
    answer = tapctl(command, "queue.yaml", "--env", "prod", "--no-lint", *more)

    assert answer.is_error(2)
    golden(worded(answer.err))


@pytest.mark.parametrize("arguments", ONLINE)
def test_no_region(arguments: list[str], shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl(*arguments)

    assert answer.is_error(2)
    golden(worded(answer.err))


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_comes_from_the_environment(
    variable: str, shop: Path, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "eu-west-1")

    # The missing credentials are what fails, no longer the Region.
    assert tapctl("account").is_error(1)


@pytest.mark.parametrize("arguments", ONLINE)
def test_no_credentials(arguments: list[str], shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl(*arguments, "--region", "us-east-1")

    assert answer.is_error(1)
    golden(worded(answer.err))


@pytest.mark.parametrize("more", [pytest.param((), id="no Region"), pytest.param(("--region", "us-east-1"), id="none")])
def test_the_option_sandbox_chooses_no_environment(
    more: tuple[str, ...], shop: Path, tapctl: Tapctl, golden: Golden
) -> None:
    (shop / "t.yaml").write_text("Resources: {T: {Type: AWS::SNS::Topic}}")

    golden(worded(tapctl("preflight", "t.yaml", "--no-lint", "--sandbox", *more).err))


@pytest.fixture
def credentials(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "hushhush")


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("arguments", ONLINE)
@pytest.mark.parametrize(
    "code", [pytest.param("ExpiredToken", id="expired"), pytest.param("InvalidClientTokenId", id="bad")]
)
def test_credentials_that_aws_rejects(
    code: str, arguments: list[str], shop: Path, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch, golden: Golden
) -> None:
    with answering(403, refusal(code, "no"), code) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        answer = tapctl(*arguments, "--region", "us-east-1")

    assert answer.is_error(1)
    golden(worded(answer.err))
    assert "hush" not in answer.err


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("command", ["preflight queue.yaml --no-lint", "deploy queue.yaml --yes --no-lint", "verify"])
def test_credentials_of_another_account_are_refused(
    command: str, shop: Path, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch, golden: Golden
) -> None:
    with answering(200, IDENTITY) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        answer = tapctl(*command.split(), "--env", "prod")

    assert answer.is_error(2)
    golden(worded(answer.err))


@pytest.mark.usefixtures("credentials")
def test_an_unknown_account_is_refused(
    shop: Path, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch, golden: Golden
) -> None:
    with answering(403, refusal("AccessDenied", "no")) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        answer = tapctl("preflight", "queue.yaml", "--no-lint", "--env", "prod")

    assert answer.is_error(2)
    golden(worded(answer.err))


FOREIGN = [
    pytest.param(200, "<html><head><title>Sign in</title></head>\x1b[31m</html>", "<html>", id="a login page"),
    pytest.param(403, "<!DOCTYPE html>\n<html>Blocked</html>", "<!DOCTYPE html> <html>Blocked", id="a block page"),
    pytest.param(200, "", "an empty body with HTTP status 200", id="an empty body"),
    pytest.param(403, "", "403", id="an empty refusal"),
    pytest.param(200, '{"hello": 1}', '{"hello": 1}', id="other JSON"),
    pytest.param(200, "[1]", "[1]", id="a list"),
    pytest.param(200, '{"AccountLimit": {"ConcurrentExecutions": []}}', '{"AccountLimit"', id="JSON of another shape"),
    pytest.param(200, '{"Account', '{"Account', id="JSON cut short"),
]


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(("status", "body", "words"), FOREIGN)
def test_a_preflight_of_what_is_not_aws_is_unknown(
    status: int, body: str, words: str, shop: Path, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / "function.json").write_text(FUNCTION)
    command = "preflight function.json --no-lint --region us-east-1 --stack-name shop --format"
    with answering(status, body) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        document, text = (tapctl(*command.split(), format_) for format_ in ("json", "text"))

    assert (document.code, text.code) == (4, 4)
    messages = [finding["message"] for finding in json.loads(document.out)["findings"]]
    assert all(words in message for message in messages if "GetAccountSettings" in message)
    assert words in messages[0]
    assert words in text.out
    assert "\x1b" not in text.out


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(("status", "body", "words"), FOREIGN[:3])
@pytest.mark.parametrize(
    "command",
    ["deploy queue.yaml --yes --no-lint", "deploy queue.yaml --plan --no-lint", "verify", "watch", "destroy -y"],
)
def test_a_command_that_needs_the_stack_ends_where_something_else_answers(
    command: str, status: int, body: str, words: str, shop: Path, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(status, body) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        answer = tapctl(*command.split(), "--region", "us-east-1", "--stack-name", "shop")

    assert answer.is_error(1)
    assert "stack shop" in answer.err.splitlines()[0]
    assert words in answer.err


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("variable", "value", "arguments", "named"),
    [
        pytest.param("AWS_ENDPOINT_URL", "nonsense", [], "nonsense", id="an invalid address"),
        pytest.param("AWS_PROFILE", "gone", [], "gone", id="a missing profile"),
        pytest.param("AWS_CONFIG_FILE", "account.json", [], "account.json", id="a file that is not INI"),
        pytest.param("AWS_REGION", "us east", ["--region", "us east"], "us east", id="an invalid Region"),
    ],
)
def test_an_invalid_aws_environment(
    variable: str,
    value: str,
    arguments: list[str],
    named: str,
    shop: Path,
    tapctl: Tapctl,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, value)

    answer = tapctl("preflight", "queue.yaml", "--no-lint", *(arguments or ["--region", "us-east-1"]))

    assert answer.is_error(2)
    assert named in answer.err.splitlines()[0]


def test_a_port_in_use(workdir: Path, tapctl: Tapctl, golden: Golden) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = tapctl("sandbox", "start", "--port", str(port))

    assert answer.is_error(2)
    golden(worded(answer.err), port=port)


def test_the_emulator_is_not_installed(fresh: Terminal, tmp_path: Path, golden: Golden) -> None:
    """Run a Python that finds every package but the emulator's."""
    packages = tmp_path / "packages"
    packages.mkdir()
    for folder in (Path(path) for path in sys.path if path.endswith(("site-packages", "dist-packages"))):
        for entry in folder.iterdir():
            if not entry.name.startswith("ministack") and entry.suffix != ".pth":
                (packages / entry.name).symlink_to(entry)
    variables = {"PYTHONPATH": f"{ROOT}:{packages}"}

    answer = fresh.run(sys.executable, "-S", "-m", "tapctl", "deploy", "--env", "local", "--yes", env=variables)

    lines = answer.err.splitlines()
    assert (answer.code, answer.out) == (2, "")
    assert len(lines) <= 3
    golden(lines[-2:])


@contextmanager
def full_disk() -> Iterator[None]:
    """No file can be longer than 100 bytes."""
    resource = pytest.importorskip("resource", reason="needs a limit on the size of files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("old", [None, "the old one"], ids=["nothing there before", "an old file there"])
@pytest.mark.parametrize(
    "command",
    [
        pytest.param("account --snapshot account.json --output out.json", id="a snapshot"),
        pytest.param("preflight queue.yaml --snapshot account.json --no-lint -f json -o out.json", id="a result"),
    ],
)
def test_a_full_disk_leaves_the_old_file_or_none(
    command: str, old: str | None, shop: Path, tapctl: Tapctl, golden: Golden
) -> None:
    if old:
        (shop / "out.json").write_text(old)
    before = sorted(path.name for path in shop.iterdir())

    with full_disk():
        answer = tapctl(*command.split())

    assert answer.is_error(1)
    golden(worded(answer.err))
    assert sorted(path.name for path in shop.iterdir()) == before
    if old:
        assert (shop / "out.json").read_text() == old


def test_output_into_a_missing_folder(shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("account", "--snapshot", "account.json", "--output", "nowhere/out.json")

    assert answer.is_error(2)
    golden(worded(answer.err))


def test_an_unexpected_exception_is_reported_as_a_bug(shop: Path, fresh: Terminal, golden: Golden) -> None:
    broken = (
        "import sys, tapctl.__main__ as m; sys.argv[1:] = ['demand', 'queue.yaml']; sys.modules['yaml'] = 5; m.main()"
    )

    answer = Terminal(fresh.state, shop).run(sys.executable, "-c", broken)

    assert answer.is_error(1)
    golden(worded(answer.err))


def test_a_closed_pipe_is_no_traceback(shop: Path, fresh: Terminal) -> None:
    """As in `tapctl … | head -1`."""
    script = f"{sys.executable} -m tapctl preflight queue.yaml --snapshot account.json --no-lint | true"

    answer = Terminal(fresh.state, shop).run("/bin/sh", "-c", script)

    assert (answer.out, answer.err) == ("", "")


JUDGE = f"{sys.executable} -m tapctl preflight queue.yaml --snapshot account.json --no-lint"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_result_that_cannot_be_written(shop: Path, fresh: Terminal, golden: Golden) -> None:
    answer = Terminal(fresh.state, shop).run("/bin/sh", "-c", f"{JUDGE} > /dev/full")

    assert answer.is_error(1)
    golden(worded(answer.err))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("preflight", "--help")], ids=" ".join)
def test_a_full_disk_is_named(
    arguments: tuple[str, ...],
    workdir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        monkeypatch.setattr(sys, "argv", ["tapctl", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    error, hint = capsys.readouterr().err.splitlines()
    assert (ended.value.code, error.partition(": ")[0], hint.partition(": ")[0]) == (1, "error", "hint")


def test_a_removed_working_folder(workdir: Path, tapctl: Tapctl, golden: Golden) -> None:
    workdir.rmdir()

    assert (tapctl("--version").code, tapctl("--help").code) == (0, 0)
    answer = tapctl("preflight", "t.yaml")
    assert answer.is_error(2)
    golden(answer.err)


@pytest.mark.parametrize(
    "arguments",
    [
        "--config DEVICE",
        "--parameters-file DEVICE",
        "--snapshot DEVICE",
        "--output DEVICE",
        "-t DEVICE",
        "-t ./outer.yaml",
    ],
)
def test_a_device_is_refused(arguments: str, shop: Path, tapctl: Tapctl) -> None:
    (shop / "zero.yaml").symlink_to("/dev/zero")
    (shop / "outer.yaml").write_text(
        "Resources: {A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: zero.yaml}}}"
    )
    given = arguments.replace("DEVICE", "zero.yaml").split()
    named = [] if "-t" in given else ["queue.yaml"]
    account = [] if "--snapshot" in given else ["--snapshot", "account.json"]

    assert tapctl("preflight", *named, *account, "--no-lint", *given).is_error(2)


@pytest.mark.parametrize("output", ["out.json", "reports/out.json"])
def test_an_output_does_not_follow_a_link_out_of_the_repository(
    output: str, shop: Path, tmp_path_factory: pytest.TempPathFactory, tapctl: Tapctl
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "out.json"
    outside.write_text("kept")
    (shop / ".git").mkdir()
    (shop / "out.json").symlink_to(outside)
    (shop / "reports").symlink_to(outside.parent)

    answer = tapctl("preflight", "queue.yaml", "--snapshot", "account.json", "--no-lint", "--output", output)

    assert (answer.is_error(2), outside.read_text()) == (True, "kept")


@pytest.mark.parametrize("kind", ["a device", "a folder"])
def test_a_tapctl_toml_that_is_no_file_is_refused(kind: str, shop: Path, tapctl: Tapctl) -> None:
    (shop / "tapctl.toml").unlink(missing_ok=True)
    if kind == "a folder":
        (shop / "tapctl.toml").mkdir()
    else:
        (shop / "tapctl.toml").symlink_to("/dev/zero")

    assert tapctl("demand", "queue.yaml").is_error(2)


def test_a_key_of_too_many_parts_is_refused(shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    (shop / "tapctl.toml").write_text("a." * 50_000 + "a = 1\n")

    answer = tapctl("demand", "queue.yaml")

    assert answer.is_error(2)
    golden(worded(answer.err))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("streams", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing(streams: str, shop: Path, fresh: Terminal) -> None:
    answer = Terminal(fresh.state, shop).run("/bin/sh", "-c", f"{JUDGE} {streams}")

    assert (answer.code, answer.out, answer.err) == (0, "", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_messages_that_cannot_be_written_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stderr", full)
        terminal.Terminal().message("hello")
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())


def test_an_argument_that_is_not_utf_8(shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("deploy", "queue.yaml", "--yes", "--tag", "team=\udcff")

    assert answer.is_error(2)
    golden(worded(answer.err))


@pytest.mark.parametrize("command", ["deploy queue.yaml --yes", "destroy --yes", "verify", "watch"])
def test_an_empty_stack_name_does_not_select_another_stack(
    command: str, shop: Path, tapctl: Tapctl, golden: Golden
) -> None:
    answer = tapctl(*command.split(), "--env", "staging", "--stack-name", "")

    assert answer.is_error(2)
    golden(worded(answer.err))


@pytest.mark.parametrize("quiet", [[], ["--quiet"]], ids=["not quiet", "quiet"])
def test_a_verdict_written_to_a_file_is_printed_too(quiet: list[str], shop: Path, tapctl: Tapctl) -> None:
    (shop / "fn.json").write_text(FUNCTION)
    answer = tapctl(
        "preflight",
        "fn.json",
        "--snapshot",
        "account.json",
        "--no-lint",
        "--format",
        "json",
        "--output",
        "o.json",
        *quiet,
    )
    assert (answer.code, answer.out) == (3, "")
    assert answer.err == (
        "" if quiet else f"exceeds: {json.loads((shop / 'o.json').read_text())['findings'][0]['message']}\n"
    )


@pytest.mark.parametrize("value", ["x1", "hunter2-x"])
def test_a_value_of_the_environment_is_not_shown(
    shop: Path, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch, value: str, golden: Golden
) -> None:
    (shop / "tapctl.toml").write_text('[env.ci.parameters]\nName = { env = "SHOP_NAME" }\n')
    monkeypatch.setenv("SHOP_NAME", value)
    answer = tapctl("preflight", "shop.yaml", "--env", "ci", "--snapshot", "account.json", "--no-lint")

    assert answer.is_error(2)
    assert value not in answer.err
    golden(answer.err)


LONG = "n" * 300


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(f"preflight {LONG}.yaml --snapshot account.json", 2, id="a template"),
        pytest.param(f"preflight {LONG}.yaml queue.yaml --snapshot account.json", 2, id="several templates"),
        pytest.param(f"preflight queue.yaml --targets all --snapshot {LONG}", 2, id="a folder of snapshots"),
        pytest.param("preflight code.yaml --snapshot account.json --no-lint", 0, id="code"),
        pytest.param("deploy code.yaml --stack-name shop --plan --region us-east-1", 1, id="code to deploy"),
        pytest.param("preflight include.yaml --snapshot account.json --no-lint", 4, id="an include"),
        pytest.param("account --snapshot account.json --output loop", 2, id="a circular link to write"),
        pytest.param("preflight queue.yaml --snapshot account.json --policy loop", 2, id="a circular link to trust"),
        pytest.param("preflight queue.yaml --snapshot account.json --config nul.toml --no-lint", 0, id="a zero byte"),
        pytest.param("preflight --snapshot account.json --config nul.toml", 2, id="a zero byte to read"),
    ],
)
def test_a_name_that_no_file_can_have(arguments: str, code: int, shop: Path, tapctl: Tapctl) -> None:
    git("init", "-q")
    (shop / "loop").symlink_to("loop")
    (shop / "nul.toml").write_text('template = "x\\u0000"\n')
    (shop / "tapctl.toml").write_text('[fleet.all]\naccounts = ["111111111111"]\nregions = ["us-east-1"]\n')
    (shop / "code.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  Fn:\n    Type: AWS::Serverless::Function\n"
        f"    Properties: {{Runtime: python3.12, Handler: app.handle, CodeUri: {LONG}}}\n"
    )
    include = "Fn::Transform: {Name: AWS::Include, Parameters: {Location: loop}}"
    (shop / "include.yaml").write_text(f"{QUEUE}  {include}\n")
    answer = tapctl(*arguments.split())

    assert (answer.code, "bug" in answer.err) == (code, False), answer.err


def test_a_file_that_is_no_snapshot_is_not_to_be_replaced(shop: Path, tapctl: Tapctl, golden: Golden) -> None:
    (shop / "folder").mkdir()

    golden([worded(tapctl("account", "--snapshot", name).err) for name in ("shop.yaml", "folder", "gone.json")])
