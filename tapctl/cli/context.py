"""Steps that commands share: open the account or AWS, require consent, turn a verdict into an exit code."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tapctl import __version__
from tapctl.cli.command import help_alone
from tapctl.cli.options import FindingsFormat
from tapctl.errors import ExitCode, NoCredentials, TapctlError, UsageError
from tapctl.hints import Hint, advise, with_step
from tapctl.hints.usage import UsageAdvice
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.account.model import LearnedFloor
    from tapctl.account.reader import AccountReader
    from tapctl.aws.session import Aws, Connection
    from tapctl.cli.options import FindingsOptions
    from tapctl.cli.terminal import Terminal
    from tapctl.concurrency.verdict import Verdict
    from tapctl.settings.settings import Settings
    from tapctl.template.model import Template


def _version(given: bool) -> None:
    if given:
        from tapctl.cli.terminal import Terminal

        Terminal().result(f"tapctl {__version__}")
        raise typer.Exit


def before_command(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback answers
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options before the command."""
    help_alone(context)


@contextmanager
def credentials_optional(*, permits_sandbox: bool = False) -> Iterator[None]:
    """Add to the hint for missing credentials that a snapshot needs none.

    With `permits_sandbox` also that `--sandbox`, which reads as a choice, chooses no environment.
    """
    try:
        yield
    except (NoCredentials, UsageError) as error:
        if isinstance(error, UsageError) and not (permits_sandbox and _lacks_region(error)):
            raise
        hint = error.hint
        if permits_sandbox:
            hint = with_step(hint, advise(UsageAdvice.CHOOSE_SANDBOX_ENVIRONMENT))
        if isinstance(error, NoCredentials):
            hint = with_step(hint, advise(UsageAdvice.PASS_SNAPSHOT))
        only = "; `--sandbox` only permits the sandbox and does not choose it" if permits_sandbox else ""
        raise type(error)(f"{error.message}{only}", hint) from None


def _lacks_region(error: TapctlError) -> bool:
    from tapctl.hints.judgement import JudgementAdvice

    regions = (JudgementAdvice.SET_REGION, JudgementAdvice.SET_REGION_OR_ENVIRONMENT)
    return isinstance(error.hint, Hint) and error.hint.advice in regions


@dataclass(frozen=True, slots=True)
class Destination:
    """A format of the findings, and the file that gets it; None for stdout."""

    format: FindingsFormat = FindingsFormat.TEXT
    file: Path | None = None

    @property
    def is_report(self) -> bool:
        """Whether it is made from the findings as one report, and not from the result itself."""
        return self.format not in (FindingsFormat.TEXT, FindingsFormat.JSON)

    @property
    def annotates(self) -> bool:
        return self.format is FindingsFormat.GITHUB


def destinations(output: FindingsOptions) -> tuple[Destination, ...]:
    """Where the findings go; `--output` names the file of the format that names none.

    Raises `UsageError` for an unknown format, two for stdout or for one file, and a file that cannot be written.
    """
    given = [_destination(text) for text in output.format] or [Destination()]
    unnamed = [destination.format.value for destination in given if destination.file is None]
    if len(unnamed) > 1:
        both = " and ".join(unnamed)
        raise UsageError(f"`--format` {both} both go to stdout", advise(UsageAdvice.NAME_FORMAT_FILE, unnamed[1]))
    if output.output and not unnamed:
        raise UsageError(
            f"no format is left for `--output {output.output}`", advise(UsageAdvice.LEAVE_OUT_OR_ADD_FORMAT)
        )
    found = tuple(replace(destination, file=destination.file or output.output) for destination in given)
    if files := [destination.file for destination in found if destination.file]:
        from tapctl.state.files import refuse_unwritable

        refuse_unwritable(files)
    return found


def _destination(text: str) -> Destination:
    name, colon, file = text.partition(":")
    format_ = next((listed for listed in FindingsFormat if listed.value == name), None)
    if format_ is None:
        raise UsageError(
            f"`--format {name}` is not a format",
            advise(UsageAdvice.USE_ONE_OF, ", ".join(format_.value for format_ in FindingsFormat)),
        )
    if colon and not file:
        raise UsageError(
            f"`--format {text}` names no file", advise(UsageAdvice.FOR_EXAMPLE, f"`--format {name}:tapctl.{name}`")
        )
    return Destination(format_, Path(file) if file else None)


def print_findings(texts: Mapping[Destination, str], terminal: Terminal) -> None:
    """Write every file, then print what is for stdout."""
    terminal.save({place.file: (text, place.annotates) for place, text in texts.items() if place.file})
    for place, text in texts.items():
        if place.file is None:
            terminal.result(text, annotates=place.annotates)


def load_built(settings: Settings, terminal: Terminal) -> Template:
    """The template of the settings, or the one that `sam build` wrote for it where that is newer.

    In a gate a build counts only if the change under test did not add it.
    """
    from tapctl.template.load import load, newer_build

    template = load(settings.template)
    built = newer_build(template)
    if built is None or (settings.trusted and settings.trusted.may_be_brought(Path(built.file))):
        return template
    terminal.message(f"taking {built.file}, which `sam build` wrote after {template.file} was changed")
    return built


def load_to_deploy(settings: Settings, terminal: Terminal) -> Template:
    """The template of a deploy.

    Raises `TapctlError` for wrong parameters, for code that is not built, and for a handler that it does not have.
    """
    from tapctl.template.parameters import Parameters, bind
    from tapctl.workflows.preflight import refuse_unbuilt, refuse_wrong_handlers
    from tapctl.workflows.read_inputs import stack_tree_for

    loaded = load_built(settings, terminal)
    bind(loaded, Parameters(settings.parameters, configured=settings.configured, hidden=settings.hidden))
    refuse_unbuilt(tree := stack_tree_for(loaded, settings))
    refuse_wrong_handlers(tree, settings.function)
    return loaded


def open_account(
    settings: Settings, terminal: Terminal, snapshot: Path | None = None, data: bytes | None = None
) -> tuple[AccountReader, Settings]:
    """The account of the settings, and the settings with the account's Region, stack and learned minimum.

    `data` is the content of the snapshot, where that is not what the file has now.
    """
    if snapshot:
        from tapctl.account.snapshot import load

        reader = load(snapshot, data)
        stack = reader.account.stack
        saved = stack.name if stack is not None and not isinstance(stack, Unknown) else settings.stack_name
        name = settings.stack_name if settings.chosen_stack else saved
        if settings.stack_name not in (None, name):
            hint = advise(UsageAdvice.JUDGE_OTHER_STACK, settings.stack_name)
            terminal.message(f"judging an update of stack {saved} from {snapshot}", hint)
        _check_snapshot_account(snapshot, reader.account.account_id, settings.account)
        region = reader.account.region
        if settings.region and region and settings.region != region:
            hint = advise(UsageAdvice.USE_SNAPSHOT_OF_REGION, settings.region)
            raise UsageError(f"{snapshot} was taken in {region}, not in {settings.region}", hint)
        region, learned = settings.region or region, reader.account.learned
        return reader, replace(settings, region=region, stack_name=name, learned=learned)
    aws, settings = open_aws(settings, terminal)
    from tapctl.account.live import LiveAccount

    return LiveAccount(aws), settings


def _check_snapshot_account(snapshot: Path, taken: str | None, configured: str | None) -> None:
    """Raise `UsageError` for a snapshot of any account but the configured one."""
    if configured and taken and taken != configured:
        raise UsageError(
            f"{snapshot} was taken of account {taken}, but the environment belongs to account {configured}",
            advise(UsageAdvice.USE_SNAPSHOT_OF_ACCOUNT),
        )


def open_aws(settings: Settings, terminal: Terminal) -> tuple[Aws, Settings]:
    """AWS, or the sandbox if the environment is one. Raises `UsageError` for any account but the configured one."""
    from tapctl.aws.session import Aws

    target = replace(_sandbox_target(terminal), env=settings.env) if settings.sandbox else settings.target()
    aws = Aws(target, terminal.message if terminal.verbose else None, terminal.message)
    settings = replace(settings, region=aws.region)
    if settings.account:
        _check_account(aws, settings.account)
    return aws, replace(settings, learned=_learned(aws))


def _learned(aws: Aws) -> LearnedFloor | None:
    """The minimum that an earlier error of this account named; asks for the identity only if any was ever learned."""
    from tapctl.account import floor_cache
    from tapctl.account.live import LiveAccount

    identity = LiveAccount(aws).identity() if floor_cache.knows_any() else None
    if identity is None or isinstance(identity, Unknown):
        return None
    return floor_cache.recall(identity.account_id, identity.region)


def probe_floor(reader: AccountReader, settings: Settings, terminal: Terminal, *, yes: bool) -> Settings:
    """The settings with the minimum that Lambda names in its refusal of a reservation; it is remembered."""
    from tapctl.account import floor_cache
    from tapctl.account import floor_probe as probing
    from tapctl.account.live import LiveAccount

    if not isinstance(reader, LiveAccount):
        raise UsageError(
            "`--probe-floor` needs AWS and cannot be used with `--snapshot`", advise(UsageAdvice.LEAVE_ONE_OUT)
        )
    probe = probing.prepare(reader, stack_name_of(settings))
    require_consent(
        f"Ask Lambda to reserve all {probe.limit} for {probe.function}, which it will refuse?", terminal, yes=yes
    )
    learned = probing.send(reader, probe)
    identity = reader.identity()
    if not isinstance(identity, Unknown):
        floor_cache.remember(identity.account_id, identity.region, learned)
    terminal.message(f"AWS requires at least {learned.minimum} unreserved executions ({learned.source})")
    return replace(settings, learned=learned)


def require_consent(question: str, terminal: Terminal, *, yes: bool) -> None:
    """Ask for consent, unless `--yes` gave it. Raises `UsageError` without a terminal, `typer.Abort` for a no."""
    if not yes:
        require_terminal(terminal, advise(UsageAdvice.PASS_YES))
        typer.confirm(question, abort=True, err=True)


def consent_to_links(template: Template, terminal: Terminal, *, allowed: bool) -> tuple[Path, ...]:
    """The files outside of the project that may be packaged because links lead there, after one question.

    Raises `UsageError` for a no, and without a terminal.
    """
    from tapctl.packaging.links import everything, leaving, refusal

    if allowed:
        return everything()
    links = leaving(template)
    if links and terminal.interactive:
        for link in links:
            terminal.message(f"{link}, outside of the project")
        if terminal.confirm("Package the targets of these links?"):
            return tuple(link.target for link in links)
    if links:
        raise refusal(links[0])
    return ()


def require_terminal(terminal: Terminal, hint: Hint) -> None:
    """Raise `UsageError` if a question could not be answered."""
    if not terminal.interactive:
        raise UsageError("confirmation required, but stdin is not a terminal", hint)


def _sandbox_target(terminal: Terminal) -> Connection:
    from tapctl import sandbox

    running = sandbox.find()
    if running is None:
        terminal.message("starting the sandbox, a local AWS")
        running = sandbox.start()
    from tapctl.aws.session import Connection

    return Connection(region=running.region, endpoint=running.endpoint, keys=running.keys)


def _check_account(aws: Aws, account: str) -> None:
    from tapctl.account.live import LiveAccount

    identity = LiveAccount(aws).identity()
    if isinstance(identity, Unknown):
        raise UsageError(
            f"cannot determine the AWS account of these credentials: {identity.reason}", identity.resolution
        )
    if identity.account_id != account:
        raise UsageError(
            f"these credentials belong to account {identity.account_id}, but the environment to account {account}",
            advise(UsageAdvice.CHOOSE_PROFILE_OR_ENVIRONMENT),
        )


def verdict_code(verdict: Verdict, *, allow_uncertain: bool) -> ExitCode:
    code = verdict.exit_code
    return ExitCode.OK if allow_uncertain and code is ExitCode.UNCERTAIN else code


def stack_name_of(settings: Settings) -> str:
    """The stack's name. Raises `UsageError` if nothing gives one."""
    if settings.stack_name is None:
        others = [f"`--env {shlex.quote(name)}`" for name in settings.environments] or ["`stack_name` in tapctl.toml"]
        raise UsageError("no stack name given", advise(UsageAdvice.PASS_STACK_NAME_OR, " or ".join(others)))
    return settings.stack_name


def route_for(settings: Settings) -> Callable[[str], tuple[str, dict[str, str]]]:
    """The address and the headers for an output's URL: the URL itself, or its place in the sandbox."""
    if not settings.sandbox:
        return lambda url: (url, {})
    from tapctl import sandbox

    running = sandbox.start()
    return lambda url: sandbox.route(running, url)
