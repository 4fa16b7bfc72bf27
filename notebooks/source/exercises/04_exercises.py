# ---
# jupyter:
#   course:
#     lesson: "04"
#     minutes: 50
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 4 · Cats and dogs with generators
#
# *Four pieces of work on the way from files to batches: a count, a generator, a tutorial to mend,
# and a division that lets nothing through.*
#
# **Time** about 50 minutes. **You need to know** [lesson 4](../04_cats_and_dogs_with_generators.ipynb).
#
# Write where it says `# your code here`, run the cell, then run the check below it. It tries your
# answer on a few small pictures and says what it makes of it. Stuck? `hint("04.1")` in a cell of
# its own gives a nudge, a second call a push, a third nearly the answer. `solution("04.1")` shows
# an answer, after asking. When you hand the notebook in, only the answer cells count: define in
# each whatever its answer needs.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_utils import check, folder, hint, images, plots, quiet, solution

with quiet():
    import tensorflow as tf

ImageDataGenerator = tf.keras.preprocessing.image.ImageDataGenerator
plots.use_style()
pets = folder("cats_vs_dogs") / "train"  # two folders of photographs, 32 x 32 pixels

# %% [markdown]
# ## 04.1 · How many steps has an epoch? (warm-up)
#
# A generator that never ends goes through `n` pictures in batches of `batch_size`, again and again.
# Keras must be told after how many batches an epoch is over. If the pictures don't divide evenly,
# the last batch of a round is smaller; some programs keep it, others drop it (in `tf.data` that is
# `drop_remainder=True`).
#
# Return the number of batches in one round. There is at least one picture. What happens with 60
# pictures in batches of 20, kept or dropped?


# %% exercise={"id": "04.1", "role": "answer", "points": 1}
def steps_per_epoch(n, batch_size, keep_last=True):
    # BEGIN SOLUTION
    whole = n // batch_size
    return whole + 1 if keep_last and n % batch_size else whole
    # END SOLUTION


# %% exercise={"id": "04.1", "role": "check"}
check("04.1")

# %% [markdown]
# ## 04.2 · A generator that never ends
#
# The pictures are in memory this time: `pictures` is an array of shape (n, height, width, channels),
# `labels` one of shape (n,). Write the generator that feeds `fit`, without looking it up. It hands
# out batches as pairs of arrays, tuples of pictures and their labels, and
#
# - it never ends,
# - in each epoch every picture comes exactly once, in an order drawn anew,
# - the last batch of an epoch is smaller if it has to be,
# - every picture keeps its label, and the arrays that were handed in stay as they are,
# - the order depends on `seed` and on nothing else, even if other code draws random numbers between
#   two batches.


# %% exercise={"id": "04.2", "role": "answer", "points": 2}
def endless(pictures, labels, batch_size, seed):
    # BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(pictures))
        for start in range(0, len(pictures), batch_size):
            chosen = order[start : start + batch_size]
            yield pictures[chosen], labels[chosen]
    # END SOLUTION


# %% exercise={"id": "04.2", "role": "check"}
check("04.2")

# %% [markdown]
# If you look at your generator's work through the labels alone, you see what the network is spared.
# Fifty pictures, sorted, cats first; five epochs in batches of 20:

# %%
fifty = np.arange(50).reshape(-1, 1, 1, 1)  # as good as pictures, if nobody looks at them
rows = [np.repeat([0, 1], 25)]
stream = endless(fifty, rows[0], 20, seed=1)
if stream is not None:
    for _ in range(5):
        rows.append(np.concatenate([next(stream)[1] for _ in range(3)]))
    figure, axes = plt.subplots(figsize=(6.4, 2.4))
    axes.imshow(rows, cmap="cividis", aspect="auto", extent=(0, 50, 5.5, -0.5))
    axes.vlines([20, 40], -0.5, 5.5, color=plots.vermilion, linewidth=3)
    axes.set_yticks(range(6), ["the files", *(f"epoch {epoch}" for epoch in range(1, 6))])
    axes.set(title="Cats dark, dogs light", xlabel="picture of the epoch")
    plt.show()

# %% [markdown]
# The two vertical lines are where a batch ends. In the order of the files, the first batch would be all
# cats and the last all dogs; in your epochs each batch has some of both, and each time others.
#
# ## 04.3 · Mend the tutorial
#
# This is what many tutorials make of one folder. It runs, and not only its comment is wrong.


# %%
def flows_from_the_web(folder, side=32, batch_size=16):
    generator = ImageDataGenerator(
        validation_split=0.25,
        rescale=1 / 255,
        horizontal_flip=True,  # augmentation: turn the pictures
        vertical_flip=True,  # in both directions
    )
    how = {"target_size": (side, side), "batch_size": batch_size, "class_mode": "binary"}
    train = generator.flow_from_directory(folder, subset="training", **how)
    validation = generator.flow_from_directory(folder, subset="validation", **how)
    return train, validation


# %% [markdown]
# Copy its lines into the cell below and mend them, so that
#
# - a training picture comes as it is in its file or mirrored left to right, by chance, and in no
#   other way: a flip is no turn, and cats on their heads are rare,
# - a validation picture comes as it is, always,
# - all pixels are between 0 and 1 (what was 255 is 1), all pictures `side` x `side`, in batches of
#   `batch_size`,
# - a quarter of the pictures is for validation, the rest for training, and none for both.
#
# The labels are 0 for cats and 1 for dogs, as they were. Any other two things that have a length and
# that Keras can train on are as welcome, if they keep these promises.


# %% exercise={"id": "04.3", "role": "answer", "points": 2}
def two_flows(folder, side=32, batch_size=16):
    # BEGIN SOLUTION
    both = {"validation_split": 0.25, "rescale": 1 / 255}
    varied = ImageDataGenerator(horizontal_flip=True, **both)
    plain = ImageDataGenerator(**both)
    how = {"target_size": (side, side), "batch_size": batch_size, "class_mode": "binary"}
    train = varied.flow_from_directory(folder, subset="training", **how)
    validation = plain.flow_from_directory(folder, subset="validation", **how)
    return train, validation
    # END SOLUTION


# %% exercise={"id": "04.3", "role": "check"}
check("04.3")

# %% [markdown]
# What your two flows hand out, and below it what the network of the tutorial is judged by. (Flows
# draw from NumPy's global random numbers. With the same seed before each, both validation parts come
# in the same order.)


# %%
def first_pictures(flow):
    np.random.seed(4)
    return list(next(iter(flow))[0][:6])


# %%
mine, theirs = two_flows(pets), flows_from_the_web(pets)
if mine is not None:
    train, validation, judged = (first_pictures(flow) for flow in (*mine, theirs[1]))
    names = ("yours, training", "yours, validation", "theirs, validation")
    titles = [name if place == 0 else "" for name in names for place in range(6)]
    plots.show_images(train + validation + judged, titles, columns=6)
    plt.show()

# %% [markdown]
# The third row holds the pictures of the second, some mirrored, some standing on their heads. A network
# judged by these may look worse than it is, and in each epoch differently so.
#
# ## 04.4 · A division that lets nothing through (challenge)
#
# Pictures from the web come in copies: the same pixels under two names. Divide a collection with
# copies in it at random, and some pictures lie in training *and* in validation. Divide it by
# position, and a sorted list gives a validation part with one class.
#
# Write the function that avoids both. `pictures` is an array of shape (n, height, width, channels),
# `labels` one of shape (n,), sorted or not. Return two lists (or arrays) of picture numbers from 0 to
# n - 1, training first, so that
#
# - each picture is in exactly one of the two, and a picture and its copies are in the same,
# - in each class (there may be more than two), the share `fraction` of its *different* pictures is
#   for validation, rounded up or down as you like,
# - chance decides which: another `seed`, another division; the same seed, the same.
#
# A copy has exactly the same pixels, and the same label.


# %% exercise={"id": "04.4", "role": "answer", "points": 3}
def split_without_leak(pictures, labels, fraction, seed):
    # BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    pile = np.unique(pictures, axis=0, return_inverse=True)[1]  # equal pictures, equal numbers
    judged_by = []
    for kind in np.unique(labels):
        piles = rng.permutation(np.unique(pile[labels == kind]))
        judged_by.extend(piles[: round(fraction * len(piles))])
    validation = np.isin(pile, judged_by)
    return np.flatnonzero(~validation), np.flatnonzero(validation)
    # END SOLUTION


# %% exercise={"id": "04.4", "role": "check"}
check("04.4")

# %% [markdown]
# Now on real ones. We take sixty cats and sixty dogs, and of every third one a copy, as a careless
# download might leave them. Then we divide at random, as if we knew nothing.

# %%
files = [path for kind in ("cats", "dogs") for path in sorted((pets / kind).iterdir())[:60]]
files += files[::3]
pictures = np.stack([images.read(path) for path in files])
labels = np.array([int(path.parent.name == "dogs") for path in files])
order = np.random.default_rng(0).permutation(len(files))


def leaked(train, validation):
    known = {pictures[i].tobytes(): i for i in train}
    return [(i, known[pictures[i].tobytes()]) for i in validation if pictures[i].tobytes() in known]


# %%
pairs = leaked(order[40:], order[:40])[:6]
titles = [f"validation {i}" for i, _ in pairs] + [f"training {j}" for _, j in pairs]
plots.show_images([pictures[i] for row in zip(*pairs, strict=True) for i in row], titles, columns=6)
plt.show()
parts = split_without_leak(pictures, labels, 0.25, seed=0)
if parts is not None:
    print("pictures in both parts, divided by your function:", len(leaked(*parts)))

# %% [markdown]
# Some of the pictures that leaked; above, with its number, each as the network is asked about it,
# below as it was learned. A network that remembers gets all of them right, and that says nothing about
# the next cat. Your division shares none.
#
# What it can't see are copies that were saved anew, cropped or resized: their pixels differ. Nor can
# it see the same cat on the same sofa, photographed twice. Who takes the pictures can.
#
# **Next:** [lesson 5](../05_components_on_cifar10.ipynb).
