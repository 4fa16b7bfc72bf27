# ---
# jupyter:
#   course:
#     lesson: "07"
#     minutes: 75
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 7 · Looking inside
#
# *You open a network that was trained on a million photographs, see what its layers hold and what
# its filters like, draw maps of what it looks at, and test whether such maps can be believed.*
#
# **Time** about 75 minutes to read and run; the code alone needs about a minute.
#
# **You need to know** what feature maps, logits and gradients are (lessons 02 and 03).
#
# **Afterwards you can**
# - see every channel of every layer of a network, and measure how many are silent,
# - draw the pattern that a filter likes best, and make it clear enough to look at,
# - build Grad-CAM in a few lines, and use saliency, SmoothGrad and occlusion,
# - give a heat map a test that it can fail, twice,
# - say what classification, localisation, detection and segmentation put out.

# %%
import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats

from course_utils import claim, explain, load, models, photo, plots, profile, quiet
from course_utils import recorded, training, widgets

with quiet():
    import keras
    from keras import layers
    import tensorflow as tf

run = profile()
plots.use_style()
cifar = load("cifar10", run.size)  # thumbnails, for later

# %% [markdown]
# ## Four questions to ask of a photograph
#
# So far our networks answered one question: what is it? There are four in common use, and they
# differ in what they put out. How many numbers does each need, for $K$ kinds of things and an image
# of $H \times W$ pixels?


# %%
cup = [(173, 105), (185, 60), (225, 27), (290, 18), (350, 34), (395, 75), (409, 125), (395, 190)]
cup += [(365, 235), (325, 262), (318, 280), (290, 284), (258, 278), (240, 300), (215, 308)]
cup += [(197, 292), (200, 262), (215, 240), (190, 205), (176, 150)]
spoon = [(398, 70), (412, 66), (425, 74), (423, 90), (392, 190), (385, 235), (404, 262), (406, 290)]
spoon += [(392, 315), (365, 327), (338, 318), (326, 292), (330, 265), (350, 245), (372, 232)]
saucer = [(77, 225), (83, 180), (105, 135), (140, 98), (185, 70), (400, 100), (440, 130)]
saucer += [(468, 170), (480, 220), (475, 270), (450, 320), (405, 360), (350, 382), (290, 388)]
saucer += [(230, 378), (170, 350), (125, 312), (95, 270)]
plots.show_tasks(photo("coffee"), {"cup": cup, "spoon": spoon, "saucer": saucer})
plt.show()

# %% [markdown]
# (Drawn by hand, not by a network: this is what the answers look like.)
#
# - **Classification**: $K$ scores for the whole image.
# - **Localisation**: the same, and a box around that one thing, which is four more numbers.
# - **Detection**: a list, as long as there are things; for each a box and $K$ scores. Two cups
#   would be two entries.
# - **Segmentation**: $K$ scores for each pixel, $H \cdot W \cdot K$ in all. Two cups that touch
#   would be one blue area.
#
# The network of this lesson was trained for the first question only. By the end you will see that
# it has learnt something about the second, which nobody had asked it.

# %% [markdown]
# ## A network that knows a thousand words
#
# EfficientNet-Lite0 was trained on ImageNet: 1.28 million photographs of 1,000 kinds. It comes with
# the course and takes pixels from 0 to 255. With `(None, None, 3)` it accepts any size, and without
# an activation at the end it gives logits.
#
# Here are six photographs that it was not trained on. For two of them ImageNet has no right word. Which
# two, and what might the network say instead?


# %%
def square(name):
    picture = photo(name)
    return explain.square(np.stack([picture] * 3, -1) if picture.ndim == 2 else picture, 224)


network = models.efficientnet_lite0((None, None, 3), classifier_activation=None)
words = [each.name.replace("_", " ") for each in models.imagenet_classes()]
names = ["cat", "coffee", "camera", "grace_hopper", "astronaut", "rocket"]
images = np.stack([square(name) for name in names])
logits = network.predict(images, verbose=0)
answers = logits.argmax(axis=1)
said = [words[answer] for answer in answers]
plots.show_images(images, said, columns=6)
plt.show()
claim("07.answers", said)

# %% [markdown]
# Four good answers. A cat whose kind is hard to tell from its face, a cup of espresso, a tripod (not
# "man": ImageNet's kinds hold hardly any people), a military uniform. For an astronaut and for a
# space rocket there is no word among the thousand, so the network takes the nearest that it has. Keep
# the bobsled in mind: we shall see what it saw.

# %% [markdown]
# ## What does the first layer hold?
#
# The first convolution sees pixels, so its kernels can be looked at as small pictures: 32 of them,
# 3 x 3 pixels in three colours. Nobody has told them what to be. What would you want to know about
# the neighbourhood of a pixel? Compare with what training came up with:

# %%
kernels = explain.kernels(network)
claim("07.first-kernels", list(kernels.shape))
plots.show_images(kernels, [str(number) for number in range(32)], columns=11)
plt.show()

# %% [markdown]
# Grey stands for a weight of 0, brighter is positive, darker is negative. You find edges, lying,
# standing and slanting, much like the Sobel kernels of lesson 02 (27, 30, 13); and kernels of one
# colour with no edge in them at all (3, 4, 7, 23). Nearly every network trained on photographs begins
# like this. Number 16 is grey all over: all its weights are nearly 0. It has died in training, and you will
# find its black tile in the next picture.
#
# Deeper layers can't be looked at in this way: their kernels have dozens or hundreds of channels.
# There we look at what they give, and at what they like.

# %% [markdown]
# ## What do the layers give?
#
# `explain.activations` runs a model and returns the feature maps of any layers, also inside nested
# models. We take all 33 ReLUs, and the cat. Four of them first, *every* channel of each. The names tell
# where we are: the *stem* is the first convolution, *top* the last; in between there are seven stages
# of one to four blocks, so block3b is the second block of stage 3. Before you run: will the cat
# still be recognisable in the last one?

# %%
relus = [path for path, layer in explain.layers_of(network).items() if type(layer) is layers.ReLU]
maps = explain.activations(network, images[[0, 5]], relus)  # the cat and the rocket
claim("07.layers", len(relus))
claim("07.channels", sum(each.shape[-1] for each in maps.values()))

# %%
four = ["stem_relu", "block3b_expand_relu", "block5a_expand_relu", "top_relu"]
figure, grid = plt.subplots(4, 1, figsize=(5, 9.8))
for place, name in zip(grid, four, strict=True):
    rows, columns, channels = maps[name][0].shape
    title = f"{name}: {channels} channels, {rows} x {columns}"
    plots.show_channels(maps[name][0], title, axes=place)
plt.show()

# %% [markdown]
# Bright is a large number, dark violet is 0; each tile has a scale of its own.
#
# - **First layer**: the cat, 32 times, as a drawing: edges of one direction, dark places, one colour.
# - **Layer 9**: still a cat, but broken up into fur, outline of an eye, spots.
# - **Layer 17**: a few dots each. Something is there, and no picture any more.
# - **Last layer**: 1,280 channels of 7 x 7 numbers. Most are black. Those that are not say "here is
#   something that matters", and no longer what it looks like.
#
# With a running kernel you can walk through all 33 layers, 19,200 channels:


# %%
def draw(layer, image):
    channels = maps[layer][["cat", "rocket"].index(image)]
    title = f"{layer}: {channels.shape[-1]} channels, {channels.shape[0]} x {channels.shape[1]}"
    return plots.show_channels(channels, title).figure


widgets.explore(
    draw,
    layer=relus,
    image=["cat", "rocket"],
    start={"layer": "block2b_depthwise_relu", "image": "rocket"},
    alt="All 144 channels of layer block2b_depthwise_relu for the photograph of the rocket.",
)

# %% [markdown]
# The rocket in layer 6: towers, lamps, sky, each channel with a taste of its own. About half of all
# these numbers are exactly 0.
#
# ## Do deeper layers fall silent?
#
# The last mosaic was mostly black. The usual story says: the deeper, the more abstract and the
# **sparser**, meaning more zeros. Let us count them, over six photographs, before we repeat it.
#
# Each block of this network has two ReLUs: one behind a 1 x 1 convolution that widens, one behind a
# **depthwise** convolution, which looks at each channel with a kernel of its own. Most blocks have a
# shortcut: they *add* their answer to their input. The first block of a stage has none. Will that
# show?

# %%
by_image = []
for image in images:  # one at a time: all maps of one image take 20 MB
    each = explain.activations(network, image[None], relus)
    by_image.append([100 * explain.sparsity(each[name]) for name in relus])
zeros = np.mean(by_image, axis=0)
depth = np.arange(1, len(relus) + 1)
alone = np.array([name[6] == "a" and "depthwise" in name for name in relus])
figure, axes = plt.subplots(figsize=(6.4, 3.2))
axes.plot(depth, zeros, color=plots.grey, lw=0.8)
axes.vlines(depth, np.min(by_image, axis=0), np.max(by_image, axis=0), color=plots.grey)
axes.plot(depth[~alone], zeros[~alone], "o", color=plots.blue, label="other layers")
axes.plot(depth[alone], zeros[alone], "s", color=plots.orange, label="first block, depthwise")
axes.set(xlabel="layer with a ReLU, counted from the image", ylabel="zeros, %", ylim=(0, 100))
axes.set_title("Sparser with depth, with steps back")
axes.legend(loc="lower right")
plt.show()

# %%
claim("07.zeros-first", float(zeros[0]))
claim("07.zeros-last", float(zeros[-1]))
claim("07.zeros-with-depth", explain.likeness(zeros[None], depth[None]))
claim("07.zeros-alone", float(zeros[alone].mean()))
claim("07.zeros-others", float(zeros[~alone & (depth > 3)].mean()))

# %% [markdown]
# A dot is the mean of six photographs, the short line behind it reaches from the lowest to the highest
# of them: how silent a layer is hardly depends on the photograph. The story holds as a trend: about a quarter of zeros at first, nine tenths at the end, and a rank
# correlation of 0.8 between depth and zeros. (**Rank correlation**: put both in order, and correlate
# the places. 1 is the same order, 0 is no relation.) But it is no straight way up, and three of the
# orange layers, 12, 24 and 32, step far back. In a block with a shortcut a channel can stay silent
# and nothing is lost, because the input goes on beside it. In the first block of a stage everything
# must pass through. That is a likely reason, not a proof.
#
# Why sparse at all? Early layers describe what every image has, edges and colours. Late ones say what
# few images have: a wheel, an eye, a rim. On any one photograph most of these are absent.

# %% [markdown]
# ## What does a filter like?
#
# A second way to understand a channel: don't ask what it answers to our images, *make* an image that
# it answers to most. Its mean activation $a$ depends on the pixels $x$, so there is a gradient, and
# this time we change the image and leave the weights alone:
#
# $$ x \leftarrow x + \eta \, \frac{\partial a / \partial x}{\lVert \partial a / \partial x \rVert} $$
#
# It is called **gradient ascent**: uphill, where training goes downhill. The norm is the root mean
# square, and $\eta$ is 1 grey level. (Older texts do this with `K.gradients` and `K.function`, which
# are gone; a gradient tape has taken their place.) We start from grey with a little noise. What will
# channel 4 of layer `block3b_add` want?

# %%
part = keras.Model(network.inputs[0], network.get_layer("block3b_add").output)


@tf.function
def uphill(image):
    with tf.GradientTape() as tape:
        tape.watch(image)
        answer = tf.reduce_mean(part(image)[..., 4])
    gradient = tape.gradient(answer, image)
    return image + gradient / (tf.sqrt(tf.reduce_mean(gradient**2)) + 1e-5), answer


start = 118 + 20 * np.random.default_rng(0).uniform(size=(1, 64, 64, 3))
steps, heights = [tf.constant(start, "float32")], []
for _ in range(40):
    image, height = uphill(steps[-1])
    steps.append(image)
    heights.append(float(height))

# %%
claim("07.uphill", heights[-1] > heights[0] + 1)


def frame(step):
    figure, (left, right) = plt.subplots(1, 2, figsize=(3.2, 1.7), width_ratios=(4, 5))
    x = steps[step][0].numpy()
    left.imshow(np.clip(0.5 + 0.2 * (x - x.mean()) / x.std(), 0, 1))
    left.axis("off")
    right.plot(heights, color=plots.sky)
    right.plot(step, heights[step], "o", color=plots.blue)
    right.set_title(f"step {step}", fontsize=9)
    right.set_xlabel("step", fontsize=8)
    right.set_ylabel("mean activation", fontsize=8)
    right.tick_params(labelsize=7)
    return figure


moments = [39, 0, 2, 5, 12, 24]
alt = "Out of grey noise grows a pattern of slanting stripes, while the activation rises."
widgets.animate(map(frame, moments), [2000] + [600] * 5, alt=alt)

# %% [markdown]
# Out of noise grows a weave of slanting lines, while the channel's mean activation climbs. (The
# contrast is stretched for the eye in each frame.) The noise decides where the lines lie; their
# direction, distance and colour are the filter's.
#
# `explain.filter_patterns` does the same for several channels at once. Four depths, the first four
# channels of each, not picked:


# %%
# Patterns and photographs make large PNG files; from here on the figures are JPEG.
set_matplotlib_formats("jpeg", pil_kwargs={"quality": 80})


def page(depths, channels, size, **options):
    patterns = [explain.filter_patterns(network, d, channels, size, **options) for d in depths]
    shape = (len(depths), len(channels))
    _, grid = plt.subplots(*shape, figsize=(1.12 * shape[1], 1.1 * shape[0]))
    for row, name, line in zip(grid, depths, patterns, strict=True):
        row[0].set_ylabel(name.removesuffix("_add"), fontsize=9)
        for place, pattern in zip(row, line, strict=True):
            place.imshow(pattern)
            place.set(xticks=[], yticks=[])
            place.spines[:].set_visible(False)
    plt.show()


four = ["block2b_add", "block3b_add", "block4c_add", "block5c_add"]
page(four, range(4), size=64, step_size=1.0)

# %% [markdown]
# From the top down: stripes; woven stripes; something like scales; and in the last row you begin to
# guess shapes, as through frosted glass. It looks as if deep filters liked noise. They don't: our
# *recipe* is poor. Gradient ascent takes the easy way, and for a network the easy way is fine
# grain, which photographs don't have. Four changes, one added at a time, on one filter:

# %%
recipes = {"as above": {"step_size": 1.0}, "larger steps": {}, "jitter": {"jitter": 8}}
recipes["blur"] = recipes["jitter"] | {"blur": 0.8}
recipes["better start"] = recipes["blur"] | {"decorrelated": True}
made = [
    explain.filter_patterns(network, "block4c_add", [2], 96, **recipe)[0]
    for recipe in recipes.values()
]
plots.show_images(made, list(recipes), columns=5)
plt.show()

# %% [markdown]
# - **Larger steps**, 10 grey levels instead of 1: more contrast in the same 40 steps.
# - **Jitter**: shift the image by a few random pixels before each step. What pleases only in one
#   exact place dies out.
# - **Blur** a little every fourth step: grain dies out, broad shapes stay.
# - **A better start**, decorrelated: not noise in which each pixel is on its own, but soft clouds in
#   the colours of photographs. Larger forms and more natural colours survive.
#
# Now all four together, at six depths from the first layer to nearly the last. This page is worth a
# long look. Name what you see before you read on.

# %%
six = ["stem_relu", "block2b_add", "block3b_add", "block4c_add", "block5c_add", "block6c_add"]
page(six, range(6), size=96, jitter=8, blur=0.8, decorrelated=True)

# %% [markdown]
# Row by row: single colours, and grain (of the stripes that please it, the blur has left little);
# stripes, each in one direction and pair of colours; weaves and lozenges; scales, eyes and cells; then
# beads, shells, fur. In the last row parts of animals: an eye in its socket, a dark snout, a bird's
# head with a red beak. Each layer builds from what the one before it offers.
#
# Two warnings. A pattern shows what drives a channel *most*, which no photograph may ever do, and it
# shows one of several things that the channel may answer to. And we named what we saw after the fact;
# people are good at that. Treat these pages as a source of guesses.

# %% [markdown]
# ## Which pixels does an answer hang on?
#
# So far we looked at layers. Now at one answer: *why espresso?* The plainest way is one more gradient,
# of the class's logit by the pixels. Its magnitude says how much the answer would change if the pixel
# changed: the **saliency** map. What do you expect: the whole cup, its rim, or single pixels?
#
# **SmoothGrad** averages that map over several copies of the image with different noise: what is
# an accident of this exact image averages out.

# %%
some, classes = images[1:3], answers[1:3]


def coarse(maps):
    """Half the pixels, brightest at the upper end, to draw a map of dust."""
    small = maps.reshape(-1, 112, 2, 112, 2).mean(axis=(2, 4))
    return np.clip(small / np.quantile(small, 0.995, axis=(1, 2), keepdims=True), 0, 1)


plain = coarse(explain.saliency(network, some))
smooth = coarse(explain.saliency(network, some, samples=12, noise=0.1))
rows = [picture for row in zip(some, plain, smooth, strict=True) for picture in row]
titles = ["", "saliency", "SmoothGrad", "", "", ""]
plots.show_images(rows, titles, columns=3, cmap="inferno", width=4.4)
plt.show()

# %% [markdown]
# Plain saliency is a dust of single pixels, denser where the thing is: on the coffee and the rim, on
# head and camera. Averaged over 12 noisy copies it is dust still, but it has gathered in regions: the
# cup; the man's head and his camera. The gradient of a network is rough from pixel to pixel, and the
# roughness is no property of the cup.
#
# But note what the question was. "Where would a *small change* matter?" is not "what did it look at?"
#
# ## What if a part were covered?
#
# No gradient at all: slide a grey square over the image and see how far the logit falls. This is
# **occlusion**. Where must the square lie to hurt "espresso" most: on the coffee, on the cup's rim,
# or on the spoon?

# %%
patch, stride = 48, 16
fall = explain.occlusion(network, images[1:2], answers[1], patch, stride)
places = (np.arange(fall.shape[0]) * stride + patch / 2).astype(int)
figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 2.9), width_ratios=(4, 5))
left.imshow(images[1])
top, side = (stride * np.array(np.unravel_index(fall.argmax(), fall.shape))).tolist()
left.add_patch(plt.Rectangle((side, top), patch, patch, color=plots.grey))
left.set_title("The place that hurts most")
left.axis("off")
plots.show_matrix(fall, "Fall of the logit", diverging=True, colourbar=True, axes=right)
right.set(xlabel="middle of the square, x", ylabel="middle of the square, y")
right.set_xticks(range(0, len(places), 3), places[::3])
right.set_yticks(range(0, len(places), 3), places[::3])
plt.show()
claim("07.occlusion-passes", fall.size)
claim("07.occlusion-place", 40 <= top + patch / 2 <= 75 and 75 <= side + patch / 2 <= 125)

# %% [markdown]
# Where the coffee meets the inside of the cup: without that edge it might be any cup. Blue places are
# the reverse. Covering them makes the network *surer*, because something is gone that spoke for another
# answer; the bluest one is the spoon. Occlusion measures what it says, at a price: one run of the
# network for each place, here 144. And the map depends on the size and the grey of the square.

# %% [markdown]
# ## Grad-CAM by hand
#
# The last feature maps hold "here is something that matters" on 7 x 7 places. So ask, for a class
# $c$ with logit $z_c$: which channels $A_k$ speak for it? The mean of the gradient over all places
# is the weight of a channel; the weighted sum of the maps, without what speaks against the class,
# is the heat map:
#
# $$ w_k = \frac{1}{HW} \sum_{i,j} \frac{\partial z_c}{\partial A_{ijk}}, \qquad
#    L_{ij} = \mathrm{ReLU}\Big( \sum_k w_k A_{ijk} \Big) $$
#
# It is called **Grad-CAM** (arXiv 1610.02391), gradient-weighted class activation map. In code it
# is hardly longer:

# %%
eyes = keras.Model(network.inputs[0], [network.get_layer("top_conv").output, network.output])


def heat_map(images, classes):
    with tf.GradientTape() as tape:
        maps, logits = eyes(images.astype("float32"))  # (n, 7, 7, 1280) and (n, 1000)
        score = tf.gather(logits, classes, axis=1, batch_dims=1)
    slopes = tape.gradient(score, maps)
    weights = tf.reduce_mean(slopes, axis=(1, 2), keepdims=True)  # (n, 1, 1, 1280)
    return tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1)).numpy()


heat = heat_map(images[:3], answers[:3])
claim("07.heat-shape", list(heat.shape))
plots.show_heat(images[:3], heat, said[:3], columns=3, width=4.8)
plt.show()

# %% [markdown]
# The brighter, the more that place speaks for the answer. Seven by seven numbers, stretched over the
# image: the cat's eyes and forehead, the coffee, the tripod with its camera. Nobody has ever shown this network
# a box. It was told "tripod" about whole photographs, and has learnt *where* on the way.
#
# `explain.grad_cam` computes the same, divided by each map's maximum. It takes Sequential,
# functional, subclassed and nested models, called or not, finds the last convolution by itself or
# takes a layer by name, and looks under a softmax if there is one:

# %%
ours = heat / heat.max(axis=(1, 2), keepdims=True)
claim("07.grad-cam-equal", float(np.abs(ours - explain.grad_cam(network, images[:3])).max()))

# %% [markdown]
# ### The same answer at other depths
#
# Any layer will do, if it leads to the output. What would you choose?

# %%
depths = ["block2b_add", "block4c_add", "block5c_add", "block6d_add", "top_conv"]
by_depth = [explain.grad_cam(network, images[1:2], layer=name)[0] for name in depths]
titles = [name.removesuffix("_add") for name in depths]
plots.show_heat([images[1]] * 5, by_depth, titles, columns=5, width=5.6)
plt.show()

# %% [markdown]
# Early layers are fine and know nothing of espresso: edges all over, and in the middle even the table
# around it. (There a channel has not one meaning yet, and one weight for a whole channel is a poor
# summary.) Late ones know, and are coarse. The last convolution is the usual choice, and we shall
# measure whether it is a good one.

# %% [markdown]
# ## What did it look at when it was wrong?
#
# Heat maps are most useful where a network errs. The other three photographs first:

# %%
heat = explain.grad_cam(network, images[3:])
plots.show_heat(images[3:], heat, said[3:], columns=3, width=4.8)
plt.show()

# %% [markdown]
# The uniform: jacket and badges more than the face. The bobsled: suit, neck ring and helmet, and a
# crew in suits and helmets is what one sees of a bobsled. The missile: the upper half of the rocket,
# with the brightest cells beside it, because the rocket is thinner than a cell. These are reasonable
# mistakes, made for a visible reason.
#
# Now a network that was trained in this course, on CIFAR-10's thumbnails (lesson 05's recipe), and
# the four test images on which it was surest and wrong. Its last convolution sees 3 x 3 places only, so
# the maps are coarse. Two each: for its answer, and for the label.

# %%
small = models.load_trained("efficient_cnn")
scores = training.predict(small, cifar.x_test, batch=50)
chance = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
wrong = np.where(scores.argmax(axis=1) == cifar.y_test, 0, chance.max(axis=1))
worst = np.argsort(-wrong)[:4]
hard, both = cifar.x_test[worst], (scores[worst].argmax(axis=1), cifar.y_test[worst])
pairs = [explain.grad_cam(small, hard.astype("float32"), kinds) for kinds in both]
titles = [f"said {cifar.class_names[kind]}" for kind in both[0]]
titles += [f"is {cifar.class_names[kind]}" for kind in both[1]]
plots.show_images(hard, columns=4, width=4.4)
plots.show_heat([*hard, *hard], np.concatenate(pairs), titles, columns=4, width=4.4)
plt.show()

# %% [markdown]
# The images; what spoke for its answer; what spoke for the label. In the third the two maps lie on
# different parts, the chest and beside it for a cat, the paws for a dog: it had evidence for both and
# weighed it wrongly. In the fourth both maps lie on the bird: it looked at the right thing, and took
# dark wings on a pale sky for an airplane. And in the first the deer is in the bushes, not in the bird.
# Three kinds of mistake that one accuracy would never tell apart.

# %% [markdown]
# ## Spot the mistake: where is the goldfish?
#
# A colleague wants to know what the network sees in the cat. He asks for three classes, and finds that
# "the network clearly sees a goldfish too". What is wrong with that?

# %%
asked = [int(answers[0]), words.index("goldfish"), words.index("espresso")]
three = heat_map(np.stack([images[0]] * 3), asked)
scaled = three / three.max(axis=(1, 2), keepdims=True)
plots.show_heat([images[0]] * 3, scaled, [words[one] for one in asked], columns=3, width=4.4)
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# Every map was divided by its own maximum, so every map has a bright spot, whatever the class. A heat
# map says where the evidence is *if there is any*. Whether there is any, the logit says. On one
# common scale, and with the logits beside it, the goldfish is gone:
# </details>

# %%
titles = [f"{words[one]},\nlogit {logits[0, one]:.1f}" for one in asked]
figure = plots.show_heat([images[0]] * 3, scaled, titles, columns=3, width=4.4)
for place, strength in zip(figure.axes, three.max(axis=(1, 2)) / three.max(), strict=True):
    place.images[1].set_alpha(0.65 * float(strength))
plt.show()
claim("07.goldfish-heat", float(three[1].max() / three[0].max()))
claim("07.goldfish-logit", float(logits[0, asked[0]] - logits[0, asked[1]]))

# %% [markdown]
# `explain.grad_cam` scales too, for the eye. So look at the logit before you look at a map.

# %% [markdown]
# ## Can a heat map be believed? The pointing game
#
# Pretty maps convince easily. Here is a test that they can fail. Paste a photograph at a random place
# on a wall of bricks, ask for the photograph's class, and look whether the brightest place of the
# map lies on the photograph. The photograph is 96 pixels wide, the scene 224.
#
# First, the floor. With which probability does a place that is chosen at random hit? And a lazy map
# that always points to the middle of the scene?

# %%
chance = (96 / 224) ** 2
middle = (96 / (224 - 96 + 1)) ** 2  # 96 of the 129 places of the left edge, and of the top
claim("07.chance", 100 * chance)
claim("07.middle", 100 * middle)

# %% [markdown]
# Chance is 18 %. But a photograph that lies wholly inside the scene often covers its middle, so the
# lazy map hits 55 %. That is the number to beat.
#
# We take the three photographs that the network names well at a small size, and ask for the class
# that it gives each of them alone.

# %%
pasted = [square(name) for name in ("cat", "coffee", "camera")]
scenes = explain.scenes(pasted, [photo("brick")], count=36, seed=0)
pictures = np.stack([scene.image for scene in scenes])
asked = np.tile(answers[:3], 12)
found = np.concatenate(
    [explain.grad_cam(network, pictures[i : i + 3], asked[i : i + 3]) for i in range(0, 36, 3)]
)
boxes = [(scene.left, scene.top, 96, 96) for scene in scenes]
plots.show_heat(pictures[:6], found[:6], boxes=boxes[:6], columns=3, width=4.4)
plt.show()
claim("07.pointing", 100 * explain.hits(found, scenes).mean())

# %% [markdown]
# The white frame is where the photograph lies, the cross is the middle of the map's strongest cell.
# On these scenes the map nearly always hits; but three photographs are few, and easy ones. So this was
# measured on 750 real photographs of cats and dogs, three times 250 of them, and recorded. The first
# line is the result; which of the others do you expect above the lazy map?

# %%
rows = {"Grad-CAM, last convolution": "", "the same, weights shuffled": "-shuffled"}
rows |= {"strongest gradient (saliency)": "-saliency", "always the middle": "-centre"}
rows |= {"Grad-CAM, every photograph": "-told", "Grad-CAM, clouds for bricks": "-clouds"}
for label, key in rows.items():
    result = recorded(f"07.full.pointing{key}")
    print(f"{label:32}{result.mean:6.1f} ± {result.spread:.1f} %")

# %% [markdown]
# Grad-CAM points to the photograph far more often than the lazy map. With shuffled weights it falls to
# chance or below. The strongest single gradient is no better than the lazy map. And the canvas counts:
# clouds are easier than bricks, which have edges of their own. So a hit rate without its canvas says
# little.
#
# How it was done: ± is the spread of the three groups. The network must name the photograph's kind (any of
# ImageNet's 5 domestic cats or 118 dogs) both alone and in the scene, and is asked for its own answer;
# that leaves about 105 scenes a group, since on bricks it names only half of them. *Every photograph*
# drops the second condition, and asks for the answer that it gave to the photograph alone. *Clouds* replaces the bricks by coloured noise. Which canvas, class and layer to use was
# decided on other photographs.
#
# And by layer:

# %%
ladder = ["block3b_add", "block4c_add", "block5c_add", "block6d_add"]
by_layer = {name: recorded(f"07.full.pointing-{name}") for name in ladder}
by_layer["top_conv"] = recorded("07.full.pointing")
figure, axes = plt.subplots(figsize=(6.4, 2.8))
means = [result.mean for result in by_layer.values()]
spreads = [result.spread for result in by_layer.values()]
axes.errorbar(range(5), means, spreads, fmt="o-", capsize=3)
axes.axhline(100 * middle, color=plots.grey, linestyle="--")
axes.axhline(100 * chance, color=plots.grey, linestyle=":")
axes.text(4.3, 100 * middle + 1, "the middle", ha="right", va="bottom", color=plots.grey)
axes.text(4.3, 100 * chance + 1, "chance", ha="right", va="bottom", color=plots.grey)
axes.set_xticks(range(5), [name.removesuffix("_add") for name in by_layer])
axes.set(ylim=(0, 100), xlim=(-0.3, 4.3), ylabel="hits, %", title="Pointing needs the last layers")
plt.show()

# %% [markdown]
# Only the last two are clearly above the lazy map. The maps of earlier layers, which look so fine, don't
# know where the thing is. So the last convolution is a good choice for this network, by measurement.

# %% [markdown]
# ## Does the map depend on what was learnt?
#
# A second test (arXiv 1810.03292). Destroy what the network has learnt, by shuffling the weights of
# a layer among themselves: the numbers stay, their order is lost. Whatever a map shows of the thing
# afterwards can't be due to that layer's training. A map that *still* looks the same was never about
# it; it may just trace the edges of the image.
#
# Three maps: Grad-CAM, saliency, and a popular third one, **gradient x input**: each pixel's gradient
# times how far the pixel is from grey. Three networks: as trained; with everything from stage 6 on
# shuffled, so that it can't tell a cup from a cat; with every layer shuffled. Which of the three maps
# will still show the cup in the second row?


# %%
def three_maps(model):
    slopes = explain.saliency(model, some, classes)
    distance = np.abs(some - 127.0).mean(axis=-1)
    return [explain.grad_cam(model, some, classes), slopes, slopes * distance]


kinds = ["Grad-CAM", "saliency", "gradient x input"]
half = explain.randomised(network, since="block6a_expand_conv")
damaged = {"trained": network, "half shuffled": half, "all shuffled": explain.randomised(network)}
found, pictures = {how: three_maps(model) for how, model in damaged.items()}, []
for cam, *fine in found.values():
    pictures.append(explain.enlarged(cam[0], 112, 112))
    pictures += [coarse(each)[0] for each in fine]
titles = [f"{kind},\n{how}" for how in damaged for kind in kinds]
plots.show_images(pictures, titles, columns=3, cmap="inferno", width=4.2)
plt.show()

# %%
half = [
    explain.likeness(a, b) for a, b in zip(found["trained"], found["half shuffled"], strict=True)
]
claim("07.half-cam", half[0])
claim("07.half-saliency", half[1])
claim("07.half-product", half[2])

# %% [markdown]
# The second row, half shuffled, comes from a network that can't name anything. Its Grad-CAM map points anywhere. But its
# saliency still shows a cup, and so does gradient x input: rims and outlines come from the early
# layers, which are still trained, and from the factor "input". Whoever took these for "what the network
# sees in an espresso" would be wrong. With every layer shuffled little of the cup is left.
#
# How much alike are two maps? The claims above give the rank correlation of their places, the mean over
# two photographs: 1 for the same order, 0 for no relation. The recorded test is a **cascade**: first only
# the classifier is shuffled, then also the last convolution, and so on down to the first layer.

# %%
shuffled_parts = ["classifier", "last conv.", *[f"stage {k}" for k in range(7, 1, -1)], "all"]
figure, axes = plt.subplots(figsize=(6.4, 3.4))
for key, label, marker in zip(("cam", "saliency", "product"), kinds, "osd", strict=True):
    cascade = [recorded(f"07.full.sanity.{key}.{step}") for step in range(9)]
    means, spreads = [r.mean for r in cascade], [r.spread for r in cascade]
    axes.errorbar(range(9), means, spreads, fmt=f"{marker}-", capsize=3, label=label)
axes.axhline(0, color=plots.grey, linestyle=":")
axes.set_xticks(range(9), shuffled_parts, rotation=30, ha="right")
axes.set(ylim=(-0.4, 1), ylabel="rank correlation", xlabel="shuffled from the end down to")
axes.set_title("Likeness to the trained network's map")
axes.legend(ncols=3, loc="upper right")
plt.show()

# %% [markdown]
# Six photographs, three seeds; the bars are the spread between seeds. Grad-CAM's likeness falls to a
# quarter when the classifier alone is shuffled, and from stage 7 on it lies around 0: it depends on the
# network, the classifier included. Saliency drops slowly. Gradient x input stays the most alike to the end, and at
# the left, where the network is ruined already, it is well above one half. So a heat map that
# looks right may be a picture of the *input*.
#
# Passing this test does not make a map true. It has to depend on the network, and it has to point to
# the right place: you have now measured both.

# %% [markdown]
# ## Questions to check yourself
#
# 1. A network ends in a 3 x 3 feature map. How fine can a Grad-CAM map of its last convolution be,
#    and what can you do?
#
#    <details><summary>Answer</summary>
#
#    Nine numbers. Take an earlier layer (and check that it still points to the right place), or give
#    the network larger images.
#    </details>
#
# 2. Why do we differentiate the logit, and not the probability behind the softmax?
#
#    <details><summary>Answer</summary>
#
#    Where the network is sure the softmax is flat and its gradient is nearly 0. And a probability
#    also rises when the *other* logits fall: its map mixes "speaks for the cat" with "speaks against
#    the dog".
#    </details>
#
# 3. For a network whose last convolution is followed by global average pooling and one dense layer,
#    what are Grad-CAM's weights?
#
#    <details><summary>Answer</summary>
#
#    The dense layer's weights of that class, divided by the number of places. No gradient is needed;
#    that special case came first and is called CAM.
#    </details>
#
# 4. A heat map of a lung scan lights up in the corner, on the hospital's stamp. Is the heat map wrong?
#
#    <details><summary>Answer</summary>
#
#    Probably not. The network may have learnt to read the stamp, because one hospital had more of the ill
#    patients. That is the best use of a heat map: finding out that a network is right for the wrong
#    reason. Cover the stamp and see what the answer does.
#    </details>
#
# 5. In a pointing game with photographs of 150 pixels in scenes of 224, a method hits 80 %. Good?
#
#    <details><summary>Answer</summary>
#
#    Worse than pointing to the middle: the photograph's left edge lies anywhere from 0 to 74, so
#    every photograph covers pixel 112, and the lazy map always hits.
#    </details>

# %% [markdown]
# ## What you have seen
#
# - Classification: $K$ scores. Localisation: $K + 4$. Detection: a list of boxes with scores.
#   Segmentation: $H \cdot W \cdot K$.
# - First kernels are edges and colours; feature maps turn from pictures into notes; zeros grow with
#   depth, except where a block has no shortcut.
# - Filter patterns: $x \leftarrow x + \eta\, g / \lVert g \rVert$ with $g = \partial a / \partial x$;
#   jitter, blur and a decorrelated start make them clear.
# - Saliency: $\max_{\text{channels}} |\partial z_c / \partial x|$; SmoothGrad: the mean gradient over noisy
#   copies. Occlusion: the fall of $z_c$ under a square.
# - Grad-CAM: $\mathrm{ReLU}(\sum_k w_k A_k)$, $w_k$ the mean of $\partial z_c / \partial A_k$.
# - Every map is scaled to its own maximum: look at the logit first.
# - Test maps: do they point (against chance *and* against the middle), and do they change when the
#   weights are shuffled?
#
# **Words** [feature map](../docs/glossary.md#feature-map) ·
# [sparsity](../docs/glossary.md#sparsity) ·
# [gradient ascent](../docs/glossary.md#gradient-ascent) ·
# [saliency map](../docs/glossary.md#saliency-map) ·
# [occlusion](../docs/glossary.md#occlusion) ·
# [Grad-CAM](../docs/glossary.md#grad-cam) ·
# [pointing game](../docs/glossary.md#pointing-game) ·
# [classification](../docs/glossary.md#classification) ·
# [localisation](../docs/glossary.md#localisation) ·
# [detection](../docs/glossary.md#detection) ·
# [segmentation](../docs/glossary.md#segmentation) ·
# [logits](../docs/glossary.md#logits)
#
# **Try it** in your own copy (`course start 07`): paste two photographs into one scene and ask for
# each; draw patterns of `efficient_cnn`, trained on thumbnails, and compare them with these; turn a
# heat map into a box (the cells above half of its maximum) and measure how much of it lies on
# the photograph; find a square for the coffee, as small as you can, that changes the answer.
#
# **Next:** the [exercises](exercises/07_exercises.ipynb) (four, from a warm-up to a challenge),
# then [lesson 8](08_the_family_tree.ipynb), on where all these architectures come from.
