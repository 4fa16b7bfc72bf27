# ---
# jupyter:
#   course:
#     lesson: "02"
#     minutes: 60
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 2 · Conv2D from scratch
#
# *Four pieces of work: a shape, a repair, a layer with gaps, and a gradient that goes to winners.*
#
# **Time** about 60 minutes. **You need to know** [lesson 2](../02_conv2d_from_scratch.ipynb); for
# 02.4 also its section on the backward pass.
#
# Write where it says `# your code here`, run the cell, then run the check below it. The check tries
# your answer on small inputs and says what it makes of it. Stuck? `hint("02.1")` in a cell of its
# own gives a nudge, a second call a push, a third nearly the answer. `solution("02.1")` shows one,
# after asking. When you hand the notebook in, only the answer cells count: define in each whatever
# its answer needs.

# %%
import math

import matplotlib.pyplot as plt
import numpy as np

from course_utils import check, hint, photo, plots, scratch, solution

plots.use_style()

# %% [markdown]
# ## 02.1 · What comes out? (warm-up)
#
# A `Conv2D` layer with `filters` filters of `K` x `K` moves in steps of `S` over an image of shape
# `(height, width, channels)`. Return the shape of what comes out, three numbers in the same order.
#
# `padding` is `"valid"` or `"same"`, as Keras means them. One of these two words promises more than
# it keeps. With `"valid"` you may take it that the kernel fits at least once.


# %% exercise={"id": "02.1", "role": "answer", "points": 1}
def output_shape(shape, filters, K, S=1, padding="valid"):
    # BEGIN SOLUTION
    height, width, _ = shape
    if padding == "same":
        return math.ceil(height / S), math.ceil(width / S), filters
    return (height - K) // S + 1, (width - K) // S + 1, filters
    # END SOLUTION


# %% exercise={"id": "02.1", "role": "check"}
check("02.1")

# %% [markdown]
# ## 02.2 · Mend the pooling
#
# "Max pooling adds the values of each block, and the image comes out half its size." You have met
# this sentence. Here is a function whose author believed it:


# %%
def max_pool_from_the_web(image, size, stride=None):
    stride = stride or 2  # half the size
    down, across = image.shape[0] // stride, image.shape[1] // stride
    pooled = np.zeros((down, across))
    for y, x in np.ndindex(down, across):
        top, left = y * stride, x * stride
        block = image[top : top + size, left : left + size]
        pooled[y, x] = block.sum()
    return pooled


image = np.array([
    [ 1,  0,  4,  6,  3,  2],
    [ 8,  2,  5,  9,  7,  1],
    [20, 13, 25, 31, 12,  4],
    [ 6, 11, 18, 22, 10,  5],
    [ 3,  7,  9, 14,  8,  2],
    [ 0,  5,  6,  4,  1,  3],
])  # fmt: skip
print(max_pool_from_the_web(image, 3))

# %% [markdown]
# Copy its lines into the cell below and mend them, so that they do what Keras' `MaxPooling2D` does
# with one grey image, `(height, width)`:
# - each window of `size` x `size` gives its largest number;
# - windows are `stride` pixels apart, and None means the window's own size;
# - no window sticks out of the image (*valid*).
#
# Two of the three mistakes are in the sentence. The third says nothing, because NumPy says nothing
# when a slice runs past the edge.


# %% exercise={"id": "02.2", "role": "answer", "points": 2}
def max_pool(image, size, stride=None):
    # BEGIN SOLUTION
    stride = stride or size
    down = (image.shape[0] - size) // stride + 1
    across = (image.shape[1] - size) // stride + 1
    pooled = np.zeros((down, across))
    for y, x in np.ndindex(down, across):
        top, left = y * stride, x * stride
        block = image[top : top + size, left : left + size]
        pooled[y, x] = block.max()
    return pooled
    # END SOLUTION


# %% exercise={"id": "02.2", "role": "check"}
check("02.2")

# %% [markdown]
# ## 02.3 · A layer with gaps
#
# The lesson's `conv2d_loops` and `conv2d_gemm` visit every place, and their kernels are square and
# without gaps. Write the layer that can do more:
# - `images` has the shape `(n, height, width, channels)`;
# - `kernels` has the shape `(KH, KW, channels, filters)`, and `KH` and `KW` may differ;
# - windows are `S` pixels apart, down and across;
# - the weights of a kernel lie `D` pixels apart (the [dilation](../../docs/glossary.md#dilation) of
#   lesson 1): with `D = 2`, three weights in a row meet pixels 0, 2 and 4;
# - no padding, no bias, and the kernel is laid on unturned, as networks do;
# - images may be whole numbers while kernels are fractions, and the output keeps its fractions.
#
# Loops, windows or slices, as you like; the inputs of the check are small.


# %% exercise={"id": "02.3", "role": "answer", "points": 3}
def conv2d(images, kernels, S=1, D=1):
    # BEGIN SOLUTION
    KH, KW = kernels.shape[:2]
    reach = D * (KH - 1) + 1, D * (KW - 1) + 1
    windows = np.lib.stride_tricks.sliding_window_view(images, reach, axis=(1, 2))
    windows = windows[:, ::S, ::S, :, ::D, ::D]  # (n, down, across, channels, KH, KW)
    return np.einsum("nyxcij,ijcf->nyxf", windows, kernels)
    # END SOLUTION


# %% exercise={"id": "02.3", "role": "check"}
check("02.3")

# %% [markdown]
# What are gaps good for? Here is Sobel's kernel on a photograph, its nine weights side by side, 4
# pixels apart, and 12 pixels apart. (The pictures appear when `conv2d` returns something.)

# %%
camera = photo("camera")[None, 40:240, 110:370, None] / 255  # (1, 200, 260, 1)
sobel = np.outer([1, 2, 1], [-1, 0, 1])[:, :, None, None]  # (3, 3, 1, 1)
pictures, titles = [camera[0]], ["photograph"]
for D in (1, 4, 12):
    found = conv2d(camera, sobel, D=D)
    if found is not None:
        pictures.append(found[0] / 8 + 0.5)
        titles.append(f"D = {D}\n{found.shape[1:3]}")
plots.show_images(pictures, titles, columns=4)
plt.show()

# %% [markdown]
# Grey is zero, white "brighter to the right", black "darker". Side by side, the weights find thin
# outlines. Far apart they compare whole regions, such as hair with sky, and the same nine weights
# see 25 pixels across. Two things are the price: the map loses $D (K - 1)$ rows and columns, and
# nobody looks at what lies between the weights, which is why the top of the head appears more than
# once.

# %% [markdown]
# ## 02.4 · The winner takes it all (challenge)
#
# Max pooling has nothing to learn, and yet the gradient must find its way back through it. The loss
# grows by `gradient[y, x]` when output pixel `(y, x)` grows by one. By how much does it grow when a
# pixel of the *image* grows?
#
# Return that slope for every pixel of `image`, which is one grey image, `(height, width)`. Windows
# of `size` x `size` are `S` pixels apart, so they may overlap or leave gaps. No two pixels of one
# window are equal: each window has one winner. The image may hold whole numbers, and the slopes
# fractions.
#
# The check does what the lesson did: it nudges each pixel up and down, measures how the loss moves,
# and compares.


# %% exercise={"id": "02.4", "role": "answer", "points": 3}
def max_pool_backward(gradient, image, size, S):
    # BEGIN SOLUTION
    slopes = np.zeros(image.shape)
    for y, x in np.ndindex(gradient.shape):
        window = np.s_[y * S : y * S + size, x * S : x * S + size]
        slopes[window] += gradient[y, x] * (image[window] == image[window].max())
    return slopes
    # END SOLUTION


# %% exercise={"id": "02.4", "role": "check"}
check("02.4")

# %% [markdown]
# Now let your gradient paint. We look for an image of 120 x 144 pixels whose pooled version, in
# tiles of 4 x 4, is a small photograph. The start is nearly black noise, the loss is half the sum
# of the squared differences, and its gradient with respect to the pooled image is the difference
# itself. One step downhill, with max pooling and, for comparison, with average pooling (16 times as
# long a step there, since each pixel of a tile gets a sixteenth).
#
# Before you run the cell: both images will pool to the same photograph. What will each look like
# before pooling?

# %%
target = scratch.average_pool2d(camera[:, 30:150, 46:190], 4)  # (1, 30, 36, 1)
start = np.random.default_rng(4).uniform(0, 0.001, (1, 120, 144, 1))
difference = scratch.max_pool2d(start, 4) - target
slopes = max_pool_backward(difference[0, :, :, 0], start[0, :, :, 0], 4, 4)
shares = scratch.average_pool2d_backward(scratch.average_pool2d(start, 4) - target, start, 4)
if slopes is not None:
    by_max = start - slopes[None, :, :, None]
    by_average = start - 16 * shares
    pooled = scratch.max_pool2d(by_max, 4)
    titles = ["by max pooling", "the same, pooled", "by average pooling"]
    plots.show_images([by_max[0], pooled[0], by_average[0]], titles, columns=3)
    plt.show()
    both = pooled, scratch.average_pool2d(by_average, 4)
    print("both pool to the photograph:", np.allclose(both, target, atol=0.002))

# %% [markdown]
# Average pooling tells every pixel of a tile the same and paints a mosaic. Max pooling speaks to
# one pixel in sixteen: the winner is moved all the way, and the other fifteen never hear that there
# was a mistake. Yet both images pool to the same photograph, each by its own pooling. In a network
# it is the same: in front of a max pooling most places of a feature map get no gradient from an
# image, and wait for one in which they win.
#
# **Next:** [lesson 3](../03_fashion_mnist_cnn.ipynb).
