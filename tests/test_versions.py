"""The long round: the notebooks from the checkout, with Colab's and with the newest versions."""

import shutil
import subprocess
import sys
import tomllib

import pytest
from nbval_runs import build_wheel, code_cells, environment, nbval

from tools.notebooks import ROOT, targets

EXECUTED = [target.path for target in targets() if target.kind != "exercises"]
NEWEST = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
COLAB = [
    "tensorflow-cpu==2.20.0 ; sys_platform == 'linux' and platform_machine == 'x86_64'",
    "tensorflow==2.20.0 ; sys_platform != 'linux' or platform_machine != 'x86_64'",
    "keras==3.13.2",
    "numpy==2.1.3",
    "matplotlib==3.10.0",
    "pillow==11.3.0",
    "ipywidgets==7.7.1",
    "ipykernel==6.17.1",
    "ipython==7.34.0",
    "scipy==1.16.3",
    "psutil",
    "nbval",
    "pytest",
]


def check(folder, variables, python=sys.executable):
    """Run every lesson and solution in ``folder`` and demand that nothing differs."""
    status, cases, output = nbval(folder, EXECUTED, variables, python)
    assert status == 0, output
    assert len(cases) == code_cells(EXECUTED)


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_the_notebooks_repeat_their_outputs_from_the_checkout(tmp_path):
    check(tmp_path, environment(ROOT, tmp_path / "cache"))


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("packages", [COLAB, NEWEST], ids=["colab", "newest"])
def test_the_notebooks_repeat_their_outputs_with_other_versions(packages, tmp_path):
    installer = shutil.which("uv", path=ROOT / ".venv" / "bin") or "uv"
    subprocess.run([installer, "venv", "--python", sys.executable, tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([installer, "pip", "install", "-q", "--python", python, *packages], check=True)
    site = build_wheel(tmp_path)
    (tmp_path / "empty").mkdir()
    check(tmp_path / "empty", environment(site, tmp_path / "cache"), str(python))
