"""The verdict on reserved and provisioned concurrency, against the floor: the unreserved minimum as far as it is known.

No API returns the floor. Observed in AWS's error messages: 10 at a limit of 10, 50 at 50, 100 at 1000, and once 40 at
400; so the exact minimum of other limits is unknown, and two numbers bound it:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html

Provisioned concurrency is part of a reservation, which it may not exceed at any moment. An alias or version refers
to its function, so CloudFormation sets the reservation first, then the provisioned concurrency, and deletes last.
Lambda refuses a reservation below the provisioned concurrency, and more provisioned concurrency than is reserved,
summed over all versions and aliases, those of earlier deploys too:
https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
"""

from dataclasses import dataclass

from tapctl.account.model import Concurrency, LearnedFloor
from tapctl.concurrency.change import ClaimChange, Outlook, outlook
from tapctl.concurrency.verdict import Verdict, worst
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.unknown import Unknown, known

HARD = 10
"""The lowest minimum ever observed."""

SAFE = 100
"""The documented minimum, and the highest ever observed."""

SMALL_ACCOUNT = 1000
"""The default limit; AWS starts new accounts with less."""


@dataclass(frozen=True, slots=True)
class Floor:
    """AWS refuses a deploy that leaves less than `hard`, and accepts one that leaves `safe`; `known` if equal."""

    hard: int
    safe: int
    known: bool
    source: str
    claim: str = ""
    """What has its grade in `tapctl.evidence.claims`; empty for a minimum that was given or that AWS named."""


@dataclass(frozen=True, slots=True)
class FloorRule:
    """The minimum for a range of limits, and the evidence claim that it rests on."""

    limits: range
    known: bool
    source: str
    claim: str


FLOOR_RULES = (
    FloorRule(range(HARD + 1), known=True, source=f"observed with limits of {HARD} or less", claim="minimum-10"),
    FloorRule(range(50, 51), known=True, source="observed with a limit of 50", claim="minimum-50"),
    FloorRule(range(SMALL_ACCOUNT), known=False, source="not published for a limit of {}", claim="minimum-between"),
)
"""The first whose range has the limit counts, ..."""

DOCUMENTED_FLOOR = FloorRule(range(0), known=True, source="AWS documentation", claim="minimum-1000")
"""... or this."""


def floor_rule(limit: int) -> FloorRule:
    return next((rule for rule in FLOOR_RULES if limit in rule.limits), DOCUMENTED_FLOOR)


def floor(limit: int, *, pinned: int | None = None, learned: LearnedFloor | None = None) -> Floor:
    """The floor of an account with this limit of concurrent executions."""
    if pinned is not None:
        return Floor(pinned, pinned, known=True, source="pinned by min_unreserved")
    if learned is not None and learned.limit == limit:
        return Floor(learned.minimum, learned.minimum, known=True, source=learned.source)
    rule = floor_rule(limit)
    return Floor(HARD, min(SAFE, limit), rule.known, rule.source.format(limit), rule.claim)


Answer = tuple[Verdict, str, Hint | None]
"""A verdict, its reason, and the next step where there is one."""


WOULD_LEAVE = "would leave"
"""How a reason begins that completes the sentence `Fn reserves 100, which ...`."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on concurrency, its reason, and the sums behind it."""

    verdict: Verdict
    reason: str
    limit: int | Unknown
    unreserved: int | Unknown
    floor: Floor | Unknown
    outlook: Outlook
    resolution: Hint | None = None

    @property
    def lacking(self) -> int:
        """How much higher the account's limit has to be for the end to fit; 0 where a higher limit would not help.

        A higher limit has its own floor, which is never above `SAFE`.
        """
        match self.outlook.final, self.floor:
            case int(final), Floor(safe=safe) if self.verdict in (Verdict.EXCEEDS, Verdict.UNCERTAIN) and final < safe:
                return max(safe, SAFE) - final
            case _:
                return 0


def lacks_only_on_the_way(sums: Outlook, bounds: Floor | Unknown) -> bool:
    """Whether the end fits for certain but the update may not, so that two steps may help."""
    match sums.final, sums.peak, bounds:
        case int(final), int(peak), Floor(hard=hard, safe=safe):
            return final >= max(hard, safe) > peak
        case _:
            return False


def judge(
    changes: tuple[ClaimChange, ...],
    account: Concurrency,
    *,
    pinned: int | None = None,
    learned: LearnedFloor | None = None,
) -> Judgement:
    """Whether Lambda accepts every reservation of the deploy, in whatever order CloudFormation sets them."""
    bounds = (
        account.limit if isinstance(account.limit, Unknown) else floor(account.limit, pinned=pinned, learned=learned)
    )
    sums = outlook(changes, account.unreserved)
    verdict, reason, resolution = _decide(changes, bounds, sums, account)
    return Judgement(verdict, reason, account.limit, account.unreserved, bounds, sums, resolution)


def _decide(changes: tuple[ClaimChange, ...], bounds: Floor | Unknown, sums: Outlook, account: Concurrency) -> Answer:
    """The answer, which is uncertain where it depends on concurrency that was changed outside of the stack."""
    answer = _decide_all(changes, bounds, sums, account)
    drifted = [change.logical_id for change in changes if change.drifted]
    if answer[0] in (Verdict.FITS, Verdict.UNKNOWN) or not drifted:
        return answer
    kept = tuple(change.if_drift_kept for change in changes)
    answer_if_kept = _decide_all(kept, bounds, outlook(kept, account.unreserved), account)
    if answer_if_kept[0] is answer[0] is Verdict.EXCEEDS:
        return answer
    reason = (
        f"{answer[1]}; the concurrency of {', '.join(drifted)} was changed outside of the stack, and CloudFormation"
        " sets it again only if it updates the resource for another reason"
    )
    return Verdict.UNCERTAIN, reason, advise(JudgementAdvice.WRITE_LIVE_VALUE)


def _decide_all(
    changes: tuple[ClaimChange, ...], bounds: Floor | Unknown, sums: Outlook, account: Concurrency
) -> Answer:
    """The worst of the answers on each function's provisioned concurrency and on the sum of all claims."""
    answers: list[Answer] = [
        (*refusal, fix_command(change)) for change in changes if (refusal := check_provisioned(change))
    ]
    answers.append(_decide_claims(changes, bounds, sums, account))
    answers += [
        (Verdict.UNKNOWN, unknown.reason, unknown.resolution)
        for change in changes
        if (unknown := open_provision(change))
    ]
    decisive = worst(verdict for verdict, _, _ in answers)
    return next(answer for answer in answers if answer[0] is decisive)


def _decide_claims(
    changes: tuple[ClaimChange, ...], bounds: Floor | Unknown, sums: Outlook, account: Concurrency
) -> Answer:
    growing = [change for change in changes if change.grows]
    if not growing:
        return Verdict.FITS, "no function claims more than it holds", None
    if isinstance(bounds, Unknown):
        return Verdict.UNKNOWN, bounds.reason, bounds.resolution
    if isinstance(sums.final, Unknown) or isinstance(sums.peak, Unknown):
        return _decide_within_bounds(growing, bounds, changes, account)
    if exceeds_before_cleanup(changes, sums, bounds):
        reason = (
            f"would leave {sums.before_cleanup} unreserved executions until the old resources are deleted, and"
            f" {sums.final} afterwards; AWS requires at least {minimum(bounds)}, and CloudFormation deletes last"
        )
        return Verdict.EXCEEDS, reason, None
    return (*_compare(sums.final, sums.peak, bounds), None)


def exceeds_before_cleanup(changes: tuple[ClaimChange, ...], sums: Outlook, bounds: Floor | Unknown) -> bool:
    """Whether every order of updates fails although the end fits, because CloudFormation creates before it deletes.

    Before the cleanup every order has come to the same claims, and the last of those that grew was refused.
    """
    match bounds, sums.final, sums.before_cleanup:
        case Floor() as known, int(final), int(least):
            return final >= minimum(known) > least and any(map(_needs_more_before_cleanup, changes))
        case _:
            return False


def _needs_more_before_cleanup(change: ClaimChange) -> bool:
    match change.claim_before_cleanup, change.claim_before:
        case int(least), int(before):
            return least > before
        case _:
            return False


def _compare(final: int, peak: int, bounds: Floor) -> tuple[Verdict, str]:
    if final < bounds.hard or (final < bounds.safe and bounds.known):
        return (
            Verdict.EXCEEDS,
            f"{WOULD_LEAVE} {final} unreserved executions; AWS requires at least {minimum(bounds)}",
        )
    if final < bounds.safe:
        between = f"between {bounds.hard} and {bounds.safe}"
        reason = f"{WOULD_LEAVE} {final} unreserved executions; AWS's minimum is {bounds.source} ({between})"
        return Verdict.UNCERTAIN, reason
    if peak < bounds.safe:
        return (
            Verdict.UNCERTAIN,
            f"{WOULD_LEAVE} {final} unreserved executions, but maybe {peak} during the update; {_enough(bounds)}",
        )
    return Verdict.FITS, f"leaves {min(final, peak)} unreserved executions; {_enough(bounds)}"


def _enough(bounds: Floor) -> str:
    if bounds.known:
        return f"AWS requires at least {bounds.safe}"
    return f"AWS's minimum is at most {bounds.safe}"


def minimum(bounds: Floor) -> int:
    """The minimum that AWS requires for certain; a deploy that leaves less is refused."""
    return bounds.safe if bounds.known and bounds.safe > bounds.hard else bounds.hard


def _decide_within_bounds(
    growing: list[ClaimChange], bounds: Floor, changes: tuple[ClaimChange, ...], account: Concurrency
) -> Answer:
    """With unknown claims: fits if even the worst case does, exceeds if even the best case does."""
    unknown = _first_unknown(changes, account)
    if isinstance(account.unreserved, Unknown):
        return Verdict.UNKNOWN, unknown.reason, unknown.resolution
    if all(isinstance(change.claim_peak, int) for change in growing):
        # An unknown live claim is at least 0, so holding nothing is the worst case.
        worst_case = account.unreserved - sum(known(change.claim_peak) for change in growing)
        if worst_case >= bounds.safe:
            return (*_compare(worst_case, worst_case, bounds), None)
    if all(isinstance(change.claim_before, int) for change in changes) and any(map(_surely_grows, growing)):
        # An unknown new claim is at least 0, so claiming nothing is the best case.
        growth = sum(known(change.claim_after) - known(change.claim_before) for change in changes)
        best_case = account.unreserved - growth
        if best_case < minimum(bounds):
            return (*_compare(best_case, best_case, bounds), None)
    return Verdict.UNKNOWN, unknown.reason, unknown.resolution


def _surely_grows(change: ClaimChange) -> bool:
    after, in_place = change.claim_after, change.claim_in_place
    return isinstance(after, int) and isinstance(in_place, int) and after > in_place


def _first_unknown(changes: tuple[ClaimChange, ...], account: Concurrency) -> Unknown:
    claims = (claim for change in changes for claim in (change.claim_after, change.claim_peak, change.claim_before))
    return next(value for value in (account.unreserved, *claims) if isinstance(value, Unknown))


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
    where = _not_in_template(change)
    return verdict, f"{change.logical_id} reserves {reserved}, but {provisioned} are provisioned now{where}"


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


def fix_command(change: ClaimChange) -> Hint | None:
    """How to free provisioned concurrency that no deploy frees; None where there is none."""
    live = change.live
    outside = [name for name in (live.holders or {} if live else {}) if name.startswith(":")]
    if live is None or not outside or change.replaced:
        return None
    return advise(JudgementAdvice.DELETE_PROVISIONED_CONFIG, live.physical_id, outside[0][1:])


def suggestion(change: ClaimChange) -> Hint | None:
    """A value to write into the template if no remedy helps; None if it is unknown."""
    most, reserved = change.provisioned_peak, change.wanted.reserved if change.wanted else None
    if not isinstance(most, int) or not isinstance(reserved, int):
        return None
    early = _before_update(change, reserved) and not _not_in_template(change)
    return advise(JudgementAdvice.RESERVE_MORE_OR_LOWER_FIRST if early else JudgementAdvice.RESERVE_MORE, most)


def open_provision(change: ClaimChange) -> Unknown | None:
    """The unknown provisioned concurrency that the reservation may or may not cover."""
    wanted = change.wanted
    if wanted is None or wanted.reserved is None:
        return None
    same = change.live is None or change.replaced or change.live.reserved == wanted.reserved
    provisioned_now = 0 if same or change.live is None else change.live.provisioned
    values = (wanted.provisioned_total, provisioned_now)
    return next((value for value in values if isinstance(value, Unknown)), None)
