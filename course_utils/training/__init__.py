"""The pieces of an efficient training recipe: schedule, crop, flip, the loop, a checkpoint.

TensorFlow is imported when the first training starts.

Examples
--------
>>> from course_utils import training
>>> training.Recipe(epochs=3).rate(0.2)  # the peak, after 20 % of the steps
0.5
"""

from course_utils.training.exits import predict_exits, train_exits
from course_utils.training.loop import accuracy, predict, train
from course_utils.training.recipe import Recipe, batches, crop, flip, mirrored_in

__all__ = [
    "Recipe",
    "accuracy",
    "batches",
    "crop",
    "flip",
    "mirrored_in",
    "predict",
    "predict_exits",
    "train",
    "train_exits",
]
