"""tapctl.toml, the environment and the options, read once into `Settings`.

Precedence: an option beats the section `[env.NAME]`, which beats `[defaults]` and the top of tapctl.toml. AWS's own
variables and profiles are left to boto3.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, get_args

from tapctl.account.model import LearnedFloor
from tapctl.concurrency.remedy import RemedyMode, RemedyPolicy
from tapctl.concurrency.verdict import Weakening
from tapctl.errors import ConfigError, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.limits import LimitSettings
from tapctl.settings import parameters_file
from tapctl.settings.config_file import (
    FILE,
    Capability,
    Environment,
    File,
    FunctionConfig,
    beside,
    environment_of,
    find,
    load,
)
from tapctl.settings.findings import Ignore, in_force, span
from tapctl.settings.options import AccountOptions, JudgementOptions, StackOptions, TemplateOptions
from tapctl.settings.parameters_file import PREVIOUS, ParametersFile
from tapctl.settings.verify_section import FromEnvironment, VerifyConfig, secret_value
from tapctl.state.redaction import forget, hide_parameters, reveal
from tapctl.template.parameters import as_text
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.aws.session import Connection
    from tapctl.settings.trusted import Trusted

TEMPLATES = ("template.yaml", "template.yml", "template.json", "cdk.out")
"""What SAM, the AWS CLI's examples and the CDK call a template, in the working folder."""

_NO_TEMPLATE, _NO_ACCOUNT = TemplateOptions(), AccountOptions()
_NO_JUDGEMENT, _NO_STACK = JudgementOptions(), StackOptions()


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force for a command."""

    template: str
    env: str | None = None
    stack_name: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    region: str | None = None
    profile: str | None = None
    account: str | None = None
    role_arn: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    all_tags: bool = False
    """Whether the stack has no other tags, since the configuration lists them."""
    remedy: RemedyMode = RemedyMode.ASK
    min_unreserved: int | None = None
    allow_uncertain: bool = False
    """Whether an uncertain or unknown verdict passes."""
    termination_protection: bool | None = None
    protected: bool = False
    """Refuse `--express` and `tapctl destroy`."""
    notification_arns: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    """Acknowledged instead of the capabilities that the template needs."""
    priority: tuple[str, ...] = ()
    minimum: Mapping[str, int] = field(default_factory=dict)
    sandbox: bool = False
    artifact_bucket: str | None = None
    verify: VerifyConfig = field(default_factory=VerifyConfig.model_construct)
    function: FunctionConfig = field(default_factory=FunctionConfig.model_construct)
    limits: LimitSettings = field(default_factory=LimitSettings)
    lookups: Mapping[str, str] = field(default_factory=dict)
    learned: LearnedFloor | None = None
    withheld: Mapping[str, Unknown] = field(default_factory=dict)
    """The parameters whose environment variable is not set."""
    kept: tuple[str, ...] = ()
    """The parameters that have to keep the stack's value, by `UsePreviousValue`."""
    environments: tuple[str, ...] = ()
    """The environments whose name `stack_name` depends on."""
    configured: Mapping[str, str] = field(default_factory=dict)
    """The section that sets a parameter, for parameters that the command line does not give."""
    hidden: frozenset[str] = frozenset()
    """The parameters whose values come from environment variables, which nothing shows."""
    unchosen: tuple[str, ...] = ()
    """The environments that set a Region, if `--env` chose none."""
    strict: bool = False
    """Whether a limit that was not read makes the verdict unknown."""
    chosen_stack: bool = False
    """Whether the stack name comes from `--stack-name` instead of the configuration."""
    ignores: tuple[Ignore, ...] = ()
    snapshot: Path | None = None
    """The saved account of the environment."""
    max_age: timedelta | None = None
    """The oldest snapshot that a verdict may rest on."""
    trusted: "Trusted | None" = None
    """Where what can weaken a verdict is taken from, instead of the configuration under test."""
    weakenings: tuple[Weakening, ...] = ()
    """What can weaken the verdict: what is in force, and what the tested configuration asks for and does not get."""

    @property
    def policy(self) -> RemedyPolicy:
        return RemedyPolicy(self.remedy, self.priority, self.minimum)

    def tags_beside(self, live: Mapping[str, str]) -> dict[str, str]:
        """The tags of the stack after a deploy; `live` are those that it has, of which AWS keeps `aws:` to itself."""
        kept = {} if self.all_tags else {key: value for key, value in live.items() if not key.startswith("aws:")}
        return {**kept, **self.tags}

    def target(self) -> "Connection":
        from tapctl.aws.session import Connection

        return Connection(self.region, self.profile, env=self.env, environments=self.unchosen)


def read(
    account: AccountOptions = _NO_ACCOUNT,
    *,
    template: TemplateOptions = _NO_TEMPLATE,
    judgement: JudgementOptions = _NO_JUDGEMENT,
    stack: StackOptions = _NO_STACK,
    template_required: bool = True,
    missing_secrets_unknown: bool = False,
    cwd: Path | None = None,
    trusted: "Trusted | None" = None,
) -> Settings:
    """Settings from options and the nearest tapctl.toml at or above the working folder.

    With `missing_secrets_unknown` a parameter whose environment variable is not set is `Unknown`: enough for a verdict.
    Raises `ConfigError` or `UsageError` that names the key, the environment or the parameter at fault.
    """
    folder, file, environment, weakenings = _configuration(account, cwd, trusted)
    source = _template(template, file, folder, required=template_required)
    name = _stack_name(account, file.stack_name)
    given = _parameters_of(template)
    bound = _with_parameters(Settings(source), environment, given.parameters, missing_secrets_unknown)
    bound = _gated(bound, judgement, file, environment, trusted.folder if trusted else folder)
    # What the configuration or an option spells, such as `prod` in the name of the stack, is no secret.
    spelled = (source, name, account.env, account.region, environment.region, *given.parameters.values())
    reveal([text for text in spelled if text and isinstance(text, str)])
    return replace(
        bound,
        env=account.env,
        stack_name=name,
        region=account.region or environment.region,
        profile=account.profile or environment.profile,
        account=environment.account,
        role_arn=stack.role_arn or environment.role_arn,
        tags=_tags(environment.tags or {}, given.tags, pairs(stack.tags, "--tag", "team=shop")),
        all_tags=environment.tags is not None,
        remedy=judgement.remedy or environment.remedy,
        allow_uncertain=judgement.allow_uncertain or environment.allow_uncertain,
        min_unreserved=_either(judgement.min_unreserved, environment.min_unreserved),
        termination_protection=_either(stack.termination_protection, environment.termination_protection),
        protected=environment.protected,
        notification_arns=stack.notification_arns or tuple(environment.notification_arns),
        capabilities=capabilities(stack.capabilities) or tuple(environment.capabilities),
        priority=tuple(environment.priority),
        minimum=environment.minimum,
        sandbox=environment.sandbox,
        artifact_bucket=environment.artifact_bucket,
        verify=file.verify_for(name, source, account.env, folder),
        function=file.function.beside(folder),
        lookups=lookups(template.lookups),
        environments=tuple(file.env) if "{env}" in (file.stack_name or "") else (),
        configured=file.parameter_sections(account.env, given.parameters),
        unchosen=() if account.env else file.regional,
        chosen_stack=account.stack_name is not None,
        trusted=trusted,
        weakenings=weakenings,
    )


def _configuration(
    account: AccountOptions, cwd: Path | None, trusted: "Trusted | None"
) -> tuple[Path, File, Environment, tuple[Weakening, ...]]:
    """The folder of tapctl.toml, its content and its environment, both under what is trusted, and what weakens them."""
    path = account.config or find(cwd)
    file = load(path) if path else File.model_construct()
    environment, folder = environment_of(file, account.env, path), path.parent if path else Path()
    if trusted is None:
        return folder, file, environment, ()
    weakenings = trusted.weakenings(file, environment, account.env)
    return folder, *trusted.over(file, environment, account.env), weakenings


def _gated(
    settings: Settings, judgement: JudgementOptions, file: File, environment: Environment, folder: Path
) -> Settings:
    """The settings with those that make a verdict weaker or stricter; `folder` is that of the file that has it."""
    limits = file.limits.in_force() if "limits" in file.model_fields_set else settings.limits
    return replace(
        settings,
        strict=judgement.strict,
        limits=limits,
        ignores=in_force(file.ignore, limits.own) if file.ignore and judgement is not _NO_JUDGEMENT else (),
        max_age=span(environment.max_age) if environment.max_age else None,
        snapshot=Path(beside(folder, environment.snapshot)) if environment.snapshot else None,
    )


def _template(options: TemplateOptions, file: File, folder: Path, *, required: bool) -> str:
    """The template of the argument, of `--template`, of the configuration, or else the one in the working folder.

    Empty if there is none and none is required.
    """
    argument, option = options.argument, options.template
    if argument and option and argument != option:
        raise UsageError(f"two templates given: {argument} and {option}", advise(UsageAdvice.PASS_ONE))
    source = argument or option or (file.template and beside(folder, file.template))
    if source or not required:
        return source or ""
    found = [name for name in TEMPLATES if Path(name).exists()]
    if len(found) == 1:
        return found[0]
    message = f"several templates here: {', '.join(found)}" if found else "no template given"
    raise UsageError(message, advise(UsageAdvice.PASS_TEMPLATE, FILE))


T = TypeVar("T")


def _either(option: T | None, configured: T | None) -> T | None:
    """The option, even if it is 0 or false; else the configured value."""
    return configured if option is None else option


def _stack_name(account: AccountOptions, pattern: str | None) -> str | None:
    """The stack name of `--stack-name`, else of the configuration, unless an environment that it needs is missing."""
    if account.stack_name is not None:
        return check_stack_name(account.stack_name)
    if pattern is None or ("{env}" in pattern and account.env is None):
        return None
    return check_stack_name(pattern.replace("{env}", account.env or ""))


def check_stack_name(name: str) -> str:
    """The name. Raises `UsageError` if CloudFormation does not allow it."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,127}", name):
        hint = advise(UsageAdvice.NAME_STACK_VALIDLY)
        raise UsageError(f"`{name}` is not a valid stack name", hint)
    return name


def _parameters_of(template: TemplateOptions) -> ParametersFile:
    """The parameters of the command line, of which `--parameter` beats `--parameters-file`, and the file's tags."""
    file = parameters_file.read(template.parameters_file) if template.parameters_file else ParametersFile()
    return replace(file, parameters={**file.parameters, **pairs(template.parameters, "--parameter", "Stage=dev")})


_TAG_KEY, _TAG_VALUE = 128, 256


def _is_tag(key: str, value: str) -> bool:
    fits = 0 < len(key) <= _TAG_KEY and len(value) <= _TAG_VALUE
    return fits and f"{key}{value}".isprintable() and not key.lower().startswith("aws:")


def _tags(*sources: Mapping[str, str]) -> dict[str, str]:
    """The tags of all sources, of which a later one wins. Raises `UsageError` for a tag that CloudFormation refuses.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Tag.html
    """
    tags = {key: value for source in sources for key, value in source.items()}
    if empty := next((key for key, value in tags.items() if not value), None):
        hint = advise(UsageAdvice.GIVE_TAG_VALUE, FILE)
        raise UsageError(f"tag {empty} has an empty value, which CloudFormation refuses", hint)
    if refused := next((key for key, value in tags.items() if not _is_tag(key, value)), None):
        hint = advise(UsageAdvice.CORRECT_TAG, _TAG_KEY, _TAG_VALUE)
        raise UsageError(f"tag {refused[:_TAG_KEY]} is refused by CloudFormation", hint)
    return tags


def _with_parameters(
    settings: Settings, environment: Environment, given: Mapping[str, str | Unknown], missing_secrets_unknown: bool
) -> Settings:
    """The settings with the parameters of the environment, and those that are given otherwise instead.

    From here on nothing shows the values of variables, and only theirs.
    """
    forget()
    # A variable that is not set does not matter for a parameter that is given otherwise.
    configured = {name: value for name, value in environment.parameters.items() if name not in given}
    values = {name: _parameter(name, value, missing_secrets_unknown) for name, value in configured.items()}
    values.update(given)
    hidden = frozenset(name for name, value in configured.items() if isinstance(value, FromEnvironment))
    hide_parameters(hidden)
    return replace(
        settings,
        parameters={name: value for name, value in values.items() if isinstance(value, str)},
        withheld={name: value for name, value in values.items() if isinstance(value, Unknown) and value != PREVIOUS},
        kept=tuple(name for name, value in values.items() if value == PREVIOUS),
        hidden=hidden,
    )


def _parameter(name: str, value: object, missing_unknown: bool) -> str | Unknown:
    if isinstance(value, FromEnvironment):
        try:
            return secret_value(value, f"parameter {name}")
        except ConfigError as error:
            if missing_unknown:
                return Unknown(error.message, error.hint)
            raise
    return ",".join(value) if isinstance(value, list) else as_text(value)


def capabilities(given: tuple[str, ...]) -> tuple[str, ...]:
    """The capabilities of `--capability`."""
    known = get_args(Capability)
    for capability in given:
        if capability not in known:
            raise UsageError(f"`{capability}` is not a capability", advise(UsageAdvice.USE_ONE_OF, ", ".join(known)))
    return given


def pairs(given: tuple[str, ...], option: str, example: str) -> dict[str, str]:
    """The values of a KEY=VALUE option by their keys."""
    values = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            hint = advise(UsageAdvice.FOR_EXAMPLE, f"`{option} {example}`")
            raise UsageError(f"`{option} {pair}` is not KEY=VALUE", hint)
        values[name] = value
    return values


def lookups(given: tuple[str, ...]) -> dict[str, str]:
    """The values of `--resolve` by `ssm:/name` or `import:Name`."""
    values = {}
    for lookup in given:
        key, equals, value = lookup.partition("=")
        if not equals or not key.startswith(("ssm:", "import:")) or key.endswith(":"):
            message = f"`--resolve {lookup}` is neither ssm:NAME=VALUE nor import:NAME=VALUE"
            raise UsageError(message, advise(UsageAdvice.FOR_EXAMPLE, "`--resolve ssm:/limits/orders=5`"))
        values[key] = value
    return values
