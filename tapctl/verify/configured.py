"""What tapctl.toml expects of outputs and of HTTP answers."""

import re
from collections.abc import Iterator, Mapping

from tapctl.errors import ConfigError
from tapctl.settings.verify_section import HttpProbe, secret_value
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.deployed_stack import Deployed
from tapctl.verify.http import HttpRequest, Route, send


def check_patterns(patterns: Mapping[str, re.Pattern[str]], deployed: Deployed) -> Iterator[Check]:
    """`[verify.outputs]`: whole values match."""
    for name, pattern in patterns.items():
        subject, value = f"output {name}", deployed.outputs.get(name)
        if value is None:
            message = f"[verify.outputs] names output {name}, which the stack lacks"
            yield Check(subject, CheckStatus.FAILED, message, lasting=True)
        elif pattern.fullmatch(value):
            yield Check(subject, CheckStatus.PROVED, f"it matches `{pattern.pattern}`")
        else:
            yield Check(subject, CheckStatus.FAILED, f"{value} does not match `{pattern.pattern}`")


def check_http(probe: HttpProbe, deployed: Deployed, route: Route) -> Iterator[Check]:
    """`[[verify.http]]`: one request, one answer."""
    subject = f"http {probe.output or probe.url}{probe.path}"
    address = probe.url or deployed.outputs.get(probe.output or "")
    if address is None:
        message = f"[[verify.http]] names output {probe.output}, which the stack lacks"
        yield Check(subject, CheckStatus.FAILED, message, lasting=True)
        return
    try:
        headers = {name: secret_value(value, f"header {name}") for name, value in probe.headers.items()}
    except ConfigError as error:
        yield Check(subject, CheckStatus.FAILED, error.message, error.hint, lasting=True)
        return
    url = f"{address.rstrip('/')}{probe.path}" if probe.path else address
    response = send(HttpRequest(url, headers=headers, method=probe.method), route, probe.timeout)
    said = f"{probe.method} was answered"
    if probe.accepts(response.status, response.text):
        yield Check(subject, CheckStatus.PROVED, f"{said} {response.status}")
    else:
        yield Check(subject, CheckStatus.FAILED, f"{said} {response}; expected is {probe.wanted}, at {url}")
