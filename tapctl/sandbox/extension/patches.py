"""The emulator's internals that the extension reads and replaces: one table, checked before anything is served."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tapctl.resource_types import ALIAS, FUNCTION, VERSION

EMULATOR = "ministack"
PINNED = "1.5.33"

Record = dict[str, Any]
"""A record of the emulator: JSON of whatever shape its version gives it."""
Response = tuple[int, dict[str, str], bytes]
Handler = Callable[..., tuple[str, dict[str, Any]]]


class UnsupportedError(Exception):
    """The emulator is missing, of another version, or has not the names that the extension replaces."""


@dataclass(frozen=True, slots=True)
class Seam:
    """One name inside a module of the emulator."""

    module: str
    name: str

    def get(self) -> Any:
        """Look up what the name holds now."""
        return getattr(import_module(self.module), self.name)

    def put(self, value: object) -> None:
        """Replace it for every caller inside the emulator."""
        setattr(import_module(self.module), self.name, value)


_LAMBDA = "ministack.services.lambda_svc"
_DYNAMODB = "ministack.services.dynamodb"
_PROVISIONERS = "ministack.services.cloudformation.provisioners"

FUNCTIONS = Seam(_LAMBDA, "_functions")
PUT_CONCURRENCY = Seam(_LAMBDA, "_put_function_concurrency")
PUT_PROVISIONED = Seam(_LAMBDA, "_put_provisioned_concurrency")
GET_PROVISIONED = Seam(_LAMBDA, "_get_provisioned_concurrency")
ACCOUNT_SETTINGS = Seam(_LAMBDA, "_get_account_settings")
ACQUIRE_SLOT = Seam(_LAMBDA, "_acquire_execution_slot")
INVOKE_CAP = Seam(_LAMBDA, "_ACCOUNT_CONCURRENCY_CAP")
FUNCTION_OF_REFERENCE = Seam(_PROVISIONERS, "_lambda_function_for_cfn_ref")
HANDLERS = Seam(_PROVISIONERS, "_RESOURCE_HANDLERS")
TABLES = Seam(_DYNAMODB, "_tables")
SSE_DESCRIPTION = Seam(_DYNAMODB, "_sse_description_from_spec")
UPDATE_BACKUPS = Seam(_DYNAMODB, "_update_continuous_backups")
UPDATE_TTL = Seam(_DYNAMODB, "_update_ttl")
RESOLVE_KEY = Seam("ministack.services.kms", "_resolve_key")
JSON_RESPONSE = Seam("ministack.core.responses", "json_response")
ERROR_RESPONSE = Seam("ministack.core.responses", "error_response_json")
STACKS = Seam("ministack.services.cloudformation", "_stacks")
SAVE_ALL = Seam("ministack.core.persistence", "save_all")
SERVICES_TO_SAVE = Seam("ministack.app", "_build_persistence_save_dict")
APP = Seam("ministack.app", "app")

SEAMS = (
    FUNCTIONS,
    PUT_CONCURRENCY,
    PUT_PROVISIONED,
    GET_PROVISIONED,
    ACCOUNT_SETTINGS,
    ACQUIRE_SLOT,
    INVOKE_CAP,
    FUNCTION_OF_REFERENCE,
    HANDLERS,
    TABLES,
    SSE_DESCRIPTION,
    UPDATE_BACKUPS,
    UPDATE_TTL,
    RESOLVE_KEY,
    JSON_RESPONSE,
    ERROR_RESPONSE,
    STACKS,
    SAVE_ALL,
    SERVICES_TO_SAVE,
    APP,
)
ROWS: Mapping[str, tuple[str, ...]] = {
    FUNCTION: ("create", "update"),
    VERSION: ("create", "update"),
    ALIAS: ("create", "update"),
    "AWS::DynamoDB::Table": ("create", "update", "delete"),
}
"""The CloudFormation handlers that the extension wraps."""


def require() -> None:
    """Stop here when the emulator is not the one that the extension was written for."""
    try:
        found = version(EMULATOR)
    except PackageNotFoundError:
        raise UnsupportedError(f"the emulator `{EMULATOR}` is not installed") from None
    if found != PINNED:
        raise UnsupportedError(f"the account limits need {EMULATOR} {PINNED}, but {found} is installed")
    missing = [f"{seam.module}.{seam.name}" for seam in SEAMS if not _exists(seam)]
    if not missing:
        rows = HANDLERS.get()
        missing = [f"{kind} {name}" for kind, names in ROWS.items() for name in names if name not in rows.get(kind, ())]
    if missing:
        raise UnsupportedError(f"the account limits cannot be enforced: {EMULATOR} {found} has no {', '.join(missing)}")


def handler(kind: str, action: str) -> Handler:
    """Look up the emulator's own handler of one resource type."""
    found: Handler = HANDLERS.get()[kind][action]
    return found


def replace_handlers(kind: str, **handlers: Callable[..., object]) -> None:
    """Put our handlers of one resource type in the place of the emulator's."""
    HANDLERS.get()[kind].update(handlers)


def _exists(seam: Seam) -> bool:
    try:
        seam.get()
    except (ImportError, AttributeError):
        return False
    return True
