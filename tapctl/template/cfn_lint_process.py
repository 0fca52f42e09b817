"""The program of the cfn-lint process: it imports cfn-lint, then reads its arguments and lints.

The import takes a while and needs no template, so it begins before there is one. The arguments come as one line of JSON
on standard input, with the template behind it where it has no file.
"""

import gc
import json
import sys


def main() -> None:
    """Run cfn-lint, which exits the process."""
    gc.disable()  # an import creates no garbage worth a search
    from cfnlint.runner import main as lint

    gc.freeze()
    gc.enable()
    sys.argv[1:] = json.loads(sys.stdin.readline())
    lint()


if __name__ == "__main__":
    main()
