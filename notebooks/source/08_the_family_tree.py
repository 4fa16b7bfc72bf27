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
# # 8 · The family tree
#
# *Ten famous networks, each reduced to one idea, built in a few lines and held against what its
# authors wrote; then you build one that stops thinking when it is sure.*
#
# **Time** about 75 minutes to read and run, without the sections marked *Deeper*; the code alone
# needs about a minute.
#
# **You need to know** how parameters are counted (lesson 02), what a multiply-add is, and what a
# batch normalisation does (lesson 05).
#
# **Afterwards you can**
# - say in one sentence what each of ten networks brought, and draw its key block,
# - count parameters and work of any network without paying for its memory,
# - find out why a paper and an implementation differ,
# - explain why 23 times fewer weights are not 23 times faster,
# - train a network with two exits, choose its threshold, and divide it between a device and a
#   server.

# %%
import io
from time import process_time

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from course_utils import claim, load, models, plots, profile, quiet, recorded, training, widgets

with quiet():
    import keras
    from keras import applications, layers
    import tensorflow as tf

run = profile()
plots.use_style()

# %% [markdown]
# ## A contest
#
# Half of these networks were made for one contest, **ILSVRC** (the *ImageNet large scale visual
# recognition challenge*), held every year from 2010 to 2017, and all but the oldest are measured on
# its photographs. Its task of classification, as it has been since 2012: 1,000 classes (among them
# 120 breeds of dogs), with 732 to 1,300 training photographs each, 1,281,167 in all; 50,000
# photographs to validate, 100,000 to test.
#
# How many validation and test photographs is that for one class? And is an average class nearer to
# 732 training photographs or to 1,300?

# %%
photographs = {"training": 1_281_167, "validation": 50_000, "test": 100_000}
for pile, count in photographs.items():
    print(f"{pile:12}{count / 1000:>10,.1f} photographs a class")
claim("08.validation-a-class", photographs["validation"] / 1000)
claim("08.test-a-class", photographs["test"] / 1000)
claim("08.training-a-class", photographs["training"] / 1000)

# %% [markdown]
# 50 and 100; and the average class has nearly the full 1,300, so few classes are much smaller.
#
# A photograph may show several things and has one label. So two numbers are reported. **Top-1
# accuracy**: how often is the network's first answer the label? **Top-5 error**: how often is the
# label *not* among its first five? Who guesses has a top-5 error of 99.5 %.

# %%
claim("08.guessing", 100 * (1 - 5 / 1000))
error = {2010: 28.2, 2011: 25.8, 2012: 16.4, 2013: 11.7, 2014: 6.7, 2015: 3.6, 2016: 3.0, 2017: 2.3}
made_by_hand = [plots.grey] * 2  # features designed by people, and a classifier
figure, axes = plt.subplots(figsize=(6.4, 2.8))
bars = axes.bar(list(error), error.values(), color=made_by_hand + [plots.blue] * 6)
axes.bar_label(bars, fmt="%.1f")
axes.set(title="Winners of the contest", xlabel="year", ylabel="top-5 error, %", xticks=list(error))
axes.set_ylim(0, 32)
plt.show()

# %% [markdown]
# Grey: what people had designed by hand. Blue: convolutional networks. In 2012 the first of them,
# AlexNet, cut the error by more than a third, and nobody has won with anything else since. (Numbers
# of the contest's own data, without extra photographs: Russakovsky and others, arXiv 1409.0575, to
# 2014; then the winners.)
#
# ## Read the bill without paying it
#
# We shall count ten networks, some of them large. VGG16 as it is usually built takes more than half
# a gigabyte for its weights alone. But for counting no weight is needed, only shapes. Inside
# `models.shapes_only()` Keras makes layers that know their shapes and hold no numbers.
#
# Two numbers make the bill: **parameters that are learnt** (batch normalisation's running averages
# are stored, but not learnt), and the **multiply-adds** for one image.

# %%
bills = {}


def outline(name, build, **options):
    """Build without memory; note what is learnt and what one image costs."""
    with models.shapes_only():
        network = build(**options)
    learnt = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
    bills[name] = learnt, models.multiply_adds(network).total
    print(f"{name}: {bills[name][0]:,} learnt parameters, {bills[name][1]:,} multiply-adds")
    return network


# %% [markdown]
# ## 1998 · LeNet-5: learn it all, from pixels to answer
#
# *The idea: convolution and pooling in turn, then dense layers, all trained together by gradient
# descent.* LeNet-5 (LeCun, Bottou, Bengio, Haffner) read the digits on cheques. Everything in it is
# known to you from lessons 02 and 03.
#
# Here it is, with the paper's names: C for convolutions, S for poolings ("subsampling"), F for a
# dense layer. A box is the wider, the more maps it gives.

# %%
lenet_layers = [("C1: 5 x 5, 6", "convolution", 0.5), ("S2: 2 x 2", "pooling", 0.5)]
lenet_layers += [("C3: 5 x 5, 16", "convolution", 0.65), ("S4: 2 x 2", "pooling", 0.65)]
lenet_layers += [("C5: 5 x 5, 120", "convolution", 1), ("F6: 84", "dense", 0.85)]
figure, axes = plt.subplots(figsize=(3.2, 4.4))
plots.show_block(
    [lenet_layers], start="32 x 32 pixels", merge="10 digits", title="LeNet-5", axes=axes
)
plots.block_legend(axes, ["convolution", "pooling", "dense"])
plt.show()

# %% [markdown]
# Six layers and the answer. C1 slides six 5 x 5 kernels over 32 x 32 pixels, without padding. How
# many parameters? And how many *connections*, if every use of a weight or bias at a place counts as
# one?

# %%
parameters = 6 * (5 * 5 + 1)
places = (32 - 5 + 1) ** 2
print(f"C1: {parameters} parameters, used at {places} places: {parameters * places:,} connections")
claim("08.lenet-c1", [parameters, parameters * places])

# %% [markdown]
# 156 parameters make 122,304 connections: that is weight sharing. Three things in it have been
# forgotten since. First, **a map of C3 does not see all maps before it**. Here is who sees whom:

# %%
sees = np.zeros((6, 16), int)
for late_map, early_maps in enumerate(models.LENET_CONNECTIONS):
    sees[list(early_maps), late_map] = 1
axes = plots.show_matrix(
    sees, "Which map of C3 sees which of S2", xlabel="map of C3", ylabel="map of S2"
)
axes.set(xticks=range(16), yticks=range(6))
plt.show()
claim("08.lenet-c3", 25 * int(sees.sum()) + 16)

# %% [markdown]
# Each column is one of the 16 maps of C3; light means "sees". Six of them see three neighbouring
# maps, nine see four, the last sees all. That is 60 kernels in place of 96, so 60 · 25 + 16 = 1,516
# parameters. The authors give two reasons: fewer connections, and maps that see different things
# must learn different things.
#
# Second, its pooling learns: a mean of 2 x 2, times a factor, plus an offset, for each map. Third,
# its ten outputs are distances to ten fixed pictures of digits, 84 pixels each, and not learnt.

# %%
lenet = outline("LeNet-5", models.lenet5)
claim("08.lenet-parameters", bills["LeNet-5"][0])
connections = {
    "C1": 156 * 28**2,
    "S2": (4 + 1) * 6 * 14**2,  # four numbers and an offset for each output
    "C3": 1_516 * 10**2,
    "S4": (4 + 1) * 16 * 5**2,
    "C5": (400 + 1) * 120,
    "F6": (120 + 1) * 84,
    "digits": 84 * 10,
}
claim("08.lenet-connections", sum(connections.values()))

# %% [markdown]
# Both equal what the paper says, to the last digit: 60,000 parameters and 340,908 connections.
# (Our multiply-adds are fewer: biases and offsets are not counted, and pooling adds four numbers but
# multiplies once.) What is called LeNet-5 in today's tutorials has all 96 kernels, plain pooling and
# learnt outputs. How many more parameters?

# %%
today = outline("LeNet-5 of today", models.lenet5, as_published=False)
claim("08.lenet-today", bills["LeNet-5 of today"][0])
claim("08.lenet-difference", 36 * 25 - 2 * (6 + 16) + (84 + 1) * 10)

# %% [markdown]
# 61,706: 36 kernels more, 44 numbers of the pooling fewer, 850 numbers for the outputs more. Same
# name, another network. Keep an eye on that.
#
# ## 2012 · AlexNet: the same, much larger, on two graphics processors
#
# *The idea: LeNet's plan with a thousand times as many weights, on a million photographs, with
# ReLU, dropout and augmentation.* Krizhevsky, Sutskever and Hinton had two graphics processors with
# three gigabytes each, and the network did not fit on one. So they cut it into two *towers*, which
# in three of the five convolutions do not see each other:

# %%
half = ("3 x 3, 192 filters", "in groups", 1)
axes = plots.show_block(
    [[half], [half]],
    start="384 channels: 192 to each tower",
    merge="side by side: 384 channels",
    title="AlexNet, fourth convolution",
)
plt.show()

# %% [markdown]
# In Keras the cut is one word, `groups=2`. Does it save half of the weights, or a quarter, or none?

# %%
with models.shapes_only():
    x = keras.Input((13, 13, 384))
    for groups in (1, 2):
        layer = layers.Conv2D(384, 3, padding="same", groups=groups, use_bias=False)
        layer(x)
        print(f"{groups} group(s): {layer.count_params():>9,} weights")
claim("08.two-groups", layer.count_params())

# %% [markdown]
# Half: each of 384 filters looks at 192 channels instead of 384. Remember this layer; four years
# later it is an idea of its own. The whole network:

# %%
alexnet = outline("AlexNet", models.alexnet)
one_tower = outline("AlexNet in one piece", models.alexnet, towers=1)
claim("08.alexnet-parameters", bills["AlexNet"][0] / 1e6)
claim("08.alexnet-exact", [bills["AlexNet"][0], bills["AlexNet in one piece"][0]])
claim("08.alexnet-work", bills["AlexNet"][1] / 1e6)

# %% [markdown]
# The paper says "60 million parameters"; the work is what a survey of hardware lists (Sze and
# others, 2017, arXiv 1703.09039). The same layers in one piece have 1.4 million parameters
# more.
#
# Where is the bill run up? Guess two shares: how many percent of the *parameters* are in the three
# dense layers, and how many percent of the *work* is in the five convolutions?

# %%
dense = [isinstance(layer, layers.Dense) for layer in alexnet.layers if layer.weights]
sizes = np.array([layer.count_params() for layer in alexnet.layers if layer.weights])
work = np.array([row.multiply_adds for row in models.multiply_adds(alexnet).rows])
figure, axes = plt.subplots(figsize=(6.4, 2.2))
for row, counts in enumerate((100 * sizes / sizes.sum(), 100 * work / work.sum())):
    colours = [plots.orange if is_dense else plots.blue for is_dense in dense]
    left = np.cumsum(counts) - counts
    axes.barh([row] * 8, counts, left=left, color=colours, edgecolor="white")
axes.set(yticks=[0, 1], yticklabels=["parameters", "multiply-adds"], xlabel="share, %")
axes.set_title("AlexNet: five convolutions (blue), three dense layers (orange)")
axes.invert_yaxis()
plt.show()
claim("08.alexnet-dense-share", 100 * sizes[dense].sum() / sizes.sum())
claim("08.alexnet-convolution-work", 100 * work[~np.array(dense)].sum() / work.sum())

# %% [markdown]
# Top: nearly all parameters are dense. Bottom: nearly all work is convolution. A kernel is used at
# every place, a dense weight once. **Parameters are what a network costs to store, multiply-adds
# what it costs to run**, and the two have little to do with each other.
#
# ### Spot the mistake
#
# The paper's picture says: images of 224 x 224 pixels, kernels of 11 x 11, stride 4, and then 55 x
# 55 places. Use lesson 01's formula. What is wrong?
#
# <details><summary>Answer</summary>
#
# (224 - 11) / 4 + 1 is 54.25, which is not even a whole number. With 227 pixels it is 55. (Or with
# three pixels of padding in all.) Every implementation has had to decide; ours takes 227.
# </details>

# %%
claim("08.alexnet-places", [(pixels - 11) / 4 + 1 for pixels in (224, 227)])

# %% [markdown]
# ## 2014 · VGG: nothing but 3 x 3
#
# *The idea: small kernels only, and many layers.* Simonyan and Zisserman asked what a large kernel
# is good for. Three 3 x 3 convolutions in a row see 7 x 7 pixels (lesson 02's receptive field), and
# have a ReLU after each. From C channels to C channels: which has fewer weights, one 7 x 7 or three
# 3 x 3, and by how much?

# %%
figure, panels = plt.subplots(1, 2, figsize=(6.4, 2.6))
plots.show_block(
    [[("7 x 7, C filters", "convolution", 0.8)]], title="49 C² weights", axes=panels[0]
)
three = [("3 x 3, C filters", "convolution", 0.8)] * 3
plots.show_block([three], title="27 C² weights, two bends more", axes=panels[1])
plt.show()
claim("08.seven-over-threes", 49 / 27)

# %% [markdown]
# The large kernel has 81 % more. So VGG16 is built from one block, repeated:


# %%
def vgg_block(x, filters, repeats):
    for _ in range(repeats):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return layers.MaxPooling2D()(x)


with models.shapes_only():
    x = pixels = keras.Input((224, 224, 3))
    for filters, repeats in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        x = vgg_block(x, filters, repeats)
claim("08.vgg16-blocks", keras.Model(pixels, x).count_params())

# %% [markdown]
# Thirteen convolutions, 14.7 million parameters. AlexNet's three dense layers follow. One layer
# holds three quarters of all parameters. Which?

# %%
vgg = outline("VGG16", applications.VGG16, weights=None)
claim("08.vgg16-published", [round(bills["VGG16"][0] / 1e6), round(bills["VGG16"][1] / 1e9, 1)])
largest = max(vgg.layers, key=lambda layer: layer.count_params())
print(f"{largest.name}: {largest.count_params():,} parameters")
claim("08.vgg16-largest-share", 100 * largest.count_params() / vgg.count_params())
claim("08.vgg16-megabytes", 4 * vgg.count_params() / 1e6)

# %% [markdown]
# The first dense layer, which ties 7 x 7 x 512 numbers to 4,096 units. Paper and survey say 138
# million and 15.5 billion; in 32-bit numbers the weights take 553 megabytes. Whoever leaves out the
# dense layers, as you left out the top in lesson 06, leaves out nine tenths of the parameters, and
# less than a hundredth of the work.
#
# ## 2014 · GoogLeNet: several sizes side by side, and 1 x 1 to save
#
# *The idea: don't choose the size of the kernel, take three at once; and narrow the channels by 1 x
# 1, or pointwise, convolutions before the expensive ones.* GoogLeNet (Szegedy and others) won in
# 2014, ahead of VGG. Its **inception block**, with the numbers of the first one:

# %%
axes = plots.show_block(
    [
        [("1 x 1, 64", "1 x 1", 0.7)],
        [("1 x 1, 96", "1 x 1", 0.8), ("3 x 3, 128", "convolution", 0.95)],
        [("1 x 1, 16", "1 x 1", 0.62), ("5 x 5, 32", "convolution", 0.66)],
        [("3 x 3 max", "pooling", 1), ("1 x 1, 32", "1 x 1", 0.66)],
    ],
    start="192 channels",
    merge="side by side: 64 + 128 + 32 + 32 = 256 channels",
    title="An inception block",
)
plots.block_legend(axes, ["1 x 1", "convolution", "pooling"])
plt.show()

# %% [markdown]
# Four branches look at the same maps, and their answers are laid side by side. A box is the wider
# the more channels it gives. In Keras:


# %%
def inception(x, ones, before_threes, threes, before_fives, fives, after_pool):
    def convolution(x, filters, size):
        return layers.Conv2D(filters, size, padding="same", activation="relu")(x)

    pooled = layers.MaxPooling2D(3, 1, padding="same")(x)
    return layers.Concatenate()(
        [
            convolution(x, ones, 1),
            convolution(convolution(x, before_threes, 1), threes, 3),
            convolution(convolution(x, before_fives, 1), fives, 5),
            convolution(pooled, after_pool, 1),
        ]
    )


# %% [markdown]
# What do the narrowing 1 x 1 convolutions save? Without them the 3 x 3 and 5 x 5 kernels would see
# all 192 channels. Count both, or guess: half, a quarter, a tenth?

# %%
with models.shapes_only():
    x = keras.Input((28, 28, 192))
    block = keras.Model(x, inception(x, 64, 96, 128, 16, 32, 32))
with_narrowing = models.multiply_adds(block).total // 28**2
without = 192 * (64 + 9 * 128 + 25 * 32 + 32)
print(f"{with_narrowing:,} weights; without narrowing {without:,}")
claim("08.inception-weights", [with_narrowing, without])

# %% [markdown]
# 163,328 instead of 393,216: less than half, and two layers more. The other saving is at the end:
# the mean of each map and *one* dense layer, in place of AlexNet's three.
#
# ### *Deeper*: a detective story in a table
#
# The paper's Table 1 lists the millions of multiply-adds of each line. Ours, built as the text
# says, beside theirs. One line is far off. Which, and by how much?


# %%
def by_line(network):
    lines = {}
    for row in models.multiply_adds(network).rows:
        line = row.name.split("_")[0]
        lines[line] = lines.get(line, 0) + row.multiply_adds / 1e6
    return lines


published = [34, 360, 128, 304, 73, 88, 100, 119, 170, 54, 71, 1]
with models.shapes_only():
    ours = by_line(models.googlenet(separable_first=False))
print(f"{'line':8}{'ours':>7}{'paper':>6}")
for (line, count), theirs in zip(ours.items(), published, strict=True):
    print(f"{line:8}{count:7.1f}{theirs:6}")

# %% [markdown]
# The first: a 7 x 7 convolution from 3 to 64 channels at 112 x 112 places costs 118 million, and
# the table says 34. Its parameters are off too: 9,408 by our count, "2.7 K" in the table. A slip?
# Try this: eight 7 x 7 kernels for each colour, each on its own, then a 1 x 1 convolution that
# mixes the 24 answers.

# %%
weights = 7 * 7 * 3 * 8 + 3 * 8 * 64
claim("08.first-layer", [weights, round(weights * 112**2 / 1e6)])

# %% [markdown]
# 2,712 weights and 34 million: both fit. The first layer was *separable*, years before that became
# fashionable, and the paper does not say so. (Chollet tells it in the paper on Xception.) Most
# implementations have an ordinary convolution there. Now all lines but one agree:

# %%
googlenet = outline("GoogLeNet", models.googlenet)
ours = by_line(googlenet)
off = {line: abs(ours[line] - theirs) for line, theirs in zip(ours, published, strict=True)}
print([line for line in off if off[line] > 1])
claim("08.googlenet-lines", max(gap for line, gap in off.items() if line != "5a"))
claim("08.googlenet-5a", off["5a"])
claim("08.googlenet-total", bills["GoogLeNet"][1] / 1e9)

# %% [markdown]
# Line 5a is 3 million off, with the filters that the same table gives. *That* one is a slip, or
# another secret. The total, 1.5 billion, is what the paper's text says.
#
# ## 2015 · ResNet: learn the correction
#
# *The idea: let a block compute what to add to its input, instead of computing its output.* By 2015
# depth had become a problem. He and others trained a plain network with 18 layers and one with 34.
# The deeper one was worse (top-1 error 28.5 against 27.9), *on its training images too*, so that
# overfitting can't be the reason. Then they let each pair of layers add its answer to its input:
#
# $$ y = \mathrm{relu}(x + F(x)) $$
#
# Such a **residual connection** carries the input past the layers by a **shortcut**. With it, 34
# layers were better than 18 (25.0 against 27.9). For 50 layers and more
# they made the block a **bottleneck**:

# %%
bottleneck = [("1 x 1, 64", "1 x 1", 0.6), ("3 x 3, 64", "convolution", 0.6)]
bottleneck += [("1 x 1, 256", "1 x 1", 1)]
figure, axes = plt.subplots(figsize=(4.6, 3.4))
plots.show_block(
    [bottleneck, []], start="256 channels", merge="+", title="A bottleneck of ResNet50", axes=axes
)
axes.text(0.93, 2.5, "shortcut", rotation=90, va="center", ha="right", fontsize=9)
plots.block_legend(axes, ["1 x 1", "convolution"])
plt.show()

# %% [markdown]
# The same in Keras. How many weights has it? And how many would two 3 x 3 convolutions have that
# work on all 256 channels?


# %%
def bottleneck_block(x, width, filters):
    y = x
    for size, count in ((1, width), (3, width), (1, filters)):
        y = layers.Conv2D(count, size, padding="same", use_bias=False)(y)
        y = layers.BatchNormalization()(y)
        if count == width:
            y = layers.ReLU()(y)
    return layers.ReLU()(layers.Add()([x, y]))


with models.shapes_only():
    x = keras.Input((56, 56, 256))
    block = keras.Model(x, bottleneck_block(x, 64, 256))
narrow, wide = models.multiply_adds(block).total // 56**2, 2 * 9 * 256**2
claim("08.bottleneck-weights", [narrow, wide])

# %% [markdown]
# Narrow, look, widen again: 69,632 weights instead of 1,179,648. (Each `BatchNormalization` has a
# scale and an offset besides.)
#
# **Why can a deeper network of this kind hardly be worse?** Set the scale of the last batch
# normalisation to 0 (its offset is 0 from the start). Then F gives 0 everywhere. What does the
# block do to maps that come out of a ReLU?

# %%
x = keras.Input((8, 8, 16))
block = keras.Model(x, bottleneck_block(x, 4, 16))
last_norm = block.layers[-3]
last_norm.gamma.assign(np.zeros(16))
maps = np.random.default_rng(0).random((1, 8, 8, 16)).astype("float32")
claim("08.identity", float(np.abs(block(maps) - maps).max()))

# %% [markdown]
# It hands them on as they are. "Do nothing" is one short step away for each block, so a deep
# network can act like a shallow one. A plain layer would have to *learn* the identity, channel by
# channel. (That is why it can do as well; why it trains so much better is still debated.)

# %%
resnet = outline("ResNet50", applications.ResNet50, weights=None)
claim("08.resnet50-parameters", bills["ResNet50"][0] / 1e6)
claim("08.resnet50-work", bills["ResNet50"][1] / 1e9)
convolutions = [layer for layer in resnet.layers if isinstance(layer, layers.Conv2D)]
biases = sum(layer.bias.shape[0] for layer in convolutions)
claim("08.resnet50-exact", [resnet.count_params(), bills["ResNet50"][0], biases])

# %% [markdown]
# The papers say 25.5 million parameters and 3.8 billion multiply-adds. You may also meet
# 25,636,712, 25,583,592 and 25,557,032. All three are right. The first is all that Keras stores.
# Without the running averages of batch normalisation it is the second. And Keras's convolutions
# have 26,560 biases, which the batch normalisation behind each makes useless (it subtracts the
# mean, the bias with it); without them it is the third, which PyTorch reports. And 4.1 instead of
# 3.8 billion comes from moving the stride to the 3 x 3 convolution, as most people do today.
#
# ## 2016 · ResNeXt: many narrow paths
#
# *The idea: cut the middle convolution into 32 groups, and spend what that saves on width.* This is
# AlexNet's cut, made from choice:

# %%
figure, panels = plt.subplots(1, 2, figsize=(6.4, 3.3))
plots.show_block([bottleneck, []], start="256", merge="+", title="ResNet50", axes=panels[0])
grouped = [("1 x 1, 128", "1 x 1", 0.75), ("3 x 3, 128 in 32 groups", "in groups", 1.15)]
grouped += [("1 x 1, 256", "1 x 1", 1)]
plots.show_block([grouped, []], start="256", merge="+", title="ResNeXt-50", axes=panels[1])
plots.block_legend(panels[0], ["1 x 1", "convolution", "in groups"])
plt.show()
claim("08.grouped-weights", [9 * 64 * 64, 9 * 128 * 128 // 32])

# %% [markdown]
# (From here on a box is as wide as its words need.) The middle has twice as many channels, and
# 4,608 weights instead of 36,864, since each filter sees 4 channels only. The 1 x 1 convolutions
# take up what is saved:

# %%
resnext = outline("ResNeXt-50", models.resnext50)
claim("08.resnext-published", [round(n, 1) for n in np.divide(bills["ResNeXt-50"], (1e6, 1e9))])
claim("08.resnext-exact", bills["ResNeXt-50"][0])

# %% [markdown]
# So it costs about as much as ResNet50, a tenth more by our count (part of it because its stride
# sits in another layer). Its authors (Xie and others) trained both alike: top-1 error 22.2 against
# 23.9. Their word for the number of groups is **cardinality**.
#
# How far can one go? As many groups as channels: then each kernel sees one channel.
#
# ## 2016 · Xception and MobileNet: every channel for itself
#
# *The idea: filter each channel on its own, then mix the channels by 1 x 1: a **depthwise separable
# convolution** (lesson 02).* Xception (Chollet) takes it for accuracy, MobileNet (Howard and
# others, 2017) for phones.

# %%
figure, panels = plt.subplots(1, 2, figsize=(6.4, 3.0))
one = [("5 x 5 x 3, 256 filters", "convolution", 1)]
plots.show_block([one], start="3", merge="256", title="all at once: 19,200 weights", axes=panels[0])
each = [("5 x 5, one for each channel", "in groups", 1), ("1 x 1 x 3, 256", "1 x 1", 1)]
plots.show_block([each], start="3", merge="256", title="separated: 843 weights", axes=panels[1])
plt.show()

# %% [markdown]
# Left, each of 256 kernels looks at space and colours at once. Right, three kernels look, and 256
# mixtures follow. Does Keras count the same?

# %%
with models.shapes_only():
    x = keras.Input((112, 112, 3))
    pair = {
        "all at once": layers.Conv2D(256, 5, padding="same", use_bias=False),
        "separated": layers.SeparableConv2D(256, 5, padding="same", use_bias=False),
    }
    for name, layer in pair.items():
        layer(x)
        print(f"{name:12}{layer.count_params():>7,} weights")
weights = [layer.count_params() for layer in pair.values()]
claim("08.separable-weights", weights)
claim("08.separable-ratio", weights[0] / weights[1])

# %% [markdown]
# And the two networks. Where does MobileNet spend its work? Depthwise 3 x 3 kernels, 1 x 1
# convolutions, or elsewhere?

# %%
xception = outline("Xception", applications.Xception, weights=None)
mobilenet = outline("MobileNet", applications.MobileNet, weights=None)
claim("08.xception-parameters", bills["Xception"][0])
claim("08.xception-work", round(bills["Xception"][1] / 1e9, 1))
claim("08.mobilenet-published", [round(n, 1) for n in np.divide(bills["MobileNet"], (1e6, 1e6))])
work = {"depthwise": 0, "1 x 1": 0, "elsewhere": 0}
for row in models.multiply_adds(mobilenet).rows:
    kind = {"conv_dw": "depthwise", "conv_pw": "1 x 1"}.get(row.name[:7], "elsewhere")
    work[kind] += 100 * row.multiply_adds / bills["MobileNet"][1]
claim("08.mobilenet-shares", [round(share, 2) for share in work.values()])

# %% [markdown]
# 94.86 % in the 1 x 1 convolutions and 3.06 % in the depthwise ones, as in the paper's Table 2.
# Looking around costs next to nothing; mixing channels costs all. Xception's 22,855,952 parameters
# are the paper's to the last digit (Keras says 22,910,480, running averages included).
#
# ## Is 23 times less also 23 times faster?
#
# Lesson 02 promised a measurement. Your guess for this machine: 23 times, 10, 3, or even slower? We
# time the layer of 843 weights against the one of 19,200, and a layer as in MobileNet's middle: 3 x
# 3 from 512 to 512 channels at 14 x 14 places, where separating makes 8.8 times less work. What is
# measured is processor time, summed over the cores, so that other programs don't count.


# %%
def seconds(layer, images, rounds=7):
    """Return the shortest of several processor times; the first call prepares, and is left out."""
    layer(images)
    times = []
    for _ in range(rounds):
        start = process_time()
        layer(images).numpy()
        times.append(process_time() - start)
    return min(times)


# %% [markdown]
# Eight images at a time, both layers in turn:

# %% tags=["nbval-ignore-output"]
faster = {}
for side, channels, filters, size in ((112, 3, 256, 5), (14, 512, 512, 3)):
    images = tf.random.normal((8, side, side, channels), seed=0)
    options = {"padding": "same", "use_bias": False}
    both = [
        seconds(kind(filters, size, **options), images)
        for kind in (layers.Conv2D, layers.SeparableConv2D)
    ]
    faster[size] = both[0] / both[1]
    print(f"{size} x {size}, {channels} to {filters} channels: {faster[size]:.1f} times faster")

# %%
claim("08.not-23-times", faster[5])
keys = ("5x5-3-256", "3x3-128-128", "3x3-512-512")
words = ("5 x 5, 3 to 256", "3 x 3, 128 to 128", "3 x 3, 512 to 512")
figure, axes = plt.subplots(figsize=(6.4, 2.8))
for shift, what, colour in ((-0.2, "work", plots.sky), (0.2, "time", plots.blue)):
    values = [recorded(f"08.bench.separable-{key}-{what}").mean for key in keys]
    bars = axes.barh(np.arange(3) + shift, values, 0.38, color=colour, label=f"less {what}")
    axes.bar_label(bars, fmt=" %.1f")
axes.set(yticks=range(3), yticklabels=words, xlabel="times less than the ordinary convolution")
axes.set(title="Separated: less work, less time (recorded)", xlim=(0, 27))
axes.invert_yaxis()
axes.legend(loc="lower right")
plt.show()

# %% [markdown]
# The chart shows recorded ratios, with a third pair in the middle (at 56 x 56 places); those of your
# machine stand above it. The layer
# with 23 times fewer weights takes about half the time, and in no case is as much time saved as the
# count promises. Why? A processor does dozens of multiply-adds in
# the time that one number takes from or to memory. So ask how many it does **for each number that
# it moves**, the *arithmetic intensity*, here for one image:


# %%
def intensity(side, channels, filters, size, separated):
    places = side**2
    moved = [places * channels, places * filters]  # read, written
    if separated:
        moved.append(2 * places * channels)  # the maps between the two: written, and read again
        weights = size**2 * channels + channels * filters
    else:
        weights = size**2 * channels * filters
    return places * weights / (sum(moved) + weights)


for shape in ((112, 3, 256, 5), (14, 512, 512, 3)):
    full, separated = (intensity(*shape, separated=s) for s in (False, True))
    print(f"{shape}: {full:.0f} multiply-adds for each number moved, separated {separated:.0f}")
claim("08.intensity", [round(intensity(112, 3, 256, 5, s)) for s in (False, True)])

# %% [markdown]
# The ordinary layer does 74 multiply-adds for each number that it moves, the separated one 3. Both
# must write 256 numbers a place, and the separated one hardly does anything but write. With 512
# channels there is more arithmetic for each number; that is where separating pays. **Count to
# compare work; measure to compare time.**
#
# ## 2017 · NASNet: let a machine draw the block
#
# *The idea: search for the block automatically on small images, then stack the best one for large
# ones.* Zoph and others let a network propose blocks, trained each briefly on CIFAR-10, and
# rewarded good proposals: 500 graphics processors, four days. Two blocks won, one that keeps the size
# of the maps and one that halves it. The first adds five pairs:

# %%
pairs = [
    ("5 x 5 of h\n+ 3 x 3 of p", "in groups", 1),
    ("5 x 5 of p\n+ 3 x 3 of p", "in groups", 1),
    ("mean of h\n+ p", "pooling", 1),
    ("mean of p\n+ mean of p", "pooling", 1),
    ("3 x 3 of h\n+ h", "in groups", 1),
]
axes = plots.show_block(
    [[pair] for pair in pairs],
    start="h: the block before,   p: the one before that",
    merge="p and the five sums, side by side",
    title="The block that NASNet repeats",
)
axes.figure.set_size_inches(6.4, 2.4)
plots.block_legend(axes, ["in groups", "pooling"])
plt.show()

# %% [markdown]
# All its kernels are separable, each applied twice in a row. Look at the fourth box: it adds the
# mean of p to the very same mean of p. No human would have drawn that; it is twice one map. The
# search was not told to be elegant.

# %%
nasnet = outline("NASNetMobile", applications.NASNetMobile, weights=None)
claim("08.nasnet-total", nasnet.count_params())
claim("08.nasnet-published", [round(n, 1) for n in np.divide(bills["NASNetMobile"], (1e6, 1e6))])

# %% [markdown]
# Keras stores 5,326,716 numbers, 5.3 million of them learnt; the paper says 5.3 million parameters
# and 564 million multiply-adds. (For training the authors attach a second classifier on the way,
# which neither Keras nor we build. Further down you attach one yourself, for another purpose.)
#
# ## 2019 · EfficientNet: wide in the middle, and everything in proportion
#
# *Two ideas: a bottleneck turned inside out, and one knob for depth, width and resolution.* The
# block comes from MobileNetV2 (Sandler and others, 2018) and is called an **inverted residual**:

# %%
inverted = [("1 x 1, 144", "1 x 1", 1), ("3 x 3, each channel", "in groups", 1)]
inverted += [("1 x 1, 24", "1 x 1", 0.5)]
figure, panels = plt.subplots(1, 2, figsize=(6.4, 3.3))
plots.show_block([bottleneck, []], start="256", merge="+", title="bottleneck", axes=panels[0])
plots.show_block([inverted, []], start="24", merge="+", title="inverted residual", axes=panels[1])
plots.block_legend(panels[0], ["1 x 1", "convolution", "in groups"])
plt.show()

# %% [markdown]
# Left, wide maps are narrowed so that the 3 x 3 convolution is affordable. Right, the 3 x 3 works
# on each channel by itself and is cheap, so the maps can be *widened* for it, here six times. What
# travels along the shortcut, and has to be kept in memory, is narrow. How many weights has this
# one?


# %%
def inverted_residual(x, widen, size):
    y = layers.Conv2D(widen * x.shape[-1], 1, use_bias=False)(x)
    y = layers.ReLU(6)(layers.BatchNormalization()(y))
    y = layers.DepthwiseConv2D(size, padding="same", use_bias=False)(y)
    y = layers.ReLU(6)(layers.BatchNormalization()(y))
    y = layers.Conv2D(x.shape[-1], 1, use_bias=False)(y)
    return layers.Add()([x, layers.BatchNormalization()(y)])


with models.shapes_only():
    x = keras.Input((56, 56, 24))
    block = keras.Model(x, inverted_residual(x, widen=6, size=3))
claim("08.inverted-weights", models.multiply_adds(block).total // 56**2)

# %% [markdown]
# 24 · 144 to widen, 9 · 144 to look, 144 · 24 to narrow: 8,208. Nothing bends behind the last 1 x
# 1: on narrow maps a ReLU would destroy what the channels hold.
#
# Tan and Le searched for a small network of such blocks, B0, and then scaled it up with one knob
# $\varphi$: depth by $1.2^\varphi$, width by $1.1^\varphi$, image size by $1.15^\varphi$ (**compound
# scaling**; the work grows about $2^\varphi$ times). The network of lessons 06 and 07 is
# EfficientNet-Lite0 (2020): B0 without two things that run badly on phones, a small side branch in
# each block that weights its channels (*squeeze and excitation*) and a smooth bend, *swish*, for
# which it has ReLU6, a ReLU cut off at 6.

# %%
lite = outline("EfficientNet-Lite0", models.efficientnet_lite0, weights=None)
claim("08.lite0-parameters", bills["EfficientNet-Lite0"][0] / 1e6)
claim("08.lite0-work", bills["EfficientNet-Lite0"][1] / 1e6)

# %% [markdown]
# Parameters agree; its authors list 407 million multiply-adds, and we count 385 million, a
# twentieth less. They don't say what they count. (Perhaps they add batch normalisations and ReLUs,
# which treat 6 to 7 million numbers here and cost a few operations for each.)
#
# ## Accuracy and what it costs
#
# Nine of the ten have been trained on the contest's photographs. Two predictions before you run the
# cell. Is the one with most multiply-adds the most accurate? And has the accuracy risen with the
# years at the same price?

# %%
top_1 = {
    "AlexNet": (2012, 59.3),  # its paper, mean over ten views of a photograph
    "VGG16": (2014, 71.5),  # MobileNet's paper
    "GoogLeNet": (2014, 69.8),  # MobileNet's paper
    "ResNet50": (2015, 76.1),  # ResNeXt's paper
    "ResNeXt-50": (2016, 77.8),  # its paper
    "Xception": (2016, 79.0),  # its paper, 299 pixels
    "MobileNet": (2017, 70.6),  # its paper
    "NASNetMobile": (2017, 74.0),  # its paper
    "EfficientNet-Lite0": (2020, 75.1),  # its authors' page
}
networks = {f"{n} {year}": (bills[n][1], right, bills[n][0]) for n, (year, right) in top_1.items()}
left = ["VGG16 2014", "ResNeXt-50 2016"]
plots.show_family(networks, title="Nine networks", below=["ResNet50 2015"], left=left)
plt.show()
claim("08.vgg16-over-lite0", bills["VGG16"][1] / bills["EfficientNet-Lite0"][1])

# %% [markdown]
# Left is cheaper, up is better, large discs have many parameters. VGG16 stands far to the right and
# low: EfficientNet-Lite0 is better for a fortieth of the work and a thirtieth of the parameters. So
# no to the first question. To the second, yes: near 0.4 to 0.8 billion, AlexNet (2012) has 59,
# MobileNet (2017) 71, NASNetMobile (2017) 74, EfficientNet-Lite0 (2020) 75.
#
# Be careful with it, though. Each point is a network *and its recipe*, and recipes got better too:
# the same ResNet50 reaches 80.4 with one of 2021 (Wightman and others, arXiv 2110.00476), more than
# any point in this chart. Lesson 05 has shown you why. Nor was everything measured alike: AlexNet's
# is a mean over ten views of each photograph, and VGG's own paper says 74.4, where MobileNet's says
# 71.5, since it looks at larger pictures.
#
# ## Stop when you are sure
#
# All ten spend the same work on every image. But some images are easy. A network with an **early
# exit** has a small classifier half-way: if that is sure, its answer counts and the rest is never
# computed (Teerapittayanon, McDanel and Kung, *BranchyNet*, 2016).

# %%
trunk = [("2 x 2 whitening, 24", "convolution", 0.66), ("3 x 3, 32, pool", "convolution", 0.66)]
trunk += [("3 x 3, 32", "convolution", 0.66)]
rest = [("3 x 3, 64, pool", "convolution", 0.75), ("3 x 3, 128 (twice)", "convolution", 0.9)]
figure, panels = plt.subplots(1, 2, figsize=(6.4, 3.4))
plots.show_block([trunk], start="32 x 32 x 3", merge="8 x 8 x 32", title="first", axes=panels[0])
exits = [[("early exit", "exit", 0.75)], [*rest, ("late exit", "exit", 0.75)]]
plots.show_block(exits, start="8 x 8 x 32", merge="answer", title="then", axes=panels[1])
plt.show()

# %% [markdown]
# Our network for CIFAR-10, `models.two_exit_cnn`. It begins with lesson 05's whitening, on patches
# side by side. Each exit takes the largest number of every map and puts a dense layer on top. What
# share of the work is done when the early exit answers?

# %%
cifar = load("cifar10", run.size)
split = cifar.holdout(run.pick(quick=0.2, full=0.1), seed=0)
keras.utils.set_random_seed(0)
model = models.two_exit_cnn(split.x_train)
rows = models.multiply_adds(model).rows
until_early = sum(row.multiply_adds for row in (*rows[:3], rows[6]))
total = sum(row.multiply_adds for row in rows)
print(f"{until_early:,} of {total:,} multiply-adds")
share = until_early / total
claim("08.exit-work", [until_early, total])
claim("08.exit-share", 100 * share)

# %% [markdown]
# A third. Both exits are trained together; the loss is the sum of their losses, so that the layers
# they share serve both. Otherwise it is lesson 05's loop. Which exit will be better, and by how
# much?

# %% tags=["nbval-ignore-output"]
recipe = training.Recipe(epochs=run.pick(quick=8, full=10), flips="random")
_ = training.train_exits(model, split.x_train, split.y_train, recipe)
early, late = training.predict_exits(model, split.x_val)
for name, logits in (("early", early), ("late", late)):
    right = 100 * np.mean(logits.argmax(axis=1) == split.y_val)
    print(f"{name:6}{right:5.1f} % of the validation images, in this run")

# %%
early_right = early.argmax(axis=1) == split.y_val
late_right = late.argmax(axis=1) == split.y_val
claim("08.early-validation", 100 * early_right.mean())
claim("08.late-validation", 100 * late_right.mean())
claim("08.only-early-right", 100 * np.mean(early_right & ~late_right))

# %% [markdown]
# The late exit is better, by seven or eight points. But of a hundred images five or six are named
# rightly by the early exit and *wrongly* by the late one: thinking longer is not always better.
#
# When may an image leave? When the largest of its ten probabilities reaches a **threshold**. Move
# it (in a running notebook), and watch both panels. Where would you put it?


# %%
def sureness(logits):
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (odds / odds.sum(axis=1, keepdims=True)).max(axis=1)


def outcome(threshold, early, late, labels):
    """Return accuracy, mean cost and share of images that leave, all in percent."""
    leaves = sureness(early) >= threshold
    said = np.where(leaves, early.argmax(axis=1), late.argmax(axis=1))
    cost = share + (1 - share) * np.mean(~leaves)
    return 100 * np.mean(said == labels), 100 * cost, 100 * np.mean(leaves)


thresholds = np.round(np.arange(0.2, 1.001, 0.02), 2)
curve = np.array([outcome(t, early, late, split.y_val) for t in thresholds])


# %% [markdown]
# The picture starts at the threshold 0.5.


# %%
def draw(threshold):
    figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 3.0))
    both = [sureness(early)[early_right], sureness(early)[~early_right]]
    colours, names = [plots.blue, plots.orange], ["right", "wrong"]
    left.hist(both, np.linspace(0, 1, 21), stacked=True, color=colours, label=names)
    left.axvline(threshold, color="black", linestyle="--")
    left.set(title="The early exit's answers", xlabel="largest probability", ylabel="images")
    left.legend()
    accuracy, cost, leaving = outcome(threshold, early, late, split.y_val)
    right.plot(curve[:, 1], curve[:, 0], color=plots.grey)
    right.plot(cost, accuracy, "o", color=plots.blue, markersize=9)
    right.set(title=f"{leaving:.0f} % leave at {threshold:.1f}", xlabel="mean cost, %")
    right.set_ylabel("validation accuracy, %")
    return figure


alt = "Left: how sure the early exit is, right and wrong answers; right: accuracy against cost."
steps = [round(0.1 * i, 1) for i in range(2, 11)]
widgets.explore(draw, alt=alt, start={"threshold": 0.5}, threshold=steps)

# %% [markdown]
# Left: images to the right of the dashed line leave. The surer the early exit, the smaller the
# share of orange, its wrong answers: sureness means something. Right: the cost of a mean image
# against accuracy, for all thresholds; the dot is the one shown. At the right end nobody leaves, at
# the left end nearly all do. Coming from the right, the curve is nearly flat at first: work saved
# for next to nothing. Then it falls.
#
# Now a rule, decided before we look: **the lowest threshold that costs at most one point of
# validation accuracy**. Then the test images, once.

# %%
alone = 100 * late_right.mean()
chosen = thresholds[np.argmax(curve[:, 0] >= alone - 1)]  # the first that holds
claim("08.chosen-threshold", float(chosen))
test_early, test_late = training.predict_exits(model, cifar.x_test)
right, cost, leaving = outcome(chosen, test_early, test_late, cifar.y_test)
late_alone = 100 * np.mean(test_late.argmax(axis=1) == cifar.y_test)
claim("08.exits-test", right)
claim("08.exits-lost", late_alone - right)
claim("08.exits-cost", cost)

# %% [markdown]
# In the four recorded runs of this lesson between a quarter and two fifths of the work were saved,
# for 0.3 to 1.6 points of accuracy, on test images that had no part in the choice. Mean and standard
# deviation (who leaves was counted on the validation images, all else on the test images):

# %%
for key, words in {"08.exits": "this lesson's size"}.items():
    found = {k: recorded(f"{key}.{k}") for k in ("exits-test", "late-test", "cost", "leaving")}
    values = {name: f"{result.mean:.1f} ± {result.spread:.1f} %" for name, result in found.items()}
    print(f"{words}: late exit alone {values['late-test']}, two exits {values['exits-test']},")
    print(f"    at {values['cost']} of the work; {values['leaving']} leave")

# %% [markdown]
# One warning. *Work* is saved for each image by itself. In a batch of 32 some image nearly always
# goes on; who wants to save *time* must take the others out of the batch.
#
# ## A device and a server
#
# The early exit fits on a small device, the rest runs on a server (Teerapittayanon and others,
# *Distributed deep neural networks*, 2017). Sure: the device answers, and nothing is sent. Not
# sure: it sends something, and the server goes on from there. Sends what? It could send the
# photograph, 32 · 32 · 3 = 3,072 bytes. Or the maps that it has computed already. How many bytes
# are these, as 32-bit numbers?

# %%
numbers = 8 * 8 * 32
print(f"photograph {32 * 32 * 3:,} bytes, maps {4 * numbers:,} bytes")
claim("08.bytes", [32 * 32 * 3, 4 * numbers])

# %% [markdown]
# More than twice as many as the photograph. So maps are worth sending only in fewer bits. With $b$
# bits a number takes one of $2^b$ values: divide each map by its largest training value, multiply
# by $2^b - 1$, round. That is **quantisation**. The server's half was not trained for it. How few
# bits will it stand: 8, 4, 2, or even 1?

# %%
device = keras.Model(model.input, [model.get_layer("split").output, model.outputs[0]])
server = keras.Model(model.get_layer("split").output, model.outputs[1])
maps, _ = training.predict_exits(device, split.x_val)
largest = training.predict_exits(device, split.x_train[:2000])[0].max(axis=(0, 1, 2))


def sent(maps, bits):
    """Return what arrives when every number travels in so many bits."""
    levels = 2**bits - 1
    return np.round(np.clip(maps / largest, 0, 1) * levels) / levels * largest


by_bits = {bits: server.predict(sent(maps, bits), verbose=0) for bits in (8, 4, 3, 2, 1)}

# %% [markdown]
# The accuracy of device and server together, at the threshold that was chosen:

# %%
accuracy = {
    bits: outcome(chosen, early, answers, split.y_val)[0] for bits, answers in by_bits.items()
}
figure, axes = plt.subplots(figsize=(6.4, 2.8))
axes.plot(list(accuracy), accuracy.values(), "o-")
axes.axhline(outcome(chosen, early, late, split.y_val)[0], color="black", linestyle=":")
axes.set(
    xlabel="bits for each number sent", ylabel="validation accuracy, %", xticks=[1, 2, 3, 4, 8]
)
axes.set(title="How few bits will do? (dotted: 32 bits)")
plt.show()
claim("08.eight-bits", abs(accuracy[8] - outcome(chosen, early, late, split.y_val)[0]))
claim("08.four-bits", outcome(chosen, early, late, split.y_val)[0] - accuracy[4])
claim("08.one-bit", outcome(chosen, early, late, split.y_val)[0] - accuracy[1])

# %% [markdown]
# Eight bits and four lose nothing: what lies above the dotted line is luck. Three lose a little,
# two some points. With one bit, where a number is either 0 or the largest there is, the network
# falls apart: the server's layers have never seen such maps. (Networks that were *trained* with
# single bits on the way do stand it: those of the paper send their maps in no other way.)
#
# Now the bytes for a mean image. A fair comparison also *compresses* the photograph, without loss,
# as PNG:


# %%
def png_bytes(image):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.tell()


stays = np.mean(sureness(early) >= chosen)
compressed = float(np.mean([png_bytes(image) for image in split.x_val[:200]]))
options = {"every photograph": 3072, "every photograph, PNG": compressed}
options["unsure ones, PNG"] = (1 - stays) * compressed
options |= {f"unsure ones, maps of {b} bits": (1 - stays) * numbers * b / 8 for b in (8, 4)}
figure, axes = plt.subplots(figsize=(6.4, 2.6))
bars = axes.barh(list(options), options.values(), color=[plots.grey] * 2 + [plots.blue] * 3)
axes.bar_label(bars, fmt=" {:,.0f}")
axes.set(xlabel="bytes sent for a mean image", title="What crosses the network", xlim=(0, 3600))
axes.invert_yaxis()
plt.show()
claim("08.png-bytes", compressed)
claim("08.fewer-bytes", 3072 / options["unsure ones, maps of 4 bits"])

# %% [markdown]
# Grey: no early exit. Blue: with it. Maps of 4 bits for the unsure ones come to less than a quarter
# of all photographs, and to less than half of what the unsure photographs take as PNG. The server
# computes the second part only, and only for them. And there is a gain that no chart shows: the
# photograph never leaves the device. (Maps are no secret, though: much of an image can be computed
# back from them.)
#
# ## Questions to check yourself
#
# 1. A colleague's ResNet50 has 25,557,032 parameters, yours has 25,636,712. Who has made a mistake?
#
#    <details><summary>Answer</summary>
#
#    Nobody. Yours counts 53,120 running averages and 26,560 biases that have no effect.
#    </details>
#
# 2. A 3 x 3 convolution from 64 to 64 channels is cut into 4 groups. How many weights are left, and
#    which connections are lost?
#
#    <details><summary>Answer</summary>
#
#    A quarter, 9 · 16 · 64 = 9,216. A filter of one group sees no channel of the other three. So a
#    1 x 1 convolution follows, which mixes them.
#    </details>
#
# 3. Which of the ten ideas make the same network *cheaper*, and which make a *deeper* one
#    trainable?
#
#    <details><summary>Answer</summary>
#
#    Cheaper: partial connections, 3 x 3 for 7 x 7, 1 x 1 before large kernels, the mean in place of
#    dense layers, bottlenecks, groups, separable convolutions. Trainable: ReLU, shortcuts (and
#    batch normalisation, which came in between).
#    </details>
#
# 4. The early exit is right for 60 of 100 images. Why doesn't one simply let these 60 leave?
#
#    <details><summary>Answer</summary>
#
#    In use nobody knows which they are. Sureness is the only thing that is known, and some answers
#    are sure and wrong.
#    </details>
#
# 5. An early exit costs a third of the work, and 40 of 100 images leave. What is the mean cost? And
#    if none leaves?
#
#    <details><summary>Answer</summary>
#
#    1/3 + 2/3 · 0.6 = 0.73 of everything. If none leaves, all of it: the exit itself, a dense layer
#    on 32 numbers, is nearly free here.
#    </details>
#
# 6. A separable layer takes as long as the ordinary one on your machine. Where do you look?
#
#    <details><summary>Answer</summary>
#
#    At the numbers that are moved: with few input channels, or large maps, both layers wait for
#    memory. And at the library: depthwise kernels are often less well tuned.
#    </details>
#
# ## What you have seen
#
# - LeNet-5: learn everything. AlexNet: large. VGG: 3 x 3. GoogLeNet: side by side, 1 x 1 first.
#   ResNet: $y = x + F(x)$. ResNeXt: groups. Xception, MobileNet: one kernel a channel, then 1 x 1.
#   NASNet: searched. EfficientNet: inverted bottlenecks, scaled in proportion.
# - Weights of a convolution in $g$ groups: $K^2 C F / g$; separable: $K^2 C + C F$; bottleneck:
#   $2 C W + K^2 W^2$.
# - Multiply-adds of a layer: weights times places. Time: measured, since numbers have to be moved.
# - A published count needs a footnote: running averages, biases, where the stride is, what was
#   left out.
# - Mean cost with an early exit: $c + (1 - c)(1 - q)$, where $c$ is the share of the work before
#   the exit and $q$ the share of images that leave.
# - Bytes sent for a mean image: $(1 - q) \cdot n b / 8$ for $n$ numbers of $b$ bits.
#
# **Words** [ILSVRC](../docs/glossary.md#ilsvrc) ·
# [top-1 and top-5](../docs/glossary.md#top-1-and-top-5) ·
# [multiply-add](../docs/glossary.md#multiply-add) ·
# [weight sharing](../docs/glossary.md#weight-sharing) ·
# [receptive field](../docs/glossary.md#receptive-field) ·
# [grouped convolution](../docs/glossary.md#grouped-convolution) ·
# [pointwise convolution](../docs/glossary.md#pointwise-convolution) ·
# [inception block](../docs/glossary.md#inception-block) ·
# [residual connection](../docs/glossary.md#residual-connection) ·
# [bottleneck](../docs/glossary.md#bottleneck) ·
# [cardinality](../docs/glossary.md#cardinality) ·
# [inverted residual](../docs/glossary.md#inverted-residual) ·
# [depthwise separable convolution](../docs/glossary.md#depthwise-separable-convolution) ·
# [arithmetic intensity](../docs/glossary.md#arithmetic-intensity) ·
# [architecture search](../docs/glossary.md#architecture-search) ·
# [compound scaling](../docs/glossary.md#compound-scaling) ·
# [early exit](../docs/glossary.md#early-exit) ·
# [threshold](../docs/glossary.md#threshold) ·
# [quantisation](../docs/glossary.md#quantisation)
#
# **Try it** in your own copy (`course start 08`):
#
# 1. *Warm-up.* Count `applications.MobileNetV2` and `applications.DenseNet121`, and find out from
#    their papers whether the counts agree.
# 2. *Middle.* Give ResNeXt-50 other `groups` and draw parameters against cardinality. Why does the
#    curve become flat?
# 3. *Harder.* Choose who leaves by the gap between the two largest probabilities, or by the entropy
#    $-\sum p \ln p$, in place of the largest. Does the curve rise? Decide on validation images.
# 4. *Hardest.* Train the network with two exits through quantised maps (round in the forward pass,
#    hand the gradient on as if nothing had been rounded). How few bits will do now?
#
# **Last:** the [exercises](exercises/08_exercises.ipynb) (four, from a warm-up to a challenge). Then
# build something of your own.
