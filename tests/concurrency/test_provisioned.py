"""Provisioned concurrency inside a reservation: what Lambda refuses in any order, and what in some."""

import pytest

from tapctl.account.model import LiveFunction
from tapctl.concurrency.change import ClaimChange, outlook
from tapctl.concurrency.demand import FunctionDemand, Provisioned
from tapctl.concurrency.provisioned import check_provisioned, fix_command, open_provision
from tapctl.concurrency.verdict import Verdict
from tapctl.unknown import Unknown

X = Unknown("x")
FITS, UNCERTAIN, EXCEEDS = None, Verdict.UNCERTAIN, Verdict.EXCEEDS
Holders = dict[str, int]


def change(
    old: tuple[int | None, Holders],
    new: tuple[int | None, Holders],
    *,
    renewed: str = "",
    replaced: bool = False,
    kept: str = "",
    perhaps: str = "",
) -> ClaimChange:
    """A function with what its aliases and versions hold, by logical id or `:qualifier`."""
    reserved, holders = old
    live = LiveFunction("live-Fn", reserved, sum(holders.values()), holders)
    wanted = FunctionDemand("Fn", 1, new[0], tuple(Provisioned(name, value, 2) for name, value in new[1].items()))
    return ClaimChange(
        "Fn",
        wanted,
        live,
        replaced,
        renewed=frozenset(renewed.split()),
        kept=frozenset(kept.split()),
        perhaps=frozenset(perhaps.split()),
    )


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        pytest.param(change((10, {"A": 5}), (10, {"A": 8})), FITS, id="raised-within"),
        pytest.param(change((10, {"A": 5}), (10, {"A": 11})), EXCEEDS, id="raised-beyond"),
        pytest.param(change((10, {"A": 5}), (20, {"A": 15})), FITS, id="both-raised"),
        pytest.param(change((10, {"A": 5}), (4, {"A": 5})), EXCEEDS, id="lowered-below-what-is-there"),
        pytest.param(change((10, {"A": 5}), (4, {"A": 3})), EXCEEDS, id="lowered-before-what-is-there"),
        pytest.param(change((10, {"A": 5}), (4, {})), EXCEEDS, id="lowered-before-it-is-deleted"),
        pytest.param(change((10, {"A": 5}), (None, {})), FITS, id="dropped"),
        pytest.param(change((10, {"A": 5}), (0, {})), EXCEEDS, id="stopped-before-it-is-deleted"),
        pytest.param(change((10, {":7": 8}), (10, {"A": 2})), FITS, id="beside-what-was-left-behind"),
        pytest.param(change((10, {":7": 8}), (10, {"A": 5})), EXCEEDS, id="no-room-beside-what-was-left-behind"),
        pytest.param(change((10, {":7": 8}), (5, {})), EXCEEDS, id="lowered-below-what-was-left-behind"),
        pytest.param(change((10, {"V1": 6}), (10, {"V2": 6})), UNCERTAIN, id="a-version-beside-one-that-may-be-freed"),
        pytest.param(change((10, {"V": 6}), (10, {"V": 6}), renewed="V"), EXCEEDS, id="a-version-made-anew"),
        pytest.param(change((10, {"V1": 6}), (10, {"V2": 6}), kept="V1"), EXCEEDS, id="beside-a-retained-version"),
        pytest.param(change((12, {"V1": 6}), (12, {"V2": 6}), kept="V1"), FITS, id="room-beside-it"),
        pytest.param(change((12, {"V": 6}), (12, {"V": 6}), renewed="V", kept="V"), FITS, id="room-for-both-for-good"),
        pytest.param(change((12, {"V": 6}), (12, {"V": 6}), renewed="V"), FITS, id="room-for-both"),
        pytest.param(
            change((10, {"V": 6}), (10, {"V": 6}), renewed="V", perhaps="V"), UNCERTAIN, id="a-version-maybe-made-anew"
        ),
        pytest.param(change((10, {}), (5, {}), replaced=True, perhaps="Fn"), FITS, id="maybe-another-function"),
        pytest.param(
            change((10, {":7": 8}), (5, {}), replaced=True, perhaps="Fn"), UNCERTAIN, id="maybe-another-maybe-not"
        ),
        pytest.param(change((10, {"A": 8, "B": 2}), (10, {"A": 2, "B": 8})), UNCERTAIN, id="maybe-raised-first"),
        pytest.param(change((10, {":7": 8}), (5, {}), replaced=True), FITS, id="another-function"),
    ],
)
def test_it_is_refused_in_any_order_or_in_some(found: ClaimChange, verdict: Verdict | None) -> None:
    answer = check_provisioned(found)
    assert (answer[0] if answer else None) is verdict


def test_the_reason_names_what_nobody_sees_in_the_template() -> None:
    found = change((10, {":7": 8}), (10, {"A": 5}))
    answer = check_provisioned(found)
    assert answer
    assert answer[1] == (
        "Fn provisions 13 but reserves 10: provisioned concurrency should not be greater than the reservation,"
        " 8 of them by versions or aliases outside of the stack"
    )
    assert fix_command(found) == (
        "`aws lambda delete-provisioned-concurrency-config --function-name live-Fn --qualifier 7`"
        " frees what an earlier deploy left behind"
    )


@pytest.mark.parametrize(
    ("found", "final", "peak"),
    [
        pytest.param(change((None, {":7": 8}), (None, {"A": 5})), 95, 95, id="left-behind-stays"),
        pytest.param(change((None, {"V1": 6}), (None, {"V2": 7})), 99, 93, id="a-version-beside-the-last-one"),
        pytest.param(change((None, {"V": 6}), (None, {"V": 6}), renewed="V"), 100, 94, id="a-version-made-anew"),
        pytest.param(change((None, {"A": 8, "B": 2}), (None, {"A": 2, "B": 8})), 100, 94, id="maybe-raised-first"),
        pytest.param(change((10, {"A": 5}), (None, {"A": 5})), 105, 100, id="a-reservation-dropped"),
        pytest.param(change((None, {"A": 5}), (10, {"A": 5})), 95, 95, id="a-reservation-around-it"),
        pytest.param(change((None, {":7": 8}), (None, {}), replaced=True), 108, 100, id="gone-with-the-function"),
    ],
)
def test_without_a_reservation_it_counts_itself(found: ClaimChange, final: int, peak: int) -> None:
    sums = outlook((found,), 100)
    assert (sums.final, sums.peak) == (final, peak)


@pytest.mark.parametrize(
    ("old", "new", "doubt"),
    [
        pytest.param((10, X), (5, 0), X, id="what-is-there-may-be-more"),
        pytest.param((10, X), (10, 0), None, id="the-reservation-stays"),
        pytest.param((10, X), (None, 0), None, id="no-reservation"),
        pytest.param((10, 0), (10, X), X, id="what-is-wanted-may-be-more"),
    ],
)
def test_what_is_not_known_leaves_a_doubt(
    old: tuple[int | None, int | Unknown], new: tuple[int | None, int | Unknown], doubt: Unknown | None
) -> None:
    live = LiveFunction("live-Fn", *old)
    published = (Provisioned("A", new[1], 2),) if new[1] != 0 else ()
    assert open_provision(ClaimChange("Fn", FunctionDemand("Fn", 1, new[0], published), live)) is doubt


def test_the_reason_names_what_is_retained() -> None:
    answer = check_provisioned(change((10, {"V": 6}), (10, {"V": 6}), renewed="V", kept="V"))
    assert answer
    assert answer[1].endswith("6 of them by versions or aliases outside of the stack (V retained)")
