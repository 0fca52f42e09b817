"""Random JSON values, drawn by Python's generator from one seed: ten times as fast as hypothesis' choice by choice."""

from collections.abc import Callable
from random import Random
from typing import Any

NUMBERS = (0, 1, -1, 2**31, 2**63, 10**30, 0.1, -1e300, float("inf"), float("nan"))
PLANES = ((0, 0x7F), (0, 0x7F), (0x80, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x10FFFF))

Scalar = Callable[[Random], Any]
Key = Callable[[Random], str]


def random_text(random: Random, most: int = 8) -> str:
    """Up to `most` characters of any plane, control characters among them; no surrogates."""
    return "".join(chr(random.randint(*random.choice(PLANES))) for _ in range(random.randint(0, most)))


def random_scalar(random: Random) -> Any:
    kinds = (None, random.random() < 0.5, random.choice(NUMBERS), random.randint(-(10**9), 10**9), random_text(random))
    return random.choice(kinds)


def random_value(random: Random, depth: int = 3, scalar: Scalar = random_scalar, key: Key = random_text) -> Any:
    """A value at most `depth` levels deep."""
    match random.randrange(4) if depth else 0:
        case 1:
            return [random_value(random, depth - 1, scalar, key) for _ in range(random.randint(0, 4))]
        case 2:
            return random_object(random, depth, scalar=scalar, key=key)
        case _:
            return scalar(random)


def random_object(
    random: Random, depth: int = 3, *, most: int = 4, scalar: Scalar = random_scalar, key: Key = random_text
) -> dict[str, Any]:
    """An object with up to `most` keys."""
    return {key(random): random_value(random, depth - 1, scalar, key) for _ in range(random.randint(0, most))}
