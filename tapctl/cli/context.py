"""What several commands do alike: resolution on settings, open the account, turn a verdict into an exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tapctl.cli.options import Remedy
from tapctl.errors import ExitCode, NoCredentials, UsageError
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.account.model import LearnedFloor
    from tapctl.account.reader import AccountReader
    from tapctl.aws.session import Aws, Target
    from tapctl.cli.terminal import Terminal
    from tapctl.concurrency.verdict import Verdict
    from tapctl.settings.settings import Settings


def help_alone(context: typer.Context) -> None:
    """Where no command was named: the help, in its own lines, as an error of usage."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(ExitCode.USAGE)


def one_template(argument: str | None, option: str | None) -> str | None:
    """The template, named as an argument or with `--template`."""
    if argument and option and argument != option:
        raise UsageError(f"two templates were named, {argument} and {option}", "name one")
    return argument or option


def settings_from(
    *,
    template: str | None = None,
    env: str | None = None,
    parameter: list[str] | None = None,
    parameters_file: Path | None = None,
    region: str | None = None,
    profile: str | None = None,
    stack_name: str | None = None,
    min_unreserved: int | None = None,
    remedy: Remedy | None = None,
    config: Path | None = None,
    resolve: list[str] | None = None,
    role_arn: str | None = None,
    tag: list[str] | None = None,
    notification_arn: list[str] | None = None,
    termination_protection: bool | None = None,
    capability: list[str] | None = None,
    any_template: bool = True,
    judges: bool = False,
) -> Settings:
    from tapctl.concurrency.remedy import RemedyMode
    from tapctl.settings.settings import Flags, read

    return read(
        Flags(
            template=template,
            env=env,
            parameters=tuple(parameter or ()),
            parameters_file=parameters_file,
            region=region,
            profile=profile,
            stack_name=stack_name,
            min_unreserved=min_unreserved,
            remedy=RemedyMode(remedy.value) if remedy else None,
            config=config,
            resolve=tuple(resolve or ()),
            role_arn=role_arn,
            tags=tuple(tag or ()),
            notification_arns=tuple(notification_arn or ()),
            termination_protection=termination_protection,
            capabilities=tuple(capability or ()),
            any_template=any_template,
            judges=judges,
        )
    )


@contextmanager
def credentials_optional() -> Iterator[None]:
    """Where a snapshot would do, say so of credentials that are missing."""
    try:
        yield
    except NoCredentials as error:
        from tapctl.report.hints import worded

        raise NoCredentials(error.message, f"{worded(error.hint or '')}; `--snapshot FILE` needs none") from None


def open_account(
    settings: Settings, terminal: Terminal, snapshot: Path | None = None
) -> tuple[AccountReader, Settings]:
    """The account that the settings mean, and the settings completed by what it says of itself."""
    if snapshot:
        from tapctl.account.snapshot import load

        reader = load(snapshot)
        held = reader.account.stack
        own = held.name if held is not None and not isinstance(held, Unknown) else settings.stack_name
        name = settings.stack_name if settings.chosen_stack else own
        if settings.stack_name not in (None, name):
            judged = f"{snapshot} holds stack {own}, which is judged as the one that is updated"
            terminal.talk(f"{judged}; `--stack-name {settings.stack_name}` judges that one instead")
        taken_in = reader.account.region
        if settings.region and taken_in and settings.region != taken_in:
            hint = "take one of that Region, or leave `--region` out"
            raise UsageError(f"{snapshot} is of {taken_in}, not of {settings.region}", hint)
        region, learned = settings.region or reader.account.region, reader.account.learned
        return reader, replace(settings, region=region, stack_name=name, learned=learned)
    aws, settings = open_aws(settings, terminal)
    from tapctl.account.live import LiveAccount

    return LiveAccount(aws), settings


def open_aws(settings: Settings, terminal: Terminal) -> tuple[Aws, Settings]:
    """AWS, or the sandbox where the environment says so; refuses any account but the configured one."""
    from tapctl.aws.session import Aws

    target = replace(_sandbox_target(terminal), env=settings.env) if settings.sandbox else settings.target()
    aws = Aws(target, terminal.talk if terminal.verbose else None)
    settings = replace(settings, region=aws.region)
    if settings.account:
        _guard(aws, settings.account)
    return aws, replace(settings, learned=_learned(aws))


def _learned(aws: Aws) -> LearnedFloor | None:
    """The floor that an error of this account named once; nobody is asked while nothing was ever learned."""
    from tapctl.account import floor_cache
    from tapctl.account.live import LiveAccount

    identity = LiveAccount(aws).identity() if floor_cache.knows_any() else None
    if identity is None or isinstance(identity, Unknown):
        return None
    return floor_cache.recall(identity.account_id, identity.region)


def probed(reader: AccountReader, settings: Settings, terminal: Terminal, *, yes: bool) -> Settings:
    """The settings with the floor that Lambda names when it is asked for all there is; it is remembered."""
    from tapctl.account import floor_cache, floor_probe
    from tapctl.account.live import LiveAccount

    if not isinstance(reader, LiveAccount):
        raise UsageError("--probe-floor asks Lambda, which a snapshot cannot answer for", "leave one of the two out")
    asked = floor_probe.prepare(reader, stack_name_of(settings))
    agreed(f"Ask Lambda to reserve all {asked.limit} for {asked.function}, which it will refuse?", terminal, yes=yes)
    learned = floor_probe.run(reader, asked)
    identity = reader.identity()
    if not isinstance(identity, Unknown):
        floor_cache.remember(identity.account_id, identity.region, learned)
    terminal.talk(f"at least {learned.minimum} must stay unreserved: {learned.source}")
    return replace(settings, learned=learned)


def agreed(question: str, terminal: Terminal, *, yes: bool) -> None:
    """Ask, unless `--yes` said so before. Raises `UsageError` where nobody can be asked, `Abort` for a no."""
    if yes:
        return
    if not terminal.interactive:
        raise UsageError("there is no terminal to ask on", "`--yes` goes on without asking")
    typer.confirm(question, abort=True, err=True)


def _sandbox_target(terminal: Terminal) -> Target:
    from tapctl import sandbox

    found = sandbox.find()
    if found is None:
        terminal.talk("starting the sandbox, a local AWS")
    running = found or sandbox.start()
    from tapctl.aws.session import Target

    return Target(region=running.region, endpoint=running.endpoint, keys=running.keys)


def _guard(aws: Aws, account: str) -> None:
    from tapctl.account.live import LiveAccount

    identity = LiveAccount(aws).identity()
    if isinstance(identity, Unknown):
        raise UsageError(f"cannot tell whose credentials these are: {identity.reason}", identity.resolution or None)
    if identity.account_id != account:
        raise UsageError(
            f"these credentials are of account {identity.account_id}, the environment belongs to {account}",
            "choose another `--profile` or `--env`",
        )


def verdict_code(verdict: Verdict, *, allow_uncertain: bool) -> ExitCode:
    code = verdict.exit_code
    return ExitCode.OK if allow_uncertain and code is ExitCode.UNCERTAIN else code


def stack_name_of(settings: Settings) -> str:
    """The stack's name. Raises `UsageError` where nothing names it."""
    if settings.stack_name is None:
        named = [f"`--env {each}`" for each in settings.environments] or ["`stack_name` in tapctl.toml"]
        raise UsageError("no stack was named", f"give `--stack-name`, or {' or '.join(named)}")
    return settings.stack_name


def route_for(settings: Settings) -> Callable[[str], tuple[str, dict[str, str]]]:
    """Where an output's URL is served: as it says, or in the sandbox."""
    if not settings.sandbox:
        return lambda url: (url, {})
    from tapctl import sandbox

    running = sandbox.start()
    return lambda url: sandbox.route(running, url)
