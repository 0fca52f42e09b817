"""The meaning of rules, verdicts and exit codes, and the sum behind the verdict of one preflight.

`docs/rules.md` has a section for each rule, whose anchor is `anchor` of its id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from tapctl.concurrency.judge import DOCUMENTED_FLOOR, FLOOR_RULES, Floor
from tapctl.concurrency.verdict import Verdict
from tapctl.limits import Limit, LimitKind, catalogue
from tapctl.report.hints import worded_all
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.concurrency.change import ClaimChange
    from tapctl.concurrency.result import Preflight
    from tapctl.unknown import Count


@dataclass(frozen=True, slots=True)
class RuleText:
    """One kind of finding: what it is about, why it matters and what to do, in sentences."""

    id: str
    title: str
    text: str
    remedy: str
    docs: str = ""


VERDICTS: Mapping[Verdict, str] = {
    Verdict.FITS: "The deploy cannot fail on a limit that is covered. `coverage` lists the types that are not.",
    Verdict.EXCEEDS: "The deploy will fail: what the template adds does not fit in what the account has left.",
    Verdict.UNCERTAIN: (
        "It depends on something that AWS does not publish, such as the unreserved minimum of a small account, or on"
        " the order in which CloudFormation updates resources."
    ),
    Verdict.UNKNOWN: (
        "A value or a read is missing. The finding names it, and its hint has the parameter or the permission that"
        " resolves it."
    ),
}

OWN_RULES: tuple[RuleText, ...] = (
    RuleText(
        "tapctl:duplicate-key",
        "A key is given twice",
        "CloudFormation takes the last one of two equal keys in a mapping and ignores the first.",
        "Remove one of them.",
    ),
    RuleText(
        "tapctl:kept-parameter",
        "A parameter keeps the stack's value",
        "An update keeps the value that a parameter has, so a new default in the template does not reach the stack.",
        "Pass the parameter if the stack should get the new default.",
    ),
    RuleText(
        "tapctl:unset-parameter",
        "A parameter has no value",
        "The parameter has no default, none is given, and the stack has none that it could keep: a deploy is refused.",
        "Pass it, or set it in `parameters` of tapctl.toml.",
    ),
    RuleText(
        "tapctl:local-path",
        "A local path does not exist",
        "The template refers to a file or folder that is not there. A build may create it; a deploy refuses it.",
        "Build first, or correct the path, which is relative to the template.",
    ),
    RuleText(
        "tapctl:handler",
        "A handler names no function of its code",
        "Lambda creates such a function, and each invocation of it fails.",
        "Correct the handler, or the folder that the code comes from.",
    ),
    RuleText(
        "tapctl:unbuilt",
        "Code is deployed that was not built",
        "The code needs a build, such as that of SAM or of a compiler, and the template points at its source.",
        "Build it, and deploy the template that the build writes.",
    ),
    RuleText(
        "tapctl:not-covered",
        "The limits of a type are not covered",
        "The catalogue has no row for what a resource of this type takes, so the verdict says nothing about it.",
        "Check the service's quotas; `tapctl limits` lists the limits that are judged.",
    ),
    RuleText(
        "tapctl:weakening",
        "A setting makes the verdict weaker",
        "A setting in force lets more pass than tapctl does by default, or the change under test asks for one.",
        "Check who set it; with `--base` the settings of the base count, not those of the change.",
    ),
    RuleText(
        "tapctl:snapshot-age",
        "A snapshot is old",
        "The account may have changed since the snapshot was taken, and with it the verdict.",
        "Save it again with `tapctl account --output FILE`; `--max-age` refuses an old one.",
    ),
    RuleText(
        "tapctl:cell-unread",
        "A cell of a fleet could not be read",
        "Nothing is known of this account in this Region: the role of `read_role` is missing there or does not trust"
        " your account, no `read_role` is set for it, the Region is disabled, a new account's Lambda does not answer"
        " yet, or there is no snapshot of it. The cell is unknown and does not block the others.",
        "The hint says what to create or to allow; `tapctl policy --targets NAME` prints the role, and with `--hub`"
        " what your own credentials need.",
    ),
    RuleText(
        "preflight",
        "A warning of the preflight",
        "Something about the configuration or the template that does not change the verdict.",
        "The finding says what to do.",
    ),
    RuleText(
        "verify-stack",
        "The stack is not in a good state",
        "The status of the stack, or of a nested one, is that of a failed or unfinished operation.",
        "`tapctl watch` follows a running operation; `tapctl deploy` continues or recovers a failed one.",
    ),
    RuleText(
        "verify-output",
        "An output is missing or not as expected",
        "An output of the template is missing from the stack, or does not match a pattern in [verify.outputs].",
        "Deploy the template, or correct the pattern.",
    ),
    RuleText(
        "verify-exports",
        "An export is missing or differs",
        "ListExports, which other stacks import from, does not return what the stack exports.",
        "Deploy the template.",
    ),
    RuleText(
        "verify-resource",
        "A resource is not what the template says",
        "The service's own API describes the resource in another way than the running template, or does not find it.",
        "Deploy the template, or change it to what is there; `tapctl verify --drift` shows more.",
    ),
    RuleText(
        "verify-drift",
        "A resource has drifted",
        "CloudFormation's drift detection found a difference between the resource and its template.",
        "`tapctl deploy --revert-drift` reverts it.",
    ),
    RuleText(
        "verify-configuration",
        "[verify] is for another stack",
        "The expectations of tapctl.toml belong to another stack or template, so they were not checked.",
        "Choose the environment that they are for.",
    ),
    RuleText(
        "verify-http",
        "An HTTP probe failed",
        "The answer to a request of [[verify.http]] has another status or body than expected.",
        "Read the function's log, or correct the expectation.",
    ),
    RuleText(
        "verify-invoke",
        "An invocation failed",
        "The function of [[verify.invoke]] answered with an error, or with another answer than expected.",
        "Read the function's log, or correct the expectation.",
    ),
    RuleText(
        "verify-webhook",
        "The test webhook failed",
        "The signed event, its duplicate or the forged one of [verify.webhook] was not answered or stored as expected.",
        "Read the function's log; check the secret and the table.",
    ),
)


@cache
def rules() -> tuple[RuleText, ...]:
    """Every rule of tapctl: the limits of the catalogue, and its own; those of cfn-lint are documented there."""
    return (*map(_of_limit, catalogue()), *OWN_RULES)


def anchor(rule: str) -> str:
    """The anchor of a rule's section in docs/rules.md."""
    return rule.replace(":", "-")


def _of_limit(limit: Limit) -> RuleText:
    value, name = (limit.fixed, "value") if limit.default is None else (limit.default, "default")
    amount = "" if value is None else f" The {name} is {value:,} {limit.unit}".rstrip() + "."
    counted = f" Counts {', '.join(limit.types)}." if limit.types else ""
    reads = ", ".join(limit.permissions)
    read = f" Reading it needs {reads}." if reads else " Read from the template alone."
    scope = " It is one limit for all Regions." if limit.is_global else ""
    return RuleText(
        limit.id, limit.title, f"{_KINDS[limit.kind]}{amount}{counted}{read}{scope}", _remedy(limit), limit.docs
    )


_KINDS = {
    LimitKind.CONCURRENCY: (
        "Each reservation takes from the account's concurrency, of which AWS keeps a minimum unreserved. Judged are the"
        " sum after the deploy and the one at its worst moment."
    ),
    LimitKind.COUNT: "The usage and what the template adds must not exceed the applied value.",
    LimitKind.EXPORTS: "An export's name exists once in a Region; an imported one can be neither changed nor removed.",
    LimitKind.SETTINGS: "Settings that the service refuses together, whatever the account has left.",
    LimitKind.TEMPLATE: "A limit on the template itself, the same in every account.",
}


def _remedy(limit: Limit) -> str:
    if limit.kind is LimitKind.CONCURRENCY:
        return "`tapctl fix` lowers or drops the reservation; or request an increase of the account's limit."
    if limit.kind in (LimitKind.TEMPLATE, LimitKind.SETTINGS, LimitKind.EXPORTS):
        return "Change the template."
    return "Request an increase, or use less." if limit.adjustable else "Use less: AWS does not raise it."


# ---------------------------------------------------------------------------------------------------------------------
# The sum of one verdict
# ---------------------------------------------------------------------------------------------------------------------


def evidence(bounds: Floor) -> tuple[str, ...]:
    """Where the unreserved minimum is known from, with its grade and record; then the links.

    Below a minimum that is open, what is known of other limits follows, with the same.
    """
    from tapctl.evidence import claim, with_grade

    source = with_grade(bounds.source, bounds.claim)
    if not bounds.claim:  # pinned, or learned from an error
        return (source,)
    lines = [source, *claim(bounds.claim).sources]
    if not bounds.known:
        for taken in (claim(rule.claim) for rule in (*FLOOR_RULES, DOCUMENTED_FLOOR) if rule.known):
            lines += [with_grade(taken.text, taken.id), *taken.sources]
    return tuple(lines)


def explained(result: Preflight) -> str:
    """The sum on concurrency with each function's part, the evidence for the minimum, and each other limit."""
    lines = ["", "how the verdict came about", *_sum(result), "", "each limit"]
    for finding in result.findings:
        counted = "" if result.counts(finding) else ", not counted"
        lines.append(
            f"  {finding.verdict.value}{counted}: {finding.limit or finding.rule or 'preflight'}: {finding.message}"
        )
        if finding.hints and finding.verdict is not Verdict.FITS:
            lines.append(f"    hint: {worded_all(finding.hints)}")
    return "\n".join(lines) + "\n"


def _sum(result: Preflight) -> Iterator[str]:
    judged, width = result.concurrency, max([28, *(len(change.logical_id) + 26 for change in result.changes)])

    def row(text: str, value: object, more: str = "") -> str:
        return f"  {text:<{width}} {value!s:>8}{f'   {more}' if more else ''}"

    if not result.changes:
        yield "  no function's concurrency changes"
        return
    yield row("unreserved now", _count(judged.unreserved), f"of {_count(judged.limit)}")
    for change in result.changes:
        yield row(f"  {change.logical_id}: {_claim_line(change)}", _signed(change.claim_before, change.claim_after))
    yield row("final: after the deploy", _count(judged.outlook.final))
    yield row("peak: at the worst moment", _count(judged.outlook.peak), _replaced(result))
    if isinstance(judged.floor, Floor) and isinstance(judged.limit, int):
        bounds = judged.floor
        number = str(bounds.safe) if bounds.known else f"{bounds.hard}-{bounds.safe}"
        source, *links = evidence(bounds)
        yield row("minimum left unreserved", number, source)
        yield from (f"    {link}" for link in links)
    yield f"  {judged.verdict.value}: {judged.reason}"


def _claim_line(change: ClaimChange) -> str:
    return f"{_count(change.claim_before)} held, {_count(change.claim_after)} asked for"


def _count(value: Count | None) -> str:
    return "unknown" if isinstance(value, Unknown) or value is None else f"{value:,}"


def _signed(before: Count, after: Count) -> str:
    match before, after:
        case int(held), int(asked):
            return f"{held - asked:+,}"
        case _:
            return "unknown"


def _replaced(result: Preflight) -> str:
    names = [change.logical_id for change in result.changes if change.replaced]
    return f"replaced functions hold both: {', '.join(names)}" if names else ""
