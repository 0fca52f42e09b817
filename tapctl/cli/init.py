"""`tapctl init`: a tapctl.toml for what is in the folder, and on request a workflow that runs the preflight."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from tapctl import __version__
from tapctl.cli.command import Only
from tapctl.cli.context import require_terminal
from tapctl.cli.options import OutputOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import TapctlError, UsageError
from tapctl.hints import Hint, advise
from tapctl.hints.usage import UsageAdvice
from tapctl.report.escaping import one_line
from tapctl.report.hints import worded
from tapctl.settings.options import option
from tapctl.settings.other_tools import CDK, SAM, Env, cdk_config, files_of, sam_config, with_files
from tapctl.state.files import read_bytes, write_atomically

if TYPE_CHECKING:
    from tapctl.template.model import Template

WORKFLOW = Path(".github/workflows/tapctl.yml")

TEMPLATE_FOLDERS = ("", "templates", "template", "cloudformation", "cfn", "infra", "infrastructure", "stack", "deploy")
"""Where templates are looked for, beside the working folder itself."""

SUFFIXES = (".yaml", ".yml", ".json", ".template")

MAX_BYTES = 1024 * 1024
"""The most that CloudFormation takes of a template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InitOptions:
    """Which files are written, and the consent to it."""

    panel: ClassVar = "Init"

    yes: bool = option("--yes", "-y", help="Write the proposals without a question.", default=False)
    ci: bool | None = option("--ci/--no-ci", help=f"Write {WORKFLOW} as well (default: ask; with --yes, no).")


@dataclass(frozen=True, slots=True)
class Found:
    """The templates and settings found in the folder; `notes` are settings that tapctl.toml has no key for."""

    templates: tuple[str, ...] = ()
    envs: Mapping[str, Env] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    secrets: frozenset[str] = frozenset()
    """The parameters with NoEcho."""
    required: tuple[str, ...] = ()
    """The parameters without a default."""
    stacks: tuple[str, ...] = ()
    """The names that a CDK app gives its stacks, where it was synthesised."""


def init(what: InitOptions, output: Annotated[OutputOptions, Only("quiet", "verbose")]) -> None:
    """Propose a tapctl.toml from the templates, samconfig.toml, cdk.json and parameter files here.

    Overwrites nothing. Exits with 2 without a terminal, unless `--yes` is given.
    """
    from tapctl.settings.config_file import FILE, PROJECT, find

    terminal, written, found = Terminal.of(output), 0, Found()
    path = Path(FILE)
    known = find()
    if known is not None and known.parent == Path.cwd():
        terminal.message(f"{known.name if known.name == FILE else f'[tool.tapctl] of {PROJECT}'} exists and is kept")
    else:
        found = look(Path())
        text = proposal(found)
        if not what.yes:
            terminal.show(text.rstrip("\n"))
            require_terminal(terminal, advise(UsageAdvice.PASS_YES_TO_WRITE))
        if what.yes or terminal.confirm(f"Write {FILE}?"):
            written += _write(path, text, terminal)
    if WORKFLOW.exists():
        terminal.message(f"{WORKFLOW} exists and is kept")
    elif what.ci or (what.ci is None and not what.yes and terminal.confirm(f"Write {WORKFLOW}?")):
        written += _write(WORKFLOW, workflow(path), terminal)
    terminal.message(worded(_next(path, found.required)) if written else "nothing was written")


def _next(path: Path, required: tuple[str, ...]) -> Hint:
    """The command to run next, after the template and the parameters that the first environment needs."""
    from tapctl.settings.config_file import environment_of, load

    if not path.exists():
        return advise(UsageAdvice.NEXT_PREFLIGHT, "")
    file = load(path)
    env = next(iter(file.env), None)
    have = environment_of(file, env, path).parameters
    unset = [name for name in required if name not in have]
    option = f" --env {shlex.quote(env)}" if env else ""
    if file.template and not _is_there(path.parent / file.template):
        if Path(CDK).is_file():
            return advise(UsageAdvice.NEXT_SYNTHESIZE, option)
        return advise(UsageAdvice.NEXT_NAME_TEMPLATE, str(path), option)
    if unset:
        return advise(UsageAdvice.NEXT_FILL_IN, ", ".join(unset), str(path), option)
    return advise(UsageAdvice.NEXT_PREFLIGHT, option)


def _is_there(template: Path) -> bool:
    from tapctl.template.cloud_assembly import MANIFEST

    return (template / MANIFEST if template.is_dir() else template).is_file()


def _write(path: Path, text: str, terminal: Terminal) -> int:
    """Write a new file; returns 1. Raises `UsageError` if it exists by now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        raise UsageError(f"{path} was created in the meantime", advise(UsageAdvice.CHECK_AND_RUN_INIT))
    write_atomically(path, text)
    terminal.message(f"wrote {path}")
    return 1


# ---------------------------------------------------------------------------------------------------------------------
# What is here
# ---------------------------------------------------------------------------------------------------------------------


def look(folder: Path) -> Found:
    """Find templates and environments; a template that another tool names comes first. Raises `UsageError`."""
    named: list[str] = []
    envs: dict[str, Env] = {}
    notes: list[str] = []
    for read, name in ((sam_config, SAM), (cdk_config, CDK)):
        if (folder / name).is_file():
            for named_template, more_envs, more in read(folder / name):
                named += [named_template] if named_template else []
                notes += [more] if more else []
                envs |= more_envs
    templates = tuple(dict.fromkeys([*named, *_templates(folder)]))
    found = Found(templates, envs, tuple(notes), stacks=_synthesised(folder / templates[0]) if templates else ())
    template = _loaded(folder / templates[0]) if templates else None
    if template is None:
        return found
    declared = template.parameters
    secrets = frozenset(name for name, entry in declared.items() if str(entry.get("NoEcho")).lower() == "true")
    required = tuple(name for name, entry in declared.items() if "Default" not in entry)
    envs = with_files(folder, envs, set(declared))
    return replace(found, envs=envs, secrets=secrets, required=required)


def _synthesised(path: Path) -> tuple[str, ...]:
    """The names of the stacks, if it is a `cdk.out` folder that can be read."""
    from tapctl.template.cloud_assembly import stacks

    try:
        return tuple(stack.name for stack in stacks(path)) if path.is_dir() else ()
    except TapctlError:
        return ()


def _loaded(path: Path) -> Template | None:
    """The template; None if it cannot be read yet, such as a cdk.out before the first `cdk synth`."""
    from tapctl.template.load import load

    try:
        return load(str(path))
    except TapctlError:
        return None


def _templates(folder: Path) -> Iterator[str]:
    """The files that look like templates, the usual names first."""
    from tapctl.settings.settings import TEMPLATES

    yield from (name for name in TEMPLATES if (folder / name).exists())
    for inner in TEMPLATE_FOLDERS:
        for path in files_of(folder / inner, *SUFFIXES):
            if _is_template(path):
                yield str(path.relative_to(folder))


def _is_template(path: Path) -> bool:
    """Whether the file has resources of CloudFormation, as far as its text shows."""
    try:
        data = read_bytes(path, MAX_BYTES)
    except OSError:
        return False
    return re.search(rb"(?m)^\s*[\"']?Resources[\"']?\s*:", data) is not None and b"AWS::" in data


# ---------------------------------------------------------------------------------------------------------------------
# What is proposed
# ---------------------------------------------------------------------------------------------------------------------


def proposal(found: Found) -> str:
    """The text of tapctl.toml. Raises `ConfigError` if tapctl does not accept a value of another tool."""
    from tapctl.settings.config_file import FILE, parsed

    lines = [
        "# Written by `tapctl init`; docs/configuration.md of tapctl lists the keys.",
        "",
    ]
    lines += _top(found)
    shared = found.envs.get("default") if len(found.envs) == 1 else None
    for name, env in found.envs.items():
        title = "defaults" if env is shared else f"env.{_key(name)}"
        comment = " # what all environments share" if env is shared else ""
        lines += ["", _comment(f"from {env.source}"), f"[{title}]{comment}", *_env(env, title, found)]
    if "local" not in found.envs:
        lines += ["", "# The local AWS: `tapctl deploy --env local` needs no account.", "[env.local]", "sandbox = true"]
        lines += [] if shared else _parameters("env.local", {}, found)
    if not found.envs:
        lines += ["", "# [env.prod]", '# region = "eu-west-1"', '# account = "123456789012" # refuses any other']
        lines += [f"# parameters.{_placeholder(name, found).removeprefix('# ')}" for name in found.required]
    lines += [_comment(f"not taken: {note}") for note in found.notes]
    text = "\n".join(lines) + "\n"
    parsed(text.encode(), Path(FILE))
    return text


def _top(found: Found) -> list[str]:
    template, *others = found.templates or ("template.yaml",)
    lines = [f"template = {_text(template)}{'' if found.templates else ' # no template was found here: name yours'}"]
    lines += [_comment(f"others here: {', '.join(others[:10])}")] if others else []
    names = {name: env.stack for name, env in found.envs.items() if env.stack}
    patterns = {
        re.sub(rf"\b{re.escape(name)}\b", "{env}", stack) if len(names) > 1 else stack for name, stack in names.items()
    }
    if len(patterns) == 1:
        return [*lines, f"stack_name = {_text(patterns.pop())}"]
    if names:
        kept = ", ".join(f"{stack} of {name}" for name, stack in names.items())
        return [*lines, _comment(f"stack_name has one pattern; pass `--stack-name` for: {kept}")]
    if len(found.stacks) == 1:
        return [*lines, f"stack_name = {_text(found.stacks[0])}"]
    if found.stacks:
        return [*lines, _comment(f"stack_name has one pattern; pass `--stack-name` for: {', '.join(found.stacks)}")]
    folder = re.sub(r"[^A-Za-z0-9-]+", "-", Path.cwd().name).strip("-") or "stack"
    folder = folder if folder[0].isalpha() else f"stack-{folder}"
    return [*lines, f"stack_name = {_text(f'{folder}-{{env}}')}"]


def _env(env: Env, title: str, found: Found) -> Iterator[str]:
    yield from (f"{key} = {_value(value)}" for key, value in env.values.items())
    yield '# remedy = "adjust" # lowers or drops reservations that do not fit; the default asks'
    if env.tags:
        yield f"tags = {{ {', '.join(f'{_key(name)} = {_text(value)}' for name, value in env.tags.items())} }}"
    yield from _parameters(title, env.parameters, found)


def _parameters(title: str, given: Mapping[str, str], found: Found) -> Iterator[str]:
    """The table of an environment's parameters: the given values, and a placeholder for what else needs one."""
    missing = [name for name in found.required if name not in given]
    if given or missing:
        yield f"[{title}.parameters]"
    for name, value in given.items():
        yield _placeholder(name, found) if name in found.secrets else f"{_key(name)} = {_text(value)}"
    yield from (_placeholder(name, found) for name in missing)


def _placeholder(name: str, found: Found) -> str:
    """A line that says where the value comes from; a comment where it has to be filled in."""
    if name not in found.secrets:
        return f'# {_key(name)} = "" # has no default: fill in its value'
    variable = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()
    return f'{_key(name)} = {{ env = "{variable}" }} # NoEcho: the variable has the value'


def _comment(text: str) -> str:
    """A comment of one line, without control characters."""
    return f"# {one_line(text)}"


def _value(value: str | list[str]) -> str:
    return _text(value) if isinstance(value, str) else f"[{', '.join(map(_text, value))}]"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def workflow(path: Path) -> str:
    """A workflow of GitHub that runs the action for each environment of an account, on each pull request."""
    from tapctl.settings.config_file import load

    envs = load(path).env if path.exists() else {}
    targets = [(name, env.region or "us-east-1") for name, env in envs.items() if not env.sandbox] or [
        ("", "us-east-1")
    ]
    matrix = "".join(f"          - {{env: {_text(name)}, region: {_text(region)}}}\n" for name, region in targets)
    return _WORKFLOW.format(matrix=matrix, version=__version__)


_WORKFLOW = """\
# Written by `tapctl init`: blocks a pull request whose template does not fit the account.
name: tapctl
on: pull_request
permissions:
  contents: read
  id-token: write # for the credentials of the role, by OpenID Connect
  pull-requests: write # for the comment
  security-events: write # for code scanning
jobs:
  preflight:
    runs-on: ubuntu-latest
    strategy:
      fail-fast: false
      matrix:
        include:
{matrix}\
    steps:
      - uses: actions/checkout@v5
        with:
          fetch-depth: 0 # the settings that weaken a verdict are those of the base
      # A role that may only read: `tapctl policy preflight` prints its policy.
      - uses: aws-actions/configure-aws-credentials@v5
        with:
          role-to-assume: ${{{{ vars.TAPCTL_ROLE_ARN }}}}
          aws-region: ${{{{ matrix.region }}}}
      - uses: tapctl/tapctl@v{version}
        with:
          env: ${{{{ matrix.env }}}}
"""
