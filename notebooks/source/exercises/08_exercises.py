# ---
# jupyter:
#   course:
#     lesson: "08"
#     minutes: 75
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 8 · The family tree
#
# *Four pieces of work: a bill, a promise that does not hold, a chain of exits, and a block built to
# a budget.*
#
# **Time** about 75 minutes. **You need to know** [lesson 8](../08_the_family_tree.ipynb).
#
# Write where it says `# your code here`, run the cell, then run the check below it. Stuck?
# `hint("08.1")` in a cell of its own gives a nudge, a second call a push, a third nearly the
# answer; `solution("08.1")` shows one, after asking. When you hand the notebook in, only the answer
# cells count: define in each whatever its answer needs.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_utils import check, hint, load, models, plots, quiet, recorded, solution

with quiet():
    import keras
    from keras import layers

plots.use_style()

# %% [markdown]
# ## 08.1 · The bill of a separable layer (warm-up)
#
# A depthwise separable convolution has two parts. First one `K` x `K` kernel for each of `C`
# channels; this part moves in steps of `S`, with padding `"same"`. Then `F` mixtures of the `C`
# results, 1 x 1 at each place that is left. The padding gives every output map
# $\lceil H/S \rceil$ x $\lceil W/S \rceil$ places (rounded up) for input maps of $H$ x $W$.
#
# The lesson's layer (5 x 5, 3 to 256 channels) has 843 weights. Ask Keras, with biases this time:

# %%
with models.shapes_only():
    layer = layers.SeparableConv2D(256, 5, padding="same")
    layer(keras.Input((112, 112, 3)))
print(layer.count_params(), "parameters")

# %% [markdown]
# 256 more: the biases stand at the end, one for each output channel. Return two numbers: the
# **parameters**, biases included, and the **multiply-adds** for one image, in which biases are not
# counted.


# %% exercise={"id": "08.1", "role": "answer", "points": 1}
def separable_bill(height, width, K, C, F, S):
    # BEGIN SOLUTION
    kernels = K * K * C + C * F
    places = -(-height // S) * -(-width // S)  # each rounded up
    return kernels + F, kernels * places
    # END SOLUTION


# %% exercise={"id": "08.1", "role": "check"}
check("08.1")

# %% [markdown]
# ## 08.2 · Mend the promise
#
# You can read it on many pages: *a separable layer has 23 times fewer weights, so it is 23 times
# faster.* As code:


# %%
def times_faster_from_the_web(places, K, C, F, per_number):
    ordinary = K**2 * C * F
    separated = K**2 * C + C * F
    return ordinary / separated


pairs = {
    "5 x 5, 3 to 256": ("5x5-3-256", 112**2, 5, 3, 256),
    "3 x 3, 128 to 128": ("3x3-128-128", 56**2, 3, 128, 128),
    "3 x 3, 512 to 512": ("3x3-512-512", 14**2, 3, 512, 512),
}
for words, (key, *layer) in pairs.items():
    measured = recorded(f"08.bench.separable-{key}-time").mean
    promised = times_faster_from_the_web(*layer, per_number=36)
    print(f"{words:18} promised {promised:4.0f} times faster, measured {measured:2.0f} times")

# %% [markdown]
# The promise looks at weights, and `per_number` has no say. Mend it with the simplest model of a
# processor that knows about memory:
#
# - A pass over the maps **reads** its input maps and its weights (each number once) and **writes**
#   its output maps. That is what it moves.
# - The processor does `per_number` multiply-adds in the time in which one number is moved.
# - It computes and moves at the same time, so a pass takes as long as the slower of the two.
# - The ordinary layer is one pass. The separated one is two, one after the other: depthwise, which
#   writes its maps to memory, then 1 x 1, which reads them again.
#
# One image, no biases; input and output maps have `places` places each. Return how many times
# faster the separated layer is: time of the ordinary one over time of the separated one.


# %% exercise={"id": "08.2", "role": "answer", "points": 2}
def times_faster(places, K, C, F, per_number):
    # BEGIN SOLUTION
    def time(weights, read, written):
        return max(places * weights / per_number, places * (read + written) + weights)

    ordinary = time(K**2 * C * F, C, F)
    return ordinary / (time(K**2 * C, C, C) + time(C * F, C, F))
    # END SOLUTION


# %% exercise={"id": "08.2", "role": "check"}
check("08.2")

# %% [markdown]
# When the check is content, hold your model against the stopwatch. One number is fitted: with
# `per_number = 36` the first pair comes out as it was measured. The other two are predictions.

# %%
bars = {"weights": [], "your model": [], "measured": []}
for key, *layer in pairs.values():
    bars["weights"].append(times_faster_from_the_web(*layer, per_number=36))
    bars["your model"].append(times_faster(*layer, per_number=36) or 0)
    bars["measured"].append(recorded(f"08.bench.separable-{key}-time").mean)

figure, axes = plt.subplots(figsize=(6.4, 3.2))
colours = (plots.grey, plots.sky, plots.blue)
for shift, (name, values), colour in zip((-0.27, 0, 0.27), bars.items(), colours, strict=True):
    drawn = axes.barh(np.arange(3) + shift, values, 0.26, color=colour, label=name)
    axes.bar_label(drawn, fmt=" %.1f")
axes.set(yticks=range(3), yticklabels=list(pairs), xlim=(0, 27), xlabel="times faster")
axes.set_title("Separated against ordinary")
axes.invert_yaxis()
axes.legend(loc="lower right")
plt.show()

# %% [markdown]
# Grey: the promise. Your model (light blue) puts the three pairs in the right order, which the
# weights do not, and comes about a quarter too high where it was not fitted. It says why, too: in
# the first pair the 1 x 1 pass does nothing but wait for its 256 maps to be written. Now try
# `times_faster(100, 3, 2, 4, per_number=1000)`: on a processor that computes for nothing, separating
# costs time.
#
# ## 08.3 · A chain of exits
#
# The lesson's network has two exits. Now there may be any number. Each exit gives probabilities;
# an image leaves at the **first** exit whose largest probability reaches the threshold (equal is
# enough), and that exit's answer counts. At the last exit all that are left must go, sure or not.
#
# You get an array of `probabilities` (exits, images, classes), an array of `labels`, the threshold,
# and a list of `costs`: `costs[0]` is the work up to the first exit, `costs[1]` what the way from
# there to the second *adds*, and so on. A small example:

# %%
probabilities = np.array(
    [
        [[0.9, 0.1], [0.6, 0.4], [0.25, 0.75]],  # the first exit on three images
        [[0.8, 0.2], [0.3, 0.7], [0.4, 0.6]],  # the second
    ]
)
labels = np.array([0, 1, 0])

# %% [markdown]
# With the threshold 0.75 and the costs 1 and 4, the first and the third image leave early, at a cost
# of 1 each. The second goes on: 5 in all. Two of the three answers are right. Return two numbers:
# the **accuracy** (here 2/3) and the **mean cost** of an image (here 7/3).


# %% exercise={"id": "08.3", "role": "answer", "points": 2}
def leave_early(probabilities, labels, threshold, costs):
    # BEGIN SOLUTION
    sure = probabilities.max(axis=2) >= threshold  # (exits, images)
    sure[-1] = True
    left_at = sure.argmax(axis=0)  # the first exit that is sure
    said = probabilities.argmax(axis=2)[left_at, np.arange(len(labels))]
    return np.mean(said == labels), np.mean(np.cumsum(costs)[left_at])
    # END SOLUTION


# %% exercise={"id": "08.3", "role": "check"}
check("08.3")

# %% [markdown]
# When the check is content: a chain of three exits on Fashion-MNIST, without any training by steps.
# Each exit is a least-squares fit, to ever more costly features: the means of 4 x 4 pixels; all
# pixels; a thousand random mixtures of pixels, each with a ReLU.

# %%
clothes = load("fashion_mnist").holdout(0.2, seed=0)
rng = np.random.default_rng(0)
mixture, offset = rng.normal(size=(784, 1000)) / 10, rng.normal(size=1000)


def coarse(images):
    return images.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(-1, 49) / 255


def pixels(images):
    return images.reshape(-1, 784) / 255


def mixed(images):
    return np.maximum((pixels(images) - 0.3) @ mixture + offset, 0)


# %% [markdown]
# The fit on training images, the probabilities on validation images, and the costs:


# %%
def exit_of(features):
    """Fit ten outputs to ten classes; return the probabilities of the validation images."""
    wanted = np.eye(10)[clothes.y_train]
    parts = (clothes.x_train, clothes.x_val)
    x, x_val = (np.c_[features(images), np.ones(len(images))] for images in parts)
    weights = np.linalg.solve(x.T @ x + np.eye(x.shape[1]), x.T @ wanted)
    odds = np.exp(6 * (x_val @ weights))
    return odds / odds.sum(axis=1, keepdims=True)


three = np.array([exit_of(features) for features in (coarse, pixels, mixed)])  # (3, 2000, 10)
costs = [49 * 10, 784 * 10, 784 * 1000 + 1000 * 10]  # multiply-adds

# %%
curve = [leave_early(three, clothes.y_val, t, costs) for t in np.arange(0.1, 1.01, 0.02)]
figure, axes = plt.subplots(figsize=(6.4, 3.2))
if None not in curve:
    right, cost = 100 * np.array(curve).T
    axes.plot(cost / sum(costs), right, color=plots.blue, label="three exits, all thresholds")
dots = {"first": plots.orange, "second": plots.vermilion, "last": plots.green}
for said, paid, name in zip(three, np.cumsum(costs), dots, strict=True):
    alone = 100 * np.mean(said.argmax(axis=1) == clothes.y_val)
    axes.plot(100 * paid / sum(costs), alone, "o", color=dots[name], label=f"{name} exit alone")
axes.set(title="Three exits on clothes", xlabel="mean cost, % of the last exit's")
axes.set_ylabel("validation accuracy, %")
axes.legend(loc="lower right")
plt.show()

# %% [markdown]
# The curve leads from the first exit to the last, and its right half is nearly flat: half of the
# work can go, and the accuracy stays. At the left there is a warning. The second exit alone stands
# far *above* the curve: for the same money one good exit beats a chain whose first one answers too
# soon. Each exit should have a threshold of its own, and an exit must earn its place.
#
# ## 08.4 · As wide as the budget allows (challenge)
#
# Build the block of ResNeXt, $y = \mathrm{relu}(x + F(x))$, for any maps `x`. $F$ has three
# convolutions without biases: 1 x 1 to a width of $W$ channels, 3 x 3 in $g$ groups, 1 x 1 back to
# the $C$ channels of `x`. Behind each stands a `BatchNormalization`; behind the first two of these
# a ReLU. The shortcut carries `x` as it is.
#
# Nobody tells you $W$. Take the largest multiple of `groups` for which the kernels of the three
# convolutions together have at most `budget` weights. (You may take it that `groups` itself is
# within the budget.) `layers.Conv2D` has a `groups=`. `x` is what `keras.Input` or a layer returns;
# return the maps `y`, not a model.
#
# An example to calculate first: 8 channels, 4 groups, budget 516. Which $W$?


# %% exercise={"id": "08.4", "role": "answer", "points": 3}
def resnext_block(x, groups, budget):
    # BEGIN SOLUTION
    W, C = groups, x.shape[-1]
    while 2 * C * (W + groups) + 9 * (W + groups) ** 2 // groups <= budget:
        W += groups
    y = layers.Conv2D(W, 1, use_bias=False)(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.Conv2D(W, 3, padding="same", groups=groups, use_bias=False)(y)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.Conv2D(C, 1, use_bias=False)(y)
    y = layers.BatchNormalization()(y)
    return layers.ReLU()(layers.Add()([x, y]))
    # END SOLUTION


# %% exercise={"id": "08.4", "role": "check"}
check("08.4")

# %% [markdown]
# When the check is content, spend one budget in seven ways. It is the budget of a block of
# ResNeXt-50: 256 channels, `70_144` weights.

# %%
cardinalities, widths = [1, 2, 4, 8, 16, 32, 64], []
for groups in cardinalities:
    with models.shapes_only():
        x = keras.Input((14, 14, 256))
        y = resnext_block(x, groups, budget=70_144)
        if y is not None:
            first = models.multiply_adds(keras.Model(x, y)).rows[0]
            widths.append(first.output[-1])

figure, axes = plt.subplots(figsize=(6.4, 3.0))
axes.plot(cardinalities[: len(widths)], widths, "o-", color=plots.blue)
axes.axhline(70_144 / 512, color=plots.grey, linestyle="--")
axes.set_xscale("log", base=2)
axes.set(xticks=cardinalities, xticklabels=cardinalities, xlim=(0.9, 72), ylim=(0, 150))
axes.set(xlabel="groups", ylabel="width W, channels")
axes.set_title("One budget, more groups: a wider block")
plt.show()

# %% [markdown]
# At the left ResNet50's block, 64 channels in one group; with 32 groups ResNeXt-50's, 128 channels.
# Then nothing more is gained. The dashed line says why: so many channels the two 1 x 1 convolutions
# alone could pay for, if the 3 x 3 cost nothing. MobileNet's bill, in which mixing channels costs
# all, begins here.
#
# That was the last exercise of the course. **Next:** your own pictures.
# [Lesson 4](../04_cats_and_dogs_with_generators.ipynb) reads them from two folders, and
# [lesson 6](../06_transfer_learning.ipynb) lends a network that has seen a million others.
