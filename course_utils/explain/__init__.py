"""Look inside a trained network: feature maps, filter patterns, and heat maps that are measured.

Everything here takes a Keras model of any kind: Sequential, functional, subclassed, nested in one
another, freshly loaded, or never called. Layers go by their name, by their path in nested models
(``"backbone/block5c_add"``), or are picked: the last convolution. Models take the pixels that they
were trained on; nothing here scales them.
"""

from course_utils.explain.features import activations, kernels, sparsity
from course_utils.explain.heat import grad_cam, saliency
from course_utils.explain.naming import find_layer, layers_of
from course_utils.explain.occlusion import enlarged, occlusion
from course_utils.explain.patterns import filter_patterns
from course_utils.explain.trust import Scene, hits, likeness, randomised, scenes, square

__all__ = [
    "Scene",
    "activations",
    "enlarged",
    "filter_patterns",
    "find_layer",
    "grad_cam",
    "hits",
    "kernels",
    "layers_of",
    "likeness",
    "occlusion",
    "randomised",
    "saliency",
    "scenes",
    "sparsity",
    "square",
]
