"""Credentials that the sandbox issues: to functions, by STS for assumed roles, and by IAM for users."""

import time
from typing import Any

from tapctl.sandbox.extension import patches
from tapctl.sandbox.secret import Secret
from tapctl.sandbox.signature import SecretOf


def install(secret: Secret) -> None:
    """Give each function a session of its account, and leave signatures to the guard."""

    def issued(config: dict[str, Any]) -> dict[str, str]:
        session = secret.session(config["FunctionArn"].split(":")[4])
        return {
            "AWS_ACCESS_KEY_ID": session.access_key,
            "AWS_SECRET_ACCESS_KEY": session.secret_key,
            "AWS_SESSION_TOKEN": session.token,
        }

    for patch in patches.FUNCTION_CREDENTIALS:
        patch.put(issued)
    # The guard has verified every signature, also those of credentials that the emulator does not know.
    patches.VERIFY_PRESIGNED.put(lambda *_: None)


def secret_of(secret: Secret) -> SecretOf:
    """Find the secret key of the owner, of a function, of an assumed role or of an IAM user."""

    def find(access_key: str, token: str) -> str | None:
        if access_key.isascii() and access_key.isdigit() and len(access_key) == 12:
            return secret.of_session(access_key, token) if token else secret.key
        if session := patches.SESSIONS.get().get(access_key):
            valid = session.get("SessionToken") == token and time.time() < session.get("Expiration", float("inf"))
            return str(session["SecretAccessKey"]) if valid else None
        owned = (key for (_, name), key in patches.ACCESS_KEYS.get().to_dict().items() if name == access_key)
        key = next(owned, None) if not token else None
        return str(key["SecretAccessKey"]) if key and key.get("Status", "Active") == "Active" else None

    return find
