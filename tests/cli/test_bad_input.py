"""Everything that a user can get wrong is one line that says what, one with the next step, and no traceback."""

import json
import os
import re
import socket
import sys
from pathlib import Path

import pytest

from tapctl.cli import terminal as talk
from tests.cli.conftest import Tapctl
from tests.support.fake_aws_server import IDENTITY, answering, refusal
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


@pytest.fixture
def shop(desk: Path) -> Path:
    """A folder with a good template, a good configuration and a saved account."""
    (desk / "shop.yaml").write_text(SHOP)
    (desk / "queue.yaml").write_text(QUEUE)
    (desk / "account.json").write_text(ACCOUNT)
    (desk / "other.json").write_text('{"Colour": "red"}')
    (desk / "tapctl.toml").write_text(CONFIG)
    return desk


@pytest.mark.parametrize(
    ("name", "content", "error", "hint"),
    [
        pytest.param(
            "gone.yaml", None, r"gone\.yaml: no such file", "name the template .*", id="a file that is not there"
        ),
        pytest.param("folder", "folder", "folder: is a folder, not a template", ".+", id="a folder"),
        pytest.param(
            "a.yaml", "hello", r"a\.yaml: not a CloudFormation template: it is no map of sections", ".+", id="text"
        ),
        pytest.param(
            "a.json", "[1]", r"a\.json: not a CloudFormation template: it is no map of sections", ".+", id="a list"
        ),
        pytest.param(
            "a.json", '{"a": 1}', r"a\.json: not a CloudFormation template: .*Resources", ".+", id="another map"
        ),
        pytest.param("a.yaml", "", r"a\.yaml: .+", ".+", id="an empty file"),
        pytest.param(
            "a.json", '{"Resources": {,}}', r"a\.json:1:16: not JSON: .+", "mend it there", id="JSON with a slip"
        ),
        pytest.param(
            "a.json", '{\n  "Resources": {\n', r"a\.json:3:1: not JSON: .+", "mend it there", id="JSON cut short"
        ),
        pytest.param(
            "a.yaml", "Resources:\n  A: [1,\n", r"a\.yaml:3:1: not YAML: .+", "mend it there", id="YAML cut short"
        ),
        pytest.param(
            "a.yaml",
            "Resources:\n\tA: 1\n",
            r"a\.yaml:2:1: not YAML: .+",
            "indent with spaces, .+",
            id="YAML with a tab",
        ),
        pytest.param("a.yaml", b"\xff\xfe\x00", r"a\.yaml: is not UTF-8 text \(byte 0\)", ".+", id="no text at all"),
        pytest.param(
            "a.yaml",
            "Resources:\n  Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: many}}\n",
            r"a\.yaml:2: ReservedConcurrentExecutions of Fn is `many`, not a whole number",
            "give one of 0 or more, or leave it out",
            id="a number that is none",
        ),
        pytest.param(
            "a.yaml",
            "Resources:\n  Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: -1}}\n",
            r"a\.yaml:2: ReservedConcurrentExecutions of Fn is .*-1.*",
            ".+",
            id="a number below zero",
        ),
        pytest.param(
            "a.yaml",
            f"{QUEUE}  Fn:\n    Type: AWS::Lambda::Function\n    Condition: Nowhere\n",
            r"a\.yaml:\d+: condition Nowhere is not defined",
            None,
            id="a condition that is not there",
        ),
    ],
)
@pytest.mark.parametrize("command", ["preflight", "demand"])
def test_a_template_that_is_none(
    command: str, name: str, content: str | bytes | None, error: str, hint: str | None, shop: Path, tapctl: Tapctl
) -> None:
    if content == "folder":
        (shop / name).mkdir()
    elif content is not None:
        (shop / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    account = ["--snapshot", "account.json", "--no-lint"] if command == "preflight" else []

    answer = tapctl(command, name, *account)

    if hint is None and len(answer.err.splitlines()) == 2:
        hint = ".+"
    assert answer.is_complaint(2, error, hint)


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        pytest.param(
            ["--parameter", "Stage=test"],
            "parameter Stage: `test` is not allowed",
            "it takes one of: dev, prod",
            id="a value outside of those that are allowed",
        ),
        pytest.param(["--parameter", "Count=x"], "parameter Count: `x` is not a number", None, id="a wrong type"),
        pytest.param(["--parameter", "Count=0"], "parameter Count: `0` is below MinValue 1", None, id="too small"),
        pytest.param(
            ["--parameter", "Name=Shop"],
            r"parameter Name: `Shop` does not match AllowedPattern \[a-z\]\+",
            "lower-case letters",
            id="against the pattern",
        ),
        pytest.param(
            ["--parameter", "Key=opensesame"],
            "parameter Key: the value is longer than MaxLength 5",
            None,
            id="a secret, which is not shown",
        ),
        pytest.param(
            ["--parameter", "Stag=dev"],
            r"shop\.yaml has no parameter `Stag`",
            r"did you mean `Stage`\?",
            id="a name that is not declared",
        ),
        pytest.param(
            ["--parameter", "Stage"],
            "`--parameter Stage` is not KEY=VALUE",
            "for example `--parameter Stage=dev`",
            id="no value",
        ),
        pytest.param(
            ["--parameters-file", "gone.json"],
            r"cannot read gone\.json: No such file or directory",
            "name a JSON file of parameters",
            id="a file of parameters that is not there",
        ),
        pytest.param(
            ["--parameters-file", "shop.yaml"], r"shop\.yaml is not JSON: .+", "for example .+", id="a file of no JSON"
        ),
        pytest.param(
            ["--parameters-file", "other.json", "--parameter", "Stage=dev"],
            r"shop\.yaml has no parameter `Colour`",
            "it has: Stage, Count, Name, Key",
            id="a file of something else",
        ),
        pytest.param(
            ["--env", "prd"],
            r"\S+tapctl\.toml has no environment `prd`",
            r"did you mean `prod`\?",
            id="an environment that is not there",
        ),
        pytest.param(
            ["--env", "zzz"],
            r"\S+tapctl\.toml has no environment `zzz`",
            "it has: local, staging, prod, secret",
            id="an environment like none that is there",
        ),
        pytest.param(
            ["--snapshot", "gone.json"],
            r"cannot read the snapshot gone\.json: No such file or directory",
            "`tapctl account --output gone.json` saves one",
            id="a snapshot that is not there",
        ),
        pytest.param(
            ["--snapshot", "shop.yaml"],
            r"shop\.yaml is not an account snapshot: .+",
            ".+",
            id="a snapshot that is none",
        ),
        pytest.param(["--nope"], "No such option: --nope", "`tapctl preflight --help`", id="an unknown option"),
        pytest.param(
            ["--min-unreserved", "many"],
            "Invalid value for '--min-unreserved': .+",
            "`tapctl preflight --help`",
            id="an option that takes a number",
        ),
        pytest.param(
            ["--remedy", "pray"],
            "Invalid value for '--remedy': .+",
            "`tapctl preflight --help`",
            id="an unknown remedy",
        ),
        pytest.param(
            ["--format", "yaml"], "Invalid value for '--format'.*", "`tapctl preflight --help`", id="an unknown format"
        ),
    ],
)
def test_options_that_cannot_be_meant(
    arguments: list[str], error: str, hint: str | None, shop: Path, tapctl: Tapctl
) -> None:
    account = [] if "--snapshot" in arguments else ["--snapshot", "account.json"]

    answer = tapctl("preflight", "shop.yaml", "--no-lint", *account, *arguments)

    assert "opensesame" not in answer.err
    assert answer.is_complaint(2, error, hint)


def test_a_secret_that_is_not_at_hand_is_missed_by_a_deploy_alone(shop: Path, tapctl: Tapctl) -> None:
    judged = tapctl("preflight", "shop.yaml", "--no-lint", "--env", "secret", "--snapshot", "account.json")
    assert judged.code == 0, judged.err

    deployed = tapctl("deploy", "shop.yaml", "--env", "secret", "--yes")
    error = r"parameter Key is to be read from \$SHOP_KEY, which is not set"
    assert deployed.is_complaint(2, error, "export SHOP_KEY=…")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param("colour = 1\n", "there is no key `colour`", id="an unknown key"),
        pytest.param("[env.prod]\nregoin = 'x'\n", r"there is no key `env\.prod\.regoin`", id="an unknown key inside"),
        pytest.param("[env.prod]\naccount = '12'\n", r"`env\.prod\.account`: .+", id="an account that is none"),
        pytest.param("[env.prod]\nremedy = 'pray'\n", r"`env\.prod\.remedy`: .+", id="an unknown remedy"),
        pytest.param("stack_name = 5\n", "`stack_name`: .+", id="a number for a name"),
        pytest.param("[env.prod]\nmin_unreserved = -1\n", r"`env\.prod\.min_unreserved`: .+", id="a number below zero"),
        pytest.param("[verify.webhook]\n", r"`verify\.webhook\.endpoint`: .+", id="a key that is missing"),
        pytest.param("stack_name = \n", r"\S*tapctl\.toml is not TOML: .*line 1.*", id="no TOML"),
    ],
)
def test_a_configuration_that_cannot_be_read_names_the_key(
    content: str, error: str, shop: Path, tapctl: Tapctl
) -> None:
    (shop / "tapctl.toml").write_text(content)

    answer = tapctl("preflight", "shop.yaml", "--snapshot", "account.json")

    assert answer.is_complaint(2, error if "toml" in error else rf"\S+tapctl\.toml: {error}", ".+")


def test_a_configuration_that_is_not_there_is_named(shop: Path, tapctl: Tapctl) -> None:
    answer = tapctl("preflight", "shop.yaml", "--snapshot", "account.json", "--config", "gone.toml")

    assert answer.code == 2
    assert answer.err.startswith("error: cannot read gone.toml: No such file or directory\n")


def test_an_environment_without_any_configuration(desk: Path, tapctl: Tapctl) -> None:
    (desk / "shop.yaml").write_text(SHOP)

    answer = tapctl("demand", "shop.yaml", "--env", "prod")

    assert answer.is_complaint(
        2, r"there is no environment `prod`: no tapctl\.toml was found", r"write `\[env\.prod\]` into tapctl\.toml"
    )


@pytest.mark.parametrize("command", ["preflight", "demand", "deploy --yes"])
def test_no_template_is_named(command: str, desk: Path, tapctl: Tapctl) -> None:
    answer = tapctl(*command.split(), "--stack-name", "x")

    assert answer.is_complaint(2, "no template was named", r"give it as an argument, or set `template` in tapctl\.toml")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        pytest.param(["fly"], "`tapctl --help`", id="a command"),
        pytest.param(["sandbox", "fly"], "`tapctl sandbox --help`", id="a command of a command"),
    ],
)
def test_an_unknown_command(arguments: list[str], hint: str, desk: Path, tapctl: Tapctl) -> None:
    assert tapctl(*arguments).is_complaint(2, r"No such command 'fly'\.?", hint)


@pytest.mark.parametrize("arguments", [[], ["sandbox"]], ids=["tapctl alone", "sandbox alone"])
def test_no_command_shows_the_help_in_lines(arguments: list[str], desk: Path, tapctl: Tapctl) -> None:
    answer = tapctl(*arguments)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("Usage: tapctl")
    assert len(answer.err.splitlines()) > 8


def test_a_deploy_without_a_terminal_wants_a_yes(shop: Path, tapctl: Tapctl) -> None:
    answer = tapctl("deploy", "queue.yaml", "--env", "local")

    assert answer.is_complaint(2, "there is no terminal to ask on", "`--yes` deploys without asking")
    assert not (shop.parent / "state").exists()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        pytest.param(["deploy", "shop.yaml", "--env", "nowhere"], ".+nowhere.*", id="environment"),
        pytest.param(["destroy", "--env", "nowhere"], ".+nowhere.*", id="environment to destroy"),
        pytest.param(["deploy", "shop.yaml", "--env", "local", "-p", "Count=abc"], ".*Count.*", id="no number"),
        pytest.param(["deploy", "shop.yaml", "--env", "local", "-p", "Cuont=1"], ".*`Cuont`", id="no such parameter"),
        pytest.param(["deploy", "gone.yaml", "--env", "local"], r"gone\.yaml: no such file", id="no such template"),
    ],
)
def test_what_is_wrong_is_said_before_that_nobody_can_be_asked(
    arguments: list[str], error: str, shop: Path, tapctl: Tapctl
) -> None:
    answer = tapctl(*arguments)

    assert answer.code == 2
    assert re.fullmatch(f"error: {error}", answer.err.splitlines()[0])
    assert not (shop.parent / "state").exists()


def test_a_deploy_without_a_stack_to_deploy_to(shop: Path, tapctl: Tapctl) -> None:
    answer = tapctl("deploy", "queue.yaml", "--yes", "--region", "us-east-1")

    assert answer.is_complaint(
        2, "no stack was named", "give `--stack-name`, or `--env local` or `--env staging` or .+"
    )


def test_a_snapshot_of_another_stack_than_the_configured_one_is_said(shop: Path, tapctl: Tapctl) -> None:
    (shop / "tapctl.toml").write_text('stack_name = "mine"\n')
    held = json.loads((shop / "account.json").read_text())
    (shop / "account.json").write_text(json.dumps({**held, "stack": {"name": "theirs"}}))
    answer = tapctl("preflight", "queue.yaml", "--snapshot", "account.json", "--no-lint")

    assert (
        "account.json holds stack theirs, which is judged as the one that is updated;"
        " `--stack-name mine` judges that one instead"
    ) in answer.err


ONLINE = [
    pytest.param(["preflight", "queue.yaml", "--no-lint"], id="preflight"),
    pytest.param(["account"], id="account"),
    pytest.param(["deploy", "queue.yaml", "--yes", "--no-lint", "--stack-name", "shop"], id="deploy"),
    pytest.param(["verify", "--stack-name", "shop"], id="verify"),
]


@pytest.mark.parametrize("command", ["preflight", "deploy"])
def test_a_parameter_of_the_environment_that_the_template_lacks(command: str, shop: Path, tapctl: Tapctl) -> None:
    (shop / "tapctl.toml").write_text(
        'stack_name = "shop"\n[env.prod]\nregion = "us-east-1"\nparameters = {Stage = "a"}\n'
    )
    more = ("--yes",) if command == "deploy" else ("--snapshot", "account.json")
    answer = tapctl(command, "queue.yaml", "--env", "prod", "--no-lint", *more)

    hint = r"it declares none; \[env\.prod\.parameters\] of tapctl\.toml sets it"
    assert answer.is_complaint(2, r"queue\.yaml has no parameter `Stage`", hint)


@pytest.mark.parametrize("arguments", ONLINE)
def test_no_region(arguments: list[str], shop: Path, tapctl: Tapctl) -> None:
    answer = tapctl(*arguments)

    hint = (
        r"pass `--region` or `--env` \(local, staging, prod, secret\), set AWS_REGION,"
        r" or set `region` in tapctl\.toml"
    )
    assert answer.is_complaint(2, "no AWS Region is set", hint)


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_may_stand_in_the_environment_as_the_hint_says(
    variable: str, shop: Path, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "eu-west-1")

    assert "no usable AWS credentials" in tapctl("account").err


@pytest.mark.parametrize("arguments", ONLINE)
def test_no_credentials(arguments: list[str], shop: Path, tapctl: Tapctl) -> None:
    answer = tapctl(*arguments, "--region", "us-east-1")

    offline = "; `--snapshot FILE` needs none" if arguments[0] == "preflight" else ""
    hint = f"run `aws configure` or `aws sso login`, or pass `--profile NAME`{offline}"
    assert answer.is_complaint(1, ".+: no usable AWS credentials were found", hint)


@pytest.fixture
def credentials(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "hushhush")


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("arguments", ONLINE)
@pytest.mark.parametrize(
    ("code", "error", "hint"),
    [
        pytest.param("ExpiredToken", ".+: the AWS credentials have expired", "sign in again, .+", id="expired"),
        pytest.param(
            "InvalidClientTokenId",
            ".+: AWS does not accept the credentials",
            "check them with .+",
            id="bad",
        ),
    ],
)
def test_credentials_that_aws_does_not_take(
    code: str, error: str, hint: str, arguments: list[str], shop: Path, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(403, refusal(code, "no"), code) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        answer = tapctl(*arguments, "--region", "us-east-1")

    assert answer.is_complaint(1, error, hint)
    assert "hush" not in answer.err


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("command", ["preflight queue.yaml --no-lint", "deploy queue.yaml --yes --no-lint", "verify"])
def test_the_account_of_somebody_else_is_refused(
    command: str, shop: Path, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(200, IDENTITY) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        answer = tapctl(*command.split(), "--env", "prod")

    assert answer.is_complaint(
        2,
        "these credentials are of account 222222222222, the environment belongs to 111111111111",
        "choose another `--profile` or `--env`",
    )


@pytest.mark.usefixtures("credentials")
def test_an_account_that_cannot_be_told_is_refused_too(
    shop: Path, tapctl: Tapctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(403, refusal("AccessDenied", "no")) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        answer = tapctl("preflight", "queue.yaml", "--no-lint", "--env", "prod")

    assert answer.is_complaint(
        2,
        "cannot tell whose credentials these are: sts:GetCallerIdentity was denied",
        "allow the action sts:GetCallerIdentity",
    )


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("variable", "value", "arguments", "error"),
    [
        pytest.param(
            "AWS_ENDPOINT_URL",
            "nonsense",
            [],
            "cannot reach AWS: Invalid endpoint: nonsense",
            id="an address that is none",
        ),
        pytest.param("AWS_PROFILE", "gone", [], r"The config profile \(gone\) could not be found", id="a profile"),
        pytest.param(
            "AWS_CONFIG_FILE", "account.json", [], "cannot read the AWS configuration: Unable to parse .+", id="a file"
        ),
        pytest.param("AWS_REGION", "us east", ["--region", "us east"], ".+'us east' doesn't match .+", id="a region"),
    ],
)
def test_surroundings_that_lead_nowhere(
    variable: str,
    value: str,
    arguments: list[str],
    error: str,
    shop: Path,
    tapctl: Tapctl,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, value)

    answer = tapctl("preflight", "queue.yaml", "--no-lint", *(arguments or ["--region", "us-east-1"]))

    assert answer.is_complaint(2, error, ".+")


def test_a_port_that_is_taken(desk: Path, tapctl: Tapctl) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = tapctl("sandbox", "start", "--port", str(port))

    assert answer.is_complaint(
        2,
        f"the sandbox cannot listen on port {port}: Address already in use",
        "name another --port, or none for a free one",
    )


def test_the_emulator_is_not_installed(fresh: Terminal, tmp_path: Path) -> None:
    """A Python that finds every package but that one."""
    farm = tmp_path / "packages"
    farm.mkdir()
    for folder in (Path(path) for path in sys.path if path.endswith(("site-packages", "dist-packages"))):
        for entry in folder.iterdir():
            if not entry.name.startswith("ministack") and entry.suffix != ".pth":
                (farm / entry.name).symlink_to(entry)
    variables = {"PYTHONPATH": f"{ROOT}:{farm}"}

    answer = fresh.run(sys.executable, "-S", "-m", "tapctl", "deploy", "--env", "local", "--yes", env=variables)

    lines = answer.err.splitlines()
    assert (answer.code, answer.out) == (2, "")
    assert lines[-2:] == [
        "error: the sandbox needs the emulator `ministack`, which is not installed",
        "hint: pip install 'tapctl[sandbox]'",
    ]
    assert len(lines) <= 3


LIMITED = (
    "import resource, runpy, sys; sys.dont_write_bytecode = True;"
    " resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100));"
    " sys.argv[0] = 'tapctl'; runpy.run_module('tapctl', run_name='__main__')"
)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("old", [None, "the old one"], ids=["nothing there before", "an old file there"])
@pytest.mark.parametrize(
    "command",
    [
        pytest.param("account --snapshot account.json --output out.json", id="a snapshot"),
        pytest.param("preflight queue.yaml --snapshot account.json --no-lint -f json -o out.json", id="a result"),
    ],
)
def test_a_full_disk_leaves_the_old_file_or_none(command: str, old: str | None, shop: Path, fresh: Terminal) -> None:
    if old:
        (shop / "out.json").write_text(old)
    before = sorted(path.name for path in shop.iterdir())
    terminal = Terminal(fresh.state, shop)

    answer = terminal.run(sys.executable, "-c", LIMITED, *command.split())

    assert answer.is_complaint(
        1, r"cannot write out\.json: File too large", "free some space or name another place; the old file is untouched"
    )
    assert sorted(path.name for path in shop.iterdir()) == before
    if old:
        assert (shop / "out.json").read_text() == old


def test_a_folder_that_is_not_there_cannot_be_written_to(shop: Path, tapctl: Tapctl) -> None:
    answer = tapctl("account", "--snapshot", "account.json", "--output", "nowhere/out.json")

    assert answer.is_complaint(
        2, r"cannot write nowhere/out\.json: No such file or directory", "name a folder that exists and is writable"
    )


def test_what_a_user_could_not_have_known_is_our_bug_and_says_so(shop: Path, fresh: Terminal) -> None:
    """The one place where an exception becomes an exit code also takes those that nobody foresaw."""
    broken = (
        "import sys, tapctl.__main__ as m; sys.argv[1:] = ['demand', 'queue.yaml']; sys.modules['yaml'] = 5; m.main()"
    )

    answer = Terminal(fresh.state, shop).run(sys.executable, "-c", broken)

    assert answer.is_complaint(1, "this is a bug in tapctl: .+", "please report it; TAPCTL_TRACEBACK=1 .+")


def test_a_reader_that_goes_away_is_no_traceback(shop: Path, fresh: Terminal) -> None:
    """As in `tapctl … | head -1`."""
    script = f"{sys.executable} -m tapctl preflight queue.yaml --snapshot account.json --no-lint | true"

    answer = Terminal(fresh.state, shop).run("/bin/sh", "-c", script)

    assert (answer.out, answer.err) == ("", "")


JUDGE = f"{sys.executable} -m tapctl preflight queue.yaml --snapshot account.json --no-lint"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_result_that_finds_no_room_is_a_failure_that_says_so(shop: Path, fresh: Terminal) -> None:
    answer = Terminal(fresh.state, shop).run("/bin/sh", "-c", f"{JUDGE} > /dev/full")

    assert answer.is_complaint(1, "cannot write the result: No space left on device", "look where stdout leads")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("streams", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing(streams: str, shop: Path, fresh: Terminal) -> None:
    answer = Terminal(fresh.state, shop).run("/bin/sh", "-c", f"{JUDGE} {streams}")

    assert (answer.code, answer.out, answer.err) == (0, "", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_talk_that_finds_no_room_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stderr", full)
        talk.Terminal().talk("hello")
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())


def test_an_argument_that_is_no_text(shop: Path, tapctl: Tapctl) -> None:
    answer = tapctl("deploy", "queue.yaml", "--yes", "--tag", "team=\udcff")

    assert answer.is_complaint(2, "an argument is not UTF-8 text", "LC_ALL=C.UTF-8 .+")


@pytest.mark.parametrize("command", ["deploy queue.yaml --yes", "destroy --yes", "verify", "watch"])
def test_a_variable_that_was_empty_names_no_other_stack(command: str, shop: Path, tapctl: Tapctl) -> None:
    answer = tapctl(*command.split(), "--env", "staging", "--stack-name", "")

    assert answer.is_complaint(2, "`` cannot be a stack's name", "it takes letters, .+")


@pytest.mark.parametrize("quiet", [[], ["--quiet"]], ids=["aloud", "quiet"])
def test_a_verdict_that_goes_into_a_file_is_said_too(quiet: list[str], shop: Path, tapctl: Tapctl) -> None:
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
