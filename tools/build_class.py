"""Make the example class of the grader: submissions of every kind, from good to hostile.

Run ``python tools/build_class.py`` when the exercises of lesson 01 have changed.
"""

import copy
import io
import json
import shutil
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from tools.class_answers import ANSWERS, DEFAULT
from tools.notebooks import ROOT, targets

CLASS = ROOT / "examples" / "class_01"


def main(folder: Path = CLASS / "submissions") -> None:
    """Write the submissions into ``folder``; what was there is deleted."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def files() -> dict[str, bytes]:
    """Return the content of each submission by its path."""
    found = {}
    for name, answers in ANSWERS.items():
        notebook = _filled(answers)
        if change := CHANGES.get(name):
            notebook = change(notebook)
        found[name] = notebook if isinstance(notebook, bytes) else _written(notebook)
    return found


def _filled(answers: Mapping[str, str]) -> NotebookNode:
    """Return the exercises with answers; those of None are left as they were handed out."""
    lesson = "02" if "02.1" in answers else "01"
    kinds = {target.kind: target.notebook() for target in targets([lesson])}
    notebook = kinds["exercises"]
    for cell, solved in zip(notebook.cells, kinds["solutions"].cells, strict=True):
        about = cell.metadata.get("exercise", {})
        if about.get("role") == "answer":
            answer = answers.get(about["id"], DEFAULT)
            cell.source = solved.source if answer == DEFAULT else answer or cell.source
    return notebook


def _written(notebook: NotebookNode) -> bytes:
    return (nbformat.writes(notebook, version=4) + "\n").encode("utf-8")


def _in_another_order(notebook: NotebookNode) -> NotebookNode:
    """Turn the order of all cells round, and add some of the learner's own."""
    notebook.cells.reverse()
    own = [new_markdown_cell("My notes"), new_code_cell("1 / 0"), new_code_cell("check('01.1')")]
    for number, cell in enumerate(own):
        cell["id"] = f"own-{number}"
    notebook.cells += own
    return notebook


def _without_metadata(notebook: NotebookNode) -> NotebookNode:
    """Do what copying the cells into a new notebook does."""
    for cell in notebook.cells:
        cell.metadata = {}
    return notebook


def _with_a_double(notebook: NotebookNode) -> NotebookNode:
    """Answer 01.1 once more at the end, otherwise."""
    answer = next(c for c in notebook.cells if c.metadata.get("exercise", {}).get("id") == "01.1")
    double = copy.deepcopy(answer)
    double["id"], double["source"] = "double", "def output_length(*_):\n    return 3"
    notebook.cells.append(double)
    return notebook


def _cut_off(notebook: NotebookNode) -> bytes:
    return _written(notebook)[:4000]


def _version_3(notebook: NotebookNode) -> bytes:
    cells = [
        {"cell_type": "code", "language": "python", "input": cell.source, "outputs": []}
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    return json.dumps(old, indent=1).encode() + b"\n"


def _latin_1(notebook: NotebookNode) -> bytes:
    return _written(notebook).replace(b"# Exercises 1", "# Exercices résolus".encode("latin-1"))


def _pdf(_: NotebookNode) -> bytes:
    return b"%PDF-1.4\n% printed by mistake\n%%EOF\n"


def _zipped(notebook: NotebookNode, name: str = "01_exercises.ipynb") -> bytes:
    """Return a zip, not compressed: its bytes are the same wherever it is made."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), _written(notebook))
    return stream.getvalue()


def _zipped_outside(notebook: NotebookNode) -> bytes:
    return _zipped(notebook, "../../ada/01_exercises.ipynb")


def _zip_bomb(notebook: NotebookNode) -> bytes:
    """Return a zip that says it unpacks to 4 GB."""
    size = len(_written(notebook))
    claimed = struct.pack("<LL", size, 4_000_000_000)
    return _zipped(notebook).replace(struct.pack("<LL", size, size), claimed)


CHANGES: dict[str, Callable] = {
    "ben.ipynb": _in_another_order,
    "fatima.zip": _zipped,
    "hana.ipynb": _without_metadata,
    "ivan.ipynb": _cut_off,
    "kofi.ipynb": _version_3,
    "lena.ipynb": _with_a_double,
    "petra.ipynb": _latin_1,
    "quentin.pdf": _pdf,
    "rosa.zip": _zipped_outside,
    "samuel.zip": _zip_bomb,
}


if __name__ == "__main__":
    main()
