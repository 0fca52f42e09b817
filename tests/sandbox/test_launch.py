import json
import subprocess
import sys
from pathlib import Path

import pytest

from tapctl import sandbox
from tapctl.errors import UsageError
from tapctl.sandbox import launch
from tapctl.sandbox.extension.patches import PINNED, UnsupportedError, require
from tests.support.golden import Golden
from tests.support.sandbox_clients import Aws, function

pytestmark = pytest.mark.sandbox
ROOT = Path(launch.__file__).parents[2]
RETURN_ENVIRONMENT = """
import os
def handle(event, context):
    return dict(os.environ)
"""


def install_fake(folder: Path, version: str) -> None:
    """Make the emulator look as if it were installed in another version."""
    info = folder / f"ministack-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ministack\nVersion: {version}\n")


def run(code: str, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *flags, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)


def test_no_credentials_of_the_caller_reach_the_functions(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, "secret of the caller")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/secret of the caller")
    aws = Aws(sandbox.start())
    aws.create("s", {"Fn": function("fn", RETURN_ENVIRONMENT)})

    environment = aws.client("lambda").invoke(FunctionName="fn")["Payload"].read().decode()

    aws.close()
    assert "secret of the caller" not in environment
    assert json.loads(environment)["AWS_ENDPOINT_URL"] == aws.sandbox.endpoint


def test_another_version_of_the_emulator_is_refused(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Golden
) -> None:
    install_fake(tmp_path, "1.5.34")
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(UsageError) as failure:
        sandbox.start()
    with pytest.raises(UnsupportedError) as unsupported:
        require()

    golden([failure.value, unsupported.value])


def test_without_the_emulator_a_start_names_the_extra_and_nothing_else_is_needed(state: Path, golden: Golden) -> None:
    code = """from tapctl import sandbox
from tapctl.report.hints import worded
try: sandbox.start()
except Exception as e: print(e.message, '|', worded(e.hint))"""

    answer = run(code, "-S")  # without site-packages

    golden(answer.stdout)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(
            "from ministack.services import lambda_svc; del lambda_svc._put_function_concurrency",
            id="a function",
        ),
        pytest.param(
            "from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS as h;"
            "del h['AWS::Lambda::Function']['update']",
            id="a resource handler",
        ),
    ],
)
def test_an_emulator_that_lacks_a_name_is_refused(tmp_path: Path, broken: str, golden: Golden) -> None:
    code = f"{broken}\nfrom tapctl.sandbox.server import main\nmain()"
    answer = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), "--port", "1"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"LOG_LEVEL": "ERROR"},
    )

    assert answer.returncode == 1
    golden(answer.stderr.splitlines()[-1])


def test_the_pin_is_the_same_on_both_sides() -> None:
    assert launch.PINNED == PINNED
