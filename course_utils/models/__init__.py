"""The networks of the course as Keras builders, named for what they are.

Every builder returns a fresh, uncompiled model with these conventions:

- **Input**: pixels as `course_utils.load` gives them, 0 to 255, shape ``(n, height, width,
  channels)``. The first layer divides by 255, so the scale travels with the model and can't be
  forgotten.
- **Output**: *logits*, one a class, without softmax. Train with
  ``keras.losses.SparseCategoricalCrossentropy(from_logits=True)``; ``argmax`` picks the class and
  ``keras.ops.softmax`` turns logits into probabilities.

The networks of history (`lenet5`, `alexnet`, `googlenet`, `resnext50`) are there to be counted and
follow their papers instead: no division by 255, and probabilities at the end.

Keras is imported when the first model is built, so importing this package is cheap.
"""

from course_utils.models.cats_dogs import airplanes_motorbikes_cnn, cats_dogs_cnn
from course_utils.models.cifar import (
    component_cnn,
    efficient_cnn,
    preact_cnn,
    unit,
    whitening,
)
from course_utils.models.counts import Counts, LayerCount, multiply_adds, training_flop
from course_utils.models.efficientnet import efficientnet_lite0
from course_utils.models.exits import two_exit_cnn
from course_utils.models.family import (
    LENET_CONNECTIONS,
    alexnet,
    lenet5,
    resnext50,
    resnext_block,
)
from course_utils.models.fashion import deeper_cnn, dense_baseline, fashion_cnn, small_cnn
from course_utils.models.imagenet import decode_predictions, imagenet_classes
from course_utils.models.inception import INCEPTIONS, Inception, googlenet, inception_block
from course_utils.models.pretrained import mobilenet_v2, resnet50, shapes_only, vgg16
from course_utils.models.trained import load_trained

__all__ = [
    "INCEPTIONS",
    "LENET_CONNECTIONS",
    "Counts",
    "Inception",
    "LayerCount",
    "airplanes_motorbikes_cnn",
    "alexnet",
    "cats_dogs_cnn",
    "component_cnn",
    "decode_predictions",
    "deeper_cnn",
    "dense_baseline",
    "efficient_cnn",
    "efficientnet_lite0",
    "fashion_cnn",
    "googlenet",
    "imagenet_classes",
    "inception_block",
    "lenet5",
    "load_trained",
    "mobilenet_v2",
    "multiply_adds",
    "preact_cnn",
    "resnet50",
    "resnext50",
    "resnext_block",
    "shapes_only",
    "small_cnn",
    "training_flop",
    "two_exit_cnn",
    "unit",
    "vgg16",
    "whitening",
]
