"""The main job, a deploy that fits and is verified, with the command and the stack of this repository."""

import re
from pathlib import Path
from typing import Any

import boto3
import pytest

from tapctl import sandbox
from tests.support.golden import Golden
from tests.support.terminal import Answer, Terminal

SECRET = "dGFwY3RsIGxvY2FsIHNhbmRib3ggc2VjcmV0IDAx"
PLAIN = "tapctl local sandbox secret 01"
FUNCTION = "webhook-processor-local"


def client(terminal: Terminal, service: str) -> Any:
    """A boto3 client for the account that this terminal uses in the sandbox."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"TAPCTL_STATE_DIR": str(terminal.state), **terminal.environment}.items():
            patch.setenv(name, value)
        running = sandbox.find()
    assert running is not None
    new_client: Any = boto3.client  # the stubs know each service by its literal name
    return new_client(service, **sandbox.client_options(running))


def reserved(terminal: Terminal) -> int | None:
    """The live reservation of the stack's function."""
    value: int | None = (
        client(terminal, "lambda").get_function_concurrency(FunctionName=FUNCTION).get("ReservedConcurrentExecutions")
    )
    return value


def contains_in_order(text: str, *parts: str) -> bool:
    """Whether the parts occur one after the other."""
    place = 0
    for part in parts:
        start = text.find(part, place)
        assert start >= 0, f"{part!r} does not follow {text[max(0, place - 200) : place]!r} in\n{text}"
        place = start + len(part)
    return True


def labelled(text: str, *labels: str) -> list[str]:
    """The messages with one of these labels, such as `error:`."""
    return [line for line in text.splitlines() if line.startswith(labels)]


def written_by_tapctl(state: Path) -> dict[str, str]:
    """The text of every file in the state folder, without the emulator's."""
    emulator = {"state", "s3", "tmp"}
    return {
        str(path.relative_to(state)): path.read_text(errors="replace")
        for path in state.rglob("*")
        if path.is_file() and not emulator & set(path.relative_to(state).parts)
    }


def shows_no_secret(*answers: Answer, state: Path) -> bool:
    for answer in answers:
        for secret in (SECRET, PLAIN):
            assert secret not in answer.out
            assert secret not in answer.err
    for name, content in written_by_tapctl(state).items():
        assert SECRET not in content, name
        assert PLAIN not in content, name
    return True


@pytest.mark.sandbox
def test_a_new_account_drops_the_reservation_and_verifies_the_stack(fresh: Terminal, golden: Golden) -> None:
    first = fresh.tapctl("deploy", "--env", "local", "--yes", "--verbose", merged=True)

    assert first.code == 0, first.out
    assert contains_in_order(
        first.out,
        "limit 10 ",
        "exceeds: WebhookProcessorFunction",
        "remedy: ",
        "changes to stack tapstack-local",
        "CREATE_IN_PROGRESS           tapstack-local",
        "CREATE_COMPLETE              WebhookProcessorFunction",
        "CREATE_COMPLETE              tapstack-local",
        "LambdaFunctionArn",
        "DynamoDBTableName",
        "KMSKeyId",
        "LambdaFunctionName",
        "WebhookEndpoint",
        "verification of stack tapstack-local",
        "ReservedConcurrentExecutions is not set",
        "signed event: POST returned 2",
        "signed event: stored in table webhook-transactions-local",
        "verified: ",
    )
    assert "FAILED" not in first.out
    assert reserved(fresh) is None
    golden(labelled(first.out, "starting", "created", "remedy: "), "messages")
    assert (fresh.state / "sandbox").stat().st_mode & 0o077 == 0

    second = fresh.tapctl("deploy", "--env", "local", "--yes", "--no-lint")

    assert second.code == 0, second.err
    golden([second.out.splitlines()[0], *second.err.splitlines()], "the second deploy")
    sets = client(fresh, "cloudformation").list_change_sets(StackName="tapstack-local")["Summaries"]
    assert {change_set["ExecutionStatus"] for change_set in sets} <= {"EXECUTE_COMPLETE"}

    gate = fresh.tapctl("preflight", "--env", "local", "--no-lint", "--format", "json")
    strict = fresh.tapctl("preflight", "--env", "local", "--remedy", "fail", "--no-lint", "--format", "json")
    assert [(answer.code, answer.json()["verdict"]) for answer in (gate, strict)] == [(3, "exceeds")] * 2
    remedies = [answer.json()["functions"][0]["remedy"]["action"] for answer in (gate, strict)]
    assert remedies == ["drop", "keep"]

    refused = fresh.tapctl("deploy", "--env", "local", "--yes", "--remedy", "fail", "--no-lint")
    assert refused.code == 3
    golden(labelled(refused.err, "error: ", "hint: "), "a forbidden remedy")

    wrong = fresh.tapctl("preflight", "--env", "local", "--no-lint", "--parameter", "WebhookSecrets=\t")
    assert wrong.code == 2
    assert "WebhookSecrets" in wrong.err
    assert shows_no_secret(first, second, gate, strict, refused, wrong, state=fresh.state)


def test_an_account_with_room_keeps_the_reservation(sandbox_terminal: Terminal) -> None:
    assert sandbox_terminal.tapctl("sandbox", "start", "--limit", "1000").code == 0

    deployed = sandbox_terminal.tapctl("deploy", "--env", "local", "--yes", "--no-lint", "--no-verify")

    assert deployed.code == 0, deployed.err
    assert re.search(r"WebhookProcessorFunction +100 +- +fits +keep", deployed.out)
    assert labelled(deployed.err, "remedy: ") == []
    assert reserved(sandbox_terminal) == 100

    verified = sandbox_terminal.tapctl("verify", "--env", "local")

    assert verified.code == 0, verified.out
    assert "ReservedConcurrentExecutions is 100" in verified.out

    saved = sandbox_terminal.tapctl(
        "account", "--env", "local", "--output", str(sandbox_terminal.state / "account.json")
    )
    again = sandbox_terminal.tapctl(
        "preflight", "--env", "local", "--snapshot", str(sandbox_terminal.state / "account.json"), "--no-lint"
    )
    assert (saved.code, again.code) == (0, 0)
    assert shows_no_secret(deployed, verified, saved, again, state=sandbox_terminal.state)


def test_an_account_with_little_room_lowers_the_reservation_to_the_safe_floor(
    sandbox_terminal: Terminal, golden: Golden
) -> None:
    assert sandbox_terminal.tapctl("sandbox", "start", "--limit", "150").code == 0

    deployed = sandbox_terminal.tapctl("deploy", "--env", "local", "--yes", "--no-lint")

    assert deployed.code == 0, deployed.err
    golden(labelled(deployed.err, "remedy: "))
    assert "ReservedConcurrentExecutions is 50" in deployed.out
    assert reserved(sandbox_terminal) == 50


def test_a_minimum_that_only_the_refusal_names_is_learned_and_leaves_no_stack(
    sandbox_terminal: Terminal, golden: Golden
) -> None:
    assert sandbox_terminal.tapctl("sandbox", "start", "--limit", "1000", "--floor", "950").code == 0

    refused = sandbox_terminal.tapctl("deploy", "--env", "local", "--yes", "--no-lint", "--remedy", "fail")

    assert refused.code == 3, refused.err
    assert contains_in_order(
        refused.err,
        "CREATE_FAILED                WebhookProcessorFunction  ",
        "below its minimum value of [950].",
        "AWS requires ",
        "DELETE_COMPLETE              tapstack-local",
        "error: ",
    )
    assert contains_in_order(refused.out, "fits: ", "exceeds: ")
    assert "verification" not in refused.out
    golden(labelled(refused.err, "AWS requires", "deleting", "error: ", "hint: "), "messages")

    shown = sandbox_terminal.tapctl("preflight", "--env", "local", "--no-lint", "--format", "json")
    assert (shown.code, shown.json()["functions"][0]["remedy"]) == (3, {"action": "lower", "value": 50})

    healed = sandbox_terminal.tapctl("deploy", "--env", "local", "--yes", "--no-lint", "--no-verify", merged=True)

    assert healed.code == 0, healed.out
    assert contains_in_order(healed.out, "new stack tapstack-local", "remedy: ", "CREATE_COMPLETE")
    assert reserved(sandbox_terminal) == 50
    assert shows_no_secret(refused, shown, healed, state=sandbox_terminal.state)
