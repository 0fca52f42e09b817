"""The account and Region that a command works on, and the boto3 clients for it."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from tapctl.aws.answers import check_answer
from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice

if TYPE_CHECKING:
    import boto3


@dataclass(frozen=True, slots=True)
class Connection:
    """A profile and Region to connect with, or an endpoint with its keys (the sandbox)."""

    region: str | None = None
    profile: str | None = None
    endpoint: str | None = None
    keys: tuple[str, str] | None = None
    env: str | None = None
    """The environment of tapctl.toml that these values come from."""
    environments: tuple[str, ...] = ()
    """The environments of tapctl.toml, where none was chosen."""

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings with which another command connects to the same target, by their names."""
        region = None if self.is_sandbox else self.region
        values = {"env": self.env, "region": region, "profile": self.profile}
        return {name: value for name, value in values.items() if value}

    @property
    def is_sandbox(self) -> bool:
        return self.keys is not None


class Caller(Protocol):
    """The part of `Aws` that calls operations by their API names, which an account in memory has too."""

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer of an operation."""

    def pages(self, service: str, operation: str, **parameters: Any) -> list[dict[str, Any]]:
        """Every page of the answer."""


CONNECTIONS = 4
"""How often a request is sent that gets no answer at all, such as one whose connection is reset: seven seconds."""


@dataclass(slots=True)
class Silence:
    """How many requests in a row got no answer in a Region: each of them shortens the wait for the next one."""

    requests: int = 0

    def listen(self, attempts: int, caught_exception: Exception | None, **_: object) -> None:
        """After an attempt of a request: raise its error instead of another attempt. An answer of any kind ends it."""
        if caught_exception is None:
            self.requests = 0
        elif attempts >= CONNECTIONS - self.requests:
            self.requests += 1
            raise caught_exception


class _EveryService(list[str]):
    """Contains every name, so that no list of services is loaded; botocore refuses an unknown service later."""

    def __contains__(self, name: object) -> bool:
        return True


@dataclass(slots=True)
class Aws:
    """One session and its clients, each created once; boto3 is imported with the first."""

    target: Connection
    trace: Callable[[str], None] | None = None
    """Called before every request with the name of its IAM action."""
    progress: Callable[[str], None] | None = None
    """Called with what is being read where that takes long."""
    attempts: int = 8
    """How often a request is sent at most: eight outlast CloudFormation's rate limits, which all clients share.

    `CONNECTIONS` bounds those without an answer.
    """
    _session: boto3.Session | None = None
    _clients: dict[tuple[str, str | None, float | None], Any] = field(default_factory=dict)
    _silences: dict[str, Silence] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    identity: threading.Lock = field(default_factory=threading.Lock)
    """Held while the account is asked for."""
    account_id: str = ""
    """The account, once it is known."""

    @property
    def region(self) -> str:
        """The Region in force. Raises `UsageError` when there is none."""
        region = self.session.region_name
        if not region:
            environments = ", ".join(self.target.environments)
            raise UsageError(
                "no AWS Region is set",
                advise(JudgementAdvice.SET_REGION_OR_ENVIRONMENT, environments)
                if environments
                else advise(JudgementAdvice.SET_REGION),
            )
        return str(region)

    @property
    def session(self) -> boto3.Session:
        if self._session is None:
            self._session = self._new_session()
        return self._session

    def client(self, service: str, region: str | None = None, *, once: float | None = None) -> Any:
        """The client of a service. One with `once` sends a request a single time, and waits these seconds for it."""
        key = (service, region, once)
        if key in self._clients:  # without a wait for the client that another thread is creating
            return self._clients[key]
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._new_client(service, region or self.region, once)
            return self._clients[key]

    def endpoint(self, service: str) -> str:
        """The address of a service."""
        return str(self.client(service).meta.endpoint_url)

    def prepare(self, services: Iterable[str]) -> None:
        """Create clients before they are used: that takes as long as several calls."""
        for service in services:
            self.client(service)

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer of an operation by its API name, such as `GetFunction`."""
        from botocore import xform_name

        answer: dict[str, Any] = getattr(self.client(service), xform_name(operation))(**parameters)
        return answer

    def pages(self, service: str, operation: str, **parameters: Any) -> list[dict[str, Any]]:
        """Every page of the answer; one where the operation has no pages."""
        return list(self.each_page(service, operation, **parameters))

    def each_page(
        self,
        service: str,
        operation: str,
        *,
        region: str | None = None,
        token: tuple[str, str] | None = None,
        **parameters: Any,
    ) -> Iterator[dict[str, Any]]:
        """The pages of the answer, one by one.

        `token` is for an operation without a paginator: the JMESPath of the next page's token in the answer, and the
        member of the request that takes it.
        """
        import jmespath
        from botocore import xform_name

        client, method = self.client(service, region), xform_name(operation)
        if client.can_paginate(method):
            yield from client.get_paginator(method).paginate(**parameters)
            return
        while True:
            page: dict[str, Any] = getattr(client, method)(**parameters)
            yield page
            following = jmespath.search(token[0], page) if token else None
            if token is None or not following:
                return
            parameters = {**parameters, token[1]: following}

    def offers(self, service: str, region: str) -> bool:
        """Whether this version of botocore knows an endpoint of the service in the Region."""
        name = partition(region).name
        regions = self.session.get_available_regions(service, partition_name=name)
        return region in regions or not regions  # a service without Regions has one endpoint for all

    def supports(self, service: str, operation: str, parameter: str | None = None) -> bool:
        """Whether this version of botocore has the operation, with the parameter."""
        model = self.client(service).meta.service_model
        if operation not in model.operation_names:
            return False
        return parameter is None or parameter in model.operation_model(operation).input_shape.members

    def _new_session(self) -> boto3.Session:
        import boto3
        from botocore.exceptions import BotoCoreError, ProfileNotFound

        key, secret = self.target.keys or (None, None)
        try:
            session = boto3.Session(
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                # botocore reads only AWS_DEFAULT_REGION; the AWS CLI and the other SDKs read AWS_REGION first.
                region_name=self.target.region or os.environ.get("AWS_REGION") or None,
                profile_name=self.target.profile,
                botocore_session=_isolated_session() if self.target.is_sandbox else None,
            )
        except ProfileNotFound as error:
            raise UsageError(str(error), advise(JudgementAdvice.LIST_PROFILES)) from None
        except BotoCoreError as error:
            raise UsageError(
                f"cannot read the AWS configuration: {error}", advise(JudgementAdvice.FIX_AWS_CONFIG)
            ) from None
        loader: Any = session._loader  # noqa: SLF001 - boto3 keeps it there for its resources
        # botocore looks through the folders of all services before it reads the model of one.
        loader.list_available_services = lambda _type: _EveryService()
        return session

    def _new_client(self, service: str, region: str, once: float | None) -> Any:
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        config = Config(
            retries={"mode": "standard", "total_max_attempts": 1 if once else self.attempts},
            connect_timeout=10,
            read_timeout=once or 60,
            user_agent_extra="tapctl",
            max_pool_connections=32,
            # None takes the proxies of the environment; none of them leads to the sandbox.
            proxies={} if self.target.is_sandbox else None,
        )
        try:
            new_client: Any = self.session.client  # the stubs know each service by its literal name only
            client = new_client(service, region_name=region, endpoint_url=self.target.endpoint, config=config)
        except BotoCoreError:
            raise
        except ValueError as error:
            raise UsageError(f"cannot reach AWS: {error}", advise(JudgementAdvice.CHECK_ENDPOINT)) from None
        client.meta.events.register_first("needs-retry", self._silences.setdefault(region, Silence()).listen)
        client.meta.events.register("before-parse", check_answer)
        if trace := self.trace:
            client.meta.events.register("before-call", lambda model, **_: trace(f"calling {service}:{model.name}"))
        return client


def _isolated_session() -> Any:
    """A botocore session that ignores AWS_PROFILE and the user's AWS files."""
    from botocore.session import Session

    nowhere = (None, None, os.devnull, None)
    return Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": nowhere,
            "credentials_file": nowhere,
        }
    )


@dataclass(frozen=True, slots=True)
class Partition:
    """A part of AWS with separate accounts, such as China or GovCloud: its name in ARNs and its DNS suffix."""

    name: str
    dns_suffix: str


@cache
def partition(region: str) -> Partition:
    """The partition of a Region; the first one, `aws`, for a Region that botocore does not know."""
    from botocore.loaders import Loader

    partitions = Loader().load_data("partitions")["partitions"]
    outputs = next(
        (part["outputs"] for part in partitions if re.match(part["regionRegex"], region)), partitions[0]["outputs"]
    )
    return Partition(outputs["name"], outputs["dnsSuffix"])
