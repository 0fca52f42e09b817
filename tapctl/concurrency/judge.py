"""The verdict on reserved and provisioned concurrency."""

from dataclasses import dataclass

from tapctl.account.model import Concurrency, LearnedFloor
from tapctl.concurrency.change import ClaimChange, Outlook, outlook
from tapctl.concurrency.floor import SAFE, Floor, floor
from tapctl.concurrency.provisioned import check_provisioned, fix_command, open_provision
from tapctl.concurrency.verdict import Verdict, worst
from tapctl.hints import Hint
from tapctl.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, the sums behind it, and why in words."""

    verdict: Verdict
    reason: str
    limit: int | Unknown
    unreserved: int | Unknown
    floor: Floor | Unknown
    outlook: Outlook
    resolution: Hint = ""

    @property
    def lacking(self) -> int:
        """How much more the account's limit would have to be for the end to fit; 0 where that is not the matter.

        A higher limit has a floor of its own, which is never above `SAFE`.
        """
        match self.outlook.final, self.floor:
            case int(final), Floor(safe=safe) if self.verdict in (Verdict.EXCEEDS, Verdict.UNCERTAIN) and final < safe:
                return max(safe, SAFE) - final
            case _:
                return 0


def judge(
    changes: tuple[ClaimChange, ...],
    account: Concurrency,
    *,
    pinned: int | None = None,
    learned: LearnedFloor | None = None,
) -> Judgement:
    """Whether Lambda will accept every reservation of the deploy, in whatever order it makes them."""
    bounds = (
        account.limit if isinstance(account.limit, Unknown) else floor(account.limit, pinned=pinned, learned=learned)
    )
    sums = outlook(changes, account.unreserved)
    verdict, reason, resolution = _decide(changes, bounds, sums, account)
    return Judgement(verdict, reason, account.limit, account.unreserved, bounds, sums, resolution)


def _decide(
    changes: tuple[ClaimChange, ...], bounds: Floor | Unknown, sums: Outlook, account: Concurrency
) -> tuple[Verdict, str, Hint]:
    found = _decide_all(changes, bounds, sums, account)
    drifted = [change.logical_id for change in changes if change.drifted]
    if found[0] in (Verdict.FITS, Verdict.UNKNOWN) or not drifted:
        return found
    untouched = tuple(change.untouched for change in changes)
    calm = _decide_all(untouched, bounds, outlook(untouched, account.unreserved), account)
    if calm[0] is found[0] is Verdict.EXCEEDS:
        return found
    return Verdict.UNCERTAIN, f"{found[1]}; {_drift(drifted)}", "write what is live into the template, or set it back"


def _drift(names: list[str]) -> str:
    return (
        f"the concurrency of {', '.join(names)} was changed outside of the stack,"
        " and CloudFormation sets it again only where it updates the resource for another reason"
    )


def _decide_all(
    changes: tuple[ClaimChange, ...], bounds: Floor | Unknown, sums: Outlook, account: Concurrency
) -> tuple[Verdict, str, Hint]:
    inside = [(*found, fix_command(change)) for change in changes if (found := check_provisioned(change))]
    answers = [*inside, _decide_claims(changes, bounds, sums, account)]
    answers += [
        (Verdict.UNKNOWN, doubt.reason, doubt.resolution) for change in changes if (doubt := open_provision(change))
    ]
    decisive = worst(verdict for verdict, _, _ in answers)
    return next(answer for answer in answers if answer[0] is decisive)


def _decide_claims(
    changes: tuple[ClaimChange, ...], bounds: Floor | Unknown, sums: Outlook, account: Concurrency
) -> tuple[Verdict, str, Hint]:
    growing = [change for change in changes if change.grows]
    if not growing:
        return Verdict.FITS, "no function claims more than it holds already", ""
    if isinstance(bounds, Unknown):
        return Verdict.UNKNOWN, bounds.reason, bounds.resolution
    if isinstance(sums.final, Unknown) or isinstance(sums.peak, Unknown):
        return _decide_within_bounds(growing, bounds, changes, account)
    return (*_compare(sums.final, sums.peak, bounds), "")


def _compare(final: int, peak: int, bounds: Floor) -> tuple[Verdict, str]:
    if final < bounds.hard or (final < bounds.safe and bounds.known):
        return Verdict.EXCEEDS, f"{final} executions would stay unreserved; at least {_minimum(bounds)} must"
    if final < bounds.safe:
        return (
            Verdict.UNCERTAIN,
            f"{final} executions would stay unreserved, and the minimum is {bounds.source}",
        )
    if peak < bounds.safe:
        return (
            Verdict.UNCERTAIN,
            f"{final} executions stay unreserved at the end, but maybe {peak} on the way; {_enough(bounds)}",
        )
    return Verdict.FITS, f"{min(final, peak)} executions stay unreserved; {_enough(bounds)}"


def _enough(bounds: Floor) -> str:
    return f"at least {bounds.safe} must" if bounds.known else f"{bounds.safe} are enough, whatever the minimum is"


def _minimum(bounds: Floor) -> int:
    return bounds.safe if bounds.known and bounds.safe > bounds.hard else bounds.hard


def _decide_within_bounds(
    growing: list[ClaimChange], bounds: Floor, changes: tuple[ClaimChange, ...], account: Concurrency
) -> tuple[Verdict, str, Hint]:
    """With something unknown: fits if even the worst case does, exceeds if even the best case does."""
    unknown = _first_unknown(changes, account)
    if isinstance(account.unreserved, Unknown):
        return Verdict.UNKNOWN, unknown.reason, unknown.resolution
    if all(isinstance(change.top, int) for change in growing):
        # What is held is at least 0, so holding nothing is the worst case.
        most = sum(_known(change.top) for change in growing)
        if account.unreserved - most >= bounds.safe:
            return (*_compare(account.unreserved - most, account.unreserved - most, bounds), "")
    if all(isinstance(change.old, int) for change in changes) and any(_surely_grows(change) for change in growing):
        # What is wanted is at least 0, so wanting nothing is the best case.
        least = sum(_known(change.new) - _known(change.old) for change in changes)
        if account.unreserved - least < _minimum(bounds):
            return (*_compare(account.unreserved - least, account.unreserved - least, bounds), "")
    return Verdict.UNKNOWN, unknown.reason, unknown.resolution


def _surely_grows(change: ClaimChange) -> bool:
    return isinstance(change.new, int) and isinstance(change.base, int) and change.new > change.base


def _first_unknown(changes: tuple[ClaimChange, ...], account: Concurrency) -> Unknown:
    values = [account.unreserved, *(value for change in changes for value in (change.new, change.top, change.old))]
    return next(value for value in values if isinstance(value, Unknown))


def _known(value: int | Unknown) -> int:
    return value if isinstance(value, int) else 0
