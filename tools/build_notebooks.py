"""Derive the notebooks from their text sources: ``python tools/build_notebooks.py [01 03 ...]``.

Lessons and solutions are executed (quick profile, claims strict) and stored with their outputs;
exercises are stored blank, and their solutions go into the package. A notebook whose source,
package and data are unchanged since this machine last built it is left alone; ``--force`` builds it
all the same.
"""

import argparse
import base64
import hashlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from PIL import Image, ImageSequence
from tqdm.auto import tqdm

from course_utils.cli import run
from tools import solutions
from tools.notebooks import ROOT, Target, launch_cells, number_cells, targets

STAMPS = ROOT / "build" / "notebooks"
LARGE = 100_000  # bytes of a picture
ENVIRONMENT = {"COURSE_STRICT": "1", "COURSE_PROFILE": "quick"}


class BuildError(RuntimeError):
    """A notebook can't be stored as it came out; the message says why."""


def build(target: Target) -> run.Run | None:
    """Write the notebook of ``target`` and return how its execution went (None for blanks).

    Raises
    ------
    BuildError
        If a cell raised, a claim did not hold, or something was written to standard error.
        The notebook on disk is then left as it was; what came out lies beside the stamps.
    """
    notebook = target.notebook()
    target.path.parent.mkdir(parents=True, exist_ok=True)
    result = None
    if target.kind != "exercises":
        cells = sum(cell.cell_type == "code" for cell in notebook.cells)
        with tqdm(total=cells, unit="cell", desc=target.path.stem, disable=None) as bar:
            result = run.execute(
                notebook,
                target.path.stem,
                target.path.parent,
                environment=ENVIRONMENT,
                on_cell=bar.update,
            )
        tidy(notebook)
        if problem := result.error or complaint(notebook):
            failed = STAMPS / f"failed_{target.kind}_{target.path.name}"
            failed.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, failed)
            raise BuildError(f"{target.source.name}: {problem} (see {failed.relative_to(ROOT)})")
    nbformat.write(notebook, target.path)
    return result


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Remove what changes from run to run, and store the pictures as small as they go."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                png = base64.b64decode(output.data["image/png"])
                output.data["image/png"] = base64.b64encode(smaller(png)).decode()
    notebook.metadata["language_info"] = {"name": "python"}
    number_cells(notebook)


def smaller(png: bytes) -> bytes:
    """Return the same picture in fewer bytes; transparent ones and small animations as they are.

    A picture of up to `LARGE` bytes loses nothing. A larger one is a page of photographs or moves:
    it keeps the 256 colours that suit it best, dithered, for all of its frames.

    Examples
    --------
    >>> stream = io.BytesIO()
    >>> Image.new("RGBA", (64, 64), "white").save(stream, "PNG")
    >>> len(smaller(stream.getvalue())) < len(stream.getvalue())
    True
    """
    with Image.open(io.BytesIO(png)) as picture:
        frames, durations = [], []
        for frame in ImageSequence.Iterator(picture):
            frames.append(frame.convert("RGBA"))
            durations.append(frame.info.get("duration", 0))
    if any(frame.getextrema()[3][0] < 255 for frame in frames):
        return png
    best, plain = png, [frame.convert("RGB") for frame in frames]
    if len(frames) == 1:
        for candidate in (plain[0], plain[0].convert("P", palette=Image.Palette.ADAPTIVE)):
            stored = _png([candidate])
            if len(stored) < len(best) and candidate.convert("RGB") == plain[0]:
                best = stored
    if len(best) > LARGE:
        best = min(best, _png(_with_one_palette(plain), durations), key=len)
    return best


def _with_one_palette(frames: list[Image.Image]) -> list[Image.Image]:
    """Return frames of one size in the 256 colours that suit all of them best."""
    width, height = frames[0].size
    every = Image.new("RGB", (width, height * len(frames)))
    for number, frame in enumerate(frames):
        every.paste(frame, (0, number * height))
    palette = every.quantize(256)
    return [frame.quantize(palette=palette) for frame in frames]


def _png(frames: list[Image.Image], durations: Sequence[float] = ()) -> bytes:
    stream, options = io.BytesIO(), {}
    if len(frames) > 1:
        options = {"save_all": True, "append_images": frames[1:], "duration": durations, "loop": 0}
    frames[0].save(stream, "PNG", optimize=True, **options)
    return stream.getvalue()


def complaint(notebook: nbformat.NotebookNode) -> str:
    """Return what a learner should not see in the outputs, or ``""``."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                return f"standard error in {cell.id}: {output.text.strip()[:200]}"
            if output.output_type == "stream" and {"\r", "\b"} & set(output.text):
                return f"a progress bar in {cell.id}: nbval can't compare it, use verbose=0"
    return ""


def refresh_launch_cells() -> None:
    """Put the launch links of the present address into every stored notebook."""
    for target in targets():
        if not target.path.exists():
            continue
        stored = nbformat.read(target.path, as_version=4)
        cells = [
            c for c in stored.cells if not {"launch", "colab"} & set(c.metadata.get("tags", []))
        ]
        cells[1:1] = launch_cells(target.path)
        stored.cells = cells
        for cell, expected in zip(cells, target.notebook().cells, strict=True):
            cell["id"] = expected["id"]
        number_cells(stored)
        nbformat.write(stored, target.path)


def digest(target: Target) -> str:
    """Return the SHA-256 of the notebook and of all that it follows from."""
    package = sorted((ROOT / "course_utils").rglob("*.py"))
    data = [ROOT / "course_utils" / name for name in ("claims.toml", "results.json")]
    data += [
        ROOT / "datasets" / "catalog.toml",
        ROOT / "pyproject.toml",
        ROOT / "requirements.lock",
    ]
    total = hashlib.sha256()
    for path in [target.path, target.source, *package, *data]:
        total.update(path.read_bytes() if path.exists() else b"")
    return total.hexdigest()


def is_current(target: Target) -> bool:
    """Return whether this machine has built the notebook from what is there now."""
    stamp = stamp_path(target)
    return target.path.exists() and stamp.exists() and stamp.read_text() == digest(target)


def stamp_path(target: Target) -> Path:
    """Return where the digest of the last build of ``target`` is kept."""
    return STAMPS / f"{target.kind}_{target.path.stem}.sha256"


def main(arguments: list[str] | None = None) -> None:
    """Build what is out of date and print what each notebook took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", help="lesson numbers (default: all)")
    parser.add_argument("--force", action="store_true", help="build even what is up to date")
    options = parser.parse_args(arguments)
    try:
        wanted = targets(options.lessons)
    except FileNotFoundError as problem:
        sys.exit(str(problem))
    solutions.write()
    runs, problems = [], []
    for target in wanted:
        if is_current(target) and not options.force:
            continue
        try:
            result = build(target)
        except BuildError as problem:
            problems.append(str(problem))
            continue
        STAMPS.mkdir(parents=True, exist_ok=True)
        stamp_path(target).write_text(digest(target))
        runs += [result] if result else []
    print(run.table(runs) if runs else "no notebook had to be executed")
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
