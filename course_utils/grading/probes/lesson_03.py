"""Probes of lesson 03: parameters by hand, a set-up mended, invariance, a small network."""

import numpy as np

from course_utils.checks.lesson_03.probes import relus_of
from course_utils.data import load
from course_utils.grading.probes.drawing import Drawn, Generator, Known, probes

TESTED = {400: 0.77, 800: 0.8, 2_000: 0.83}  # up to which hidden image: the share to be named
MIRRORED = [0, 1, 2, 3, 4, 6]  # clothes that look the same from both sides


@probes("03.1", "parameters")
def parameters(rng: Generator) -> Drawn:
    """Ask for counts where sides come out even and odd."""
    for line, sides in {
        "sides that halve": (10, 14, 18),
        "sides that do not": (11, 13, 17),
    }.items():
        for channels in (1, 3):
            cases = [(n, channels, *map(int, rng.permutation(40)[:3] + 2)) for n in sides]
            yield f"{line}, {channels} of colour", cases


def _weights(seed):
    """Return weights for the dense network by their shapes."""
    import numpy

    rng = numpy.random.default_rng(seed)
    shapes = (784, 128), (128,), (128, 10), (10,)
    return {shape: rng.normal(scale=shape[0] ** -0.5, size=shape) for shape in shapes}


def _drawn(build, seed):
    """Return the network that is built, with hidden weights."""
    import keras

    model = build()
    if not isinstance(model, keras.Model):
        raise TypeError(f"returns {type(model).__name__}, not a Keras model")
    weights = _weights(seed)
    if sorted(tuple(w.shape) for w in model.weights) != sorted(weights):
        raise ValueError("other layers with weights than the two dense ones")
    for weight in model.weights:
        weight.assign(weights[tuple(weight.shape)])
    return model


def _mended(build, pixels, seed, labels=None):
    """Return log-probabilities (n, 10) for pixels; with labels, the loss that is compiled."""
    import numpy

    model = _drawn(build, seed)
    outputs = numpy.asarray(model(pixels, training=False), "float32")
    if labels is not None:
        return float(model.compute_loss(y=labels, y_pred=outputs))
    z = outputs.astype(float)
    if (z >= 0).all() and numpy.allclose(z.sum(axis=1), 1, atol=1e-4):
        return numpy.log(z)
    return z - numpy.log(numpy.exp(z).sum(axis=1, keepdims=True))


def _log_probabilities(pixels: np.ndarray, seed: int) -> np.ndarray:
    """Return what the mended network says, (n, 10)."""
    by_shape = _weights(seed)
    hidden = np.maximum(pixels.reshape(-1, 784) / 255 @ by_shape[784, 128] + by_shape[128,], 0)
    z = hidden @ by_shape[128, 10] + by_shape[10,]
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def _cross_entropy(pixels: np.ndarray, seed: int, labels: np.ndarray) -> float:
    return -_log_probabilities(pixels, seed)[range(len(labels)), labels].mean()


@probes(
    "03.2",
    "lambda *case: _mended(mended, *case)",
    step=0.01,
    seconds=120,
    heavy=True,
    uses=(_weights, _drawn, _mended),
)
def mended(rng: Generator) -> Drawn:
    """Lend the network hidden weights; ask for its answers, and for its loss of them."""

    def pixels(n: int, high: int) -> np.ndarray:
        return rng.integers(0, high + 1, (n, 28, 28, 1), dtype=np.uint8)

    def seed() -> int:
        return int(rng.integers(1_000_000))

    for line, high in (("all pixels from 0 to 255", 255), ("dark images", 60)):
        yield Known(f"answers to {line}", [(pixels(2, high), seed())], _log_probabilities)
    for line, high in (("all pixels from 0 to 255", 255), ("dark images", 60)):
        case = pixels(4, high), seed(), rng.integers(0, 10, 4)
        yield Known(f"the loss, {line}", [case], _cross_entropy)


def _looks(build, seed):
    """Return the network that is built, with hidden weights, if its convolutions are the same."""
    import keras
    import numpy

    model = build()
    if not isinstance(model, keras.Model):
        raise TypeError(f"returns {type(model).__name__}, not a Keras model")
    kernels = [tuple(w.shape) for w in model.weights if len(w.shape) == 4]
    if kernels != [(3, 3, 1, 16), (3, 3, 16, 32)]:
        raise ValueError(f"other convolutions, with kernels {kernels}")
    if relus_of(model) < 2:
        raise ValueError("a convolution without its relu")
    rng = numpy.random.default_rng(seed)
    for weight in model.trainable_variables:
        fan_in = max(1, int(numpy.prod(weight.shape[:-1])))
        weight.assign(rng.normal(scale=fan_in**-0.5, size=tuple(weight.shape)))
    return model


def _staged(build, places, seed):
    """Return logits (3, places, 10) of garments on their stages, at three brightnesses.

    ``places`` holds how far down and right, and which of two garments stands there. Where a
    network divides the pixels, what is dark is lost in the rounding.
    """
    import numpy

    model = _looks(build, seed)
    garments = numpy.random.default_rng(seed).random((2, 28, 28)) * [[[1.0]], [[0.6]]]
    stages = numpy.zeros((len(places), 48, 48, 1), "float32")
    for stage, (down, right, which) in zip(stages, places, strict=True):
        stage[10 + down : 38 + down, 10 + right : 38 + right, 0] = garments[which]
    bright = [stages * numpy.float32(brightness) for brightness in (1, 255, 255**2)]
    return numpy.array([numpy.asarray(model(one, training=False)) for one in bright])


@probes(
    "03.3",
    "lambda *case: _staged(location_invariant, *case)",
    step=1e-9,
    seconds=120,
    heavy=True,
    uses=(relus_of, _looks, _staged),
)
def location_invariant(rng: Generator) -> Drawn:
    """Move garments on their stages, with weights that nobody has trained."""
    far = (1, 2, 3, 4, 5, 6)
    askew = [(int(rng.integers(-6, 7)), int(2 * rng.integers(-3, 3) + 1)) for _ in range(5)]
    for line, moves in {
        "garments moved to the left and to the right": [(0, s * n) for n in far for s in (1, -1)],
        "garments moved up and down": [(s * n, 0) for n in far for s in (1, -1)],
        "garments moved both ways at once": [(6, -6), (-5, 6), *askew],
    }.items():
        places = [(0, 0, 0), (0, 0, 1)]
        places += [(*move, int(which)) for move in moves for which in (0, rng.integers(2))]
        places = [places[i] for i in rng.permutation(len(places))]
        known = [{"garments": [which for *_, which in places]}]
        case = places, int(rng.integers(1_000_000))
        yield Known(line, [case], judge="invariance", known=known)


def _classes(model, images):
    """Return the classes that a network gives images."""
    import numpy

    parts = [images[start : start + 200] for start in range(0, len(images), 200)]
    outputs = numpy.concatenate([numpy.asarray(model(part, training=False)) for part in parts])
    if outputs.shape != (len(images), 10):
        raise ValueError(f"not ten numbers for each image, but {outputs.shape}")
    return outputs.argmax(axis=1)


@probes(
    "03.4",
    "lambda images: _classes(model, images)",
    seconds=240,
    heavy=True,
    uses=(_classes,),
    hands_over=50_000,
)
def small_and_good(rng: Generator) -> Drawn:
    """Ask for the classes of the test images, slightly changed: it costs a good network a point."""
    fashion = load("fashion_mnist")
    order = rng.permutation(len(fashion.x_test))
    images, labels = _changed(fashion.x_test[order], fashion.y_test[order], rng), fashion.y_test
    start = 0
    for stop, share in TESTED.items():
        line = f"at least {100 * share:.0f} % of {stop - start:,} hidden images, slightly changed"
        part = slice(start, stop)
        yield Known(line, [(images[part],)], labels=labels[order][part], share=share)
        start = stop


def _changed(images: np.ndarray, labels: np.ndarray, rng: Generator) -> np.ndarray:
    """Return images in 16 grey levels, a little brighter or darker, with noise, some mirrored."""
    n = len(images)
    mirrored = np.isin(labels, MIRRORED) & (rng.random(n) < 0.5)
    changed = np.where(mirrored[:, None, None, None], images[:, :, ::-1], images)
    bright = changed * rng.uniform(0.94, 1.06, (n, 1, 1, 1))
    noisy = np.where(changed > 0, bright + rng.uniform(-6, 6, images.shape), 0)
    return (np.rint(noisy / 16) * 16).clip(0, 255).astype(np.uint8)
