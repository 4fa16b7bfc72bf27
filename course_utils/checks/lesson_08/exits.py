"""Exercise 08.3: accuracy and mean cost of a chain of exits."""

from typing import Any

import numpy as np

from course_utils.checks.compare import Misconception, compare
from course_utils.checks.registry import exercise

SMALL = np.array([[[0.9, 0.1], [0.6, 0.4], [0.25, 0.75]], [[0.8, 0.2], [0.3, 0.7], [0.4, 0.6]]])


def leave_early(probabilities, labels, threshold, costs) -> tuple[float, float]:
    """Return accuracy and mean cost when images leave at the first exit that is sure."""
    left_at = _first(_sureness(probabilities) >= threshold)
    return np.mean(_said(probabilities, left_at) == labels), np.mean(np.cumsum(costs)[left_at])


def _sureness(probabilities: np.ndarray) -> np.ndarray:
    return probabilities.max(axis=2)


def _first(sure: np.ndarray) -> np.ndarray:
    """Return each image's first sure exit; ``sure`` : (exits, images) bool."""
    return np.vstack([sure[:-1], np.ones_like(sure[:1])]).argmax(axis=0)


def _said(probabilities: np.ndarray, left_at: np.ndarray) -> np.ndarray:
    return probabilities.argmax(axis=2)[left_at, np.arange(probabilities.shape[1])]


def _leaving(choose):
    """Return an answer in which ``choose(probabilities, labels, threshold)`` says who leaves."""

    def outcome(probabilities, labels, threshold, costs):
        left_at = choose(probabilities, labels, threshold)
        return np.mean(_said(probabilities, left_at) == labels), np.mean(np.cumsum(costs)[left_at])

    return outcome


def _counting(accuracy=None, cost=None):
    """Return an answer that lets the right images leave, but counts something else."""

    def outcome(probabilities, labels, threshold, costs):
        left_at = _first(_sureness(probabilities) >= threshold)
        right = _said(probabilities, left_at) == labels
        sure = _sureness(probabilities) >= threshold
        costs = np.asarray(costs, dtype=float)
        return (
            accuracy(right, left_at, sure) if accuracy else right.mean(),
            cost(costs, left_at) if cost else np.cumsum(costs)[left_at].mean(),
        )

    return outcome


def _counted_again(probabilities, labels, threshold, costs):
    """Judge everybody at every exit: nobody is taken out who has left."""
    sure = _sureness(probabilities) >= threshold
    sure[-1] = True
    right = (probabilities.argmax(axis=2) == labels) & sure
    spent = sure.sum(axis=1) @ np.cumsum(costs)
    return right.sum() / len(labels), spent / len(labels)


@exercise(
    "08.3",
    answers=("leave_early",),
    hints=(
        "Follow one image, exit by exit: where does it leave, what is it called there, what has "
        "been spent on it by then? The rest is two means over the images.",
        "An image is sure where the largest of its probabilities reaches the threshold. Declare "
        "the last exit sure for all. Then find each image's first sure exit; its cost is the sum "
        "of all stages up to there.",
        "`sure = probabilities.max(axis=2) >= threshold`, `sure[-1] = True`, "
        "`left_at = sure.argmax(axis=0)` finds the first True; the costs are "
        "`np.cumsum(costs)[left_at]`.",
    ),
    praise="Both numbers belong together: a threshold buys one with the other.",
)
def judge_leave_early(answer: Any) -> None:
    """Compare on the text's example, on small chains, and on many images with three classes."""
    rng = np.random.default_rng(10)
    odds = rng.random((4, 40, 3)) ** 3
    many = (odds / odds.sum(axis=2, keepdims=True)).round(2)
    four = np.array(
        [
            [[0.5, 0.3, 0.2], [0.2, 0.7, 0.1], [0.4, 0.3, 0.3], [0.1, 0.1, 0.8]],
            [[0.6, 0.3, 0.1], [0.3, 0.3, 0.4], [0.5, 0.1, 0.4], [0.9, 0.05, 0.05]],
            [[0.1, 0.8, 0.1], [0.8, 0.1, 0.1], [0.3, 0.4, 0.3], [0.3, 0.4, 0.3]],
        ]
    )
    three = np.array(
        [[[0.6, 0.4], [0.7, 0.3]], [[0.2, 0.8], [0.4, 0.6]], [[0.9, 0.1], [0.45, 0.55]]]
    )
    some_leave = [
        (SMALL, np.array([0, 1, 0]), 0.75, [1, 4]),
        (SMALL[:, :1], np.array([0]), 0.75, [1, 4]),
        (three, np.array([1, 1]), 0.7, [2, 3, 10]),
        (four, np.array([0, 1, 1, 2]), 0.6, [2, 3, 10]),
        (many, rng.integers(3, size=40), 0.62, [1, 0.5, 4, 20]),
        (many[:3], rng.integers(3, size=40), 0.85, [2, 1, 3]),
    ]
    nobody_leaves = [
        (SMALL[:, 1:2], np.array([0]), 0.75, [1, 4]),
        (SMALL[:1], np.array([0, 1, 1]), 0.95, [7]),
    ]
    for cases in (some_leave, nobody_leaves):
        compare(answer, leave_early, cases, _EXIT_MISCONCEPTIONS, name="leave_early")


def _gap(probabilities: np.ndarray) -> np.ndarray:
    ordered = np.sort(probabilities, axis=2)
    return ordered[:, :, -1] - ordered[:, :, -2]


def _true_class(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return probabilities[:, np.arange(len(labels)), labels]


def _or_last(probabilities: np.ndarray, sure: np.ndarray) -> np.ndarray:
    return np.where(sure[0], 0, len(probabilities) - 1)


def _unanswered_is_wrong(right, left_at, sure) -> float:
    return np.mean(right & sure.any(axis=0))


def _early_only(right, left_at, sure) -> float:
    early = left_at < len(sure) - 1
    return right[early].mean() if early.any() else np.nan


def _oracle(probabilities, labels, threshold) -> np.ndarray:
    return _first(probabilities.argmax(axis=2) == labels)


_EXIT_MISCONCEPTIONS = [
    Misconception(
        "Nobody leaves early here: that is the last exit alone.",
        _leaving(lambda p, labels, t: np.full(len(labels), len(p) - 1)),
    ),
    Misconception(
        "All leave at the first exit here; the threshold has no say yet.",
        _leaving(lambda p, labels, t: np.zeros(len(labels), int)),
    ),
    Misconception(
        "The cost of the earlier exits is forgotten: who goes on has paid for them, too. Sum the "
        "stages up to where an image leaves.",
        _counting(cost=lambda costs, left_at: costs[left_at].mean()),
    ),
    Misconception(
        "Everybody pays for the whole chain here: who leaves early does not pay for the rest.",
        _counting(cost=lambda costs, left_at: costs.sum()),
    ),
    Misconception(
        "That is the cost of all images together; divide by their number.",
        _counting(cost=lambda costs, left_at: np.cumsum(costs)[left_at].sum()),
    ),
    Misconception(
        "The cost came as a share of the whole chain; give it in the units of `costs`.",
        _counting(cost=lambda costs, left_at: np.cumsum(costs)[left_at].mean() / costs.sum()),
    ),
    Misconception(
        "The accuracy counts only those who leave early. The others are answered as well, at the "
        "last exit.",
        _counting(accuracy=_early_only),
    ),
    Misconception(
        "Who is unsure at the last exit is answered all the same: there is nowhere else to go.",
        _counting(accuracy=_unanswered_is_wrong),
    ),
    Misconception(
        "That is how many answers are right; the accuracy is their share.",
        _counting(accuracy=lambda right, left_at, sure: right.sum()),
    ),
    Misconception(
        "The accuracy came in percent; return a share between 0 and 1.",
        _counting(accuracy=lambda right, left_at, sure: 100 * right.mean()),
    ),
    Misconception(
        "Equal is enough: an image leaves when its largest probability reaches the threshold, >=.",
        _leaving(lambda p, labels, t: _first(_sureness(p) > t)),
    ),
    Misconception(
        "The unsure ones leave and the sure ones go on: turn the comparison round.",
        _leaving(lambda p, labels, t: _first(_sureness(p) < t)),
    ),
    Misconception(
        "The label decides who leaves (the probability of the true class). In use nobody knows "
        "it: compare the largest probability.",
        _leaving(lambda p, labels, t: _first(_true_class(p, labels) >= t)),
    ),
    Misconception(
        "An image leaves here where its answer is right. In use nobody knows that: sureness must "
        "decide.",
        _leaving(_oracle),
    ),
    Misconception(
        "The gap between the two largest probabilities decides here; the text asks for the "
        "largest itself.",
        _leaving(lambda p, labels, t: _first(_gap(p) >= t)),
    ),
    Misconception(
        "The sureness of the last exit decides who leaves before it. It is not known yet: each "
        "exit looks at its own probabilities.",
        _leaving(lambda p, labels, t: _first(np.broadcast_to(_sureness(p)[-1] >= t, p.shape[:2]))),
    ),
    Misconception(
        "The mean sureness decides for all images at once. Each image leaves by itself.",
        _leaving(
            lambda p, labels, t: _first(
                np.broadcast_to(_sureness(p).mean(axis=1, keepdims=True) >= t, p.shape[:2])
            )
        ),
    ),
    Misconception(
        "All wait until the last of them is sure. Each image leaves by itself.",
        _leaving(
            lambda p, labels, t: _first(
                np.broadcast_to((_sureness(p) >= t).all(axis=1, keepdims=True), p.shape[:2])
            )
        ),
    ),
    Misconception(
        "An image leaves at its first sure exit; here it is the last one that is sure.",
        _leaving(lambda p, labels, t: len(p) - 1 - (_sureness(p)[::-1] >= t).argmax(axis=0)),
    ),
    Misconception(
        "The surest exit answers here. By then all have been computed: the first that reaches the "
        "threshold answers.",
        _leaving(lambda p, labels, t: _sureness(p).argmax(axis=0)),
    ),
    Misconception(
        "Who is unsure at the first exit goes straight to the last: ask the exits between, too.",
        _leaving(lambda p, labels, t: _or_last(p, _sureness(p) >= t)),
    ),
    Misconception(
        "Who is unsure everywhere comes out at the first exit (`argmax` of nothing but False is "
        "0). At the last exit all must go.",
        _leaving(lambda p, labels, t: (_sureness(p) >= t).argmax(axis=0)),
    ),
    Misconception(
        "An image that has left is counted again at a later exit: take it out, or ask only those "
        "who are still there.",
        _counted_again,
    ),
    Misconception(
        "The right two numbers in the wrong order: accuracy first, then mean cost.",
        lambda *case: leave_early(*case)[::-1],
    ),
]
