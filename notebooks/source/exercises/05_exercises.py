# ---
# jupyter:
#   course:
#     lesson: "05"
#     minutes: 50
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 5 · The components of a CNN
#
# *Four pieces of work: a bill, a repair, a picture to read, and a layer with a memory.*
#
# **Time** about 50 minutes. **You need to know** [lesson 5](../05_components_on_cifar10.ipynb).
#
# Write where it says `# your code here`, run the cell, then run the check below it. The check tries
# your answer on small inputs and says what it makes of it. Stuck? `hint("05.1")` in a cell of its
# own gives a nudge, a second call a push, a third nearly the answer; `solution("05.1")` shows one,
# after asking. When you hand the notebook in, only the answer cells count: define in each whatever
# its answer needs.

# %%
import math

import matplotlib.pyplot as plt
import numpy as np

from course_utils import check, hint, load, plots, recorded, solution

plots.use_style()
cifar = load("cifar10")

# %% [markdown]
# ## 05.1 · The bill (warm-up)
#
# What does a stack of convolutions cost? An image of `H` by `W` pixels in `C` channels goes in.
# `stack` holds the layers, first to last, each as `(K, S, filters)`: kernels of `K` by `K` numbers,
# stride `S`, that many filters. All pad like Keras's `"same"`, so a stride of `S` leaves `H / S`
# rows, rounded **up**, and likewise for the columns.
#
# Return the multiply-adds of the whole stack for one image. By hand first, for
# `multiply_adds(8, 8, 3, ((3, 1, 4), (3, 2, 8)))`: the first layer works at 64 places, the second
# at 16, and it finds 4 channels. Did you get `6912 + 4608`?


# %% exercise={"id": "05.1", "role": "answer", "points": 1}
def multiply_adds(H, W, C, stack):
    # BEGIN SOLUTION
    total = 0
    for K, S, filters in stack:
        H, W = math.ceil(H / S), math.ceil(W / S)
        total += H * W * K * K * C * filters
        C = filters
    return total
    # END SOLUTION


# %% exercise={"id": "05.1", "role": "check"}
check("05.1")

# %% [markdown]
# ## 05.2 · Mend the article's scaling
#
# The lesson's article prepares its training images with these lines, and then its test images with
# the same lines again.


# %%
def prepare_like_the_article(x):
    return (x - x.mean()) / x.std()


# %% [markdown]
# It got away with it, because 10,000 test images are much like 50,000 training images. In use,
# images come one at a time. What does the network get to see then? Four photographs, from dark to
# bright:


# %%
order = np.argsort(cifar.x_train.mean(axis=(1, 2, 3)))
four = cifar.x_train[order[[60, 3001, 9700, 9850]]]
middle, deviation = cifar.x_train.mean(), cifar.x_train.std()


def as_picture(scaled):  # what the network gets, in grey levels again
    return (middle + deviation * scaled).clip(0, 255).astype("uint8")


alone = [as_picture(prepare_like_the_article(image)) for image in four]
titles = ["as it is"] * 4 + ["prepared alone"] * 4
plots.show_images([*four, *alone], titles, columns=4, width=4.8)
plt.show()

# %% [markdown]
# Below, all four have the same mean and the same contrast: the dark one is as bright as the horse's
# meadow, and the white behind the ship is as grey as a road. Each image was scaled by its *own* mean and deviation, so what
# a pixel means depends on the company that it comes in. And an image of one colour all over would
# be divided by 0.
#
# Write a function without the article's mistake, and with a number for each colour. It gets the
# training images `x_train`, and `x`, any pile of images: the training images themselves, the test
# images, all ships, or one image alone. Return `x`, scaled. Both arrays have the shape
# `(n, height, width, channels)`.
#
# - The mean and the deviation belong to the model: whose are they?
# - Not one number for everything: **one mean and one deviation for each colour**, as in the lesson
#   (NumPy's `mean` and `std`, as they come).


# %% exercise={"id": "05.2", "role": "answer", "points": 2}
def standardise(x_train, x):
    # BEGIN SOLUTION
    pixels = x_train.reshape(-1, 3)  # a row a pixel, a column a colour
    mean, deviation = pixels.mean(axis=0), pixels.std(axis=0)
    return (x - mean) / deviation
    # END SOLUTION


# %% exercise={"id": "05.2", "role": "check"}
check("05.2")

# %% [markdown]
# ## 05.3 · What grey means
#
# Here are four rows of the lesson's recorded ablation once more: three seeds each, the mean behind
# the name, and the band of noise.

# %%
variants = {"the base": "base"} | {f"dropout {p}": f"dropout-{p}" for p in (0.1, 0.25, 0.5)}
runs = {words: recorded(f"05.full.ablation.{key}") for words, key in variants.items()}
rows = {f"{words}: {run.mean:.2f}": run.values for words, run in runs.items()}
s = 0.7746  # spread between the seeds of one network, in points, as in the lesson
noise = 2 * s * np.sqrt(2 / 3)
plots.show_ablation(rows, next(iter(rows)), noise, title="Three seeds each")
plt.show()
print(f"the band is ± {noise:.2f} points")

# %% [markdown]
# "Dropout 0.25 is grey", says a colleague, "so it costs nothing." That is not what grey means. It
# means that three seeds can't tell. More could: for $n$ seeds of each network the band is
# $\pm\, 2\, s \sqrt{2 / n}$.
#
# Suppose that both means stay where you see them. Read the difference between dropout 0.25 and the
# base off the picture. **How many seeds must each of the two networks have**, at least, for the row
# to stand outside the band? You need no long computation: the band for three seeds is given.

# %% exercise={"id": "05.3", "role": "answer", "points": 1}
seeds = (
    # BEGIN SOLUTION
    math.ceil(3 * (1.26 / 0.97) ** 2)
    # END SOLUTION
)

# %% exercise={"id": "05.3", "role": "check"}
check("05.3")

# %% [markdown]
# Half the difference takes four times the seeds. Dropout 0.1 lies 0.13 below the base; if that were
# its true cost, it would take nearly 300 seeds of each network to show it. This is why so many
# small improvements in the literature are none: nobody could afford to find out.
#
# ## 05.4 · A layer with a memory (challenge)
#
# In the lesson you did batch normalisation by hand, for a batch of four with one number in each
# channel. Now the whole layer. `x` holds feature maps of shape `(n, height, width, C)`. `gamma`,
# `beta`, and the running averages `mean` and `variance` hold `C` numbers each: they belong to the
# channels, and a channel is the same thing at all places of all images.
#
# $$ y = \gamma\, \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta $$
#
# - **In training** (`training` is True), $\mu$ and $\sigma^2$ are the mean and the variance of the
#   batch, by channel (NumPy's `var`, as it comes). And the layer remembers: each running average
#   becomes `momentum` times itself plus `1 - momentum` times the batch's number.
# - **In use** (`training` is False), $\mu$ and $\sigma^2$ are the running averages, which stay as
#   they are.
#
# Return three things in both cases: `y`, the running mean, the running variance. Make new arrays,
# and leave those that came in as they are.


# %% exercise={"id": "05.4", "role": "answer", "points": 3}
def batch_norm(x, gamma, beta, mean, variance, training, momentum=0.9, epsilon=0.001):
    # BEGIN SOLUTION
    axes = (0, 1, 2)  # images, rows, columns
    mu, sigma2 = mean, variance
    if training:
        mu, sigma2 = x.mean(axes), x.var(axes)
        mean = momentum * mean + (1 - momentum) * mu
        variance = momentum * variance + (1 - momentum) * sigma2
    y = gamma * (x - mu) / np.sqrt(sigma2 + epsilon) + beta
    return y, mean, variance
    # END SOLUTION


# %% exercise={"id": "05.4", "role": "check"}
check("05.4")

# %% [markdown]
# Watch the memory at work. Your layer sees 60 batches of 32 photographs; its running averages start
# at 0 and 1, as in Keras. The dashed lines are the mean and the variance over all training images,
# a line for each colour.

# %%
memory, history = (np.zeros(3), np.ones(3)), []
batches = np.random.default_rng(0).permutation(10_000)[: 60 * 32].reshape(60, 32)
for batch in batches:
    answer = batch_norm(cifar.x_train[batch] / 255, np.ones(3), np.zeros(3), *memory, True)
    if not isinstance(answer, tuple):
        break
    memory = answer[1:]
    history.append(memory)

# %%
figure, panels = plt.subplots(1, 2, figsize=(6.4, 2.8))
truth = cifar.x_train.mean(axis=(0, 1, 2)) / 255, cifar.x_train.var(axis=(0, 1, 2)) / 255**2
for place, panel in enumerate(panels):
    for colour, ink in enumerate((plots.vermilion, plots.green, plots.blue)):
        remembered = [step[place][colour] for step in history]
        panel.plot(range(1, len(history) + 1), remembered, color=ink)
        panel.axhline(truth[place][colour], color=ink, linestyle="--", linewidth=1)
    panel.set(title=f"running {('mean', 'variance')[place]}", xlabel="batch", ylim=(0, None))
panels[0].set_ylabel("of the pixels, 0 to 1")
plt.show()

# %% [markdown]
# With a momentum of 0.9 the start counts for a third after ten batches and for almost nothing after
# forty. From then on the lines tremble around the truth, since the newest batch always has a tenth
# of the say. (In the right panel the three nearly coincide.) So a network that was trained for a few steps only is good in training mode and bad in
# use: its memory still holds the start. Keras's own momentum is 0.99, and it needs ten times as
# long.
#
# **Next:** [lesson 6](../06_transfer_learning.ipynb).
