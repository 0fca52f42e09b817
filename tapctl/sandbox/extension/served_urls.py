"""URLs of functions and APIs of every account, rewritten so that they lead to the sandbox wherever they are shown.

The emulator serves only the APIs of the request's account, and a request to a URL names none. AWS's host names do not
lead to the sandbox, and a function URL's and an API's address must work with any HTTP client.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.patches import Patch
from tapctl.sandbox.route import emulator_path, served_url, unsigned_url
from tapctl.sandbox.secret import Secret

_URL_TYPES = ("AWS::Lambda::Url", "AWS::ApiGatewayV2::Api")
Created = tuple[str, dict[str, Any]]


def install(endpoint: str, secret: Secret) -> None:
    """Find each API by its unique id, and show the URLs at which the sandbox serves it."""
    _find_by_id(patches.HTTP_APIS, patches.FIND_HTTP_API)
    _find_by_id(patches.REST_APIS, patches.FIND_REST_API)

    def shown(value: Any) -> Any:
        return (served_url(endpoint, secret, value) or value) if isinstance(value, str) else value

    for kind in _URL_TYPES:
        _show_attributes(kind, shown)
    _show_outputs(shown)
    for patch in (patches.RESPONSE_URL, patches.SIGNAL_URL, patches.CODE_URL, patches.LAYER_URL):
        _make_unsigned(patch, endpoint, secret)
    _know_signals(secret)


def listed(endpoint: str, secret: Secret, account: str) -> list[dict[str, str]]:
    """Name and URL of the functions and APIs that the stacks of an account serve."""
    found = [(f"function {key}", url["FunctionUrl"]) for key, url in _of(patches.FUNCTION_URLS, account)]
    for key, api in _of(patches.HTTP_APIS, account):
        found.append((f"API {api.get('name', key)}", f"https://{key}.execute-api.aws/"))
    for key, api in _of(patches.REST_APIS, account):
        stages = patches.REST_STAGES.get()(key)
        found += [
            (f"API {api.get('name', key)}, stage {stage}", f"https://{key}.execute-api.aws/{stage}/")
            for stage in stages
        ]
    return [{"name": name, "url": served_url(endpoint, secret, url) or url} for name, url in found]


def _of(patch: Patch, account: str) -> list[tuple[str, Mapping[str, Any]]]:
    return [(key, record) for (owner, _, key), record in patch.get().all_items() if owner == account]


def _find_by_id(apis: Patch, find: Patch) -> None:
    def owner(api_id: str) -> tuple[str, str] | None:
        owners = ((account, region) for (account, region, key), _ in apis.get().all_items() if key == api_id)
        return next(owners, None)

    find.put(owner)


def _show_attributes(kind: str, shown: Callable[[Any], Any]) -> None:
    def wrapped(original: Callable[..., Created]) -> Callable[..., Created]:
        def handle(*arguments: Any, **options: Any) -> Created:
            physical_id, attributes = original(*arguments, **options)
            return physical_id, {name: shown(value) for name, value in attributes.items()}

        return handle

    actions = {action: wrapped(patches.handler(kind, action)) for action in patches.HANDLER_ACTIONS[kind]}
    patches.replace_handlers(kind, **actions)


def _show_outputs(shown: Callable[[Any], Any]) -> None:
    """An output that builds AWS's host name from the id of an API leads into the sandbox as well."""
    original = patches.RESOLVE_OUTPUTS.get()

    def resolve(*arguments: Any, **options: Any) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
        outputs, exports = original(*arguments, **options)
        outputs = [{**output, "OutputValue": shown(output["OutputValue"])} for output in outputs]
        return outputs, {name: {**export, "Value": shown(export["Value"])} for name, export in exports.items()}

    patches.RESOLVE_OUTPUTS.put(resolve)


def _make_unsigned(patch: Patch, endpoint: str, secret: Secret) -> None:
    """URLs that AWS presigns: where custom resources and wait conditions answer, where code is downloaded."""
    original = patch.get()
    patch.put(lambda *arguments: unsigned_url(endpoint, secret, original(*arguments)))


def _know_signals(secret: Secret) -> None:
    """A wait condition finds its handle by the handle's URL, which `_make_unsigned` has changed."""
    original = patches.SIGNAL_TOKEN.get()

    def token_of(url: Any) -> str | None:
        path = emulator_path(secret, urlsplit(url).path) if isinstance(url, str) else None
        token: str | None = original(path or url)
        return token

    patches.SIGNAL_TOKEN.put(token_of)
