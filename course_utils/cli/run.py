"""Run notebooks headless and measure them: what `course run` and the build share."""

import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from tqdm.auto import tqdm

CLAIM_LINE = re.compile(r"^\[\d\d\.[\w.-]+\] (held|NOT held): ", re.MULTILINE)
SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class Run:
    """What one execution of a notebook measured.

    ``seconds`` is wall time with the kernel's start, ``peak_mb`` the largest resident memory of
    the kernel in 10**6 bytes, ``error`` the message of the cell that stopped it, or ``""``.
    """

    name: str
    seconds: float
    peak_mb: float
    held: int
    claims: int
    error: str = ""


def lesson_files(folder: Path, wanted: list[str] | None = None) -> list[Path]:
    """Return the lesson notebooks in ``folder``, in order, or only those ``wanted``.

    Parameters
    ----------
    folder : Path
        The folder that holds ``01_....ipynb`` and so on.
    wanted : list of str, optional
        Lesson numbers such as ``["01", "3"]``.

    Raises
    ------
    FileNotFoundError
        If the folder holds no lessons, or a wanted one is not among them.
    """
    found = {path.name[:2]: path for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))}
    if not found:
        raise FileNotFoundError(f"no lessons in {folder}; run this in the folder of the course")
    numbers = [number.zfill(2) if number.isdigit() else number for number in wanted or found]
    if unknown := [number for number in numbers if number not in found]:
        raise FileNotFoundError(f"no lesson {', '.join(unknown)}; there are {', '.join(found)}")
    return [found[number] for number in numbers]


def execute(
    notebook: nbformat.NotebookNode,
    name: str,
    folder: Path,
    *,
    environment: dict[str, str] | None = None,
    on_cell: Callable[[], object] = lambda: None,
    cell_timeout: float | None = None,
    allow_errors: bool = False,
) -> Run:
    """Execute ``notebook`` in place, its kernel working in ``folder``, and return what it took.

    Parameters
    ----------
    notebook : NotebookNode
        Its outputs are replaced; after an error the cells that follow are left as they were.
    environment : dict, optional
        Variables set for the kernel on top of this process's own.
    on_cell : callable
        Called after each code cell.
    cell_timeout : float, optional
        Seconds that one cell may take.
    allow_errors : bool
        Go on after a cell that raises.

    Notes
    -----
    A cell that raises or outlasts its time, and a kernel that dies or does not start, end up in
    the `Run`'s ``error``.
    """
    client = NotebookClient(
        notebook,
        timeout=cell_timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        allow_errors=allow_errors,
        on_cell_executed=lambda **_: on_cell(),
    )
    client.record_timing = False
    error, start = "", time.perf_counter()
    with _kernel_environment(environment or {}), _peak_memory(client) as peak:
        try:
            client.execute(stderr=subprocess.DEVNULL)  # the kernel's own log, not the cells'
        except (CellExecutionError, CellTimeoutError, RuntimeError) as problem:
            error = _last_line(problem)
    seconds = time.perf_counter() - start
    verdicts = CLAIM_LINE.findall(_printed(notebook))
    return Run(name, seconds, peak[0] / 1e6, verdicts.count("held"), len(verdicts), error)


def run_lessons(paths: list[Path], out: Path, profile: str) -> list[Run]:
    """Execute lessons with a progress bar, writing the executed copies into ``out``.

    The lessons themselves are left as they are. A failure is reported in its `Run` and the
    lessons that follow still run.
    """
    out.mkdir(parents=True, exist_ok=True)
    notebooks = [(path, nbformat.read(path, as_version=4)) for path in paths]
    cells = sum(cell.cell_type == "code" for _, notebook in notebooks for cell in notebook.cells)
    runs = []
    with tqdm(total=cells, unit="cell", disable=None) as bar:
        for path, notebook in notebooks:
            bar.set_description(path.stem)
            _clear(notebook)
            runs.append(
                execute(
                    notebook,
                    path.stem,
                    path.parent,
                    environment={"COURSE_PROFILE": profile},
                    on_cell=bar.update,
                )
            )
            nbformat.write(notebook, out / path.name)
    return runs


def table(runs: list[Run]) -> str:
    """Return the runs as a table: lesson, time, peak memory, claims held."""
    width = max(len(run.name) for run in runs)
    lines = [f"{'lesson':<{width}}   time  peak memory  claims held"]
    for run in runs:
        verdict = f"{run.held} of {run.claims}" + (f"  stopped: {run.error}" if run.error else "")
        lines.append(f"{run.name:<{width}} {run.seconds:4.0f} s {run.peak_mb:9.0f} MB  {verdict}")
    held, claims = sum(run.held for run in runs), sum(run.claims for run in runs)
    seconds, peak = sum(run.seconds for run in runs), max(run.peak_mb for run in runs)
    lines.append(f"{'all':<{width}} {seconds:4.0f} s {peak:9.0f} MB  {held} of {claims}")
    return "\n".join(lines)


def succeeded(runs: list[Run]) -> bool:
    """Return whether every lesson ran to its end and every claim held."""
    return all(not run.error and run.held == run.claims for run in runs)


def _clear(notebook: nbformat.NotebookNode) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def _printed(notebook: nbformat.NotebookNode) -> str:
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    return "\n".join(output["text"] for output in outputs if output.output_type == "stream")


def _last_line(problem: Exception) -> str:
    if isinstance(problem, CellExecutionError):
        return f"{problem.ename}: {problem.evalue}"[:200]
    lines = [line for line in str(problem).splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else type(problem).__name__


@contextmanager
def _kernel_environment(variables: dict[str, str]) -> Iterator[None]:
    """Set variables for kernels that start meanwhile (nbclient hands on this process's own)."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _peak_memory(client: NotebookClient) -> Iterator[list[float]]:
    """Sample the resident bytes of the client's kernel; the list holds the largest one."""
    peak, done = [0.0], threading.Event()

    def sample() -> None:
        while not done.wait(SAMPLE_SECONDS):
            provisioner = getattr(client.km, "provisioner", None)
            process = getattr(provisioner, "process", None)
            try:
                peak[0] = max(peak[0], psutil.Process(process.pid).memory_info().rss)
            except (AttributeError, psutil.Error):
                continue

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()
