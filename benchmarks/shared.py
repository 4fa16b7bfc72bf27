"""What the scripts here share: measurements that are kept, and how they are recorded.

The scripts find it because Python looks beside the script that it runs.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tools.results import record

CURVES = (  # of Keras's history: key, words, unit, factor
    ("accuracy", "training accuracy", "%", 100),
    ("val_accuracy", "validation accuracy", "%", 100),
    ("loss", "training loss", "", 1),
    ("val_loss", "validation loss", "", 1),
)


def kept(path: Path, measure: Callable[[], dict]) -> dict:
    """Return what ``path`` (JSON) holds; measure it first where it does not exist yet.

    The file is written whole or not at all, also where several processes measure the same.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        found = measure()
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(found), encoding="utf-8")
        unfinished.replace(path)
    return json.loads(path.read_text(encoding="utf-8"))


def use_threads(threads: int | None) -> None:
    """Let TensorFlow use so many processor threads (None: all). Before its first operation."""
    import tensorflow as tf

    if threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)


def in_a_child(script: str, *arguments: str, **environment: str):
    """Run ``script --child`` in a fresh process; return what its last line, JSON, says.

    Raises
    ------
    RuntimeError
        If it fails, with the end of what it wrote to standard error.
    """
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"} | environment
    command = [sys.executable, script, "--child", *arguments]
    child = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if child.returncode:
        raise RuntimeError(f"the timing process failed:\n{child.stderr[-2000:]}")
    return json.loads(child.stdout.splitlines()[-1])


def record_rows(rows: Iterable[Mapping]) -> None:
    """Record one value each: rows with the keys ``id, statement, value, unit, target``."""
    for row in rows:
        words = {key: row[key] for key in ("statement", "unit", "target")}
        record(row["id"], values=[row["value"]], **words)


def record_curves(id: str, words: str, curves: Sequence[Mapping], keys: Sequence[str]) -> None:
    """Record the mean over the seeds of each curve in ``keys``, as ``{id}-curve-{key}``."""
    for key, of, unit, factor in CURVES:
        if key in keys:
            record(
                f"{id}-curve-{key}",
                statement=f"{words}: {of} by epoch, mean of {len(curves)} seeds",
                values=(factor * np.mean([curve[key] for curve in curves], axis=0)).tolist(),
                unit=unit,
            )
