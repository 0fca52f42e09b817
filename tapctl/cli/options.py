"""Options that several commands share and that tapctl.toml cannot set."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import ClassVar

from tapctl.settings.options import option


class Format(Enum):
    """How a result is rendered; `tapctl.report` has one renderer for each."""

    TEXT = "text"
    JSON = "json"


class DeployFormat(Enum):
    """How a deploy is rendered; `github` is the text with annotations after it."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


class FindingsFormat(Enum):
    """How findings are rendered, for people and for other tools."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"
    MARKDOWN = "markdown"
    GITLAB = "gitlab"
    HTML = "html"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotOptions:
    """An account from a snapshot."""

    panel: ClassVar = "Account"

    snapshot: Path | None = option(
        "--snapshot", metavar="FILE", help="Use a saved account instead of AWS; needs no credentials."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetOptions:
    """Many accounts and Regions instead of one."""

    panel: ClassVar = "Account"

    targets: str | None = option(
        "--targets",
        metavar="NAMES",
        help="Many accounts: sections [fleet.NAME] of tapctl.toml, or `all`; snapshots of them are in a folder.",
        once=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeOptions:
    """The probe for the unreserved minimum."""

    panel: ClassVar = "Preflight"

    probe_floor: bool = option(
        "--probe-floor",
        help="Find the minimum by asking Lambda for a reservation that it must refuse.",
        default=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightProbeOptions(ProbeOptions):
    """The probe with the consent to it."""

    yes: bool = option("--yes", "-y", help="Do not ask before `--probe-floor`.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LintOptions:
    """Whether cfn-lint runs."""

    panel: ClassVar = "Preflight"

    no_lint: bool = option("--no-lint", help="Skip cfn-lint; tapctl's own warnings stay.", default=False)
    trusted: bool = option(
        "--allow-cfnlintrc-code",
        help="Let the .cfnlintrc of the working folder load rules, which are code, and replace specifications.",
        default=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeoutOptions:
    """How long tapctl waits for an operation."""

    panel: ClassVar = "Deploy"

    timeout: float = option("--timeout", metavar="SECONDS", min=1, help="Stop waiting after this long.", default=3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Output:
    panel: ClassVar = "Output"

    format: object = option("--format", "-f", help="")
    output: Path | None = option("--output", "-o", metavar="FILE", help="Write the result to a file.")
    quiet: bool = option("--quiet", "-q", help="Print only the result.", default=False)
    verbose: bool = option("--verbose", "-v", help="Print more detail.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions(_Output):
    """Where the result goes, and how much is printed."""

    format: Format = option("--format", "-f", help="Output format.", default=Format.TEXT)

    @property
    def text(self) -> bool:
        return self.format is Format.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployOutput(_Output):
    """The output of a deploy."""

    format: DeployFormat = option("--format", "-f", help="Output format.", default=DeployFormat.TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsOptions(_Output):
    """The output of a command that prints findings."""

    format: tuple[str, ...] = option(
        "--format",
        "-f",
        metavar="FORMAT[:FILE]",
        help=f"Output format, or one for a file (repeatable): {', '.join(known.value for known in FindingsFormat)}."
        "  [default: text]",
        default=(),
    )
    advisory: bool = option("--advisory", help="Report what is found, and exit with 0.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainOptions:
    """Whether the sum behind the verdict is shown."""

    panel: ClassVar = "Output"

    explain: bool = option(
        "--explain", help="Show the sum behind the verdict, with the evidence for the minimum.", default=False
    )
