"""The pristine exercises, and the notebook that puts probes to one answer."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course_utils.grading import handover
from course_utils.grading.asking import ASK, Asked
from course_utils.grading.needing import needed
from course_utils.grading.sandbox import HEAVY, LIGHT

MOST_BYTES = 1_000_000  # that a kernel may send, its cells' code included
KERNELS = {"light": LIGHT, "heavy": HEAVY}
CHECKED, IGNORED = {"tags": ["nbval-check-output"]}, {"tags": ["nbval-ignore-output"]}


@dataclass(frozen=True)
class Template:
    """One exercise as it was handed out.

    ``setup`` holds the code cells before the answer, ``blank`` the answer cell without one.
    """

    id: str
    points: int
    title: str
    blank: str
    setup: tuple[str, ...]


def load(folder: Path) -> dict[str, Template]:
    """Return the exercises of all notebooks in ``folder`` by id, in order.

    Raises
    ------
    FileNotFoundError
        If there are none.
    """
    found = {}
    for path in sorted(Path(folder).glob("[0-9][0-9]_*.ipynb")):
        found |= {template.id: template for template in exercises(nbformat.read(path, 4))}
    if not found:
        raise FileNotFoundError(f"no exercises in {folder}")
    return found


def exercises(notebook: NotebookNode) -> Iterable[Template]:
    """Yield the exercises of a notebook; no answer or check is part of another's setup."""
    title, setup = "", []
    for cell in notebook.cells:
        about = cell.metadata.get("exercise", {})
        if cell.cell_type == "markdown":
            headings = [line[3:] for line in cell.source.splitlines() if line.startswith("## ")]
            title = headings[0] if headings else title
        elif about.get("role") == "answer":
            yield Template(about["id"], about["points"], title, cell.source, tuple(setup))
        elif (
            cell.cell_type == "code" and not about and "colab" not in cell.metadata.get("tags", [])
        ):
            setup.append(cell.source)


def version(templates: Mapping[str, Template]) -> str:
    """Return a code that changes with the exercises and with all that may decide on a mark.

    That is the whole package: an answer can use any part of it, and so do solutions and probes.
    """
    package = Path(__file__).parents[1]
    files = sorted(path for kind in ("py", "toml") for path in package.rglob(f"*.{kind}"))
    parts = [repr(template) for template in templates.values()]
    parts += [f"{p.relative_to(package)}\n{p.read_text(encoding='utf-8')}" for p in files]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def notebook(
    template: Template,
    answer: str,
    others: Mapping[str, str],
    probes: Sequence[Asked],
    *,
    seconds: float,
    heavy: bool,
) -> NotebookNode:
    """Return a notebook of setup, answer, and a cell for each probe: its code, what it must print.

    ``others`` are the learner's other answers; those whose names this one uses come before it.
    Where the answer hands a network over, the only question is that for the network.
    """
    most = max((probe.hands_over for probe in probes), default=0)
    code = [] if most else [probe.code for probe in probes]
    before = needed(template.setup, others, [answer, *code])
    if not most:
        return _notebook(before, answer, probes, seconds=seconds, heavy=heavy)
    made = _notebook(before, answer, [], seconds=seconds, heavy=heavy)
    about = CHECKED | {"handover": True}
    last = new_code_cell(handover.leaving(), metadata=about, id="cell-3", execution_count=4)
    made.cells.append(last)
    made.metadata["hands_over"] = most
    return made


def apart(network: str, probes: Sequence[Asked], *, seconds: float) -> NotebookNode:
    """Return a notebook that puts probes to a network that was handed over."""
    made = _notebook("", handover.arriving(network), probes, seconds=seconds, heavy=True)
    made.metadata["bytes"] = MOST_BYTES + sum(len(cell.source) for cell in made.cells)
    return made


def _notebook(
    before: str, answer: str, probes: Sequence[Asked], *, seconds: float, heavy: bool
) -> NotebookNode:
    cells = [
        new_code_cell(before, metadata=IGNORED),
        new_code_cell(answer, metadata=IGNORED),
        new_code_cell(ASK, metadata=CHECKED),
    ]
    for probe in probes:
        outputs = [new_output("stream", name="stdout", text=probe.printed)]
        about = CHECKED if probe.agree is None else CHECKED | {"agree": probe.agree}
        about = about | {"judge": probe.judge} if probe.judge else about
        cells.append(new_code_cell(probe.code, metadata=about, outputs=outputs))
    for number, cell in enumerate(cells):
        cell["id"], cell.execution_count = f"cell-{number}", number + 1
    name = "heavy" if heavy else "light"
    kernel = {"name": name, "display_name": "graded"}
    allowed = KERNELS[name]
    limits = {"seconds": seconds, "memory": allowed.memory, "processor": allowed.processor}
    limits["bytes"] = MOST_BYTES
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, **limits})


PROBES_START = 3  # the cells before the first probe: setup, answer, how to ask
