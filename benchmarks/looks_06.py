"""Measure what more looks at each picture bring a linear head: ``python benchmarks/looks_06.py``.

The embedded cats and dogs at 128 pixels, 2,000 labels: each picture as it is, mirrored, its middle
enlarged, and that mirrored. Features of every look are computed once and kept (see `full_06`). The
head is logistic regression with an L2 penalty, whose strength validation chooses; nothing in it is
random. The test images are used once for each number of looks.
"""

import sys
from collections.abc import Callable

import numpy as np
from full_06 import KEPT, ROOT, Pile, features, kept, percent
from scipy.optimize import minimize

LOOKS = {1: ["right"], 2: ["right", "mirrored"]}
LOOKS[4] = [*LOOKS[2], "zoomed", "zoomed-mirrored"]
STRENGTHS = (0.03, 0.1, 0.3, 1.0)


def fitted(pile: Pile, strength: float) -> Callable[..., np.ndarray]:
    """Fit logistic regression to its end, on standardised features.

    Returns a function that gives the logits (n, 1) of features (n, channels), as a model does.
    """
    middle, scale, sign = pile.x.mean(axis=0), pile.x.std(axis=0) + 1e-6, 2.0 * pile.y - 1
    x = ((pile.x - middle) / scale).astype(float)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        w, bias = weights[:-1], weights[-1]
        margins = sign * (x @ w + bias)
        slopes = -sign / (1 + np.exp(margins)) / len(x)
        value = np.logaddexp(0, -margins).mean() + strength * w @ w / 2
        return value, np.append(slopes @ x + strength * w, slopes.sum())

    found = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return lambda x, training=False: ((x - middle) / scale @ found[:-1] + found[-1])[:, None]


def measured(looks: int) -> dict:
    """Train on several looks at each picture; in use, average the logits of as many."""
    train, validation, test = (
        [features("tiny", part, None, look) for look in LOOKS[looks]]
        for part in ("train", "validation", "test")
    )
    every = Pile(*(np.concatenate(arrays) for arrays in zip(*train, strict=True)))
    heads = {strength: fitted(every, strength) for strength in STRENGTHS}
    found = {strength: percent(head, averaged(validation)) for strength, head in heads.items()}
    best = max(found, key=found.get)
    return {
        "strength": best,
        "validation": found[best],
        "all": list(found.values()),
        "test": percent(heads[best], averaged(test)),
    }


def averaged(piles: list[Pile]) -> Pile:
    """Return the mean features of several looks: their logits' mean, since a logit is linear."""
    return Pile(np.mean([pile.x for pile in piles], axis=0), piles[0].y)


def main() -> None:
    """Measure what is not kept yet, then record it."""
    KEPT.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(ROOT))
    from tools.results import record

    for looks, kinds in LOOKS.items():
        found = kept(f"looks-{looks}", lambda looks=looks: measured(looks))
        for part in ("validation", "test"):
            record(
                f"06.full.looks-{looks}-{part}",
                statement="frozen EfficientNet-Lite0 and logistic regression, 2,000 labels, looks "
                f"at each picture: {', '.join(kinds)}; embedded cats and dogs at 128 pixels: "
                f"{part} accuracy on 1,000 images",
                values=[found[part]],
                unit="%",
                target="at least 85 %" if (looks, part) == (4, "test") else "",
            )


if __name__ == "__main__":
    main()
