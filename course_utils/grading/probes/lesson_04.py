"""Probes of lesson 04: the steps of an epoch, an endless generator, two flows, a division."""

import numpy as np

from course_utils.grading.probes.drawing import Drawn, Generator, Known, probes


@probes("04.1", "steps_per_epoch")
def steps_per_epoch(rng: Generator) -> Drawn:
    """Ask for epochs that come out even, and for those that leave a rest, kept or dropped."""
    for keep_last in (True, False):
        for rest, left in {0: "no pictures", 1: "1 picture", 7: "7 pictures"}.items():
            sizes = [(int(n), int(size)) for n, size in rng.integers(9, 60, (4, 2))]
            cases = [(n * size + rest, size, keep_last) for n, size in sizes]
            if rest:
                cases.append((rest, int(rng.integers(9, 60)), keep_last))  # less than a batch
            yield f"{left} left over, keep_last={keep_last}", cases


def _rows(endless, count, seeds, pictures, labels, batch_size):
    """Return the first batches of a learner's generators, one for each of ``seeds``.

    Each row holds stream, batch, the pixels of a picture, its label. Other random numbers change
    from batch to batch.
    """
    import random

    import numpy

    rows, streams = [], [endless(pictures, labels, batch_size, seed) for seed in seeds]
    for number in range(count):
        numpy.random.seed(number)
        random.seed(number)
        for which, stream in enumerate(streams):
            try:
                batch = next(stream)
            except StopIteration:
                raise ValueError(f"it ends after {number} batches") from None
            if not isinstance(batch, tuple) or len(batch) != 2:
                raise TypeError("a batch is no pair of pictures and labels")
            if any(isinstance(part, list | tuple) for part in batch):
                raise TypeError("a batch is no pair of arrays")
            x, y = (numpy.asarray(part) for part in batch)
            if x.ndim != 4 or y.shape != x.shape[:1]:
                raise ValueError(f"a batch of shapes {x.shape} and {y.shape}")
            places = [numpy.full(len(x), place) for place in (which, number)]
            rows.append(numpy.column_stack([*places, x.reshape(len(x), -1), y]))
    return numpy.concatenate(rows)


@probes(
    "04.2",
    "lambda *case: _rows(endless, *case)",
    seconds=120,
    heavy=True,
    uses=(_rows,),
)
def endless(rng: Generator) -> Drawn:
    """Ask for whole epochs, for the orders of several, and for what decides on the order."""

    def group(line: str, judge: str, epochs: int, seeds: tuple, *sizes: tuple[int, int]) -> Known:
        cases, known = [], []
        for n, batch_size in sizes:
            pictures = rng.permutation(200)[:n, None, None, None] + np.zeros((1, 1, 2, 1), int)
            labels = rng.integers(0, 2, n)
            count = epochs * -(-n // batch_size)
            cases.append((count, seeds, pictures.astype(np.uint8), labels, batch_size))
            pixels = pictures.reshape(n, -1).tolist()
            known.append({"pictures": pixels, "labels": labels.tolist(), "batch_size": batch_size})
        return Known(line, cases, judge=judge, known=known)

    seed = int(rng.integers(10, 1_000_000))
    yield group("three epochs with a smaller last batch", "epochs", 3, (seed,), (10, 4), (9, 4))
    yield group("three epochs that come out even", "epochs", 3, (seed,), (12, 4))
    yield group("three epochs of fewer pictures than a batch", "epochs", 3, (seed,), (3, 5))
    yield group("an order drawn anew in each epoch", "orders", 4, (seed,), (40, 8))
    line = "the seed decides, and no other random numbers"
    yield group(line, "seeds", 3, (seed, seed, seed + 1), (20, 8))


def _originals(seed):
    """Return 12 cats and 12 dogs, (24, 8, 8, 3); their blue is the same all over, each its own."""
    import numpy

    rng = numpy.random.default_rng(seed)
    pictures = rng.integers(0, 256, (24, 8, 8, 3), dtype=numpy.uint8)
    pictures[..., 2] = 10 * rng.permutation(numpy.arange(1, 25))[:, None, None]
    return pictures


def _flows(two_flows, seed):
    """Return the two flows that are made of a folder with hidden pictures."""
    import tempfile
    from pathlib import Path

    import numpy
    from PIL import Image

    folder = Path(tempfile.mkdtemp())
    for i, picture in enumerate(_originals(seed)):
        kind = folder / ("cats" if i < 12 else "dogs")
        kind.mkdir(exist_ok=True)
        Image.fromarray(picture).save(kind / f"{i:02}.png")
    numpy.random.seed(seed % 2**32)
    flows = two_flows(folder, 8, 5)
    if not isinstance(flows, tuple | list) or len(flows) != 2:
        raise TypeError("no two flows")
    return flows


def _epochs(two_flows, epochs, seed):
    """Return what two flows hand out in some epochs each.

    Each row holds flow, epoch, batch, label, and the pixels of a picture.
    """
    from itertools import islice

    import numpy

    rows = []
    for which, flow in enumerate(_flows(two_flows, seed)):
        for epoch in range(epochs[which]):
            steps = len(flow)
            by_number = hasattr(type(flow), "__getitem__")
            batches = [flow[i] for i in range(steps)] if by_number else islice(flow, steps)
            for number, batch in enumerate(batches):
                x, y = (numpy.asarray(part, float) for part in batch[:2])
                if x.shape[1:] != (8, 8, 3) or y.size != len(x):
                    raise ValueError(f"pictures of shape {x.shape}, labels of shape {y.shape}")
                places = [numpy.full(len(x), place) for place in (which, epoch, number)]
                rows.append(numpy.column_stack([*places, y.ravel(), x.reshape(len(x), -1)]))
            if hasattr(flow, "on_epoch_end"):
                flow.on_epoch_end()
    return numpy.concatenate(rows)


@probes(
    "04.3",
    "lambda *case: _epochs(two_flows, *case)",
    step=1e-3,
    seconds=180,
    heavy=True,
    uses=(_originals, _flows, _epochs),
)
def two_flows(rng: Generator) -> Drawn:
    """Give a folder whose every picture can be recognised, and read what the flows hand out."""
    for line, judge, epochs in (
        ("each picture in one part, with its label, from 0 to 1, in batches", "parts", (1, 1)),
        ("training pictures, as they are or mirrored left to right, by chance", "training", (3, 0)),
        ("validation pictures, as they are", "validation", (0, 2)),
    ):
        seed = int(rng.integers(1_000, 1_000_000))
        known = {
            "pictures": _originals(seed).tolist(),
            "labels": 12 * [0] + 12 * [1],
            "sizes": [[5, 5, 5, 3], [5, 1]],
        }
        yield Known(line, [(epochs, seed)], judge=judge, known=[known])


def _divisions(split, pictures, labels, fraction, seeds):
    """Return what is in the parts for each seed: rows of which, part (1: validation), number."""
    import numpy

    rows = []
    for which, seed in enumerate(seeds):
        parts = split(pictures, labels, fraction, seed)
        if not isinstance(parts, tuple | list) or len(parts) != 2:
            raise TypeError("no two parts")
        for part, numbers in enumerate(parts):
            if isinstance(numbers, set | frozenset | range):
                numbers = sorted(numbers)
            numbers = numpy.asarray(numbers, None if len(numbers) else int)
            if numbers.ndim != 1 or numbers.dtype.kind not in "iu":
                raise TypeError("the parts are no lists of picture numbers")
            rows += [(which, part, int(number)) for number in numbers]
    return numpy.array(rows, int).reshape(-1, 3)


@probes(
    "04.4",
    "lambda *case: _divisions(split_without_leak, *case)",
    seconds=120,
    heavy=True,
    uses=(_divisions,),
)
def split_without_leak(rng: Generator) -> Drawn:
    """Divide collections of three classes in which a third of the pictures has copies."""
    for line, asked in {
        "each picture is in one of the two parts": "all",
        "a picture and its copies are in the same part": "copies",
        "the same share of the different pictures of each class": "shares",
        "chance decides, by the seed": "chance",
    }.items():
        cases, known = [], []
        for fraction, sizes in ((0.25, (8, 16, 12)), (0.5, (10, 6, 14))):
            piles, pictures, labels = _collection(rng, rng.permutation(sizes))
            seed = int(rng.integers(100, 10_000))
            seeds = (seed, seed, seed + 1, seed + 2, seed + 3)
            cases.append((pictures, labels, fraction, seeds))
            about = {"asked": asked, "fraction": fraction}
            known.append(about | {"piles": piles.tolist(), "labels": labels.tolist()})
        yield Known(line, cases, judge="division", known=known)


def _collection(rng: Generator, different: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return of each picture which one it is, its pixels and its class."""
    n = different.sum()
    pixels = rng.permutation(256)[:n, None, None, None] // [[[1], [3]]]
    times = rng.permutation(np.arange(n) % 3 == 0) * rng.integers(1, 4, n) + 1
    piles = rng.permutation(np.repeat(np.arange(n), times))
    labels = np.repeat(np.arange(len(different)), different)
    return piles, pixels.astype(np.uint8)[piles], labels[piles]
