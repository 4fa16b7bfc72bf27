# ---
# jupyter:
#   course:
#     lesson: "05"
#     minutes: 75
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 5 · The components of a CNN, on CIFAR-10
#
# *You exchange the parts of a network one at a time, learn to tell an effect from luck, and end
# with a recipe that beats a well-known one for a hundredth of its computation.*
#
# **Time** about 75 minutes to read and run, without the sections marked *Deeper*; the code alone
# needs a good minute.
#
# **You need to know** how a small CNN is trained, and why there are three piles of images (lesson
# 03).
#
# **Afterwards you can**
# - scale images so that nothing leaks and nothing breaks,
# - say what pooling, strides, dropout, batch normalisation and augmentation do, each by an
#   experiment,
# - tell a difference between two networks from noise,
# - count by hand what a network and its training cost,
# - interrupt a training and go on as if nothing had happened,
# - read an efficient recipe, and say what each of its ingredients is for.
#
# The lesson follows a well-known article on the components of CNNs, whose network is right in 82 %
# of CIFAR-10's test images. We call it *the article*: we measure its parts, put right what it gets
# wrong, and go past it.

# %%
import tempfile
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from course_utils import claim, load, models, plots, profile, quiet, recorded, training, widgets

with quiet():
    import keras
    from keras import layers
    import tensorflow as tf

run = profile()
plots.use_style()

# %% [markdown]
# ## Photographs the size of a thumbnail
#
# CIFAR-10 (2009) holds photographs of ten kinds of things. One image is 32 x 32 pixels in three
# colours. Clothes lay centred on black; here things are near or far, seen from any side, and cut
# off. Which two kinds will be confused most often? Write them down.

# %%
cifar = load("cifar10", run.size)
names = cifar.class_names
first = [np.flatnonzero(cifar.y_train == label)[0] for label in range(10)]
plots.show_images(cifar.x_train[first], names, columns=5, title="One image of each kind")
plt.show()

# %% [markdown]
# Every kind is equally frequent, so guessing is right in 10 % of all cases.
#
# The piles are those of lesson 03: we train on the first, choose by the second as often as we like,
# and open the third once, near the end.

# %%
split = cifar.holdout(run.pick(quick=0.2, full=0.1), seed=0)
for pile in ("train", "val", "test"):
    print(f"{pile:6}", getattr(split, f"x_{pile}").shape)

# %% [markdown]
# ## What is the mean of 8,000 images?
#
# Pixels lie between 0 and 255. Networks learn better from numbers around 0 with a deviation around
# 1, so the article subtracts "the mean image" from every image. It computes that as
# `train_x.mean()`. Here are three means. Before you run the cell, say the shape of each:

# %%
one_number = split.x_train.mean()
mean_image = split.x_train.mean(axis=0)
one_colour = split.x_train.mean(axis=(0, 1, 2))
claim("05.mean-shapes", [list(m.shape) for m in (one_number, mean_image, one_colour)])

# %%
pictures = [np.broadcast_to(m, (32, 32, 3)) for m in (one_number, mean_image, one_colour)]
pictures = [0.5 + 3 * (picture - one_number) / 255 for picture in pictures]  # contrast times three
plots.show_images(pictures, ["mean()", "mean(axis=0)", "mean(axis=(0, 1, 2))"], columns=3)
plt.show()

# %% [markdown]
# (The contrast is trebled, or you would see three greys.) Left, one number: a grey. In the middle
# the mean image, with a number of its own for each pixel and colour: the average photograph is
# bluish at the top, where the sky is, and reddish where things stand. Right, one number for each
# colour. `train_x.mean()` is the left one and no mean image.
#
# Each of the three will do, since all they have to achieve is to bring the numbers near 0. We take
# the right one: a pixel's place should not decide how it is scaled, for a cat may sit anywhere.


# %%
mean = split.x_train.mean(axis=(0, 1, 2)).astype("float32")
deviation = split.x_train.std(axis=(0, 1, 2)).astype("float32")


def standardise(images, mean=mean, deviation=deviation):
    return (images - mean) / deviation


x_train, x_val = standardise(split.x_train), standardise(split.x_val)
claim("05.standardised-mean", float(np.abs(x_train.mean(axis=(0, 1, 2), dtype="float64")).max()))
claim("05.standardised-deviation", float(x_train.std(dtype="float64")))

# %% [markdown]
# The validation images were scaled by the *training* images' mean and deviation. Remember this
# line; further down we shall do it wrong.

# %% [markdown]
# ## A small network on a fixed budget
#
# We need a network whose parts can be exchanged, and which trains in seconds. Three times it does
#
# > 3 x 3 convolution → batch normalisation → ReLU → 2 x 2 max pooling
#
# with 8, 32 and 64 filters; then it averages each feature map to one number, and a dense layer
# gives ten logits. `models.component_cnn()` builds it. Its first layer divides by 255; as we scale
# by hand in this lesson, we leave that layer out.


# %%
def network(**parts):
    whole = models.component_cnn(**{"widths": (8, 32, 64)} | parts)
    return keras.Sequential([keras.Input((32, 32, 3)), *whole.layers[1:]])


for layer in network().layers:
    print(f"{layer.__class__.__name__:24}{layer.output.shape[1:]!s:16}{layer.count_params():>8,}")
claim("05.small-parameters", network().count_params())

# %% [markdown]
# (The list has a Dropout layer that was not announced. Its rate is 0, so it hands everything on as
# it is: a place kept free for an experiment further down.)
#
# The budget: three epochs in batches of 128, no more, for every variant. What happens to the
# learning rate meanwhile? Here are two **schedules**. In the triangular one the rate rises for a
# fifth of the steps and then falls to zero.

# %%
recipe = training.Recipe(
    epochs=3, batch=128, peak=0.1, schedule="triangular", smoothing=0.0, shift=0, flips="none"
)
progress = np.linspace(0, 1, 101)
figure, axes = plt.subplots(figsize=(6.4, 2.4))
axes.plot(progress, [recipe.rate(p) for p in progress], label="triangular")
axes.plot(progress, [recipe.peak] * 101, "--", label="constant")
axes.set(title="Two schedules", xlabel="share of all steps", ylabel="learning rate")
axes.set(ylim=(0, None))
axes.legend()
plt.show()

# %% [markdown]
# Low at the start, because a fresh network's first gradients are large and point anywhere. High
# after that, to get far. Falling to zero, because at a constant rate the weights keep jumping about
# the valley whose floor they should reach.
#
# The loop itself is short. `training.train` shuffles and cuts batches, and does for each what
# follows. In lesson 02 you computed the gradients by hand, and `scratch.fit` made the steps, with
# momentum. Here it is again; new is the look ahead in the last line:
#
# ```python
# with tf.GradientTape() as tape:
#     loss = cross_entropy(labels, model(images, training=True))
# gradients = tape.gradient(loss, weights)
# for weight, gradient, velocity in zip(weights, gradients, velocities):
#     velocity.assign(0.9 * velocity + gradient)                    # momentum
#     weight.assign_sub(rate * (gradient + 0.9 * velocity))         # one step ahead: Nesterov
# ```
#
# Each weight gets a companion, its **velocity**, 0 at first: the sum of all its gradients so far,
# in which each counts nine tenths of the next newer one. With plain **momentum** the weight moves
# by rate times velocity, instead of by rate times the newest gradient alone. What the gradients
# agree on adds up, up to ten times; what they disagree on cancels. **Nesterov**'s variant looks
# ahead: it moves by the velocity that the *next* step would have if the gradient stayed as it is:
# 0.9 x velocity + gradient.
#
# One thing is not shown: 0.0005 times each kernel is added to its gradient, so that kernels shrink
# a little in every step unless the loss objects (**weight decay**).

# %% [markdown]
# ## Max pooling, average pooling or strides: which one?
#
# Feature maps must shrink somehow. Max pooling keeps the largest of four numbers, average pooling
# their mean. A strided convolution computes every second place only, in each direction. The article
# offers all three. Three networks, then, with the same first weights and the same batches in the
# same order. Rank them before you run:


# %%
def fresh(seed=0, **parts):
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    return network(**parts)


def percent_right(model, images, labels):
    return 100 * training.accuracy(model, images, labels, batch=200)


# %% tags=["nbval-ignore-output"]
trained = {}
for pooling in ("max", "average", "strided"):
    trained[pooling] = fresh(pooling=pooling)
    training.train(trained[pooling], x_train, split.y_train, recipe)
by_pooling = {name: percent_right(m, x_val, split.y_val) for name, m in trained.items()}
for name, value in by_pooling.items():
    print(f"{name:10}{value:5.1f} % of the validation images, in this run")

# %%
claim("05.max-validation", by_pooling["max"])
claim("05.max-over-average", by_pooling["max"] - by_pooling["average"])
claim("05.max-over-strided", by_pooling["max"] - by_pooling["strided"])

# %% [markdown]
# Max pooling is ahead. A likely reason: a large number in a feature map says "here is an edge". The
# maximum keeps the message, the average waters it down, and whoever looks at every second place may
# miss it.
#
# But is the comparison fair? The strided network computes only a quarter of the places. It made the
# same number of *steps* with much less *work*; we shall count that. And is it more than luck? That
# comes first.

# %% [markdown]
# ## When is a difference a difference?
#
# Train the same network twice, with other first weights and another order of images: you get two
# accuracies. Nothing was changed, and they differ. Any effect must be larger than that.
#
# An **ablation** trains the same network again and again, each time with one component exchanged.
# This one was recorded for you. **The base** is the network that you have just trained, with max
# pooling and the triangular rate (only that its first layer divides by 255, in place of our
# scaling). It has three epochs on 40,000 images of the complete training set. Twelve variants were
# trained likewise, each from three seeds, and all are judged by the same 10,000 other images.
#
# All use the peak rate 0.1, which is not the base's best: at 0.5 it gains 3.7 points and names
# 69.0 % right. So a row tells what a change does at 0.1, and may tell another story elsewhere. For
# batch normalisation we shall look.
#
# How much do seeds differ? We take the variance within each variant, average it over all variants,
# and take the root; call it $s$. The mean of three runs spreads less, by $\sqrt 3$, and the
# difference of two such means more, by $\sqrt 2$. Twice that is our **noise band**: luck alone
# carries a difference out of it about once in twenty times.
#
# $$ \text{band} = \pm\, 2\, s\, \sqrt{2/3} $$
#
# That holds for *one* comparison. We shall compare twelve variants with the base, and the chance that
# luck carries at least one of twelve out of the band is nearly one in two. So a row just outside the
# band is a hint; a row about twice as far out is a finding.
#
# (Two variants stay out of $s$, because their seeds differ about five times as much as the
# others': at a constant rate, and without batch normalisation, luck plays a larger part. That is a
# finding of its own, and for these two rows the band is too narrow. With their own
# spread it would be about ± 5 points; at -10 and -15 they lie outside that as well.)

# %%
variants = {"the base": "base", "average pooling": "pooling-average"}
variants |= {"strided": "pooling-strided", "no pooling": "pooling-none"}
variants |= {"constant rate": "schedule-constant"}
variants |= {f"dropout {rate}": f"dropout-{rate}" for rate in (0.1, 0.25, 0.5)}
variants |= {"centred and scaled": "preprocess-standardised"}
variants |= {"no batch norm": "norm-none", "batch norm after ReLU": "norm-after"}
variants |= {"mirrored": "augment-flip", "turned, moved, mirrored": "augment-source"}
runs = {words: recorded(f"05.full.ablation.{key}").values for words, key in variants.items()}
wild = ("constant rate", "no batch norm")
steady = [np.var(values, ddof=1) for words, values in runs.items() if words not in wild]
s = np.sqrt(np.mean(steady))
noise = 2 * s * np.sqrt(2 / 3)
print(f"spread between seeds {s:.2f} points, so the band is ± {noise:.2f} points")


# %%
def compare(*rows, title):
    plots.show_ablation(
        {"the base": runs["the base"]} | {r: runs[r] for r in rows}, "the base", noise, title=title
    )
    plt.show()


how = "How the maps shrink, how the rate runs"
compare("average pooling", "strided", "no pooling", "constant rate", title=how)

# %% [markdown]
# A square is the mean of three seeds, the bar their standard deviation, the small dots are the
# seeds. The light blue band is the noise. **Grey rows have their square within it: nothing was
# found.** The coloured rows are outside it, and all of them lie to the left: worse by more than
# luck.
#
# Here all four are coloured, and about twice as far out as the band reaches, or more. Both other ways
# to shrink lose, and in the same order as on your machine. And a rate that stays high costs ten
# points, more or less of them as luck will have it: look how far apart its three dots are.
#
# Without any pooling, every layer works at 32 x 32 places: it is by far the most work, for an accuracy
# that can't be told from that of strided convolutions, the least work. Lesson 02's formula suggests
# why: without shrinking, each number that is averaged in the end has seen 1 + 3 · 2 = 7 pixels of the
# image across; with three poolings it is 22. Shrinking makes the next kernel look further.

# %% [markdown]
# ## "Pooling makes the network invariant"
#
# So the article says; two sections later it says that CNNs "fail terribly" when an image is moved a
# little. Both can't be true. Lesson 03 has measured it on clothes, moved by 4 pixels:

# %%
for key, head in {"cnn": "max pooling, flatten", "deeper": "max pooling, global average"}.items():
    lost = recorded(f"03.full.{key}-test").mean - recorded(f"03.full.{key}-shift-4").mean
    print(f"{head:30} loses {lost:4.1f} points")

# %% [markdown]
# Both networks pool by maximum, so it is not the pooling that decides. (They differ in several
# things; in lesson 03 you saw that the head matters: flatten ties weights to places, the global
# average lets go of them.)
#
# What does a 2 x 2 pooling do to a shift? Take one row of a feature map with a single edge in it,
# and move the edge one place to the right, and again. Predict the three answers for each:

# %%
rows = np.array([np.roll([0, 0, 8, 0, 0, 0, 0, 0], shift) for shift in range(3)])
tiles = rows.reshape(3, 4, 2)
figure, axes = plt.subplots(1, 4, figsize=(6.4, 1.7), width_ratios=(8, 5, 5, 5))
for place, values, title in zip(
    axes,
    (rows, tiles.max(axis=2), tiles.mean(axis=2).astype(int), tiles[:, :, 0]),
    ("an edge moves on", "maximum", "average", "every second"),
    strict=True,
):
    plots.show_matrix(values, title, annotate=True, limits=(0, 8), axes=place)
plt.show()

# %% [markdown]
# Each line of the left block is the row, moved on by one. The first step, within a tile, leaves
# maximum and average as they were. The second step crosses into the next tile, and they move a
# whole tile. So pooling turns "one to the right" into "nothing" or "one tile": half of all small
# shifts vanish, the others are rounded up. Taking every second number loses the edge altogether
# while it is in the second place of a tile; a convolution before it that looks at neighbours
# softens that.
#
# Now the three trained networks. We move each of 1,000 validation images by a few pixels and count
# how many *answers* change. (What opens up is filled with mirrored pixels.)


# %%
def moved(images, pixels):
    wide = np.pad(images, ((0, 0), (0, 0), (pixels, pixels), (0, 0)), mode="reflect")
    return wide[:, :, : images.shape[2]]


def answers(model, images):
    return training.predict(model, images, batch=200).argmax(axis=1)


# %%
changed, some = {}, x_val[:1000]
for name, model in trained.items():
    still = answers(model, some)
    changed[name] = [
        100 * np.mean(answers(model, moved(some, pixels)) != still) for pixels in range(1, 5)
    ]
figure, axes = plt.subplots(figsize=(6.4, 2.8))
for (name, values), marker in zip(changed.items(), "os^", strict=True):
    axes.plot(range(1, 5), values, marker=marker, label=name)
axes.set(title="Answers that change when the image moves")
axes.set(xlabel="shift, pixels", ylabel="changed answers, %", ylim=(0, None), xticks=range(1, 5))
axes.legend()
plt.show()
claim("05.changed-by-one-pixel", min(values[0] for values in changed.values()))
claim("05.strided-changes-most", max(changed, key=lambda name: changed[name][0]) == "strided")

# %% [markdown]
# None of the three is invariant: a single pixel changes every tenth answer or so. Strides are
# worst, average pooling is calmest. And 4 pixels do by no means four times the harm of 1: our
# networks average over all places at the end. What remains comes from the tiles (a shift by 8 would
# fit all three halvings, one by 4 only the first two) and from the borders, where a part of the image
# leaves and other pixels come in. This chart can't tell how much comes from which.
#
# So the contradiction is settled. Convolution keeps track of a shift (equivariance). A pooling
# forgets shifts within its tile and exaggerates the others. Averaging over all places forgets
# nearly everything about the place. How much a network suffers depends on its head, on how its
# maps shrink (the chart), and on whether it has seen moved images.

# %% [markdown]
# ## Spot the mistake: scale the test images
#
# The article prepares its images like this:
#
# ```python
# train_x = (train_x - train_x.mean()) / train_x.std()
# test_x = (test_x - test_x.mean()) / test_x.std()
# ```
#
# Symmetrical and tidy. You know from above that `.mean()` is no mean image; leave that aside. What
# is wrong with the second line? And what will it cost?
#
# First, how far does it move the numbers? (Our validation images stand in for "test": that pile is
# closed.)

# %%
moved_by = (split.x_val.mean() - split.x_train.mean()) / split.x_train.std()
claim("05.own-mean-moves", abs(float(moved_by)))

# %% [markdown]
# By about a hundredth of a deviation, too little for any network to notice. The article got away
# with it. But now you ship the network, and images arrive as they do in life: all of one kind, or
# one at a time. Take the trained max-pooling network and the same validation images; all that
# varies is how they are scaled. Guess four numbers:


# %%
def by_own_statistics(images, group, axis):
    """Scale each group of images by its own mean and deviation."""
    scaled = np.empty(images.shape, "float32")
    for label in np.unique(group):
        own = images[group == label]
        scaled[group == label] = standardise(own, own.mean(axis), own.std(axis))
    return scaled


everybody, each_one = np.zeros(len(x_val)), np.arange(len(x_val))
groups = {
    "their own, all at once": (everybody, (0, 1, 2)),
    "their own, each alone": (each_one, (0, 1, 2)),
    "their own, one kind at a time": (split.y_val, 0),
}

# %%
right = {"training images'": by_pooling["max"]}
for name, how in groups.items():
    right[name] = percent_right(trained["max"], by_own_statistics(split.x_val, *how), split.y_val)
unscaled = "nobody's: pixels from 0 to 255"
right[unscaled] = percent_right(trained["max"], split.x_val, split.y_val)
figure, axes = plt.subplots(figsize=(6.4, 2.4))
axes.barh(list(right), right.values(), color=[plots.blue, plots.grey] + [plots.vermilion] * 3)
axes.axvline(10, color="black", linestyle=":")
axes.invert_yaxis()
axes.set(xlabel="validation accuracy, %", title="Scaled by whose mean and deviation?")
plt.show()

# %%
claim("05.own-all", abs(right["their own, all at once"] - right["training images'"]))
claim("05.own-alone", right["training images'"] - right["their own, each alone"])
claim("05.own-kind", right["training images'"] - right["their own, one kind at a time"])
claim("05.not-scaled", right[unscaled])

# %% [markdown]
# Same images, same network. All at once: noise, the grey bar. Each image by itself: a bright sky
# becomes as grey as a road. One kind at a time (with a real mean image, as the article meant to
# do): what all ships have in common, the blue, *is* their mean, and it is subtracted. (Two things
# were changed here, the company and the kind of mean; this bar can't say what each of them costs.)
# Not scaled at all: near guessing, the dotted line.
#
# One image alone, with a mean image, is the end of it:

# %%
alone = split.x_val[:1]
claim("05.alone-difference", float(np.abs(alone - alone.mean(axis=0)).max()))
claim("05.alone-deviation", float(alone.std(axis=0).max()))

# %% [markdown]
# An image minus the mean of itself is 0 everywhere, and its deviation is 0 too: zero divided by
# zero. **Mean and deviation are parameters of the model.** They are learnt from the training
# images, kept with the weights, and applied to whatever comes. Best make them a layer
# (`Normalization`, or `Rescaling` by a fixed 1/255), so that nobody can forget them.

# %% [markdown]
# ## Dropout: what is dropped?
#
# In training, **dropout** sets each number that passes through it to 0 with probability $p$, and
# multiplies the others by $1 / (1 - p)$. In use it does nothing. Here are 40 numbers on their way:

# %%
features = np.linspace(0.5, 1, 40, dtype="float32")[None]
drop = layers.Dropout(0.5, seed=1)
passes = [*(np.array(drop(features, training=True))[0] for _ in range(3)), drop(features)[0]]
axes = plots.show_matrix(passes, "One row of activations, four times", ylabel=" ", limits=(0, 2))
axes.set_yticks(range(4), ["training", "training", "training", "in use"])
axes.set_aspect(2)
plt.show()

# %% [markdown]
# Dark cells were dropped, others in each pass; what is left was doubled. Why? So that the layer
# behind gets the same sum on average, and nothing has to change in use. Average over many passes to
# see it:

# %%
many = np.array(drop(np.repeat(features, 20_000, axis=0), training=True))
claim("05.dropout-mean", float(np.abs(many.mean(axis=0) / features - 1).max()))
claim("05.dropout-parameters", network(dropout=0.5).count_params() - network().count_params())

# %% [markdown]
# Spot the mistake in a sentence like the article's: a dropout of 0.5 drops "50 % of our
# parameters". Dropout has no parameters and drops none. It drops **activations**, others for each
# image, and every weight is still there in use. (The article's text says 0.5 and its full listing
# 0.25. We take the listing.)
#
# What is it good for? No unit can rely on any particular other one, so what matters has to be
# learnt several times over. That is a cure for overfitting. Now guess what it does to our small
# network, which trains briefly and is far from knowing its images by heart:

# %%
compare("dropout 0.1", "dropout 0.25", "dropout 0.5", title="A cure for a network that is not ill")

# %% [markdown]
# The higher the rate, the lower the mean; but 0.1 and 0.25 are grey, within the band: nothing found. A
# rate of 0.5 does harm. The network has not begun to overfit, so there is nothing to cure, and half
# of its numbers are missing while it learns. (Further down we make it ill, and try again.)

# %% [markdown]
# ## Batch normalisation, by hand
#
# For each channel, take mean $\mu$ and variance $\sigma^2$ over the batch (all images, all places),
# and let
#
# $$ y = \gamma\, \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta $$
#
# with a learnt scale $\gamma$ and offset $\beta$ for each channel, 1 and 0 at first. Four images
# with one number each in two channels; fill in the result before you run the cell:

# %%
x = np.array([[1, 10], [3, 10], [5, 30], [7, 30]], dtype="float32")
by_hand = (x - x.mean(axis=0)) / x.std(axis=0)
norm = layers.BatchNormalization(epsilon=1e-6)
print(np.array(norm(x, training=True)).round(2))
claim("05.norm-by-hand", float(np.abs(norm(x, training=True) - by_hand).max()))

# %% [markdown]
# Wait. Scaling a batch by its own mean and deviation is what we forbade a minute ago. And it has
# the same trap. What does a batch of *one* give?

# %%
print("training", np.array(norm(x[:1], training=True)))
claim("05.norm-batch-of-one", float(np.abs(norm(x[:1], training=True)).max()))

# %% [markdown]
# Nothing is left of it. (Of a feature map something would be: its mean runs over all places too.)
# Therefore batch normalisation has two modes. In training it uses the batch's statistics and keeps
# running averages of them on the side. In use it applies those averages: the training images'
# statistics, as it should be. So each channel has four numbers: $\gamma$, $\beta$, and the running
# mean and variance, which are kept, not learnt by gradients. Does an image's answer depend on the
# company that it comes in? We compare its logits in the company of 31 ships and of 31 mixed images:

# %%
model, image = trained["max"], x_val[:1]
before = model.get_weights()
ships = x_val[split.y_val == names.index("ship")][:31]
mixed = x_val[1:32]
for mode in (True, False):
    with_ships, with_mixed = (
        np.array(model(np.concatenate([image, others]), training=mode))[0]
        for others in (ships, mixed)
    )
    moves = float(np.abs(with_ships - with_mixed).max())
    claim(f"05.company-{'training' if mode else 'use'}", moves)
model.set_weights(before)  # training mode has moved the running averages: put them back

# %% [markdown]
# In training mode yes, in use no. This is a common bug: if a network gives one answer alone and
# another in company, its batch normalisation is in training mode. If it is good in training and bad
# in use even on its *training* images, the running averages may have had no time to settle.
#
# **Before or after the ReLU?** The paper that introduced it says before; many put it after. **And
# what if we leave it out?**

# %%
compare("no batch norm", "batch norm after ReLU", title="Batch normalisation")

# %% [markdown]
# Without it the network loses fifteen points in these three epochs, and its seeds lie far apart.
# Before or after, on the other hand: grey. If somebody tells you that one of the two is better, ask
# for the seeds.
#
# But all rows trained at the peak rate 0.1. Is that fair? A rate may suit one network and not
# another. So the rate was varied. Left: the same training at three rates, three seeds each. Right:
# five rates from 0.01 to 6.25, one seed each, in a much smaller experiment (four epochs on 2,000
# images, and 16 filters in the first layer instead of 8). Where will each network break?


# %%
def at_rate(norm, rate):
    middle = "base" if norm == "before" else f"norm-{norm}"
    return recorded(f"05.full.ablation.{middle if rate == 0.1 else f'norm-{norm}-rate-{rate}'}")


norms = {"before": "batch norm before ReLU", "none": "no batch norm"}
norms |= {"after": "batch norm after ReLU"}
three, five = [0.02, 0.1, 0.5], [0.01, 0.05, 0.25, 1.25, 6.25]
large = {norm: [at_rate(norm, rate) for rate in three] for norm in ("before", "none")}
small = {norm: [recorded(f"05.full.rates.{norm}-{rate}-new") for rate in five] for norm in norms}

# %%
figure, panels = plt.subplots(1, 2, figsize=(6.4, 3.2), sharey=True)
for axes, rates, found, title in zip(
    panels, (three, five), (large, small), ("40,000 images", "2,000 images"), strict=True
):
    for (norm, results), style in zip(found.items(), ("o-", "s--", "^:"), strict=False):
        means, spreads = [r.mean for r in results], [r.spread for r in results]
        axes.errorbar(rates, means, spreads, fmt=style, capsize=4, label=norms[norm])
    axes.axhline(10, color="black", linestyle=":")
    axes.set(xscale="log", xlabel="peak learning rate", title=title, ylim=(0, 75))
    axes.set_xticks(rates, rates)
    axes.minorticks_off()
panels[0].set_ylabel("accuracy, %")
figure.legend(*panels[1].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %% [markdown]
# Left: the network with batch normalisation trains at all three rates, and does best at 0.5, the
# highest that was tried. Without it the network is behind at every rate, and at 0.5 all three seeds
# end on the dotted line, at guessing. Right: with batch normalisation before the ReLU the network
# learns at any rate from 0.01 to 1.25, a range of more than a hundred; behind the ReLU, from 0.01
# to 0.25 (one seed each: a hint, ask for more); without it, next to nothing in so few steps. That is
# what batch normalisation buys here: you need not hit the rate for the network to learn at all. To
# learn well you still must: between 0.02 and 0.5 lie nine points.
#
# ### *Deeper*: why does it work?
#
# The paper of 2015 (Ioffe and Szegedy, arXiv 1502.03167) gave this reason: while the first layers
# learn, the inputs of the later ones keep changing their distribution, an **internal covariate
# shift**, and batch normalisation stops that. The article repeats it. In 2018 Santurkar and others
# (arXiv 1805.11604) tested it. They added noise *behind* each batch normalisation, so that the
# distributions jumped about more than without any, and the network trained nearly as well as
# before. So that is not the reason. What they found instead: along a step the loss and its gradient
# change more evenly, so that a step can be longer before the gradient is out of date.
#
# One part of it you can see with your own eyes. Multiply a kernel by 10. What happens to the output
# of a convolution with batch normalisation behind it, and what to its gradient?

# %%
batch, wanted = tf.constant(x_train[:64]), tf.random.normal((64, 32, 32, 8), seed=0)
plain_norm = layers.BatchNormalization()


def output_and_gradient(kernel):
    with tf.GradientTape() as tape:
        tape.watch(kernel)
        output = plain_norm(tf.nn.conv2d(batch, kernel, 1, "SAME"), training=True)
        loss = tf.reduce_mean((output - wanted) ** 2)
    return output, tape.gradient(loss, kernel)


kernel = tf.random.normal((3, 3, 3, 8), seed=1)
(small, slope), (large, flatter) = output_and_gradient(kernel), output_and_gradient(10 * kernel)
claim("05.ten-times-output", float(tf.reduce_max(tf.abs(small - large))))
claim("05.ten-times-gradient", float(tf.norm(slope) / tf.norm(flatter)))

# %% [markdown]
# The output stays the same, and the gradient is ten times smaller: measured against the kernel, a
# step is a hundred times smaller. Besides, the gradient stands at a right angle to the kernel
# (along it nothing changes), so a step along it makes the kernel longer (weight decay shortens it
# again, a little). A rate that is too high thus brakes itself: the kernel grows until the steps
# fit. That is one reason why high rates do so little harm, and not the whole story, which nobody
# has told yet.

# %% [markdown]
# ## Augmentation: what does each piece do?
#
# The article turns images by up to 10 degrees, moves them by up to 5 of 32 pixels, and mirrors
# them. It does so with Keras's old generator (which still runs; lesson 04 has its successors). Here
# is each change by itself:

# %%
augmenter = tf.keras.preprocessing.image.ImageDataGenerator(
    rotation_range=10, width_shift_range=5 / 32, height_shift_range=5 / 32, horizontal_flip=True
)
horse = cifar.x_train[first[names.index("horse")]].astype("float32")
changes = {
    "original": {},
    "rotated": {"theta": 10},
    "moved": {"tx": 5, "ty": -5},
    "mirrored": {"flip_horizontal": True},
    "all three": {"theta": 10, "tx": 5, "ty": -5, "flip_horizontal": True},
}
pictures = [augmenter.apply_transform(horse, how).astype("uint8") for how in changes.values()]
plots.show_images(pictures, list(changes), columns=5)
plt.show()

# %% [markdown]
# What opens up at the border is filled by repeating the outermost pixels, hence the streaks. And
# this is what the network sees of one and the same photograph in eight epochs:

# %%
keras.utils.set_random_seed(0)
views = [augmenter.random_transform(horse).astype("uint8") for _ in range(8)]


def frame(epoch):
    figure, axes = plt.subplots(figsize=(2.4, 2.6))
    axes.imshow(views[epoch])
    axes.axis("off")
    axes.set_title(f"epoch {epoch + 1}")
    return figure


widgets.animate(
    [frame(epoch) for epoch in range(8)],
    600,
    alt="The same horse in eight epochs, each time turned, moved or mirrored a little differently.",
)

# %% [markdown]
# Always a horse, never the same numbers. With a running kernel you can be the generator. How far
# can you go until *you* would no longer call it a horse?


# %%
def turned(rotation, right, down, mirrored):
    how = {"theta": rotation, "tx": -right, "ty": -down, "flip_horizontal": mirrored}
    figure, axes = plt.subplots(1, 2, figsize=(4.8, 2.6))
    for place, picture, title in zip(
        axes, (horse, augmenter.apply_transform(horse, how)), ("original", "augmented"), strict=True
    ):
        place.imshow(picture.astype("uint8"))
        place.set(title=title, xticks=[], yticks=[])
    return figure


widgets.explore(
    turned,
    rotation=range(-90, 91, 10),
    right=range(-10, 11),
    down=range(-10, 11),
    mirrored=[False, True],
    start={"rotation": 10, "right": 5, "down": 0},
    alt="A horse and beside it the same horse, turned by 10 degrees and moved 5 pixels to the right.",
)

# %% [markdown]
# An augmentation says "this does not matter for the answer". Mirroring is fine for a horse and
# wrong for the digit 2. Upside down is fine for a satellite picture and wrong for a ship.
#
# ### Spot two mistakes
#
# The article's listing goes on with `datagen.fit(train_x)`, and its text counts normalisation as a
# kind of augmentation. Does `fit` learn anything? Compare a generator that had it with one that had
# not:

# %%
settings = {"rotation_range": 10, "width_shift_range": 5 / 32, "horizontal_flip": True}
fitted, other = (tf.keras.preprocessing.image.ImageDataGenerator(**settings) for _ in range(2))
fitted.fit(x_train[:500])
claim("05.fit-learns", fitted.mean is not None or fitted.std is not None)
batches = [next(g.flow(x_train[:500], batch_size=16, seed=1)) for g in (fitted, other)]
claim("05.fit-changes", float(np.abs(batches[0] - batches[1]).max()))

# %% [markdown]
# Nothing. `fit` computes a mean and a deviation only if `featurewise_center` or its like was asked
# for. Here it was not. Harmless, but whoever reads the line will believe that something is
# normalised.
#
# And normalisation is not augmentation:
#
# | | normalisation | augmentation |
# | --- | --- | --- |
# | what is done | the same to every image | something else each time |
# | to which pile | all three, by the training images' numbers | training images only |
# | in use | needed, or the network fails | absent (or averaged over several looks) |
# | what for | numbers in a good range | more variety than there are images |
#
# Now what does it bring? First in our short training on 40,000 images:

# %%
compare("mirrored", "turned, moved, mirrored", title="Augmentation in a short training")

# %% [markdown]
# Mirroring: grey. All three together cost more than six points. In three epochs a network sees
# every image three times; there was nothing to overfit, and the task has become harder. Is
# augmentation no good, then?
#
# ### When the network is ill
#
# Dropout and augmentation are cures for overfitting, and our network never got as far as that. So
# make it ill: only 2,000 training images, 40 epochs (and 16 filters in the first layer). The
# augmentation is milder than the article's: mirrored and moved by up to 4 pixels, not turned. Below
# are the recorded accuracies on the images that it was trained on and on 10,000 new ones, after 4
# epochs and after 40. Which of the four trainings will win in each case?

# %%
cures = {"none": "as it is", "dropout-25": "dropout 0.25", "dropout-50": "dropout 0.5"}
cures |= {"augment": "mirrored, moved by up to 4"}
figure, panels = plt.subplots(1, 2, figsize=(6.4, 2.6), sharey=True, sharex=True)
for axes, epochs in zip(panels, (4, 40), strict=True):
    for row, cure in enumerate(cures):
        known, new = (
            recorded(f"05.full.patience.{cure}-{epochs}-{pile}") for pile in ("known", "new")
        )
        axes.plot([new.mean, known.mean], [row, row], color=plots.grey)
        drawn = axes.plot(new.values, [row] * len(new.values), "o", color=plots.blue)
        drawn += axes.plot(known.values, [row] * len(known.values), "x", color=plots.vermilion)
    axes.set(title=f"{epochs} epochs", xlabel="accuracy, %", ylim=(3.5, -0.5))
panels[0].set_yticks(range(4), cures.values())
figure.legend(drawn, ["new images", "training images"], loc="outside lower center", ncols=2)
plt.show()

# %% [markdown]
# After 4 epochs nobody is ill, and no cure helps. After 40 the network as it is knows its 2,000
# images by heart, all but one or two, and names little more than half of the new ones. Dropout
# lowers the training accuracy and wins one or two points on new images, which for two seeds is
# hardly more than luck. Augmentation wins about five, and that is more: its network is the worst of
# all on the training images and the best on new ones. That is what a cure for overfitting looks
# like, the two ends of the line move towards each other. And it takes time: who compares after 4
# epochs throws away the best of the four.

# %% [markdown]
# ## The whole table
#
# Every row with mean, spread and verdict, so that you can look things up. Each has three seeds, and
# all trained at the peak rate 0.1:

# %%
base = np.mean(runs["the base"])
for words, values in runs.items():
    difference = np.mean(values) - base
    verdict = (
        "" if words == "the base" else "noise" if abs(difference) <= noise else f"{difference:+.1f}"
    )
    print(f"{words:24}{np.mean(values):6.1f} ± {np.std(values, ddof=1):.1f} %   {verdict}")

# %% [markdown]
# Read the last column. It says what this network gains or loses in this budget at this rate, and
# where nothing can be said. (Centring and scaling: nothing, since the base divides by 255 and has
# batch normalisation behind its first convolution.) The seven rows with a number lie about twice as
# far out as the band reaches, or further. The last row changes three things at once, so it can't
# say which of them costs the most. And about what is not in it, such as other rates and other
# networks, the table says nothing.
#
# A larger network, a longer training, another rate, other images: other rows. What carries over is
# the method: one change at a time, several seeds, a band. If you meet a table like this without its
# ±, don't believe the rows that differ little.

# %% [markdown]
# ## What does a network cost?
#
# Now the article's own network, line by line. It is made of one **unit**, three times in each of
# three stages. As you read, look for what strikes you as odd; there are two oddities in these
# lines, and we come back to them.


# %%
def unit(x, filters):
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    return layers.Conv2D(filters, 3, padding="same")(x)


inputs = x = keras.Input((32, 32, 3))
for stage, filters in enumerate((64, 128, 256)):
    x = layers.MaxPooling2D()(x) if stage else x
    for _ in range(3):
        x = unit(x, filters)
x = layers.Flatten()(layers.AveragePooling2D(8)(layers.Dropout(0.25)(x)))
article = keras.Model(inputs, layers.Dense(10)(x))
claim("05.article-parameters", article.count_params())

# %% [markdown]
# Parameters say how much is to be stored. What has to be *computed*? A convolution makes one dot
# product for each place and each filter, and each dot product has $K \cdot K \cdot C_{in}$
# multiplications, each followed by an addition. So for one image it makes
#
# $$ H \cdot W \cdot K \cdot K \cdot C_{in} \cdot C_{out} \quad \text{multiply-adds.} $$
#
# The first convolution: $32 \cdot 32 \cdot 9 \cdot 3 \cdot 64 = 1{,}769{,}472$. Fill in the others.
# (Only two different numbers are left to find.)
#
# | stage | convolution | places | multiply-adds |
# | --- | --- | --- | --- |
# | 1 | 3 → 64 | 32 x 32 | 1,769,472 |
# | 1 | 64 → 64, twice | 32 x 32 | ? each |
# | 2 | 64 → 128 | 16 x 16 | ? |
# | 2 | 128 → 128, twice | 16 x 16 | ? each |
# | 3 | 128 → 256 | 8 x 8 | ? |
# | 3 | 256 → 256, twice | 8 x 8 | ? each |
# | | dense, 256 → 10 | 1 | 2,560 |
#
# <details><summary>The derivation</summary>
#
# - 64 → 64 at 32 x 32: 1,024 · 9 · 64 · 64 = 37,748,736.
# - 64 → 128 at 16 x 16: a quarter of the places and twice the filters, so half of it: 18,874,368.
# - 128 → 128 at 16 x 16: a quarter of the places, twice the channels, twice the filters: 37,748,736
#   again.
# - Third stage: the same two numbers once more, for the same reason.
#
# Together 1,769,472 + 6 · 37,748,736 + 2 · 18,874,368 + 2,560 = 266,013,184.
# </details>

# %%
cost = models.multiply_adds(article)
print(cost)
claim("05.article-multiply-adds", [row.multiply_adds for row in cost.rows])
claim("05.article-total", cost.total)

# %% [markdown]
# Halve the size, double the width: a full convolution costs the same in every stage. That is a good
# habit of CNNs, and it is why the parameters gather at the end while the work does not:

# %%
convolutions = [layer for layer in article.layers if isinstance(layer, layers.Conv2D)]
figure, (stored, worked) = plt.subplots(1, 2, figsize=(6.4, 2.8), sharey=True)
labels = [f"{layer.input.shape[-1]} → {layer.filters}" for layer in convolutions]
stored.barh(range(9), [layer.count_params() / 1e6 for layer in convolutions], color=plots.blue)
worked.barh(range(9), [row.multiply_adds / 1e6 for row in cost.rows[:9]], color=plots.vermilion)
stored.set_yticks(range(9), labels)
stored.set(title="Parameters", xlabel="millions", ylabel="convolution")
worked.set(title="Multiply-adds an image", xlabel="millions")
stored.invert_yaxis()
plt.show()

# %% [markdown]
# The first stage has hardly any parameters and three tenths of the work.
#
# ### And the training?
#
# A multiply-add is two floating-point operations (FLOP). Going back costs twice as much as going
# forward: lesson 02 computed two gradients for each convolution, one for its kernel and one for its
# input, each with as many multiply-adds as the forward pass. So 2 for the way there, 4 for the way
# back:
#
# $$ \text{FLOP} = 6 \times \text{multiply-adds} \times \text{images} \times \text{epochs} $$
#
# The article trains for 20 epochs on 50,000 images. How many FLOP is that?

# %%
article_flop = models.training_flop(cost, images=50_000, epochs=20)
claim("05.article-tflop", article_flop / 1e12)
ours = {pool: models.multiply_adds(network(pooling=pool)) for pool in ("max", "strided", "none")}
claim("05.small-multiply-adds", ours["max"].total)
claim("05.strided-share", ours["strided"].total / ours["max"].total)
claim("05.no-pooling-times", ours["none"].total / ours["max"].total)

# %% [markdown]
# About 1,600 TFLOP (a tera is a million millions), or 1.6 PFLOP. It would take almost five hours of
# one processor core, extrapolated from some measured steps: we did not wait for it.
#
# The other three lines answer what we left open: per image the strided network costs a quarter of
# the base, the one without any pooling 10.8 times as much. So our comparison was one of equal
# steps, not of equal work. Strides are the cheap choice, and in a large network that has something
# to spare they are a good one.

# %% [markdown]
# ## Spot the mistakes: what is odd in it?
#
# Scroll up to `unit` once more and write down what you found: two oddities in the network. There
# are two more in how it is trained. Then go on.
#
# ### Half of the picture is thrown away
#
# The first `unit` gets the pixels. Batch normalisation brings them to mean 0, and then ReLU sets to
# 0 whatever is below. What is that in a photograph?

# %%
dark = np.argsort(split.x_val[split.y_val == names.index("automobile")].mean(axis=(1, 2, 3)))[12:16]
cars = x_val[split.y_val == names.index("automobile")][dark]
kept, lost = np.maximum(cars, 0), np.minimum(cars, 0)
pictures = [(part * deviation + mean).clip(0, 255).astype("uint8") for part in (cars, kept, lost)]
titles = [title for title in ("image", "passes", "lost") for _ in range(4)]
plots.show_images(np.concatenate(pictures), titles, columns=4, width=4.4)
plt.show()
claim("05.thrown-away", float(np.mean(x_val < 0)))

# %% [markdown]
# Top: four cars. Middle: what the first convolution gets to see; everything darker than the average
# is made average. Bottom: what is lost, and no later layer can bring it back. It is more than half
# of all numbers, and most of a dark car. The cure: begin with a convolution. Its filters can look
# for dark as well as for bright. (The layer could learn an offset $\beta$ that lets more through;
# it has to learn that first.)
#
# The order of the layers, *pre-activation*, comes from residual networks (arXiv 1603.05027), where
# a sum runs past each unit, and where the first layer is a convolution all the same.
#
# ### Nothing follows the last convolution
#
# In a unit the convolution comes last, so after the last unit there is neither batch normalisation
# nor ReLU. Average pooling is linear and dense is linear, and from lesson 02 you know what becomes
# of linear layers in a row: they are one.
#
# ### *Deeper*: the last convolution collapses
#
# The average over all places of a convolution is the convolution of averages: nine averages (one
# for each of the kernel's places, each over a slightly shifted part of the padded map), times the
# kernel, times the dense layer's matrix. One matrix in place of two layers:

# %%
last, dense = article.layers[-5], article.layers[-1]
maps = np.array(keras.Model(inputs, last.input)(x_val[:8]))  # (8, 8, 8, 256)
padded = np.pad(maps, ((0, 0), (1, 1), (1, 1), (0, 0)))
means = [padded[:, i : i + 8, j : j + 8].mean(axis=(1, 2)) for i in range(3) for j in range(3)]
matrix = last.kernel.numpy().reshape(9 * 256, 256) @ dense.kernel.numpy()  # (2304, 10)
offset = last.bias.numpy() @ dense.kernel.numpy() + dense.bias.numpy()
logits = np.concatenate(means, axis=1) @ matrix + offset
claim("05.collapses", float(np.abs(logits - np.array(article(x_val[:8]))).max()))
claim("05.collapsed-parameters", [last.count_params() + dense.count_params(), matrix.size + 10])

# %% [markdown]
# In use, 592,650 parameters do what 23,050 could do as well.
#
# ### The test set served as validation
#
# The article passes the test images as `validation_data`, and whoever tunes by that curve tunes by
# the test set. Nobody can say afterwards how much of the 82 % was chosen.
#
# ### Imported and never used
#
# `ReduceLROnPlateau`, `LearningRateScheduler` and `ModelCheckpoint` stand at the top of the
# listing, and nowhere else. Let us use them.

# %% [markdown]
# ## Three callbacks, put to use
#
# A **callback** is called by `fit` at the end (or beginning) of every epoch. To see them work in
# seconds, we train only a new last layer, on the 64 numbers that our max-pooling network computes
# from each of 4,000 training images. (Lesson 06 makes a method of this.)

# %%
body = keras.Sequential([keras.Input((32, 32, 3)), *trained["max"].layers[:-1]])
train_features, val_features = (
    training.predict(body, images, batch=200) for images in (x_train[:4000], x_val)
)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def fit_head(*callbacks, epochs=12):
    keras.utils.set_random_seed(0)
    head = keras.Sequential([keras.Input((64,)), layers.Dense(10)])
    head.compile(keras.optimizers.Adam(0.3), loss, metrics=["accuracy"], jit_compile=False)
    watch = {"validation_data": (val_features, split.y_val), "validation_batch_size": 1000}
    size = {"batch_size": 64, "epochs": epochs, "verbose": 0}
    return head.fit(
        train_features, split.y_train[:4000], callbacks=list(callbacks), **size, **watch
    ).history


# %% [markdown]
# - `ReduceLROnPlateau` watches a validation value, and multiplies the rate by `factor` when it has
#   not improved for `patience` epochs.
# - `LearningRateScheduler` sets the rate at the start of each epoch, by a function of yours.
# - `ModelCheckpoint` saves the model after each epoch, or, with `save_best_only`, when the
#   validation value is better than ever.
#
# The starting rate is far too high on purpose.

# %%
plateau = keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.3, patience=1)
by_plan = keras.callbacks.LearningRateScheduler(lambda epoch: 0.3 * (1 - epoch / 12))
with tempfile.TemporaryDirectory() as folder:
    best = keras.callbacks.ModelCheckpoint(
        Path(folder) / "best.keras", "val_loss", save_best_only=True
    )
    histories = {"plateau": fit_head(plateau, best), "schedule": fit_head(by_plan)}
    again = keras.models.load_model(Path(folder) / "best.keras")
kept = again.evaluate(val_features, split.y_val, verbose=0)[0]
claim("05.checkpoint-is-best", abs(kept - min(histories["plateau"]["val_loss"])))
claim("05.plateau-lowers", histories["plateau"]["learning_rate"][-1] < 0.3)

# %%
figure, (upper, lower) = plt.subplots(2, 1, figsize=(6.4, 3.6), sharex=True)
for (name, history), style in zip(histories.items(), ("o-", "s--"), strict=True):
    epochs = np.arange(1, 13)
    upper.plot(epochs, history["val_loss"], style, label=name)
    lower.step(epochs, history["learning_rate"], style[1:], where="mid")
upper.set(title="What two callbacks do to the rate", ylabel="validation loss")
lower.set(xlabel="epoch", ylabel="learning rate", yscale="log", xticks=epochs)
lower.set_yticks([0.01, 0.03, 0.1, 0.3], [0.01, 0.03, 0.1, 0.3])
lower.minorticks_off()
upper.legend()
figure.align_ylabels()
plt.show()

# %% [markdown]
# After each epoch without progress the rate drops to less than a third, and the loss calms down.
# The planned schedule does not look at the loss: here it keeps the rate high for too long, and the
# loss comes down late. Don't give `fit` both: the scheduler sets the rate anew in
# each epoch and wipes out what the other did. And let them watch validation images: a callback that
# watches the test set chooses by it.

# %% [markdown]
# ## Can a training be interrupted?
#
# The article's takes hours on a laptop, and half-way the battery is empty. You have saved the
# weights. Is that all you need to go on? Make a list of what else the rest of the training depends
# on.
#
# <details><summary>The list</summary>
#
# - the weights, and batch normalisation's running averages;
# - the optimiser's memory: here one velocity for each weight;
# - how many steps are done, since the learning rate depends on it;
# - where the random numbers stand: order of the images, crops and flips, dropout.
# </details>
#
# `training.train` keeps all of these when it is given a `checkpoint`, after each epoch. Three
# trainings of six epochs on 1,000 images: one left in peace, one interrupted after the third epoch
# and resumed, and one "resumed" with nothing but the weights.

# %%
tiny = replace(recipe, epochs=6, batch=64, shift=2, flips="random")
few = (x_train[:1000], split.y_train[:1000])


def pull_the_plug(epoch, loss):
    if epoch == 3:
        raise KeyboardInterrupt


parts = {"widths": (8, 16, 32), "dropout": 0.1}
in_peace = fresh(**parts)
losses = {"left in peace": training.train(in_peace, *few, tiny)}

# %%
with tempfile.TemporaryDirectory() as folder:
    checkpoint = Path(folder) / "half-way.npz"
    try:
        unlucky = fresh(**parts)
        training.train(unlucky, *few, tiny, checkpoint=checkpoint, after_epoch=pull_the_plug)
    except KeyboardInterrupt:
        print("interrupted")
    resumed = fresh(seed=99, **parts)  # other first weights: they must not matter
    losses["resumed"] = training.train(resumed, *few, tiny, checkpoint=checkpoint)
losses["weights only"] = training.train(unlucky, *few, replace(tiny, epochs=3, seed=1))


# %%
def apart(one, other):
    """The largest difference between any two weights."""
    return max(
        float(np.abs(a - b).max())
        for a, b in zip(one.get_weights(), other.get_weights(), strict=True)
    )


claim("05.resumed", apart(in_peace, resumed))
claim("05.weights-only", apart(in_peace, unlucky))

# %%
figure, axes = plt.subplots(figsize=(6.4, 2.8))
axes.plot(range(1, 7), losses["left in peace"], "-", label="left in peace")
axes.plot(range(1, 7), losses["resumed"], "o", mfc="none", markersize=10, label="resumed")
axes.plot(range(4, 7), losses["weights only"], "s--", color=plots.grey, label="weights only")
axes.axvline(3.5, color="black", linestyle=":")
axes.set(title="Interrupted at the dotted line", xlabel="epoch", ylabel="training loss")
axes.legend()
plt.show()

# %% [markdown]
# The rings lie on the line (the first three come out of the checkpoint; the test is the last
# three), and the final weights agree: to the last bit on one machine as a rule, and within the
# tolerance of the claim wherever sums are added up in another order. With the weights alone the
# rate rises all over again, without momentum and with another order of the images. That is no
# catastrophe, but it is another training: the same seed, run through without a break, ends in other
# weights. (In Keras's `fit`, the callback `BackupAndRestore` keeps weights, optimiser and epoch;
# the random numbers are up to you.)

# %% [markdown]
# ## Past the article for a hundredth of the work
#
# 82 % for 1,600 TFLOP. Where would you save? Let us go through the ingredients of an efficient
# recipe, then add them one at a time.
#
# **A cheaper network.** `models.efficient_cnn()` looks small, and pools right after the first
# convolution of each block, so that everything behind it has a quarter of the places:

# %%
del x_train, few, trained, body, in_peace, resumed, unlucky  # room in memory for what comes
efficient = models.efficient_cnn(split.x_train)
print(models.multiply_adds(efficient))
claim("05.efficient-total", models.multiply_adds(efficient).total)
claim("05.efficient-parameters", efficient.count_params())
claim("05.times-cheaper", cost.total / models.multiply_adds(efficient).total)

# %% [markdown]
# (Check the second line by hand: 31 · 31 · 9 · 24 · 16.)
#
# **A first layer that is not learnt.** It is a convolution with 24 filters of 2 x 2 pixels, and
# they were not trained but *computed* from the training images. Here they are, each divided by its
# largest weight. Grey would be 0, bright means a positive weight and dark a negative one, in each
# colour:

# %%
kernel, bias = efficient.get_layer("whitening").get_weights()
pictures = np.moveaxis(kernel / np.abs(kernel).max(axis=(0, 1, 2)) / 2 + 0.5, -1, 0)
figure = plots.show_images(pictures, [str(k + 1) for k in range(24)], columns=12)
for place in figure.axes:
    place.set(xticks=[], yticks=[])
    place.axis("on")
    place.spines[:].set(visible=True, color=plots.grey)
plt.show()

# %% [markdown]
# Filter 1 is brightness: all 12 numbers alike. Filter 2 weighs red against blue, 3 and 4 find lying
# and standing edges, 5 weighs magenta against green, and then come ever finer differences. The
# lower row is the upper one's negative. What are they for? A patch of 2 x 2 pixels in three colours
# is 12 numbers, and they say nearly the same:

# %%
windows = np.lib.stride_tricks.sliding_window_view(split.x_val[:200] / 255, (2, 2), axis=(1, 2))
patches = np.moveaxis(windows, 3, -1).reshape(-1, 12)
after = patches @ kernel.reshape(12, 24)[:, :12]
tables = {"pixel value": np.corrcoef(patches.T), "filter answer": np.corrcoef(after.T)}
figure, axes = plt.subplots(1, 2, figsize=(6.4, 2.9))
for place, (name, table) in zip(axes, tables.items(), strict=True):
    how = {"diverging": True, "limit": 1, "xlabel": name, "ylabel": name}
    plots.show_matrix(table, f"12 {name}s", axes=place, **how)
    place.set_xticks(range(12), range(1, 13), fontsize=7)
    place.set_yticks(range(12), range(1, 13), fontsize=7)
figure.colorbar(axes[1].images[0], ax=axes, label="correlation", shrink=0.8)
plt.show()

# %%
claim("05.pixels-correlate", float(tables["pixel value"].min()))
claim("05.filters-correlate", float(np.abs(tables["filter answer"] - np.eye(12)).max()))

# %% [markdown]
# Each square is the correlation of the number in its row with the number in its column; on the
# diagonal stands each with itself. Left: any two of the 12 pixel values are strongly correlated.
# Right: the answers of the filters 1 to 12 are not (up to the difference between the training
# images, which they were computed from, and the validation images here). This is **whitening**.
#
# *Deeper*: write the covariance of the patches as $V \Lambda V^T$; its eigenvectors, the columns of
# $V$, are directions that vary independently, each with the variance $\lambda$. Divide each by
# $\sqrt{\lambda}$, and all answers have variance 1. Gradient descent, which is slow where
# directions differ a lot in scale, starts on even ground. The weights are 288 numbers that need no
# training, and no gradient.
#
# And the negatives? A ReLU follows, which keeps one sign only. A filter and its negative together
# lose nothing. (Compare the article's first unit, which lost half.)
#
# **Kernels that hand on.** A fresh convolution scrambles what it gets. Here filter $i$ starts as a
# copy of channel $i$ (a 1 in the middle of the kernel, 0 elsewhere), and only the filters beyond
# the number of channels start from random numbers. (The first learnt layer has fewer filters than
# channels and starts at random.) So the layers behind it pass their input on at first, and learn
# what to change.
#
# **Each image in both directions.** Mirror at random, and an image looks the same in two epochs
# running half of the time. *Alternating* flips mirror at random in the first epoch and then in
# turn. Each column is one image, each row an epoch; light is mirrored:

# %%
figure, axes = plt.subplots(1, 2, figsize=(6.4, 2.2))
for place, flips in zip(axes, ("random", "alternating"), strict=True):
    how = replace(recipe, flips=flips)
    mirrored = np.array([training.mirrored_in(epoch, 16, how) for epoch in range(6)])
    plots.show_matrix(mirrored, f"{flips} flips", xlabel="image", ylabel="epoch", axes=place)
    place.set(xticks=[], yticks=range(6))
    place.set_yticklabels(range(1, 7))
    both = np.mean(mirrored[1:] != mirrored[:-1])
    claim(f"05.{flips}-flips-differ", float(both))
plt.show()

# %% [markdown]
# With alternating flips every two epochs show each image once in each direction. That is worth most
# when there are only a few epochs.
#
# **Label smoothing.** The target is not "horse: 1, everything else: 0" but "horse 0.91, everything
# else 0.01". How large must the logit of the right kind be above the others, for the smallest loss?

# %%
margin = np.linspace(0, 12, 200)
log_p = np.stack([margin, *[np.zeros(200)] * 9]) - np.log(np.exp(margin) + 9)
figure, axes = plt.subplots(figsize=(6.4, 2.6))
axes.plot(margin, -log_p[0], label="plain")
axes.plot(margin, -(0.91 * log_p[0] + 0.09 * log_p[1]), "--", label="smoothed")
axes.axvline(np.log(91), color="black", linestyle=":")
axes.set(
    xlabel="logit of the right kind above the others", ylabel="loss", title="When is it enough?"
)
axes.legend()
plt.show()
smoothed = -(0.91 * log_p[0] + 0.09 * log_p[1])
claim("05.best-margin", float(margin[smoothed.argmin()]))

# %% [markdown]
# The plain loss always wants more. The smoothed one is smallest at $\ln 91 \approx 4.51$ (where the
# probabilities are 0.91 and 0.01, the dotted line) and rises again: being too sure is punished.
#
# **The largest, not the average.** At the end, global *max* pooling asks "is there a wheel
# anywhere?" where the average asks "how much wheel is there?".
#
# **Small moves.** Each image gets a reflected border of 2 pixels and is cut out at a random place.
#
# ### One line at a time
#
# Now they are added up, line by line: five epochs on 10,000 images, judged by 10,000 others, one
# seed. The plain network at the top has all layers, learns its first one too, starts from random
# kernels and ends in an average. It trains at the constant rate 0.25, which is the mean of a
# triangle with the peak 0.5. All lines but the last add one thing. The last adds three at once:
# flips, small moves, label smoothing.

# %%
steps = [recorded(f"05.full.ladder-{step}") for step in range(6)]
values, words = [step.mean for step in steps], [step.statement.partition(":")[0] for step in steps]
gains, two_runs = np.diff(values), 2 * s * np.sqrt(2)
figure, axes = plt.subplots(figsize=(6.4, 2.8))
axes.barh(words, values, color=[plots.sky, *np.where(gains > two_runs, plots.blue, plots.grey)])
for row, value in enumerate(values):
    gain = f"  ({gains[row - 1]:+.1f})" if row else ""
    axes.text(value, row, f" {value:.1f}{gain}", va="center")
axes.invert_yaxis()
axes.set(xlim=(0, 115), xlabel="validation accuracy, %", title="What each line adds")
plt.show()

# %% [markdown]
# The rate's rise and fall is the largest step by far, and costs nothing: 13.4 points, where even the
# wide spread of a constant rate allows for 8.4. Whitening comes next; with 3.6 points it is outside
# the band of two single runs, but not twice as far, so rather a hint. For mind that a row is one seed
# here: two single runs differ by luck by up to $2 s \sqrt 2$ = 2.2 points (taking the small network's
# $s$), and the grey steps are smaller than that. No single one of them is shown by this picture, and
# what the last line owes to flips, to moves and to smoothing it can't say at all.
# The three grey lines together are more than luck: they add 3.7 points. (On the complete set the
# kernels that hand on, the batch size and the peak of the rate were chosen by validation images as
# well.)
#
# ### On your machine
#
# Everything has been chosen, on validation images. So these have done their duty, and may go back
# into training: three epochs on all training images. How far does it get, in less than half a
# minute, with images that are a fifth of the complete set?

# %% tags=["nbval-ignore-output"]
keras.utils.clear_session()
keras.utils.set_random_seed(0)
efficient = models.efficient_cnn(cifar.x_train)
final = training.Recipe(epochs=run.pick(quick=3, full=10))
_ = training.train(efficient, cifar.x_train, cifar.y_train, final)
flop = models.training_flop(models.multiply_adds(efficient), len(cifar.x_train), final.epochs)
print(f"{flop / 1e12:.1f} TFLOP")

# %% [markdown]
# ## Open the test set, once

# %% tags=["nbval-ignore-output"]
test = percent_right(efficient, cifar.x_test, cifar.y_test)
print(f"{test:.1f} % of the test images, in this run")

# %%
claim("05.recipe-quick", test)

# %% [markdown]
# And on the complete data set, three seeds each: the short recipe runs for three epochs, the long
# one for ten. Each line has two accuracies. The second is what the same network gets with **two
# looks**: since it was trained on mirrored images, we may show it every test image and its mirror
# image, add the two sets of logits, and take the largest sum. That doubles the work in use and
# costs nothing in training. Published results often have it in them, so it is named apart.

# %%
recipes = {"the article": (article_flop / 1e12, [82]), "airbench94 (published)": (360, [94])}
for key in ("short", "long"):
    tflop, seconds = (recorded(f"05.full.{key}-{what}").mean for what in ("tflop", "cpu-seconds"))
    result, both = recorded(f"05.full.{key}-test"), recorded(f"05.full.{key}-mirrored-test")
    recipes[f"{key} recipe"] = tflop, result.values
    print(f"{key} recipe: {tflop:.1f} TFLOP, {seconds / 60:.0f} minutes of one processor core")
    print(f"    test images: {result.mean:.1f} ± {result.spread:.1f} %", end=", ")
    print(f"with two looks: {both.mean:.1f} ± {both.spread:.1f} %")

# %%
plots.show_compute(recipes, title="Accuracy has no fixed price")
plt.show()
claim("05.short-cheaper", article_flop / 1e12 / recorded("05.full.short-tflop").mean)

# %% [markdown]
# Further left is cheaper, higher is better. The short recipe passes the article for less than a
# hundredth of its work; the long one leaves it six points behind for a fortieth, both with one look
# at each image. Each bar is the spread of three seeds (that of the long recipe hides behind its
# dot); the article gives one number. The fourth point is published: a larger relative of our
# recipe, trained on a graphics processor, with several looks at each image (arXiv 2404.00498).
#
# Why is that so? This picture can't tell: between the article and us nearly everything differs, and
# nobody here has taken its oddities out one at a time. It says that work alone does not decide.
# The picture before it says a little more: the rate, the whitening, and the other three lines together
# have added something, to our network, in this order and in our small budget.

# %% [markdown]
# ## A look at a well-trained network
#
# One of the three networks of the long recipe comes with the course, in 16-bit numbers. It has been
# trained on all 50,000 training images, and its test is done: here we only look at its answers.

# %% tags=["nbval-ignore-output"]
trained_well = models.load_trained("efficient_cnn")
logits = training.predict(trained_well, cifar.x_test, batch=200)
said = logits.argmax(axis=1)
print(f"{100 * np.mean(said == cifar.y_test):.1f} % of these {len(said):,} test images")

# %%
claim("05.course-network", 100 * float(np.mean(said == cifar.y_test)))
confusion = np.zeros((10, 10), int)
np.add.at(confusion, (cifar.y_test, said), 1)
plots.show_confusion(confusion, names, title="The network that comes with the course")
plt.show()
either_way = np.triu(confusion + confusion.T, 1)
pair = np.unravel_index(either_way.argmax(), either_way.shape)
claim("05.hardest-pair", " and ".join(names[kind] for kind in pair))

# %% [markdown]
# Two groups: six animals that are confused with each other, four vehicles likewise, and little in
# between (the main exception: birds and airplanes, both often seen against the sky). Cat and dog
# are the pair that is confused most, in both directions. Is that what you wrote down? At 32 x 32
# pixels a cat's ears are two or three pixels each.
#
# The mistakes that it was surest of:

# %%
probability = np.exp(logits - logits.max(axis=1, keepdims=True))
probability /= probability.sum(axis=1, keepdims=True)
sureness = np.where(said == cifar.y_test, 0, probability.max(axis=1))
worst = np.argsort(-sureness)[:10]
claim("05.surest-mistake", float(sureness.max()))
titles = [f"{names[cifar.y_test[i]]},\nsaid {names[said[i]]}" for i in worst]
plots.show_images(cifar.x_test[worst], titles, columns=5)
plt.show()

# %% [markdown]
# The label first, then the network's answer. Cover the titles and try them yourself. These are the
# mistakes it was surest of, and even so it was not quite sure: its smoothed labels asked for no more
# than 0.91. In lesson 07 you look inside networks and see what they look at.

# %% [markdown]
# ## Questions to check yourself
#
# 1. A colleague reports 81.3 % with dropout and 81.0 % without, one seed each. Your table says that
#    seeds spread by 0.4 points. What do you answer?
#
#    <details><summary>Answer</summary>
#
#    The difference of two single runs spreads by 0.4 · √2 = 0.57 points, so the band is about ± 1.1
#    points. Nothing was found. Ask for more seeds: with 30 of each the band would be ± 0.2 points.
#    </details>
#
# 2. A network gives good answers on a folder of images and poor ones on each of them alone. Two
#    suspects?
#
#    <details><summary>Answer</summary>
#
#    Images scaled by the statistics of the folder that they come in; or batch normalisation left in
#    training mode. In both cases the company decides.
#    </details>
#
# 3. You double all widths of a CNN. What happens to the multiply-adds? And if you double height and
#    width of the images instead?
#
#    <details><summary>Answer</summary>
#
#    Four times, in both cases, for the convolutions. (In the first case the first layer grows only
#    twofold, as its input channels stay three, and the dense layer too, as its ten outputs stay.) The
#    parameters grow nearly fourfold in the first case; in the second they stay, if the head averages
#    over all places; behind `Flatten` the dense layer grows fourfold.
#    </details>
#
# 4. Training accuracy 99 %, validation accuracy 80 %. Training accuracy 62 %, validation accuracy
#    61 %. In which case would you try dropout or augmentation?
#
#    <details><summary>Answer</summary>
#
#    In the first: it overfits. The second network is too small or has trained too briefly; making
#    its task harder makes it worse.
#    </details>
#
# 5. Why must label smoothing, augmentation and dropout be switched off when you measure validation
#    loss?
#
#    <details><summary>Answer</summary>
#
#    They make training harder on purpose. You want to know how the network does in use, where none
#    of them acts. It is also why training loss can lie above validation loss.
#    </details>
#
# 6. An epoch on CIFAR-10 takes the article's network 1,200 s on your laptop. Estimate what one
#    takes with the efficient network.
#
#    <details><summary>Answer</summary>
#
#    266.0 / 12.9 is about 21 times fewer multiply-adds, so about 60 s, if the machine is equally
#    busy. Small layers use a machine less well; that is why work is counted and time is measured.
#    </details>

# %% [markdown]
# ## What you have seen
#
# - Mean and deviation are parameters of the model: from the training images, for all images.
# - Band of noise for means of $n$ seeds: $\pm 2 s \sqrt{2 / n}$. What lies within is not a result.
# - Pooling forgets shifts within its tile, no more. It is not invariance.
# - Dropout drops activations and multiplies the others by $1 / (1 - p)$; it helps against
#   overfitting.
# - Batch normalisation: $y = \gamma (x - \mu) / \sqrt{\sigma^2 + \varepsilon} + \beta$, by the
#   batch in training, by running averages in use.
# - Augmentation says what does not matter. It pays when training is long enough to overfit.
# - Multiply-adds of a convolution: $H W K^2 C_{in} C_{out}$; FLOP of training: 6 x multiply-adds x
#   images x epochs.
# - To resume, keep weights, running averages, velocities, step count and random numbers.
# - Here a good recipe was worth more than a hundredfold of work.
#
# **Words** [standardisation](../docs/glossary.md#standardisation) ·
# [learning rate schedule](../docs/glossary.md#learning-rate-schedule) ·
# [momentum](../docs/glossary.md#momentum) ·
# [weight decay](../docs/glossary.md#weight-decay) ·
# [ablation](../docs/glossary.md#ablation) ·
# [noise band](../docs/glossary.md#noise-band) ·
# [pooling](../docs/glossary.md#pooling) ·
# [invariance](../docs/glossary.md#invariance) ·
# [dropout](../docs/glossary.md#dropout) ·
# [batch normalisation](../docs/glossary.md#batch-normalisation) ·
# [augmentation](../docs/glossary.md#augmentation) ·
# [multiply-add](../docs/glossary.md#multiply-add) ·
# [FLOP](../docs/glossary.md#flop) ·
# [callback](../docs/glossary.md#callback) ·
# [checkpoint](../docs/glossary.md#checkpoint) ·
# [whitening](../docs/glossary.md#whitening) ·
# [label smoothing](../docs/glossary.md#label-smoothing)
#
# **Try it** in your own copy (`course start 05`): find the rate at which the strided network is
# best, and compare again at equal *work*; give the article's network a convolution in front and see
# what it is worth after one epoch on 2,000 images; replace alternating by random flips in the last
# recipe and decide, with as many seeds as you need, whether you can tell.
#
# **Next:** the [exercises](exercises/05_exercises.ipynb) (four, from a warm-up to a challenge),
# then [lesson 6](06_transfer_learning.ipynb), where somebody else has already trained, on a
# million photographs.
