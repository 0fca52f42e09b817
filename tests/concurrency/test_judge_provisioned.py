"""Provisioned concurrency inside a reservation: what Lambda refuses in any order, and what in some."""

import pytest

from tapctl.account.model import LiveFunction
from tapctl.concurrency.change import ClaimChange, outlook
from tapctl.concurrency.demand import FunctionDemand, Provisioned
from tapctl.concurrency.judge import check_provisioned, fix_command, open_provision
from tapctl.concurrency.verdict import Verdict
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.unknown import Unknown
from tests.support.golden import Golden

X = Unknown("x")
FITS, UNCERTAIN, EXCEEDS = None, Verdict.UNCERTAIN, Verdict.EXCEEDS
Holders = dict[str, int]


def change(
    old: tuple[int | None, Holders],
    new: tuple[int | None, Holders],
    *,
    versions: str = "",
    replaced: bool = False,
    retained: str = "",
    maybe: str = "",
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
        replaced_versions=frozenset(versions.split()),
        retained_versions=frozenset(retained.split()),
        maybe_replaced=frozenset(maybe.split()),
    )


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        pytest.param(change((10, {"A": 5}), (10, {"A": 8})), FITS, id="raised-within"),
        pytest.param(change((10, {"A": 5}), (10, {"A": 11})), EXCEEDS, id="raised-beyond"),
        pytest.param(change((10, {"A": 5}), (20, {"A": 15})), FITS, id="both-raised"),
        pytest.param(change((10, {"A": 5}), (4, {"A": 5})), EXCEEDS, id="lowered-below-what-is-provisioned"),
        pytest.param(change((10, {"A": 5}), (4, {"A": 3})), EXCEEDS, id="lowered-before-the-alias"),
        pytest.param(change((10, {"A": 5}), (4, {})), EXCEEDS, id="lowered-before-it-is-deleted"),
        pytest.param(change((10, {"A": 5}), (None, {})), FITS, id="dropped"),
        pytest.param(change((10, {"A": 5}), (0, {})), EXCEEDS, id="stopped-before-it-is-deleted"),
        pytest.param(change((10, {":7": 8}), (10, {"A": 2})), FITS, id="beside-an-old-version"),
        pytest.param(change((10, {":7": 8}), (10, {"A": 5})), EXCEEDS, id="no-room-beside-an-old-version"),
        pytest.param(change((10, {":7": 8}), (5, {})), EXCEEDS, id="lowered-below-an-old-version"),
        pytest.param(change((10, {"V1": 6}), (10, {"V2": 6})), UNCERTAIN, id="a-version-beside-one-that-may-be-freed"),
        pytest.param(change((10, {"V": 6}), (10, {"V": 6}), versions="V"), EXCEEDS, id="a-version-replaced"),
        pytest.param(change((10, {"V1": 6}), (10, {"V2": 6}), retained="V1"), EXCEEDS, id="beside-a-retained-version"),
        pytest.param(change((12, {"V1": 6}), (12, {"V2": 6}), retained="V1"), FITS, id="room-beside-it"),
        pytest.param(
            change((12, {"V": 6}), (12, {"V": 6}), versions="V", retained="V"), FITS, id="room-for-both-for-good"
        ),
        pytest.param(change((12, {"V": 6}), (12, {"V": 6}), versions="V"), FITS, id="room-for-both"),
        pytest.param(
            change((10, {"V": 6}), (10, {"V": 6}), versions="V", maybe="V"), UNCERTAIN, id="a-version-maybe-replaced"
        ),
        pytest.param(change((10, {}), (5, {}), replaced=True, maybe="Fn"), FITS, id="maybe-another-function"),
        pytest.param(
            change((10, {":7": 8}), (5, {}), replaced=True, maybe="Fn"), UNCERTAIN, id="maybe-another-maybe-not"
        ),
        pytest.param(change((10, {"A": 8, "B": 2}), (10, {"A": 2, "B": 8})), UNCERTAIN, id="maybe-raised-first"),
        pytest.param(change((10, {":7": 8}), (5, {}), replaced=True), FITS, id="another-function"),
    ],
)
def test_provisioned_concurrency_is_refused_in_every_order_or_in_some(
    changed: ClaimChange, verdict: Verdict | None
) -> None:
    answer = check_provisioned(changed)
    assert (answer[0] if answer else None) is verdict


@pytest.mark.parametrize(
    "refused",
    [
        pytest.param(change((10, {"A": 5}), (10, {"A": 11})), id="more-than-reserved"),
        pytest.param(change((10, {"A": 5}), (4, {"A": 5})), id="lowered-below"),
        pytest.param(change((10, {":7": 8}), (10, {"A": 5})), id="with-an-old-version"),
        pytest.param(change((10, {":7": 8}), (5, {})), id="lowered-below-an-old-version"),
        pytest.param(change((10, {"V": 6}), (10, {"V": 6}), versions="V"), id="a-replaced-version"),
        pytest.param(change((10, {"V": 6}), (10, {"V": 6}), versions="V", retained="V"), id="a-retained-version"),
        pytest.param(change((10, {"A": 8, "B": 2}), (10, {"A": 2, "B": 8})), id="maybe-raised-first"),
    ],
)
def test_the_reason_names_what_the_template_does_not_show(refused: ClaimChange, golden: Golden) -> None:
    answer = check_provisioned(refused)
    assert answer
    golden(answer[1])


def test_an_old_version_is_freed_by_a_command() -> None:
    assert fix_command(change((10, {":7": 8}), (10, {"A": 5}))) == advise(
        JudgementAdvice.DELETE_PROVISIONED_CONFIG, "live-Fn", "7"
    )
    assert fix_command(change((10, {"A": 8}), (10, {"A": 5}))) is None


@pytest.mark.parametrize(
    ("changed", "final", "peak"),
    [
        pytest.param(change((None, {":7": 8}), (None, {"A": 5})), 95, 95, id="an-old-version-stays"),
        pytest.param(change((None, {"V1": 6}), (None, {"V2": 7})), 99, 93, id="a-version-beside-the-last-one"),
        pytest.param(change((None, {"V": 6}), (None, {"V": 6}), versions="V"), 100, 94, id="a-version-replaced"),
        pytest.param(change((None, {"A": 8, "B": 2}), (None, {"A": 2, "B": 8})), 100, 94, id="maybe-raised-first"),
        pytest.param(change((10, {"A": 5}), (None, {"A": 5})), 105, 100, id="a-reservation-dropped"),
        pytest.param(change((None, {"A": 5}), (10, {"A": 5})), 95, 95, id="a-reservation-around-it"),
        pytest.param(change((None, {":7": 8}), (None, {}), replaced=True), 108, 100, id="gone-with-the-function"),
    ],
)
def test_without_a_reservation_it_counts_itself(changed: ClaimChange, final: int, peak: int) -> None:
    sums = outlook((changed,), 100)
    assert (sums.final, sums.peak) == (final, peak)


@pytest.mark.parametrize(
    ("old", "new", "unknown"),
    [
        pytest.param((10, X), (5, 0), X, id="what-is-provisioned-may-be-more"),
        pytest.param((10, X), (10, 0), None, id="the-reservation-stays"),
        pytest.param((10, X), (None, 0), None, id="no-reservation"),
        pytest.param((10, 0), (10, X), X, id="what-is-wanted-may-be-more"),
    ],
)
def test_an_unknown_amount_may_or_may_not_be_covered(
    old: tuple[int | None, int | Unknown], new: tuple[int | None, int | Unknown], unknown: Unknown | None
) -> None:
    live = LiveFunction("live-Fn", *old)
    published = (Provisioned("A", new[1], 2),) if new[1] != 0 else ()
    assert open_provision(ClaimChange("Fn", FunctionDemand("Fn", 1, new[0], published), live)) is unknown
