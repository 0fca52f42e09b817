"""The options that commands share, each declared once."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer


class Format(Enum):
    """How a result is rendered; `tapctl.report` has one renderer for each."""

    TEXT = "text"
    JSON = "json"


class FindingsFormat(Enum):
    """How findings are rendered, for people and for other tools."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"
    MARKDOWN = "markdown"


class Remedy(Enum):
    """How far a remedy may go."""

    ADJUST = "adjust"
    DROP = "drop"
    FAIL = "fail"


TemplateArgument = Annotated[
    str | None,
    typer.Argument(metavar="TEMPLATE", hidden=True, show_default=False),  # `--template` has the help
]
TemplateOption = Annotated[
    str | None,
    typer.Option("--template", "-t", metavar="TEMPLATE", help="The template file; `-` reads standard input."),
]
Env = Annotated[str | None, typer.Option("--env", "-e", metavar="NAME", help="The section [env.NAME] of tapctl.toml.")]
Parameter = Annotated[
    list[str] | None,
    typer.Option("--parameter", "-p", metavar="KEY=VALUE", help="A template parameter; may be given again."),
]
ParametersFile = Annotated[
    Path | None,
    typer.Option("--parameters-file", metavar="FILE", help="A JSON file of template parameters, as `aws` takes it."),
]
Region = Annotated[str | None, typer.Option("--region", metavar="REGION", help="The AWS Region.")]
Profile = Annotated[str | None, typer.Option("--profile", metavar="NAME", help="The AWS profile.")]
StackName = Annotated[str | None, typer.Option("--stack-name", metavar="NAME", help="The stack, new or live.")]
MinUnreserved = Annotated[
    int | None,
    typer.Option("--min-unreserved", metavar="N", min=0, help="The minimum that must stay unreserved, if you know it."),
]
ProbeFloor = Annotated[
    bool,
    typer.Option(
        "--probe-floor",
        help="Ask Lambda for the minimum, by a reservation for a function of the stack that it refuses.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before `--probe-floor`.")]
RemedyOption = Annotated[
    Remedy | None,
    typer.Option("--remedy", help="What to do where it does not fit: lower or drop, only drop, or fail."),
]
Resolve = Annotated[
    list[str] | None,
    typer.Option("--resolve", metavar="KEY=VALUE", help="What `ssm:NAME` or `import:NAME` holds; may be given again."),
]
Snapshot = Annotated[
    Path | None,
    typer.Option("--snapshot", metavar="FILE", help="Judge by a saved account instead of AWS; needs no credentials."),
]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print the result.")]
FindingsFormatOption = Annotated[FindingsFormat, typer.Option("--format", "-f", help="How to print the result.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the result to a file.")]
NoLint = Annotated[bool, typer.Option("--no-lint", help="Leave cfn-lint out.")]
AllowUncertain = Annotated[
    bool, typer.Option("--allow-uncertain", help="Let an uncertain or unknown verdict pass (exit 0).")
]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Another file than tapctl.toml.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but the result.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more of what is done.")]
