# ---
# jupyter:
#   course:
#     lesson: "03"
#     minutes: 75
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 3 · A convolutional network for Fashion-MNIST
#
# *You train a dense network and two convolutional ones on photographs of clothes, and find out by
# experiment what convolution buys and what it does not.*
#
# **Time** about 75 minutes to read and run; the code alone needs about a minute.
#
# **You need to know** what a convolution and a pooling do to an image (lesson 02). Training is
# explained where it happens.
#
# **Afterwards you can**
# - derive the shapes and the number of parameters of a convolutional network by hand,
# - train one in Keras, see it overfit, and choose by validation images which version to keep,
# - read a confusion matrix and look a network's worst mistakes in the eye,
# - say what a shifted image does to a network, and why,
# - find out in two minutes why a network does not train.

# %%
import tempfile
import warnings
from pathlib import Path
from zipfile import ZipFile

import matplotlib.pyplot as plt
import numpy as np

from course_utils import claim, load, models, plots, profile, quiet, recorded, widgets

with quiet():
    import keras
    from keras import layers, ops
    import tensorflow as tf

run = profile()
plots.use_style()

# %% [markdown]
# ## Ten kinds of clothes
#
# Fashion-MNIST was made in 2017 to replace handwritten digits, which had become too easy. One
# image is 28 x 28 pixels, grey, 0 for black to 255 for white, and shows one of ten kinds of
# clothes. Here is the first image of each kind.
#
# Before you look further: which two kinds will a network confuse most often? Write them down; in
# section *Which mistakes does it make?* you can collect.

# %%
fashion = load("fashion_mnist", run.size)
names = fashion.class_names
first = [np.flatnonzero(fashion.y_train == label)[0] for label in range(10)]
plots.show_images(fashion.x_train[first], names, columns=5, title="One image of each kind")
plt.show()

# %% [markdown]
# Five of the ten are tops, if a dress may count as one; three are shoes. Every kind is equally
# frequent, so a network that guesses is right in 10 % of all cases. That is the floor to beat.
#
# ### Three piles
#
# A network can learn its training images by heart. So we judge it by images that it has not seen.
# And because we will also *choose* between networks, which is a slow kind of learning, we need two
# such piles:
#
# - **training** images: the weights are fitted to them;
# - **validation** images: we look at them as often as we like, and choose by them;
# - **test** images: opened once, at the end, for the number that we tell other people.
#
# The validation images are taken from the training images; the test pile stays shut until the
# section *Open the test set, once*.

# %%
split = fashion.holdout(run.pick(quick=0.3, full=1 / 12), seed=0)
for pile in ("train", "val", "test"):
    print(f"{pile:6}", getattr(split, f"x_{pile}").shape)

# %% [markdown]
# The shape reads (images, height, width, channels). The complete set has 60,000 training and 10,000
# test images; this lesson runs on a sixth of the one and a fifth of the other, and shows beside
# its own results those that three full-size runs gave.

# %% [markdown]
# ## A network that does not know what a neighbour is
#
# The simplest network writes the 28 rows of the image one behind the other, 784 numbers in a row,
# and connects each of them with each of 128 units:
#
# $$ h = \mathrm{relu}(x W_1 + b_1), \qquad z = h W_2 + b_2 $$
#
# $z$ holds ten numbers, one for each kind, called **logits**. The largest is the network's answer.
# How many parameters must be learnt? $W_1$ has $784 \times 128$ numbers and $b_1$ has 128; work it
# out for both layers before you run the cell.


# %%
def layer_table(model):
    for layer in model.layers:
        kind, shape = layer.__class__.__name__, str(layer.output.shape[1:])
        print(f"{kind:24}{shape:16}{layer.count_params():>9,}")
    print(f"{'together':40}{model.count_params():>9,}")


keras.utils.set_random_seed(0)
dense = models.dense_baseline()
layer_table(dense)
claim("03.dense-parameters", dense.count_params())

# %% [markdown]
# $784 \cdot 128 + 128 = 100{,}480$ and $128 \cdot 10 + 10 = 1{,}290$. The first layer, `Rescaling`,
# divides every pixel by 255. It has no parameters, and yet it belongs to the model: whoever gets the
# model gets its scaling too, and feeds it plain pixels.
#
# ### What is minimised
#
# Softmax turns logits into probabilities, $p_k = e^{z_k} / \sum_j e^{z_j}$. The **cross-entropy**
# loss is $-\ln p_y$, where $y$ is the true kind: 0 when the network is sure and right, large when
# it is sure and wrong. A network that knows nothing gives each kind a tenth and has the loss
# $\ln 10 \approx 2.303$. Keep this number in mind: it returns when something is broken.
#
# Gradient descent takes a handful of images, a **batch**, and moves every weight a little in the
# direction in which their mean loss falls. Adam is a kind of gradient descent which gives each
# weight a step size of its own. One **epoch** is one pass over all training images, here in batches
# of 32. ("Sparse" in the name of the loss only says that the labels are numbers from 0 to 9.)

# %%
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def fit(model, epochs, batch_size, callbacks=()):
    """Train on the training pile, watch the validation pile, return the curves."""
    # On a processor, compiling with XLA takes longer than it saves.
    model.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"], jit_compile=False)
    return model.fit(
        split.x_train,
        split.y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(split.x_val, split.y_val),
        callbacks=list(callbacks),
        verbose=0,
    ).history


# %% [markdown]
# Five epochs. What accuracy do you expect on the validation images: 30, 60, 80, 95 percent?

# %% tags=["nbval-ignore-output"]
dense_curves = fit(dense, epochs=5, batch_size=32)
print(f"best validation accuracy of this run: {100 * max(dense_curves['val_accuracy']):.1f} %")

# %%
claim("03.dense-validation", 100 * max(dense_curves["val_accuracy"]))

# %% [markdown]
# Much better than guessing, from a network that knows nothing about images. To see how little it
# knows, shuffle the 784 pixels of every image, all in the same way. Could you still tell a shoe
# from a shirt?

# %%
order = np.random.default_rng(0).permutation(784)


def scramble(images):
    return images.reshape(-1, 784)[:, order].reshape(images.shape)


plots.show_images([*fashion.x_train[first[:5]], *scramble(fashion.x_train[first[:5]])], columns=5)
plt.show()

# %% [markdown]
# Top: five images. Bottom: the same five with their pixels shuffled, useless to you and me. The
# dense network loses nothing. Whatever it computes from pixel 17 it can compute from the place
# where pixel 17 went: move the rows of $W_1$ in the same way, and every answer is the same.

# %%
W1, *others = dense.get_weights()
twin = models.dense_baseline()
twin.set_weights([W1[order], *others])
difference = twin(scramble(split.x_val[:500])) - dense(split.x_val[:500])
claim("03.scrambled", float(np.abs(difference).max()))

# %% [markdown]
# So for a dense network an image is a list of 784 numbers in any order. That pixels have
# neighbours, that an edge is an edge wherever it lies: all of this it would have to learn from the
# examples, place by place. Convolution brings it along.

# %% [markdown]
# ## How many parameters has a convolutional network?
#
# Here is one with three convolutions, known from F. Chollet's book. Lesson 02 gave you the two
# formulas: with no padding and stride 1 an output has $n - K + 1$ rows and columns, and a
# convolution has one kernel of $K \times K \times C_{in}$ numbers and one bias for each output
# channel:
#
# $$ (K \cdot K \cdot C_{in} + 1) \cdot C_{out} $$
#
# The first layer sees one channel: $28 - 3 + 1 = 26$, so (26, 26, 32), with
# $(3 \cdot 3 \cdot 1 + 1) \cdot 32 = 320$ parameters. Pooling halves and rounds down, and has no
# parameters: (13, 13, 32). The third line is yours: what shape, and how many parameters? Then do
# the others. A pen and three minutes are enough; it is the best way to never be surprised by a
# shape again.
#
# | layer | output shape | parameters |
# | --- | --- | --- |
# | 3 x 3 convolution, 32 filters | (26, 26, 32) | 320 |
# | 2 x 2 pooling | (13, 13, 32) | 0 |
# | 3 x 3 convolution, 64 filters | ? | ? |
# | 2 x 2 pooling | ? | 0 |
# | 3 x 3 convolution, 64 filters | ? | ? |
# | flatten | ? | 0 |
# | dense, 64 units | 64 | ? |
# | dense, 10 units | 10 | ? |
#
# <details><summary>The derivation</summary>
#
# - Convolution: 13 - 3 + 1 = 11, so (11, 11, 64). Each of the 64 filters looks at 3 x 3 places in
#   *32* channels: (9 · 32 + 1) · 64 = 18,496.
# - Pooling: 11 / 2 is 5 and a remainder, so (5, 5, 64).
# - Convolution: 5 - 3 + 1 = 3, so (3, 3, 64), and (9 · 64 + 1) · 64 = 36,928.
# - Flatten: 3 · 3 · 64 = 576.
# - Dense: (576 + 1) · 64 = 36,928, the same number as above, and no accident: a 3 x 3 convolution
#   with 64 filters on a 3 x 3 image *is* this dense layer.
# - Dense: (64 + 1) · 10 = 650.
#
# Together 320 + 18,496 + 36,928 + 36,928 + 650 = 93,322.
# </details>

# %%
small = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dense(10),
    ]
)

# %% [markdown]
# The check, layer by layer, against what Keras built:

# %%
layer_table(small)
claim("03.small-shapes", [list(layer.output.shape[1:]) for layer in small.layers[1:]])
claim("03.small-parameters", [layer.count_params() for layer in small.layers[1:]])
claim("03.small-total", small.count_params())

# %% [markdown]
# Eight layers of clever machinery, and fewer parameters than the dense baseline. Kernels are
# small, and each is used at every place of the image. `models.small_cnn()` builds the same network.
#
# ## Where are the parameters?
#
# The network that we train next, `models.fashion_cnn()`, is the one of many introductory courses:
# two convolutions that keep the size (`padding="same"`), each followed by pooling, then a dense
# layer with 128 units. Guess which of its layers holds most parameters, and what share of all.

# %%
cnn = models.fashion_cnn()
layer_table(cnn)
claim("03.cnn-parameters", cnn.count_params())
claim("03.first-dense-parameters", cnn.layers[-2].count_params())

# %%
deeper = models.deeper_cnn()
plots.show_parameters(
    {
        name: [(layer.count_params(), isinstance(layer, layers.Dense)) for layer in model.layers]
        for name, model in {
            "dense baseline": dense,
            "small CNN": small,
            "fashion CNN": cnn,
            "deeper CNN": deeper,
        }.items()
    }
)
plt.show()
claim("03.deeper-parameters", deeper.count_params())

# %% [markdown]
# Each piece of a bar is one layer. In the fashion CNN one dense layer, which connects 7 x 7 x 64
# numbers with 128 units, holds 401,536 of 421,642 parameters. The convolutions, which do the
# seeing, are the thin blue sliver at the left. The deeper CNN spends nearly the same number on
# convolutions; it is our last contender, further down.
#
# ## Does convolution beat the dense network?
#
# The same optimiser and the same images, in batches of 64; 5 epochs here, 10 on the complete set.
# We let it run to the end and watch both piles. Two predictions, please: which validation accuracy
# will it reach, and will the training accuracy be higher, lower, or the same?

# %% tags=["nbval-ignore-output"]
keras.utils.set_random_seed(0)
cnn = models.fashion_cnn()
keep_best = keras.callbacks.EarlyStopping("val_accuracy", patience=20, restore_best_weights=True)
curves = fit(cnn, epochs=run.pick(quick=5, full=10), batch_size=64, callbacks=[keep_best])
print(f"best validation accuracy of this run: {100 * max(curves['val_accuracy']):.1f} %")

# %%
claim("03.cnn-validation", 100 * max(curves["val_accuracy"]))
claim("03.cnn-beats-dense", max(curves["val_accuracy"]) > max(dense_curves["val_accuracy"]))

# %% [markdown]
# It does. Now the curves, from this run on the left and from the complete set on the right, where
# each point is the mean of three recorded runs.


# %%
full_curves = {key: recorded(f"03.full.cnn-curve-{key}").values for key in curves}
figure, (here, full) = plt.subplots(1, 2, figsize=(6.4, 3.0), sharey=True)
percent = 100 * np.array([curves["accuracy"], curves["val_accuracy"]])
plots.show_curves({"training": percent[0], "validation": percent[1]}, axes=here)
plots.show_curves(
    {"training": full_curves["accuracy"], "validation": full_curves["val_accuracy"]}, axes=full
)
here.set(title=f"This run, {len(split.x_train):,} images", ylabel="accuracy, %")
full.set(title="Three runs, 55,000 images")
plt.show()
claim("03.cnn-gap", 100 * (curves["accuracy"][-1] - curves["val_accuracy"][-1]))

# %% [markdown]
# The two lines start together and part. Training accuracy keeps rising while validation accuracy
# stays where it is: the network has begun to learn the training images themselves, their creases
# and prints, and no longer what makes a coat a coat. That is **overfitting**. In the first
# epoch the training line may lie *below* the other one: it is averaged over an epoch in which
# the network was still bad, while validation is measured at the epoch's end.
#
# The loss shows it more sharply than the accuracy. Before you run the cell: what does the
# validation loss do while the training loss falls?

# %%
figure, axes = plt.subplots(figsize=(6.4, 3.0))
plots.show_curves(
    {"training": full_curves["loss"], "validation": full_curves["val_loss"]}, axes=axes
)
best = int(np.argmin(full_curves["val_loss"])) + 1
axes.axvline(best, color=plots.grey, linestyle=":")
axes.set(title="From here on it learns by heart (complete set)", ylabel="cross-entropy")
plt.show()
claim("03.loss-turns", best < len(full_curves["val_loss"]))

# %% [markdown]
# It falls, turns at the dotted line and rises. Accuracy counts only whether the largest logit is
# the right one; the loss also asks how sure the network was. An overfitting network becomes surer
# of everything, also of its mistakes.
#
# **Choosing by validation.** Which epoch's weights should we keep? Not the last by default, and
# never the one with the best *test* accuracy. `EarlyStopping(restore_best_weights=True)` above
# went back to the epoch with the best validation accuracy. (With a smaller `patience` it would
# also have stopped soon after it and saved time.)

# %% [markdown]
# ## Spot the mistake: repeat, then shuffle
#
# Keras shuffled the images for us, anew in each epoch. When images come from a stream, one builds
# this oneself, and many tutorials write
#
# ```python
# dataset.repeat().shuffle(1000).batch(32)
# ```
#
# It runs and it trains. What is wrong with it? Try it in small: 12 images, two epochs.

# %%
twelve = tf.data.Dataset.range(12)
streams = {
    "repeat, then shuffle": twelve.repeat(2).shuffle(12, seed=1),
    "shuffle, then repeat": twelve.shuffle(12, seed=1).repeat(2),
}
figure, rows = plt.subplots(2, 1, figsize=(6.4, 2.4))
for axes, (name, stream) in zip(rows, streams.items(), strict=True):
    drawn = [int(image) for image in stream]
    again = [image in drawn[:place] for place, image in enumerate(drawn)]
    axes.imshow([again], cmap="cividis", aspect="auto")
    for place, image in enumerate(drawn):
        axes.text(
            place, 0, image, ha="center", va="center", color="black" if again[place] else "white"
        )
    axes.axvline(11.5, color=plots.vermilion, linewidth=4)
    axes.set(title=name, yticks=[], xticks=[])
    claim("03." + name.replace(", ", "-").replace(" ", "-"), len(set(drawn[:12])) == 12)
plt.show()

# %% [markdown]
# A cell is one image, in the order in which the network meets it; dark cells are met for the first
# time, light ones for the second. The red line is where the first epoch ends. Below, every image
# comes once before any comes twice. Above, the shuffling buffer holds images of two epochs at once:
# some come twice while others have not come at all. An epoch is no longer an epoch, and neither
# are the curves that you draw over epochs. Shuffle first, then repeat.

# %% [markdown]
# ## Can a smaller network do better?
#
# The fashion CNN spends 19 of 20 parameters on one dense layer. `models.deeper_cnn()` spends
# them on looking instead:
#
# - seven convolutions instead of two, so that each output sees a larger part of the image;
# - **batch normalisation** after each, which keeps the numbers between layers in a range where
#   training is easy;
# - **global average pooling** instead of flatten: each feature map becomes one number, its mean.
#   The dense layer behind it is tiny, and no weight is tied to a place in the image.
#
# Its training differs too. Each image is mirrored with probability one half, anew in each epoch,
# because a mirrored shoe is a shoe (**augmentation**). The step size rises for a fifth of the
# steps and then falls to nothing. Lesson 05 takes such recipes apart and measures each ingredient;
# here they come as one.


# %%
def mirrored_at_random(images, rng):
    mirror = rng.random(len(images)) < 0.5
    return np.where(mirror[:, None, None, None], images[:, :, ::-1], images)


def rise_and_fall(peak, steps):
    warm = steps // 5
    return keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm, warmup_target=peak, warmup_steps=warm
    )


# %% [markdown]
# On the small data set we train a narrow version with 16 to 64 filters. It has 106,202 parameters,
# about as many as the dense baseline and a quarter of what the fashion CNN has. Which of the two
# convolutional networks do you bet on?

# %% tags=["nbval-ignore-output"]
keras.utils.set_random_seed(0)
deeper = models.deeper_cnn(run.pick(quick=(16, 24, 48, 64), full=(32, 48, 96, 128)))
epochs, batch = run.pick(quick=(4, 64), full=(8, 256))
rate = rise_and_fall(4e-3, epochs * -(-len(split.x_train) // batch))
deeper.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"], jit_compile=False)
rng = np.random.default_rng(0)
for _ in range(epochs):
    images = mirrored_at_random(split.x_train, rng)
    deeper.fit(images, split.y_train, batch_size=batch, verbose=0)
validation = 100 * deeper.evaluate(split.x_val, split.y_val, batch_size=500, verbose=0)[1]
print(f"validation accuracy of this run: {validation:.1f} %")

# %%
claim("03.narrow-parameters", models.deeper_cnn((16, 24, 48, 64)).count_params())
claim("03.deeper-validation", validation)

# %% [markdown]
# The smaller network wins, in fewer epochs. Its layers and its recipe share the credit, and this run
# can't divide it; but the number of parameters does not decide.
#
# ### What did the mirror teach it?
#
# Hold a mirror before the validation images. Every toe that pointed left points right. The fashion
# CNN has never seen such a shoe, the deeper CNN has. How many percentage points will each lose?


# %%
def predict(model, images):
    """Return the logits, 500 images at a time to save memory."""
    return np.concatenate([model(images[i : i + 500]) for i in range(0, len(images), 500)])


def accuracy(model, images, labels):
    return 100 * float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% [markdown]
# Now the mirror:

# %%
lost = [
    accuracy(model, split.x_val, split.y_val)
    - accuracy(model, split.x_val[:, :, ::-1], split.y_val)
    for model in (cnn, deeper)
]
figure, axes = plt.subplots(figsize=(6.4, 1.5))
axes.barh(["deeper CNN", "fashion CNN"], lost[::-1], color=plots.blue)
axes.axvline(0, color="black", linewidth=0.8)
axes.set(xlabel="percentage points lost in the mirror")
plt.show()
claim("03.cnn-mirrored", lost[0])
claim("03.deeper-mirrored", abs(lost[1]))

# %% [markdown]
# The fashion CNN loses more in the mirror than it had gained over the dense network. The deeper CNN
# does not notice it: its short bar is noise. A network learns what it is shown. What should not
# matter for the answer, it must see varied, or the layers must be built so that it can't matter.
# Keep this in mind for the shifts further down.
#
# ## Open the test set, once
#
# First the choice, by validation images alone; then the test. Why not simply take the network with
# the best test result? Because the best of several numbers is partly the luckiest, and the luck
# would stand in our report.

# %%
contenders = {"dense baseline": dense, "fashion CNN": cnn, "deeper CNN": deeper}
by_validation = {
    name: accuracy(model, split.x_val, split.y_val) for name, model in contenders.items()
}
chosen = max(by_validation, key=by_validation.get)
claim("03.chosen", chosen)

# %% tags=["nbval-ignore-output"]
test = {name: accuracy(model, split.x_test, split.y_test) for name, model in contenders.items()}
for name, result in test.items():
    print(f"{name:16}{result:5.1f} % of the test images, in this run")

# %%
claim("03.dense-test", test["dense baseline"])
claim("03.cnn-test", test["fashion CNN"])
claim("03.deeper-test", test["deeper CNN"])

# %% [markdown]
# How far can we trust such a number? A test set is a sample. If the true accuracy is $p$, the
# accuracy on $n$ images scatters around it with a standard deviation of
#
# $$ \sqrt{p\,(1 - p) / n} $$
#
# For $p = 0.9$ that is 0.7 points on 2,000 images, and 0.3 points on 10,000. Differences of that
# size mean nothing. On top of it comes the seed: other starting weights and another order of the
# images give another network. So here are three seeds each, trained on the complete set and tested
# on all 10,000 test images (mean and standard deviation over the seeds):

# %%
keys = {"dense baseline": "dense", "fashion CNN": "cnn", "deeper CNN": "deeper"}
for name, key in keys.items():
    result = recorded(f"03.full.{key}-test")
    print(f"{name:28}{result.mean:5.1f} ± {result.spread:.1f} %   ({len(result.seeds)} seeds)")
result = recorded("03.full.deeper-mirrored-test")
print(f"{'deeper CNN, image + mirror':28}{result.mean:5.1f} ± {result.spread:.1f} %")

# %%
figure, axes = plt.subplots(figsize=(6.4, 2.4))
for row, key in enumerate(keys.values()):
    values = recorded(f"03.full.{key}-test").values
    axes.plot(values, [row] * len(values), "o", color=plots.palette[row], alpha=0.7)
axes.set_yticks(range(3), list(keys))
axes.set(ylim=(2.5, -0.5), xlabel="test accuracy, %", title="One point is one seed")
axes.grid(axis="x")
plt.show()

# %% [markdown]
# The steps between the three networks are many times the spread of the seeds: these differences are
# real. Introductory courses report 87.8 % for the dense network and 91 % for the fashion CNN after 10
# epochs, at 97 % on the training images; we find 87.0 %, 91.2 % and 97.0 %. The deeper CNN, at
# its full width, has as many parameters as the fashion CNN and needs 8 epochs for 93.4 %. (Its
# recipe there had one more ingredient, label smoothing: the right kind is asked for with a
# probability of 0.91 instead of 1.) The last line adds the logits of an
# image and of its mirror image before it takes the largest: 93.7 % for a second look and no training
# at all. (That a second look helps was found on validation images.)
#
# Here a run on 7,000 images gives each network a few points less, and their order stays the same.
#
# ## Which mistakes does it make?
#
# One number hides who suffers. A **confusion matrix** counts, for each true kind (row), how often
# each answer (column) was given. What did you write down at the beginning?

# %%
logits = predict(contenders[chosen], split.x_test)
answers = logits.argmax(axis=1)
confusion = np.zeros((10, 10), int)
np.add.at(confusion, (split.y_test, answers), 1)
plots.show_confusion(confusion, names, title=f"{chosen}: {len(answers):,} test images")
plt.show()
recall = confusion.diagonal() / confusion.sum(axis=1)
claim("03.hardest-kind", names[int(recall.argmin())])
either_way = np.triu(confusion + confusion.T, 1)
pair = np.unravel_index(either_way.argmax(), either_way.shape)
claim("03.hardest-pair", " and ".join(names[kind] for kind in pair))

# %% [markdown]
# The diagonal holds the right answers. What lies off it lies in blocks: tops are taken for tops
# (T-shirt, pullover, dress, coat, shirt), shoes for shoes, and next to nothing crosses over. The
# shirt row is the worst, and shirt and T-shirt are the pair that is confused most often. A shirt
# with short sleeves looks like a T-shirt, one with long sleeves like a pullover, and what makes it
# a shirt, the buttons, is one or two pixels wide. More data only
# soften this: trained on the complete set, the deeper CNN recognises 99.0 % of the trousers and
# 78.4 % of the shirts.
#
# ### The worst mistakes
#
# Which wrong answers was the network surest of? Softmax gives its probability for each kind; we
# sort the mistakes by the one it gave to its answer.

# %%
probability = np.array(ops.softmax(logits))
sureness = np.where(answers == split.y_test, 0, probability.max(axis=1))
worst = np.argsort(-sureness)[:10]
titles = [f"{names[split.y_test[i]]},\nsaid {names[answers[i]]}" for i in worst]
plots.show_images(split.x_test[worst], titles, columns=5)
plt.show()

# %% [markdown]
# The title gives the label first, then the network's answer. Ask yourself for each picture which
# of the two you would have chosen. Several are plain to us, and the network is blind to what we see
# at once; in others the label is what we would doubt. No network will get all of these right, and
# one that does has learnt the mistakes of the people who labelled them.
#
# ## Spot the mistake: "convolution makes the network location invariant"
#
# You will read that sentence, or one like it, in many introductions. *Invariant* means: move the
# image, and the answer stays the same. Every garment in Fashion-MNIST is neatly centred. So let us
# move the test images by a few pixels and count. The first image moves to the right, the second to
# the left, the third down, the fourth up, and so on.


# %%
def shifted(images, down, right):
    """Move images; what opens up is black."""
    height, width = images.shape[1:3]
    room = np.pad(images, ((0, 0), (abs(down),) * 2, (abs(right),) * 2, (0, 0)))
    top, left = abs(down) - down, abs(right) - right
    return room[:, top : top + height, left : left + width]


def shifted_in_turn(images, pixels):
    moved = images.copy()
    for turn, (down, right) in enumerate([(0, 1), (0, -1), (1, 0), (-1, 0)]):
        moved[turn::4] = shifted(images[turn::4], down * pixels, right * pixels)
    return moved


_ = plots.show_images(
    [shifted_in_turn(split.x_test[:4], pixels)[0] for pixels in range(5)],
    [f"{pixels} px" for pixels in range(5)],
)
plt.show()

# %% [markdown]
# You recognise it at once in all five. Sketch three curves before you run the next cell: accuracy over
# a shift of 0 to 4 pixels, for the dense network, the fashion CNN (whose feature maps are
# flattened) and the deeper CNN (whose feature maps are averaged).

# %% tags=["nbval-ignore-output"]
by_shift = {name: [] for name in contenders}
for pixels in range(5):
    moved = shifted_in_turn(split.x_test, pixels)
    for name, model in contenders.items():
        by_shift[name].append(accuracy(model, moved, split.y_test))
for name, values in by_shift.items():
    print(f"{name:16}", "".join(f"{value:7.1f}" for value in values), "%")

# %%
figure, (here, full) = plt.subplots(1, 2, figsize=(6.4, 3.2), sharey=True)
for (name, key), colour, marker in zip(keys.items(), plots.palette, "os^", strict=False):
    style = {"color": colour, "marker": marker, "label": name}
    here.plot(by_shift[name], **style)
    means = [recorded(f"03.full.{key}-shift-{pixels}").mean for pixels in range(1, 5)]
    full.plot([recorded(f"03.full.{key}-test").mean, *means], **style)
here.set(
    title=f"This run, {len(split.x_train):,} images",
    xlabel="shift, pixels",
    ylabel="test accuracy, %",
    ylim=(0, 100),
)
full.set(title="Three runs, 55,000 images", xlabel="shift, pixels")
here.legend(loc="lower left")
plt.show()

# %%
claim("03.dense-shifted", by_shift["dense baseline"][4])
claim("03.cnn-shifted", by_shift["fashion CNN"][0] - by_shift["fashion CNN"][4])
claim("03.deeper-shifted", by_shift["deeper CNN"][4] - by_shift["fashion CNN"][4])

# %% [markdown]
# So the sentence is false. Two convolutions and two poolings, and a shift of 4 pixels, which does
# not trouble you, throws the fashion CNN from 91.2 % to 53.3 % on the complete set. It is better off
# than the dense network (87.0 % to 37.3 %), but nobody would call it invariant. More data
# hardly helped these two: compare the panels. The deeper CNN keeps most, 77.4 %.
#
# ### Watch it happen
#
# One image slides from left to right. The bars show the probability that each network gives to the
# true kind, and beside the bar stands its answer. We take an image on which the networks differ most
# (so this is an extreme case; the curves above are the average).

# %%
few, labels = split.x_test[:200], split.y_test[:200]
right_at = {  # one row for each place of the image
    name: np.array(
        [predict(model, shifted(few, 0, s)).argmax(axis=1) == labels for s in range(-4, 5)]
    )
    for name, model in contenders.items()
}
flat = right_at["dense baseline"].sum(axis=0) + right_at["fashion CNN"].sum(axis=0)
all_at_rest = np.all([right[4] for right in right_at.values()], axis=0)
example = int(np.argmax(2 * right_at["deeper CNN"].sum(axis=0) - flat + 20 * all_at_rest))


# %%
def draw(right, down):
    moved, true = shifted(few[[example]], down, right), split.y_test[example]
    figure = plt.figure(figsize=(6.4, 2.4), layout="none")  # fixed places: nothing may jump
    left, axes = figure.add_axes((0.02, 0.1, 0.28, 0.75)), figure.add_axes((0.5, 0.25, 0.3, 0.6))
    left.imshow(moved[0, ..., 0], cmap="gray", vmin=0, vmax=255)
    left.set(title=f"moved by ({right:+d}, {down:+d})", xticks=[], yticks=[])
    for row, model in enumerate(contenders.values()):
        chance = np.array(ops.softmax(model(moved)))[0]
        colour = plots.blue if chance.argmax() == true else plots.vermilion
        axes.barh(row, chance[true], color=colour)
        axes.text(1.05, row, names[chance.argmax()], va="center", color=colour)
    axes.set_yticks(range(3), list(contenders))
    axes.set(xlim=(0, 1), ylim=(2.6, -0.6), xlabel="probability", title=f"True kind: {names[true]}")
    return figure


to_and_fro = [*range(5), *range(3, -5, -1), *range(-3, 0)]
widgets.animate(
    [draw(right, 0) for right in to_and_fro],
    400,
    alt="An image slides left and right; the dense network's answer changes, the deeper CNN's stays.",
)

# %% [markdown]
# At rest all three agree. A few pixels further out the dense network and the fashion CNN name
# something else; the deeper CNN wavers last. With a running kernel you can push the image about
# yourself:

# %%
widgets.explore(
    draw,
    right=range(-6, 7),
    down=range(-6, 7),
    start={"right": 3, "down": 0},
    alt="The same picture with sliders: image moved 3 pixels to the right, three networks' answers.",
)

# %% [markdown]
# Try a diagonal, and find the smallest shift that fools the deeper CNN as well.
#
# ### What is true instead
#
# Convolution is **equivariant**: move the image, and the feature map moves along,
#
# $$ \mathrm{conv}(\mathrm{shift}(x)) = \mathrm{shift}(\mathrm{conv}(x)) $$
#
# Lesson 01 showed it for a signal. Here it is for the first layer of the network that you trained,
# away from the border:

# %%
convolve, image = cnn.layers[1], split.x_test[:1] / 255
moved_first = np.array(convolve(shifted(image, 0, 3)))
moved_after = shifted(np.array(convolve(image)), 0, 3)
claim("03.equivariant", float(np.abs(moved_first - moved_after)[:, :, 4:-1].max()))

# %% [markdown]
# So convolution does not make anything invariant: it *keeps track* of the place. What happens then
# is up to the layers behind it. Flatten hands each place to weights of its own, and those have only
# ever seen centred clothes. Averaging over all places forgets the place.
#
# How far do the numbers that reach the dense layer move when the image moves by 4 pixels? To have a
# scale, we divide by the distance between two different images: 0 means "nothing happened", 1 means
# "might as well be another garment".


# %%
def change(model, kind):
    """Distance to the moved image, over the distance to another image (mean of 200)."""
    layer = next(layer for layer in model.layers if isinstance(layer, kind))
    features = keras.Model(model.inputs[0], layer.output)
    still, moved = predict(features, few), predict(features, shifted(few, 0, 4))
    other = np.roll(still, 1, axis=0)
    return (
        np.linalg.norm(moved - still, axis=1).mean() / np.linalg.norm(other - still, axis=1).mean()
    )


flattened = change(cnn, layers.Flatten)
averaged = change(deeper, layers.GlobalAveragePooling2D)
claim("03.flatten-changes", float(flattened))
claim("03.average-changes", float(averaged))

# %% [markdown]
# Flattened, a moved garment is nearly another garment. Averaged, it is about half as far away. Not
# zero: garments are cut off at the border, and poolings keep every second row and column, so that a shift by
# one pixel mixes the maxima anew.
#
# There is a second way to make a network robust: show it shifted images while it learns. That is
# augmentation again, and lesson 05 measures it.

# %% [markdown]
# ## Save it, load it
#
# A `.keras` file is a zip archive. What would you put in, so that someone else can use the network
# without your notebook?

# %%
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "fashion.keras"
    contenders[chosen].save(path)
    print(*sorted(ZipFile(path).namelist()), sep="\n")
    again = keras.models.load_model(path)
claim("03.reloaded", float(np.abs(predict(again, split.x_test) - logits).max()))

# %% [markdown]
# The layers and how they are connected (`config.json`), the weights, and the versions that wrote
# it (`metadata.json`). The scaling is in it too, because it is a layer. The reloaded network gives
# the same logits for every test image.

# %% [markdown]
# ## When it does not train
#
# Sooner or later the loss does not fall. Two checks find most causes within two minutes. Neither
# needs the data set, only 32 images.
#
# **Check 1: the loss of a fresh network.** It knows nothing, so it should be near
# $\ln 10 \approx 2.303$.

# %%
batch_images, batch_labels = split.x_train[:32], split.y_train[:32]
keras.utils.set_random_seed(1)
claim("03.start-loss", float(loss(batch_labels, models.fashion_cnn()(batch_images))))

# %% [markdown]
# **Check 2: learn one batch by heart.** With 32 images and a hundred thousand parameters any sound
# network gets all of them right within some tens of steps. If it can't even do that, more data
# and more epochs won't help.
#
# Now five patients, each the dense network, one of them healthy:
#
# 1. healthy;
# 2. *raw pixels*: someone left out the division by 255;
# 3. *scaled twice*: divided outside of the model, and once more inside;
# 4. *logits into a loss for probabilities*: `from_logits=True` was forgotten. Keras then takes the
#    logits for probabilities, without a word; `loss="sparse_categorical_crossentropy"` does the same;
# 5. *softmax twice*: the model ends in a softmax, and the loss, told `from_logits=True`, applies
#    another.
#
# Which of them will check 1 find, and which check 2?


# %%
def softmax(z):
    e = ops.exp(z - ops.max(z, axis=1, keepdims=True))
    return e / ops.sum(e, axis=1, keepdims=True)


for_probabilities = keras.losses.SparseCategoricalCrossentropy()
patients = {
    "healthy": (1, loss),
    "raw pixels": (255, loss),
    "scaled twice": (1 / 255, loss),
    "logits, wrong loss": (1, for_probabilities),
    "softmax twice": (1, lambda y, z: loss(y, softmax(z))),
}


# %% tags=["nbval-ignore-output"]
charts, learnt = {}, {}
for name, (scale, its_loss) in patients.items():
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    patient, images = models.dense_baseline(), batch_images.astype("float32") * scale
    patient.compile(keras.optimizers.Adam(1e-3), its_loss, jit_compile=False)
    charts[name] = []
    for _ in range(40):
        patient.reset_metrics()  # or each value would be the mean of all so far
        charts[name].append(float(patient.train_on_batch(images, batch_labels)))
    learnt[name] = accuracy(patient, images, batch_labels)
    print(f"{name:20}loss {charts[name][0]:7.2f} at first, {charts[name][-1]:5.2f} in the end")

# %%
figure, (start, learn) = plt.subplots(1, 2, figsize=(6.4, 3.4), width_ratios=(2, 3))
for row, (name, chart) in enumerate(charts.items()):
    start.plot([1, chart[0]], [row, row], "o-", color=plots.palette[row], markevery=[1])
    learn.plot(chart, "-" if row < 3 else "--", color=plots.palette[row], label=name)
start.axvline(np.log(10), color="black", linestyle=":")
start.set_yticks(range(5), list(charts))
start.invert_yaxis()
start.set(xscale="log", xlim=(1, 1000), xlabel="loss", title="Check 1: first loss")
learn.axhline(np.log(1 + 9 / np.e), color="black", linestyle=":")
learn.set(yscale="symlog", ylim=(0, 1000), xlabel="step", ylabel="loss", title="Check 2: one batch")
learn.legend(fontsize=8)
plt.show()

# %%
claim("03.healthy", learnt["healthy"])
claim("03.raw-pixels-start", charts["raw pixels"][0])
claim("03.scaled-twice-start", charts["scaled twice"][0])
claim("03.scaled-twice-end", learnt["scaled twice"])
claim("03.wrong-loss-start", charts["logits, wrong loss"][0])
claim("03.wrong-loss-end", learnt["logits, wrong loss"])
claim("03.softmax-twice-end", charts["softmax twice"][-1])

# %% [markdown]
# - *Raw pixels* start with a loss of hundreds: check 1 finds them. (One batch they learn all the
#   same, so check 2 alone would not.)
# - *Scaled twice* starts at ln 10 almost exactly, suspiciously well: the inputs are so small that
#   all logits are nearly zero. On one batch it hardly moves. Check 2.
# - *Logits into the wrong loss* fails both checks. It even learns a little, which is why it
#   survives for weeks in real projects.
# - *Softmax twice* passes check 1 and is stuck in check 2, above the dotted line. Where does that
#   line come from? The best that the second softmax can be given is a 1 and nine zeros, and for
#   these the loss is $-\ln \frac{e}{e + 9}$, which is not 0:

# %%
sure_and_right = np.eye(10, dtype="float32")[:1]
claim("03.softmax-floor", float(loss(np.array([0]), sure_and_right)))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    _ = loss(batch_labels, layers.Softmax()(dense(batch_images)))
claim("03.keras-warns", any("from_logits" in str(warning.message) for warning in caught))

# %% [markdown]
# For once the library helps: Keras 3 recognises its *own* softmax layer in front of such a loss,
# warns, and uses the logits behind it. That is why the patient above has a home-made one. Not every
# library does it.
#
# | what you see | what to look at first |
# | --- | --- |
# | first loss far above ln 10 | scale of the inputs (print minimum, maximum, mean); logits against probabilities |
# | first loss right, one batch is not learnt | inputs nearly constant; softmax twice; step size far too small or large |
# | one batch is learnt, the training set is not | labels shuffled against images; step size; not shuffled at all |
# | training good, validation poor | overfitting; or validation images scaled differently |
# | both good, new images poor | they are not like these: moved, inverted, another camera |

# %% [markdown]
# ## Questions to check yourself
#
# 1. The small CNN gets images of 32 x 32 x 3 instead. Which layers' parameters change, and what is
#    the new total?
#
#    <details><summary>Answer</summary>
#
#    The first convolution: (9 · 3 + 1) · 32 = 896 instead of 320. Shapes: 30, 15, 13, 6, 4, so
#    flatten gives 4 · 4 · 64 = 1,024, and the first dense layer has 1,025 · 64 = 65,600. Total:
#    896 + 18,496 + 36,928 + 65,600 + 650 = 122,570. All other layers keep theirs: a convolution
#    does not care how large its image is.
#    </details>
#
# 2. Two networks reach 91.0 and 91.3 percent on 10,000 test images, one seed each. Which is better?
#
#    <details><summary>Answer</summary>
#
#    You can't tell. The sampling deviation alone is 0.3 points for each, and the seeds come on top.
#    </details>
#
# 3. You try 50 settings and report the best one's accuracy on the validation images. Too high, too
#    low, or right?
#
#    <details><summary>Answer</summary>
#
#    Too high, as a rule: the best of 50 is partly the luckiest. That is what the test set is for.
#    </details>
#
# 4. Would a fully convolutional network without any pooling, ended by global average pooling, be
#    exactly invariant to shifts?
#
#    <details><summary>Answer</summary>
#
#    Only away from the border: as long as nothing is cut off and the zero padding does not show.
#    Each feature map then moves along and keeps its mean. At the border it does not hold.
#    </details>
#
# 5. The loss of a fresh network with 100 kinds is 4.6. Broken?
#
#    <details><summary>Answer</summary>
#
#    No: ln 100 = 4.605.
#    </details>

# %% [markdown]
# ## What you have seen
#
# - A dense network treats an image as 784 numbers in any order. A convolution looks at neighbours,
#   and uses each kernel at every place.
# - Parameters of a convolution: $(K \cdot K \cdot C_{in} + 1) \cdot C_{out}$; of a dense layer:
#   $(n_{in} + 1) \cdot n_{out}$. Output of a convolution without padding: $n - K + 1$.
# - Cross-entropy $-\ln p_y$ starts at $\ln(\text{number of kinds})$.
# - Training rises, validation stops: overfitting. Choose by validation, test once, and don't believe
#   differences below $\sqrt{p(1-p)/n}$ and below the spread of seeds.
# - Convolution is equivariant, not invariant. Flatten ties weights to places, averaging lets go of
#   them.
# - It does not train? First loss, then one batch.
#
# **Words** [convolutional network](../docs/glossary.md#convolutional-network) ·
# [logits](../docs/glossary.md#logits) ·
# [softmax](../docs/glossary.md#softmax) ·
# [cross-entropy](../docs/glossary.md#cross-entropy) ·
# [epoch](../docs/glossary.md#epoch) ·
# [batch](../docs/glossary.md#batch) ·
# [overfitting](../docs/glossary.md#overfitting) ·
# [validation set](../docs/glossary.md#validation-set) ·
# [test set](../docs/glossary.md#test-set) ·
# [confusion matrix](../docs/glossary.md#confusion-matrix) ·
# [equivariance](../docs/glossary.md#equivariance) ·
# [invariance](../docs/glossary.md#invariance) ·
# [batch normalisation](../docs/glossary.md#batch-normalisation) ·
# [global average pooling](../docs/glossary.md#global-average-pooling) ·
# [augmentation](../docs/glossary.md#augmentation)
#
# **Try it** in your own copy (`course start 03`): train the small CNN with `fit` and place it in
# the table; give `shifted_in_turn` images to the fashion CNN while it trains, and draw its shift curve
# again; replace average by maximum in `GlobalAveragePooling2D`; find out how few training images
# the deeper CNN needs to beat the dense network.
#
# **Next:** the [exercises](exercises/03_exercises.ipynb) (four, from a warm-up to a challenge),
# then [lesson 4](04_cats_and_dogs_with_generators.ipynb), with photographs in colour, of unequal
# size, from folders on your disk.
