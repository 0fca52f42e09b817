"""The program of the cfn-lint process: it imports cfn-lint, then reads its arguments and lints.

The import takes a while and needs no template, so it begins before there is one. A line of JSON on standard input has
the arguments and whether the configuration of the working folder may load code; the template follows it where it has no
file.
"""

import gc
import json
import sys
from collections.abc import Iterator
from pathlib import Path

CONFIGURATION = (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml")

_POWERS = ("append_rules", "custom_rules", "override_spec", "registry_schemas", "output_file")
"""What of a configuration runs code, replaces what templates are held against, or writes a file."""


def main() -> None:
    """Run cfn-lint, which exits the process."""
    gc.disable()  # an import creates no garbage worth a search
    from cfnlint.runner import main as lint

    gc.freeze()
    gc.enable()
    request = json.loads(sys.stdin.readline())
    refused = None if request["trusted"] else next(powers(), None)
    if refused:
        sys.exit(json.dumps({"refused": refused}))
    sys.argv[1:] = request["arguments"]
    lint()


def powers() -> Iterator[tuple[str, str]]:
    """The file and the key of each such entry in the working folder; the configuration at home is the user's own."""
    from cfnlint.decode.cfn_yaml import load

    for name in CONFIGURATION:
        # As cfn-lint reads it, so that it finds no more than this does.
        entries = load(name) if Path(name).is_file() else None
        yield from ((name, key) for key in _POWERS if key in (entries or {}))


if __name__ == "__main__":
    main()
