"""Labelled images in memory, and how a validation part is taken from them."""

from dataclasses import dataclass

import numpy as np

from course_utils.data.entries import DataError


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Images and labels, for training and for testing.

    Attributes
    ----------
    x_train, x_test : (n, height, width, channels) uint8
    y_train, y_test : (n,) int64
        ``class_names[label]`` says what the image shows.
    class_names : tuple of str
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple[str, ...]

    def holdout(self, fraction: float = 0.1, seed: int = 0) -> "Split":
        """Take a validation part from the training images; the test images stay untouched.

        Each class gives the same fraction (rounded), drawn at random; both parts keep the order
        that the images had.

        Parameters
        ----------
        fraction : float
            The share of the training images that become validation images.
        seed : int
            The same seed draws the same images.

        Raises
        ------
        DataError
            If a class would be left without training or without validation images.

        Examples
        --------
        >>> pixels, labels = np.zeros((6, 1, 1, 1), np.uint8), np.array([0, 0, 0, 1, 1, 1])
        >>> split = Dataset(pixels, labels, pixels, labels, ("a", "b")).holdout(1 / 3, seed=1)
        >>> split.y_train, split.y_val
        (array([0, 0, 1, 1]), array([0, 1]))
        """
        rng = np.random.default_rng(seed)
        chosen = np.zeros(len(self.y_train), dtype=bool)
        for label in np.unique(self.y_train):
            members = np.flatnonzero(self.y_train == label)
            n_val = round(fraction * len(members))
            if not 0 < n_val < len(members):
                raise DataError(
                    f"holdout({fraction:g}) leaves class {self.class_names[label]!r} "
                    f"{n_val} of {len(members)} images for validation; "
                    "choose a fraction between 0 and 1 that leaves some for both"
                )
            chosen[rng.permutation(members)[:n_val]] = True
        return Split(
            x_train=self.x_train[~chosen],
            y_train=self.y_train[~chosen],
            x_val=self.x_train[chosen],
            y_val=self.y_train[chosen],
            x_test=self.x_test,
            y_test=self.y_test,
            class_names=self.class_names,
        )

    def __repr__(self) -> str:
        return f"Dataset(train {self.x_train.shape}, test {self.x_test.shape})"


@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """A `Dataset` whose training images were divided: train on one part, choose by the other.

    Attributes
    ----------
    x_train, x_val, x_test : (n, height, width, channels) uint8
    y_train, y_val, y_test : (n,) int64
    class_names : tuple of str
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple[str, ...]

    def __repr__(self) -> str:
        shapes = f"train {self.x_train.shape}, val {self.x_val.shape}, test {self.x_test.shape}"
        return f"Split({shapes})"
