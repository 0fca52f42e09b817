"""The machine that a Python function runs on in Lambda, in the words of wheels and of markers."""

import re
from dataclasses import dataclass

_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
"""Lambda's name of an architecture, and Linux's."""

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
    def tags(self) -> tuple[str, ...]:
        """The platform tags of wheels that run there, the most special first; see PEP 600."""
        glibc = 26 if int(self.python.partition(".")[2]) <= _AMAZON_LINUX_2 else 34
        exact = [f"manylinux_2_{minor}_{self.machine}" for minor in range(glibc, 4, -1)]
        return (*exact, *(f"{name}_{self.machine}" for name in ("manylinux2014", "manylinux2010", "manylinux1")))

    @property
    def markers(self) -> dict[str, str]:
        """What markers of requirements are judged by; see PEP 508. Lambda's patch version is anybody's guess."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }


def platform(runtime: object, architecture: object) -> Platform | None:
    """The platform of a runtime such as `python3.12`; None for one that takes no Python wheels."""
    found = re.fullmatch(r"python(3\.\d+)", str(runtime))
    return Platform(found[1], str(architecture)) if found and architecture in _MACHINES else None
