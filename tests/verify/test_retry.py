import pytest

from tapctl.verify.retry import RetryWindow


class Clock:
    """A clock that only `sleep` advances."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(
    ("seconds", "pauses"),
    [
        pytest.param(0, [], id="one try only"),
        pytest.param(0.2, [0.2], id="less than a pause"),
        pytest.param(10, [0.5, 1, 2, 4, 2.5], id="the last pause ends with the time"),
        pytest.param(20, [0.5, 1, 2, 4, 5, 5, 2.5], id="no pause is longer than the longest"),
    ],
)
def test_pauses_grow_until_the_window_ends(seconds: float, pauses: list[float]) -> None:
    clock = Clock()

    tries = sum(1 for _ in RetryWindow(seconds, clock=clock, sleep=clock.sleep).tries())

    assert clock.slept == pauses
    assert tries == len(pauses) + 1
    assert clock.now == seconds


def test_the_duration_of_a_try_counts() -> None:
    clock = Clock()

    for _ in RetryWindow(10, clock=clock, sleep=clock.sleep).tries():
        clock.now += 6

    assert clock.slept == [0.5]
