"""The key that test webhooks are signed with."""

import json
from collections.abc import Mapping

from tapctl.errors import ConfigError
from tapctl.expectations import WebhookProbe
from tapctl.from_environment import secret_value
from tapctl.unknown import Unknown
from tapctl.verify.signing import SCHEMES


def signing_key(probe: WebhookProbe, parameters: Mapping[str, str]) -> bytes | Unknown:
    """The provider's first secret as a key. Raises `ConfigError`, which does not show it, where it is none."""
    secret = _secret(probe, parameters)
    if secret is None:
        hint = "give the parameter that [verify.webhook] names as `secret_parameter`, or set `secret`"
        return Unknown(f"no signing secret of provider {probe.provider} is known here", hint)
    scheme = SCHEMES[probe.provider]
    try:
        return scheme.key(secret)
    except ValueError:
        message = f"the signing secret of [verify.webhook] is none of provider {probe.provider}"
        raise ConfigError(message, f"it is written as {scheme.notation}") from None


def _secret(probe: WebhookProbe, parameters: Mapping[str, str]) -> str | None:
    if probe.secret is not None:
        return secret_value(probe.secret, "[verify.webhook] secret")
    text = parameters.get(probe.secret_parameter or "")
    if text is None:
        return None
    try:
        secrets = json.loads(text)[probe.provider]
        return str(secrets if isinstance(secrets, str) else secrets[0])
    except (ValueError, KeyError, IndexError, TypeError):
        raise ConfigError(
            f"parameter {probe.secret_parameter} is no JSON object with a list of secrets for {probe.provider}",
            f'for example {{"{probe.provider}": ["whsec_…"]}}',
        ) from None
