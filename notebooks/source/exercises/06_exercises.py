# ---
# jupyter:
#   course:
#     lesson: "06"
#     minutes: 60
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 6 · Transfer learning
#
# *Four pieces of work: a count, a repair, pixels in disguise, and a head that nobody has to train.*
#
# **Time** about 60 minutes. **You need to know** [lesson 6](../06_transfer_learning.ipynb).
#
# Write where it says `# your code here`, run the cell, then run the check below it. Stuck?
# `hint("06.1")` in a cell of its own gives a nudge, a second call a push, a third nearly the
# answer. `solution("06.1")` shows one, after asking. When you hand the notebook in, only the answer
# cells count: define in each whatever its answer needs.

# %%
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from course_utils import check, hint, load, models, photo, plots, quiet, solution

with quiet():
    import keras
    from keras import layers

plots.use_style()

# %% [markdown]
# ## 06.1 · What does a head cost? (warm-up)
#
# A frozen backbone ends in a map of `shape` (height, width, channels). On it stands a head: either the
# map is flattened (`flatten` is `True`), or each channel is averaged over all places (`False`). Then
# follow dense layers with biases, as many units each as the tuple `units` says, one after the other.
# Return how many parameters are trained.
#
# By hand first: a map of 2 x 3 places and 4 channels, and one dense layer of a single unit. Averaged,
# that makes 4 weights and a bias, 5 parameters. Flattened, 24 weights and a bias, 25.


# %% exercise={"id": "06.1", "role": "answer", "points": 1}
def head_parameters(shape, units, flatten):
    # BEGIN SOLUTION
    height, width, channels = shape
    features = height * width * channels if flatten else channels
    trained = 0
    for n in units:
        trained += (features + 1) * n
        features = n
    return trained
    # END SOLUTION


# %% exercise={"id": "06.1", "role": "check"}
check("06.1")

# %% [markdown]
# The two heads of the lesson: ResNet50's map is 5 x 5 x 2,048, averaged under 12 classes; VGG16's is
# 4 x 4 x 512, flattened under 256 units and one. Did you expect the 24,588 and the 2,097,665 to change
# as much when flattening and averaging are swapped?

# %%
heads = {"ResNet50": ((5, 5, 2048), (12,)), "VGG16": ((4, 4, 512), (256, 1))}
for name, (shape, units) in heads.items():
    print(f"{name:9} averaged {head_parameters(shape, units, False)}")
    print(f"{name:9} flattened {head_parameters(shape, units, True)}")

# %% [markdown]
# The map of the one has 25 places, that of the other 16, and about that many times more does it cost to
# flatten it.
#
# ## 06.2 · Mend the slides
#
# The second stage of transfer learning: the head has been trained on a frozen backbone, and now the last
# layers of the backbone may learn, too. Here is how one sees it done, in the manner of the lecture
# slides that the lesson met.


# %%
def from_the_slides(model, base, first):
    """Let the layers of base learn from the one called first on."""
    base.trainable = True
    reached = False
    for layer in base.layers:
        if layer.name == first:
            reached = True
        if reached:
            layer.trainable = True
    return model


# %% [markdown]
# A toy to try it on: a backbone of three convolutions, each with its batch normalisation, and a head
# that has been trained for one batch while the backbone was frozen.


# %%
def toy():
    keras.utils.set_random_seed(0)
    base = keras.Sequential([keras.Input((4, 4, 2))], name="base")
    for name in ("stem", "middle", "last"):
        base.add(layers.Conv2D(3, 1, activation="tanh", name=name))
        base.add(layers.BatchNormalization(name=f"{name}_norm"))
    base.add(layers.GlobalAveragePooling2D(name="pool"))
    base.trainable = False
    model = keras.Sequential([base, layers.Dense(1, name="head")])
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    model.train_on_batch(x, y)
    return model, base


x = np.random.default_rng(0).normal(size=(8, 4, 4, 2))
y = np.array([[0.0], [1.0]] * 4)

# %% [markdown]
# And the habit of the lesson, as a function: train on one batch, look which layers have changed.


# %%
def what_moves(model, base):
    parts = [*base.layers, model.layers[-1]]
    before = [part.get_weights() for part in parts]
    model.train_on_batch(x, y)
    after = [part.get_weights() for part in parts]
    return [
        part.name
        for part, old, new in zip(parts, before, after, strict=True)
        if any(np.any(a != b) for a, b in zip(old, new, strict=True))
    ]


model, base = toy()
print("moves:", what_moves(from_the_slides(model, base, "middle"), base))
model.compile("adam", model.loss)
print("moves, compiled anew:", what_moves(model, base))

# %% [markdown]
# First too little, then too much. It should be `middle`, `last` and `head`. Write the function so that
# it keeps its promise on any backbone whose layers stand in one row (`model` is base and head in one
# Sequential, as in `toy`):
#
# - the layer called `first` and those after it learn, those before it are frozen, the head goes on
#   learning;
# - batch normalisation in `base` rests, wherever it stands: neither $\gamma$ and $\beta$ nor the running
#   averages move;
# - the model is compiled anew with the loss that it has, `model.loss`, and any optimiser of rate
#   `1e-5`;
# - the function trains nothing itself; it returns the same `model` that it was given.


# %% exercise={"id": "06.2", "role": "answer", "points": 2}
def fine_tune(model, base, first):
    # BEGIN SOLUTION
    reached = False
    for layer in base.layers:
        reached = reached or layer.name == first
        layer.trainable = reached and not isinstance(layer, layers.BatchNormalization)
    model.compile(keras.optimizers.Adam(1e-5), model.loss)
    return model
    # END SOLUTION


# %% exercise={"id": "06.2", "role": "check"}
check("06.2")

# %% [markdown]
# ## 06.3 · Pixels in disguise
#
# A colleague sends batches of photographs, and each of his programs delivers another form. You want
# plain pixels, from 0 to 255, red first. These forms occur:
#
# | form | made from plain pixels by |
# | --- | --- |
# | plain | `pixels` |
# | 0 to 1 | `pixels / 255` |
# | -1 to 1 | `pixels / 127.5 - 1` |
# | divided twice | `pixels / 255 / 255` |
# | blue first, mean subtracted | `pixels[..., ::-1] - mean`, as VGG16 and ResNet50 want it |

# %%
mean = np.array([103.939, 116.779, 123.68])  # blue, green, red
disguises = {
    "plain": lambda pixels: pixels,
    "0 to 1": lambda pixels: pixels / 255,
    "-1 to 1": lambda pixels: pixels / 127.5 - 1,
    "divided twice": lambda pixels: pixels / 255 / 255,
    "blue first, mean subtracted": lambda pixels: pixels[..., ::-1] - mean,
}
batch = np.array([[[[255, 0, 51], [0, 255, 204]]]])  # one picture of two pixels, red and green
for form, disguise in disguises.items():
    print(f"{form:28}{np.round(disguise(batch), 4).tolist()}")

# %% [markdown]
# Nobody tells you the form; read it from the range of the numbers. You may rely on this: in every batch
# each colour has a pixel of 10 or darker and one of 245 or brighter (counted as plain pixels). The
# numbers are integers or floats. Return an array of the same shape, right to half a grey level, and
# leave `batch` itself as it is.
#
# (There is no "blue first" alone in the table. No range can tell it: swapped colours have the same
# numbers. You have to know, or look at the picture.)


# %% exercise={"id": "06.3", "role": "answer", "points": 2}
def plain_pixels(batch):
    # BEGIN SOLUTION
    darkest, brightest = batch.min(), batch.max()
    if darkest < -1:
        return (batch + np.array([103.939, 116.779, 123.68]))[..., ::-1]
    if darkest < 0:
        return (batch + 1) * 127.5
    if brightest > 1:
        return batch
    if brightest > 0.5:
        return batch * 255.0
    return batch * 255.0 * 255.0
    # END SOLUTION


# %% exercise={"id": "06.3", "role": "check"}
check("06.3")

# %% [markdown]
# Does it matter? Ask a whole network with its 1,000 names about a cup of espresso in all five disguises,
# and again after your function has been at work.

# %%
cup = np.asarray(Image.fromarray(photo("coffee")[:, 100:500]).resize((224, 224)), float)
network = models.efficientnet_lite0()


def named(pictures):
    guesses = models.decode_predictions(network.predict(np.stack(pictures), verbose=0), top=1)
    return [guess[0][1].replace("_", " ") for guess in guesses]


delivered = [disguise(cup) for disguise in disguises.values()]
mended = [plain_pixels(form[np.newaxis]) for form in delivered]
if all(form is not None for form in mended):
    rows = [*delivered, *(form[0] for form in mended)]
    drawn = [row.clip(0, 255).astype("uint8") for row in rows]
    plots.show_images(drawn, named(rows), columns=5, title="As delivered, and mended")
    plt.show()

# %% [markdown]
# Above, in the order of the table, what was delivered. Three of the five are black to the network, and
# it names what it sees in the dark. The last one is dark and blue, and still an espresso: this test
# would not have found it, your function did. Below, five times espresso.
#
# ## 06.4 · A head without training (challenge)
#
# Labels are scarce, and you have no patience for epochs. So you average: the features of all labelled
# pictures of one class make its mean $m_c$, and a new picture with features $x$ belongs to the class
# whose mean is nearest, that is, whose squared distance $|x - m_c|^2$ is smallest. (That is called a
# **nearest-mean** classifier.)
#
# The surprise: this is a dense layer. Multiply $|x - m_c|^2$ out. One of the three terms is the same for
# all classes, so it can't decide anything; what remains is weights times features plus a bias. Write a
# function that computes them.
#
# `features` has shape (n, F), `labels` holds n whole numbers from 0 to C - 1, in any order, and each
# class occurs. Return the kernel of shape (F, C) and the bias of shape (C,), as a dense layer keeps
# them: the largest of the C logits `x @ kernel + bias` belongs to the nearest mean. On which scale the
# logits are is up to you.
#
# To try by hand: one feature, two classes with means 1 and 3. The border is at 2, so the two logits must
# be equal there.


# %% exercise={"id": "06.4", "role": "answer", "points": 3}
def mean_head(features, labels):
    # BEGIN SOLUTION
    classes = range(max(labels) + 1)
    means = np.array([features[labels == c].mean(axis=0) for c in classes])  # (C, F)
    return means.T, -(means**2).sum(axis=1) / 2
    # END SOLUTION


# %% exercise={"id": "06.4", "role": "check"}
check("06.4")

# %% [markdown]
# Now with real features: 30 pictures of each of CIFAR-10's ten classes, 32 x 32 pixels, enlarged to 96.
# A third of them is there to choose labelled ones from, the other 200 are asked. (All come from the
# training part. The test part stays shut: we choose nothing here, but that is a habit, too.)

# %%
cifar = load("cifar10")
places = np.concatenate([np.flatnonzero(cifar.y_train == c)[:30] for c in range(10)])
pictures = [Image.fromarray(cifar.x_train[i]).resize((96, 96)) for i in places]
backbone = models.efficientnet_lite0((96, 96, 3), include_top=False, pooling="avg")
features = backbone.predict(np.stack([np.asarray(p) for p in pictures]), verbose=0)
features = features.reshape(10, 30, -1)  # (class, picture, feature)
print(features.shape)

# %% [markdown]
# How many labels does it take? From 1 to 10 of each class, ten times with other pictures.


# %%
def accuracy(labelled):
    """Return the percentage right where these pictures of each class carry a label."""
    known = features[:, labelled].reshape(-1, 1280)
    kernel, bias = mean_head(known, np.repeat(np.arange(10), len(labelled)))
    return 100 * np.mean(
        (features[:, 10:] @ kernel + bias).argmax(axis=2) == np.arange(10)[:, None]
    )


if mean_head(features[:, 0], np.arange(10)) is not None:
    rng = np.random.default_rng(0)
    runs = {10 * n: [accuracy(rng.permutation(10)[:n]) for _ in range(10)] for n in (1, 2, 5, 10)}
    plots.show_label_curves(
        {"nearest mean": runs}, title="Ten kinds of things", ylabel="right, %", guess=10
    )
    plt.show()

# %% [markdown]
# Nothing was trained, not even for a second. One picture of each class is already far better than
# guessing, and on average each further label helps less than those before. (At the right end all ten
# runs are the same: there is nothing left to choose.) A trained head may weigh the features as it likes;
# whether it does better with so few labels, you can now find out. And since yours is a dense layer,
# `layer.set_weights([kernel, bias])` puts it on the backbone.
#
# **Next:** [lesson 7](../07_looking_inside.ipynb).
