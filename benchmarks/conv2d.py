"""Time `scratch.conv2d`, forward and backward, against ``tf.nn.conv2d`` on five layer shapes.

Both run in one child process with the same number of threads, turn by turn; a ratio is the median
over the turns of (NumPy's time / TensorFlow's time in the same turn), so a busy machine slows both.

    python benchmarks/conv2d.py [--threads 1] [--turns 15] [--record]
"""

import argparse
import json
from statistics import median
from time import perf_counter

from shared import in_a_child, record_rows

BATCH = 32
LEAST = 0.03  # seconds: long enough that a short interruption is not the whole measurement
TARGET, MEDIAN_TARGET = 2.2, 1.6
LAYERS = {  # slug: words, (height, width, channels), filters, kernel size
    "first": ("first layer, 3x3 on 3 channels", (32, 32, 3), 32, 3),
    "3x3-64": ("3x3 on 64 channels", (32, 32, 64), 64, 3),
    "3x3-128": ("3x3 on 128 channels", (16, 16, 128), 128, 3),
    "1x1": ("1x1 on 128 channels", (16, 16, 128), 128, 1),
    "5x5": ("5x5 on 32 channels", (16, 16, 32), 64, 5),
}


def rows(threads: int = 1, turns: int = 15) -> list[dict]:
    """Measure in a child process; return one row for each layer and pass, then the two medians.

    Returns
    -------
    list of dict
        Keys ``id, statement, value, unit, target, holds``, and ``numpy_ms, tensorflow_ms`` except
        for the medians.
    """
    limits = {f"{library}_NUM_THREADS": str(threads) for library in ("OPENBLAS", "MKL", "OMP")}
    limits["VECLIB_MAXIMUM_THREADS"] = str(threads)
    measured = in_a_child(__file__, f"--threads={threads}", f"--turns={turns}", **limits)
    found = [_row(**layer) for layer in measured]
    for direction in ("forward", "backward"):
        ratio = median(row["value"] for row in found if row["id"].endswith(direction))
        found.append(_row("median", direction, ratio, target=MEDIAN_TARGET))
    return found


def table(found: list[dict]) -> str:
    """Return the rows as a text table, each ratio beside its target."""
    lines = [f"{'layer and pass':<46}{'NumPy ms':>10}{'TF ms':>9}{'ratio':>8}{'target':>9}"]
    for row in found:
        times = "".join(
            f"{row[key]:>{width}.2f}" if key in row else " " * width
            for key, width in (("numpy_ms", 10), ("tensorflow_ms", 9))
        )
        mark = "" if row["holds"] else "  MISSED"
        lines.append(f"{row['words']:<46}{times}{row['value']:>8.2f}{row['target']:>9}{mark}")
    return "\n".join(lines)


def _row(slug, direction, ratio, numpy_ms=None, tensorflow_ms=None, target=TARGET) -> dict:
    if slug == "median":
        words = f"median of the layers, {direction}"
    else:
        words = f"{LAYERS[slug][0]}, {direction}"
    row = {
        "id": f"bench.conv2d.{slug}.{direction}",
        "statement": f"NumPy conv2d over tf.nn.conv2d, same threads: {words}",
        "words": words,
        "value": round(ratio, 2),
        "unit": "x",
        "target": f"<= {target}",
        "holds": ratio <= target,
    }
    if numpy_ms is not None:
        row |= {"numpy_ms": round(numpy_ms, 2), "tensorflow_ms": round(tensorflow_ms, 2)}
    return row


def _measure(threads: int, turns: int) -> list[dict]:
    """Time every layer, in a process whose environment already limits the threads."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    return [
        {"slug": slug, "direction": direction} | _turns(numpy_step, tensorflow_step, turns)
        for slug in LAYERS
        for direction, numpy_step, tensorflow_step in _steps(slug)
    ]


def _steps(slug: str):
    """Yield (direction, NumPy's step, TensorFlow's step) on the same float32 numbers."""
    import numpy as np
    import tensorflow as tf

    from course_utils.scratch import conv2d, conv2d_backward

    _, image_shape, filters, size = LAYERS[slug]
    rng = np.random.default_rng(0)
    draw = lambda *shape: rng.standard_normal(shape, dtype=np.float32)  # noqa: E731
    images, kernels = draw(BATCH, *image_shape), draw(size, size, image_shape[2], filters)
    gradient = draw(BATCH, *image_shape[:2], filters)
    tf_images, tf_kernels, tf_gradient = map(tf.constant, (images, kernels, gradient))
    shared = {"strides": [1, 1, 1, 1], "padding": "SAME"}

    def backward():
        d_images = tf.raw_ops.Conv2DBackpropInput(
            input_sizes=images.shape, filter=tf_kernels, out_backprop=tf_gradient, **shared
        )
        d_kernels = tf.raw_ops.Conv2DBackpropFilter(
            input=tf_images, filter_sizes=kernels.shape, out_backprop=tf_gradient, **shared
        )
        d_bias = tf.reduce_sum(tf_gradient, axis=(0, 1, 2))
        return d_images.numpy(), d_kernels.numpy(), d_bias.numpy()

    yield (
        "forward",
        lambda: conv2d(images, kernels, padding="same"),
        lambda: tf.nn.conv2d(tf_images, tf_kernels, 1, "SAME").numpy(),
    )
    yield "backward", lambda: conv2d_backward(gradient, images, kernels, padding="same"), backward


def _turns(numpy_step, tensorflow_step, turns: int) -> dict:
    """Time both in turns, each for at least `LEAST` seconds at a time (warmed up first)."""
    steps = numpy_step, tensorflow_step
    repeats = [1 + int(LEAST / min(_seconds(step, 1) for _ in range(3))) for step in steps]
    times = [tuple(map(_seconds, steps, repeats)) for _ in range(turns)]
    ours, theirs = zip(*times, strict=True)
    return {
        "ratio": median(a / b for a, b in times),
        "numpy_ms": 1000 * median(ours),
        "tensorflow_ms": 1000 * median(theirs),
    }


def _seconds(step, repeats: int) -> float:
    start = perf_counter()
    for _ in range(repeats):
        step()
    return (perf_counter() - start) / repeats


def main() -> None:
    """Print the table; with ``--record``, write the ratios to results.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(_measure(options.threads, options.turns)))
        return
    found = rows(options.threads, options.turns)
    print(f"batch {BATCH}, float32, padding same, threads: {options.threads}")
    print(table(found))
    if options.record:
        record_rows(found)


if __name__ == "__main__":
    main()
