"""What this machine has, what is missing, and what to do about it."""

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from course_utils import data, settings

PYTHONS = ((3, 11), (3, 13))
MEMORY_GB, DISK_GB = 2.0, 2.0
GB = 1e9


@dataclass(frozen=True)
class Finding:
    """One line of the report: what was looked at, what was found, and what to do about it.

    ``missing`` says that the course can't run without it; ``advice`` may also be optional.
    """

    what: str
    found: str
    advice: str = ""
    missing: bool = False


def findings() -> list[Finding]:
    """Return everything that `course doctor` reports."""
    return [python(), *packages(), processor(), gpu(), memory(), disk(), *data_sets()]


def report(lines: list[Finding]) -> str:
    """Return findings as aligned text, each piece of advice below its line."""
    width = max(len(line.what) for line in lines)
    text = []
    for line in lines:
        mark = "MISSING" if line.missing else "ok" if not line.advice else "note"
        text.append(f"{mark:<8}{line.what:<{width}}  {line.found}")
        if line.advice:
            text.append(f"{'':<8}{'':<{width}}  -> {line.advice}")
    return "\n".join(text)


def python() -> Finding:
    """Python's version and whether the course supports it."""
    low, high = (".".join(map(str, pair)) for pair in PYTHONS)
    supported = PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]
    advice = "" if supported else f"install Python {low} to {high}, delete .venv, run make again"
    return Finding("Python", platform.python_version(), advice, missing=not supported)


def packages() -> list[Finding]:
    """The versions of the packages that the lessons import."""
    tensorflow = installed("tensorflow-cpu") or installed("tensorflow")
    found = [("TensorFlow", tensorflow)]
    found += [(name, installed(name)) for name in ("keras", "numpy", "matplotlib", "jupyterlab")]
    advice = "run make lab or make run: they install it"
    return [
        Finding(name, number or "not installed", "" if number else advice, missing=not number)
        for name, number in found
    ]


def installed(name: str) -> str:
    """Return the version of an installed package, or ``""``."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def processor() -> Finding:
    """Number of cores and architecture."""
    return Finding("Processor", f"{os.cpu_count()} cores ({platform.machine()})")


def gpu() -> Finding:
    """GPUs that TensorFlow sees; the course needs none."""
    try:
        with settings.quiet():
            import tensorflow as tf

            devices = tf.config.list_physical_devices("GPU")
    except ImportError:
        return Finding("GPU", "unknown (TensorFlow can't be imported)")
    return Finding("GPU", f"{len(devices)}" if devices else "none (none is needed)")


def memory() -> Finding:
    """Memory that is free for a lesson's kernel."""
    available, total = psutil.virtual_memory().available / GB, psutil.virtual_memory().total / GB
    advice = "" if available >= MEMORY_GB else "a lesson takes up to 1.5 GB: close other programs"
    return Finding("Memory", f"{available:.1f} of {total:.1f} GB free", advice)


def disk() -> Finding:
    """Room for downloads, in the cache folder or where it will be made."""
    cache = settings.cache_folder()
    there = next(folder for folder in (cache, *cache.parents) if folder.exists())
    free = shutil.disk_usage(there).free / GB
    advice = "" if free >= DISK_GB else "full-size data need 2 GB: set COURSE_CACHE to another disk"
    if not os.access(there, os.W_OK):
        advice = f"{there} can't be written: set COURSE_CACHE to a folder that can"
    return Finding("Disk", f"{free:.1f} GB free for downloads in {_short(cache)}", advice)


def data_sets() -> list[Finding]:
    """Which data are there, embedded and at full size."""
    return [
        Finding(
            f"data {state.name}",
            f"embedded: {'yes' if state.embedded else 'NO' if state.has_mini else 'none'}, "
            "full size: " + ("yes" if state.full else "not fetched" if state.has_full else "none"),
            _data_advice(state),
            missing=state.has_mini and not state.embedded,
        )
        for state in data.available()
    ]


def _data_advice(state: "data.State") -> str:
    if state.has_mini and not state.embedded:
        return "the clone is incomplete: git checkout -- datasets"
    if not state.has_full or state.full:
        return ""
    return f"optional: course data {state.name} ({state.download_bytes / 1e6:,.0f} MB)"


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
