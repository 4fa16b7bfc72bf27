"""Time a convolution beside its depthwise separable twin: counted work against measured time.

Forward passes in float32, turn by turn. Times are processor times, summed over the cores, so that a
busy machine does not count; a ratio is the median over the turns.

    python benchmarks/separable.py [--turns 9] [--threads 2] [--record]
"""

import argparse
import json
from statistics import median
from time import process_time

from shared import in_a_child, record_rows, use_threads

BATCH = 8
SHAPES = {  # name: side, kernel, channels in, channels out
    "5x5-3-256": (112, 5, 3, 256),
    "3x3-128-128": (56, 3, 128, 128),
    "3x3-512-512": (14, 3, 512, 512),
}


def weights(kernel: int, channels: int, filters: int) -> tuple[int, int]:
    """Return the weights of the convolution and of its separable twin.

    Examples
    --------
    >>> weights(5, 3, 256)
    (19200, 843)
    """
    return kernel**2 * channels * filters, kernel**2 * channels + channels * filters


def rows(turns: int = 9, threads: int | None = None) -> list[dict]:
    """Measure in a child process; return two rows for each shape.

    Returns
    -------
    list of dict
        Keys ``id, statement, value, unit, target``.
    """
    limit = [f"--threads={threads}"] if threads else []
    times = in_a_child(__file__, f"--turns={turns}", *limit)
    found = []
    for name, (side, kernel, channels, filters) in SHAPES.items():
        full, separable = weights(kernel, channels, filters)
        words = f"{kernel} x {kernel}, {channels} to {filters} channels, {side} x {side} places"
        ratio = median(a / b for a, b in zip(*times[name], strict=True))
        for key, what, value in (
            ("work", "multiply-adds", full / separable),
            ("time", "processor time", ratio),
        ):
            found.append(
                {
                    "id": f"08.bench.separable-{name}-{key}",
                    "statement": f"convolution over separable twin, {words}: {what}",
                    "value": round(value, 2),
                    "unit": "x",
                    "target": "",
                }
            )
    return found


def measure(turns: int) -> dict[str, list[list[float]]]:
    """Return the seconds of each turn, full and separable, for each shape."""
    import tensorflow as tf

    found = {}
    for name, (side, kernel, channels, filters) in SHAPES.items():
        images = tf.random.normal((BATCH, side, side, channels))
        full = tf.random.normal((kernel, kernel, channels, filters))
        depthwise = tf.random.normal((kernel, kernel, channels, 1))
        pointwise = tf.random.normal((1, 1, channels, filters))
        passes = (
            lambda images=images, full=full: tf.nn.conv2d(images, full, 1, "SAME"),
            lambda images=images, depthwise=depthwise, pointwise=pointwise: tf.nn.separable_conv2d(
                images, depthwise, pointwise, [1] * 4, "SAME"
            ),
        )
        times = [[], []]
        for turn in range(turns + 1):
            for kept, run in zip(times, passes, strict=True):
                start = process_time()
                for _ in range(4):
                    run().numpy()
                if turn:  # the first one warms up
                    kept.append((process_time() - start) / 4)
        found[name] = times
    return found


def main() -> None:
    """Print the table; with ``--record``, write the ratios to results.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        use_threads(options.threads)
        print(json.dumps(measure(options.turns)))
        return
    found = rows(options.turns, options.threads)
    for row in found:
        print(f"{row['statement']:<100}{row['value']:>8.2f} x")
    if options.record:
        record_rows(found)


if __name__ == "__main__":
    main()
