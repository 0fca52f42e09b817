"""Shows the deployed stack answering real HTTP for every provider: `python -m tests.function.demo`."""

import sys
from typing import Any

from tests.function.deployed import Stack, signed
from tests.function.emulator import running
from tests.function.senders import SIGNED


def shown(answer: tuple[int, Any]) -> str:
    status, body = answer
    return f"{status} {body.get('result') or body.get('error')}"


def show(stack: Stack) -> None:
    line = "{:<10} {:<14} {:<14} {:<30} {:<30} {}\n"
    sys.stdout.write(line.format("", "signed", "the same again", "changed", "unsigned", "stored"))
    for provider in SIGNED:
        body, headers = signed(provider)
        first = stack.post(provider, body, headers)
        answers = [first, stack.post(provider, body, headers)]
        changed = body.replace(b"EUR", b"USD").replace(b"eur", b"usd")
        answers += [stack.post(provider, changed, headers), stack.post(provider, changed, {})]
        row = stack.rows()[f"{provider}#{first[1]['transactionId']}"]
        stored = f"{row['transactionId']} {row['amount']} {row['currency']} {row['status']}"
        sys.stdout.write(line.format(provider, *map(shown, answers), stored))
    for provider in ("paypal", "unknown"):
        sys.stdout.write(line.format(provider, "", "", "", shown(stack.post(provider, b"{}", {})), ""))


def main() -> None:
    with running() as emulator:
        stack = Stack(emulator, "show")
        sys.stdout.write(f"{stack.outputs['WebhookEndpoint']}, on {emulator.url}\n")
        show(stack)
        stack.delete()


if __name__ == "__main__":
    main()
