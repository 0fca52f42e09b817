"""Templates in which cfn-lint found nothing, remembered by a hash, so that a change of code is not linted again.

Only the hash is kept: what cfn-lint says may quote the template.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tapctl.errors import TapctlError
from tapctl.files import state_dir, write_atomically
from tapctl.template.source import Source

FILE = "linted.json"
MOST = 200
"""How many are remembered, the newest."""

_CONFIGURATION = (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml")
_REFERS = ("::MODULE", "AWS::Include")
"""What may make cfn-lint look into files of which nothing is known here."""


def key(sources: Sequence[Source], region: str | None) -> str | None:
    """What stands for the linting of these texts; None where files of which nothing is known here have a say in it."""
    if any((folder / name).exists() for folder in (Path(), Path.home()) for name in _CONFIGURATION):
        return None
    texts = [source.text for source in sources]
    if any(each in text for each in _REFERS for text in texts):
        return None
    from importlib.metadata import version

    return hashlib.sha256(json.dumps([version("cfn-lint"), region, *texts]).encode()).hexdigest()


def is_known(key: str) -> bool:
    return key in _load()


def remember(key: str) -> None:
    """Keep it; where nothing can be kept, the next run takes a little longer."""
    folder = state_dir()
    with suppress(OSError, TapctlError):
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / FILE, json.dumps([*_load(), key][-MOST:]) + "\n")


def _load() -> list[str]:
    """What is remembered; a file that cannot be read says nothing."""
    try:
        known = json.loads((state_dir() / FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return []
    return [each for each in known if isinstance(each, str)] if isinstance(known, list) else []
