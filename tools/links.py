"""Set the public address of the repository and everything that is generated from it.

``python tools/links.py owner/name`` writes ``[project.urls]`` in pyproject.toml and regenerates the
badges and launch links of the README and of every notebook. ``none`` removes them again.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = re.compile(r"^\[project\.urls\]\n(?:[A-Za-z]+ = .*\n)*", re.M)


def repository(root: Path = ROOT) -> str:
    """Return the repository as ``owner/name``, or ``""`` while it is not set."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project.get("urls", {}).get("Repository", "").removeprefix("https://github.com/")


def set_repository(name: str, root: Path = ROOT) -> None:
    """Write ``[project.urls]`` for ``owner/name`` (or remove it, for ``""``).

    Raises
    ------
    ValueError
        If the name is not of the form owner/name.
    """
    if name and not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]*)/[A-Za-z0-9._-]+", name):
        raise ValueError(f"{name!r} is not a repository; write REPO=owner/name")
    path = root / "pyproject.toml"
    address = f'Repository = "https://github.com/{name}"\n' if name else ""
    text = path.read_text(encoding="utf-8")
    path.write_text(TABLE.sub(f"[project.urls]\n{address}", text, count=1), encoding="utf-8")


def badges(repository: str, notebook: str) -> str:
    """Return Markdown that opens ``notebook`` (a path in the repository) on Colab and Binder."""
    colab = f"https://colab.research.google.com/github/{repository}/blob/main/{notebook}"
    binder = f"https://mybinder.org/v2/gh/{repository}/main?urlpath=lab/tree/{notebook}"
    return (
        f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab})\n"
        f"[![Launch on Binder](https://mybinder.org/badge_logo.svg)]({binder})"
    )


def checks_badge(repository: str) -> str:
    """Return Markdown that shows whether the newest commit passed its checks."""
    workflow = f"https://github.com/{repository}/actions/workflows/ci.yml"
    return f"[![checks]({workflow}/badge.svg)]({workflow})"


def colab_code(repository: str) -> str:
    """Return the code that installs the package on Colab and does nothing elsewhere."""
    return (
        "# On Colab this installs the course's package and moves nothing that is preinstalled.\n"
        "import sys\n\n"
        'if "google.colab" in sys.modules:\n'
        f"    %pip install --quiet --no-deps git+https://github.com/{repository}"
    )


def main(arguments: list[str]) -> None:
    """Set the repository and regenerate what follows from it."""
    if len(arguments) != 1:
        sys.exit("usage: make links REPO=owner/name   (REPO=none removes the links)")
    try:
        set_repository("" if arguments[0] == "none" else arguments[0])
    except ValueError as problem:
        sys.exit(str(problem))
    from tools import build_notebooks, render_readme

    build_notebooks.refresh_launch_cells()
    render_readme.main()
    print(f"Links now lead to {repository() or 'nowhere'}: pyproject.toml, README.md, notebooks/.")


if __name__ == "__main__":
    main(sys.argv[1:])
