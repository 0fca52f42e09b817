"""What a cold start and the first deliveries load: the standard library and the function itself, each file once."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.function.senders import SECRETS, SIGNED, delivery, http_event, sqs_event
from tests.support.golden import Golden

FUNCTION = Path(__file__).parents[2] / "function"
# An SDK, or more than it is worth at every cold start.
HEAVY = {
    "aiohttp",
    "asyncio",
    "aws_xray_sdk",
    "boto3",
    "botocore",
    "dataclasses",
    "email",
    "http",
    "inspect",
    "pydantic",
    "requests",
    "urllib",
    "urllib3",
}
ENVIRONMENT = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # nothing listens there
    "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9",
    "AWS_REGION": "us-east-1",
    "DYNAMODB_TABLE_NAME": "transactions",
    "WEBHOOK_SECRETS": json.dumps(SECRETS),
}
SCRIPT = """
import json, sys
before = set(sys.modules)
import index
for line in sys.stdin:
    index.handler(json.loads(line), None)
found = {name: getattr(sys.modules[name], "__file__", None) for name in set(sys.modules) - before}
print(json.dumps({name: file for name, file in found.items()}))
"""


def started(events: list[object], **settings: str) -> list[bytes]:
    """Start the function, invoke it with these events, and return the lines that it writes."""
    lines = "".join(json.dumps(event) + "\n" for event in events)
    command = [sys.executable, "-IBc", f"import sys; sys.path.insert(0, '.'){SCRIPT}"]
    environment = ENVIRONMENT | settings
    run = subprocess.run(command, cwd=FUNCTION, env=environment, input=lines.encode(), capture_output=True, check=True)
    return run.stdout.splitlines()


def loaded(events: list[object]) -> dict[str, str | None]:
    """Return the modules that the function loads for its start and for these events, each with its file."""
    found: dict[str, str | None] = json.loads(started(events)[-1])
    return found


@pytest.fixture(scope="module")
def at_start() -> dict[str, str | None]:
    return loaded([])


@pytest.fixture(scope="module")
def after_deliveries() -> dict[str, str | None]:
    """Every handler and every provider; each ends with a refusal, for there is no table."""
    posted = [http_event(provider, *delivery(provider)) for provider in SIGNED]
    return loaded([*posted, {"Records": [sqs_event("stripe", "{}", {})]}, {"transactionId": "t"}])


def heavy(modules: dict[str, str | None]) -> set[str]:
    return {name for name in modules if name.partition(".")[0] in HEAVY}


def test_nothing_heavy_is_loaded(at_start: dict[str, str | None], after_deliveries: dict[str, str | None]) -> None:
    assert not heavy(at_start)
    assert not heavy(after_deliveries)


def test_everything_loaded_is_ours_or_of_the_standard_library(after_deliveries: dict[str, str | None]) -> None:
    ours = {path.stem for path in FUNCTION.iterdir()}
    assert not {name for name in after_deliveries if name.partition(".")[0] not in ours | sys.stdlib_module_names}


def test_no_file_is_imported_twice(after_deliveries: dict[str, str | None]) -> None:
    files = Counter(file for file in after_deliveries.values() if file)
    assert not {file: count for file, count in files.items() if count > 1}


def test_a_delivery_loads_no_more_of_ours(
    at_start: dict[str, str | None], after_deliveries: dict[str, str | None]
) -> None:
    def ours(modules: dict[str, str | None]) -> set[str]:
        return {name for name, file in modules.items() if file and Path(file).is_relative_to(FUNCTION)}

    names = {str(p.relative_to(FUNCTION).with_suffix("")).replace("/", ".") for p in FUNCTION.rglob("*.py")}
    assert ours(at_start) == ours(after_deliveries) == {name.removesuffix(".__init__") for name in names}


@pytest.mark.parametrize(
    "secrets",
    [
        pytest.param("", id="empty"),
        pytest.param("{}", id="none"),
        pytest.param('{"stripe": []}', id="no-secret"),
        pytest.param('{"stripe": ["whsec_"]}', id="short"),
        pytest.param('{"paypal": ["a good secret"]}', id="unknown-provider"),
    ],
)
def test_a_start_without_usable_secrets_raises_the_alarm(secrets: str, golden: Golden) -> None:
    line = json.loads(started([], WEBHOOK_SECRETS=secrets)[0])
    assert (line["level"], line["handler"], line["Failed"], line["Misconfigured"]) == ("ERROR", "start", 1, 1)
    golden(line["detail"])


def test_a_start_with_secrets_writes_no_line() -> None:
    assert len(started([])) == 1


def test_every_module_says_in_its_first_line_what_it_is_for() -> None:
    for path in FUNCTION.rglob("*.py"):
        assert path.read_text().startswith('"""'), path.name
