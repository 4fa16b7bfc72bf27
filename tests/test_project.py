"""The project's own files agree with each other."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_environment_yml_holds_the_dependencies_of_pyproject():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    listed = re.findall(r'^      - "(.+)"$', text, re.M)
    build = PROJECT["build-system"]["requires"]
    assert listed == PROJECT["project"]["dependencies"] + build


def test_environment_yml_names_a_supported_python():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert re.search(r"- python=3\.1[123]$", text, re.M)
    assert PROJECT["project"]["requires-python"] == ">=3.11,<3.14"


def test_the_lock_pins_every_dependency_and_names_no_host():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.M))
    wanted = PROJECT["project"]["dependencies"]
    wanted = wanted + PROJECT["project"]["optional-dependencies"]["dev"]
    names = {re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower() for requirement in wanted}
    assert names <= pinned
    assert not re.search(r"://|--(extra-)?index|--find-links| @ ", lock)


def test_the_citation_gives_the_version_of_the_package():
    import course_utils

    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {course_utils.__version__}\n" in citation
    assert PROJECT["project"]["version"] == course_utils.__version__


def test_every_relative_link_in_the_markdown_files_leads_somewhere():
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "datasets/README.md"]:
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_every_make_target_that_the_readme_names_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    named = set()
    for name in ("README.md", "CONTRIBUTING.md"):
        named |= set(re.findall(r"`make ([a-z-]+)", (ROOT / name).read_text(encoding="utf-8")))
    assert {"lab", "run", "test"} <= named <= targets
