# ---
# jupyter:
#   course:
#     lesson: "03"
#     minutes: 60
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 3 · A convolutional network for Fashion-MNIST
#
# *A sum to do by hand, two repairs, and a network of your own on a tight budget.*
#
# **Time** about 60 minutes. **You need to know** [lesson 3](../03_fashion_mnist_cnn.ipynb).
#
# Write where it says `# your code here`, run the cell, then run the check below it. Stuck?
# `hint("03.1")` in a cell of its own gives a nudge, a second call a push, a third nearly the
# answer; `solution("03.1")` shows one, after asking. When you hand the notebook in, only the answer
# cells count: define in each whatever its answer needs.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_utils import check, hint, load, plots, quiet, solution

with quiet():
    import keras
    from keras import layers

plots.use_style()
fashion = load("fashion_mnist")
split = fashion.holdout(0.2, seed=0)

# %% [markdown]
# ## 03.1 · How many parameters? (warm-up)
#
# Images of `n` x `n` pixels in `channels` channels go through these layers:
#
# | layer | |
# | --- | --- |
# | 3 x 3 convolution, no padding | `first` filters |
# | 2 x 2 pooling | |
# | 3 x 3 convolution, no padding | `second` filters |
# | 2 x 2 pooling | |
# | flatten | |
# | dense | `units` units |
# | dense | 10 units |
#
# Every convolution has stride 1, pooling halves and rounds down, and each convolution and dense
# layer has its biases. Return how many parameters must be learnt, all layers together.
#
# Begin with a case for pen and paper: `n = 10`, one channel, one filter in each convolution, one
# unit. There are 42.


# %% exercise={"id": "03.1", "role": "answer", "points": 1}
def parameters(n, channels, first, second, units):
    # BEGIN SOLUTION
    side = ((n - 2) // 2 - 2) // 2
    seeing = (9 * channels + 1) * first + (9 * first + 1) * second
    return seeing + (side * side * second + 1) * units + (units + 1) * 10
    # END SOLUTION


# %% exercise={"id": "03.1", "role": "check"}
check("03.1")

# %% [markdown]
# ## 03.2 · Two mistakes and not one error message (mend)
#
# This set-up comes from a project that somebody gave up on. It runs, Keras has nothing to say about
# it, and the loss falls a little, as losses do. The images go in as the data set holds them, whole
# numbers from 0 to 255; the labels are numbers from 0 to 9.


# %%
def given_up():
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


# %% [markdown]
# The lesson's check 1 takes a minute: what is the loss of a network that knows nothing? It should be
# near ln 10, which is 2.3.


# %%
def first_loss(model):
    return float(model.compute_loss(y=split.y_val[:200], y_pred=model(split.x_val[:200])))


keras.utils.set_random_seed(0)
print("near ln 10?", abs(first_loss(given_up()) - np.log(10)) < 1)

# %% [markdown]
# Write `mended`, which builds and compiles the same network without the two mistakes:
#
# - the network still takes pixels from 0 to 255, and brings them to between 0 and 1 itself, as the
#   lesson's networks do;
# - the loss, still a cross-entropy, is right for what the last layer gives: softmax happens once,
#   in the network or in the loss.
#
# The flattening and the two dense layers stay as they are: 128 units with relu, then 10.


# %% exercise={"id": "03.2", "role": "answer", "points": 2}
def mended():
    # BEGIN SOLUTION
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10),
        ]
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model
    # END SOLUTION


# %% exercise={"id": "03.2", "role": "check"}
check("03.2")

# %% [markdown]
# The fresh networks' losses, side by side. The dotted line is ln 10.

# %%
losses = {"given up": first_loss(given_up())}
if isinstance(healthy := mended(), keras.Model):
    losses["mended"] = first_loss(healthy)
figure, axes = plt.subplots(figsize=(6.4, 1.6))
axes.barh(list(losses), list(losses.values()), color=[plots.vermilion, plots.blue][: len(losses)])
axes.axvline(np.log(10), color=plots.black, linestyle=":")
axes.set(title="Check 1: the loss of a fresh network", xlabel="cross-entropy")
axes.invert_yaxis()
plt.show()

# %% [markdown]
# The network that was given up is sure of its answers before it has seen a single label, and pays
# for it. Mended, it starts near the line: it knows nothing, and admits it.
#
# ## 03.3 · Make the sentence true (find and mend)
#
# "Convolution makes the network location-invariant." The lesson found the sentence false. Here is a
# network of the kind that it is said about:


# %%
def as_advertised():
    return keras.Sequential(
        [
            keras.Input((48, 48, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


# %% [markdown]
# It needs no training to be put to the test. We lay a garment of 28 x 28 pixels on a black stage of
# 48 x 48, in the middle or a few pixels away from it, so that nothing is ever cut off.


# %%
def staged(garment, down=0, right=0):
    stage = np.zeros((1, 48, 48, 1), "float32")
    stage[0, 10 + down : 38 + down, 10 + right : 38 + right] = garment / 255
    return stage


def change(model, right):
    """How far the logits move; 1 is the distance to another garment in the middle."""
    here, moved, other = (
        np.array(model(stage))
        for stage in (staged(shoe), staged(shoe, 0, right), staged(fashion.x_train[1]))
    )
    return np.linalg.norm(moved - here) / np.linalg.norm(other - here)


shoe = fashion.x_train[np.flatnonzero(fashion.y_train == 9)[0]]
plots.show_images([staged(shoe, 0, right)[0] for right in (-6, -3, 0, 3, 6)])
plt.show()

# %% [markdown]
# One shoe in five places, whole in each of them. Two steps in the network tie its answer to the place.
#
# Write `location_invariant`, which builds a network whose ten logits are the same wherever the garment
# stands, moved by 1 to 6 pixels in any direction. The pixels come as 0 to 1, as `staged` gives them. The
# two convolutions stay as they are (16 and 32 filters of 3 x 3 with relu, stride 1), and so does the
# input of 48 x 48 (the stage is just large enough for these two). What stands between and behind them
# is yours. And the network must still look: another garment should give other logits.


# %% exercise={"id": "03.3", "role": "answer", "points": 2}
def location_invariant():
    # BEGIN SOLUTION
    return keras.Sequential(
        [
            keras.Input((48, 48, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Conv2D(32, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
        ]
    )
    # END SOLUTION


# %% exercise={"id": "03.3", "role": "check"}
check("03.3")

# %% [markdown]
# How far do the logits move when the shoe does? Predict two lines, then run.

# %%
keras.utils.set_random_seed(0)
steps = range(-6, 7)
figure, axes = plt.subplots(figsize=(6.4, 2.8))
contenders = {"as advertised": as_advertised(), "location-invariant": location_invariant()}
for (name, model), style in zip(contenders.items(), ["o--", "s-"], strict=True):
    if isinstance(model, keras.Model):
        axes.plot(steps, [change(model, step) for step in steps], style, label=name)
axes.set(title="One shoe on the move", xlabel="pixels to the right", ylabel="change of logits")
axes.legend()
plt.show()

# %% [markdown]
# A change of 1 means: might as well be another garment. Yours does not move at all, with weights
# that nobody has trained. It had to be built so. Each convolution hands the shift on to its feature
# maps (that is equivariance), and a mean over all places forgets it.
#
# Most networks keep their poolings all the same. They save work, and being nearly invariant is often
# enough. But now you know what the sentence costs.
#
# ## 03.4 · Small and good (challenge)
#
# The lesson's fashion CNN has 421,642 parameters. You get at most 50,000, and the network must name at
# least 86 % of the test images. It takes pixels from 0 to 255, as the data set holds them, and gives ten
# numbers for each image. It is handed in without code of yours: make it with `keras.Sequential` or
# `keras.Model(inputs, outputs)` from Keras's own layers, with no class of your own and no `Lambda`.
#
# Build it and train it in the next cell, so that `model` is the trained network. Ten seconds of training
# are enough. `split.x_train` and `split.y_train` hold 8,000 images for it; compare your attempts on
# `split.x_val` and `split.y_val`. The check opens the test set. Each look at it that makes you change
# something uses it up a little, so come with a network that you trust.


# %% exercise={"id": "03.4", "role": "answer", "points": 4}
def build_and_train():
    # BEGIN SOLUTION
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.BatchNormalization(momentum=0.9),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.BatchNormalization(momentum=0.9),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    rate = keras.optimizers.schedules.CosineDecay(5e-3, decay_steps=3 * 125)  # 3 epochs
    network.compile(keras.optimizers.Adam(rate), loss, jit_compile=False)
    network.fit(split.x_train, split.y_train, batch_size=64, epochs=3, verbose=0)
    return network
    # END SOLUTION


keras.utils.set_random_seed(0)
model = build_and_train()

# %% [markdown]
# How good is it on the validation images? Look here as often as you like.


# %% tags=["nbval-ignore-output"]
def accuracy(images, labels):
    logits = np.concatenate([model(images[i : i + 500]) for i in range(0, len(images), 500)])
    return 100 * np.mean(logits.argmax(axis=1) == labels)


if isinstance(model, keras.Model):
    print(f"{model.count_params():,} parameters")
    print(f"{accuracy(split.x_val, split.y_val):.1f} % of the validation images")

# %% exercise={"id": "03.4", "role": "check"}
check("03.4")

# %% [markdown]
# One last look. Exercise 03.3 has made you suspicious: what does your network say when the garments
# stand a few pixels further to the right? Draw your curve in the air first.

# %%
if isinstance(model, keras.Model):
    figure, axes = plt.subplots(figsize=(6.4, 2.6))
    pads = [np.pad(split.x_val, ((0, 0), (0, 0), (s, 0), (0, 0))) for s in range(7)]
    axes.plot([accuracy(pad[:, :, :28], split.y_val) for pad in pads], "o-", color=plots.blue)
    axes.set(
        title="Your network, garments moved", xlabel="pixels to the right", ylabel="accuracy, %"
    )
    axes.set_ylim(0, 100)
    plt.show()

# %% [markdown]
# A network can be small and good and still know garments only where it has seen them. If yours falls
# off as steeply as the fashion CNN's in the lesson, try global average pooling in place of the
# flattening, with more filters in the last convolution, and see what it costs you at rest.
#
# **Next:** [lesson 4](../04_cats_and_dogs_with_generators.ipynb).
