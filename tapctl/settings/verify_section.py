"""`[verify]` of tapctl.toml: what is to be proved of a stack beyond what its template says."""

import os
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, model_validator

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


_STATUS = re.compile(r"[1-5](\d\d|xx)")


def _statuses(value: object) -> tuple[str, ...]:
    """One status or several, each as text."""
    given = tuple(map(str, value if isinstance(value, list | tuple) else [value]))
    for each in given:
        if not _STATUS.fullmatch(each):
            raise ValueError(f"{each} is neither a status code nor a class such as 2xx")
    return given


Statuses = Annotated[tuple[str, ...], BeforeValidator(_statuses)]


class Answer(BaseModel, frozen=True, extra="forbid"):
    """What an HTTP answer has to be: one of these codes, or of a class such as 2xx, with a body that matches."""

    status: Statuses = ("2xx",)
    body: re.Pattern[str] | None = None

    def accepts(self, status: int, text: str) -> bool:
        known = str(status) in self.status or f"{status // 100}xx" in self.status
        return known and (self.body is None or self.body.search(text) is not None)

    @property
    def wanted(self) -> str:
        like = f" with a body like `{self.body.pattern}`" if self.body else ""
        return f"{' or '.join(self.status)}{like}"


class GenericScheme(BaseModel, frozen=True, extra="forbid"):
    """`[verify.webhook.generic]`: a plain HMAC-SHA256; without a `timestamp` header the body alone is signed."""

    signature: str = "x-webhook-signature"
    timestamp: str = "x-webhook-timestamp"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = "sha256="


class WebhookProbe(BaseModel, frozen=True, extra="forbid"):
    """`[verify.webhook]`: a signed event, the same again, and a forged one; and the row that the first must leave.

    `endpoint` and `table` name outputs of the stack. `{id}` in `path`, `body`, `key` and `row` becomes an id made
    up for the event, `{timestamp}` the time of sending, `{epoch}` the same in seconds. The secret comes from
    `secret`, or from `secret_parameter`, a parameter of the template that holds a JSON object from provider to
    secrets. `url` is what Square signs, where that is not the address that is posted to.
    """

    endpoint: str
    table: str
    path: str = ""
    provider: Literal["adyen", "generic", "github", "square", "standard", "stripe"] = "standard"
    generic: GenericScheme = GenericScheme()
    url: str | None = None
    secret: FromEnvironment | str | None = None
    secret_parameter: str | None = None
    body: dict[str, Any] = {}
    key: dict[str, str | int] = {}
    row: dict[str, str | int | bool] = {}
    signed: Answer = Answer()
    duplicate: Answer = Answer()
    forged: Answer = Answer(status=("4xx",))


class HttpProbe(Answer, frozen=True, extra="forbid"):
    """`[[verify.http]]`: a request to the URL in an output, or to one of its own, and the answer to it."""

    output: str | None = None
    url: str | None = None
    path: str = ""
    method: str = "GET"
    headers: dict[str, FromEnvironment | str] = {}
    timeout: Annotated[float, Field(gt=0, le=300)] = 15

    @model_validator(mode="after")
    def _one_place(self) -> "HttpProbe":
        if (self.output is None) == (self.url is None):
            raise ValueError("it takes either `output` or `url`")
        return self


class VerifyConfig(BaseModel, frozen=True, extra="forbid"):
    """`[verify]`; `outputs` holds patterns that whole values match, by the output's name."""

    outputs: dict[str, re.Pattern[str]] = {}
    http: tuple[HttpProbe, ...] = ()
    webhook: WebhookProbe | None = None
