"""Packaging: the pins agree with what pyproject.toml asks for, and reading stays light."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT, TOOLS = SETTINGS["project"], SETTINGS["tool"]


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    pinned = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(package): version for package, version in pinned}


def wanted(extra: str | None = None) -> list[Requirement]:
    texts = PROJECT["dependencies"] if extra is None else PROJECT["optional-dependencies"][extra]
    return [Requirement(text) for text in texts if not text.startswith("nightsort[")]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_holds_pins_and_nothing_else(name: str) -> None:
    for line in (ROOT / name).read_text("utf-8").splitlines():
        assert re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)


@pytest.mark.parametrize(
    ("name", "extras"), [("requirements.lock", [None]), ("requirements-dev.lock", [None, "train", "dev"])]
)
def test_what_is_wanted_is_pinned_within_its_range(name: str, extras: list[str | None]) -> None:
    pinned = pins(name)
    for requirement in (one for extra in extras for one in wanted(extra)):
        version = pinned.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement} is not in {name}: run make lock"
        assert requirement.specifier.contains(version), f"{requirement} against {version}: run make lock"


def test_reading_and_development_have_the_same_versions() -> None:
    run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert run.items() <= dev.items()
    assert "tensorflow" in dev
    assert not {"tensorflow", "keras", "pytest"} & run.keys()


def test_every_licence_is_listed() -> None:
    page = (ROOT / "docs" / "licences.md").read_text("utf-8")
    for extra in (None, *PROJECT["optional-dependencies"]):
        for requirement in wanted(extra):
            assert re.search(rf"\b{re.escape(requirement.name)}\b", page), requirement.name
    for folder in (ROOT / "models" / "weights").iterdir():
        assert f"`{folder.name}`" in page


def test_the_wheel_holds_whatever_lies_beside_the_code() -> None:
    patterns = TOOLS["setuptools"]["package-data"]
    for package, globs in patterns.items():
        packed = {path for each in globs for path in (ROOT / package).glob(each)}
        for path in (ROOT / package).rglob("*"):
            code = path.suffix in {".py", ".pyc"} or path.is_dir()
            assert code or path in packed, f"{path.relative_to(ROOT)} is in no wheel: see pyproject.toml"


def test_pages_and_models_need_neither_prefect_nor_tensorflow() -> None:
    code = (
        "import sys, pipeline, pipeline.files.scans, pipeline.results, models\n"
        "print(*sorted({'prefect', 'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == ""
