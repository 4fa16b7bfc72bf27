"""Functions that run in the learner's kernel, between a question and an answer that needs a model.

Only their source goes there (`inspect.getsource`), so each imports what it uses. None of them knows
what is right.
"""


def put_to_fine_tune(fine_tune, row, first, seed, asked):
    """Return how steep the loss is along what learns, or the losses of what is asked, and the rate.

    ``row`` holds name and filters of the backbone's layers; with 0 filters it is normalisation.
    ``asked`` is ``"moves"``, or pairs of a label and a logit. ``seed`` draws weights and images.
    """
    import keras
    import numpy
    import tensorflow

    tensorflow.get_logger().setLevel("ERROR")  # it complains of several small models in a row
    rng = numpy.random.default_rng(seed)
    x, y = rng.normal(size=(8, 4, 4, 2)).astype("float32"), rng.permutation(8).reshape(8, 1) % 2.0
    base = keras.Sequential([keras.Input((4, 4, 2))], name="base")
    for name, filters in row:
        convolution = keras.layers.Conv2D(filters or 1, 1, activation="tanh", name=name)
        base.add(convolution if filters else keras.layers.BatchNormalization(name=name))
    base.add(keras.layers.GlobalAveragePooling2D(name="pool"))
    base.trainable = False
    model = keras.Sequential([base, keras.layers.Dense(1, name="head")])
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    steep = numpy.full(8, 1e4)  # so that no optimiser's step is lost in rounding
    model.train_on_batch(x, y, sample_weight=steep)

    weights = [weight for layer in (*base.layers, model.layers[-1]) for weight in layer.weights]
    start = [rng.uniform(0.2, 0.6, w.shape) * rng.choice([-1, 1], w.shape[-1:]) for w in weights]
    for weight, value in zip(weights, start, strict=True):
        weight.assign(abs(value) if "variance" in weight.name else value)
    start = [numpy.array(weight) for weight in weights]

    def moved():
        return [bool((a != numpy.array(b)).any()) for a, b in zip(start, weights, strict=True)]

    if fine_tune(model, base, first) is not model:
        raise TypeError("returns something else than the model that it was given")
    if any(moved()):
        raise ValueError("changes the weights, but is only to prepare the model")
    if asked != "moves":
        loss, rate = keras.losses.get(model.loss), model.optimizer.learning_rate
        losses = [float(numpy.mean(loss([[label]], [[logit]]))) for label, logit in asked]
        return [*losses, 1e5 * float(numpy.asarray(rate))]
    values = [weight.value for weight in weights]
    with tensorflow.GradientTape() as tape:
        tape.watch(values)
        loss = keras.losses.BinaryCrossentropy(from_logits=True)(y, model(x, training=True))
    slopes = [0 if g is None else numpy.abs(g).sum() for g in tape.gradient(loss, values)]
    for weight, value in zip(weights, start, strict=True):
        weight.assign(value)  # averages may have moved
    model.run_eagerly = True  # quicker; without a new compile the old graph goes on
    model.train_on_batch(x, y, sample_weight=steep)
    return [float(s) if moves else 0.0 for s, moves in zip(slopes, moved(), strict=True)]


def put_to_mean_head(mean_head, features, labels, new):
    """Return the classes of new pictures, by the kernel and the bias of a head."""
    import numpy

    kernel, bias = map(numpy.asarray, mean_head(features, labels))
    return (new @ kernel + bias).argmax(axis=1)


def put_to_uphill(uphill, kernels, image, channel, step_size):
    """Return the image after a step on a network of convolutions, each squared or cut at 0."""
    import keras
    import tensorflow

    part = keras.Sequential([keras.Input(image.shape[1:])])
    for kernel, activation in kernels:
        bends = {"square": tensorflow.square, "relu": tensorflow.nn.relu}[activation]
        layer = keras.layers.Conv2D(kernel.shape[-1], kernel.shape[:2], use_bias=False)
        part.add(layer)
        part.add(keras.layers.Activation(bends))
        layer.set_weights([kernel])
    return uphill(part, tensorflow.constant(image, "float32"), channel, step_size)


def put_to_occlusion_map(occlusion_map, weights, image, patch, stride, fill):
    """Return the map of a score that adds up weighted pixels, and the brightest three times."""

    def score(picture):
        return float(3 * picture.max() + (weights * picture).sum())

    return occlusion_map(score, image, patch, stride, fill)


def put_to_resnext_block(resnext_block, shape, groups, budget, seed):
    """Return the sizes of a block's weights, or what it computes with weights drawn by ``seed``.

    Batch normalisation gets means and variances, whatever its epsilon, and a scale of 1.
    """
    import keras
    import numpy

    def normalisations(model):
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                yield layer
            elif hasattr(layer, "layers"):
                yield from normalisations(layer)

    x = keras.Input(shape)
    y = resnext_block(x, groups, budget)
    if not isinstance(y, keras.KerasTensor):
        raise TypeError(f"returns {type(y).__name__}, not the maps y")
    block = keras.Model(x, y)
    norms = list(normalisations(block))
    its = {id(weight) for norm in norms for weight in norm.weights}
    others = [weight for weight in block.weights if id(weight) not in its]
    if seed is None:
        return [len(norms), *(int(numpy.prod(weight.shape)) for weight in others)]
    rng = numpy.random.default_rng(seed)
    for weight in others:
        weight.assign(rng.integers(-8, 9, weight.shape) / 8)
    for norm in norms:
        mean, variance = rng.integers(1, 9, (2, norm.moving_mean.shape[0])) / 2
        norm.moving_mean.assign(mean - 2)
        norm.moving_variance.assign(variance - norm.epsilon)
        if norm.gamma is not None:
            norm.gamma.assign(numpy.ones(len(mean)))
        if norm.beta is not None:
            norm.beta.assign(numpy.zeros(len(mean)))
    return block(rng.integers(-8, 9, (1, *shape)) / 4.0, training=False)
