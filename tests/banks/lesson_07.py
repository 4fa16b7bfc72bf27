"""Wrong and right answers to the exercises of lesson 07."""

import numpy as np


def cam(features, gradients, relu=True, scale=True):
    """Grad-CAM by loops, for wrong answers to start from."""
    heat = np.zeros(features.shape[:3])
    for image in range(len(features)):
        for channel in range(features.shape[-1]):
            heat[image] += gradients[image, :, :, channel].mean() * features[image, :, :, channel]
    heat = np.maximum(heat, 0) if relu else heat
    if not scale:
        return heat
    return np.stack([each / each.max() if each.max() > 0 else each for each in heat])


def weighted(features, weights):
    heat = np.maximum((weights * features).sum(axis=-1), 0)
    return heat / np.maximum(heat.max(axis=(1, 2), keepdims=True), 1e-9)


def cam_of_lists(features, gradients):
    return cam(np.asarray(features), np.asarray(gradients)).tolist()


def cam_by_einsum(features, gradients):
    weights = np.einsum("nhwc->nc", gradients.astype("float32"))
    heat = np.einsum("nhwc,nc->nhw", features.astype("float32"), weights).clip(0)
    return heat / (heat.max(axis=(1, 2), keepdims=True) + 1e-8)


def cam_by_tensorflow(features, gradients):
    import tensorflow as tf

    weights = tf.reduce_mean(gradients, axis=(1, 2), keepdims=True)
    heat = tf.nn.relu(tf.reduce_sum(weights * features, axis=-1))
    return tf.math.divide_no_nan(heat, tf.reduce_max(heat, axis=(1, 2), keepdims=True))


def divided_by_zero(features, gradients):
    heat = cam(features, gradients, scale=False)
    return heat / heat.max(axis=(1, 2), keepdims=True)


def scaled_before_relu(features, gradients):
    heat = cam(features, gradients, relu=False, scale=False)
    return np.maximum(heat / heat.max(axis=(1, 2), keepdims=True), 0)


def by_magnitude(features, gradients):
    heat = cam(features, gradients, relu=False, scale=False)
    return (heat / abs(heat).max(axis=(1, 2), keepdims=True)).clip(0)


def smallest_first(features, gradients):
    heat = cam(features, gradients, scale=False)
    heat = heat - heat.min(axis=(1, 2), keepdims=True)
    return heat / np.where(
        heat.max(axis=(1, 2), keepdims=True) > 0, heat.max((1, 2))[:, None, None], 1
    )


def step(part, image, channel, step_size=1.0, pick=None, watch=True, use=None, norm=None):
    """A step uphill with one thing done otherwise."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        if watch:
            tape.watch(image)
        maps = part(image)
        answer = tf.reduce_mean(pick(maps, channel) if pick else maps[:, :, :, channel])
    gradient = tape.gradient(answer, image)
    length = tf.sqrt(tf.reduce_mean(gradient**2)) + 1e-5 if norm is None else norm(gradient)
    return image + step_size * gradient / length if use is None else use(image, gradient / length)


def row(maps, channel):
    return maps[:, channel]


def column(maps, channel):
    return maps[:, :, channel]


def deviation(gradient):
    import tensorflow as tf

    return tf.math.reduce_std(gradient) + 1e-5


def as_it_is(gradient):
    return 1.0


def downhill(image, direction):
    return image - direction


def friends(part, image, channel, step_size):
    return step(
        part, image, channel, step_size, row, norm=as_it_is, use=lambda x, g: x - step_size * g
    )


def down(part, image, channel, step_size):
    return step(part, image, channel, -step_size)


def down_and_raw(part, image, channel, step_size):
    return step(part, image, channel, -step_size, norm=as_it_is)


def root_of_sum(gradient):
    return (gradient.numpy() ** 2).sum() ** 0.5


def by_slides(part, image, channel, step_size):
    from keras import backend as K

    return image + K.gradients(part(image)[..., channel], image)[0]


def with_its_height(part, image, channel, step_size):
    return step(part, image, channel, step_size), 1.0


def in_numpy(part, image, channel, step_size):
    import tensorflow as tf

    image = tf.Variable(image)
    with tf.GradientTape() as tape:
        answer = tf.reduce_sum(part(image)[..., channel])
    gradient = tape.gradient(answer, image).numpy().astype("float64")
    return image.numpy() + step_size * gradient / (
        np.linalg.norm(gradient) / gradient.size**0.5 + 1e-7
    )


def normalised_first(part, image, channel, step_size):
    import tensorflow as tf

    slope = step(part, image, channel, norm=as_it_is, use=lambda image, gradient: gradient)
    return image + step_size * tf.size(slope, tf.float32) ** 0.5 * tf.math.l2_normalize(slope)


def occlude(score, image, patch, stride, fill, join=np.mean, empty=0.0, last=0, sign=1, fresh=True):
    """An occlusion map by a list for each pixel, for wrong answers to start from."""
    height, width = image.shape[:2]
    falls = [[[] for _ in range(width)] for _ in range(height)]
    before, covered = score(image), np.array(image)
    for top in range(0, height - patch + 1 - last, stride):
        for left in range(0, width - patch + 1 - last, stride):
            covered = np.array(image) if fresh else covered
            covered[top : top + patch, left : left + patch] = fill
            for line in falls[top : top + patch]:
                for pixel in line[left : left + patch]:
                    pixel.append(sign * (before - score(covered)))
    return np.array([[join(pixel) if pixel else empty for pixel in line] for line in falls])


def with_options(**options):
    return lambda *case: occlude(*case, **options)


def share_of_all(score, image, patch, stride, fill):
    tops, lefts = ((length - patch) // stride + 1 for length in image.shape[:2])
    return occlude(score, image, patch, stride, fill, join=np.sum) / (tops * lefts)


def covers_in_place(score, image, patch, stride, fill):
    heat = occlude(score, image, patch, stride, fill)
    image[:patch, :patch] = fill
    return heat


def by_place(score, image, patch, stride, fill):
    tops, lefts = (range(0, length - patch + 1, stride) for length in image.shape[:2])
    heat = np.zeros((len(tops), len(lefts)))
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            covered = image.copy()
            covered[top : top + patch, left : left + patch] = fill
            heat[i, j] = score(image) - score(covered)
    return heat


def totalled(sides=lambda rows, columns: (rows, columns), felt=float, channels=slice(None)):
    """A map by totals and counts, with one thing done otherwise."""

    def occlusion_map(score, image, patch, stride, fill):
        total, covers = np.zeros((2, *image.shape[:2]))
        height, width = sides(*image.shape[:2])
        for top in range(0, height - patch + 1, stride):
            for left in range(0, width - patch + 1, stride):
                covered = image.copy()
                covered[top : top + patch, left : left + patch, channels] = fill
                total[top : top + patch, left : left + patch] += felt(score(image) - score(covered))
                covers[top : top + patch, left : left + patch] += 1
        return total / np.maximum(covers, 1)

    return occlusion_map


def spread_from_places(score, image, patch, stride, fill):
    heat = by_place(score, image, patch, stride, fill)
    total, covers = np.zeros((2, *image.shape[:2]), "float32")
    for (i, j), fall in np.ndenumerate(heat):
        total[i * stride :, j * stride :][:patch, :patch] += fall
        covers[i * stride :, j * stride :][:patch, :patch] += 1
    return np.divide(total, covers, out=np.zeros_like(total), where=covers > 0)


WRONG = {
    "07.1": [
        ("shares that speak", lambda maps: (maps != 0).mean(axis=(0, 1, 2)), "that speak"),
        ("counts", lambda maps: (maps == 0).sum(axis=(0, 1, 2)), "These are counts"),
        (
            "over the places of one image",
            lambda maps: (maps == 0).sum(axis=(0, 1, 2)) / maps[0, ..., 0].size,
            "places of one image",
        ),
        ("over the images", lambda maps: (maps == 0).sum((0, 1, 2)) / len(maps), "images only"),
        ("percent", lambda maps: 100 * (maps == 0).mean(axis=(0, 1, 2)), "These are percent"),
        ("the layer", lambda maps: np.mean(maps == 0), "the whole layer"),
        ("each image", lambda maps: (maps == 0).mean(axis=(1, 2)), "Each image"),
        ("channels first", lambda maps: (maps == 0).mean(axis=(0, 2, 3)), "that of the rows"),
        ("over channels", lambda maps: (maps == 0).mean(axis=-1), "other way round"),
        ("activations", lambda maps: maps.mean(axis=(0, 1, 2)), "mean activation"),
        ("not positive", lambda maps: (maps <= 0).mean(axis=(0, 1, 2)), "Negative numbers are"),
        (
            "nearly zero",
            lambda maps: (abs(maps) < 1e-6).mean(axis=(0, 1, 2)),
            "Very small numbers are",
        ),
        ("dead", lambda maps: (maps == 0).all(axis=(0, 1, 2)) * 1.0, "0 everywhere"),
        ("a mask", lambda maps: (maps == 0).all(axis=(0, 1, 2)), "True and False"),
    ],
    "07.2": [
        ("no ReLU", lambda A, g: cam(A, g, relu=False), "ReLU is missing"),
        (
            "magnitude",
            lambda A, g: weighted(abs(cam(A, g, relu=False, scale=False))[..., None], 1),
            "magnitude",
        ),
        ("less the minimum", smallest_first, "The minimum is subtracted"),
        (
            "ReLU on weights",
            lambda A, g: weighted(A, g.mean((1, 2), keepdims=True).clip(0)),
            "on the weights",
        ),
        (
            "ReLU on parts",
            lambda A, g: weighted((g.mean((1, 2), keepdims=True) * A).clip(0), 1),
            "on each weighted",
        ),
        (
            "absolute gradients",
            lambda A, g: weighted(A, abs(g).mean((1, 2), keepdims=True)),
            "lose their signs",
        ),
        ("no mean", weighted, "No mean is taken"),
        (
            "mean over channels",
            lambda A, g: weighted(A, g.mean(-1, keepdims=True)),
            "goes over the channels",
        ),
        ("mean over images", lambda A, g: weighted(A, g.mean((0, 1, 2))), "over the images too"),
        (
            "features as weights",
            lambda A, g: weighted(A, A.mean((1, 2), keepdims=True)),
            "never asked",
        ),
        ("no weights", lambda A, g: weighted(A, 1), "without weights"),
        ("not scaled", lambda A, g: cam(A, g, scale=False), "not scaled"),
        (
            "one scale",
            lambda A, g: cam(A, g, scale=False) / cam(A, g, scale=False).max(),
            "one maximum",
        ),
        ("0 / 0", divided_by_zero, "0 / 0 is NaN"),
        ("scaled before the ReLU", scaled_before_relu, "Scaled before"),
        ("magnitude before the ReLU", by_magnitude, "largest magnitude, before"),
        ("an axis too many", lambda A, g: cam(A, g)[..., None], "shape (1, 2, 2, 1)"),
    ],
    "07.3": [
        ("the friend's", friends, "All three mistakes are left"),
        ("down and raw", down_and_raw, "Two of the three mistakes are left"),
        ("down", down, "One of the three mistakes is left: the step leads downhill"),
        (
            "a row",
            lambda *case: step(*case, pick=row),
            "One of the three mistakes is left: a row is asked",
        ),
        (
            "raw",
            lambda *case: step(*case, norm=as_it_is),
            "One of the three mistakes is left: the slope",
        ),
        (
            "all channels",
            lambda *case: step(*case, pick=lambda maps, channel: maps),
            "All channels",
        ),
        ("root of the sum", lambda *case: step(*case, norm=root_of_sum), "the *sum*"),
        (
            "no root",
            lambda *case: step(*case, norm=lambda g: root_of_sum(g) ** 2 / g.numpy().size + 1e-9),
            "the root is missing.",
        ),
        (
            "no root, but 1e-5",
            lambda *case: step(*case, norm=lambda g: root_of_sum(g) ** 2 / g.numpy().size + 1e-5),
            "missing in front",
        ),
        ("standard deviation", lambda *case: step(*case, norm=deviation), "standard deviation"),
        ("a column", lambda *case: step(*case, pick=column), "A column is asked"),
        (
            "largest slope",
            lambda *case: step(*case, norm=lambda g: abs(g.numpy()).max() + 1e-9),
            "largest slope",
        ),
        (
            "no step size",
            lambda part, image, channel, step_size: step(part, image, channel),
            "no say yet",
        ),
        ("the step alone", lambda *case: step(*case) - case[1], "the step alone"),
        ("not watched", lambda *case: step(*case, watch=False), "must watch the image"),
        ("K.gradients", by_slides, "What is gone is gone"),
        (
            "0 / 0",
            lambda *case: step(*case, norm=lambda g: root_of_sum(g) / g.numpy().size ** 0.5),
            "so is its norm",
        ),
        ("two things", with_its_height, "several things"),
    ],
    "07.4": [
        ("rises", with_options(sign=-1), "The sign is turned"),
        ("squares stay", with_options(fresh=False), "pile up"),
        ("added up", with_options(join=np.sum), "are added up"),
        ("last wins", with_options(join=lambda falls: falls[-1]), "The last square wins"),
        ("share of all squares", share_of_all, "number of all squares"),
        ("last places missing", with_options(last=1), "The last places are missing"),
        (
            "filled with 0",
            lambda score, image, patch, stride, fill: occlude(score, image, patch, stride, 0),
            "is filled with 0",
        ),
        (
            "what is left",
            lambda score, image, *rest: score(image) - occlude(score, image, *rest),
            "that is left",
        ),
        ("no rises", lambda *case: occlude(*case).clip(0), "cut off"),
        ("no rise, square by square", totalled(felt=lambda fall: max(fall, 0)), "as no fall"),
        ("magnitudes", totalled(felt=abs), "Rise and fall count the same"),
        ("first channel", totalled(channels=0), "Only the first channel"),
        ("exchanged ranges", totalled(sides=lambda rows, columns: (columns, rows)), "have changed"),
        ("rows twice", totalled(sides=lambda rows, columns: (rows, rows)), "ends both ranges"),
        ("by place", by_place, "as in the lesson"),
        ("NaN", with_options(empty=np.nan), "no square covered"),
        ("changes the image", covers_in_place, "in place"),
    ],
}
RIGHT = {
    "07.1": [
        ("counted", lambda maps: 1 - np.count_nonzero(maps, axis=(0, 1, 2)) / maps[..., 0].size),
        (
            "a list",
            lambda maps: [float(np.mean(channel == 0)) for channel in np.moveaxis(maps, -1, 0)],
        ),
        (
            "float32",
            lambda maps: (maps.reshape(-1, maps.shape[-1]) == 0).mean(axis=0, dtype="float32"),
        ),
    ],
    "07.2": [
        ("loops", cam),
        ("lists", cam_of_lists),
        ("einsum, sums", cam_by_einsum),
        ("TensorFlow", cam_by_tensorflow),
    ],
    "07.3": [
        ("tape", step),
        ("NumPy behind the tape", in_numpy),
        ("l2_normalize", normalised_first),
    ],
    "07.4": [
        ("a list for each pixel", occlude),
        ("places first", spread_from_places),
        ("a list", lambda *case: occlude(*case).tolist()),
    ],
}
EQUIVALENT = {
    "07.1": {
        "columns = maps.reshape(-1, maps.shape[-1]) -> "
        "columns = maps.reshape(-2, maps.shape[-1])": (
            "NumPy takes any negative number for 'as many as are left'"
        ),
    },
    "07.2": {
        "weights = gradients.mean(axis=(1, 2), keepdims=True) -> "
        "weights = gradients.sum(axis=(1, 2), keepdims=True)": (
            "a factor common to all weights is lost when the map is divided by its maximum"
        ),
        "weights = gradients.mean(axis=(1, 2), keepdims=True) -> "
        "weights = gradients.mean(axis=(2, 1), keepdims=True)": "the same two axes",
        "heat = (weights * features).sum(axis=-1).clip(min=0) -> "
        "heat = (weights * features).mean(axis=-1).clip(min=0)": (
            "a factor common to all places is lost when the map is divided by its maximum"
        ),
    },
    "07.3": {
        "answer = tf.reduce_mean(part(image)[..., channel]) -> "
        "answer = tf.reduce_sum(part(image)[..., channel])": (
            "the slope is longer by a factor, and then divided by its own length"
        ),
    },
    "07.4": {
        "return total / np.maximum(covers, 1) -> return total / np.maximum(1, covers)": (
            "the larger of two numbers, in either order"
        ),
    },
}
