"""The steps of action.yml as a runner runs them, with files in place of GitHub."""

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: dict[str, Any] = {step["name"]: step for step in ACTION["runs"]["steps"]}
EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")


@dataclass
class Runner:
    """A folder for the files that a runner gives a step, and the values of the contexts, such as `inputs.env`."""

    folder: Path
    workspace: Path
    values: dict[str, str] = field(default_factory=dict)

    def run(self, name: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script of a step as it stands; its outputs become values of the context `steps`."""
        step = STEPS[name]
        files = {name: self.folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.touch()
        variables = {name: self._evaluated(str(value)) for name, value in step.get("env", {}).items()}
        given = {name: str(file) for name, file in files.items()}
        given |= {"RUNNER_TEMP": str(self.folder), "GITHUB_ACTION_PATH": str(ROOT)}
        script = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        finished = subprocess.run(
            script,
            cwd=self.workspace,
            env={**os.environ, **given, **variables, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        lines = (line.partition("=") for line in files["GITHUB_OUTPUT"].read_text().splitlines())
        self.values |= {f"steps.{step.get('id')}.outputs.{key}": value for key, _, value in lines}
        return finished

    def _evaluated(self, text: str) -> str:
        defaults = {f"inputs.{name}": str(given.get("default", "")) for name, given in ACTION["inputs"].items()}
        return EXPRESSION.sub(lambda found: {**defaults, **self.values}.get(found[1], ""), text)


@dataclass
class Comments:
    """The comments of a pull request, as GitHub's API keeps them, and the writes in their order."""

    url: str = ""
    bodies: dict[int, str] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    refuses: bool = False


@contextmanager
def github(comments: Comments) -> Iterator[Mapping[str, str]]:
    """GitHub's API for comments on this machine; yields the variables that lead a step to it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = int(self.path.rpartition("page=")[2])
            listed = [{"id": number, "body": body} for number, body in comments.bodies.items()]
            self._answer(200, listed[(page - 1) * 100 : page * 100])

        def do_POST(self) -> None:
            self._write(len(comments.bodies) + 1)

        def do_PATCH(self) -> None:
            self._write(int(self.path.rpartition("/")[2]))

        def _write(self, number: int) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
            if comments.refuses:
                self._answer(403, {})
                return
            comments.bodies[number] = body
            comments.writes.append(f"{self.command} {self.path}")
            self._answer(201, {"id": number})

        def _answer(self, status: int, content: Any) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as http.server names it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        yield {"GITHUB_API_URL": address, "GITHUB_REPOSITORY": "shop/infra", "GITHUB_TOKEN": "t"}
    finally:
        server.shutdown()
        server.server_close()
