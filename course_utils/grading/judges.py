"""Judges of answers that may be right in many ways: they run outside the learner's kernel.

The kernel prints what the answer did with hidden inputs, as plain numbers; whether it is right is
decided here, from the inputs that the grader drew. Each judge takes the arrays that were printed
for a case, and what the grader knows of it, and raises `Wrong` with the reason, in one line.
"""

import json
from collections.abc import Callable

import numpy as np

CLOSE, SAME = 2e-3, 1e-3  # of a pixel from 0 to 1; of the distance between two garments
IMPROPER = "no proper answer to the question"


class Wrong(Exception):
    """An answer is not right; the message says why."""


def verdict(name: str, given: str, known: str) -> str:
    """Return why what was printed is wrong, or ``""`` where it is right.

    Parameters
    ----------
    name : str
        The judge, a function of this module.
    given : str
        What the kernel printed: anything at all.
    known : str
        JSON of ``step``, in which numbers were printed, and of ``cases``, what is known of each.
    """
    known = json.loads(known)
    try:
        results = json.loads(given)
        if not isinstance(results, list) or len(results) != len(known["cases"]):
            raise Wrong(IMPROPER)
        for result, case in zip(results, known["cases"], strict=True):
            JUDGES[name](_array(result, known["step"]), case)
    except Wrong as why:
        return str(why) or IMPROPER
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError):
        return IMPROPER
    return ""


def _array(result: object, step: float) -> np.ndarray:
    """Return the finite array that was printed."""
    if isinstance(result, dict):
        raise Wrong(str(result["error"]))
    shape, numbers = result
    array = np.array([float(number) for number in numbers]).reshape(shape) * step
    if not np.isfinite(array).all():
        raise Wrong("numbers that are not finite")
    return array


def _check(holds: object, why: str) -> None:
    if not holds:
        raise Wrong(why)


def _pictures(case: dict) -> np.ndarray:
    """Return pictures and labels as rows, (n, pixels + 1)."""
    return np.column_stack([np.array(case["pictures"], float), case["labels"]])


def _batches(rows: np.ndarray, stream: int) -> list[np.ndarray]:
    """Return the batches of one stream; rows hold stream, batch, pixels, label."""
    mine = rows[rows[:, 0] == stream]
    return [mine[mine[:, 1] == number, 2:] for number in np.unique(mine[:, 1])]


def epochs(rows: np.ndarray, case: dict) -> None:
    """Three epochs give every picture once, with its label, in batches of the right sizes."""
    wanted, size = _pictures(case), case["batch_size"]
    n = len(wanted)
    sizes = [min(size, n - start) for start in range(0, n, size)]
    batches = _batches(rows, 0)
    found = [len(batch) for batch in batches]
    _check(found == 3 * sizes, f"batches of {found[: 2 * len(sizes)]} and so on, not {sizes}")
    together = np.concatenate(batches)
    for start in range(0, 3 * n, n):
        same = np.array_equal(_sorted(together[start : start + n]), _sorted(wanted))
        _check(same, "an epoch does not give every picture once, with its label")


def orders(rows: np.ndarray, case: dict) -> None:
    """Four epochs have orders of their own, and so have their batches."""
    batches, wanted = _batches(rows, 0), _pictures(case)
    steps = len(batches) // 4
    _check(4 * steps == len(batches), "other batches than four epochs have")
    every = [np.concatenate(batches[i * steps : (i + 1) * steps]) for i in range(4)]
    _check(all(np.array_equal(_sorted(e), _sorted(wanted)) for e in every), "not every picture")
    different = {wanted.tobytes(), *(epoch.tobytes() for epoch in every)}
    _check(len(different) == 5, "an epoch has the order of another, or that of the pictures given")
    mixed = {_sorted(batch).tobytes() for batch in batches}
    _check(len(mixed) == len(batches), "the same pictures come together in several epochs")


def seeds(rows: np.ndarray, case: dict) -> None:
    """The streams 0 and 1 of the same seed agree, that of another seed does not."""
    wanted = {row.tobytes() for row in _pictures(case)}
    one, two, other = (_batches(rows, stream) for stream in range(3))
    _check({row.tobytes() for batch in one for row in batch} == wanted, "not every picture")
    same = [np.array_equal(a, b) for a, b in zip(one, two, strict=True)]
    _check(all(same), "the same seed gives another order")
    same = [np.array_equal(a, b) for a, b in zip(one, other, strict=True)]
    _check(not all(same), "another seed gives the same order")


def _sorted(rows: np.ndarray) -> np.ndarray:
    return rows[np.lexsort(rows.T)]


def _read(rows: np.ndarray, case: dict, flow: int, epoch: int) -> tuple[np.ndarray, ...]:
    """Return pixels, labels, picture numbers and sizes of batches of one epoch of a flow.

    Rows hold flow, epoch, batch, label, pixels; a picture is known by its blue.
    """
    mine = rows[(rows[:, 0] == flow) & (rows[:, 1] == epoch)]
    _check(len(mine), "an epoch without pictures")
    pixels = mine[:, 4:].reshape(-1, 8, 8, 3)
    _check(pixels.min() > -CLOSE and pixels.max() < 1 + CLOSE, "pixels that are not from 0 to 1")
    blue = np.array(case["pictures"], float)[:, 0, 0, 2] / 255
    numbers = abs(np.median(pixels[..., 2], axis=(1, 2))[:, None] - blue).argmin(axis=1)
    return pixels, mine[:, 3], numbers, np.unique(mine[:, 2], return_counts=True)[1]


def parts(rows: np.ndarray, case: dict) -> None:
    """Each picture is in one of the two parts, with its label, in batches of the right sizes."""
    read = [_read(rows, case, flow, 0) for flow in range(2)]
    numbers = np.concatenate([one[2] for one in read])
    once = sorted(numbers.tolist()) == list(range(len(case["labels"])))
    _check(once, "not every picture is in one of the two parts, once")
    labels = np.concatenate([one[1] for one in read])
    _check(np.array_equal(labels, np.array(case["labels"])[numbers]), "a picture has another label")
    found = [one[3].tolist() for one in read]
    _check(found == case["sizes"], f"batches of {found}, not of {case['sizes']}")


def validation(rows: np.ndarray, case: dict) -> None:
    """Two epochs of the validation part are as in the files."""
    files = np.array(case["pictures"], float) / 255
    for epoch in range(2):
        pixels, _, numbers, sizes = _read(rows, case, 1, epoch)
        _check(sizes.tolist() == case["sizes"][1], "not every picture of the part")
        _check(len({*numbers.tolist()}) == len(numbers), "a picture comes twice")
        changed = abs(pixels - files[numbers]).max(axis=(1, 2, 3)) > CLOSE
        why = f"{changed.sum()} of {len(pixels)} pictures are not as in their files"
        _check(not changed.any(), why)


def training(rows: np.ndarray, case: dict) -> None:
    """Three epochs of the training part are as in the files or mirrored, by chance."""
    files, patterns = np.array(case["pictures"], float) / 255, set()
    for epoch in range(3):
        pixels, _, numbers, _ = _read(rows, case, 0, epoch)
        _check(len({*numbers.tolist()}) == len(numbers) == sum(case["sizes"][0]), "other pictures")
        ways = files[numbers], files[numbers][:, :, ::-1]
        same = [abs(pixels - way).max(axis=(1, 2, 3)) < CLOSE for way in ways]
        known = (same[0] | same[1]).all()
        _check(known, "a picture is neither as in its file nor mirrored left to right")
        patterns.add(tuple(same[1][np.argsort(numbers)].tolist()))
    varied = len(patterns) > 1 and len({way for one in patterns for way in one}) == 2
    _check(varied, "chance does not decide on what is mirrored")


def division(rows: np.ndarray, case: dict) -> None:
    """A division is what ``case["asked"]`` says; rows hold which, part (1: validation), number."""
    found = [
        [rows[(rows[:, 0] == which) & (rows[:, 1] == part), 2].astype(int) for part in range(2)]
        for which in range(5)
    ]
    train, judged = found[0]
    pile, labels = np.array(case["piles"]), np.array(case["labels"])
    _check(len(judged), "the validation part is empty")
    numbers = sorted([*train.tolist(), *judged.tolist()])
    _check(numbers[0] >= 0 and numbers[-1] < len(pile), "numbers that no picture has")
    learned, judged = {*pile[train].tolist()}, {*pile[judged].tolist()}
    if case["asked"] == "all":
        _check(numbers == list(range(len(pile))), "not every picture is in one part, once")
    elif case["asked"] == "copies":
        _check(not learned & judged, "copies of a picture are in both parts")
        _check(learned | judged == {*pile.tolist()}, "pictures are in neither part")
    elif case["asked"] == "shares":
        for kind in np.unique(labels):
            of_kind = {*pile[labels == kind].tolist()}
            share, wanted = len(of_kind & judged), round(case["fraction"] * len(of_kind))
            _check(share == wanted, f"{share} of {len(of_kind)} pictures of a class, not {wanted}")
    else:
        again = [frozenset(part.tolist()) for _, part in found]
        _check(again[0] == again[1], "the same seed gives another division")
        _check(len({*again}) == 4, "another seed gives the same division")


def invariance(logits: np.ndarray, case: dict) -> None:
    """Rows of the same garment have the same logits (brightness, row, class), others have not."""
    garment = np.array(case["garments"])
    _check(logits.shape == (3, len(garment), 10), "not ten logits for each image")
    for rows in logits:
        first, second = (rows[garment == which] for which in (0, 1))
        scale = abs(first[0] - second[0]).max()
        if scale > 0.003 * abs(first[0]).max():
            break
    _check(scale > 1e-6, "another garment gets the same logits")
    moved = max(abs(one - one[0]).max() for one in (first, second))
    _check(moved < SAME * scale, "the logits change where the garment moves")


JUDGES: dict[str, Callable[[np.ndarray, dict], None]] = {
    judge.__name__: judge
    for judge in (epochs, orders, seeds, parts, validation, training, division, invariance)
}
