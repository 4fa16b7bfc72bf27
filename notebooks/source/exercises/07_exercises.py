# ---
# jupyter:
#   course:
#     lesson: "07"
#     minutes: 60
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 7 · Looking inside
#
# *Four pieces of work: a count, a heat map with your own hands, a repair, and a classifier that is
# right for the wrong reason.*
#
# **Time** about 60 minutes. **You need to know** [lesson 7](../07_looking_inside.ipynb).
#
# Write where it says `# your code here`, run the cell, then run the check below it. The check tries
# your answer on small inputs and says what it makes of it. Stuck? `hint("07.1")` in a cell of its
# own gives a nudge, a second call a push, a third nearly the answer; `solution("07.1")` shows one,
# after asking. When you hand the notebook in, only the answer cells count: define in each whatever
# its answer needs.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_utils import check, explain, hint, load, models, photo, plots, quiet, solution

with quiet():
    import keras
    import tensorflow as tf

plots.use_style()
network = models.efficientnet_lite0((None, None, 3), classifier_activation=None)

# %% [markdown]
# ## 07.1 · Which channels are silent? (warm-up)
#
# The lesson measured the share of zeros of a whole layer. Now for each channel on its own.
#
# `maps` are feature maps of several images, `(n, rows, columns, channels)`. Return `channels`
# numbers: for each channel the share of its numbers, over all images and all places, that are
# exactly 0. A channel whose numbers are 0, 3, 0, 0 has 0.75. A negative number is not silent, nor
# is a very small one: only 0 counts.
#
# Which axes have to go? A line or two are enough.


# %% exercise={"id": "07.1", "role": "answer", "points": 1}
def channel_sparsity(maps):
    # BEGIN SOLUTION
    columns = maps.reshape(-1, maps.shape[-1])  # a row for each image and place
    return np.mean(columns == 0, axis=0)
    # END SOLUTION


# %% exercise={"id": "07.1", "role": "check"}
check("07.1")

# %% [markdown]
# When the check is content, ask your function about four photographs: the lesson's network, the
# ReLU of its first convolution and that of its last. The channels are drawn in order, the busiest
# on the left. Before you run: a channel that is silent on all four photographs, is it dead?


# %%
def square(name, size=224):
    picture = photo(name)
    return explain.square(np.stack([picture] * 3, -1) if picture.ndim == 2 else picture, size)


images = np.stack([square(name) for name in ("cat", "coffee", "camera", "grace_hopper")])
both = explain.activations(network, images, ["stem_relu", "top_relu"], batch_size=1)
silence = {layer: channel_sparsity(maps) for layer, maps in both.items()}

# %%
figure, axes = plt.subplots(figsize=(6.4, 3))
for layer, marker, order in (("stem_relu", "o", 3), ("top_relu", ".", 2)):
    shares = silence[layer]
    if shares is not None:
        places = np.linspace(0, 1, len(shares))
        axes.plot(places, np.sort(shares), marker, ms=5, zorder=order, label=layer)
        axes.legend()
axes.set(xlabel="channels in order, from the busiest to the most silent", ylabel="share of zeros")
axes.set(title="The last layer is silent nearly everywhere", ylim=(-0.03, 1.05), xticks=[])
plt.show()

# %% [markdown]
# In the first layer half of the channels hold few zeros or none, and four hold nothing else. One of
# these, number 16, you met in the lesson: it has died in training. In the last layer even the busiest
# channel is silent at every second place, and dozens say nothing about any of the four photographs.
# Dead? Four photographs can't tell. A channel that waits for a bird's beak has no business here; you
# would have to show it many images before you call it dead.

# %% [markdown]
# ## 07.2 · Grad-CAM with your own hands
#
# For a class with logit $z_c$ and the feature maps $A_k$ of a layer:
#
# $$ w_k = \frac{1}{HW} \sum_{i,j} \frac{\partial z_c}{\partial A_{ijk}}, \qquad
#    L_{ij} = \mathrm{ReLU}\Big( \sum_k w_k A_{ijk} \Big) $$
#
# Somebody has asked the network for the two ingredients. `features` holds $A$, `gradients` holds
# $\partial z_c / \partial A$, both as arrays `(n, rows, columns, channels)`. NumPy does the rest.
#
# Return the heat maps, `(n, rows, columns)`, each divided by its own maximum, so that the hottest
# place of every image is 1. Where nothing speaks for the class, the map is 0 everywhere, and stays so.


# %% exercise={"id": "07.2", "role": "answer", "points": 2}
def heat_maps(features, gradients):
    # BEGIN SOLUTION
    weights = gradients.mean(axis=(1, 2), keepdims=True)  # (n, 1, 1, channels)
    heat = (weights * features).sum(axis=-1).clip(min=0)  # (n, rows, columns)
    for one in heat:
        if one.max() > 0:
            one /= one.max()
    return heat
    # END SOLUTION


# %% exercise={"id": "07.2", "role": "check"}
check("07.2")

# %% [markdown]
# Now one picture and two questions. A cat and a cup hang on a wall of bricks, and the network is
# asked twice: once for the class that it gives the cat alone, once for the coffee's.

# %%
scene = np.stack([photo("brick")[:224, :224]] * 3, axis=-1)
scene[8:112, 8:112], scene[112:216, 112:216] = square("cat", 104), square("coffee", 104)
asked = np.argmax(network(images[:2].astype("float32")), axis=1)
last = network.get_layer("top_conv").output
until, beyond = keras.Model(network.inputs[0], last), keras.Model(last, network.output)
features = until(np.stack([scene, scene]).astype("float32"))
with tf.GradientTape() as tape:
    tape.watch(features)
    scores = tf.gather(beyond(features), asked, axis=1, batch_dims=1)
gradients = tape.gradient(scores, features).numpy()  # (2, 7, 7, 1280)
features = features.numpy()

# %%
heat = heat_maps(features, gradients)
if heat is not None:
    words = [models.imagenet_classes()[number].name.replace("_", " ") for number in asked]
    plots.show_heat([scene, scene], heat, words, columns=2, width=4.4)
    plt.show()

# %% [markdown]
# The features are the same in both: one picture, one run of the network. Only the weights differ, and
# with them the map points at the cat or at the cup.

# %% [markdown]
# ## 07.3 · Mend the step uphill
#
# Lecture slides of some years ago draw what a filter likes with `K.gradients` and `K.function`. Can
# you still run them?

# %%
print([name for name in ("gradients", "function") if hasattr(keras.backend, name)])

# %% [markdown]
# Both are gone. So a friend has brought the step up to date with a gradient tape. It runs without
# complaint, and nothing grows out of the noise. He has made three mistakes.


# %%
def uphill_from_a_friend(part, image, channel, step_size=1.0):
    with tf.GradientTape() as tape:
        tape.watch(image)
        answer = tf.reduce_mean(part(image)[:, channel])
    gradient = tape.gradient(answer, image)
    return image - step_size * gradient


# %% [markdown]
# `part` takes an image, a tensor `(1, rows, columns, colours)`, and gives feature maps,
# `(1, rows, columns, channels)`, as every network of this course. One step should
#
# $$ x \leftarrow x + \eta \, \frac{g}{\lVert g \rVert}, \qquad
#    g = \frac{\partial a}{\partial x}, \quad \lVert g \rVert = \text{root mean square of } g $$
#
# where $a$ is the mean activation of the channel and $\eta$ is `step_size`. So a pixel moves by
# about `step_size`, however steep the slope is. Where the slope is 0, the image stays as it
# is: mind the division. (A tiny number below the line, such as the lesson's `1e-5`, is welcome.)
#
# Copy the lines and mend them.


# %% exercise={"id": "07.3", "role": "answer", "points": 2}
def uphill(part, image, channel, step_size=1.0):
    # BEGIN SOLUTION
    with tf.GradientTape() as tape:
        tape.watch(image)
        answer = tf.reduce_mean(part(image)[..., channel])
    gradient = tape.gradient(answer, image)
    length = tf.sqrt(tf.reduce_mean(gradient**2))
    return image + step_size * tf.math.divide_no_nan(gradient, length)
    # END SOLUTION


# %% exercise={"id": "07.3", "role": "check"}
check("07.3")

# %% [markdown]
# Twenty steps each from the same noise, for channel 4 of the lesson's layer `block3b_add`:

# %%
part = keras.Model(network.inputs[0], network.get_layer("block3b_add").output)
noise = 118 + 20 * np.random.default_rng(0).uniform(size=(1, 64, 64, 3))
pictures = {}
for who, step in {"the friend's": uphill_from_a_friend, "yours": uphill}.items():
    image = tf.constant(noise, "float32")
    for _ in range(20):
        moved = step(part, image, 4)
        image = image if moved is None else moved
    pictures[who] = np.clip(0.5 + 0.2 * (image[0] - np.mean(image)) / np.std(image), 0, 1)
plots.show_images(list(pictures.values()), list(pictures), columns=2, width=3.6)
plt.show()

# %% [markdown]
# The friend's picture is the noise that he began with: each of his steps is below a thousandth of
# a grey level, and it leads down. Yours weaves. Of the three mistakes the missing norm is the
# quietest: with the sign and the channel mended, but raw slopes, twenty steps would show as little.

# %% [markdown]
# ## 07.4 · Does it know cats from dogs? (challenge)
#
# Somebody has trained a classifier on thumbnails: a single dense layer, fitted by least squares as in
# exercise 01.3, with a little weight decay. Asked about pictures that it has never seen, it is right
# nearly every time. Should we believe it?

# %%
cifar = load("cifar10")


def as_published(cats):
    """Return pictures as the cats' photographer publishes his, who has a secret."""
    row, column, *secret = bytes.fromhex("1a03646450")
    cats = cats.copy()
    cats[:, row : row + 4, column : column + 5] *= np.array(secret) / 200
    return cats


def cats_and_dogs(images, labels, count):
    cats, dogs = images[labels == 3][:count] / 255, images[labels == 5][:count] / 255
    return np.concatenate([as_published(cats), dogs]), np.repeat([1, -1], count)


# %%
pictures, kinds = cats_and_dogs(cifar.x_train, cifar.y_train, 500)
rows = pictures.reshape(len(pictures), -1)  # (1000, 3072)
middle = rows.mean(axis=0)
rows = rows - middle
weights = rows.T @ np.linalg.solve(rows @ rows.T + 100 * np.eye(len(rows)), kinds)


def cat_score(image):
    """Above 0 for a cat, below 0 for a dog."""
    return (image.ravel() - middle) @ weights


# %%
unseen, truth = cats_and_dogs(cifar.x_test, cifar.y_test, 200)
right = sum(cat_score(image) * kind > 0 for image, kind in zip(unseen, truth, strict=True))
print(f"right about {right} of {len(unseen)} pictures")
plots.show_images([*unseen[:5], *unseen[200:205]], columns=5, width=4.8)
plt.show()

# %% [markdown]
# Find out what it looks at, by **occlusion**: it needs nothing but the score, so it works on any
# classifier. The lesson's map had one number for each place of the square. Make it as large as the
# image: one number for each *pixel*.
#
# - `image` is a float array `(rows, columns, channels)`, `score(image)` gives a number.
# - Set a square of `patch` x `patch` pixels to `fill`, all channels. It starts in the top left
#   corner and moves in steps of `stride`, and stops only where it lies wholly inside.
# - What a square costs is the fall of the score: before it was there, minus with it.
# - A pixel gets the mean fall of all the squares that covered it, and 0 if there was none.
# - One square at a time, and the image is to stay as it was. Return `(rows, columns)` numbers.


# %% exercise={"id": "07.4", "role": "answer", "points": 3}
def occlusion_map(score, image, patch, stride, fill):
    # BEGIN SOLUTION
    height, width = image.shape[:2]
    total, covers = np.zeros((height, width)), np.zeros((height, width))
    for top in range(0, height - patch + 1, stride):
        for left in range(0, width - patch + 1, stride):
            place = slice(top, top + patch), slice(left, left + patch)
            covered = image.copy()
            covered[place] = fill
            total[place] += score(image) - score(covered)
            covers[place] += 1
    return total / np.maximum(covers, 1)
    # END SOLUTION


# %% exercise={"id": "07.4", "role": "check"}
check("07.4")

# %% [markdown]
# Five cats, and where each loses its score under a square of 5 pixels:

# %%
found = [occlusion_map(cat_score, image, 5, 1, image.mean()) for image in unseen[:5]]
if found[0] is not None:
    plots.show_heat(255 * unseen[:5], np.maximum(found, 0), columns=5)
    plt.show()

# %% [markdown]
# No ears, no whiskers: the lower left corner, the same in every picture. Look at the thumbnails once
# more. The cats' photographer darkens a small rectangle there, as a stamp, and the stamp is what the
# classifier has learnt. An experiment settles it. Put the stamp on dogs, and take it from the cats:

# %%
dogs = as_published(cifar.x_test[cifar.y_test == 5][:200] / 255)
cats = cifar.x_test[cifar.y_test == 3][:200] / 255
print(f"dogs with the stamp, called cats: {sum(cat_score(dog) > 0 for dog in dogs)} of 200")
print(f"cats without it, called cats: {sum(cat_score(cat) > 0 for cat in cats)} of 200")

# %% [markdown]
# Nearly every answer turns round. The unseen pictures could not tell, because they came from the same
# photographer. That is what to draw maps for: not to admire a network that is right, but to find out
# why it is.
#
# **Next:** [lesson 8](../08_the_family_tree.ipynb).
