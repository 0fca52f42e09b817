"""The program of the cfn-lint process: it imports cfn-lint, then reads its arguments and lints.

The import takes a while and needs no template, so it begins before there is one. A line of JSON on standard input has
the arguments and whether the configuration of the working folder may load code; the template follows it where it has no
file.
"""

import atexit
import gc
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

CONFIGURATION = (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml")
"""The files of cfn-lint's configuration, of which it takes the first."""

POWERS = ("append_rules", "custom_rules", "override_spec", "registry_schemas", "output_file")
"""What of a configuration runs code, replaces what templates are held against, or writes a file."""


def main() -> None:
    """Run cfn-lint, which exits the process."""
    gc.disable()  # an import creates no garbage worth a search
    from cfnlint.runner import main as lint

    # As in the command: rules and schemas live as long as the process, and the last search is a fifth of it.
    gc.freeze()
    gc.set_threshold(100_000)
    gc.enable()
    atexit.register(gc.freeze)
    request = json.loads(sys.stdin.readline())
    with TemporaryDirectory(prefix="tapctl-") as folder:
        files: tuple[str, ...] = CONFIGURATION
        own: list[str] = []
        if request["configuration"] is not None:
            # Also where it is empty: cfn-lint then reads no file of the working folder.
            file = Path(folder, CONFIGURATION[0])
            file.write_text(request["configuration"] or "{}", encoding="utf-8")
            files, own = (str(file),), ["--config-file", str(file)]
        refused = None if request["trusted"] else next(powers(files), None)
        if refused:
            sys.exit(json.dumps({"refused": refused}))
        sys.argv[1:] = [*own, *request["arguments"]]
        lint()


def powers(files: Sequence[str] = CONFIGURATION) -> Iterator[tuple[str, str]]:
    """The file and the key of each such entry in the working folder; the configuration at home is the user's own."""
    from cfnlint.decode.cfn_yaml import load

    for name in files:
        # As cfn-lint reads it, so that it finds no more than this does.
        entries = load(name) if Path(name).is_file() else None
        yield from ((Path(name).name, key) for key in POWERS if key in (entries or {}))


if __name__ == "__main__":
    main()
