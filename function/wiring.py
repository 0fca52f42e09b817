"""Builds the application from the environment variables, once per set of values."""

import gc
import os
import sys
import time
from collections.abc import Mapping
from functools import lru_cache, partial

from aws.client import DYNAMODB, SECRETS_MANAGER, AwsJson, Dialect, WireError
from aws.sigv4 import Credentials
from deliveries import Senders
from errors import MisconfiguredError, RefusalError, StorageUnavailableError
from ingest import App
from keyring import Keyring
from outcomes import refused
from store.ledger import Ledger
from strict_json import text
from telemetry import Arrival, report

_CONNECT_SECONDS = 2.0
_SECRET_SECONDS = 3.0
_SENDERS = {
    "square_url": "SQUARE_NOTIFICATION_URL",
    "signature_header": "GENERIC_SIGNATURE_HEADER",
    "signature_encoding": "GENERIC_SIGNATURE_ENCODING",
    "timestamp_header": "GENERIC_TIMESTAMP_HEADER",
}
_SETTINGS = (
    *_SENDERS.values(),
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_REGION",
    "DYNAMODB_TABLE_NAME",
    "WEBHOOK_SECRETS",
    "WEBHOOK_SECRET_ARN",
)


_RUNNING = "AWS_LAMBDA_RUNTIME_API" in os.environ


def app() -> App:
    """Return the application for the present environment."""
    return _build(_values())


def warm_up() -> None:
    """Connect and read the secrets while a real runtime starts up; without usable secrets the alarm is raised."""
    if not _RUNNING:
        return
    built = app()
    try:
        built.keyring.check()
    except RefusalError as error:
        report(refused(error, str(error)), Arrival("start", "", "", built.clock()), built, None)
    _client(DYNAMODB, _endpoint(os.environ, DYNAMODB), _region(os.environ)).connect(_CONNECT_SECONDS)
    gc.freeze()  # what is loaded stays: the collector need not walk it again during an invocation


@lru_cache(maxsize=int(_RUNNING))  # the variables of a running function do not change
def _values() -> tuple[str, ...]:
    return tuple(os.environ.get(name, "") for name in _SETTINGS)


@lru_cache(maxsize=4)
def _build(values: tuple[str, ...]) -> App:
    environ = dict(zip(_SETTINGS, values, strict=True))
    table = _client(DYNAMODB, _endpoint(environ, DYNAMODB), _region(environ))
    return App(
        keyring=_keyring(environ),
        ledger=Ledger(table, environ["DYNAMODB_TABLE_NAME"]),
        clock=_now,
        emit=_write_line,
        senders=_senders(environ),
        function_name=environ["AWS_LAMBDA_FUNCTION_NAME"],
    )


def _now() -> float:
    return time.time()


def _write_line(line: str) -> None:
    # In one write: print writes the end of the line separately, and the runtime passes every write on at once.
    sys.stdout.write(f"{line}\n")


def _senders(environ: Mapping[str, str]) -> Senders:
    return Senders(**{field: environ[name] for field, name in _SENDERS.items() if environ[name]})


def _keyring(environ: Mapping[str, str]) -> Keyring:
    arn = environ["WEBHOOK_SECRET_ARN"]
    if not arn:
        return Keyring(partial(str, environ["WEBHOOK_SECRETS"]))
    vault = _client(SECRETS_MANAGER, _endpoint(environ, SECRETS_MANAGER), _region(environ))
    return Keyring(partial(_secret_string, vault, arn), changes=True)


def _secret_string(vault: AwsJson, arn: str) -> str:
    try:
        return text(vault.call("GetSecretValue", {"SecretId": arn}, _SECRET_SECONDS), "SecretString")
    except WireError as error:
        if error.passing or error.contended:
            raise StorageUnavailableError("secrets cannot be read now") from None
        raise MisconfiguredError(f"secrets cannot be read: {error.code}") from None


@lru_cache(maxsize=4)
def _client(dialect: Dialect, endpoint: str, region: str) -> AwsJson:
    return AwsJson(dialect, endpoint, region, _credentials)


def _endpoint(environ: Mapping[str, str], dialect: Dialect) -> str:
    own = environ.get(f"AWS_ENDPOINT_URL_{dialect.endpoint_name}") or environ.get("AWS_ENDPOINT_URL")
    region = _region(environ)
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return own or f"https://{dialect.service}.{region}.{domain}"


def _region(environ: Mapping[str, str]) -> str:
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def _credentials() -> Credentials:
    return Credentials(
        *(os.environ.get(f"AWS_{name}", "") for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"))
    )
