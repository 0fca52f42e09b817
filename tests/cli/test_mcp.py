"""`tapctl mcp`: what an agent's client gets, over the package's own client."""

import asyncio
import json
import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tapctl.cli import mcp as door
from tapctl.errors import UsageError
from tests.support.golden import shown

pytestmark = pytest.mark.skipif(not find_spec("mcp"), reason="the extra mcp is not installed")

TEMPLATE = """\
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Code: {ZipFile: x}
      ReservedConcurrentExecutions: 20
"""
LIMITS = {"concurrent_executions": 10, "unreserved_concurrent_executions": 10}

Ask = Callable[..., tuple[bool, str]]


def client(server: Any) -> Any:
    """A client of a server; its package, which takes half a second to import, is imported by the tests that run."""
    from mcp import Client

    return Client(server)


@pytest.fixture
def ask(workdir: Path) -> Ask:
    """A tool's answer, and whether it is an error."""
    (workdir / "t.yaml").write_text(TEMPLATE)
    (workdir / "a.json").write_text(json.dumps({"schema": "tapctl.account/1", "limits": LIMITS}))

    async def call(tool: str, arguments: dict[str, Any]) -> tuple[bool, str]:
        async with client(door.build_server()) as session:
            result = await session.call_tool(tool, arguments)
            return bool(result.is_error), result.content[0].text

    return lambda tool, **arguments: asyncio.run(call(tool, arguments))


def test_without_its_package_the_error_has_the_command_of_the_guide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    guide = (Path(__file__).parents[2] / "docs" / "agents.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^\$ (pip install .*?)\s*#", guide, re.MULTILINE)

    with pytest.raises(UsageError) as failure:
        door.build_server()
    assert f"`{command}`" in shown(failure.value)


def test_every_tool_is_read_only() -> None:
    async def listed() -> list[Any]:
        async with client(door.build_server()) as session:
            return list((await session.list_tools()).tools)

    tools = asyncio.run(listed())
    assert [tool.name for tool in tools] == ["preflight", "demand", "account", "limits", "fix", "explain"]
    assert all(tool.annotations.read_only_hint and tool.description for tool in tools)


def test_a_client_asks_for_a_verdict(ask: Ask) -> None:
    wrong, text = ask("preflight", template="t.yaml", snapshot="a.json")
    document = json.loads(text)

    assert not wrong
    assert (document["schema"], document["verdict"], document["exit_code"]) == ("tapctl.preflight/1", "exceeds", 3)


def test_the_remedy_is_a_diff_and_nothing_is_written(ask: Ask, workdir: Path) -> None:
    document = json.loads(ask("fix", template="t.yaml", snapshot="a.json")[1])

    assert "-      ReservedConcurrentExecutions: 20" in document["diff"]
    assert (workdir / "t.yaml").read_text() == TEMPLATE


def test_an_error_has_its_hint(ask: Ask) -> None:
    wrong, text = ask("demand", template="nope.yaml")

    assert wrong
    assert "error: " in text
    assert "Traceback" not in text


def test_a_value_is_never_an_option(ask: Ask) -> None:
    assert ask("explain", topic="--help")[0]


def test_over_stdio_stdout_has_the_protocol_alone(workdir: Path) -> None:
    from mcp import StdioServerParameters

    (workdir / "t.yaml").write_text(TEMPLATE)
    server = StdioServerParameters(command=sys.executable, args=["-m", "tapctl", "mcp"], cwd=str(workdir))

    async def call() -> str:
        async with client(server) as session:
            result = await session.call_tool("limits", {"template": "t.yaml"})
            return str(result.content[0].text)

    assert json.loads(asyncio.run(call()))["schema"] == "tapctl.limits/1"


@pytest.mark.parametrize("key", ["findings", "diff"])
def test_an_answer_is_bounded(key: str) -> None:
    long = [{"message": "x" * 100}] * 5000 if key == "findings" else "x" * 500_000
    text = door.bounded({"verdict": "fits", key: long})
    document = json.loads(text)

    assert len(text) <= door.MAX_CHARACTERS
    assert (document["verdict"], document["truncated"]) == ("fits", {key: len(long)})
    assert document[key]


def test_a_document_that_cannot_be_shortened_is_refused() -> None:
    assert "too long" in door.bounded({"x": {str(number): "y" * 100 for number in range(1000)}})
