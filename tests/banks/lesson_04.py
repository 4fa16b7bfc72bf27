"""Wrong and right answers to the exercises of lesson 04."""

import math
import random
from itertools import cycle

import numpy as np

from banks import Later, prints_only


def batches_of(order, pictures, labels, batch_size):
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        yield pictures[chosen], labels[chosen]


def stream(pictures, labels, batch_size, seed, *, order=None, rounds=None, change=None):
    """A generator with one thing made differently: the order of a round, or its batches."""
    rng = np.random.default_rng(seed)
    done = 0
    while done != rounds:
        chosen = order(rng, len(pictures)) if order else rng.permutation(len(pictures))
        for x, y in batches_of(chosen, pictures, labels, batch_size):
            yield change(rng, x, y) if change else (x, y)
        done += 1


def made_differently(**how):
    return lambda *arguments: stream(*arguments, **how)


def shuffles_in_place(pictures, labels, batch_size, seed):
    while True:
        for part in (pictures, labels):
            np.random.default_rng(seed).shuffle(part)
        seed += 1
        yield from batches_of(np.arange(len(labels)), pictures, labels, batch_size)


def drops_the_last(pictures, labels, batch_size, seed):
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(pictures))
        yield from batches_of(
            order[: len(order) // batch_size * batch_size], pictures, labels, batch_size
        )


def carries_over(pictures, labels, batch_size, seed):
    rng, left = np.random.default_rng(seed), np.zeros(0, int)
    while True:
        while len(left) < batch_size:
            left = np.append(left, rng.permutation(len(pictures)))
        yield pictures[left[:batch_size]], labels[left[:batch_size]]
        left = left[batch_size:]


def fills_up(pictures, labels, batch_size, seed):
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(pictures))
        for start in range(0, len(pictures), batch_size):
            chosen = np.take(order, range(start, start + batch_size), mode="wrap")
            yield pictures[chosen], labels[chosen]


def one_range_too_far(pictures, labels, batch_size, seed):
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(pictures))
        for start in range(0, len(pictures) + 1, batch_size):
            chosen = order[start : start + batch_size]
            yield pictures[chosen], labels[chosen]


def shuffles_batches(pictures, labels, batch_size, seed):
    rng = np.random.default_rng(seed)
    while True:
        for start in rng.permutation(range(0, len(pictures), batch_size)):
            yield pictures[start : start + batch_size], labels[start : start + batch_size]


def shuffles_inside_batches(pictures, labels, batch_size, seed):
    rng = np.random.default_rng(seed)
    while True:
        for start in range(0, len(pictures), batch_size):
            chosen = start + rng.permutation(len(pictures[start : start + batch_size]))
            yield pictures[chosen], labels[chosen]


def shuffles_afterwards(pictures, labels, batch_size, seed):
    rng, order = np.random.default_rng(seed), np.arange(len(pictures))
    while True:
        yield from batches_of(order, pictures, labels, batch_size)
        order = rng.permutation(order)


def a_global_seed(pictures, labels, batch_size, seed):
    np.random.seed(seed)
    while True:
        yield from batches_of(np.random.permutation(len(pictures)), pictures, labels, batch_size)


def returns_in_the_loop(pictures, labels, batch_size, seed):
    order = np.random.default_rng(seed).permutation(len(pictures))
    return pictures[order[:batch_size]], labels[order[:batch_size]]


def collects(pictures, labels, batch_size, seed):
    return [*stream(pictures, labels, batch_size, seed, rounds=1)]


def each_alone(pictures, labels, batch_size, seed):
    for x, y in stream(pictures, labels, batch_size, seed):
        yield from zip(x, y, strict=True)


def with_random_module(pictures, labels, batch_size, seed):
    rng, order = random.Random(seed), list(range(len(labels)))
    while True:
        rng.shuffle(order)
        left = order[:]
        while left:
            chosen, left = left[:batch_size], left[batch_size:]
            yield np.stack([pictures[i] for i in chosen]), np.array([labels[i] for i in chosen])


def with_split(pictures, labels, batch_size, seed):
    rng = np.random.RandomState(seed)
    while True:
        order = np.argsort(rng.random_sample(len(labels)))
        for chosen in np.split(order, range(batch_size, len(labels), batch_size)):
            yield pictures[chosen], labels[chosen]


def tensors(*arguments):
    import tensorflow as tf

    return ((tf.constant(x), tf.constant(y)) for x, y in stream(*arguments))


class Cards:
    """An iterator written as a class."""

    def __init__(self, pictures, labels, batch_size, seed):
        self.rng, self.left = np.random.default_rng(seed), []
        self.pictures, self.labels, self.batch_size = pictures, labels, batch_size

    def __iter__(self):
        return self

    def __next__(self):
        if not len(self.left):
            self.left = self.rng.permutation(len(self.labels))
        chosen, self.left = self.left[: self.batch_size], self.left[self.batch_size :]
        return self.pictures[chosen], self.labels[chosen]


def after_import(answer):
    """The answer, once TensorFlow is there: importing it takes longer than a check waits."""

    def factory():
        import tensorflow

        assert tensorflow
        return answer

    return Later(factory)


SYMMETRIC = {"preprocessing_function": lambda x: x / 127.5 - 1}
SPLIT, SCALE = {"validation_split": 0.25}, {"rescale": 1 / 255}
FLIP = {"horizontal_flip": True}
GOOD = SPLIT | SCALE


def flows(train, validation, subsets=("training", "validation"), **changed):
    """Return an answer with the two generators made with these arguments."""

    def two_flows(folder, side=32, batch_size=16):
        from tensorflow import keras

        how = {"target_size": (side, side), "batch_size": batch_size, "class_mode": "binary"}
        return tuple(
            keras.preprocessing.image.ImageDataGenerator(**arguments).flow_from_directory(
                folder, subset=subset, **how | changed
            )
            for arguments, subset in zip((train, validation), subsets, strict=True)
        )

    return two_flows


def from_the_web(folder, side=32, batch_size=16):
    both = GOOD | FLIP | {"vertical_flip": True}
    return flows(both, both)(folder, side, batch_size)


def data_sets(folder, side=32, batch_size=16):
    import keras
    import tensorflow as tf

    train, validation = keras.utils.image_dataset_from_directory(
        folder, label_mode="binary", image_size=(side, side), batch_size=batch_size,
        validation_split=0.25, subset="both", seed=1,
    )  # fmt: skip
    validation = validation.map(lambda x, y: (x / 255, y))
    return train.map(lambda x, y: (tf.image.random_flip_left_right(x) / 255, y)), validation


def cached_too_late(folder, side=32, batch_size=16):
    train, validation = data_sets(folder, side, batch_size)
    return train.cache(), validation


def own_batches(folder, side=32, batch_size=16, *, again=0):
    import keras
    from PIL import Image

    paths = sorted(folder.glob("*/*.png"))

    class Batches(keras.utils.PyDataset):
        def __init__(self, paths, mirror):
            super().__init__()
            self.paths, self.mirror, self.rng = paths, mirror, np.random.default_rng(2)

        def __len__(self):
            return math.ceil(len(self.paths) / batch_size)

        def __getitem__(self, index):
            chosen = self.paths[index * batch_size : (index + 1) * batch_size]
            x = np.stack([np.asarray(Image.open(path).resize((side, side))) for path in chosen])
            flip = self.mirror * self.rng.integers(0, 2, len(chosen))
            x = np.where(flip[:, None, None, None], x[:, :, ::-1], x)
            return x / np.float32(255), [path.parent.name == "dogs" for path in chosen]

    validation = paths[::4]
    training = sorted(set(paths) - set(validation))
    return [Batches(training + training[:again], 1), Batches(validation, 0)]


def piles_of(pictures):
    return np.unique(pictures.reshape(len(pictures), -1), axis=0, return_inverse=True)[1]


def division(pictures, labels, fraction, seed, *, count=None, shuffle=True):
    """A right division, with another number of piles per class or without the shuffling."""
    rng, pile, judged_by = np.random.default_rng(seed), piles_of(pictures), []
    for kind in np.unique(labels):
        piles = np.array([*dict.fromkeys(pile[labels == kind])])
        piles = rng.permutation(piles) if shuffle else piles
        size = count(piles, labels == kind, labels) if count else round(fraction * len(piles))
        judged_by.extend(piles[:size])
    validation = np.isin(pile, judged_by)
    return np.flatnonzero(~validation), np.flatnonzero(validation)


def at_random(pictures, labels, fraction, seed):
    order = np.random.default_rng(seed).permutation(len(labels))
    size = round(fraction * len(labels))
    return order[size:], order[:size]


def at_random_by_class(pictures, labels, fraction, seed):
    rng, parts = np.random.default_rng(seed), ([], [])
    for kind in np.unique(labels):
        order = rng.permutation(np.flatnonzero(labels == kind))
        size = round(fraction * len(order))
        parts[0].extend(order[size:])
        parts[1].extend(order[:size])
    return parts


def by_position(pictures, labels, fraction, seed):
    size = round(fraction * len(labels))
    return np.arange(size, len(labels)), np.arange(size)


def drops_copies(pictures, labels, fraction, seed):
    first = np.unique(piles_of(pictures), return_index=True)[1]
    parts = division(pictures[first], labels[first], fraction, seed)
    return [first[part] for part in parts]


def two_classes_only(pictures, labels, fraction, seed):
    of_two = np.flatnonzero(labels < 2)
    parts = division(pictures[of_two], labels[of_two], fraction, seed)
    return [of_two[part] for part in parts]


def one_more_without_classes(pictures, labels, fraction, seed):
    """In the first case, both classes have as many validation pictures, by coincidence."""
    pile = piles_of(pictures)
    chosen = np.random.default_rng(seed).permutation(pile.max() + 1)
    validation = np.isin(pile, chosen[: 1 + int(fraction * len(chosen))])
    return np.flatnonzero(~validation), np.flatnonzero(validation)


def with_replacement(pictures, labels, fraction, seed):
    validation = np.random.default_rng(seed).integers(0, len(labels), len(labels) // 4)
    return np.setdiff1d(np.arange(len(labels)), validation), validation


def fraction_of_pictures(pictures, labels, fraction, seed):
    """Takes piles until the copies, counted too, are enough."""
    rng, pile, judged_by = np.random.default_rng(seed), piles_of(pictures), []
    for kind in np.unique(labels):
        numbers, sizes = np.unique(pile[labels == kind], return_counts=True)
        order = rng.permutation(len(numbers))
        order = order[np.argsort(sizes[order], kind="stable")]
        held = np.cumsum(sizes[order])
        judged_by.extend(numbers[order[held <= fraction * sizes.sum()]])
    validation = np.isin(pile, judged_by)
    return np.flatnonzero(~validation), np.flatnonzero(validation)


def with_a_dictionary(pictures, labels, fraction, seed):
    piles = {}
    for i, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        piles.setdefault(int(label), {}).setdefault(picture.tobytes(), []).append(i)
    rng, train, validation = random.Random(seed), [], []
    for kind in piles.values():
        groups = sorted(kind.values())
        rng.shuffle(groups)
        size = math.ceil(fraction * len(groups))
        for place, group in enumerate(groups):
            (validation if place < size else train).extend(group)
    return train, validation


def with_sets(pictures, labels, fraction, seed):
    rng, validation = np.random.default_rng(seed), set()
    firsts = [next(j for j, q in enumerate(pictures) if (p == q).all()) for p in pictures]
    for kind in set(labels.tolist()):
        mine = sorted({first for first in firsts if labels[first] == kind})
        chosen = rng.choice(mine, int(fraction * len(mine)), replace=False)
        validation |= {i for i, first in enumerate(firsts) if first in chosen}
    return set(range(len(labels))) - validation, validation


WRONG = {
    "04.1": [
        ("rounds down", lambda n, b, keep=True: n // b, "Rounded down, always"),
        ("adds one", lambda n, b, keep=True: n // b + 1 if keep else n // b, "adding 1 after"),
        ("adds one, always", lambda n, b, keep=True: n // b + 1, "left over, and `keep_last`"),
        ("keeps, always", lambda n, b, keep=True: math.ceil(n / b), "Right as long as"),
        ("swapped", lambda n, b, keep=True: n // b if keep else -(-n // b), "changed places"),
        ("a fraction", lambda n, b, keep=True: n / b, "Steps are whole"),
        ("to the nearest", lambda n, b, keep=True: round(n / b), "batch, if it is kept"),
        (
            "a fraction where dropped",
            lambda n, b, keep=True: math.ceil(n / b) if keep else n / b,
            "left with a fraction",
        ),
        (
            "to the nearest where kept",
            lambda n, b, keep=True: round(n / b) if keep else n // b,
            "19 are none",
        ),
        (
            "one less where dropped",
            lambda n, b, keep=True: math.ceil(n / b) - (0 if keep else 1),
            "takes one away only",
        ),
        (
            "one at least",
            lambda n, b, keep=True: max(1, math.ceil(n / b) if keep else n // b),
            "At least one step",
        ),
        ("pictures", lambda n, b, keep=True: n if keep else n - n % b, "These are pictures"),
        ("the rest", lambda n, b, keep=True: n % b, "size of the last"),
        ("prints", prints_only, "prints its result"),
    ],
    "04.2": [
        ("nothing yet", lambda *arguments: None, "returns None"),
        ("ends", made_differently(rounds=1), "It ends after one epoch"),
        ("never begins", made_differently(rounds=0), "before its first batch"),
        ("ends later", made_differently(rounds=2), "for training never does"),
        ("returns a batch", returns_in_the_loop, "that is the end"),
        ("returns a list", collects, "returns a list"),
        ("not shuffled", made_differently(order=lambda rng, n: np.arange(n)), "Nothing is"),
        (
            "one order",
            made_differently(order=lambda rng, n: np.random.default_rng(3).permutation(n)),
            "same order",
        ),
        ("shuffles afterwards", shuffles_afterwards, "the first too"),
        ("with replacement", made_differently(order=lambda rng, n: rng.integers(0, n, n)), "never"),
        (
            "labels apart",
            made_differently(change=lambda rng, x, y: (x, rng.permutation(y))),
            "another one's label",
        ),
        ("drops the last", drops_the_last, "smaller batch is missing"),
        ("carries over", carries_over, "the epochs drift"),
        ("fills up", fills_up, "All batches are full"),
        ("an empty batch", one_range_too_far, "an empty batch"),
        ("shuffles batches", shuffles_batches, "not the batches"),
        ("shuffles inside batches", shuffles_inside_batches, "not batches"),
        ("shuffles in place", shuffles_in_place, "handed in are shuffled"),
        ("a global seed", a_global_seed, "disturb each other"),
        ("no seed", lambda x, y, b, seed: stream(x, y, b, None), "two different orders"),
        ("one seed", lambda x, y, b, seed: stream(x, y, b, 0), "no say yet"),
        ("pictures only", made_differently(change=lambda rng, x, y: x), "is a pair, pictures"),
        ("labels first", made_differently(change=lambda rng, x, y: (y, x)), "Labels first"),
        ("scales", made_differently(change=lambda rng, x, y: (x / 255, y)), "not handed in"),
        ("a list", made_differently(change=lambda rng, x, y: [x, y]), "must be a tuple"),
        ("lists", made_differently(change=lambda rng, x, y: ([*x], [*y])), "several inputs"),
        ("each alone", each_alone, "a pair of arrays"),
        ("loses a label", made_differently(change=lambda rng, x, y: (x, y[1:])), "4 pictures and"),
        ("other sizes", lambda x, y, b, seed: stream(x, y, b - 1, seed), "other sizes"),
    ],
    "04.3": [
        ("from the web", from_the_web, "still altered"),
        ("nothing altered", flows(GOOD, GOOD), "Nothing is altered"),
        ("swapped", flows(GOOD, GOOD | FLIP), "and only they"),
        ("upside down", flows(GOOD | FLIP | {"vertical_flip": True}, GOOD), "on their heads"),
        ("not scaled", flows(GOOD | FLIP, SPLIT), "Scaling is no"),
        ("not scaled in training", flows(SPLIT | FLIP, GOOD), "the same scale"),
        ("not scaled at all", flows(SPLIT | FLIP, SPLIT), "gone from both"),
        ("no validation_split", flows(GOOD | FLIP, SCALE), "no validation picture"),
        ("all for training", flows(SCALE | FLIP, GOOD), "for training, those"),
        (
            "different shares",
            flows(GOOD | FLIP, SCALE | {"validation_split": 0.5}),
            "A leak: ",
        ),
        ("one subset", flows(GOOD | FLIP, GOOD, ["training", "training"]), "the same part"),
        ("subsets swapped", flows(GOOD | FLIP, GOOD, ["validation", "training"]), "a quarter is"),
        ("half", flows(*[SCALE | {"validation_split": 0.5} | e for e in (FLIP, {})]), "no quarter"),
        (
            "turned",
            flows(GOOD | FLIP | {"preprocessing_function": np.rot90}, GOOD),
            "all that is asked",
        ),
        ("one-hot", flows(GOOD | FLIP, GOOD, class_mode="categorical"), "binary class mode"),
        ("other batches", flows(GOOD | FLIP, GOOD, batch_size=32), "`batch_size` pictures"),
        ("cached too late", cached_too_late, "only once"),
        ("other size", flows(GOOD | FLIP, GOOD, target_size=(9, 9)), "are 9 x 9"),
        ("no size", flows(GOOD | FLIP, GOOD, target_size=(256, 256)), "are 256 x 256"),
        ("grey", flows(GOOD | FLIP, GOOD, color_mode="grayscale"), "three colours"),
        ("NaN", flows(GOOD | FLIP | {"rescale": np.nan}, GOOD), "NaN or infinity"),
        ("up to 2", flows(*[SPLIT | {"rescale": 1 / 127.5} | e for e in (FLIP, {})]), "0 and 2;"),
        ("from -1 to 1", flows(*[SPLIT | SYMMETRIC | e for e in (FLIP, {})]), "-1 and 1;"),
        (
            "scaled twice",
            flows(GOOD | FLIP, GOOD | {"preprocessing_function": lambda x: x / 255}),
            "of the validation pictures lie",
        ),
        (
            "by 256",
            flows(*[SPLIT | {"rescale": 1 / 256} | e for e in (FLIP, {})]),
            "255 must become 1",
        ),
        (
            "validation always mirrored",
            flows(GOOD | FLIP, GOOD | {"preprocessing_function": np.fliplr}),
            "alike in all epochs",
        ),
        ("darker", flows(GOOD | FLIP | {"brightness_range": (0.6, 0.9)}, GOOD), "colours of the"),
        (
            "two shares",
            flows(GOOD | FLIP, SCALE | {"validation_split": 0.2}),
            "2 pictures are in neither part",
        ),
        (
            "one in both",
            flows(GOOD | FLIP, SCALE | {"validation_split": 0.34}),
            "1 picture is in both",
        ),
        ("one twice", lambda *a: own_batches(*a, again=1), "comes twice in one part"),
        (
            "always mirrored",
            flows(GOOD | {"preprocessing_function": np.fliplr}, GOOD),
            "let chance decide",
        ),
        ("one flow", lambda *a: flows(GOOD | FLIP, GOOD)(*a)[0], "must return two flows"),
        (
            "generators",
            lambda *a: [cycle([]), cycle([])],
            "which have a length",
        ),
        ("not cleaned up", lambda *a: None, "returns None"),
    ],
    "04.4": [
        ("at random by class", at_random_by_class, "A leak: "),
        ("two empty parts", lambda *a: [[], []], "in neither part"),
        ("at random", at_random, "A leak: "),
        ("by position", by_position, "A class is missing"),
        ("two classes", two_classes_only, "Class 2 is in neither part"),
        ("without classes", one_more_without_classes, "different shares"),
        ("drops copies", drops_copies, "copies are left out"),
        ("no seed", lambda p, y, f, seed: division(p, y, f, None), "two divisions"),
        ("one seed", lambda p, y, f, seed: division(p, y, f, 0), "no say yet"),
        ("not shuffled", lambda *a: division(*a, shuffle=False), "first pictures"),
        ("swapped", lambda *a: division(*a)[::-1], "changed places"),
        ("a mask", lambda p, y, f, s: (y < 0, y >= 0), "True and False"),
        ("pictures", lambda p, y, f, s: [p[i] for i in division(p, y, f, s)], "holds pictures"),
        ("with replacement", with_replacement, "comes twice"),
        (
            "in both",
            lambda p, y, f, s: (np.arange(len(y)), division(p, y, f, s)[1]),
            "is in both parts",
        ),
        ("one part", lambda *a: division(*a)[1], "must return two parts"),
        ("counts from 1", lambda *a: [part + 1 for part in division(*a)], "from 0 to"),
        (
            "nobody is asked",
            lambda p, y, f, s: (np.arange(len(y)), []),
            "is empty",
        ),
        (
            "half, always",
            lambda *a: division(*a, count=lambda piles, mine, labels: len(piles) // 2),
            "another size",
        ),
        (
            "the same number",
            lambda *a: division(*a, count=lambda piles, mine, labels: round(a[2] * 10)),
            "same number",
        ),
        ("counts copies", fraction_of_pictures, "copies count, too"),
    ],
}
RIGHT = {
    "04.1": [
        ("counts them", lambda n, b, keep=True: len(range(0, n if keep else n - b + 1, b))),
        ("math", lambda n, b, keep=True: (math.ceil if keep else math.floor)(n / b)),
        ("NumPy", lambda n, b, keep=True: np.int64(np.ceil(n / b) if keep else n // b)),
        ("divmod", lambda n, b, keep_last=True: divmod(n, b)[0] + (keep_last and n % b > 0)),
    ],
    "04.2": [
        ("permutations", made_differently()),
        ("random.Random, np.stack", with_random_module),
        ("np.split, an old generator", with_split),
        ("tensors", after_import(tensors)),
        ("a class", lambda *arguments: Cards(*arguments)),
    ],
    "04.3": [
        ("two generators", flows(GOOD | FLIP, GOOD)),
        ("with a seed", flows(GOOD | FLIP, GOOD, seed=3)),
        ("tf.data", data_sets),
        ("a PyDataset", own_batches),
    ],
    "04.4": [
        ("np.unique", division),
        ("a dictionary", with_a_dictionary),
        ("sets, each with each", with_sets),
    ],
}

for answers in (WRONG, RIGHT):
    answers["04.3"] = [(name, after_import(made), *rest) for name, made, *rest in answers["04.3"]]
EQUIVALENT = {}
