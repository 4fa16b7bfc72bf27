"""Lesson 08: wrong and right answers to the bill, the promise, the exits and the block."""

import math

import numpy as np

from banks import Later, prints_only


def places(height, width, S):
    return math.ceil(height / S) * math.ceil(width / S)


def bill_by_sums(height, width, K, C, F, S):
    depthwise = sum(K * K for _ in range(C))
    mixtures = sum(C for _ in range(F))
    stops = len(range(0, height, S)) * len(range(0, width, S))
    return [depthwise + mixtures + F, (depthwise + mixtures) * stops]


def bill_by_keras():
    import keras

    from course_utils import models

    def answer(height, width, K, C, F, S):
        with models.shapes_only():
            x = keras.Input((height, width, C))
            y = keras.layers.SeparableConv2D(F, K, strides=S, padding="same")(x)
            model = keras.Model(x, y)
        return np.array([model.count_params(), models.multiply_adds(model).total], np.float32)

    return answer


def bill(kernels, biases, stops):
    return kernels + biases, kernels * stops


def ordinary_and_passes(n, K, C, F):
    """Weights and maps moved (per place, both ways) of the ordinary, depthwise, 1 x 1 pass."""
    return (K * K * C * F, C + F), (K * K * C, 2 * C), (C * F, C + F)


def ratio(n, K, C, F, time):
    full, depthwise, pointwise = ordinary_and_passes(n, K, C, F)
    return time(*full) / (time(*depthwise) + time(*pointwise))


def ratio_in_seconds(n, K, C, F, per_number):
    """The same in the time of a multiply-add, written out."""
    full = np.max([n * K**2 * C * F, per_number * (n * C + K**2 * C * F + n * F)])
    first = np.max([n * K**2 * C, per_number * (n * C + K**2 * C + n * C)])
    second = np.max([n * C * F, per_number * (n * C + C * F + n * F)])
    return np.array([full / (first + second)]).squeeze()


def in_one_pass(n, K, C, F, per_number, between):
    full, depthwise, pointwise = ordinary_and_passes(n, K, C, F)
    weights = depthwise[0] + pointwise[0]
    separated = max(n * weights / per_number, n * (C + F + between) + weights)
    return max(n * full[0] / per_number, n * full[1] + full[0]) / separated


def between_forgotten(n, K, C, F, per_number):
    (full, maps), (first, _), (second, _) = ordinary_and_passes(n, K, C, F)
    time = slower(per_number, n)
    return time(full, maps) / (time(first, C) + time(second, F))


def slower_of_two(n, K, C, F, per_number):
    full, *two = (slower(per_number, n)(*one) for one in ordinary_and_passes(n, K, C, F))
    return full / max(two)


def nobody_taken_out(probabilities, labels, threshold, costs):
    """Every exit looks at all images, whoever has left before it."""
    right, spent = 0, 0
    for exit, stage in enumerate(probabilities):
        for row, label in zip(stage, labels, strict=True):
            if row.max() >= threshold or exit == len(probabilities) - 1:
                right += row.argmax() == label
                spent += sum(costs[: exit + 1])
    return right / len(labels), spent / len(labels)


def image_by_image(probabilities, labels, threshold, costs):
    right, spent = 0, 0.0
    for image, label in enumerate(labels):
        for exit, cost in enumerate(costs):
            spent += cost
            row = list(probabilities[exit][image])
            if max(row) >= threshold or exit == len(costs) - 1:
                right += row.index(max(row)) == label
                break
    return [right / len(labels), spent / len(labels)]


def stage_by_stage(probabilities, labels, threshold, costs):
    here, right, spent = np.arange(len(labels)), 0, 0
    for stage, cost in zip(probabilities[:-1], costs, strict=False):
        spent += cost * len(here)
        sure = stage[here].max(axis=-1) >= threshold
        right += (stage[here].argmax(axis=-1) == labels[here])[sure].sum()
        here = here[~sure]
    spent += costs[-1] * len(here)
    right += (probabilities[-1][here].argmax(axis=-1) == labels[here]).sum()
    return np.array([right, spent], dtype=np.float64) / len(labels)


def exits(first=None, accuracy=None, cost=None):
    """An answer with other people leaving, or another count."""

    def answer(p, labels, threshold, costs):
        largest = p.max(axis=2)
        sure = largest >= threshold if first is None else first(p, largest, labels, threshold)
        sure = np.array(np.broadcast_to(sure, largest.shape))
        anywhere = sure.any(axis=0)
        sure[-1] = True
        at = sure.argmax(axis=0)
        right = p.argmax(axis=2)[at, np.arange(len(labels))] == labels
        paid = np.cumsum(costs)[at]
        early = at < len(p) - 1
        return (
            accuracy(right, early, anywhere) if accuracy else right.mean(),
            cost(np.array(costs), at) if cost else paid.mean(),
        )

    return answer


def chosen(choose):
    """An answer whose exit of each image is ``choose(largest, threshold)``."""

    def answer(p, labels, threshold, costs):
        at = choose(p.max(axis=2), threshold)
        said = p.argmax(axis=2)[at, np.arange(len(labels))]
        return (said == labels).mean(), np.cumsum(costs)[at].mean()

    return answer


def widest(C, groups, budget, cost=lambda C, W, g: 2 * C * W + 9 * W * W // g):
    return max(
        [W for W in range(groups, budget + 1, groups) if cost(C, W, groups) <= budget],
        default=groups,
    )


def block(
    *,
    width=widest,
    bends=(1, 1, 0),
    norms=(1, 1, 1),
    bias=False,
    cut=lambda groups, W: groups,
    size=3,
    padding="same",
    back=1,
    bent_first=False,
    merge=lambda layers, x, y: layers.Add()([x, y]),
    last=True,
    returns=lambda keras, x, y: y,
):
    """The challenge's block with something changed."""

    def resnext_block(x, groups, budget):
        import keras
        from keras import layers

        C = x.shape[-1]
        W = width(C, groups, budget)
        y = x
        stages = ((W, 1, 1), (W, size, cut(groups, W)), (back * C, 1, 1))
        for (filters, K, g), bend, norm in zip(stages, bends, norms, strict=True):
            conv = layers.Conv2D(filters, K, padding=padding, groups=g, use_bias=bias)
            y = conv(y)
            y = layers.ReLU()(y) if bend and bent_first else y
            y = layers.BatchNormalization()(y) if norm else y
            y = layers.ReLU()(y) if bend and not bent_first else y
        y = merge(layers, x, y)
        return returns(keras, x, layers.ReLU()(y) if last else y)

    return resnext_block


def bent_by_count(x, groups, budget):
    """A ReLU behind every normalisation of W channels, as in lesson 8's bottleneck."""
    C = x.shape[-1]
    return block(bends=(1, 1, widest(C, groups, budget) == C))(x, groups, budget)


def block_of_operations(x, groups, budget):
    """Dense layers as 1 x 1, a Sequential for F, operations instead of layers, W from the root."""
    import keras
    from keras import layers, ops

    C = x.shape[-1]
    root = (math.sqrt(C * C + 9 * budget / groups) - C) * groups / 9
    W = int(root / groups + 1e-9) * groups
    correction = keras.Sequential(
        [
            layers.Dense(W, use_bias=False),
            layers.BatchNormalization(epsilon=1e-5),
            layers.Activation("relu"),
            layers.Conv2D(W, (3, 3), padding="same", groups=groups, use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.Dense(C, use_bias=False),
            layers.BatchNormalization(),
        ]
    )
    return ops.relu(x + correction(x))


def with_projection(layers, x, y):
    return layers.Add()([layers.Conv2D(x.shape[-1], 1, use_bias=False)(x), y])


def slower(per_number, n):
    return lambda weights, maps: max(n * weights / per_number, n * maps + weights)


WRONG = {
    "08.1": [
        ("prints", prints_only, "prints its result"),
        (
            "ordinary",
            lambda h, w, K, C, F, S: bill(K**2 * C * F, F, places(h, w, S)),
            "ordinary convolution",
        ),
        (
            "depthwise only",
            lambda h, w, K, C, F, S: bill(K**2 * C, F, places(h, w, S)),
            "mixtures are missing",
        ),
        (
            "1 x 1 only",
            lambda h, w, K, C, F, S: bill(C * F, F, places(h, w, S)),
            "depthwise kernels are missing",
        ),
        (
            "one kernel",
            lambda h, w, K, C, F, S: bill(K**2 + C * F, F, places(h, w, S)),
            "Each has its own",
        ),
        ("K", lambda h, w, K, C, F, S: bill(K * C + C * F, F, places(h, w, S)), "not K."),
        (
            "F kernels",
            lambda h, w, K, C, F, S: bill(K**2 * F + C * F, F, places(h, w, S)),
            "not F.",
        ),
        (
            "no biases",
            lambda h, w, K, C, F, S: bill(K**2 * C + C * F, 0, places(h, w, S)),
            "biases are missing",
        ),
        (
            "two biases",
            lambda h, w, K, C, F, S: bill(K**2 * C + C * F, C + F, places(h, w, S)),
            "Too many",
        ),
        ("C biases", lambda h, w, K, C, F, S: bill(K**2 * C + C * F, C, places(h, w, S)), "not C."),
        (
            "biases multiply",
            lambda h, w, K, C, F, S: bill(K**2 * C + C * F + F, 0, places(h, w, S)),
            "not multiplied",
        ),
        (
            "no stride",
            lambda h, w, K, C, F, S: bill(K**2 * C + C * F, F, h * w),
            "stride is ignored",
        ),
        (
            "stride once",
            lambda h, w, K, C, F, S: bill(K**2 * C + C * F, F, places(h, 1, S) * w),
            "one direction",
        ),
        (
            "down",
            lambda h, w, K, C, F, S: bill(K**2 * C + C * F, F, h // S * (w // S)),
            "Rounded down",
        ),
        (
            "fractions",
            lambda h, w, K, C, F, S: bill(K**2 * C + C * F, F, h / S * w / S),
            "places is whole",
        ),
        (
            "late",
            lambda h, w, K, C, F, S: bill(K**2 * C + C * F, F, math.ceil(h * w / S**2)),
            "too late",
        ),
        (
            "valid",
            lambda h, w, K, C, F, S: bill(K**2 * C + C * F, F, places(h - K + 1, w - K + 1, S)),
            "without padding",
        ),
        (
            "square",
            lambda h, w, K, C, F, S: bill(K**2 * C + C * F, F, places(h, h, S)),
            "not square",
        ),
        (
            "stride in the second part",
            lambda h, w, K, C, F, S: (
                bill_by_sums(h, w, K, C, F, S)[0],
                K**2 * C * h * w + C * F * places(h, w, S),
            ),
            "already skip",
        ),
        (
            "mixtures everywhere",
            lambda h, w, K, C, F, S: (
                bill_by_sums(h, w, K, C, F, S)[0],
                K**2 * C * places(h, w, S) + C * F * h * w,
            ),
            "not all of the input",
        ),
        ("no places", lambda h, w, K, C, F, S: bill(K**2 * C + C * F, F, 1), "places are missing"),
        ("swapped", lambda *layer: bill_by_sums(*layer)[::-1], "wrong order"),
        ("one number", lambda *layer: bill_by_sums(*layer)[0], "a single number"),
    ],
    "08.2": [
        ("nothing yet", lambda *layer: None, "returns None"),
        (
            "the page's",
            lambda n, K, C, F, p: K**2 * C * F / (K**2 * C + C * F),
            "promise of the page",
        ),
        (
            "moving only",
            lambda n, K, C, F, p: ratio(n, K, C, F, lambda w, m: n * m + w),
            "Only moving",
        ),
        (
            "sum",
            lambda n, K, C, F, p: ratio(n, K, C, F, lambda w, m: n * w / p + n * m + w),
            "added up, but",
        ),
        (
            "min",
            lambda n, K, C, F, p: ratio(n, K, C, F, lambda w, m: min(n * w / p, n * m + w)),
            "the faster",
        ),
        ("one pass", lambda n, K, C, F, p: in_one_pass(n, K, C, F, p, 2 * C), "taken as one pass"),
        ("fused", lambda n, K, C, F, p: in_one_pass(n, K, C, F, p, 0), "never travel"),
        (
            "maps only",
            lambda n, K, C, F, p: ratio(n, K, C, F, lambda w, m: max(n * w / p, n * m)),
            "weights are moved, too",
        ),
        (
            "weights at all places",
            lambda n, K, C, F, p: ratio(n, K, C, F, lambda w, m: max(n * w / p, n * (m + w))),
            "once in a pass is enough",
        ),
        (
            "read only",
            lambda n, K, C, F, p: (
                max(n * K**2 * C * F / p, n * C + K**2 * C * F)
                / (max(n * K**2 * C / p, n * C + K**2 * C) + max(n * C * F / p, n * C + C * F))
            ),
            "never written",
        ),
        (
            "written only",
            lambda n, K, C, F, p: (
                max(n * K**2 * C * F / p, n * F + K**2 * C * F)
                / (max(n * K**2 * C / p, n * C + K**2 * C) + max(n * C * F / p, n * F + C * F))
            ),
            "never read",
        ),
        ("per_number 1", lambda n, K, C, F, p: ratio(n, K, C, F, slower(1, n)), "has no say: a"),
        ("wrong side", lambda n, K, C, F, p: ratio(n, K, C, F, slower(1 / p, n)), "wrong side"),
        (
            "no places",
            lambda n, K, C, F, p: ratio(n, K, C, F, lambda w, m: max(w / p, n * m + w)),
            "places are missing in",
        ),
        ("upside down", lambda n, K, C, F, p: 1 / ratio(n, K, C, F, slower(p, n)), "upside down"),
        ("maps between forgotten", between_forgotten, "reads *and* writes"),
        ("larger of two", slower_of_two, "add their times"),
        (
            "three times",
            lambda n, K, C, F, p: [slower(p, n)(*one) for one in ordinary_and_passes(n, K, C, F)],
            "of shape (3,)",
        ),
    ],
    "08.3": [
        ("nothing yet", lambda *case: None, "returns None"),
        (
            "last stage's cost",
            exits(cost=lambda costs, at: costs[at].mean()),
            "earlier exits is forgotten",
        ),
        ("all pay all", exits(cost=lambda costs, at: costs.sum()), "Everybody pays"),
        (
            "sum of costs",
            exits(cost=lambda costs, at: np.cumsum(costs)[at].sum()),
            "divide by their number",
        ),
        (
            "share",
            exits(cost=lambda costs, at: np.cumsum(costs)[at].mean() / costs.sum()),
            "as a share",
        ),
        (
            "early only",
            exits(
                accuracy=lambda right, early, anywhere: right[early].mean() if early.any() else 0
            ),
            "only those who leave",
        ),
        (
            "unanswered",
            exits(accuracy=lambda right, early, anywhere: (right & anywhere).mean()),
            "answered all the same",
        ),
        (
            "how many",
            exits(accuracy=lambda right, early, anywhere: right.sum()),
            "how many answers",
        ),
        (
            "percent",
            exits(accuracy=lambda right, early, anywhere: 100 * right.mean()),
            "in percent",
        ),
        ("greater", exits(lambda p, largest, labels, t: largest > t), "Equal is enough"),
        ("smaller", exits(lambda p, largest, labels, t: largest < t), "turn the comparison"),
        (
            "true class",
            exits(lambda p, largest, labels, t: p[:, range(len(labels)), labels] >= t),
            "the true class",
        ),
        (
            "oracle",
            exits(lambda p, largest, labels, t: p.argmax(axis=2) == labels),
            "where its answer is right",
        ),
        (
            "gap",
            exits(lambda p, largest, labels, t: -np.diff(-np.sort(-p, axis=2))[:, :, 0] >= t),
            "The gap",
        ),
        (
            "last's sureness",
            exits(lambda p, largest, labels, t: largest[-1:] >= t),
            "not known yet",
        ),
        (
            "mean sureness",
            exits(lambda p, largest, labels, t: largest.mean(axis=1, keepdims=True) >= t),
            "mean sureness",
        ),
        (
            "all wait",
            exits(lambda p, largest, labels, t: largest.min(axis=1, keepdims=True) >= t),
            "All wait",
        ),
        (
            "last sure",
            chosen(lambda largest, t: len(largest) - 1 - np.argmax(largest[::-1] >= t, axis=0)),
            "the last one that is sure",
        ),
        ("surest", chosen(lambda largest, t: largest.argmax(axis=0)), "The surest"),
        (
            "straight to the last",
            chosen(lambda largest, t: np.where(largest[0] >= t, 0, len(largest) - 1)),
            "goes straight",
        ),
        (
            "argmax of False",
            chosen(lambda largest, t: np.argmax(largest >= t, axis=0)),
            "nothing but False",
        ),
        (
            "last for all",
            chosen(lambda largest, t: np.full(largest.shape[1], len(largest) - 1)),
            "Nobody leaves",
        ),
        (
            "first for all",
            chosen(lambda largest, t: np.zeros(largest.shape[1], int)),
            "All leave at the first",
        ),
        ("counted again", nobody_taken_out, "counted again at a later"),
        ("swapped", lambda *case: image_by_image(*case)[::-1], "wrong order"),
    ],
    "08.4": [
        ("nothing yet", lambda x, groups, budget: None, "returns None"),
        ("a model", block(returns=lambda keras, x, y: keras.Model(x, y)), "returns a model"),
        ("a layer", block(returns=lambda keras, x, y: keras.layers.ReLU()), "returns a layer"),
        (
            "another input",
            lambda x, groups, budget: block()(type(x)(x.shape), groups, budget),
            "not made from x",
        ),
        ("padding valid", block(padding="valid", merge=lambda layers, x, y: y), "Height and width"),
        ("padding valid, added", block(padding="valid"), "keeps rows and columns"),
        (
            "side by side",
            block(merge=lambda layers, x, y: layers.Concatenate()([x, y])),
            "Twice the channels",
        ),
        ("not back", block(back=3, merge=lambda layers, x, y: y), "lead back to"),
        ("flattened", block(merge=lambda layers, x, y: layers.Flatten()(y)), "with x's shape"),
        ("projection", block(merge=with_projection), "the shortcut carries x as it is"),
        ("nothing in F", lambda x, groups, budget: x + 0.0, "needs three convolutions"),
        ("no last norm", block(norms=(1, 1, 0)), "one batch normalisation"),
        (
            "ungrouped bill",
            block(width=lambda *size: widest(*size, cost=lambda C, W, g: 2 * C * W + 9 * W * W)),
            "The groups have no say",
        ),
        (
            "one 1 x 1 on the bill",
            block(width=lambda *size: widest(*size, cost=lambda C, W, g: C * W + 9 * W * W // g)),
            "Only one of the two",
        ),
        (
            "no nine",
            block(width=lambda *size: widest(*size, cost=lambda C, W, g: 2 * C * W + W * W // g)),
            "has 9 places",
        ),
        (
            "depthwise bill",
            block(width=lambda *size: widest(*size, cost=lambda C, W, g: 2 * C * W + 9 * W)),
            "as a depthwise one",
        ),
        (
            "middle only",
            block(width=lambda *size: widest(*size, cost=lambda C, W, g: 9 * W * W // g)),
            "Only the middle",
        ),
        (
            "norms on the bill",
            block(
                width=lambda *size: widest(
                    *size, cost=lambda C, W, g: 2 * C * W + 9 * W * W // g + 4 * W + 2 * C
                )
            ),
            "normalisations are on the bill",
        ),
        ("less than", block(width=lambda C, g, budget: widest(C, g, budget - 1)), "may spend all"),
        (
            "one step more",
            block(width=lambda C, g, budget: widest(C, g, budget) + g),
            "over its budget",
        ),
        ("one step less", block(width=lambda C, g, budget: g), "could be wider"),
        ("no groups", block(cut=lambda groups, W: 1), "not in groups"),
        ("depthwise", block(cut=lambda groups, W: W), "stands by itself"),
        ("5 x 5", block(size=5), "1 x 1, 3 x 3 in groups, 1 x 1, as"),
        ("biases", block(bias=True), "have biases"),
        ("no shortcut", block(merge=lambda layers, x, y: y), "shortcut is missing"),
        ("no last ReLU", block(last=False), "last ReLU is missing"),
        ("ReLU before the sum", block(bends=(1, 1, 1), last=False), "not the sum"),
        ("a ReLU too many", block(bends=(1, 1, 1)), "too many"),
        ("ReLU by count", bent_by_count, "Only where W = C: A ReLU"),
        ("no first ReLU", block(bends=(0, 1, 0)), "behind the first"),
        ("no second ReLU", block(bends=(1, 0, 0)), "behind the second"),
        ("no ReLU inside", block(bends=(0, 0, 0)), "Nothing bends"),
        ("ReLU first", block(bent_first=True), "comes before"),
        ("added twice", block(merge=lambda layers, x, y: layers.Add()([x, y, x])), "twice."),
        ("multiplied", block(merge=lambda layers, x, y: layers.Multiply()([x, y])), "multiplied"),
        ("averaged", block(merge=lambda layers, x, y: layers.Average()([x, y])), "averaged"),
        ("larger", block(merge=lambda layers, x, y: layers.Maximum()([x, y])), "The larger"),
        ("subtracted", block(merge=lambda layers, x, y: layers.Subtract()([x, y])), "subtracted"),
        (
            "bent shortcut",
            block(merge=lambda layers, x, y: layers.Add()([layers.ReLU()(x), y])),
            "bent before",
        ),
        (
            "sigmoid",
            block(merge=lambda layers, x, y: x + layers.Activation("tanh")(y)),
            "does not compute",
        ),
    ],
}
RIGHT = {
    "08.1": [("sums", bill_by_sums), ("Keras", Later(bill_by_keras))],
    "08.2": [
        ("written out", ratio_in_seconds),
        ("passes", lambda n, K, C, F, p: [ratio(n, K, C, F, slower(p, n))][0]),
    ],
    "08.3": [("loops", image_by_image), ("stage by stage", stage_by_stage)],
    "08.4": [("flags", block()), ("operations", block_of_operations)],
}
EQUIVALENT = {
    "08.2": {
        "return max(places * weights / per_number, places * (read + written) + weights) -> "
        "return max(places * (read + written) + weights, places * weights / per_number)": (
            "the larger of two numbers is the same in either order"
        ),
    },
    "08.4": {
        "while 2 * C * (W + groups) + 9 * (W + groups) ** 2 // groups <= budget: -> "
        "while 2 * C * (W + groups) + 9 * (W + groups) ** 2 / groups <= budget:": (
            "W is a multiple of groups, so the division leaves no rest"
        ),
        "return layers.ReLU()(layers.Add()([x, y])) -> "
        "return layers.ReLU()(layers.Add()([y, x]))": "a sum is the same in either order",
    },
}
