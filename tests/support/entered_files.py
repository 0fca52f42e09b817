"""Runs one offline preflight of the reference stack and prints which files of tapctl it entered.

It is run as `python tests/support/entered_files.py SNAPSHOT` from the root. What runs while a module is imported does
not count: a reader of the preflight does not follow it.
"""

import contextlib
import io
import json
import sys
import threading
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

ARGUMENTS = (
    "--no-lint",
    "--region=us-east-1",
    "--parameter=EnvironmentSuffix=x",
    "--parameter=ReservedConcurrency=100",
)
SECRETS = '--parameter=WebhookSecrets={"standard": ["whsec_abc"]}'


def main(snapshot: str) -> None:
    """Print `{"code": 3, "files": […]}`."""
    package, entered = str(ROOT / "tapctl"), set[str]()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(package) and not _importing(frame, package):
            entered.add(frame.f_code.co_filename)

    from tapctl.__main__ import main as command

    sys.argv = ["tapctl", "preflight", "stack/TapStack.json", "--snapshot", snapshot, SECRETS, *ARGUMENTS]
    code: object = None
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        threading.setprofile(note)
        sys.setprofile(note)
        try:
            command()
        except SystemExit as ended:
            code = ended.code
        sys.setprofile(None)
    sys.stdout.write(json.dumps({"code": code, "files": sorted(str(Path(file).relative_to(ROOT)) for file in entered)}))


def _importing(frame: FrameType | None, package: str) -> bool:
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_code.co_filename.startswith(package):
            return True
        frame = frame.f_back
    return False


if __name__ == "__main__":
    main(sys.argv[1])
