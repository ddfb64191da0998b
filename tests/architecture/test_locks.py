"""The lock files pin everything, with hashes, and leave it to the machine where to download from."""

import json
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.sources import ROOT

NODE_LOCKS = sorted(str(lock.relative_to(ROOT)) for lock in ROOT.glob("tests/**/package-lock.json"))
LOCKS = ("requirements.lock", "requirements-test.lock")
ADDRESS = re.compile(r"://|^\s*-(?!-hash)|\bfile:|\bgit\+|(?:^|\s)@\s|^\S*/", re.MULTILINE)
PIN = re.compile(
    r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)(?: ; [^\\]+)? ?\\?((?:\n {4}--hash=sha256:[0-9a-f]{64}(?: \\)?)*)"
)


def pins(lock: str) -> dict[str, str]:
    """Package -> version; a line that is neither a pin with its hashes nor a comment is an error."""
    found: dict[str, str] = {}
    for block in re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8").strip()):
        if block.startswith("#"):
            continue
        match = PIN.fullmatch(block)
        assert match is not None, f"{lock}: not a pin: {block[:80]}"
        assert match[3], f"{lock}: {match[1]} has no hash"
        found[match[1]] = match[2]
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_download_address(lock: str) -> None:
    assert ADDRESS.findall((ROOT / lock).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://example.org/simple",
        "-f wheels",
        "--find-links wheels",
        "--extra-index-url x",
        "a @ file:///wheels/a.whl",
        "a @ git+ssh",
        "./wheels/a.whl",
    ],
)
def test_a_planted_address_is_found(line: str) -> None:
    assert ADDRESS.search(f"a==1 \\\n    --hash=sha256:00\n{line}\n")


@pytest.mark.parametrize("lock", LOCKS)
def test_what_the_project_asks_for_is_pinned_in_a_version_it_accepts(lock: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    if lock == "requirements-test.lock":
        asked += project["project"]["optional-dependencies"]["test"]
    locked = pins(lock)
    for requirement in map(Requirement, asked):
        assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)]), str(requirement)


def test_tests_run_on_the_very_versions_that_run_in_production() -> None:
    tested = pins("requirements-test.lock")
    assert {name: tested.get(name) for name in pins("requirements.lock")} == pins("requirements.lock")


@pytest.mark.parametrize("lock", NODE_LOCKS)
def test_a_node_lock_pins_what_is_asked_for_with_hashes_and_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    asked = json.loads((ROOT / lock).with_name("package.json").read_text(encoding="utf-8"))["dependencies"]
    assert packages.pop("")["dependencies"] == asked
    assert {name: packages[f"node_modules/{name}"]["version"] for name in asked} == asked
    assert [name for name, package in packages.items() if not package["integrity"].startswith("sha512-")] == []
    assert node_addresses(text) == []


@pytest.mark.parametrize("line", ['"resolved": "https://example.org/a.tgz"', '"a": "file:../a"', '"a": "git+ssh"'])
def test_a_planted_address_in_a_node_lock_is_found(line: str) -> None:
    assert node_addresses(f"{{{line}}}")


def node_addresses(text: str) -> list[str]:
    return re.findall(r"://|\bfile:|\bgit\+", text)


def test_there_are_node_locks() -> None:
    assert len(NODE_LOCKS) >= 2
