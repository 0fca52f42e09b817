"""Bytecode beside the sources of a Python function: Lambda's folder is read-only, so a cold start would compile anew.

It is made by this interpreter, so only for a runtime of the same Python version, and never looked at again: it is
unchecked in the sense of PEP 552. It follows from the sources and does not count for the name of what is uploaded.
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
    """What marks the bytecode for a runtime, such as `cpython-311`; None where this interpreter cannot make it."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    return sys.implementation.cache_tag if runtime is not None and runtime.python == here else None


def place(name: str, tag: str) -> str:
    """Where Python looks for the bytecode of a source of this name."""
    source = PurePosixPath(name)
    return str(source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc")


def compiled(name: str, source: bytes) -> bytes | None:
    """The bytecode; None for what is no Python, or Python of another version."""
    try:
        with warnings.catch_warnings(action="ignore"):  # what it thinks of the source is its author's business
            code = compile(source, f"{_ROOT}/{name}", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return None
    head = importlib.util.MAGIC_NUMBER + _UNCHECKED.to_bytes(4, "little") + importlib.util.source_hash(source)
    return head + marshal.dumps(code)
