"""03.4: a network of at most 50,000 parameters, judged on the test images."""

from typing import Any

import numpy as np

from course_utils.checks.compare import shown
from course_utils.checks.lesson_03.probes import accuracy
from course_utils.checks.registry import CheckFailed, exercise
from course_utils.checks.values import a_model


@exercise(
    "03.4",
    answers=("model",),
    hints=(
        "Where did the fashion CNN's parameters go? Not into looking. Save there first. And see "
        "how the lesson's deeper CNN is trained: its step size and what stands between its layers.",
        "Three convolutions with 16, 32 and 64 filters have about 23,000 parameters; let the last "
        "dense layer be the only one. Batch normalisation lets you take larger steps; let them "
        "shrink to nothing at the end.",
        'Per stage `layers.Conv2D(16, 3, activation="relu")`, `layers.MaxPooling2D()`, '
        '`layers.BatchNormalization(momentum=0.9)`; then 32 filters with `padding="same"`, then '
        "64 without pooling, `Flatten`, `Dense(10)`. Adam with `CosineDecay(5e-3, 375)`, three "
        "epochs in batches of 64, and the loss with `from_logits=True`.",
    ),
    praise="Less than an eighth of the fashion CNN's parameters, put to good use.",
)
def judge_small_and_good(answer: Any) -> None:
    """Count the parameters; look for code of the learner's in it; then count right answers."""
    from course_utils.data import load
    from course_utils.grading.handover import refused

    model = a_model(answer, "model")
    fashion = load("fashion_mnist")
    images, labels = fashion.x_test, fashion.y_test
    count = sum(int(np.prod(weight.shape)) for weight in model.weights)
    if count > 50_000:
        largest = max(model.layers, key=lambda layer: layer.count_params())
        raise CheckFailed(
            "`model` has more than 50,000 parameters. Where are most of them?",
            f"got       {count:,}, of which {largest.count_params():,} in {shown(largest.name)}",
        )
    if why := refused(model):
        raise CheckFailed(why)
    right = accuracy(model, images, labels, "model")
    if not 86 <= right <= 96.7:
        raise CheckFailed(
            _why_not_good(model, images, labels, right),
            f"tried     {len(images):,} test images, pixels from 0 to 255",
            "expected  at least 86 % right",
            f"got       {right:.1f} %",
        )


def _why_not_good(model: Any, images: np.ndarray, labels: np.ndarray, right: float) -> str:
    if right > 96.7:
        return "Better than the best published network (96.7 %): has it seen the test images?"
    divided = accuracy(model, images / np.float32(255), labels, "model")
    if divided >= 86:
        return (
            "It was trained on pixels from 0 to 1, and gets them from 0 to 255: put the division "
            "by 255 into the network, as its first layer."
        )
    if divided >= max(30, right + 1):
        return (
            f"With pixels from 0 to 1 it does better, {divided:.1f} %: was it trained on those? "
            "Put the division by 255 into the network, as its first layer, and look further then."
        )
    if right < 30:
        return (
            "It does little better than guessing: was it trained, with labels that fit, and does "
            "the loss know whether it gets logits?"
        )
    if right < 80:
        return "It has learnt something, but not much: look at its first loss, then at one batch."
    return "Close. More looking, larger steps at first and smaller ones at the end, more epochs?"
