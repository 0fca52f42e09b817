"""`[verify]` of tapctl.toml: what `tapctl verify` expects beyond the template."""

import os
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from tapctl.errors import ConfigError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.state.redaction import hide


class Section(BaseModel):
    """A part of tapctl.toml; pydantic compiles it when a file is read, which many runs never do."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class FromEnvironment(Section):
    """`{ env = "NAME" }`."""

    env: str


def secret_value(value: FromEnvironment | str, what: str) -> str:
    """The value, or that of the environment variable, which no output shows.

    Raises `ConfigError` if the variable is not set.
    """
    if isinstance(value, str):
        return value
    if value.env not in os.environ:
        raise ConfigError(
            f"{what} needs the environment variable {value.env}, which is not set",
            advise(UsageAdvice.EXPORT_VARIABLE, value.env),
        )
    hide(os.environ[value.env])
    return os.environ[value.env]


_STATUS = re.compile(r"[1-5](\d\d|xx)")


def _statuses(value: object) -> tuple[str, ...]:
    """One status or several, as text."""
    statuses = tuple(map(str, value if isinstance(value, list | tuple) else [value]))
    for status in statuses:
        if not _STATUS.fullmatch(status):
            raise ValueError(f"{status} is neither a status code nor a class such as 2xx")
    return statuses


Statuses = Annotated[tuple[str, ...], BeforeValidator(_statuses, json_schema_input_type=int | str | list[int | str])]


class Answer(Section):
    """The expected HTTP response: one of these codes or classes such as 2xx, and a pattern that the body matches."""

    status: Statuses = ("2xx",)
    body: re.Pattern[str] | None = None

    def accepts(self, status: int, text: str) -> bool:
        known = str(status) in self.status or f"{status // 100}xx" in self.status
        return known and (self.body is None or self.body.search(text) is not None)

    @property
    def wanted(self) -> str:
        like = f" with a body like `{self.body.pattern}`" if self.body else ""
        return f"{' or '.join(self.status)}{like}"


class GenericScheme(Section):
    """`[verify.webhook.generic]`: HMAC-SHA256 of timestamp and body; of the body alone if `timestamp` is empty."""

    signature: str = "x-webhook-signature"
    timestamp: str = "x-webhook-timestamp"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = "sha256="


class WebhookProbe(Section):
    """`[verify.webhook]`: sends a signed event, a duplicate and a forged one, and checks the row of the first.

    `endpoint` and `table` are outputs of the stack. In `path`, `body`, `key` and `row`, `{id}` is a generated event
    id, `{timestamp}` the time of sending and `{epoch}` the same in seconds. The secret comes from `secret`, or from
    `secret_parameter`, a template parameter with a JSON object from provider to secrets. `url` is the address that
    Square signs, if it differs from the endpoint.
    """

    endpoint: str
    table: str
    path: str = ""
    provider: Literal["adyen", "generic", "github", "square", "standard", "stripe"] = "standard"
    generic: GenericScheme = Field(default_factory=GenericScheme)
    url: str | None = None
    secret: FromEnvironment | str | None = None
    secret_parameter: str | None = None
    body: dict[str, Any] = Field(default={})
    key: dict[str, str | int] = Field(default={})
    row: dict[str, str | int | bool] = Field(default={})
    signed: Answer = Field(default_factory=Answer)
    duplicate: Answer = Field(default_factory=Answer)
    forged: Answer = Field(default_factory=lambda: Answer(status=("4xx",)))


class HttpProbe(Answer):
    """`[[verify.http]]`: a request to the URL in an output, or to `url`, and the expected response."""

    output: str | None = None
    url: str | None = None
    path: str = ""
    method: str = "GET"
    headers: dict[str, FromEnvironment | str] = Field(default={})
    timeout: Annotated[float, Field(gt=0, le=300)] = 15

    @model_validator(mode="after")
    def _one_place(self) -> "HttpProbe":
        if (self.output is None) == (self.url is None):
            raise ValueError("needs either `output` or `url`")
        return self


class InvokeProbe(Section):
    """`[[verify.invoke]]`: an invocation of a function, and the answer that it must give.

    `function` is a logical id, `Stack/Function` in a nested stack. Nothing prints the payload or the answer.
    """

    function: str
    payload: Any = Field(default={}, repr=False)
    expect: Any = Field(default=None, repr=False)
    asynchronous: bool = False
    timeout: Annotated[float, Field(gt=0, le=900)] = 60

    @model_validator(mode="after")
    def _one_proof(self) -> "InvokeProbe":
        if self.asynchronous and self.expect is not None:
            raise ValueError("an asynchronous invocation has no answer to `expect`")
        return self


class VerifyConfig(Section):
    """`[verify]`."""

    _elsewhere = PrivateAttr(default="")

    outputs: dict[str, re.Pattern[str]] = Field(default={})
    """Patterns that the whole values of outputs match, by the name of the output."""
    http: tuple[HttpProbe, ...] = ()
    """Requests to `url`, or to the URL in the output `output`, with `path`, `method`, `headers`, `timeout`; and the
    response: `status` (2xx by default) and a pattern for its `body`."""
    invoke: tuple[InvokeProbe, ...] = ()
    """Invocations of `function`, by its logical id, with `payload`; the answer that they must give, in `expect`; or
    `asynchronous`; and their `timeout`: see docs/verifying.md."""
    webhook: WebhookProbe | None = None
    """A signed test event, a duplicate and a forged one: see docs/verifying.md."""

    @property
    def elsewhere(self) -> str:
        """The stack or template that the section is for, if it is another one; the section is empty then."""
        return str(self._elsewhere)

    def left_out(self, elsewhere: str) -> "VerifyConfig":
        """An empty section, where this one is for another stack or template; nothing is left out of an empty one."""
        empty = VerifyConfig()
        empty._elsewhere = elsewhere if self.model_fields_set else ""
        return empty
