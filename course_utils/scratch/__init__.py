"""The layers of a convolutional network in NumPy, each with its backward pass beside it.

Functions come in pairs: ``conv2d`` and ``conv2d_backward``, which takes the gradient of the loss
with respect to the output and returns those with respect to each input. Images have the axes
``(n, height, width, channels)``, kernels ``(kernel height, kernel width, channels, filters)``;
padding and stride do exactly what they do in Keras. `Sequential` and `fit` are just enough to
train a network.
"""

from course_utils.scratch.convolution import conv1d, conv1d_backward, conv2d, conv2d_backward
from course_utils.scratch.dense import dense, dense_backward, relu, relu_backward
from course_utils.scratch.loss import softmax, softmax_cross_entropy, softmax_cross_entropy_backward
from course_utils.scratch.network import Conv2D, Dense, Flatten, MaxPool2D, ReLU, Sequential
from course_utils.scratch.pooling import (
    average_pool2d,
    average_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from course_utils.scratch.training import accuracy, fit
from course_utils.scratch.windows import output_length, same_padding, window_view

__all__ = [
    "Conv2D",
    "Dense",
    "Flatten",
    "MaxPool2D",
    "ReLU",
    "Sequential",
    "accuracy",
    "average_pool2d",
    "average_pool2d_backward",
    "conv1d",
    "conv1d_backward",
    "conv2d",
    "conv2d_backward",
    "dense",
    "dense_backward",
    "fit",
    "max_pool2d",
    "max_pool2d_backward",
    "output_length",
    "relu",
    "relu_backward",
    "same_padding",
    "softmax",
    "softmax_cross_entropy",
    "softmax_cross_entropy_backward",
    "window_view",
]
