"""The package indexes that uv gets from pip's configuration: files, variables, and what takes precedence."""

import os
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tapctl.errors import UsageError
from tapctl.packaging.package_indexes import uses_no_index, uv_environment
from tests.packaging.test_dependencies import Project, project, wheel
from tests.support.golden import Golden

__all__ = ["project"]


def configured(tmp_path: Path, text: str) -> dict[str, str]:
    """Variables that name a configuration file of pip with this text."""
    file = tmp_path / "pip.conf"
    file.write_text(text)
    return {"PIP_CONFIG_FILE": str(file)}


@pytest.mark.parametrize(
    ("setting", "variable", "expected"),
    [
        ("index-url = https://a.example/simple", "UV_DEFAULT_INDEX", "https://a.example/simple"),
        (
            "extra-index-url =\n  https://b.example\n  https://c.example",
            "UV_INDEX",
            "https://b.example https://c.example",
        ),
        ("find-links = /srv/a https://d.example/b", "UV_FIND_LINKS", "/srv/a,https://d.example/b"),
        ("trusted-host = a.example\n  b.example:8080", "UV_INSECURE_HOST", "a.example b.example:8080"),
        ("cert = /etc/ca.pem", "SSL_CERT_FILE", "/etc/ca.pem"),
        ("client-cert = /etc/client.pem", "SSL_CLIENT_CERT", "/etc/client.pem"),
        ("proxy = http://proxy.example:3128", "ALL_PROXY", "http://proxy.example:3128"),
    ],
    ids=lambda value: value.split()[0] if "=" in value else "",
)
def test_a_setting_of_pip_becomes_a_variable_of_uv(tmp_path: Path, setting: str, variable: str, expected: str) -> None:
    name, value = (part.strip() for part in setting.split("=", 1))

    from_file = uv_environment(configured(tmp_path, f"[global]\n{name} = {value}\n"))
    from_variable = uv_environment({"PIP_CONFIG_FILE": os.devnull, f"PIP_{name.upper().replace('-', '_')}": value})

    assert (from_file[variable], from_variable[variable]) == (expected, expected)


def test_an_empty_configuration_sets_nothing_but_the_trust_in_the_systems_certificates() -> None:
    environment = {"PIP_CONFIG_FILE": os.devnull, "HOME": "/h"}

    assert uv_environment(environment) == {**environment, "UV_SYSTEM_CERTS": "true"}


def test_later_sources_override_earlier_ones(tmp_path: Path) -> None:
    text = "[global]\nindex-url = https://global\ntrusted-host = global\n[install]\nindex-url = https://install\n"
    environment = configured(tmp_path, text)

    assert uv_environment(environment)["UV_DEFAULT_INDEX"] == "https://install"
    assert uv_environment(environment)["UV_INSECURE_HOST"] == "global"
    assert uv_environment({**environment, "PIP_INDEX_URL": "https://pip"})["UV_DEFAULT_INDEX"] == "https://pip"
    assert uv_environment({**environment, "PIP_INDEX_URL": ""})["UV_DEFAULT_INDEX"] == "https://install"


@pytest.mark.parametrize(
    ("own", "absent"),
    [("UV_DEFAULT_INDEX", ""), ("UV_INDEX_URL", "UV_DEFAULT_INDEX"), ("UV_NATIVE_TLS", "UV_SYSTEM_CERTS")],
)
def test_a_variable_of_uv_takes_precedence(own: str, absent: str) -> None:
    environment = uv_environment({"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "https://pip", own: "mine"})

    assert environment[own] == "mine"
    assert absent not in environment


def test_extra_indexes_count_like_the_first_as_for_pip(tmp_path: Path) -> None:
    nothing = {"PIP_CONFIG_FILE": os.devnull}

    assert "UV_INDEX_STRATEGY" not in uv_environment(nothing)
    assert uv_environment({**nothing, "PIP_EXTRA_INDEX_URL": "https://b"})["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert uv_environment(nothing, "--extra-index-url https://b")["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    mine = {**nothing, "PIP_EXTRA_INDEX_URL": "https://b", "UV_INDEX_STRATEGY": "first-index"}
    assert uv_environment(mine)["UV_INDEX_STRATEGY"] == "first-index"


@pytest.mark.skipif(sys.platform != "linux", reason="the folders are Linux's")
def test_the_users_file_overrides_the_global_one_and_gives_way_to_a_named_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for folder, index in (("etc/pip", "https://global"), (".config/pip", "https://user")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "pip.conf").write_text(f"[global]\nindex-url = {index}\n")
    environment = {"XDG_CONFIG_DIRS": str(tmp_path / "etc")}

    assert uv_environment(environment)["UV_DEFAULT_INDEX"] == "https://user"
    assert uv_environment({**environment, **configured(tmp_path, "")})["UV_DEFAULT_INDEX"] == "https://global"
    assert "UV_DEFAULT_INDEX" not in uv_environment({**environment, "PIP_CONFIG_FILE": os.devnull})


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("true", True), ("0", False), ("no", False), ("", False)])
def test_pip_can_turn_indexes_off(value: str, expected: bool) -> None:
    assert uses_no_index({"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": value}) is expected


def test_a_relative_folder_of_wheels_is_one_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environment = uv_environment({"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "wheels"})

    assert environment["UV_FIND_LINKS"] == str(tmp_path / "wheels")


@pytest.mark.parametrize(
    "text",
    ["index-url = https://a", "[global]\n[global]\n", "[global]\nindex-url\n"],
    ids=["no section", "section twice", "no value"],
)
def test_a_file_that_is_not_a_configuration_is_refused(tmp_path: Path, text: str, golden: Golden) -> None:
    with pytest.raises(UsageError) as raised:
        uv_environment(configured(tmp_path, text))

    assert str(tmp_path / "pip.conf") in raised.value.message
    golden(raised.value.hint)


class Quiet(SimpleHTTPRequestHandler):
    """A folder over HTTP, without log lines."""

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """The address of a package index with a wheel of `first`."""
    folder = tmp_path / "simple" / "first"
    folder.mkdir(parents=True)
    wheel(folder, "first")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


@pytest.mark.parametrize("key", ["index-url", "extra-index-url"])
def test_dependencies_come_from_the_index_of_pips_configuration(
    project: Project, index: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"index-url": "http://127.0.0.1:9/simple", key: index}
    text = "".join(f"{name} = {value}\n" for name, value in settings.items())
    monkeypatch.setenv("PIP_CONFIG_FILE", configured(tmp_path, f"[global]\n{text}")["PIP_CONFIG_FILE"])
    if key == "extra-index-url":
        monkeypatch.setenv("UV_INDEX_STRATEGY", "first-index")  # the other index does not answer
    (project.folder / "code" / "requirements.txt").write_text("first\n")

    assert "first.py" in project.packed()


def test_dependencies_come_from_pips_folder_of_wheels(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.wheel("first")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(project.folder / "wheels"))
    (project.folder / "code" / "requirements.txt").write_text("first\n")

    assert "first.py" in project.packed()
