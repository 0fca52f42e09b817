"""The URLs of APIs. The emulator serves only those of the request's account, and a request to a URL names none."""

from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.patches import Patch


def install() -> None:
    """Find the account and Region of an API by its id, which is unique."""
    _find_by_id(patches.HTTP_APIS, patches.FIND_HTTP_API)
    _find_by_id(patches.REST_APIS, patches.FIND_REST_API)


def _find_by_id(apis: Patch, find: Patch) -> None:
    def owner(api_id: str) -> tuple[str, str] | None:
        owners = ((account, region) for (account, region, key), _ in apis.get().all_items() if key == api_id)
        return next(owners, None)

    find.put(owner)
