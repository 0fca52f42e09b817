"""The words of the output that are no rule, as `tapctl explain WORD` explains them."""

from collections.abc import Mapping

from tapctl.errors import ExitCode
from tapctl.report.explain import RuleText

WORDS: tuple[RuleText, ...] = (
    RuleText(
        "demand",
        "the concurrency that a template asks for",
        "The reserved and provisioned concurrency of its functions, aliases and versions, with parameters, conditions,"
        " loops, SAM and nested stacks resolved.",
        "`tapctl demand` prints it without an account.",
    ),
    RuleText(
        "claim",
        "what one function takes from the unreserved concurrency",
        "Its reservation, or without one its provisioned concurrency. The sum of all claims is judged.",
        "`tapctl preflight` shows each claim beside the one that the function has now.",
    ),
    RuleText(
        "floor",
        "the unreserved minimum, as far as it is known",
        "AWS keeps a part of the concurrency unreserved and refuses a reservation that leaves less. No API returns it:"
        " it is documented as 100, and smaller accounts are known to have less. Below the `hard` floor AWS refuses, at"
        " the `safe` one it never does; between the two a verdict is uncertain.",
        "`tapctl preflight --explain` shows the evidence for it; `--min-unreserved` sets it.",
    ),
    RuleText(
        "peak",
        "the moment of a deploy at which the least is unreserved",
        "CloudFormation creates before it deletes, and updates functions in an order of its own, so that old and new"
        " reservations may exist side by side.",
        "With consent (`--remedy adjust`), `tapctl deploy` lowers in a first change set and raises in a second.",
    ),
    RuleText(
        "headroom",
        "what the account can still give before a limit is reached",
        "Of concurrency, it is what is unreserved above the minimum.",
        "`tapctl account` shows it; `tapctl account --request-increase LIMIT=VALUE` asks AWS for more.",
    ),
    RuleText(
        "remedy",
        "the smallest change of reservations that makes the template fit",
        "Each function keeps, lowers or drops its reservation: `priority` and `minimum` of tapctl.toml decide which. A"
        " remedy changes a parameter, or the copy of the template that is deployed, never the file.",
        "A deploy needs consent: `--remedy adjust`, or `remedy` of the environment. `tapctl fix` edits the source.",
    ),
    RuleText(
        "cell",
        "an account in a Region",
        "`preflight --targets` has a verdict for each cell. *unknown* is one that could not be read"
        " (`tapctl explain cell-unread`), or one where a value is open.",
        "The exit code is that of the worst cell.",
    ),
    RuleText(
        "fleet",
        "accounts and Regions of tapctl.toml, under [fleet.NAME]",
        "`--targets NAME` judges the template in each of its cells: `accounts`, `file` and `ous` in `regions`.",
        "`tapctl policy --targets NAME` prints the role that reads the accounts, and with `--hub` what your own"
        " credentials need.",
    ),
    RuleText(
        "not-checked",
        "limits that were not read and change no verdict",
        "A read was denied, the snapshot does not have it, or it is one that a fleet reads with `--strict` only.",
        "Allow the read that the finding names; with `--strict` such a limit is unknown and counts.",
    ),
    RuleText(
        "left-out",
        "findings that do not count, and cells that are not deployed to",
        "An account that is excluded from a fleet, or that its organization has closed or suspended; a finding that"
        " [[ignore]] excuses; a cell that a rollout does not reach, since it does not fit, cannot be read, or needs a"
        " remedy that no parameter gives.",
        "The line has the account's state, or the reason. The exit code of a rollout is then 3, or 4 where the cell is"
        " uncertain or unknown.",
    ),
    RuleText(
        "override-set",
        "parameter values that some instances of a stack set have instead of the set's own",
        "A rollout gives an account its remedy as parameter overrides; cells with the same ones take one operation. A"
        " lowered reservation goes down to 75, 50, 25, 10 or 5 % of what the template asks for, to keep the sets few.",
        "`tapctl fleet plan` shows each with its cells.",
    ),
    RuleText(
        "canary",
        "the instances that are created or updated first",
        "`canary` of the fleet names their accounts; without it, the first account that is updated and the first one"
        " that is created. None may fail, whatever `failure_tolerance` says: the rollout stops, and what is deployed"
        " stays.",
        "Read why it failed, and run `tapctl fleet deploy` again; `canary = []` leaves it out.",
    ),
    RuleText(
        "OUTDATED",
        "an instance that does not have what its stack set has",
        "Its last operation failed, was cancelled or did not reach it. After a failed creation there is no stack.",
        "`tapctl fleet deploy` updates it or creates it again, and leaves instances alone that are up to date.",
    ),
    RuleText(
        "INOPERABLE",
        "an instance that StackSets no longer updates",
        "Its deletion or its import failed. A rollout leaves it out, and exits with 7 if it finds one at its end.",
        "Delete the stack in the account, and run `tapctl fleet deploy`, which creates it again.",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-concepts.html",
    ),
)
"""Words of the output that are no rule."""

NEXT_STEPS: Mapping[ExitCode, str] = {
    ExitCode.FAILURE: "The error names the call that failed; of a bug, TAPCTL_TRACEBACK=1 prints what to report.",
    ExitCode.USAGE: "Correct what the error names.",
    ExitCode.EXCEEDS: "`tapctl fix` shows the remedy, `tapctl deploy --remedy adjust` deploys with it.",
    ExitCode.UNCERTAIN: "Each finding names the parameter, the permission or the number that would resolve it.",
    ExitCode.BUSY: "`tapctl watch` follows the operation; run the command again when it has ended.",
    ExitCode.ROLLED_BACK: "Correct the first cause, which the error names, and deploy again.",
    ExitCode.STUCK: "The error has the next command: `tapctl deploy --recover`, or `tapctl destroy --leave ID`.",
    ExitCode.NOT_VERIFIED: "Correct what the checks name; `tapctl verify` checks again.",
    ExitCode.INTERRUPTED: "The same command again continues; `tapctl watch` follows what is still running.",
}
"""What to do after each exit code but 0."""
