"""04.3: a tutorial's two flows, mended."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from course_utils.checks.compare import call, shown
from course_utils.checks.lesson_04.shared import a_function, randomness_kept
from course_utils.checks.registry import CheckFailed, exercise


@exercise(
    "04.3",
    answers=("two_flows",),
    hints=(
        "Whatever a generator was told, it does to every picture that it hands out. How many do "
        "you need, if two kinds of picture want different treatment?",
        "Two generators: the first flips, the second does not. Both divide by 255, and both must "
        "know the share, or the second does not know where the validation part begins.",
        "`varied = ImageDataGenerator(validation_split=0.25, rescale=1 / 255, "
        "horizontal_flip=True)` and the same without the flip; then `flow_from_directory` of "
        'the first with `subset="training"`, of the second with `subset="validation"`.',
    ),
    praise="The network is judged by the pictures as they are.",
)
def judge_two_flows(answer: Any) -> None:
    """Read two epochs of both parts of a folder whose every picture can be recognised."""
    a_function(answer, "two_flows")
    with TemporaryDirectory(ignore_cleanup_errors=True) as place, randomness_kept():
        np.random.seed(0)
        originals = _write_pictures(Path(place))
        try:
            _judge_flows(call(answer, (Path(place), 8, 5), "two_flows"), originals)
        except CheckFailed as failure:
            tried = "tried     two_flows(folder, side=8, batch_size=5), 12 cats and 8 dogs"
            raise CheckFailed(failure.reason, tried, *failure.details) from None


_PARTS = ("training", "validation")


def _write_pictures(place: Path) -> np.ndarray:
    """Write 12 cats and 8 dogs of 8 x 8 noise; the blue channel of number i is 10 (i + 1)."""
    originals = np.random.default_rng(4).integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)
    originals[..., 2] = 10 * np.arange(1, 21)[:, None, None]
    for i, picture in enumerate(originals):
        folder = place / ("cats" if i < 12 else "dogs")
        folder.mkdir(exist_ok=True)
        Image.fromarray(picture).save(folder / f"{i:02}.png")
    return originals / 255


def _judge_flows(pair: Any, originals: np.ndarray) -> None:
    if not (isinstance(pair, tuple | list) and len(pair) == 2):
        raise CheckFailed(
            f"`two_flows` must return two flows, `train, validation`; it returns {shown(pair)}."
        )
    if not all(hasattr(type(flow), "__len__") for flow in pair):
        what = " and ".join(shown(flow) for flow in pair)
        raise CheckFailed(f"Both must be flows, which have a length; they are {what}.")
    looks = [[call(lambda f=f: _epoch(f), (), "two_flows") for f in pair] for _ in range(2)]
    for name, (x, _) in zip(_PARTS * 2, looks[0] + looks[1], strict=True):
        _judge_form(name, x)
    _judge_scale(*(x for x, _ in looks[0]))
    pixels = [[_in_order(x) for x, _ in look] for look in looks]
    _judge_colours(*pixels[0])
    _judge_division(*map(_numbers_of, pixels[0]))
    same = np.array_equal(pixels[0][1], pixels[1][1])
    _judge_pictures(*([_kinds(x, originals) for x in look] for look in pixels), same)
    if [len(flow) for flow in pair] != [-(-len(x) // 5) for x, _ in looks[0]]:
        raise CheckFailed("The batches don't hold `batch_size` pictures each.")
    for name, (x, y) in zip(_PARTS, looks[0], strict=True):
        if y.size != len(x) or (y.ravel() != (_numbers_of(x) >= 12)).any():
            raise CheckFailed(
                f"The {name} labels are not those of a binary class mode: cat 0, dog 1.",
                f"got       {shown(y[:5])}",
            )


def _epoch(flow: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the pictures and labels of one round through a flow, a data set or a list."""
    steps = len(flow)
    by_number = hasattr(type(flow), "__getitem__")
    batches = [flow[i] for i in range(steps)] if by_number else [*islice(flow, steps)]
    if hasattr(flow, "on_epoch_end"):
        flow.on_epoch_end()
    if not batches:
        return np.zeros((0, 8, 8, 3)), np.zeros(0)
    x, y = (
        np.concatenate([np.asarray(part, float) for part in parts])
        for parts in zip(*batches, strict=True)
    )
    return x, y


def _judge_form(name: str, x: np.ndarray) -> None:
    if not len(x):
        raise CheckFailed(
            f"There is no {name} picture: the generator that `subset` asks must "
            "know its `validation_split`."
        )
    if x.ndim == 4 and x.shape[1:3] != (8, 8):
        raise CheckFailed(
            f"The {name} pictures are {x.shape[1]} x {x.shape[2]}; asked are side x side, "
            "here 8 x 8: `target_size=(side, side)`."
        )
    if x.shape[1:] != (8, 8, 3):
        raise CheckFailed(
            f"A {name} picture must have the shape (8, 8, 3), side x side in three colours; "
            f"it has {x.shape[1:]}."
        )
    if not np.isfinite(x).all():
        raise CheckFailed(f"Among the pixels of the {name} pictures there is NaN or infinity.")


def _blue(x: np.ndarray) -> np.ndarray:
    """Return the blue of each picture, from 0 to 1, in units of ten grey levels."""
    return np.median(x[..., 2], axis=(1, 2)) * 25.5


def _numbers_of(x: np.ndarray) -> np.ndarray:
    """Return which picture each one is, whatever was done to it but to its blue channel."""
    return np.rint(_blue(x)).astype(int) - 1


def _in_order(x: np.ndarray) -> np.ndarray:
    return x[np.argsort(_numbers_of(x), kind="stable")]


def _kinds(x: np.ndarray, originals: np.ndarray) -> list[str]:
    """Return what was done to each picture."""
    found = []
    for number, one in zip(_numbers_of(x), x, strict=True):
        file = originals[number % 20]
        ways = {"": file, "mirrored": file[:, ::-1], "upside down": file[::-1]}
        ways["turned by half"] = file[::-1, ::-1]
        same = [way for way, known in ways.items() if np.abs(one - known).max() < 1e-4]
        found.append(same[0] if same else "otherwise")
    return found


def _judge_division(train: np.ndarray, validation: np.ndarray) -> None:
    counts = f"got       {len(train)} for training, {len(validation)} for validation"
    shared = np.intersect1d(train, validation)
    if len(set(train)) == 20:
        raise CheckFailed(
            "All pictures are for training, those of the validation part as well: a "
            "leak. Both generators need the `validation_split`.",
            counts,
        )
    if len(shared) == len(validation) == len(train):
        raise CheckFailed(
            'Both flows hand out the same part: one takes `subset="training"`, the '
            'other `subset="validation"`.',
            counts,
        )
    if len(shared):
        raise CheckFailed(
            f"A leak: {_pictures(len(shared))} in both parts. Both must be divided in the same "
            "way.",
            counts,
        )
    if missing := {*range(20)} - {*train, *validation}:
        raise CheckFailed(
            f"{_pictures(len(missing))} in neither part: both generators need the same "
            "`validation_split`, 0.25.",
            counts,
        )
    if len(train) + len(validation) > 20:
        raise CheckFailed("A picture comes twice in one part.", counts)
    if len(validation) > 10:
        raise CheckFailed("The parts have changed places: a quarter is for validation.", counts)
    if abs(len(validation) - 5) > 1:
        raise CheckFailed("The validation part is no quarter of the pictures.", counts)


def _pictures(count: int) -> str:
    return "1 picture is" if count == 1 else f"{count} pictures are"


def _judge_scale(*parts: np.ndarray) -> None:
    train, validation = (x.max() for x in parts)
    highest = f"got       a maximum of {train:.3g} in training, {validation:.3g} in validation"
    for name, x in zip(_PARTS, parts, strict=True):
        if x.min() < -0.01 or not (0.5 < x.max() <= 1.1 or 200 < x.max() <= 256):
            raise CheckFailed(
                f"Pixels of the {name} pictures lie between {x.min():.2g} and {x.max():.2g}; "
                "asked is 0 to 1: `rescale=1 / 255`, and nothing else.",
                highest,
            )
    if train <= 1.1 < validation:
        raise CheckFailed(
            "Validation pictures go up to 255, training pictures to 1. Scaling is no "
            "augmentation: both generators need it.",
            highest,
        )
    if validation <= 1.1 < train:
        raise CheckFailed(
            "Training pictures go up to 255, validation pictures to 1: both need the same scale.",
            highest,
        )
    if train > 1.1:
        raise CheckFailed("The pictures go up to 255: `rescale` is gone from both.", highest)


def _judge_colours(*parts: np.ndarray) -> None:
    """Refuse pictures that are brighter, darker or bluer than any file."""
    for name, x in zip(_PARTS, parts, strict=True):
        if (np.abs(_blue(x) - np.rint(_blue(x))) > 0.1).any():
            raise CheckFailed(
                f"The colours of the {name} pictures are not those of their files: only the scale "
                "may change, and in training left and right."
            )


def _judge_pictures(first: Sequence[list[str]], second: Sequence[list[str]], same: bool) -> None:
    """Refuse what was done to the pictures; ``same``: those for validation in both epochs."""
    train, validation = (one + two for one, two in zip(first, second, strict=True))
    changed = f"got       {sum(map(bool, validation))} of {len(validation)} changed, in two epochs"
    if same and {*validation} == {"otherwise"}:
        raise CheckFailed(
            "The validation pictures are not as in their files, but the same in each epoch: is it "
            "the `rescale`? 255 must become 1.",
            changed,
        )
    if any(validation) and not any(train):
        raise CheckFailed(
            "Augmented are the validation pictures, and only they: the two "
            "generators have changed places.",
            changed,
        )
    if any(validation):
        raise CheckFailed(
            f"The validation pictures are still altered, "
            f"{'alike in all epochs' if same else 'differently in each epoch'}. "
            "Give them a generator that only scales.",
            changed,
        )
    if not any(train):
        raise CheckFailed(
            "Nothing is altered any more: the training pictures should be mirrored, at random."
        )
    if {"upside down", "turned by half"} & {*train}:
        raise CheckFailed(
            "Training pictures stand on their heads. Two flips make half a turn, and few cats "
            "hang from the ceiling: leave the vertical one out."
        )
    if "otherwise" in train:
        raise CheckFailed(
            "A training picture is neither as in its file nor its mirror image. "
            "Mirroring was all that is asked for."
        )
    if "" not in train:
        raise CheckFailed("Every training picture is mirrored, always: let chance decide.")
    if first[0] == second[0]:
        raise CheckFailed(
            "The same training pictures are mirrored in every epoch: chance was asked only once."
        )
