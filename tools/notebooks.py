"""What a notebook derived from a text source must contain (no execution here)."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import jupytext
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from tools import links

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "notebooks" / "source"
SOLUTION = re.compile(
    r"^(?P<indent>[ \t]*)# BEGIN SOLUTION\n.*?^(?P=indent)# END SOLUTION$", re.M | re.S
)
MARKER = re.compile(r"^[ \t]*# (BEGIN|END) SOLUTION\n?", re.M)
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


@dataclass(frozen=True)
class Target:
    """One notebook that the build derives: from ``source`` to ``path``.

    ``kind`` is ``"lesson"``, ``"exercises"`` (blanks, not executed) or ``"solutions"``.
    """

    source: Path
    path: Path
    kind: str

    @property
    def number(self) -> str:
        """The lesson's number, such as ``"01"``."""
        return self.source.name[:2]

    def notebook(self) -> NotebookNode:
        """Return the notebook as its source says, without outputs."""
        notebook = jupytext.read(self.source, fmt="py:percent")
        if self.kind == "exercises":
            _map_code(notebook, blank)
        if self.kind == "solutions":
            _map_code(notebook, lambda code: MARKER.sub("", code).rstrip("\n"))
        notebook.cells[1:1] = launch_cells(self.path)
        for position, cell in enumerate(notebook.cells):
            cell["id"] = f"{self.kind}-{self.number}-{position:03d}"
            cell.metadata.pop("lines_to_next_cell", None)  # the text's spacing
        notebook.metadata = {
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
            "course": dict(notebook.metadata.get("course", {}), kind=self.kind),
        }
        return notebook


def targets(wanted: list[str] | None = None) -> list[Target]:
    """Return every notebook to derive, or those of the lessons ``wanted``.

    Raises
    ------
    FileNotFoundError
        If a wanted lesson has no source.
    """
    found = [
        Target(source, ROOT / "notebooks" / f"{source.stem}.ipynb", "lesson")
        for source in sorted(SOURCES.glob("[0-9][0-9]_*.py"))
    ]
    for source in sorted((SOURCES / "exercises").glob("[0-9][0-9]_*.py")):
        for kind in ("exercises", "solutions"):
            found.append(Target(source, ROOT / "notebooks" / kind / f"{source.stem}.ipynb", kind))
    if not wanted:
        return found
    numbers = {number.zfill(2) for number in wanted}
    if unknown := numbers - {target.number for target in found}:
        raise FileNotFoundError(f"no source for lesson {', '.join(sorted(unknown))} in {SOURCES}")
    return [target for target in found if target.number in numbers]


def blank(code: str) -> str:
    """Return ``code`` with every marked solution replaced by a place to write.

    Raises
    ------
    ValueError
        If a marker has no partner.

    Examples
    --------
    >>> print(blank("def f():\\n    # BEGIN SOLUTION\\n    return 1\\n    # END SOLUTION"))
    def f():
        ...  # your code here
    """
    blanked = SOLUTION.sub(r"\g<indent>...  # your code here", code)
    if MARKER.search(blanked):
        raise ValueError(f"a solution marker without its partner in:\n{code}")
    return blanked


def launch_cells(path: Path) -> list[NotebookNode]:
    """Return the cells with launch links and Colab's installation (none until links are set)."""
    repository = links.repository()
    if not repository:
        return []
    relative = path.relative_to(ROOT).as_posix()
    badges = new_markdown_cell(links.badges(repository, relative), metadata={"tags": ["launch"]})
    install = new_code_cell(links.colab_code(repository), metadata={"tags": ["colab"]})
    install.execution_count = 1
    return [badges, install]


def number_cells(notebook: NotebookNode) -> None:
    """Number the code cells that were executed 1, 2, 3 ... (in place)."""
    executed = [c for c in notebook.cells if c.cell_type == "code" and c.execution_count]
    for position, cell in enumerate(executed, start=1):
        cell.execution_count = position
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = position


def outline(notebook: NotebookNode) -> list[tuple]:
    """Return what a source decides: each cell's id, type, text and metadata."""
    return [(c.get("id"), c.cell_type, c.source, _sorted(c.metadata)) for c in notebook.cells]


def _sorted(metadata: dict) -> list:
    return sorted((key, json.dumps(value, sort_keys=True)) for key, value in dict(metadata).items())


def _map_code(notebook: NotebookNode, change) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = change(cell.source)
