"""A repository in the working folder."""

import os
import subprocess
from pathlib import Path


def git(*arguments: str) -> str:
    """What a git command prints."""
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-c", "user.name=n", "-c", "user.email=n@example.com", *arguments]
    variables = {**os.environ, **own}
    return subprocess.run(command, env=variables, check=True, capture_output=True, timeout=60, text=True).stdout


def commit(**files: str) -> None:
    """Commit these files, whose names have a dot for each double underscore."""
    for name, text in files.items():
        Path(name.replace("__", ".")).write_text(text)
    git("add", "-A")
    git("commit", "-qm", "c")
