"""Schema of tapctl.toml, or of [tool.tapctl] in pyproject.toml, and readable validation errors."""

import difflib
import itertools
import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from tapctl.concurrency.remedy import RemedyMode
from tapctl.errors import ConfigError, UsageError, validation_problem
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.settings.findings import DURATION, Ignore, LimitsConfig, OwnLimit, QuotaOverride
from tapctl.settings.fleet_section import KINDS_BY_PATTERN, AccountId, Fleet, FleetAccount
from tapctl.settings.verify_section import FromEnvironment, Section, VerifyConfig
from tapctl.state.files import read_bytes

FILE = "tapctl.toml"
PROJECT = "pyproject.toml"
"""Its table [tool.tapctl] has the keys of tapctl.toml; a tapctl.toml beside it wins."""

Capability = Literal["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


class FunctionConfig(Section):
    """`[function]`: how function code is packaged."""

    source: str | None = None
    """The one folder that `requirements` is for."""
    requirements: bool | str = True
    """A file instead of each folder's requirements.txt, or `false` to install nothing."""
    bytecode: bool = False
    """`true` adds compiled code beside the sources for a faster cold start, if Lambda runs the Python of tapctl."""

    def beside(self, folder: Path) -> "FunctionConfig":
        """The section with its paths relative to the working folder."""
        requirements = self.requirements
        paths = {
            "source": self.source and beside(folder, self.source),
            "requirements": beside(folder, requirements) if isinstance(requirements, str) else requirements,
        }
        return self.model_copy(update=paths)


def beside(folder: Path, name: str) -> str:
    """The path of a file that is named relative to a folder, from the working folder."""
    path = folder / name
    return os.path.relpath(path) if path.is_absolute() else str(path)


class Environment(Section):
    """`[env.NAME]`."""

    region: str | None = None
    """The Region."""
    account: AccountId | None = None
    """The account id; a deploy to any other account is refused."""
    profile: str | None = None
    """The AWS profile."""
    role_arn: str | None = None
    """CloudFormation's service role."""
    parameters: dict[str, bool | int | float | str | list[str] | FromEnvironment] = Field(default={})
    """Template parameters; `{ env = "VARIABLE" }` takes the value from the environment, which only a deploy needs."""
    tags: dict[str, str] | None = None
    """All stack tags: the stack loses one that is left out; without this key it keeps its tags."""
    remedy: RemedyMode = RemedyMode.ASK
    """`ask` (the default), `adjust`, `drop` or `fail`: what a deploy may change where the template does not fit."""
    min_unreserved: Annotated[int, Field(ge=0, strict=True)] | None = None
    """The unreserved minimum, if you know it."""
    allow_uncertain: bool = False
    """`true` lets an uncertain or unknown verdict pass, as `--allow-uncertain` does."""
    snapshot: str | None = None
    """A saved account for `tapctl preflight` and `fix` instead of AWS, relative to tapctl.toml; `--snapshot` wins."""
    max_age: Annotated[str, Field(pattern=DURATION)] | None = None
    """The oldest snapshot that a verdict may rest on, such as `12h`, `7d` or `2w`; an older one is unknown."""
    termination_protection: bool | None = None
    """Set after every deploy."""
    protected: bool = False
    """`true` refuses `--express`, `tapctl destroy`, and any recovery that would delete what the stack holds."""
    notification_arns: Annotated[list[str], Field(max_length=5)] = Field(default=[])
    """SNS topics for stack events."""
    capabilities: list[Capability] = Field(default=[])
    """Capabilities to acknowledge; by default derived from the template."""
    priority: list[str] = Field(default=[])
    """Logical ids of the functions that get headroom first."""
    minimum: dict[str, Annotated[int, Field(ge=1, strict=True)]] = Field(default={})
    """`{ Function = N }`: a reservation below N is dropped instead of lowered."""
    sandbox: bool = False
    """`true` for the local AWS."""
    artifact_bucket: str | None = None
    """An S3 bucket for artifacts; by default tapctl creates a private one."""


class File(Section):
    """tapctl.toml as a whole."""

    template: str | None = None
    """The template file, relative to tapctl.toml."""
    stack_name: str | None = None
    """The stack name; `{env}` is replaced by the environment's name."""
    function: FunctionConfig = Field(default_factory=FunctionConfig.model_construct)
    """How function code is packaged."""
    verify: VerifyConfig = Field(default_factory=VerifyConfig.model_construct)
    """What `tapctl verify` expects beyond the template."""
    limits: LimitsConfig = Field(default_factory=LimitsConfig.model_construct)
    """What is known of limits beside the catalogue and Service Quotas."""
    defaults: Environment = Field(default_factory=Environment.model_construct)
    """What all environments share, also without `--env`: the keys of [env.NAME], which win over these."""
    ignore: list[Ignore] = Field(default=[])
    """Findings that do not count, each with `limit`, `reason`, `until` and, if it is about one, `resource`."""
    env: dict[str, Environment] = Field(default={})
    """One section per environment, chosen with `--env`."""
    fleet: dict[str, Fleet] = Field(default={})
    """One section per fleet of accounts, chosen with `--targets`."""

    @property
    def regional(self) -> tuple[str, ...]:
        """The environments that set a Region."""
        return tuple(name for name, environment in self.env.items() if environment.region or environment.sandbox)

    def parameter_sections(self, env: str | None, given: Mapping[str, object]) -> dict[str, str]:
        """The section that sets each parameter which is not given otherwise."""
        sections = {"defaults": self.defaults, **({f"env.{env}": self.env[env]} if env else {})}
        return {
            name: f"[{section}.parameters] of {FILE}"
            for section, environment in sections.items()
            for name in environment.parameters
            if name not in given
        }

    def verify_for(self, stack: str | None, template: str, env: str | None, folder: Path) -> VerifyConfig:
        """`[verify]` where this is the stack, and the template, of the file; for others an empty one that says so.

        Without an environment, the stack of any is its own.
        """
        own, name = (self.stack_name or "").replace("{env}", env or "{env}"), stack or ""
        if own and name and not re.fullmatch(re.escape(own).replace(re.escape("{env}"), ".+"), name):
            return self.verify.left_out(f"stack {own}")
        if self.template and template not in ("", "-"):
            # A template of a cloud assembly is in it; one from a pipe may be the file's.
            with suppress(ValueError):  # of an impossible name, which reading it reports
                if not Path(os.path.realpath(template)).is_relative_to(os.path.realpath(folder / self.template)):
                    return self.verify.left_out(f"template {self.template}")
        return self.verify


MAX_BYTES = 256 * 1024
"""Of tapctl.toml; it is parsed in Python, and what is written by hand is far smaller."""

MAX_DOTS = 1000
"""Of a line of tapctl.toml."""


def find(folder: Path | None = None) -> Path | None:
    """The nearest tapctl.toml or pyproject.toml with [tool.tapctl], in the working folder or `folder`, or above it.

    Raises `UsageError` if the working folder does not exist any more.
    """
    try:
        start = folder or Path.cwd()
    except OSError:
        raise UsageError(
            "the working folder does not exist any more", advise(UsageAdvice.CHANGE_WORKING_FOLDER)
        ) from None
    for parent in (start, *start.parents):
        # A folder or a device of this name is found too, so that it is refused rather than overlooked.
        if os.path.exists(parent / FILE):  # noqa: PTH110 - Path.exists raises errors
            return parent / FILE
        if os.path.isfile(parent / PROJECT) and has_section(_content(parent / PROJECT)):  # noqa: PTH113 - likewise
            return parent / PROJECT
    return None


def _content(project: Path) -> bytes:
    """The bytes of a pyproject.toml; none of one that cannot be read, which is for other tools to refuse."""
    try:
        return read_bytes(project)
    except OSError:
        return b""


def has_section(project: bytes) -> bool:
    """Whether a pyproject.toml has [tool.tapctl]; one that is not TOML has it where it begins the table."""
    if b"tapctl" not in project:
        return False
    try:
        return "tapctl" in _tools(tomllib.loads(_bounded(project).decode("utf-8-sig")))
    except (ValueError, RecursionError):
        return re.search(rb"(?m)^\s*\[+\s*tool\.tapctl\b", project) is not None


def _section(content: Mapping[str, Any], path: str) -> dict[str, Any]:
    """[tool.tapctl] of a pyproject.toml. Raises `ConfigError` where there is none."""
    section = _tools(content).get("tapctl")
    if not isinstance(section, dict):
        raise ConfigError(f"{path} has no table [tool.tapctl]", advise(UsageAdvice.ADD_CONFIG))
    return section


def _tools(content: Mapping[str, Any]) -> Mapping[str, Any]:
    tools = content.get("tool")
    return tools if isinstance(tools, dict) else {}


def load(path: Path) -> File:
    """The parsed file. Raises `ConfigError` that names the first invalid key."""
    try:
        return parsed(read_bytes(path, MAX_BYTES), path)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", advise(UsageAdvice.GIVE_OTHER_CONFIG)) from None


def parsed(data: bytes, path: Path, commit: str = "") -> File:
    """The content of the file at this path, which need not exist, as `commit` has it where one is named.

    Raises `ConfigError` as `load` does.
    """
    where = f"{path} of {commit}" if commit else str(path)
    try:
        content = tomllib.loads(_bounded(data).decode("utf-8-sig"))
        if path.name == PROJECT:
            content = _section(content, where)
    except ValueError as error:  # of the decoder, of TOML, or of a number with thousands of digits
        raise ConfigError(f"{where} is not TOML: {error}", advise(UsageAdvice.FIX_FILE)) from None
    except RecursionError:
        raise ConfigError(f"{where} is nested too deeply", advise(UsageAdvice.FIX_FILE)) from None
    try:
        return File.model_validate(content) if content else File.model_construct()
    except ValidationError as error:
        raise _explain(error, where) from None


_MERGED = ("parameters", "minimum")
"""The keys of which an environment's entries join those of `[defaults]`; it replaces any other key as a whole."""


def environment_of(file: File, name: str | None, path: Path | None) -> Environment:
    """The environment of this name over `[defaults]`; the defaults alone without a name.

    Raises `ConfigError` for a name that the file at `path` does not have.
    """
    own = Environment.model_construct() if name is None else _environment(file, name, path)
    values = {key: getattr(file.defaults, key) for key in file.defaults.model_fields_set}
    for key in own.model_fields_set:
        value = getattr(own, key)
        values[key] = {**values.get(key, {}), **value} if key in _MERGED else value
    return Environment.model_construct(**values)


def _environment(file: File, name: str, path: Path | None) -> Environment:
    if name in file.env:
        return file.env[name]
    hint = advise(UsageAdvice.ADD_ENVIRONMENT, name, path.name if path else FILE)
    if path is None:
        raise ConfigError(f"there is no environment `{name}`: no {FILE} found", hint)
    if near := difflib.get_close_matches(name, file.env, n=1):
        hint = advise(UsageAdvice.DID_YOU_MEAN, near[0])
    elif file.env:
        hint = advise(UsageAdvice.IT_HAS, ", ".join(file.env))
    raise ConfigError(f"{path} has no environment `{name}`", hint)


def _bounded(data: bytes) -> bytes:
    """The data. Raises `TOMLDecodeError` for a key of so many parts that tomllib, which is quadratic, takes minutes."""
    if any(line.count(b".") > MAX_DOTS for line in data.splitlines()):
        raise tomllib.TOMLDecodeError(f"a line has more than {MAX_DOTS} dots")
    return data


def _explain(error: ValidationError, path: str) -> ConfigError:
    first = error.errors()[0]
    key = _key(first["loc"])
    conflict = first.get("ctx", {}).get("error")
    hint = getattr(conflict, "hint", None) or advise(UsageAdvice.LIST_CONFIGURATION_KEYS)
    if first["type"] == "extra_forbidden" and key == ".".join(map(str, first["loc"])):
        if key in Environment.model_fields:
            return ConfigError(f"{path}: `{key}` is not a top-level key", advise(UsageAdvice.MOVE_TO_DEFAULTS))
        if key.startswith(("env.", "defaults.")) and first["loc"][-1] in File.model_fields:
            return ConfigError(f"{path}: `{key}` is a top-level key", advise(UsageAdvice.MOVE_ABOVE_SECTIONS))
        near = difflib.get_close_matches(str(first["loc"][-1]), _valid_keys(first["loc"]), n=1)
        return ConfigError(f"{path}: unknown key `{key}`", advise(UsageAdvice.DID_YOU_MEAN, near[0]) if near else hint)
    locations = [part["loc"] for part in error.errors() if _key(part["loc"]) == key]
    tried = [str(part) for location in locations for part in location if part in _KINDS]
    kinds = ", ".join(dict.fromkeys(_KINDS[kind] for kind in tried)) or _KINDS_BY_ERROR.get(first["type"])
    kinds = kinds or KINDS_BY_PATTERN.get(first.get("ctx", {}).get("pattern", ""))
    if first["type"] in ("enum", "literal_error"):
        kinds = first["ctx"]["expected"].replace("'", "`")
    problem = f"must be {kinds}" if kinds else validation_problem(first["msg"])
    return ConfigError(f"{path}: `{key}`: {problem}", hint)


def _valid_keys(location: tuple[int | str, ...]) -> list[str]:
    """The keys of the section that has an unknown one."""
    section: type[Section] | None = None
    match location:
        case ("env", _, _) | ("defaults", _):
            section = Environment
        case ("fleet", _, "account", _, _):
            section = FleetAccount
        case ("fleet", _, _):
            section = Fleet
        case ("function", _):
            section = FunctionConfig
        case ("ignore", _, _):
            section = Ignore
        case ("verify", _):
            section = VerifyConfig
        case ("limits", key, *_):
            section = OwnLimit if key == "own" else QuotaOverride
        case (_,):
            section = File
    return [*section.model_fields] if section else []


_KINDS = {
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "str": "text",
    "list[str]": "a list of text",
    "FromEnvironment": '{ env = "NAME" }',
}
"""The types of a union, as pydantic adds them to the location of an error, and their names for users."""

_KINDS_BY_ERROR = {
    "bool_type": "true or false",
    "date_from_datetime_parsing": "a day such as 2027-01-31",
    "date_type": "a day such as 2027-01-31",
    "dict_type": "a table",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a table",
    "string_type": "text",
}
"""The type that each of pydantic's errors expects, and its name for users."""


def _key(location: tuple[int | str, ...]) -> str:
    """The key in tapctl.toml, without the types of a union."""
    parts = (part for part in location if part != "[key]")  # pydantic's mark of a key that is wrong itself
    return ".".join(str(part) for part in itertools.takewhile(lambda part: part not in _KINDS, parts))
