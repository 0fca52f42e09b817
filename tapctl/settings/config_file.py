"""tapctl.toml: what may stand in it, and in words what is wrong with one."""

import difflib
import itertools
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tapctl.concurrency.remedy import RemedyMode
from tapctl.errors import ConfigError
from tapctl.settings.arguments import Capability
from tapctl.settings.verify_section import FromEnvironment, VerifyConfig

FILE = "tapctl.toml"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FunctionConfig(_Model):
    """`[function]`: what packaging may need to know beside the template.

    `requirements` names a file instead of the requirements.txt in a function's folder, for the folder `source` or for
    every one; False installs nothing. `bytecode` asks for compiled code beside a function's sources.
    """

    source: str | None = None
    requirements: bool | str = True
    bytecode: bool = False


class Environment(_Model):
    """`[env.NAME]`."""

    region: str | None = None
    account: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    profile: str | None = None
    role_arn: str | None = None
    parameters: dict[str, bool | int | float | str | list[str] | FromEnvironment] = {}
    tags: dict[str, str] = {}
    remedy: RemedyMode = RemedyMode.ADJUST
    min_unreserved: Annotated[int, Field(ge=0, strict=True)] | None = None
    termination_protection: bool | None = None
    protected: bool = False
    notification_arns: Annotated[list[str], Field(max_length=5)] = []
    capabilities: list[Capability] = []
    priority: list[str] = []
    minimum: dict[str, Annotated[int, Field(ge=1, strict=True)]] = {}
    sandbox: bool = False
    artifact_bucket: str | None = None


class File(_Model):
    """tapctl.toml as a whole."""

    template: str | None = None
    stack_name: str | None = None
    function: FunctionConfig = FunctionConfig()
    verify: VerifyConfig = VerifyConfig()
    env: dict[str, Environment] = {}


def find(folder: Path) -> Path | None:
    """The nearest one, in the folder or above it."""
    return next((each / FILE for each in (folder, *folder.parents) if (each / FILE).is_file()), None)


def load(path: Path) -> File:
    """The file as a whole. Raises `ConfigError` naming the first key in it that is wrong."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", "name another with `--config`") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}", "mend it there") from None
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply", "mend it there") from None
    try:
        return File.model_validate(content)
    except ValidationError as error:
        raise _explain(error, path) from None


def _explain(error: ValidationError, path: Path) -> ConfigError:
    first = error.errors()[0]
    key = _key(first["loc"])
    hint = "the README lists the keys, under Configuration"
    if first["type"] == "extra_forbidden" and key == ".".join(map(str, first["loc"])):
        if key in Environment.model_fields:
            return ConfigError(f"{path}: `{key}` is no key of the top", f"it belongs into [env.NAME]: {hint}")
        near = difflib.get_close_matches(str(first["loc"][-1]), _keys_beside(first["loc"]), n=1)
        return ConfigError(f"{path}: there is no key `{key}`", f"did you mean `{near[0]}`?" if near else hint)
    tried = [str(part) for each in error.errors() if _key(each["loc"]) == key for part in each["loc"] if part in _KINDS]
    kinds = ", ".join(dict.fromkeys(_KINDS[each] for each in tried)) or _KINDS_BY_ERROR.get(first["type"])
    return ConfigError(f"{path}: `{key}`: {f'it takes {kinds}' if kinds else _said(first['msg'])}", hint)


def _said(message: str) -> str:
    """What a check of ours says, without pydantic's mark before it."""
    return message.removeprefix("Value error, ")


def _keys_beside(place: tuple[int | str, ...]) -> list[str]:
    """The keys that there are in the section of an unknown one."""
    match place:
        case ("env", _, _):
            return [*Environment.model_fields]
        case ("function", _):
            return [*FunctionConfig.model_fields]
        case ("verify", _):
            return [*VerifyConfig.model_fields]
        case (_,):
            return [*File.model_fields]
        case _:
            return []


_KINDS = {
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "str": "text",
    "list[str]": "a list of texts",
    "FromEnvironment": '{ env = "NAME" }',
}
"""What pydantic puts into the path of an error to say which of several kinds it tried, in words."""

_KINDS_BY_ERROR = {
    "bool_type": "true or false",
    "dict_type": "a table",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a table",
    "string_type": "text",
}
"""What each of pydantic's type errors asks for, in words."""


def _key(place: tuple[int | str, ...]) -> str:
    """The key of tapctl.toml up to where the kinds of its value part."""
    return ".".join(str(part) for part in itertools.takewhile(lambda part: part not in _KINDS, place))
