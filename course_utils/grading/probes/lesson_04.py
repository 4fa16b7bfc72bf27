"""Probes of lesson 04: the steps of an epoch, an endless generator, two flows, a division."""

import numpy as np

from course_utils.grading.probes.drawing import Drawn, Generator, Known, probes


@probes("04.1", "steps_per_epoch")
def steps_per_epoch(rng: Generator) -> Drawn:
    """Ask for epochs that come out even, and for those that leave a rest, kept or dropped."""
    for keep_last in (True, False):
        for rest in (0, 1, 7):
            sizes = [(int(n), int(size)) for n, size in rng.integers(9, 60, (4, 2))]
            cases = [(n * size + rest, size, keep_last) for n, size in sizes]
            yield f"{rest} images left over, keep_last={keep_last}", cases


def _batches(stream, count):
    """Return the next batches of a learner's generator, each an array with a row for a picture."""
    import numpy

    found = []
    for _ in range(count):
        try:
            batch = next(stream)
        except StopIteration:
            raise ValueError(f"it ends after {len(found)} batches") from None
        if not isinstance(batch, tuple) or len(batch) != 2:
            raise TypeError("a batch is no pair of pictures and labels")
        if any(isinstance(part, list | tuple) for part in batch):
            raise TypeError("a batch is no pair of arrays")
        x, y = (numpy.asarray(part) for part in batch)
        if x.ndim != 4 or y.shape != x.shape[:1]:
            raise ValueError(f"a batch of shapes {x.shape} and {y.shape}")
        found.append(numpy.column_stack([x.reshape(len(x), -1), y]))
    return found


def _endless(endless, case, *settings):
    """Return what ``case`` asks of a learner's generator."""
    return {"epochs": _epochs, "orders": _orders, "seeds": _seeds}[case](endless, *settings)


def _epochs(endless, pictures, labels, batch_size):
    """Return three epochs, the rows of each in order."""
    import numpy

    n = len(pictures)
    sizes = [min(batch_size, n - start) for start in range(0, n, batch_size)]
    batches = _batches(endless(pictures, labels, batch_size, 0), 3 * len(sizes))
    if [len(batch) for batch in batches] != 3 * sizes:
        raise ValueError(f"other sizes of batches than {sizes} in each epoch")
    rows = numpy.concatenate(batches)
    epochs = [rows[start : start + n] for start in range(0, 3 * n, n)]
    return numpy.array([epoch[numpy.lexsort(epoch.T)] for epoch in epochs])


def _orders(endless, pictures, labels, batch_size, code):
    """Return how many of four orders and of their batches differ; so does the one handed in."""
    import numpy

    steps = -(-len(pictures) // batch_size)
    batches = _batches(endless(pictures, labels, batch_size, code), 4 * steps)
    epochs = [batches[start : start + steps] for start in range(0, 4 * steps, steps)]
    given = numpy.column_stack([pictures.reshape(len(pictures), -1), labels])
    orders = {given.tobytes(), *(numpy.concatenate(epoch).tobytes() for epoch in epochs)}
    together = {numpy.sort(batch, axis=0).tobytes() for batch in batches}
    return code * len(orders), code * len(together)


def _seeds(endless, pictures, labels, batch_size, code):
    """Return a number if a seed and nothing else decides on the order."""
    import random

    import numpy

    given = pictures, labels, batch_size
    one, two, other = endless(*given, code), endless(*given, code), endless(*given, code + 1)
    same = different = 0
    for step in range(8):
        numpy.random.seed(step)
        random.seed(step)
        first, second, third = (_batches(stream, 1)[0] for stream in (one, two, other))
        same += numpy.array_equal(first, second)
        different += not numpy.array_equal(first, third)
    return code * same, code * (different > 0)


@probes(
    "04.2",
    "lambda *case: _endless(endless, *case)",
    seconds=120,
    heavy=True,
    uses=(_batches, _endless, _epochs, _orders, _seeds),
)
def endless(rng: Generator) -> Drawn:
    """Ask for whole epochs, for the orders of several, and for what decides on the order."""

    def pile(n: int) -> tuple[np.ndarray, np.ndarray]:
        pictures = rng.permutation(200)[:n, None, None, None] + np.zeros((1, 1, 2, 1), int)
        return pictures.astype(np.uint8), rng.integers(0, 2, n)

    def code() -> int:
        return int(rng.integers(10, 1_000_000))

    yield "three epochs with a smaller last batch", [("epochs", *pile(n), 4) for n in (10, 9)]
    yield "three epochs that come out even", [("epochs", *pile(12), 4)]
    yield "three epochs of fewer pictures than a batch", [("epochs", *pile(3), 5)]
    yield "an order drawn anew in each epoch", [("orders", *pile(40), 8, code())]
    yield "the seed decides, and no other random numbers", [("seeds", *pile(20), 8, code())]


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


def _epoch(flow):
    """Return the pictures, the labels and the sizes of the batches of one epoch."""
    from itertools import islice

    import numpy

    steps = len(flow)
    by_number = hasattr(type(flow), "__getitem__")
    batches = [flow[i] for i in range(steps)] if by_number else [*islice(flow, steps)]
    if hasattr(flow, "on_epoch_end"):
        flow.on_epoch_end()
    x, y = (
        numpy.concatenate([numpy.asarray(part, float) for part in parts])
        for parts in zip(*batches, strict=True)
    )
    if x.shape[1:] != (8, 8, 3) or y.size != len(x):
        raise ValueError(f"pictures of shape {x.shape}, labels of shape {y.shape}")
    return x, y.ravel(), [len(batch[0]) for batch in batches]


def _numbers(x, seed):
    """Return which picture each one is, known by its blue."""
    import numpy

    blue = _originals(seed)[:, 0, 0, 2] / 255
    return abs(numpy.median(x[..., 2], axis=(1, 2))[:, None] - blue).argmin(axis=1)


def _mended_flows(two_flows, part, seed):
    """Return what ``part`` asks of a learner's two flows."""
    train, validation = _flows(two_flows, seed)
    if part == "parts":
        return _parts(_epoch(train), _epoch(validation), seed)
    if part == "validation":
        return _kept([_epoch(validation) for _ in range(2)], seed)
    return _mirrored([_epoch(train) for _ in range(3)], seed)


def _parts(train, validation, seed):
    """Return the blue and the label of each picture of both parts, and the sizes of batches."""
    import numpy

    blue = _originals(seed)[:, 0, 0, 2].astype(int)
    x, y = (numpy.concatenate(pair) for pair in list(zip(train, validation, strict=True))[:2])
    if x.min() < -1e-4 or x.max() > 1 + 1e-4 or x.max() < 0.5:
        raise ValueError(f"pixels from {x.min():.3g} to {x.max():.3g}")
    order = numpy.argsort(_numbers(x, seed), kind="stable")
    return blue[_numbers(x, seed)[order]], y[order], train[2], validation[2]


def _kept(epochs, seed):
    """Return a hidden number for each epoch in which the pictures are as in their files."""
    import numpy

    files, found = _originals(seed) / 255, []
    for x, _, _ in epochs:
        as_file = abs(x - files[_numbers(x, seed)]).max(axis=(1, 2, 3)) < 1e-4
        if not as_file.all():
            raise ValueError(
                f"{numpy.sum(~as_file)} of {len(x)} pictures are not as in their files"
            )
        found.append(len(x) and seed)
    return found


def _mirrored(epochs, seed):
    """Return a hidden number if the pictures are as in their files or mirrored, by chance."""
    import numpy

    files, patterns = _originals(seed) / 255, []
    for x, _, _ in epochs:
        numbers = _numbers(x, seed)
        ways = [files[numbers], files[numbers][:, :, ::-1]]
        same = [abs(x - way).max(axis=(1, 2, 3)) < 1e-4 for way in ways]
        if not (same[0] | same[1]).all():
            raise ValueError("a picture is neither as in its file nor mirrored left to right")
        patterns.append(tuple(same[1][numpy.argsort(numbers)]))
    if len({*patterns}) < 2 or len({way for pattern in patterns for way in pattern}) < 2:
        raise ValueError("chance does not decide on what is mirrored")
    return seed


def _right_flows(part: str, seed: int) -> object:
    """Return what the mended flows give."""
    if part == "parts":
        kinds = np.repeat([0.0, 1.0], 12)
        return _originals(seed)[:, 0, 0, 2].astype(int), kinds, [5, 5, 5, 3], [5, 1]
    return [seed, seed] if part == "validation" else seed


@probes(
    "04.3",
    "lambda *case: _mended_flows(two_flows, *case)",
    seconds=180,
    heavy=True,
    uses=(_originals, _flows, _epoch, _numbers, _mended_flows, _parts, _kept, _mirrored),
)
def two_flows(rng: Generator) -> Drawn:
    """Give a folder whose every picture can be recognised, and read what the flows hand out."""
    for line, part in {
        "each picture in one part, with its label, from 0 to 1, in batches": "parts",
        "training pictures, as they are or mirrored left to right, by chance": "training",
        "validation pictures, as they are": "validation",
    }.items():
        yield Known(line, [(part, int(rng.integers(1_000, 1_000_000)))], _right_flows)


def _divided(split, part, pictures, labels, fraction, seed):
    """Return what ``part`` asks of a division."""
    import numpy

    def divided(seed):
        parts = split(pictures, labels, fraction, seed)
        if not isinstance(parts, tuple | list) or len(parts) != 2:
            raise TypeError("no two parts")
        parts = [sorted(p) if isinstance(p, set | frozenset | range) else p for p in parts]
        train, validation = (numpy.asarray(p, None if len(p) else int) for p in parts)
        if any(one.ndim != 1 or one.dtype.kind not in "iu" for one in (train, validation)):
            raise TypeError("the parts are no lists of picture numbers")
        return train, validation

    train, validation = divided(seed)
    pile = numpy.unique(pictures, axis=0, return_inverse=True)[1].ravel()
    if part == "all":
        return pictures.sum(axis=(1, 2, 3))[numpy.sort(numpy.concatenate([train, validation]))]
    judged = numpy.array([numpy.isin(pile[validation], one).any() for one in range(pile.max() + 1)])
    if not judged.any():
        raise ValueError("the validation part is empty")
    if part == "copies":
        learned = numpy.isin(numpy.arange(len(judged)), pile[train])
        return seed * (learned.astype(int) + judged)
    if part == "shares":
        kinds = [numpy.unique(pile[labels == kind]) for kind in numpy.unique(labels)]
        return [seed * judged[kind].sum() for kind in kinds]
    again = [frozenset(divided(seed + k)[1].tolist()) for k in (0, 0, 1, 2, 3)]
    return seed * (again[0] == again[1]), seed * len({*again})


def _right_division(
    part: str, pictures: np.ndarray, labels: np.ndarray, fraction: float, seed: int
) -> object:
    """Return what a right division gives; ``fraction`` of each class is a whole number."""
    if part == "all":
        return pictures.sum(axis=(1, 2, 3))
    if part == "chance":
        return seed, 4 * seed
    different = [np.unique(pictures[labels == kind], axis=0) for kind in np.unique(labels)]
    if part == "copies":
        return np.full(sum(map(len, different)), seed)
    return [round(seed * fraction * len(one)) for one in different]


@probes(
    "04.4",
    "lambda *case: _divided(split_without_leak, *case)",
    seconds=120,
    heavy=True,
    uses=(_divided,),
)
def split_without_leak(rng: Generator) -> Drawn:
    """Divide collections of three classes in which a third of the pictures has copies."""

    def collection(*different: int) -> tuple[np.ndarray, np.ndarray]:
        n = sum(different)
        pixels = rng.permutation(256)[:n, None, None, None] // [[[1], [3]]]
        times = rng.permutation(np.arange(n) % 3 == 0) * rng.integers(1, 4, n) + 1
        numbers = rng.permutation(np.repeat(np.arange(n), times))
        labels = np.repeat(np.arange(len(different)), different)
        return pixels.astype(np.uint8)[numbers], labels[numbers]

    for line, part in {
        "each picture is in one of the two parts": "all",
        "a picture and its copies are in the same part": "copies",
        "the same share of the different pictures of each class": "shares",
        "chance decides, by the seed": "chance",
    }.items():
        cases = []
        for fraction, sizes in ((0.25, (8, 16, 12)), (0.5, (10, 6, 14))):
            sizes = map(int, rng.permutation(sizes))
            cases.append((part, *collection(*sizes), fraction, int(rng.integers(100, 10_000))))
        yield Known(line, cases, _right_division)
