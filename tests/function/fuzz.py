"""Long fuzzing without a framework's cost: `python -m tests.function.fuzz 1000000 [seed]`.

Deliveries of all providers are mutated and posted to a receiver whose secrets are others than the senders': one that
is accepted is a forgery. Then bodies are mutated and signed rightly, and direct events mutated: a 5xx, or a number that
the table would refuse, is a bug.
"""

import itertools
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "function"))

from tests.function.receiver import Receiver
from tests.function.senders import (
    NOW,
    PAYMENT,
    SIGNED,
    adyen_body,
    adyen_item,
    delivery,
    http_event,
    sign_generic,
    sign_github,
    sign_square,
    sign_standard,
    sign_stripe,
)

OTHERS = {
    "stripe": ["whsec_another", "whsec_third"],
    "standard": ["whsec_" + "A" * 32, "whsec_" + "B" * 32],
    "adyen": ["00" * 32, "ff" * 32],
    "square": ["another square"],
    "github": ["another github", "a third github"],
    "generic": ["another generic"],
}
SIGNERS: dict[str, Callable[[bytes], dict[str, str]]] = {
    "stripe": sign_stripe,
    "standard": sign_standard,
    "square": sign_square,
    "github": sign_github,
    "generic": sign_generic,
}
PIECES = [
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b'"',
    b"\\",
    b"\\ud800",
    b"\\u0000",
    b"[" * 50,
    b"{}",
    b"null",
    b"NaN",
    b"-Infinity",
    b"1e999999999999",
    b"1e-300",
    b"999999999999999",
    b"-1",
    b"0.1",
    b"9" * 400,
    b'"amount":1,"amount":2,',
    b"evt#stripe#evt_1",
    b"2026-11-23T12:00:00Z",
    "\u0661\u0662".encode(),
    b":",
    b",",
    b"=",
    b".",
    b" ",
    b"\r\n",
]
VALUES: list[Any] = [
    *(piece.decode("utf-8", "replace") for piece in PIECES),
    *(None, True, -1, 0.1 + 0.2, 1e-300, 1e308, 10**14, 253_402_300_800, "9999-12-31T23:59:59-14:00", [], {}),
]
LETTERS = [chr(n) for n in (0, 9, 10, 32, 34, 43, 44, 46, 47, 48, 57, 61, 65, 95, 97, 127, 233, 0x661, 0xD800, 0x1F600)]


def mutated(chance: random.Random, body: bytes) -> bytes:
    """Cut, insert, overwrite or double parts of a body a few times."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(body) + 1)
        end = min(len(body), start + chance.choice((0, 1, 1, 4, 30)))
        piece = chance.choice((chance.choice(PIECES), chance.randbytes(chance.randrange(5)), body[start:end] * 2))
        body = body[:start] + piece + body[end:]
    return body


def mutated_headers(chance: random.Random, headers: dict[str, str]) -> dict[str, Any]:
    changed: dict[str, Any] = dict(headers)
    for name, value in headers.items():
        match chance.randrange(8):
            case 0:
                del changed[name]
            case 1:
                changed[name] = value + chance.choice((",", " ", ";", "=")) + value
            case 2:
                place = chance.randrange(len(value) + 1)
                changed[name] = value[:place] + chance.choice(LETTERS) + value[place + chance.randrange(2) :]
            case 3:
                changed[chance.choice((name.upper(), f"x-{name}"))] = value
            case 4:
                changed[name] = chance.choice((None, 7, [], "", "v1," * 4000, value.upper(), value[::-1]))
            case _:
                pass
    return changed


def forged(chance: random.Random) -> tuple[str, dict[str, Any]]:
    body, headers = delivery(chance.choice(SIGNED))
    provider = chance.choice(SIGNED)
    event = http_event(provider, mutated(chance, body), mutated_headers(chance, headers), encoded=True)
    match chance.randrange(12):
        case 0:
            event["isBase64Encoded"] = chance.choice((False, None, "true", 1))
        case 1:
            event["body"] = chance.choice((None, 7, {}, "", event["body"][:-1], event["body"] + "\n"))
        case 2:
            event["headers"] = chance.choice((None, [], "x", {}))
        case _:
            pass
    return provider, event


def authentic(chance: random.Random) -> dict[str, Any]:
    """Return an event that is refused for its content only: signed after it was mutated, or invoked directly."""
    provider = chance.choice([*SIGNERS, "adyen", "direct"])
    if provider == "direct":
        return {**PAYMENT, chance.choice([*PAYMENT, "provider", "eventId", "data"]): chance.choice(VALUES)}
    if provider == "adyen":
        words = [one for one in VALUES if isinstance(one, str)]
        changes = {"merchantReference": chance.choice(words), "eventDate": chance.choice(VALUES)}
        amount = {"value": chance.choice(VALUES), "currency": chance.choice(words)}
        return http_event("adyen", adyen_body(adyen_item(**changes, amount=amount)), {})
    body = mutated(chance, delivery(provider)[0])
    return http_event(provider, body, SIGNERS[provider](body), encoded=True)


def check(answer: dict[str, Any], allowed: Callable[[int], bool], event: object) -> int:
    status = int(answer["statusCode"])
    json.loads(answer["body"])
    if not allowed(status):
        raise SystemExit(f"status {status} for {event!r}")
    return status


def run(rounds: int, seed: int) -> Counter[str]:
    chance, seen = random.Random(seed), Counter[str]()
    closed = Receiver(OTHERS)
    for number in range(rounds):
        if number % 4:
            _, event = forged(chance)
            status = check(closed.invoke(event), lambda status: 400 <= status < 500 or status == 501, event)
            seen[f"forged {status}"] += 1
        else:
            event = authentic(chance)
            status = check(Receiver().invoke(event), lambda status: status < 500, event)
            seen[f"authentic {status}"] += 1
        closed.lines.clear()
    if closed.table.calls:
        raise SystemExit("a forgery reached the table")
    return seen


def main() -> None:
    rounds, seed = itertools.islice(itertools.chain(map(int, sys.argv[1:]), (100_000, NOW)[len(sys.argv) - 1 :]), 2)
    started = time.monotonic()
    seen = run(rounds, seed)
    took = time.monotonic() - started
    sys.stdout.write(f"{rounds} events, seed {seed}, {took:.0f} s, no acceptance and no 5xx: {dict(seen)}\n")


if __name__ == "__main__":
    main()
