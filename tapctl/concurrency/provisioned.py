"""Provisioned concurrency inside a reservation, which it may not exceed at any moment.

An alias or version refers to its function, so CloudFormation sets the reservation first, then what is provisioned,
and deletes last. Lambda refuses a reservation below what is provisioned, and more provisioned than is reserved,
summed over all versions and aliases, those of earlier deploys too:
https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
"""

from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.verdict import Verdict
from tapctl.unknown import Unknown


def check_provisioned(change: ClaimChange) -> tuple[Verdict, str] | None:
    """Whether Lambda refuses, or may refuse, what is provisioned inside the reservation, and why in words."""
    wanted = change.wanted
    if wanted is None or not isinstance(wanted.reserved, int):
        return None
    return _now(change, wanted.reserved) or _then(change, wanted.reserved)


def _now(change: ClaimChange, reserved: int) -> tuple[Verdict, str] | None:
    """The moment in which the reservation is set, before anything that is provisioned has changed."""
    live = change.live
    if live is None or live.reserved == reserved or (change.replaced and change.logical_id not in change.perhaps):
        return None
    held = live.provisioned
    if not isinstance(held, int) or held <= reserved:
        return None
    verdict = Verdict.UNCERTAIN if change.replaced else Verdict.EXCEEDS
    return verdict, f"{change.logical_id} reserves {reserved} while {held} are provisioned: {_whose(change)}"


def _then(change: ClaimChange, reserved: int) -> tuple[Verdict, str] | None:
    """While it is provisioned, and until what goes is deleted."""
    late, most = change.provisioned_late, change.provisioned_top
    if isinstance(late, int) and late > reserved:
        return Verdict.EXCEEDS, (
            f"{change.logical_id} provisions {late} but reserves {reserved}:"
            f" provisioned concurrency should not be greater than the reservation{_besides(change)}"
        )
    if isinstance(most, int) and most > reserved:
        return Verdict.UNCERTAIN, (
            f"{change.logical_id} reserves {reserved}, and {most} may be provisioned on the way,"
            " where one alias is raised before another is lowered or gone"
        )
    return None


def _whose(change: ClaimChange) -> str:
    return _besides(change).removeprefix(", ") or "lower that in an earlier deploy"


def _besides(change: ClaimChange) -> str:
    """What nobody reads in the template."""
    if change.left_behind:
        kept = f" ({', '.join(sorted(change.kept))} retained)" if change.kept else ""
        return f", {change.left_behind} of them by versions or aliases outside of the stack{kept}"
    if change.wanted and change.provisioned_late != change.wanted.provisioned_total:
        return ", and what is replaced holds its share until it is deleted"
    return ""


def fix_command(change: ClaimChange) -> str:
    """The command that frees what no deploy frees; empty where there is nothing of the kind."""
    live = change.live
    outside = [name for name in (live.holders or {} if live else {}) if name.startswith(":")]
    if live is None or not outside or change.replaced:
        return ""
    return (
        f"`aws lambda delete-provisioned-concurrency-config --function-name {live.physical_id}"
        f" --qualifier {outside[0][1:]}` frees what an earlier deploy left behind"
    )


def suggestion(change: ClaimChange) -> str:
    """What could be written instead, where no remedy would do."""
    most = change.provisioned_top
    return f"reserve {most} at least, or provision less" if isinstance(most, int) else ""


def open_provision(change: ClaimChange) -> Unknown | None:
    """The provisioned concurrency of which nobody knows whether the reservation covers it."""
    wanted = change.wanted
    if wanted is None or wanted.reserved is None:
        return None
    stays = change.live is None or change.replaced or change.live.reserved == wanted.reserved
    held = 0 if stays or change.live is None else change.live.provisioned
    return next((each for each in (wanted.provisioned_total, held) if isinstance(each, Unknown)), None)
