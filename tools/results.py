"""Write measurements into ``course_utils/results.json``, for ``make full`` and ``make bench``."""

import importlib.metadata
import json
import os
import platform
from datetime import date
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "course_utils" / "results.json"
PACKAGES = ("tensorflow-cpu", "tensorflow", "keras", "numpy")


def record(
    id: str,
    *,
    statement: str,
    values: list[float],
    unit: str,
    seeds: list[int] | None = None,
    target: str = "",
    path: Path = RESULTS,
) -> None:
    """Store one measurement under ``id``, with the machine, the versions and today's date.

    Parameters
    ----------
    id : str
        ``"03.full.cnn-test"`` for a lesson's result, ``"bench.conv2d.3x3x64"`` for a benchmark.
    statement : str
        What was measured, in words that stand alone in a table.
    values : list of float
        One value per seed or per repetition; they are rounded to four decimals.
    unit : str
        ``"%"``, ``"s"``, ``"MB"``, ``"x"`` for a ratio.
    seeds : list of int, optional
        The seeds, in the order of the values.
    target : str, optional
        What it is held against, as the table shows it.

    Raises
    ------
    ValueError
        If there are no values, or not as many as seeds.
    """
    if not values or (seeds and len(seeds) != len(values)):
        raise ValueError(f"{id}: {len(values)} values for {len(seeds or [])} seeds")
    entry = {
        "statement": statement,
        "values": [round(float(value), 4) for value in values],
        "unit": unit,
        "seeds": seeds or [],
        "target": target,
        "device": device(),
        "versions": versions(),
        "date": date.today().isoformat(),
    }
    results = json.loads(path.read_text(encoding="utf-8")) | {id: entry}
    text = json.dumps(dict(sorted(results.items())), indent=1, ensure_ascii=False) + "\n"
    unfinished = path.with_suffix(".part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def device() -> str:
    """Return what a result was measured on: number of cores and the processor's architecture."""
    return f"{os.cpu_count()} CPU cores ({platform.machine()})"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that a result depends on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
