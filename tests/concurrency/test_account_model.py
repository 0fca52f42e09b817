"""The model of the account is itself right where the facts say what happens."""

import pytest

from tests.concurrency.account_model import Held, Move, Update, floors


def update(unreserved: int, floor: int, *moves: tuple[Held | None, Held | None]) -> Update:
    return Update(unreserved, floor, tuple(Move(old, new) for old, new in moves))


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(10, {10}), (50, {50}), (100, {10, 100}), (400, {10, 40, 100}), (1000, {100}), (5000, {100}), (5, {10, 5})],
)
def test_the_floors_are_those_of_the_facts(limit: int, expected: set[int]) -> None:
    assert floors(limit) == expected


@pytest.mark.parametrize(
    ("moves", "accepted"),
    [
        pytest.param([(None, Held(900))], True, id="exactly-full"),
        pytest.param([(None, Held(901))], False, id="one-more"),
        pytest.param([(None, Held(None, 901))], False, id="one-more-provisioned"),
        pytest.param([(None, Held(900, 900))], True, id="provisioned-within-the-reservation"),
        pytest.param([(None, Held(900)), (None, Held(0))], True, id="a-stopped-one-beside-it"),
        pytest.param([(Held(0), Held(0))], True, id="nothing"),
        pytest.param([(Held(500), Held(1400))], True, id="its-own-is-credited"),
        pytest.param([(Held(500), Held(1401))], False, id="its-own-is-credited-once"),
        pytest.param([(Held(500), None), (None, Held(901))], False, id="what-goes-goes-last"),
        pytest.param([(Held(500), Held(0)), (Held(0), Held(901))], False, id="a-raise-may-come-first"),
    ],
)
def test_any_order_is_any_order(moves: list[tuple[Held | None, Held | None]], accepted: bool) -> None:
    assert update(1000, 100, *moves).always_accepted() is accepted


def test_some_order_may_do_where_not_every_order_does() -> None:
    exchange = update(100, 100, (Held(500), Held(0)), (Held(0), Held(500)))
    assert (exchange.always_accepted(), exchange.ever_accepted()) == (False, True)


def test_a_replacement_holds_twice() -> None:
    assert not Update(100, 100, (Move(Held(5), Held(5), replaced=True),)).ever_accepted()
    assert Update(105, 100, (Move(Held(5), Held(5), replaced=True),)).always_accepted()


@pytest.mark.parametrize("new", [Held(4, 5), Held(0, 5)])
def test_a_reservation_must_cover_what_is_provisioned(new: Held) -> None:
    assert not update(1000, 100, (None, new)).ever_accepted()
