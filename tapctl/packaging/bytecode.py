"""Bytecode beside the sources of a Python function, since each cold start would compile them in a read-only folder.

This interpreter compiles it, so only for a runtime of the same Python version. Python does not check it against its
source (an unchecked hash-based .pyc of PEP 552). The content hash of a zip covers the sources and the tag only.
"""

import importlib.util
import marshal
import sys
import warnings
from pathlib import PurePosixPath

from tapctl.packaging.lambda_platform import Platform

_UNCHECKED = 0b01
_ROOT = "/var/task"


def tag_for(runtime: Platform | None) -> str | None:
    """The tag of a runtime's bytecode, such as `cpython-311`; None where this interpreter cannot produce it."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    return sys.implementation.cache_tag if runtime is not None and runtime.python == here else None


def bytecode_name(name: str, tag: str) -> str:
    """The path at which Python looks for the bytecode of a source."""
    source = PurePosixPath(name)
    return str(source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc")


def compiled(name: str, source: bytes) -> bytes | None:
    """The bytecode; None for a source that this Python version cannot compile."""
    try:
        with warnings.catch_warnings(action="ignore"):
            code = compile(source, f"{_ROOT}/{name}", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return None
    head = importlib.util.MAGIC_NUMBER + _UNCHECKED.to_bytes(4, "little") + importlib.util.source_hash(source)
    return head + marshal.dumps(code)
