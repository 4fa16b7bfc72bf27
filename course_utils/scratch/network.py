"""Layers that remember their input, so that a gradient can walk back through them.

Each has ``forward(inputs)``, ``backward(gradient)`` (which stores the gradients of its parameters
and returns that of its input), and the lists ``parameters`` and ``gradients``.
"""

import math

import numpy as np

from course_utils.scratch.convolution import conv2d, conv2d_backward
from course_utils.scratch.dense import dense, dense_backward, relu, relu_backward
from course_utils.scratch.pooling import max_pool2d, max_pool2d_backward


class Layer:
    """A step of a network; those without parameters inherit two empty lists."""

    def __init__(self):
        self.parameters: list[np.ndarray] = []
        self.gradients: list[np.ndarray] = []

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        """Return the output for ``inputs`` and remember what `backward` will need."""
        raise NotImplementedError

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        """Return the gradient with respect to the inputs of the last `forward`."""
        raise NotImplementedError


class Conv2D(Layer):
    """``filters`` kernels of ``size`` x ``size`` x ``channels``, drawn by He's rule, and a bias."""

    def __init__(self, channels, filters, size, *, rng, stride=1, padding="valid"):
        super().__init__()
        self.options = {"stride": stride, "padding": padding}
        self.parameters = [he_normal((size, size, channels, filters), rng), zeros(filters)]

    def forward(self, inputs):
        """Return feature maps (n, output height, output width, filters)."""
        self.inputs = inputs
        return conv2d(inputs, *self.parameters, **self.options)

    def backward(self, gradient):
        """Store the gradients of kernels and bias; return that of the images."""
        d_inputs, *self.gradients = conv2d_backward(
            gradient, self.inputs, self.parameters[0], **self.options
        )
        return d_inputs


class Dense(Layer):
    """``features`` numbers in, ``units`` numbers out."""

    def __init__(self, features, units, *, rng):
        super().__init__()
        self.parameters = [he_normal((features, units), rng), zeros(units)]

    def forward(self, inputs):
        """Return (n, units)."""
        self.inputs = inputs
        return dense(inputs, *self.parameters)

    def backward(self, gradient):
        """Store the gradients of weights and bias; return that of the inputs."""
        d_inputs, *self.gradients = dense_backward(gradient, self.inputs, self.parameters[0])
        return d_inputs


class ReLU(Layer):
    """Negative numbers become zero."""

    def forward(self, inputs):
        """Return ``max(inputs, 0)``."""
        self.inputs = inputs
        return relu(inputs)

    def backward(self, gradient):
        """Return the gradient where the input was positive."""
        return relu_backward(gradient, self.inputs)


class MaxPool2D(Layer):
    """The largest value of each ``size`` x ``size`` tile."""

    def __init__(self, size=2):
        super().__init__()
        self.size = size

    def forward(self, inputs):
        """Return (n, height // size, width // size, channels)."""
        self.inputs = inputs
        return max_pool2d(inputs, self.size)

    def backward(self, gradient):
        """Return the gradient, sent to each tile's winner."""
        return max_pool2d_backward(gradient, self.inputs, self.size)


class Flatten(Layer):
    """Every image becomes one row."""

    def forward(self, inputs):
        """Return (n, height * width * channels)."""
        self.shape = inputs.shape
        return inputs.reshape(len(inputs), -1)

    def backward(self, gradient):
        """Return the gradient in the shape of the images."""
        return gradient.reshape(self.shape)


class Sequential(Layer):
    """Layers one after another.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> network = Sequential([Conv2D(1, 8, 3, rng=rng), ReLU(), MaxPool2D(), Flatten()])
    >>> network.forward(np.zeros((5, 28, 28, 1), np.float32)).shape
    (5, 1352)
    """

    def __init__(self, layers):
        self.layers = list(layers)

    @property
    def parameters(self):
        """Every array that is learnt."""
        return [parameter for layer in self.layers for parameter in layer.parameters]

    @property
    def gradients(self):
        """The gradient of each parameter, in the same order."""
        return [gradient for layer in self.layers for gradient in layer.gradients]

    def forward(self, inputs):
        """Return the last layer's output."""
        for layer in self.layers:
            inputs = layer.forward(inputs)
        return inputs

    def backward(self, gradient):
        """Walk back through the layers; return the gradient with respect to the input."""
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient


def he_normal(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw float32 weights of variance ``2 / inputs`` (He and others, arXiv 1502.01852)."""
    inputs = math.prod(shape[:-1])
    return (rng.standard_normal(shape) * math.sqrt(2 / inputs)).astype(np.float32)


def zeros(length: int) -> np.ndarray:
    """Return a float32 bias to start from."""
    return np.zeros(length, np.float32)
