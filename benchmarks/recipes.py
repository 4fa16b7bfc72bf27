"""Time training steps of two recipes for CIFAR-10 side by side: a known tutorial's and lesson 05's.

Both take the same number of images a step, turn by turn. Times are processor times, summed over the
cores, so that a busy machine does not count; the ratio is the median over the turns. The compute is
counted, not timed: 6 x multiply-adds x images x epochs. Whole trainings are extrapolated.

    python benchmarks/recipes.py [--turns 5] [--threads 2] [--record]
"""

import argparse
import json
from statistics import median
from time import process_time

from shared import in_a_child, record_rows, use_threads

BATCH, IMAGES = 128, 50_000  # both recipes take batches of this size
EPOCHS = {"source": 20, "short": 3, "long": 10}
STEPS = {"source": 2, "efficient": 20}  # of a turn


def rows(turns: int = 5, threads: int | None = None) -> list[dict]:
    """Measure in a child process; return one row for each ratio and each extrapolated training.

    Returns
    -------
    list of dict
        Keys ``id, statement, value, unit, target, holds``.
    """
    limit = [f"--threads={threads}"] if threads else []
    measured = in_a_child(__file__, f"--turns={turns}", *limit)
    madds, times = measured["multiply_adds"], measured["seconds"]
    images = {name: IMAGES * epochs for name, epochs in EPOCHS.items()}
    of = {"source": "source", "short": "efficient", "long": "efficient"}
    step = median(a / b for a, b in zip(times["source"], times["efficient"], strict=True))
    compute = {
        name: madds["source"] * images["source"] / (madds[of[name]] * images[name])
        for name in ("short", "long")
    }
    found = [
        _row("step", f"processor time of a step of {BATCH} images", step),
        *(
            _row(f"{name}-compute", f"compute of the training, {EPOCHS[name]} epochs", ratio)
            for name, ratio in compute.items()
        ),
        *(
            _row(
                f"{name}-time",
                f"processor time of the training, {EPOCHS[name]} epochs, extrapolated from steps",
                step * images["source"] / images[name],
            )
            for name in compute
        ),
    ]
    for name, words in (("source", "tutorial's"), ("short", "efficient"), ("long", "efficient")):
        seconds = median(times[of[name]]) / BATCH * images[name]
        found.append(
            {
                "id": f"bench.recipes.{name}-hours",
                "statement": f"{words} recipe, {EPOCHS[name]} epochs of {IMAGES:,} images: "
                "processor hours of training, summed over the cores, extrapolated from steps",
                "value": round(seconds / 3600, 3),
                "unit": "h",
                "target": "",
                "holds": True,
            }
        )
    return found


def table(found: list[dict]) -> str:
    """Return the rows as a text table."""
    return "\n".join(
        f"{row['statement']:<116}{row['value']:>9.2f} {row['unit']:<2} {row['target']}"
        f"{'' if row['holds'] else '  MISSED'}"
        for row in found
    )


def _row(slug: str, words: str, ratio: float) -> dict:
    least = {"short-compute": 100}.get(slug)
    return {
        "id": f"bench.recipes.{slug}",
        "statement": f"tutorial's recipe over the efficient one: {words}",
        "value": round(ratio, 2),
        "unit": "x",
        "target": f">= {least}" if least else "",
        "holds": not least or ratio >= least,
    }


def _measure(turns: int, threads: int | None) -> dict:
    """Time both recipes' steps in turn, each as it trains: Adam under `fit`, and our own loop."""
    from course_utils import load, models, quiet
    from course_utils.training import Recipe, train

    with quiet():
        import keras
    use_threads(threads)
    cifar = load("cifar10")
    source, efficient = models.preact_cnn(), models.efficient_cnn(cifar.x_train)
    adam, loss = keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(True)
    source.compile(adam, loss, jit_compile=False)
    seconds = {name: [] for name in STEPS}

    def take(name: str):
        count = STEPS[name] * BATCH
        return cifar.x_train[:count], cifar.y_train[:count]

    def stop(name: str) -> None:
        """Note the time of a step since the clock was started, and start it again."""
        nonlocal start
        seconds[name].append((process_time() - start) / STEPS[name])
        start = process_time()

    def turn(_epoch: int, _loss: float) -> None:
        """End the efficient recipe's turn and give the source one."""
        stop("efficient")
        source.fit(*take("source"), batch_size=BATCH, verbose=0)
        stop("source")

    start = process_time()
    recipe = Recipe(epochs=turns + 1)
    train(efficient, *take("efficient"), recipe, after_epoch=turn)
    networks = {"source": source, "efficient": efficient}
    return {  # the first turn built the steps
        "seconds": {name: times[1:] for name, times in seconds.items()},
        "multiply_adds": {name: models.multiply_adds(net).total for name, net in networks.items()},
    }


def main() -> None:
    """Print the table; with ``--record``, write the figures to results.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, help="processor threads (default: all)")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(_measure(options.turns, options.threads)))
        return
    found = rows(options.turns, options.threads)
    print(table(found))
    if options.record:
        record_rows(found)


if __name__ == "__main__":
    main()
