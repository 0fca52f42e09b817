"""The emulator's internals that the extension reads and replaces: one table, checked before the server starts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tapctl.resource_types import ALIAS, FUNCTION, STACK, VERSION

EMULATOR = "ministack"
PINNED = "1.5.33"

Record = dict[str, Any]
"""A record of the emulator: JSON whose shape depends on its version."""
Response = tuple[int, dict[str, str], bytes]
Handler = Callable[..., tuple[str, dict[str, Any]]]


class UnsupportedError(Exception):
    """The emulator is missing, has another version, or lacks a name that the extension replaces."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One name inside a module of the emulator."""

    module: str
    name: str

    def get(self) -> Any:
        """The current value of the name."""
        return getattr(import_module(self.module), self.name)

    def put(self, value: object) -> None:
        """Replace the value for every caller inside the emulator."""
        setattr(import_module(self.module), self.name, value)


_LAMBDA = "ministack.services.lambda_svc"
_DYNAMODB = "ministack.services.dynamodb"
_PROVISIONERS = "ministack.services.cloudformation.provisioners"

_S3 = "ministack.services.s3"
_SSM = "ministack.services.ssm"
_CLOUDFORMATION = "ministack.services.cloudformation"

REQUEST_ACCOUNT = Patch("ministack.core.responses", "get_account_id")
REQUEST_REGION = Patch("ministack.core.responses", "get_region")
REQUEST_SCOPE = Patch("ministack.core.responses", "request_scope")
SET_ACCOUNT = Patch("ministack.core.responses", "set_request_account_id")
SET_REGION = Patch("ministack.core.responses", "set_request_region")
SESSIONS = Patch("ministack.services.sts", "_sessions")
ACCESS_KEYS = Patch("ministack.services.iam", "_access_keys")
FUNCTION_CREDENTIALS = (
    Patch("ministack.core.lambda_runtime", "execution_credentials"),
    Patch(_LAMBDA, "execution_credentials"),
)
FUNCTION_URLS = Patch(_LAMBDA, "_function_urls")
CODE_URL = Patch(_LAMBDA, "_presigned_code_url")
LAYER_URL = Patch(_LAMBDA, "_layer_content_url")
REST_STAGES = Patch("ministack.services.apigateway_v1", "stages_for_api")
RESPONSE_URL = Patch(f"{_CLOUDFORMATION}.custom_resource", "_response_url")
SIGNAL_TOKEN = Patch(f"{_CLOUDFORMATION}.wait_conditions", "_token_of")
SIGNAL_URL = Patch(f"{_CLOUDFORMATION}.wait_conditions", "handle_url")
RESOLVE_OUTPUTS = Patch(f"{_CLOUDFORMATION}.stacks", "_resolve_stack_outputs")
RESOLVE_PROPERTIES = Patch(f"{_CLOUDFORMATION}.changesets", "_resolve_props_for_diff")
DIFF_RESOURCES = Patch(f"{_CLOUDFORMATION}.changesets", "_diff_resources")
DEPLOY_CHANGE_SET = Patch(f"{_CLOUDFORMATION}.changesets", "_deploy_stack_async")
CREATE_CHANGE_SET = Patch(f"{_CLOUDFORMATION}.changesets", "_create_change_set")
ACTIONS = Patch(f"{_CLOUDFORMATION}.handlers", "_ACTION_HANDLERS")
EVALUATE_CONDITIONS = Patch(f"{_CLOUDFORMATION}.engine", "_evaluate_conditions")
RESOLVE_REFERENCES = Patch(f"{_CLOUDFORMATION}.engine", "_resolve_refs")
CHANGE_SETS = Patch(_CLOUDFORMATION, "_change_sets")
ADD_EVENT = Patch(f"{_CLOUDFORMATION}.stacks", "_add_event")
STACK_EVENTS = Patch(_CLOUDFORMATION, "_stack_events")
SAVED_STACKS = Patch(_CLOUDFORMATION, "get_state")
LOAD_STACKS = Patch(_CLOUDFORMATION, "load_persisted_state")
RESET_STACKS = Patch(_CLOUDFORMATION, "reset")
XML_RESPONSE = Patch(f"{_CLOUDFORMATION}.helpers", "_xml")
XML_ERROR = Patch(f"{_CLOUDFORMATION}.helpers", "_error")
LARGEST_BODY = Patch(f"{_CLOUDFORMATION}.helpers", "TEMPLATE_BODY_MAX_BYTES")
READ_TEMPLATE = Patch(f"{_CLOUDFORMATION}.helpers", "_resolve_template")
PARSE_TEMPLATE = Patch(f"{_CLOUDFORMATION}.engine", "_parse_template")
REQUIRED_CAPABILITIES = Patch(f"{_CLOUDFORMATION}.handlers", "_required_capabilities")
ORGANIZATIONS = Patch("ministack.services.organizations", "_orgs")
ORGANIZATION_ACCOUNTS = Patch("ministack.services.organizations", "_accounts")
ORGANIZATION_UNITS = Patch("ministack.services.organizations", "_ous")
BUCKETS = Patch(_S3, "_buckets")
BUCKET_OWNER = Patch(_S3, "_bucket_owner_account")
FOREIGN_READ = Patch(_S3, "_foreign_bucket_allows")
POLICY_CONTEXT = Patch("ministack.core.iam_evaluator", "EvalContext")
FETCH_CODE = Patch(_LAMBDA, "_fetch_code_from_s3")
CODE_REGION = Patch(_LAMBDA, "s3_code_region_message")
PRINCIPAL_ORGANIZATION = Patch("ministack.core.iam_evaluator", "_principal_org_id")
OBJECT_VERSIONS = Patch(_S3, "_object_versions")
VERIFY_PRESIGNED = Patch(_S3, "_verify_presigned_sigv4")
CREATE_BUCKET = Patch(_S3, "_create_bucket")
PARAMETERS = Patch(_SSM, "_parameters")
PUT_PARAMETER = Patch(_SSM, "_put_parameter")
LAMBDA_REQUEST = Patch(_LAMBDA, "handle_request")
FUNCTIONS = Patch(_LAMBDA, "_functions")
PUT_CONCURRENCY = Patch(_LAMBDA, "_put_function_concurrency")
PUT_PROVISIONED = Patch(_LAMBDA, "_put_provisioned_concurrency")
GET_PROVISIONED = Patch(_LAMBDA, "_get_provisioned_concurrency")
ACCOUNT_SETTINGS = Patch(_LAMBDA, "_get_account_settings")
INVOKE = Patch(_LAMBDA, "_invoke")
ACQUIRE_SLOT = Patch(_LAMBDA, "_acquire_execution_slot")
INVOKE_CAP = Patch(_LAMBDA, "_ACCOUNT_CONCURRENCY_CAP")
FUNCTION_OF_REFERENCE = Patch(_PROVISIONERS, "_lambda_function_for_cfn_ref")
REPLACING_CHANGE = Patch(_PROVISIONERS, "_replacing_change")
UPDATE_RESOURCE = Patch(_PROVISIONERS, "_update_resource")
BUCKET_CONFLICT = Patch(_PROVISIONERS, "s3_bucket_name_conflict")
HANDLERS = Patch(_PROVISIONERS, "_RESOURCE_HANDLERS")
TABLES = Patch(_DYNAMODB, "_tables")
SSE_DESCRIPTION = Patch(_DYNAMODB, "_sse_description_from_spec")
UPDATE_BACKUPS = Patch(_DYNAMODB, "_update_continuous_backups")
UPDATE_TTL = Patch(_DYNAMODB, "_update_ttl")
RESOLVE_KEY = Patch("ministack.services.kms", "_resolve_key")
HTTP_APIS = Patch("ministack.services.apigateway", "_apis")
HTTP_ROUTES = Patch("ministack.services.apigateway", "_routes")
FIND_HTTP_API = Patch("ministack.services.apigateway", "find_api_scope")
REST_APIS = Patch("ministack.services.apigateway_v1", "_rest_apis")
REST_VERBS = Patch("ministack.services.apigateway_v1", "_OPENAPI_HTTP_METHODS")
IMPORT_METHOD = Patch("ministack.services.apigateway_v1", "_import_operation")
FIND_REST_API = Patch("ministack.services.apigateway_v1", "find_api_scope")
JSON_RESPONSE = Patch("ministack.core.responses", "json_response")
ERROR_RESPONSE = Patch("ministack.core.responses", "error_response_json")
STACKS = Patch(_CLOUDFORMATION, "_stacks")
SAVE_ALL = Patch("ministack.core.persistence", "save_all")
SERVICES_TO_SAVE = Patch("ministack.app", "_build_persistence_save_dict")
APP = Patch("ministack.app", "app")

PATCHES = (
    REQUEST_ACCOUNT,
    REQUEST_REGION,
    REQUEST_SCOPE,
    SET_ACCOUNT,
    SET_REGION,
    SESSIONS,
    ACCESS_KEYS,
    *FUNCTION_CREDENTIALS,
    FUNCTION_URLS,
    CODE_URL,
    LAYER_URL,
    REST_STAGES,
    RESPONSE_URL,
    SIGNAL_TOKEN,
    SIGNAL_URL,
    RESOLVE_OUTPUTS,
    RESOLVE_PROPERTIES,
    DIFF_RESOURCES,
    DEPLOY_CHANGE_SET,
    CREATE_CHANGE_SET,
    ACTIONS,
    EVALUATE_CONDITIONS,
    RESOLVE_REFERENCES,
    CHANGE_SETS,
    ADD_EVENT,
    STACK_EVENTS,
    SAVED_STACKS,
    LOAD_STACKS,
    RESET_STACKS,
    XML_RESPONSE,
    XML_ERROR,
    LARGEST_BODY,
    READ_TEMPLATE,
    PARSE_TEMPLATE,
    REQUIRED_CAPABILITIES,
    ORGANIZATIONS,
    ORGANIZATION_ACCOUNTS,
    ORGANIZATION_UNITS,
    BUCKETS,
    BUCKET_OWNER,
    FOREIGN_READ,
    POLICY_CONTEXT,
    FETCH_CODE,
    CODE_REGION,
    PRINCIPAL_ORGANIZATION,
    OBJECT_VERSIONS,
    VERIFY_PRESIGNED,
    CREATE_BUCKET,
    PARAMETERS,
    PUT_PARAMETER,
    LAMBDA_REQUEST,
    FUNCTIONS,
    PUT_CONCURRENCY,
    PUT_PROVISIONED,
    GET_PROVISIONED,
    ACCOUNT_SETTINGS,
    INVOKE,
    ACQUIRE_SLOT,
    INVOKE_CAP,
    FUNCTION_OF_REFERENCE,
    REPLACING_CHANGE,
    UPDATE_RESOURCE,
    BUCKET_CONFLICT,
    HANDLERS,
    TABLES,
    SSE_DESCRIPTION,
    UPDATE_BACKUPS,
    UPDATE_TTL,
    RESOLVE_KEY,
    HTTP_APIS,
    HTTP_ROUTES,
    FIND_HTTP_API,
    REST_APIS,
    REST_VERBS,
    IMPORT_METHOD,
    FIND_REST_API,
    JSON_RESPONSE,
    ERROR_RESPONSE,
    STACKS,
    SAVE_ALL,
    SERVICES_TO_SAVE,
    APP,
)
HANDLER_ACTIONS: Mapping[str, tuple[str, ...]] = {
    FUNCTION: ("create", "update"),
    VERSION: ("create", "update"),
    ALIAS: ("create", "update"),
    "AWS::DynamoDB::Table": ("create", "update", "delete"),
    "AWS::S3::Bucket": ("delete",),
    STACK: ("create", "delete"),
    "AWS::Lambda::Url": ("create", "update"),
    "AWS::ApiGatewayV2::Api": ("create", "update"),
    "AWS::ApiGatewayV2::Integration": ("create", "delete"),
    "AWS::ApiGatewayV2::Route": ("create", "delete"),
}
"""The CloudFormation handlers that the extension wraps or calls, by resource type."""


def require() -> None:
    """Raise `UnsupportedError` unless the emulator has every name that the extension replaces."""
    try:
        installed = version(EMULATOR)
    except PackageNotFoundError:
        raise UnsupportedError(f"the emulator `{EMULATOR}` is not installed") from None
    if installed != PINNED:
        raise UnsupportedError(f"the account limits need {EMULATOR} {PINNED}, but {installed} is installed")
    missing = [f"{patch.module}.{patch.name}" for patch in PATCHES if not _exists(patch)]
    if not missing:
        handlers = HANDLERS.get()
        missing = [
            f"{kind} {action}"
            for kind, actions in HANDLER_ACTIONS.items()
            for action in actions
            if action not in handlers.get(kind, ())
        ]
    if missing:
        raise UnsupportedError(
            f"the account limits cannot be enforced: {EMULATOR} {installed} has no {', '.join(missing)}"
        )


def handler(kind: str, action: str) -> Handler:
    """The emulator's own handler of one resource type."""
    original: Handler = HANDLERS.get()[kind][action]
    return original


def replace_handlers(kind: str, **handlers: Callable[..., object]) -> None:
    """Replace the emulator's handlers of one resource type."""
    HANDLERS.get()[kind].update(handlers)


def _exists(patch: Patch) -> bool:
    try:
        patch.get()
    except (ImportError, AttributeError):
        return False
    return True
