"""The cache of floors, by account and Region."""

from pathlib import Path

import pytest

from tapctl.account.floor_cache import FILE, floor_in_error, forget, knows_any, recall, remember
from tapctl.account.model import LearnedFloor
from tests.support.golden import Golden

BELOW = "for function decreases account's UnreservedConcurrentExecution below its minimum value of [{}]."
E1 = f"Specified ReservedConcurrentExecutions {BELOW}"
E2 = f"Specified ConcurrentExecutions {BELOW}"
E3 = "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [10]."
WRAPPED = (
    'Resource handler returned message: "{} (Service: Lambda, Status Code: 400, Request ID: r{}"'
    " (RequestToken: t, HandlerErrorCode: InvalidRequest)"
)
TERRAFORM = f"operation error Lambda: PutFunctionConcurrency, InvalidParameterValueException: {E1}"

LEARNED = LearnedFloor(40, 400, "2026-06-01", "stack orders")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def test_a_floor_is_recalled_for_its_account_and_region_only() -> None:
    remember("1", "eu-west-1", LEARNED)
    remember("1", "us-east-1", LearnedFloor(10, 10, "2026-06-02", "stack a"))
    assert recall("1", "eu-west-1") == LEARNED
    assert recall("1", "us-east-1") == LearnedFloor(10, 10, "2026-06-02", "stack a")
    assert recall("2", "eu-west-1") is None


def test_the_latest_floor_wins() -> None:
    remember("1", "eu-west-1", LEARNED)
    remember("1", "eu-west-1", LearnedFloor(50, 500, "2026-07-01", "stack b"))
    assert recall("1", "eu-west-1") == LearnedFloor(50, 500, "2026-07-01", "stack b")


def test_the_source_names_the_day_and_the_stack(golden: Golden) -> None:
    golden(LEARNED.source)


def test_the_cache_is_empty_at_first(state: Path) -> None:
    assert not knows_any()
    assert not state.exists()
    remember("1", "eu-west-1", LEARNED)
    assert knows_any()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut-off"),
        pytest.param(b"[]", id="a-list"),
        pytest.param(b"\xff", id="binary"),
        pytest.param(b'{"1/eu-west-1": 5}', id="a-number"),
        pytest.param(b'{"1/eu-west-1": {"minimum": 40}}', id="half"),
        pytest.param(b'{"1/eu-west-1": null}', id="null"),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_an_unreadable_file_is_an_empty_cache(state: Path, content: bytes) -> None:
    state.mkdir()
    (state / FILE).write_bytes(content)
    assert recall("1", "eu-west-1") is None
    remember("1", "eu-west-1", LEARNED)
    assert recall("1", "eu-west-1") == LEARNED


def test_a_forgotten_floor_leaves_the_others(state: Path) -> None:
    one, other = LearnedFloor(40, 400, "2026-01-01", "a"), LearnedFloor(50, 50, "2026-01-02", "b")
    remember("1", "eu-west-1", one)
    remember("2", "eu-west-1", other)
    forget("1", "eu-west-1")
    forget("3", "eu-west-1")
    assert (recall("1", "eu-west-1"), recall("2", "eu-west-1")) == (None, other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(E1.format(10), 10, id="reserved"),
        pytest.param(E2.format(100), 100, id="provisioned"),
        pytest.param(WRAPPED.format(E1.format(50), ", Extended Request ID: null)"), 50, id="as-of-2021"),
        pytest.param(WRAPPED.format(E1.format(10), ")"), 10, id="as-of-2022"),
        pytest.param(WRAPPED.format(E1.format(40), ") (SDK Attempt Count: 1)"), 40, id="as-of-2025"),
        pytest.param(TERRAFORM.format(7), 7, id="terraform"),
        pytest.param(E3, None, id="another-bracket"),
        pytest.param("minimum value of [10]", None, id="another-minimum"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_the_floor_is_read_from_aws_s_refusal(text: str, expected: int | None) -> None:
    assert floor_in_error(text) == expected
