"""The stories that the product is for, told by its own command from the root of the repository."""

import re
from pathlib import Path
from typing import Any

import boto3
import pytest

from tapctl import sandbox
from tests.support.terminal import Answer, Terminal

SECRET = "dGFwY3RsIGxvY2FsIHNhbmRib3ggc2VjcmV0IDAx"
PLAIN = "tapctl local sandbox secret 01"
FUNCTION = "webhook-processor-local"


def client(terminal: Terminal, service: str) -> Any:
    """A client of the sandbox that runs for this terminal."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPCTL_STATE_DIR", str(terminal.state))
        running = sandbox.find()
    assert running is not None
    new_client: Any = boto3.client  # the stubs know each service by its literal name
    return new_client(service, **sandbox.client_options(running))


def reserved(terminal: Terminal) -> int | None:
    answer = client(terminal, "lambda").get_function_concurrency(FunctionName=FUNCTION)
    value: int | None = answer.get("ReservedConcurrentExecutions")
    return value


def comes_in_order(text: str, *parts: str) -> bool:
    """Whether the parts are found one after the other."""
    place = 0
    for part in parts:
        found = text.find(part, place)
        assert found >= 0, f"{part!r} does not come after {text[max(0, place - 200) : place]!r} in\n{text}"
        place = found + len(part)
    return True


def written_by_tapctl(state: Path) -> dict[str, str]:
    """Every file of the state folder, but for what the emulator itself keeps."""
    own = {"state", "s3", "tmp"}
    return {
        str(path.relative_to(state)): path.read_text(errors="replace")
        for path in state.rglob("*")
        if path.is_file() and not own & set(path.relative_to(state).parts)
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


def test_a_new_account_has_no_room_so_the_reservation_is_dropped_and_all_is_proved(fresh: Terminal) -> None:
    first = fresh.tapctl("deploy", "--env", "local", "--yes", "--verbose", merged=True)

    assert first.code == 0, first.out
    assert comes_in_order(
        first.out,
        "starting the sandbox, a local AWS",
        "exceeds",
        "drop the reservation",
        "limit 10 ",
        "exceeds: WebhookProcessorFunction reserves 100",
        "remedy: the reservation of WebhookProcessorFunction, 100 in the template, is dropped in this deploy",
        "made the artifact bucket",
        "changes to stack tapstack-local",
        "CREATE_IN_PROGRESS           tapstack-local",
        "CREATE_COMPLETE              WebhookProcessorFunction",
        "CREATE_COMPLETE              tapstack-local",
        "stack tapstack-local is CREATE_COMPLETE",
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

    second = fresh.tapctl("deploy", "--env", "local", "--yes", "--no-lint")

    assert second.code == 0, second.err
    assert "stack tapstack-local is up to date: nothing to change" in second.out
    assert "nothing was changed, so nothing is verified; `tapctl verify` does that" in second.err
    sets = client(fresh, "cloudformation").list_change_sets(StackName="tapstack-local")["Summaries"]
    assert [each for each in sets if each["ExecutionStatus"] != "EXECUTE_COMPLETE"] == []

    gate = fresh.tapctl("preflight", "--env", "local", "--no-lint")
    strict = fresh.tapctl("preflight", "--env", "local", "--remedy", "fail", "--no-lint")
    assert (gate.code, strict.code) == (3, 3)
    assert "drop the reservation" in gate.out
    assert "drop the reservation" not in strict.out
    assert comes_in_order(strict.out, "limit 10 ", "exceeds: ")

    refused = fresh.tapctl("deploy", "--env", "local", "--yes", "--remedy", "fail", "--no-lint")
    assert refused.code == 3
    assert refused.err.splitlines()[-2:] == [
        "error: not deployed: the verdict is exceeds",
        "hint: see above for what would help",
    ]

    wrong = fresh.tapctl("preflight", "--env", "local", "--no-lint", "--parameter", "WebhookSecrets=\t")
    assert wrong.code == 2
    assert "parameter WebhookSecrets: the value" in wrong.err
    assert shows_no_secret(first, second, gate, strict, refused, wrong, state=fresh.state)


def test_with_room_for_a_thousand_the_hundred_stay_and_verify_confirms_them(fresh: Terminal) -> None:
    assert fresh.tapctl("sandbox", "start", "--limit", "1000").code == 0

    deployed = fresh.tapctl("deploy", "--env", "local", "--yes", "--no-lint", "--no-verify")

    assert deployed.code == 0, deployed.err
    assert re.search(r"WebhookProcessorFunction +100 +- +fits +keep", deployed.out)
    assert "remedy:" not in deployed.err
    assert reserved(fresh) == 100

    verified = fresh.tapctl("verify", "--env", "local")

    assert verified.code == 0, verified.out
    assert "ReservedConcurrentExecutions is 100" in verified.out

    saved = fresh.tapctl("account", "--env", "local", "--output", str(fresh.state / "account.json"))
    again = fresh.tapctl("preflight", "--env", "local", "--snapshot", str(fresh.state / "account.json"), "--no-lint")
    assert (saved.code, again.code) == (0, 0)
    assert shows_no_secret(deployed, verified, saved, again, state=fresh.state)


def test_with_room_for_150_it_lowers_to_what_leaves_the_safe_floor_and_says_so(fresh: Terminal) -> None:
    assert fresh.tapctl("sandbox", "start", "--limit", "150").code == 0

    deployed = fresh.tapctl("deploy", "--env", "local", "--yes", "--no-lint")

    assert deployed.code == 0, deployed.err
    assert "lower to 50" in deployed.out
    assert (
        "remedy: the reservation of WebhookProcessorFunction, 100 in the template, is lowered to 50 in this deploy"
        in deployed.err
    )
    assert "ReservedConcurrentExecutions is 50" in deployed.out
    assert reserved(fresh) == 50


def test_a_floor_that_nobody_could_know_is_learned_from_the_refusal_which_leaves_no_stack(fresh: Terminal) -> None:
    assert fresh.tapctl("sandbox", "start", "--limit", "1000", "--floor", "950").code == 0

    refused = fresh.tapctl("deploy", "--env", "local", "--yes", "--no-lint", "--remedy", "fail")

    assert refused.code == 3, refused.err
    assert comes_in_order(
        refused.err,
        "CREATE_FAILED                WebhookProcessorFunction  ",
        "Specified ReservedConcurrentExecutions for function decreases account's"
        " UnreservedConcurrentExecution below its minimum value of [950].",
        "AWS refused, and names the minimum, 950; judging anew by that",
        "deleting stack tapstack-local to make room for a new one",
        "DELETE_COMPLETE              tapstack-local",
        "error: not deployed: the verdict is exceeds",
    )
    assert "fits: " in refused.out
    assert "verification" not in refused.out

    shown = fresh.tapctl("preflight", "--env", "local", "--no-lint")
    assert shown.code == 3
    assert "lower to 50" in shown.out

    healed = fresh.tapctl("deploy", "--env", "local", "--yes", "--no-lint", "--no-verify", merged=True)

    assert healed.code == 0, healed.out
    assert comes_in_order(
        healed.out, "new stack tapstack-local", "lower to 50", "stack tapstack-local is CREATE_COMPLETE"
    )
    assert reserved(fresh) == 50
    assert shows_no_secret(refused, shown, healed, state=fresh.state)
