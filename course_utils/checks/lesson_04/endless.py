"""04.2: a generator that never ends."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from course_utils.checks.compare import call, shown
from course_utils.checks.lesson_04.shared import a_function, randomness_kept
from course_utils.checks.lesson_04.steps import steps_per_epoch
from course_utils.checks.registry import CheckFailed, exercise


@exercise(
    "04.2",
    answers=("endless",),
    hints=(
        "Play it with cards: when do you shuffle, when do you deal, when do you begin again? And "
        "how does each card keep its label?",
        "Shuffle numbers, not pictures: `order = rng.permutation(n)` at the beginning of each "
        "round. The same piece of `order` picks the pictures of a batch and their labels.",
        "Make `rng` from the seed; then `while True:`, inside it `order = rng.permutation(n)` and "
        "`for start in range(0, n, batch_size):`, inside that take "
        "`chosen = order[start : start + batch_size]` and "
        "`yield pictures[chosen], labels[chosen]`.",
    ),
    praise="Every picture once an epoch, each time in a new order, and repeatable.",
)
def judge_endless(answer: Any) -> None:
    """Draw several epochs: with a rest, without one, with fewer pictures than a batch."""
    a_function(answer, "endless")
    with randomness_kept():
        for n, batch_size in ((10, 4), (12, 4), (9, 4), (3, 5)):
            _judge_epochs(answer, n, batch_size)
        _judge_seed(answer)


class _Stream:
    """A learner's generator over n small pictures; says what was wrong with what it gives."""

    def __init__(self, function: Callable, n: int, batch_size: int, seed: int):
        self.tried = f"tried     endless(pictures, labels, {batch_size}, {seed}), {n} pictures"
        self.pictures = np.arange(n * 6, dtype=np.uint8).reshape(n, 2, 3, 1)
        self.labels = np.array([0, 0, 1, 0, 1, 1] * n)[:n]
        self.given = self.pictures.copy(), self.labels.copy()
        with self.complaining():
            arguments = (*self.given, batch_size, seed)
            self.stream = call(lambda: function(*arguments), (), "endless")
        if isinstance(self.stream, tuple) and len(self.stream) == 2:
            self.fail(
                "It returns one batch, and that is the end. With `yield` it would hand out "
                "a batch, wait, and go on."
            )
        if isinstance(self.stream, list):
            self.fail(
                "It returns a list, which has an end and lies in memory as a whole. Hand "
                "out each batch with `yield`."
            )
        if not isinstance(self.stream, Iterator):
            self.fail(f"It must hand out batches with `yield`; it returns {shown(self.stream)}.")

    def fail(self, reason: str, *details: str) -> None:
        raise CheckFailed(reason, self.tried, *details)

    @contextlib.contextmanager
    def complaining(self) -> Iterator[None]:
        """Say what was tried, whatever fails inside."""
        try:
            yield
        except CheckFailed as failure:
            self.fail(failure.reason, *failure.details)

    def draw(self, count: int) -> list[list[int]]:
        """Return which pictures the next ``count`` batches hold."""
        drawn = []
        for _ in range(count):
            with self.complaining():
                (item,) = call(lambda: (next(self.stream, _END),), (), "endless")
            if item is _END:
                self.ended(sum(map(len, drawn)), len(drawn))
            drawn.append(self.read(item))
        before = self.pictures, self.labels
        if any(not np.array_equal(*pair) for pair in zip(self.given, before, strict=True)):
            self.fail(
                "The pictures or labels that were handed in are shuffled themselves. Leave "
                "them in place, and shuffle their numbers."
            )
        return drawn

    def ended(self, pictures: int, batches: int) -> None:
        if not batches:
            self.fail("It ends before its first batch.")
        if pictures == len(self.pictures):
            self.fail(
                "It ends after one epoch, and Keras would run out of data: begin again, "
                "with `while True:` around it all."
            )
        self.fail("It ends: a generator for training never does.", f"got       {batches} batches")

    def read(self, item: Any) -> list[int]:
        """Return the numbers of a batch's pictures, which have their own labels."""
        if not (isinstance(item, tuple | list) and len(item) == 2):
            self.fail("A batch is a pair, pictures and their labels.", f"got       {shown(item)}")
        if isinstance(item, list):
            self.fail("The pair must be a tuple, or Keras refuses it: `yield x, y`, not `[x, y]`.")
        if any(isinstance(part, list | tuple) for part in item):
            self.fail(
                "A batch is a pair of arrays; a list Keras takes for several inputs. Index with "
                "the numbers of the batch, `pictures[chosen]`, or make an array with `np.stack`.",
                f"got       {' and '.join(type(part).__name__ for part in item)}",
            )
        try:
            x, y = (np.asarray(part) for part in item)
            where = [np.flatnonzero((self.pictures == one).all((1, 2, 3))) for one in x]
        except Exception:
            x = y = np.array(0)
        shape = self.pictures.shape[1:]
        if y.shape[1:] == shape and x.ndim == 1:
            self.fail("Labels first, pictures second: Keras expects them the other way round.")
        numbers = x.dtype.kind in "uif" and y.dtype.kind in "buif"
        if x.shape[1:] != shape or y.ndim != 1 or not numbers:
            self.fail(
                "A batch is a pair of arrays, pictures and labels.",
                f"expected  shapes (k, {str(shape)[1:-1]}) and (k,)",
                f"got       {shown(item) if x is y else f'{x.shape} and {y.shape}'}",
            )
        if len(x) != len(y):
            self.fail(f"A batch holds {len(x)} pictures and {len(y)} labels.")
        if not all(map(len, where)):
            self.fail("A batch holds a picture that was not handed in: give them as they are.")
        chosen = [int(place[0]) for place in where]
        if not np.array_equal(self.labels[chosen], y):
            self.fail(
                "A picture has got another one's label: pictures and labels must be "
                "shuffled by the same draw, `order`."
            )
        return chosen


_END = object()


def _judge_epochs(function: Callable, n: int, batch_size: int) -> None:
    stream = _Stream(function, n, batch_size, 0)
    steps = steps_per_epoch(n, batch_size)
    drawn = stream.draw(3 * steps)
    sizes = [len(batch) for batch in drawn]
    flat = [i for batch in drawn for i in batch]
    last = n - (steps - 1) * batch_size
    if sizes != [*[batch_size] * (steps - 1), last] * 3:
        stream.fail(
            _why_sizes(flat, sizes, n, batch_size),
            f"expected  batches of {', '.join(map(str, [*[batch_size] * (steps - 1), last] * 2))}",
            f"got       batches of {', '.join(map(str, sizes[: 2 * steps]))}",
        )
    epochs = [flat[start : start + n] for start in range(0, 3 * n, n)]
    for epoch in epochs:
        missing = sorted(set(range(n)) - set(epoch))
        if missing:
            twice = Counter(epoch).most_common(1)[0][0]
            stream.fail(
                "In one epoch some pictures come twice, others never: draw without putting "
                "back, a new order of all of them.",
                f"got       picture {twice} twice, picture {missing[0]} never",
            )
    if n > batch_size and (why := _why_order(epochs, drawn, steps)):
        stream.fail(why, *(f"epoch {k}   {shown(np.array(e))}" for k, e in enumerate(epochs, 1)))


def _why_sizes(flat: list[int], sizes: list[int], n: int, batch_size: int) -> str:
    rounds = [set(flat[start : start + n]) for start in range(0, 2 * n, n)]
    whole = n // batch_size * batch_size
    if 0 in sizes:
        return "There is an empty batch: the last one starts before the end of the pictures."
    if set(sizes) == {batch_size} and all(len(seen) == n for seen in rounds):
        return (
            "The last batch is filled up with pictures of the next epoch: the epochs drift, as "
            "with `steps_per_epoch` rounded down."
        )
    shortened = [set(flat[start : start + whole]) for start in range(0, 2 * whole, whole)]
    if set(sizes) == {batch_size} and all(len(seen) == whole for seen in shortened):
        return "The last, smaller batch is missing: its pictures are left out of the epoch."
    if set(sizes) == {batch_size}:
        return "All batches are full, because some pictures come twice in an epoch."
    if sorted(sizes[: -(-n // batch_size)])[1:] == [batch_size] * (n // batch_size):
        return "The smaller batch does not come last: shuffle the pictures, not the batches."
    return "The batches have other sizes than asked for."


def _why_order(epochs: list[list[int]], drawn: list[list[int]], steps: int) -> str:
    in_order = list(range(len(epochs[0])))
    if epochs == [in_order] * 3:
        return "Nothing is shuffled: a network would see all of one class, then all of the other."
    if in_order in epochs:
        return "One epoch comes as the pictures were handed in: shuffle before each, the first too."
    if epochs[0] == epochs[1]:
        return (
            "Every epoch has the same order. Draw a new one in each round: inside `while True:`, "
            "from an `rng` that was made before it."
        )
    batches = [{frozenset(batch) for batch in drawn[k * steps :][:steps]} for k in range(3)]
    if batches[0] == batches[1] == batches[2]:
        return "The same pictures meet in a batch in every epoch: shuffle all of them, not batches."
    return ""


def _judge_seed(function: Callable) -> None:
    one, two = (_Stream(function, 20, 8, 3) for _ in range(2))
    in_turn = [[stream.draw(1)[0] for stream in (one, two)] for _ in range(6)]
    if any(first != second for first, second in in_turn):
        again = [_Stream(function, 20, 8, 3).draw(6) for _ in range(2)]
        if again[0] == again[1]:
            one.fail(
                "Two generators with one seed disturb each other when they are drawn from in turn: "
                "they share a global state. Give each an `np.random.default_rng(seed)` of its own."
            )
        one.fail("The same seed gives two different orders: make the random numbers from `seed`.")
    if _Stream(function, 20, 8, 4).draw(6) == [first for first, _ in in_turn]:
        one.fail("Seeds 3 and 4 give the same order: `seed` has no say yet.")
