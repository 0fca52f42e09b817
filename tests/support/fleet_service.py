"""A small AWS of many accounts: STS, Organizations, CloudFormation without stacks, and Lambda's account settings.

    python -m tests.support.fleet_service [LATENCY_MS]

The access key of a request names the account: `AssumeRole` gives out `ASIA` and the account's id. It serves what it
was given in `Service` and counts the requests of each operation; `GET /counts` returns them.
"""

import asyncio
import json
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

HUB = "AKIAHUB"
HUB_ACCOUNT = "999999999999"

Answer = tuple[int, str, str]
"""The HTTP status, the content type and the body."""


def _xml(operation: str, result: str) -> Answer:
    return (
        200,
        "text/xml",
        f"<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>",
    )


def refused(code: str, message: str, status: int = 400) -> Answer:
    """A refusal of a service with the query protocol."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return status, "text/xml", f"<ErrorResponse>{error}</ErrorResponse>"


def _json(body: object, status: int = 200) -> Answer:
    return status, "application/json", json.dumps(body)


@dataclass
class Service:
    """What the accounts have, and how often each operation was asked for.

    `limits` has the concurrency limit by account, `refusals` an answer by `OPERATION ACCOUNT` or
    `OPERATION ACCOUNT/REGION`, `units` the ids of accounts and units below a unit, and `states` those of accounts.
    """

    latency: float = 0
    limits: Mapping[str, int] = field(default_factory=dict)
    refusals: Mapping[str, Answer] = field(default_factory=dict)
    units: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    throttled: frozenset[str] = frozenset()
    """The operations whose first request is throttled."""
    counts: Counter[str] = field(default_factory=Counter)
    expires: str = "2099-01-01T00:00:00Z"
    _connections: set[asyncio.StreamWriter] = field(default_factory=set)

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: str) -> Answer:
        """The answer to one request."""
        _, _, credential = headers.get("authorization", "").partition("Credential=")
        key, _, region, service, *_ = [*credential.split("/"), *[""] * 4]
        account = HUB_ACCOUNT if key == HUB else key.removeprefix("ASIA")
        if service == "organizations":
            operation = headers.get("x-amz-target", "").rpartition(".")[2]
            return self._organizations(operation, json.loads(body))
        if service == "lambda":
            operation = "GetAccountSettings" if "account-settings" in path else "GetFunctionConcurrency"
            return self._counted(operation, account, region) or self._settings(account)
        values = {name: value[0] for name, value in parse_qs(body).items()}
        operation = values.get("Action") or headers.get("x-amz-target", f"{method} {path}").rpartition(".")[2]
        if operation == "AssumeRole":
            account = values["RoleArn"].split(":")[4]
            return self._counted(operation, account, region) or self._keys(account)
        if refusal := self._counted(operation, account, region):
            return refusal
        if operation == "GetCallerIdentity":
            return _xml(operation, f"<Account>{account}</Account><Arn>a</Arn><UserId>u</UserId>")
        return refused("ValidationError", f"Stack with id {values.get('StackName')} does not exist")

    def _counted(self, operation: str, account: str, region: str) -> Answer | None:
        self.counts[operation] += 1
        self.counts[f"{operation} {account}/{region}"] += 1
        if operation in self.throttled and self.counts[operation] == 1:
            return refused("Throttling", "Rate exceeded")
        names = (f"{operation} {account}/{region}", f"{operation} {account}")
        return next((self.refusals[name] for name in names if name in self.refusals), None)

    def _keys(self, account: str) -> Answer:
        keys = f"<AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
        keys += f"<SessionToken>t</SessionToken><Expiration>{self.expires}</Expiration>"
        return _xml("AssumeRole", f"<Credentials>{keys}</Credentials>")

    def _settings(self, account: str) -> Answer:
        limit = self.limits.get(account, 1000)
        sizes = {"TotalCodeSize": 80530636800, "CodeSizeUnzipped": 262144000, "CodeSizeZipped": 52428800}
        concurrency = {"ConcurrentExecutions": limit, "UnreservedConcurrentExecutions": limit}
        return _json(
            {"AccountLimit": {**sizes, **concurrency}, "AccountUsage": {"TotalCodeSize": 0, "FunctionCount": 0}}
        )

    def _organizations(self, operation: str, asked: Mapping[str, str]) -> Answer:
        parent = asked["ParentId"]
        if refusal := self._counted(operation, parent, ""):
            throttled = {"__type": "TooManyRequestsException", "Message": "slow down"}
            return _json(throttled, 400) if operation in self.throttled else refusal
        if parent not in self.units:
            return _json({"__type": "ParentNotFoundException", "Message": "no such parent"}, 400)
        units = [name for name in self.units[parent] if name.startswith("ou-")]
        if operation == "ListOrganizationalUnitsForParent":
            return _json({"OrganizationalUnits": [{"Id": name} for name in units]})
        accounts = [name for name in self.units[parent] if name not in units]
        states = {name: self.states.get(name, "ACTIVE") for name in accounts}
        # The retired Status contradicts the State, as it may since it is no longer kept.
        return _json({"Accounts": [{"Id": name, "State": states[name], "Status": "ACTIVE"} for name in accounts]})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self._connections.add(writer)
        while head := await _head(reader):
            (method, path, *_), headers = head
            body = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
            if path == "/counts":
                status, kind, text = _json(self.counts)
            else:
                await asyncio.sleep(self.latency)
                status, kind, text = self.answer(method, path, headers, body)
            lines = [f"HTTP/1.1 {status} X", f"content-type: {kind}", f"content-length: {len(text.encode())}"]
            if status != 200 and kind == "application/json":
                lines.append(f"x-amzn-errortype: {json.loads(text).get('__type', '')}")
            writer.write("\r\n".join([*lines, "", text]).encode())
            await writer.drain()
        writer.close()

    async def stop(self, server: asyncio.Server) -> None:
        """Take no more connections, and close those that are open."""
        server.close()
        for writer in self._connections:
            writer.close()
        await asyncio.sleep(0.01)  # the transports are closed in the next round of the loop

    async def listen(self) -> asyncio.Server:
        return await asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=256)


async def _head(reader: asyncio.StreamReader) -> tuple[list[str], dict[str, str]] | None:
    """The first line and the headers of a request; None at the end of the connection."""
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    pairs = (line.partition(":") for line in lines[1:] if line)
    return lines[0].split(), {name.strip().lower(): value.strip() for name, _, value in pairs}


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """Serve in a thread of this process; the address."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(service.listen())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(service.stop(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _main(latency: float) -> None:
    server = await Service(latency).listen()
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - the parent reads it
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(float(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0))
