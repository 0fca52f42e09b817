"""Provisioned concurrency inside a reservation, which it may not exceed at any moment.

An alias or version refers to its function, so CloudFormation sets the reservation first, then the provisioned
concurrency, and deletes last. Lambda refuses a reservation below the provisioned concurrency, and more provisioned
concurrency than is reserved, summed over all versions and aliases, those of earlier deploys too:
https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
"""

from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.verdict import Verdict
from tapctl.hints import Advice, Hint, advise
from tapctl.unknown import Unknown


def check_provisioned(change: ClaimChange) -> tuple[Verdict, str] | None:
    """Whether Lambda refuses, or may refuse, the provisioned concurrency inside the reservation, and why."""
    wanted = change.wanted
    if wanted is None or not isinstance(wanted.reserved, int):
        return None
    return _before_update(change, wanted.reserved) or _during_update(change, wanted.reserved)


def _before_update(change: ClaimChange, reserved: int) -> tuple[Verdict, str] | None:
    """When the reservation is set, before any provisioned concurrency has changed."""
    live = change.live
    surely_replaced = change.replaced and change.logical_id not in change.maybe_replaced
    if live is None or live.reserved == reserved or surely_replaced:
        return None
    provisioned = live.provisioned
    if not isinstance(provisioned, int) or provisioned <= reserved:
        return None
    verdict = Verdict.UNCERTAIN if change.replaced else Verdict.EXCEEDS
    why = _not_in_template(change) or "; lower its provisioned concurrency in an earlier deploy"
    return verdict, f"{change.logical_id} reserves {reserved}, but {provisioned} are provisioned now{why}"


def _during_update(change: ClaimChange, reserved: int) -> tuple[Verdict, str] | None:
    """When the provisioned concurrency is set, until the old resources are deleted."""
    certain, most = change.provisioned_before_cleanup, change.provisioned_peak
    if isinstance(certain, int) and certain > reserved:
        return Verdict.EXCEEDS, (
            f"{change.logical_id} provisions {certain} but reserves {reserved};"
            f" provisioned concurrency must not exceed the reservation{_not_in_template(change)}"
        )
    if isinstance(most, int) and most > reserved:
        return Verdict.UNCERTAIN, (
            f"{change.logical_id} reserves {reserved}, but {most} may be provisioned during the update,"
            " if one alias is raised before another is lowered or deleted"
        )
    return None


def _not_in_template(change: ClaimChange) -> str:
    """The share of the provisioned concurrency that the template does not show, as the end of a message."""
    if change.provisioned_outside:
        retained = f" ({', '.join(sorted(change.retained_versions))} retained)" if change.retained_versions else ""
        return f"; {change.provisioned_outside} of them on versions or aliases outside of the stack{retained}"
    if change.wanted and change.provisioned_before_cleanup != change.wanted.provisioned_total:
        return "; replaced versions keep their share until they are deleted"
    return ""


def fix_command(change: ClaimChange) -> Hint:
    """How to free provisioned concurrency that no deploy frees; empty where there is none."""
    live = change.live
    outside = [name for name in (live.holders or {} if live else {}) if name.startswith(":")]
    if live is None or not outside or change.replaced:
        return ""
    return advise(Advice.FREE_PROVISIONED, live.physical_id, outside[0][1:])


def suggestion(change: ClaimChange) -> str:
    """What to write into the template where no remedy helps; empty where that is unknown."""
    most = change.provisioned_peak
    return f"reserve at least {most}, or provision less" if isinstance(most, int) else ""


def open_provision(change: ClaimChange) -> Unknown | None:
    """The unknown provisioned concurrency that the reservation may or may not cover."""
    wanted = change.wanted
    if wanted is None or wanted.reserved is None:
        return None
    same = change.live is None or change.replaced or change.live.reserved == wanted.reserved
    provisioned_now = 0 if same or change.live is None else change.live.provisioned
    values = (wanted.provisioned_total, provisioned_now)
    return next((value for value in values if isinstance(value, Unknown)), None)
