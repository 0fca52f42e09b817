"""tapctl.toml, the environment and the flags, read once into `Settings`.

Precedence: a flag beats the section `[env.NAME]`, which beats the top of tapctl.toml. AWS's own variables
and profiles are left to boto3.
"""

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tapctl.account.model import LearnedFloor
from tapctl.aws.session import Target
from tapctl.concurrency.remedy import RemedyMode, RemedyPolicy
from tapctl.errors import ConfigError, UsageError
from tapctl.settings.arguments import capabilities, lookups, pairs, parameters_file
from tapctl.settings.config_file import FILE, Environment, File, FunctionConfig, find, load
from tapctl.settings.verify_section import FromEnvironment, VerifyConfig, secret_value
from tapctl.template.parameters import as_text
from tapctl.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Flags:
    """What the command line gave; None and empty mean that it did not."""

    template: str | None = None
    env: str | None = None
    parameters: tuple[str, ...] = ()
    parameters_file: Path | None = None
    region: str | None = None
    profile: str | None = None
    stack_name: str | None = None
    min_unreserved: int | None = None
    remedy: RemedyMode | None = None
    config: Path | None = None
    resolve: tuple[str, ...] = ()
    role_arn: str | None = None
    tags: tuple[str, ...] = ()
    notification_arns: tuple[str, ...] = ()
    termination_protection: bool | None = None
    capabilities: tuple[str, ...] = ()
    any_template: bool = True
    """Whether the command is about a template."""

    judges: bool = False
    """Whether a verdict is all that is asked for: a secret that is not at hand is unknown then."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a command needs to know, in force."""

    template: str
    env: str | None = None
    stack_name: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    region: str | None = None
    profile: str | None = None
    account: str | None = None
    role_arn: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    remedy: RemedyMode = RemedyMode.ADJUST
    min_unreserved: int | None = None
    termination_protection: bool | None = None
    protected: bool = False
    """Whether what is deployed here must be ready when the deploy says so, and nothing that it holds may be lost."""
    notification_arns: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    """Acknowledged instead of what the template shows to need."""
    priority: tuple[str, ...] = ()
    minimum: Mapping[str, int] = field(default_factory=dict)
    sandbox: bool = False
    artifact_bucket: str | None = None
    verify: VerifyConfig = field(default_factory=VerifyConfig)
    function: FunctionConfig = field(default_factory=FunctionConfig)
    lookups: Mapping[str, str] = field(default_factory=dict)
    learned: LearnedFloor | None = None
    withheld: Mapping[str, Unknown] = field(default_factory=dict)
    """The parameters whose environment variable is not set."""
    environments: tuple[str, ...] = ()
    """Those that would give the stack its name."""
    configured: Mapping[str, str] = field(default_factory=dict)
    """The section that sets a parameter, for those that were not given with the command."""
    unchosen: tuple[str, ...] = ()
    """The environments that know their Region, where `--env` chose none."""
    chosen_stack: bool = False
    """Whether `--stack-name` named the stack, rather than the configuration."""

    @property
    def policy(self) -> RemedyPolicy:
        return RemedyPolicy(self.remedy, self.priority, self.minimum)

    def target(self) -> Target:
        return Target(self.region, self.profile, env=self.env, environments=self.unchosen)


def read(flags: Flags, cwd: Path | None = None) -> Settings:
    """Settings from flags and the nearest tapctl.toml at or above the working folder.

    Raises `ConfigError` or `UsageError` that names the key, the environment or the parameter at fault.
    """
    path = flags.config or find(cwd or Path.cwd())
    file = load(path) if path else File()
    environment = _environment(file, flags.env, path)
    folder = path.parent if path else Path()
    template = flags.template or (file.template and _beside(folder, file.template))
    if not template and flags.any_template:
        raise UsageError("no template was named", f"give it as an argument, or set `template` in {FILE}")
    name = _either(flags.stack_name, _stack_name(file.stack_name, flags.env))
    if name is not None:
        check_stack_name(name)
    given = _parameters(environment, flags)
    return Settings(
        template=template or "",
        env=flags.env,
        stack_name=name,
        parameters={name: value for name, value in given.items() if isinstance(value, str)},
        withheld={name: value for name, value in given.items() if isinstance(value, Unknown)},
        region=flags.region or environment.region,
        profile=flags.profile or environment.profile,
        account=environment.account,
        role_arn=flags.role_arn or environment.role_arn,
        tags=environment.tags | pairs(flags.tags, "--tag", "team=shop"),
        remedy=flags.remedy or environment.remedy,
        min_unreserved=_either(flags.min_unreserved, environment.min_unreserved),
        termination_protection=_either(flags.termination_protection, environment.termination_protection),
        protected=environment.protected,
        notification_arns=flags.notification_arns or tuple(environment.notification_arns),
        capabilities=capabilities(flags.capabilities) or tuple(environment.capabilities),
        priority=tuple(environment.priority),
        minimum=environment.minimum,
        sandbox=environment.sandbox,
        artifact_bucket=environment.artifact_bucket,
        verify=file.verify,
        function=_function(file.function, folder),
        lookups=lookups(flags.resolve),
        environments=tuple(file.env) if "{env}" in (file.stack_name or "") else (),
        configured=_configured(environment, flags),
        unchosen=() if flags.env else tuple(name for name, each in file.env.items() if each.region or each.sandbox),
        chosen_stack=flags.stack_name is not None,
    )


T = TypeVar("T")


def _either(flag: T | None, configured: T | None) -> T | None:
    """The flag, even where it is 0 or false; what is configured where there is none."""
    return configured if flag is None else flag


def _beside(folder: Path, name: str) -> str:
    path = folder / name
    return os.path.relpath(path) if path.is_absolute() else str(path)


def _function(given: FunctionConfig, folder: Path) -> FunctionConfig:
    """The section with its paths as seen from the working folder."""
    named = given.requirements
    return FunctionConfig(
        source=given.source and _beside(folder, given.source),
        requirements=_beside(folder, named) if isinstance(named, str) else named,
        bytecode=given.bytecode,
    )


def _environment(file: File, name: str | None, path: Path | None) -> Environment:
    if name is None:
        return Environment()
    if name in file.env:
        return file.env[name]
    if path is None:
        raise ConfigError(f"there is no environment `{name}`: no {FILE} was found", f"write `[env.{name}]` into {FILE}")
    near = difflib.get_close_matches(name, file.env, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"it has: {', '.join(file.env) or 'none'}"
    raise ConfigError(f"{path} has no environment `{name}`", hint)


def _stack_name(pattern: str | None, env: str | None) -> str | None:
    if pattern is None or ("{env}" in pattern and env is None):
        return None
    return pattern.replace("{env}", env or "")


def check_stack_name(name: str) -> str:
    """The name itself. Raises `UsageError` for one that CloudFormation would not take."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,127}", name):
        hint = "it takes letters, digits and hyphens, 128 at most, and begins with a letter"
        raise UsageError(f"`{name}` cannot be a stack's name", hint)
    return name


def _parameters(environment: Environment, flags: Flags) -> dict[str, str | Unknown]:
    values = parameters_file(flags.parameters_file) if flags.parameters_file else {}
    values |= pairs(flags.parameters, "--parameter", "Stage=dev")
    # Only what is not given otherwise: a variable that is not set does not matter then.
    rest = {name: value for name, value in environment.parameters.items() if name not in values}
    return {name: _parameter(name, value, flags) for name, value in rest.items()} | values


def _configured(environment: Environment, flags: Flags) -> dict[str, str]:
    given = pairs(flags.parameters, "--parameter", "Stage=dev")
    return {name: f"[env.{flags.env}.parameters] of {FILE}" for name in environment.parameters if name not in given}


def _parameter(name: str, value: object, flags: Flags) -> str | Unknown:
    if isinstance(value, FromEnvironment):
        try:
            return secret_value(value, f"parameter {name}")
        except ConfigError as error:
            if flags.judges:
                return Unknown(error.message, error.hint or "")
            raise
    return ",".join(value) if isinstance(value, list) else as_text(value)
