"""Start a module of tapctl in another Python, which imports nothing from the folder and the variables of the caller.

What is judged or deployed may have a file named like a module of the standard library, or of tapctl's dependencies.
"""

import json
import sys
from pathlib import Path

_START = (
    "import json, runpy, sys;"
    "sys.path += [entry for entry in json.loads(sys.argv.pop(1)) if entry not in sys.path];"
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def isolated(module: str, *arguments: str) -> list[str]:
    """The command that runs the module.

    `-I` leaves out the user's site-packages too, where tapctl itself may be installed, so its places are passed on.
    """
    installed = [entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]
    places = json.dumps([*installed, str(Path(__file__).parents[2])])
    return [sys.executable, "-I", "-P", "-c", _START, places, module, *arguments]
