"""The Python version, architecture and C library of a Lambda runtime, which decide the wheels that it can load."""

import re
from dataclasses import dataclass

_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
"""Lambda's names of architectures and those of wheels."""

_AMAZON_LINUX_2 = 11
"""The last minor version of Python on Amazon Linux 2, with glibc 2.26; later ones are on 2023, with 2.34.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
"""


@dataclass(frozen=True, slots=True)
class Platform:
    """A Python version, such as `3.12`, on one of Lambda's architectures."""

    python: str
    architecture: str

    def __str__(self) -> str:
        return f"python{self.python} on {self.architecture}"

    @property
    def machine(self) -> str:
        return _MACHINES[self.architecture]

    @property
    def is_amazon_linux_2(self) -> bool:
        return int(self.python.partition(".")[2]) <= _AMAZON_LINUX_2

    @property
    def uv_platform(self) -> str:
        """The value of uv's `--python-platform`, which has no glibc 2.26, so the next older one that it has."""
        return f"{self.machine}-manylinux_2_{17 if self.is_amazon_linux_2 else 34}"

    @property
    def tags(self) -> tuple[str, ...]:
        """The platform tags of compatible wheels, the most specific first; see PEP 600."""
        glibc = 26 if self.is_amazon_linux_2 else 34
        exact = [f"manylinux_2_{minor}_{self.machine}" for minor in range(glibc, 4, -1)]
        return (*exact, *(f"{name}_{self.machine}" for name in ("manylinux2014", "manylinux2010", "manylinux1")))


def platform(runtime: object, architecture: object) -> Platform | None:
    """The platform of a runtime such as `python3.12`; None for one that is not Python."""
    match = re.fullmatch(r"python(3\.\d+)", str(runtime))
    return Platform(match[1], str(architecture)) if match and architecture in _MACHINES else None
