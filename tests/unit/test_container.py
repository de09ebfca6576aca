"""The container's recipe names only what exists; it is not built here."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from skywitness import cli
from skywitness.run.config import load_config

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Containerfile").read_text()
STEPS = [
    (step.partition(" ")[0], step.partition(" ")[2].strip())
    for step in re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", TEXT, flags=re.M)).splitlines()
    if step.strip()
]


def of(name: str) -> list[str]:
    return [rest for step, rest in STEPS if step == name]


def test_what_is_copied_exists_and_is_not_ignored():
    lines = (ROOT / ".containerignore").read_text().split()
    assert lines[0] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    for copied in of("COPY"):
        if copied.startswith("--from="):
            continue
        for name in copied.split()[:-1]:
            assert (ROOT / name).exists()
            assert name in let_in
    assert (ROOT / ".dockerignore").resolve() == ROOT / ".containerignore"


def test_the_package_is_built_from_what_is_let_in():
    project = (ROOT / "pyproject.toml").read_text()
    for name in ("README.md", "LICENSE", "NOTICE"):
        assert f'"{name}"' in project
        assert f"!{name}" in (ROOT / ".containerignore").read_text()


def test_its_commands_are_commands():
    assert json.loads(of("ENTRYPOINT")[0]) == ["skywitness"]
    assert json.loads(of("CMD")[0]) == ["serve"]
    assert "serve" in cli.COMMANDS
    check = of("HEALTHCHECK")[0]
    program, option, code = json.loads(check[check.index("[") :])
    assert (program, option) == ("python", "-c")
    compile(code, "healthcheck", "exec")
    default = {one.path: one.value for one in load_config(None, {}, {})[1]}
    assert f"localhost:{default['http.port']}/healthz" in code
    assert str(default["http.port"]) in of("EXPOSE")[0]


def test_it_is_not_root_and_its_volumes_are_its_own():
    assert of("USER") == ["10001"]
    users = [rest for step, rest in STEPS if step == "RUN" and "useradd" in rest]
    assert "--uid 10001" in users[0]
    assert len(of("FROM")) == 2, "what builds is not what runs"
    for volume in json.loads(of("VOLUME")[0]):
        assert volume in users[0].split("install --directory")[1]


def test_its_variables_are_settings():
    names = {word.partition("=")[0]: word.partition("=")[2] for word in shlex.split(of("ENV")[0])}
    ours = {name: value for name, value in names.items() if name.startswith("SKYWITNESS_")}
    assert ours.pop("SKYWITNESS_KERNEL_CACHE") == "/cache"
    config, _ = load_config(None, {}, ours)
    assert config.data == "/data"
    assert not config.http.public, "to let others in is the operator's choice"


@pytest.mark.parametrize("word", ["apt-get", "gcc", "build-essential", "curl", "sudo"])
def test_it_brings_no_tools(word: str):
    assert word not in TEXT
