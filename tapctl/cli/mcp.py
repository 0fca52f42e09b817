"""`tapctl mcp`: the questions that an agent may ask, over the Model Context Protocol on stdin and stdout.

Each tool is one command line of tapctl in a process of its own, so that the answers are those of the commands, and no
tool can change anything: none of the command lines writes, deploys or asks.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from tapctl import __version__
from tapctl.errors import ExitCode, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

SECONDS = 120
"""The longest that one answer may take."""

MAX_CHARACTERS = 40_000
"""Of one answer: a model reads all of it."""

RESULTS = (ExitCode.OK, ExitCode.EXCEEDS, ExitCode.UNCERTAIN)
"""The exit codes that come with a result; the others come with an error."""

HINT = advise(UsageAdvice.INSTALL_MCP)

INSTRUCTIONS = """\
tapctl judges before a CloudFormation deploy whether the template fits the AWS account.
Ask `preflight` first: verdict `fits` is safe, `exceeds` will fail, `uncertain` and `unknown` name what is missing.
`fix` shows the smallest change of the source that fits, as a diff; apply it yourself. Nothing here changes anything.
"""

Template = Annotated[str | None, Field(description="Path of the template; by default that of tapctl.toml.")]
Env = Annotated[str | None, Field(description="Environment: section [env.NAME] of tapctl.toml.")]
Region = Annotated[str | None, Field(description="AWS Region.")]
StackName = Annotated[str | None, Field(description="Name of the stack that is created or updated.")]
Snapshot = Annotated[str | None, Field(description="File of `tapctl account --output`, instead of AWS.")]
ParameterValues = Annotated[dict[str, str] | None, Field(description="Values of template parameters.")]


def mcp() -> None:
    """Answer the questions of an agent about templates and accounts, on stdin and stdout; changes nothing.

    Needs the extra `mcp`: `pip install -e '.[mcp]'` in a checkout of tapctl. docs/agents.md has the configuration of a
    client.
    """
    build_server().run("stdio")


def build_server() -> MCPServer:
    """The server with its tools. Raises `UsageError` where the package is not installed."""
    try:
        from mcp.server.mcpserver import MCPServer
        from mcp.types import ToolAnnotations
    except ImportError:
        raise UsageError("the package mcp is not installed", HINT) from None
    server = MCPServer("tapctl", instructions=INSTRUCTIONS, version=__version__, log_level="ERROR")
    reads = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True)
    for tool in (preflight, demand, account, limits, fix, explain):
        server.tool(annotations=reads, structured_output=False)(tool)
    return server


# ---------------------------------------------------------------------------------------------------------------------
# The tools, whose docstrings the agent reads
# ---------------------------------------------------------------------------------------------------------------------


def preflight(
    template: Template = None,
    env: Env = None,
    stack_name: StackName = None,
    region: Region = None,
    parameters: ParameterValues = None,
    snapshot: Snapshot = None,
) -> str:
    """Whether the template fits the account, as JSON `tapctl.preflight/1`: verdict, functions, findings with hints."""
    given = {"template": template, "env": env, "stack-name": stack_name, "region": region, "snapshot": snapshot}
    return answer("preflight", "--no-lint", "--format=json", given=given, parameters=parameters)


def demand(template: Template = None, env: Env = None, parameters: ParameterValues = None) -> str:
    """The reserved and provisioned concurrency that the template asks for, as JSON `tapctl.demand/1`; needs no AWS."""
    return answer("demand", "--format=json", given={"template": template, "env": env}, parameters=parameters)


def account(env: Env = None, region: Region = None, stack_name: StackName = None) -> str:
    """The account's concurrency and what the stack holds of it, as JSON `tapctl.account/1`."""
    return answer("account", "--format=json", given={"env": env, "region": region, "stack-name": stack_name})


def limits(template: Template = None, env: Env = None, parameters: ParameterValues = None) -> str:
    """What a new stack of the template adds to each limit, as JSON `tapctl.limits/1`; needs no AWS."""
    given = {"template": template or _configured(env), "env": env}
    return answer("limits", "--format=json", given=given, parameters=parameters)


def fix(
    template: Template = None,
    env: Env = None,
    stack_name: StackName = None,
    region: Region = None,
    parameters: ParameterValues = None,
    snapshot: Snapshot = None,
) -> str:
    """The smallest change with which the template fits, as a diff of its source files; nothing is written."""
    given = {"template": template, "env": env, "stack-name": stack_name, "region": region, "snapshot": snapshot}
    code, out, err = run("fix", "--diff", given=given, parameters=parameters)
    return bounded({"exit_code": code, "diff": out, "notes": err.splitlines()})


def explain(
    topic: Annotated[str, Field(description="A rule or limit id, a verdict, an exit code, or a word of the output.")],
) -> str:
    """What a rule, a verdict, an exit code or a word of the output means, and what to do about it."""
    return run("explain", "--", topic)[1]


def _configured(env: str | None) -> str:
    """The template that tapctl.toml names, for the command whose `--template` is not optional."""
    _, out, _ = run("config", "show", "--format=json", given={"env": env})
    rows = {row["key"]: row["value"] for row in json.loads(out)["settings"]}
    return str(rows["template"] or "")


# ---------------------------------------------------------------------------------------------------------------------
# A command line, and an answer that a model can read
# ---------------------------------------------------------------------------------------------------------------------


def answer(*command: str, given: Mapping[str, str | None], parameters: Mapping[str, str] | None = None) -> str:
    """The bounded JSON document of a command. Raises `ToolError` with the error and its hint."""
    code, out, _ = run(*command, given=given, parameters=parameters)
    return bounded({"exit_code": code, **json.loads(out)})


def run(
    *command: str, given: Mapping[str, str | None] | None = None, parameters: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command of tapctl. Raises `ToolError` for an exit code without a result."""
    from mcp.server.mcpserver.exceptions import ToolError

    # In one word with its option, no value can be taken for another option.
    options = [f"--{name}={value}" for name, value in (given or {}).items() if value]
    options += [f"--parameter={name}={value}" for name, value in (parameters or {}).items()]
    first, *rest = command
    line = [sys.executable, "-m", "tapctl", first, *rest[: rest.index("--") if "--" in rest else None]]
    line += [*options, *(rest[rest.index("--") :] if "--" in rest else [])]
    try:
        done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603 - our own commands
    except subprocess.TimeoutExpired:
        raise ToolError(f"tapctl {first} took more than {SECONDS} seconds") from None
    out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    if done.returncode not in RESULTS:
        raise ToolError(err[-MAX_CHARACTERS:].strip() or f"tapctl {first} ended with {done.returncode}")
    return done.returncode, out, err


def bounded(document: Mapping[str, Any]) -> str:
    """The document as JSON of at most `MAX_CHARACTERS`; `truncated` has the lengths of what was cut."""
    short: dict[str, Any] = dict(document)
    cut: dict[str, int] = {}
    while len(text := json.dumps({**short, "truncated": cut} if cut else short, ensure_ascii=False)) > MAX_CHARACTERS:
        key = max(short, key=lambda name: _size(short[name]))
        value: str | Sequence[Any] = short[key]
        if not isinstance(value, str | list) or not value:
            return json.dumps(
                {"truncated": "the answer is too long; ask `limits` or `preflight` of a smaller template"}
            )
        cut.setdefault(key, len(value))
        short[key] = value[: len(value) // 2]
    return text


def _size(value: object) -> int:
    return len(json.dumps(value)) if isinstance(value, str | list) else 0
