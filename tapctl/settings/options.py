"""The options that settings are read from, in groups.

A group is a frozen dataclass. `option` describes a field of it for the command line; `tapctl.cli.command` builds the
parser and the help from these descriptions. An option that several commands share is declared here once.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tapctl.concurrency.remedy import RemedyMode


def option(*names: str, help: str, default: Any = None, **more: Any) -> Any:  # noqa: A002 - as argparse and typer name it
    """A field of an option group: its names on the command line, its help, and what else `typer.Option` takes.

    `panel` is the help section, if that is not the group's. With `once` a second use of the option is refused.
    """
    return field(default=default, metadata={"names": names, "help": help, **more})


def argument(metavar: str, default: Any = None) -> Any:
    """A field for a positional argument that may be left out; the option of the same meaning has the help."""
    return field(default=default, metadata={"metavar": metavar})


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateOptions:
    """Which template, and the values that it is judged with."""

    panel: ClassVar = "Template"

    argument: str | None = argument("TEMPLATE")
    template: str | None = option(
        "--template", "-t", metavar="TEMPLATE", help="Template file; `-` reads standard input."
    )
    parameters: tuple[str, ...] = option(
        "--parameter", "-p", metavar="KEY=VALUE", help="Template parameter (repeatable).", default=()
    )
    parameters_file: Path | None = option(
        "--parameters-file", metavar="FILE", help="JSON file of template parameters, in a format of the AWS CLI."
    )
    lookups: tuple[str, ...] = option(
        "--resolve", metavar="KEY=VALUE", help="Value of `ssm:NAME` or `import:NAME` (repeatable).", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOptions:
    """Which account, Region and stack."""

    panel: ClassVar = "Account"

    env: str | None = option(
        "--env", "-e", metavar="NAME", help="Environment: section [env.NAME] of tapctl.toml.", once=True
    )
    region: str | None = option("--region", metavar="REGION", help="AWS Region.")
    profile: str | None = option("--profile", metavar="NAME", help="AWS profile.")
    stack_name: str | None = option("--stack-name", metavar="NAME", help="Name or alias of the stack.")
    config: Path | None = option("--config", metavar="FILE", help="Configuration file (default: nearest tapctl.toml).")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementOptions:
    """How a template is judged, and what a remedy may change."""

    panel: ClassVar = "Preflight"

    min_unreserved: int | None = option(
        "--min-unreserved",
        metavar="N",
        min=0,
        help="Concurrency that must stay unreserved, if you know it.",
        panel="Account",
    )
    remedy: RemedyMode | None = option(
        "--remedy", help="If the template does not fit: ask, lower or drop reservations, only drop them, or fail."
    )
    strict: bool = option("--strict", help="A limit that could not be read makes the verdict unknown.", default=False)
    allow_uncertain: bool = option(
        "--allow-uncertain", help="Exit with 0 for an uncertain or unknown verdict.", default=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    """Settings that CloudFormation keeps with the stack."""

    panel: ClassVar = "CloudFormation"

    role_arn: str | None = option("--role-arn", metavar="ARN", help="IAM role that CloudFormation assumes.")
    tags: tuple[str, ...] = option("--tag", metavar="KEY=VALUE", help="Stack tag (repeatable).", default=())
    notification_arns: tuple[str, ...] = option(
        "--notification-arn", metavar="ARN", help="SNS topic for stack events (repeatable).", default=()
    )
    termination_protection: bool | None = option(
        "--termination-protection/--no-termination-protection", help="Protect the stack from deletion."
    )
    capabilities: tuple[str, ...] = option(
        "--capability",
        metavar="NAME",
        help="Acknowledge these capabilities only, instead of those that are needed (repeatable).",
        default=(),
    )
