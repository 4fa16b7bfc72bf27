import shutil
import subprocess
import sys
import tomllib

import nbformat
import pytest

from tools import links, render_readme
from tools.notebooks import ROOT, launch_cells, targets

ADDRESS = "example-owner/cnn-course.2"


@pytest.fixture
def copy(tmp_path):
    """A copy of what the links are generated from and into, with the example address set."""
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("notebooks", "tools", "course_utils", "datasets"):
        ignored = shutil.ignore_patterns("*.webp", "*.npz", "__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    set_links(tmp_path, ADDRESS)
    return tmp_path


def set_links(folder, address):
    command = [sys.executable, "-m", "tools.links", address]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def stored(folder):
    return {
        path.relative_to(folder): nbformat.read(path, as_version=4)
        for path in sorted((folder / "notebooks").rglob("*.ipynb"))
    }


def test_the_readme_is_what_the_sources_render():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text == render_readme.rendered(text, render_readme.parts())


def test_every_notebook_carries_the_launch_cells_of_the_present_address():
    for target in targets():
        cells = nbformat.read(target.path, as_version=4).cells
        found = [c.source for c in cells if {"launch", "colab"} & set(c.metadata.get("tags", []))]
        assert found == [cell.source for cell in launch_cells(target.path)]


def test_setting_the_address_writes_it_in_one_place_and_links_everywhere(copy):
    project = tomllib.loads((copy / "pyproject.toml").read_text())["project"]
    assert project["urls"] == {"Repository": f"https://github.com/{ADDRESS}"}
    assert links.repository(copy) == ADDRESS
    for path, notebook in stored(copy).items():
        badge, install = notebook.cells[1:3]
        assert f"{ADDRESS}/blob/main/{path.as_posix()})" in badge.source
        assert f"{ADDRESS}/main?urlpath=lab/tree/{path.as_posix()})" in badge.source
        assert f"--no-deps git+https://github.com/{ADDRESS}" in install.source
        nbformat.validate(notebook)
    readme = (copy / "README.md").read_text()
    assert f"git clone --depth 1 https://github.com/{ADDRESS}" in readme
    assert f"https://github.com/{ADDRESS}/actions/workflows/ci.yml/badge.svg" in readme
    assert "make links" not in readme


def test_removing_the_address_restores_every_file(copy):
    set_links(copy, links.repository() or "none")
    for name in ("pyproject.toml", "README.md"):
        assert (copy / name).read_text() == (ROOT / name).read_text()
    assert stored(copy) == stored(ROOT)


def test_a_copy_with_links_differs_from_one_without(copy):
    assert stored(copy) != stored(ROOT)


def test_the_colab_cell_does_nothing_elsewhere():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_line_magic = lambda *_, **__: pytest.fail("it installed something")
    assert shell.run_cell(links.colab_code(ADDRESS)).success


def test_the_colab_cell_installs_on_colab(monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setitem(sys.modules, "google.colab", object())
    shell, ran = InteractiveShell(), []
    shell.run_line_magic = lambda name, line, **_: ran.append((name, line))
    assert shell.run_cell(links.colab_code(ADDRESS)).success
    assert ran == [("pip", f"install --quiet --no-deps git+https://github.com/{ADDRESS}")]


@pytest.mark.parametrize("name", ["", "owner", "a/b/c", "https://github.com/a/b", "a b/c"])
def test_what_is_no_repository_is_refused_and_nothing_changes(name, tmp_path):
    command = [sys.executable, str(ROOT / "tools" / "links.py"), *name.split()]
    before = (ROOT / "pyproject.toml").read_text()
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert "owner/name" in done.stderr
    assert (ROOT / "pyproject.toml").read_text() == before
