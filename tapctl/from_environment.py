"""Values of tapctl.toml that stand in the environment, because they must not stand in a file."""

import os

from pydantic import BaseModel

from tapctl.errors import ConfigError


class FromEnvironment(BaseModel, frozen=True, extra="forbid"):
    """`{ env = "NAME" }`."""

    env: str


def secret_value(value: FromEnvironment | str, what: str) -> str:
    """The value itself, or what the environment variable holds. Raises `ConfigError` where that is not set."""
    if isinstance(value, str):
        return value
    if value.env not in os.environ:
        raise ConfigError(f"{what} is to be read from ${value.env}, which is not set", f"export {value.env}=…")
    return os.environ[value.env]
