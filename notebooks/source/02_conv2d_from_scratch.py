# ---
# jupyter:
#   course:
#     lesson: "02"
#     minutes: 75
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2 · Conv2D from scratch
# *You build the layer that lets a network see: nine products first, then four loops, then one
# matrix product. At the end a network made of nothing but NumPy learns to tell a boot from a bag.*
#
# **Time.** 75 minutes for the core. The sections marked *Deeper* take another hour and can wait.
# The whole notebook runs in about a minute.
#
# **You need.** [Lesson 1](01_one_dimensional_convolution.ipynb): a dot product that slides, *valid*
# and *same*, stride. And NumPy: slicing, shapes, `reshape`.
#
# **Afterwards you can**
# - work out any pixel of a convolution by hand, and the output shape and number of parameters of
#   any `Conv2D` without running it;
# - say what filters, kernel size, stride, padding, activation and pooling do, and what they only
#   seem to do;
# - write the layer in NumPy, nearly as fast as TensorFlow's;
# - (*Deeper*) derive its gradient, check it, and train a network with it.
#
# Four letters mean the same in every lesson: `n` the length of the input along one axis, `K` the
# length of the kernel, `S` the stride, `P` the zeros added on each side.

# %%
import os

# One core for NumPy, set before it is imported: times are comparable only on equal terms.
os.environ.update(OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", VECLIB_MAXIMUM_THREADS="1")
import matplotlib.pyplot as plt
import numpy as np

from course_utils import claim, load, photo, plots, profile, quiet, scratch, widgets

run = profile()
plots.use_style()

# %% [markdown]
# ## 1. One window, nine products
# **What does one output pixel know?** In lesson 1 a kernel slid along a line of numbers. A grey
# image is a table of them, one number for the brightness of each pixel, and so the kernel becomes a
# small table too. Here is an image of 6 x 6 pixels, larger numbers being brighter, and a kernel of
# nine weights: minus one on the left, plus one on the right.
#
# Put the middle of the kernel on the pixel of value 25, in row 3, column 3 (counted from 1; Python,
# which counts from 0, calls it `image[2, 2]`). Multiply each weight by the pixel below it and add
# up the nine products. **Work it out on paper before you run the cell.**

# %%
image = np.array([
    [ 1,  0,  4,  6,  3,  2],
    [ 8,  2,  5,  9,  7,  1],
    [20, 13, 25, 31, 12,  4],
    [ 6, 11, 18, 22, 10,  5],
    [ 3,  7,  9, 14,  8,  2],
    [ 0,  5,  6,  4,  1,  3],
])  # fmt: skip
kernel = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])
window = image[1:4, 1:4]
print(window)
print("sum of the products:", (window * kernel).sum())

# %%
claim("02.by-hand", (window * kernel).sum())

# %% [markdown]
# The right column gives 9 + 31 + 22 = 62, the left one 2 + 13 + 11 = 26, and the middle one counts
# for nothing. The output pixel says one thing about its window: *to the right it is brighter, by
# 36*. A negative number would say "brighter to the left", and zero "no difference".
#
# That is all a convolution ever does. What makes it powerful is that it asks the same question
# everywhere.

# %% [markdown]
# ## 2. The same question everywhere
# **At how many places can a 3 x 3 window stop on a 6 x 6 image?** Decide before you run the next
# cell, which takes the window through all of them.


# %%
def slide(image, kernel):
    """Return the sum of products at every place where the kernel fits (both are square)."""
    K = len(kernel)
    stops = len(image) - K + 1
    output = np.zeros((stops, stops), dtype=int)
    for y in range(stops):
        for x in range(stops):
            output[y, x] = (image[y : y + K, x : x + K] * kernel).sum()
    return output


output = slide(image, kernel)
print(output)

# %%
frames = (plots.sliding_window(image, kernel, output, at) for at in np.ndindex(output.shape))
widgets.animate(frames, 900, alt="A 3 x 3 window slides over a 6 x 6 image and fills 4 x 4 sums.")

# %% [markdown]
# Follow the orange frame: at each stop the line below the picture spells out the sum, and one more
# output pixel is filled. The window has room for four stops across and four down, so 6 x 6 becomes
# **4 x 4**. Red marks places that get brighter to the right, blue places that get darker: the
# bright ridge in the middle of the image has a red flank and a blue one.
#
# The kernel was laid onto the image as it stands, without turning it. As in lesson 1, that is
# *cross-correlation*, and it is what networks mean by
# [convolution](../docs/glossary.md#convolution): since the weights are learnt, a network would
# learn the turned kernel just as easily.

# %% [markdown]
# **What becomes of the border?** The centre of the window never reached the outermost ring of
# pixels. To keep the size, surround the image with zeros first. Which sign will the last column of
# the output have, and does that say anything about the image?

# %%
padded = np.pad(image, 1)  # (8, 8)
output_padded = slide(padded, kernel)
print(output_padded)
plots.sliding_window(image, kernel, output_padded, (0, 5), padding=1)
plt.show()

# %% [markdown]
# Now the output is 6 x 6, as large as the image (the dotted line marks where the image ends and the
# zeros begin). But the whole last column is negative: the kernel reports "darker to the right", and
# what it sees there is the black frame that we drew ourselves. Padding keeps the size, at the price
# of edges that are not in the picture.

# %% [markdown]
# ## 3. How large is the output?
# Along each axis, the first stop has its edge at 0 and the last at $n + 2P - K$, in steps of $S$:
#
# $$\text{output} = \left\lfloor \frac{n + 2P - K}{S} \right\rfloor + 1$$
#
# The classic example is an image of 10 x 10. **Work out the output's side in each case before you
# run the cell:**
# - a 3 x 3 kernel, and a 5 x 5 kernel;
# - a ring of zeros around the image (how large is it then?), and the 3 x 3 kernel on that;
# - stride 2 with the 3 x 3 kernel, no padding;
# - windows of 2 x 2, two pixels apart, on the 8 x 8 result of the first case.


# %%
def output_size(n, K, S=1, P=0):
    return (n + 2 * P - K) // S + 1


print("3 x 3 kernel   ", output_size(10, K=3))
print("5 x 5 kernel   ", output_size(10, K=5))
print("zeros around   ", output_size(10, K=3, P=1), "from", 10 + 2 * 1)
print("stride 2       ", output_size(10, K=3, S=2))
print("2 x 2 on 8 x 8 ", output_size(8, K=2, S=2))

# %%
claim("02.sizes-kernel", [output_size(10, K=3), output_size(10, K=5)])
claim("02.sizes-padded", [10 + 2 * 1, output_size(10, K=3, P=1)])
claim("02.sizes-stride", output_size(10, K=3, S=2))
claim("02.sizes-pooling", output_size(8, K=2, S=2))

# %% [markdown]
# The formula is easier to believe when you see the window stop:

# %%
cases = [  # image, kernel, stride, padding, in words
    (10, 3, 1, 0, "3 x 3 kernel: two rows and two columns are lost"),
    (10, 5, 1, 0, "5 x 5 kernel: four rows and four columns are lost"),
    (10, 3, 1, 1, "zeros around: 12 x 12, and nothing is lost"),
    (10, 3, 2, 0, "stride 2: a quarter of the stops; the last column is never reached"),
    (8, 2, 2, 0, "2 x 2 pooling with stride 2: windows tile the image"),
]
frames, pauses = [], []
for n, K, S, P, words in cases:
    stops = output_size(n, K, S, P)
    for at in [(0, x) for x in range(stops)] + [(1, 0), (stops - 1, stops - 1)]:
        frames.append(dict(length=n, size=K, at=at, stride=S, padding=P, title=words))
        pauses.append(2500 if at == (stops - 1, stops - 1) else 350)
drawn = (plots.window_stop(**frame) for frame in frames)
widgets.animate(drawn, pauses, alt="Five ways for a window to cross an image, and each output.")

# %% [markdown]
# Five cases, one after the other: each walks along the first row, begins the second and jumps to
# the last stop. Watch the fourth: with stride 2 the tenth column stays unseen, because the next
# step would stick out. The floor in the formula is that lost column.

# %% [markdown]
# ## 4. Padding: who takes part?
# > **Spot the mistake.** "Zero padding lets the pixels at the edge take part as often as those in
# > the centre."
#
# A pixel takes part in every window that covers it. For a 3 x 3 kernel on 6 x 6 pixels, with one
# ring of zeros: how many windows cover a corner, an edge, a central pixel?


# %%
def visits(n, K, P):
    """Return how many windows each pixel of an n x n image takes part in."""
    counts = np.zeros((n + 2 * P, n + 2 * P), dtype=int)
    for y, x in np.ndindex(n + 2 * P - K + 1, n + 2 * P - K + 1):
        counts[y : y + K, x : x + K] += 1
    return counts[P : P + n, P : P + n]


figure, panels = plt.subplots(1, 3, figsize=(6.4, 2.5))
for P in (0, 1, 2):
    counts = visits(6, 3, P)
    plots.show_matrix(counts, f"P = {P}", annotate=True, limits=(0, 9), axes=panels[P])
plt.show()

# %%
claim("02.visits-valid", visits(6, 3, P=0)[[0, 3], [0, 3]])
claim("02.visits-same", visits(6, 3, P=1)[[0, 3], [0, 3]])
claim("02.visits-full", visits(6, 3, P=2)[[0, 3], [0, 3]])

# %% [markdown]
# Without padding a corner pixel takes part once, a central one nine times. The ring of zeros that
# keeps the size raises an edge pixel to 6 and the corner to **4**, still less than half of 9. Only
# **P = 2** (in general $K - 1$, lesson 1's *full*) treats all pixels alike, and its output is larger
# than the image. Padding softens the disadvantage of the edge; at P = 1 it does not remove it.
#
# What does a stride do to these counts? Move the sliders and find a setting in which some pixels
# are seen by no window at all.

# %%
widgets.explore(
    lambda K, S, P: plots.window_visits(8, K, stride=S, padding=P),
    K=[1, 2, 3, 4, 5],
    S=[1, 2, 3],
    P=[0, 1, 2, 3, 4],
    start={"K": 3, "S": 2, "P": 1},
    alt="Windows that see each pixel of an 8 x 8 image, and the output's size, by K, S and P.",
)

# %% [markdown]
# (The sliders appear where the notebook is running; on a page that only shows it you see K = 3, S =
# 2, P = 1.) With stride 2 the counts form a plaid: some pixels are seen by four windows, their
# neighbours by two or one. As soon as S is larger than K, the pixels between the windows are seen
# by none. The last row and column can go unseen too, as at K = 3, S = 2, P = 0.
#
# > **Spot the mistake.** "`padding='same'` makes the output as large as the input."
#
# Only at stride 1. Keras defines *same* as $\lceil n / S \rceil$ and adds as many zeros as that
# takes; an odd one goes to the right or the bottom. Predict the size for n = 10 and strides 1, 2
# and 3:

# %%
sizes = [scratch.output_length(10, kernel=3, stride=S, padding="same") for S in (1, 2, 3)]
zeros = [scratch.same_padding(10, kernel=3, stride=S) for S in (1, 2, 3)]
print("output:", sizes, "  zeros before and after:", zeros)
claim("02.same-strided", sizes)

# %% [markdown]
# `scratch` is this course's NumPy version of the layers. You will soon write its heart yourself;
# until then we borrow it.

# %% [markdown]
# ## 5. Stride: skip, don't shrink
# **Is stride 2 the same as computing everything and keeping every second result?** And how many of
# the products does it save? `scratch.conv2d` takes a batch of images, so `[None, :, :, None]` adds
# a batch axis in front and a channel axis at the end (more on those in a moment).

# %%
batch = image[None, :, :, None]  # (1, 6, 6, 1): images, height, width, channels
weights = kernel[:, :, None, None]  # (3, 3, 1, 1): height, width, channels, filters
every = scratch.conv2d(batch, weights)[0, :, :, 0]
strided = scratch.conv2d(batch, weights, stride=2)[0, :, :, 0]
print(strided)
print("every second of all stops:", np.array_equal(strided, every[::2, ::2]))

# %% [markdown]
# Yes, and with a quarter of the products: the skipped windows are never computed, whatever they
# would have said. (Pooling, in section 13, looks before it drops.)

# %% [markdown]
# ## 6. Colour: a kernel has depth
# **How many products does a 3 x 3 kernel take on a colour photograph?** A colour image is three
# tables, one for each channel, stacked along the last axis: `(height, width, 3)`.

# %%
cat = photo("cat").astype(np.float32) / 255  # (300, 451, 3)
channels = [cat[:, :, channel] for channel in range(3)]
plots.show_images([cat, *channels], ["photograph", "red", "green", "blue"], columns=4)
plt.show()

# %% [markdown]
# The fur is brighter in red than in blue; the white whiskers are bright in all three. A kernel for
# this image needs weights for every channel, so it is a little block, `(K, K, 3)`. **27 products
# and one sum**: the window's depth is used up completely. The kernel slides in two directions only,
# hence the name Conv*2D*, and whatever the number of input channels, one kernel gives one map.
#
# The smallest such kernel is 1 x 1 x 3. It sees a single pixel and mixes its channels. What will
# red minus blue show?

# %%
red_minus_blue = np.array([1, 0, -1], dtype=np.float32).reshape(1, 1, 3, 1)
warmth = scratch.conv2d(cat[None], red_minus_blue)  # (1, 300, 451, 1)
print(cat[None].shape, "->", warmth.shape)
plots.show_matrix(warmth[0, :, :, 0], "red minus blue", diverging=True, colourbar=True)
plt.show()

# %% [markdown]
# A detector of warm colours, made of three weights. The fur and the nose answer most; the light
# reflected in the eyes is neutral and stays white; next to nothing here is cold enough for blue.
# The three channels became one number for each pixel.

# %% [markdown]
# ## 7. Filters and bias: many questions at once
# One kernel asks one question. A layer asks many: it has `F` kernels of the same shape, called
# [filters](../docs/glossary.md#filter), each with a number that is added to all of its sums, the
# *bias*. Their maps are stacked along the channel axis, ready to be the next layer's input. (In a
# shape, the `n` in front is the number of images.)
#
# | | axes | example |
# | --- | --- | --- |
# | images | `(n, height, width, channels)` | `(1, 300, 451, 3)` |
# | kernels | `(K, K, channels, filters)` | `(3, 3, 3, 32)` |
# | bias | `(filters,)` | `(32,)` |
# | output | `(n, output height, output width, filters)` | ? |
#
# **Fill in the question mark**, and count the layer's parameters: on $C$ input channels, each
# filter has $K \cdot K \cdot C$ weights and one bias, so there are
#
# $$(K \cdot K \cdot C + 1) \cdot F$$


# %%
def parameters(K, C, F):
    return (K * K * C + 1) * F


rng = np.random.default_rng(2)
kernels = rng.standard_normal((3, 3, 3, 32)).astype(np.float32)
bias = np.zeros(32, np.float32)
maps = scratch.conv2d(cat[None], kernels, bias)
print(maps.shape, "with", kernels.size + bias.size, "parameters")
claim("02.parameters", parameters(K=3, C=3, F=32))
claim("02.filters-shape", maps.shape)

# %% [markdown]
# > **Spot the mistake.** "`filters` sets the size of the output."
#
# It sets the length of the *channel axis*, 32 here. Height and width follow from n, K, S and P, and
# not from the number of filters. And the parameter count has no height or width in it: the layer is
# as large for a thumbnail as for a poster, because every window shares the same weights. A dense
# layer that turned the same 300 x 451 x 3 numbers into the same output would need a weight for
# every pair of them:

# %%
dense_weights = cat.size * maps[0].size
print(f"a dense layer would need {dense_weights / 1e12:.1f} million million weights")
claim("02.dense-equivalent", dense_weights)

# %% [markdown]
# ## 8. Kernels made by hand
# **What can nine numbers find in a photograph?** Long before networks learnt their kernels, people
# designed them. The best known are Irwin Sobel's (1968): smooth along one axis, take the difference
# along the other. Two rows that you met in lesson 1 make the table, one of them standing upright:
# each weight is a number of the one times a number of the other, which NumPy calls `outer`.

# %%
smooth, difference = np.array([1, 2, 1]), np.array([-1, 0, 1])
sobel_x = np.outer(smooth, difference)
sobel_y = sobel_x.T
print(sobel_x)
print(sobel_y)

# %% [markdown]
# `sobel_x` answers "brighter to the right?", as our first kernel did, but trusts the middle row
# most. `sobel_y` answers "brighter below?". Together they are the two components of an arrow that
# points uphill in brightness, and its length $\sqrt{g_x^2 + g_y^2}$ says how steep the edge is, in
# whatever direction.

# %%
camera = photo("camera").astype(np.float32)[None, :, :, None] / 255  # (1, 512, 512, 1)
sobel = np.stack([sobel_x, sobel_y], axis=-1)[:, :, None]  # (3, 3, 1, 2): two filters
slopes = scratch.conv2d(camera, sobel)  # (1, 510, 510, 2)
steepness = np.sqrt((slopes**2).sum(axis=-1))
claim("02.sobel-shape", slopes.shape)

# %%
figure, panels = plt.subplots(1, 3, figsize=(6.4, 2.5))
for channel, question in enumerate(["brighter to the right?", "brighter below?"]):
    slope = slopes[0, :, :, channel]
    plots.show_matrix(slope, question, diverging=True, limit=2, axes=panels[channel])
_ = panels[2].imshow(steepness[0], cmap="gray_r", vmax=2, interpolation="auto")
_ = panels[2].set_title("steepness")
_ = panels[2].axis("off")
plt.show()

# %% [markdown]
# The tripod's upright post has a red and a blue side in the first map and is missing in the second,
# where the flat edges of the camera stand out instead; its slanting legs show in both. The
# steepness, right, has everything: a drawing of the photograph, made by 18 numbers.
#
# Other weights, other questions. **Guess each result from its kernel before you look:**

# %%
by_hand = {
    "nothing": np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
    "blur": np.full((3, 3), 1 / 9),
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "any edge": np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    "emboss": np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]),
}
head = camera[:, 60:240, 130:350]
gallery = np.stack(list(by_hand.values()), axis=-1)[:, :, None]  # (3, 3, 1, 5)
results = scratch.conv2d(head, gallery)[0]  # (178, 218, 5)
plots.show_images(np.moveaxis(results, -1, 0), list(by_hand), columns=3)
plt.show()

# %% [markdown]
# A single 1 in the middle copies the photograph. Blurring takes the mean of the window; sharpening
# exaggerates how a pixel differs from its neighbours; embossing adds the edges of one direction, as
# if light fell from a corner. The weights of these add up to 1, so flat areas keep their
# brightness; those of *any edge* add up to 0, so flat areas go black. A network starts from random
# numbers instead, and finds the kernels that its task needs.

# %% [markdown]
# ## 9. Five parameters, one photograph
# `Conv2D(filters, kernel_size, strides, padding, activation)`: you now know the first four, and the
# fifth is a function applied to every number of the output, such as
# [ReLU](../docs/glossary.md#relu), $\max(0, x)$. **Which of the five changes the height and width,
# which the number of channels, which neither?**


# %%
def blur(K):
    return np.full((K, K, 1, 1), 1 / K**2)


outputs = {
    "kernel_size 3": scratch.conv2d(head, blur(3)),
    "kernel_size 15": scratch.conv2d(head, blur(15)),
    "15, padding 'same'": scratch.conv2d(head, blur(15), padding="same"),
    "3, strides 6": scratch.conv2d(head, blur(3), stride=6),
    "filters 2 (the first)": scratch.conv2d(head, sobel) / 4 + 0.5,
    "activation ReLU": scratch.relu(scratch.conv2d(head, sobel)),
}

# %%
titles = [f"{name}\n{array.shape[1:]}" for name, array in outputs.items()]
plots.show_images([array[0, :, :, 0] for array in outputs.values()], titles, columns=3)
plt.show()

# %% [markdown]
# From 180 x 220 pixels, top left: a small kernel hardly blurs; a large one blurs much and costs 14
# rows and columns; *same* gives them back, but look at its dark rim: zeros were averaged in.
# Bottom: stride 6 leaves a sixth of each side; two filters give two channels (the map of `sobel_x`,
# grey being zero); ReLU keeps the positive half of it, black where the answer was "no".
#
# So kernel size, stride and padding set height and width; `filters` sets the channels; the
# activation changes neither.

# %% [markdown]
# ## 10. Four loops
# **Can you write the whole layer?** For every image, every row, every column and every filter: cut
# out the window, multiply, add. Four loops, and a line in the middle that you have known since
# section 1:


# %%
def conv2d_loops(images, kernels):
    """images (n, height, width, channels), kernels (K, K, channels, filters); no padding."""
    n, height, width, _ = images.shape
    K, _, _, filters = kernels.shape
    output = np.zeros((n, height - K + 1, width - K + 1, filters), images.dtype)
    for i in range(n):
        for y in range(output.shape[1]):
            for x in range(output.shape[2]):
                for f in range(filters):
                    window = images[i, y : y + K, x : x + K]  # (K, K, channels)
                    output[i, y, x, f] = (window * kernels[..., f]).sum()
    return output


print(conv2d_loops(batch, weights)[0, :, :, 0])

# %% [markdown]
# The numbers of section 2. This is the definition of the layer in code; everything from here on
# must agree with it. It is also painfully slow: Python walks through every output number one at a
# time.

# %% [markdown]
# ## 11. One matrix product
# **Where is the matrix product hiding?** Each output number is a dot product of a window with a
# filter. If each window were a *row* of a matrix and each filter a *column* of another, then all
# these dot products would be one product of two matrices. So we need the windows as rows. NumPy can
# show all of them without copying a single number:

# %%
small = np.array([[3, 1, 0, 2], [0, 4, 1, 1], [2, 0, 5, 0], [1, 2, 0, 3]])[None, :, :, None]
windows = np.lib.stride_tricks.sliding_window_view(small, (2, 2), axis=(1, 2))
windows = windows.transpose(0, 1, 2, 4, 5, 3)  # (n, down, across, K, K, channels)
print("windows:", windows.shape, "  copied:", not np.shares_memory(windows, small))
print("in row 1, column 2, counted from 0:")
print(windows[0, 1, 2, :, :, 0])

# %% [markdown]
# Nine windows of 2 x 2, still the 16 numbers of the image in memory: a *view* only says "for the
# next window go one number further". Flattening the windows into rows does copy, and then the
# filters are waiting as columns:

# %%
two_filters = np.array([[[1, 1], [0, 1]], [[0, -1], [-1, -1]]])[:, :, None]  # (2, 2, 1, 2)
rows = windows.reshape(9, 2 * 2 * 1)
columns = two_filters.reshape(2 * 2 * 1, 2)
small_titles = ("9 windows as rows", "2 filters\nas columns", "9 stops,\n2 channels")
plots.matrix_product(rows, columns, small_titles)
plt.show()

# %% [markdown]
# Row by column, one dot product for each stop and filter: the first row says that the window 3, 1,
# 0, 4 scores -1 with the first filter and 0 with the second. Read the result's columns as two 3 x 3
# maps and you have the layer's output. Here is the same for any shape:


# %%
def conv2d_gemm(images, kernels):
    """As conv2d_loops, by one general matrix product (GEMM)."""
    K, _, channels, filters = kernels.shape
    windows = np.lib.stride_tricks.sliding_window_view(images, (K, K), axis=(1, 2))
    windows = windows.transpose(0, 1, 2, 4, 5, 3)  # (n, down, across, K, K, channels)
    rows = windows.reshape(-1, K * K * channels)  # one row for each window
    columns = kernels.reshape(-1, filters)  # one column for each filter
    return (rows @ columns).reshape(*windows.shape[:3], filters)


# %%
images = rng.standard_normal((2, 9, 8, 3))
kernels = rng.standard_normal((3, 3, 3, 5))
expected = conv2d_loops(images, kernels)


def relative_error(ours, theirs):
    """Return the largest difference, over the largest magnitude."""
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


claim("02.gemm-equals-loops", relative_error(conv2d_gemm(images, kernels), expected))
claim("02.scratch-equals-loops", relative_error(scratch.conv2d(images, kernels), expected))

# %% [markdown]
# Equal up to rounding, and so is the course's `scratch.conv2d`, which does the same one image at a
# time and adds padding, stride, bias and error messages. Now TensorFlow joins, for comparison
# (importing it takes some seconds):

# %%
with quiet():
    import keras
    import tensorflow as tf

tf.config.set_visible_devices([], "GPU")  # equal terms: no GPU, and one core, as NumPy has
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
tf_output = tf.nn.conv2d(images, kernels, strides=1, padding="VALID").numpy()
claim("02.tf-equals-loops", relative_error(tf_output, expected))

# %% [markdown]
# **How much faster is the matrix product than the loops?** Twice, ten times, a hundred times?
# Commit to a number. The layer is a real one: 28 x 28 pixels with 32 channels in and 64 filters
# out.

# %%
from time import perf_counter


def milliseconds(convolution, images, kernels, turns=7):
    """Return the time for one image, the best of several turns."""
    times = []
    for _ in range(turns):
        start = perf_counter()
        convolution(images, kernels)
        times.append(perf_counter() - start)
    return 1000 * min(times) / len(images)


# %% tags=["nbval-ignore-output"]
layer_kernels = rng.standard_normal((3, 3, 32, 64)).astype(np.float32)
layer_images = rng.standard_normal((32, 28, 28, 32)).astype(np.float32)
milliseconds_of = {
    "four loops": milliseconds(conv2d_loops, layer_images[:2], layer_kernels, turns=1),
    "one matrix product": milliseconds(conv2d_gemm, layer_images, layer_kernels),
    "... image by image": milliseconds(scratch.conv2d, layer_images, layer_kernels),
    "tf.nn.conv2d": milliseconds(
        lambda x, k: tf.nn.conv2d(x, k, 1, "VALID").numpy(), layer_images, layer_kernels
    ),
}
for name, value in milliseconds_of.items():
    print(f"{name:20} {value:8.2f} ms an image")

# %%
speed_up = milliseconds_of["four loops"] / milliseconds_of["one matrix product"]
claim("02.loops-slower", speed_up)

# %% [markdown]
# Hundreds of times, usually. All of these do the same multiplications; the loops spend their time
# on Python's bookkeeping between them, while the matrix product hands them to code that keeps every
# arithmetic unit of the processor busy.
#
# The price is memory: the rows hold each pixel up to nine times. Image by image, they fit into the
# processor's cache and are overwritten before they ever travel to main memory. That brings NumPy
# close to TensorFlow, whose convolution is tuned for each kind of processor. On the course's
# benchmark, with one thread each, NumPy takes less than 2.2 times as long on all of five real
# layers, forward and backward; `make bench` measures it on your machine.
#
# One last look at Keras: the same five parameters, the same numbers.

# %%
layer = keras.layers.Conv2D(filters=32, kernel_size=3, strides=2, padding="same", activation="relu")
theirs = layer(cat[None]).numpy()  # the first call creates the weights
layer_kernels, layer_bias = layer.get_weights()
ours = scratch.conv2d(cat[None], layer_kernels, layer_bias, stride=2, padding="same")
print(theirs.shape, layer.count_params(), "parameters")
claim("02.keras-layer", relative_error(scratch.relu(ours), theirs))
claim("02.parameters", layer.count_params())

# %% [markdown]
# ## 12. Why ReLU?
# > **Spot the mistake.** "We add ReLU because images are highly non-linear."
#
# Images are neither linear nor non-linear; *functions* are. The reason lies in the layers. **Could
# one convolution do the work of two in a row?** Take `sobel_x` and then a blur: "how much brighter
# does it get to the right, on average around here?" To find out what the pair amounts to, send a
# single bright pixel through both: the answer shows what every pixel contributes, which is the
# pair's own kernel, turned by 180 degrees.

# %%
first, second = sobel[..., :1].astype(float), blur(3)  # (3, 3, 1, 1) each
spark = np.zeros((1, 9, 9, 1))
spark[0, 4, 4, 0] = 1
answer = scratch.conv2d(scratch.conv2d(spark, first), second)  # (1, 5, 5, 1)
combined = answer[0, ::-1, ::-1, :, None]  # (5, 5, 1, 1), turned back
both = scratch.conv2d(scratch.conv2d(head, first), second)
claim("02.two-make-one", relative_error(scratch.conv2d(head, combined), both))

# %% [markdown]
# One 5 x 5 kernel does exactly what the two 3 x 3 kernels did. A hundred such layers would still be
# one convolution with one large kernel, and could draw no conclusion that one layer can't. Now put
# a ReLU between the two. Is there still *some* single 5 x 5 kernel that does the same? Least
# squares finds the best one there is:


# %%
def misfit_of_best_kernel(output):
    """Return how much of ``output`` no 5 x 5 kernel on ``head`` can explain, 0 to 1."""
    rows = scratch.window_view(head, (5, 5)).reshape(-1, 25).astype(float)
    rows = np.column_stack([rows, np.ones(len(rows))])  # the ones are the bias
    best = np.linalg.lstsq(rows, output.ravel(), rcond=None)[0]
    return np.std(output.ravel() - rows @ best) / np.std(output)


with_relu = scratch.conv2d(scratch.relu(scratch.conv2d(head, first)), second)
claim("02.without-relu", misfit_of_best_kernel(both))
claim("02.with-relu", misfit_of_best_kernel(with_relu))

# %% [markdown]
# Without ReLU the best single kernel explains everything; with it, more than half of the output's
# spread (its standard deviation) stays unexplained. That is the reason: **a bend between the layers
# makes depth count**. ReLU is the cheapest bend there is.

# %% [markdown]
# ## 13. Pooling: keep the strongest
# **How do we make the maps smaller without skipping blindly?**
# [Max pooling](../docs/glossary.md#pooling) cuts the image into tiles and keeps the largest number
# of each. Take 3 x 3 tiles, three pixels apart, of the 6 x 6 image of section 1. The top left tile
# is
#
# ```
#  1  0  4
#  8  2  5
# 20 13 25
# ```
#
# > **Spot two mistakes.** "Max pooling with a 3 x 3 window adds the values of the block, and the
# > image comes out half its size."

# %%
pooled = scratch.max_pool2d(batch, 3)[0, :, :, 0].astype(int)
print(pooled)
claim("02.pool-first-block", pooled[0, 0])
claim("02.pool-shape", pooled.shape)

# %% [markdown]
# It takes the *maximum*, 25 (the sum would be 78). And 6 x 6 becomes 2 x 2: a **third** of each
# side, and a ninth of the pixels. In general the sides are divided by the stride.
#
# Pooling has parameters, and nothing to learn: `pool_size`; `strides`, where None means the pool
# size, so that tiles don't overlap; and `padding`. Average pooling takes the mean instead. Predict
# the shapes for a 7 x 7 map:

# %%
seven = rng.standard_normal((1, 7, 7, 1))
print("2 x 2             ", scratch.max_pool2d(seven, 2).shape)
print("2 x 2, same       ", scratch.max_pool2d(seven, 2, padding="same").shape)
print("3 x 3, stride 2   ", scratch.max_pool2d(seven, 3, stride=2).shape)
print("7 x 7             ", scratch.max_pool2d(seven, 7).shape)

# %%
keras_max = keras.layers.MaxPooling2D(pool_size=3, strides=2, padding="same")(seven)
keras_mean = keras.layers.AveragePooling2D(pool_size=3, strides=2, padding="same")(seven)
ours_max = scratch.max_pool2d(seven, 3, stride=2, padding="same")
ours_mean = scratch.average_pool2d(seven, 3, stride=2, padding="same")
claim("02.max-pool-keras", relative_error(ours_max, keras_max.numpy()))
claim("02.average-pool-keras", relative_error(ours_mean, keras_mean.numpy()))

# %% [markdown]
# Seven does not divide by two: *valid* drops the last row and column, *same* keeps them in a tile
# that sticks out. What sticks out is ignored, by the maximum and by the mean alike (no zeros are
# averaged in, unlike the dark rim of section 9).
#
# Why pool at all? Three reasons: after 2 x 2 tiles the next layer has a quarter of the work, its
# windows see twice as far, and, the one that is most often told wrong, the map cares less about
# small shifts.

# %% [markdown]
# ## 14. What a small shift changes
# > **Spot the mistake.** "Pooling introduces spatial variance."
#
# It takes variance away, though less than people hope. Convolution itself is *equivariant*: shift
# the image and the map shifts along, as in lesson 1. Every number moves, so compared place by place
# the map changes a lot. **How much of that change does pooling take away?** We shift 500 pictures
# of clothes by one and two pixels, find edges in four directions, and compare.

# %%
fashion = load("fashion_mnist", size=run.size)
clothes = fashion.x_train[:500].astype(np.float32) / 255
clothes = np.pad(clothes, ((0, 0), (6, 6), (6, 6), (0, 0)))  # (500, 40, 40, 1): room to move
four_edges = np.concatenate([sobel, -sobel], axis=-1)  # right, below, left, above


def edges(images):
    return scratch.relu(scratch.conv2d(images, four_edges, padding="same"))


moved = np.roll(clothes, 1, axis=2)
claim("02.equivariant", relative_error(edges(moved), np.roll(edges(clothes), 1, axis=2)))


# %%
def change(tile, shift):
    """Return how far the pooled maps move, relative to their own length, on average."""
    before = scratch.max_pool2d(edges(clothes), tile)
    after = scratch.max_pool2d(edges(np.roll(clothes, shift, axis=2)), tile)
    axes = (1, 2, 3)
    length = np.sqrt((before**2).sum(axis=axes))
    return np.mean(np.sqrt(((after - before) ** 2).sum(axis=axes)) / length)


tiles = [1, 2, 4, 8, 40]
changes = {shift: [change(tile, shift) for tile in tiles] for shift in (1, 2)}

# %%
_, axes = plt.subplots(figsize=(6.4, 2.8))
for shift, marker in ((1, "o"), (2, "s")):
    _ = axes.plot(changes[shift], marker=marker, label=f"shift of {shift}")
axes.set_xticks(range(5), ["none", "2 x 2", "4 x 4", "8 x 8", "whole map"])
axes.set(title="Pooling softens a shift, gradually", xlabel="max pooling", ylabel="relative change")
axes.set_ylim(bottom=0)
axes.legend()
plt.show()

# %%
claim("02.shift-unpooled", changes[1][0])
claim("02.shift-pool-2", changes[1][1])
claim("02.shift-pool-4", changes[1][2])
claim("02.shift-global", changes[1][4])
claim("02.shift-falls", bool(np.all(np.diff(changes[1]) < 0)))
claim("02.shift-of-two", bool(changes[2][3] < changes[2][0] / 2 < changes[2][2]))

# %% [markdown]
# Unpooled, a shift of one pixel changes the edge maps by about three quarters of their own length.
# With 2 x 2 tiles it is still more than half of their length; only 4 x 4 tiles halve the change,
# and for a shift of two pixels it takes 8 x 8. Complete *in*variance comes only from pooling over
# the whole map, where nothing is left of *where*.
#
# So pooling gives **approximate invariance to shifts that are small compared with its tiles**: no
# variance, and no full invariance either. Lesson 3 tests what that means for a trained network.

# %% [markdown]
# ## 15. Flatten, and the whole network
# After some rounds of convolution and pooling, the maps go to a dense layer, which wants one row of
# numbers for each image. [Flatten](../docs/glossary.md#flatten) writes row after row, and within a
# pixel channel after channel. It computes nothing and loses nothing: `reshape` brings the maps
# back. **At which place of the row is pixel (y, x), channel c of an H x W x C map?**

# %%
maps = rng.standard_normal((5, 7, 7, 16))
flat = maps.reshape(len(maps), -1)  # (5, 784)
y, x, c = 2, 3, 4
place = (y * 7 + x) * 16 + c
print(flat.shape, "pixel found:", flat[0, place] == maps[0, y, x, c])
claim("02.flatten-length", flat.shape[1])

# %% [markdown]
# At place $(y \cdot W + x) \cdot C + c$, counted from 0: y whole rows of pixels come first, then x
# pixels of its own row, then c channels.
#
# Now you can read a whole network. For each line, work out the output shape and the number of
# parameters before you look at the right columns:
#
# | layer | output | parameters |
# | --- | --- | --- |
# | input | 28 x 28 x 1 | |
# | Conv2D, 8 filters 3 x 3, same, ReLU | 28 x 28 x 8 | (9 · 1 + 1) · 8 = 80 |
# | MaxPooling2D 2 x 2 | 14 x 14 x 8 | 0 |
# | Conv2D, 16 filters 3 x 3, same, ReLU | 14 x 14 x 16 | (9 · 8 + 1) · 16 = 1,168 |
# | MaxPooling2D 2 x 2 | 7 x 7 x 16 | 0 |
# | Flatten | 784 | 0 |
# | Dense, 10 units | 10 | (784 + 1) · 10 = 7,850 |
#
# Here it is in NumPy; the last section trains it.


# %%
def build(seed):
    rng = np.random.default_rng(seed)
    return scratch.Sequential([
        scratch.Conv2D(1, 8, 3, padding="same", rng=rng),
        scratch.ReLU(),
        scratch.MaxPool2D(2),
        scratch.Conv2D(8, 16, 3, padding="same", rng=rng),
        scratch.ReLU(),
        scratch.MaxPool2D(2),
        scratch.Flatten(),
        scratch.Dense(7 * 7 * 16, 10, rng=rng),
    ])  # fmt: skip


# %%
sizes = [parameter.size for parameter in build(0).parameters]  # weights, bias, weights, ...
counts = [sum(sizes[first : first + 2]) for first in (0, 2, 4)]
print(counts, "in all", sum(counts))
claim("02.network-parameters", [*counts, sum(counts)])

# %% [markdown]
# ## Check yourself
# Answer first, then unfold.
#
# <details><summary>1. A 224 x 224 x 3 image meets 64 filters of 7 x 7 with stride 2 and P = 3. Output shape? Parameters?</summary>
#
# (224 + 6 - 7) // 2 + 1 = 112, so 112 x 112 x 64. Parameters: (7 · 7 · 3 + 1) · 64 = 9,472.
# </details>
#
# <details><summary>2. The next layer has 128 filters of 1 x 1. What does each of them compute?</summary>
#
# For every pixel, one weighted sum of its 64 channels: a small dense layer on the channels, applied
# at each pixel alike. The map keeps its size and has 128 channels. Parameters: (64 + 1) · 128 =
# 8,320.
# </details>
#
# <details><summary>3. A colleague doubles the image's height and width. How do the parameters of a Conv2D change, how its multiplications, and how the dense layer behind Flatten?</summary>
#
# Not at all; four times as many; four times as many weights, and the old ones don't fit any more.
# </details>
#
# <details><summary>4. Why is the output of a 5 x 5 blur with padding "same" dark at the rim, but the output of 5 x 5 average pooling with "same" is not?</summary>
#
# The convolution multiplies the zeros by its weights and always divides by 25. The pooling layer
# takes the mean over the pixels that are really there.
# </details>
#
# <details><summary>5. Two 3 x 3 convolutions with no ReLU between them: how many weights do they have, and how many has the single kernel that replaces them? Is the pair a good way to save weights?</summary>
#
# 18 against 25 (one channel). Not by itself: the pair reaches only those 5 x 5 kernels that factor
# into two 3 x 3 ones. With a ReLU between, it does what no single kernel can, still with 18
# weights: one reason why modern networks stack small kernels.
# </details>
#
# <details><summary>6. Max pooling 2 x 2 of a map whose only bright pixel sits in column 3 (counting from 0). The image moves right by one pixel. What changes in the pooled map? And if the pixel sat in column 2?</summary>
#
# From column 3 to 4 the pixel moves into the next tile: the pooled map changes. From column 2 to 3
# it stays in its tile: nothing changes. Invariance depends on luck with the tile's border, and the
# measurement above averages over that luck.
# </details>

# %% [markdown]
# The numbers in these answers are checked like all others:

# %%
claim("02.exercise-7x7", parameters(K=7, C=3, F=64))
claim("02.exercise-1x1", parameters(K=1, C=64, F=128))

# %% [markdown]
# ## *Deeper*: the backward pass
# **If the loss wants the output to change, how should kernel and image change?** Suppose the loss
# grows by $g_{yx}$ when output pixel $(y, x)$ grows by one. That output is a sum of products,
# window times kernel. In a product each factor's slope is the other factor. So every output pixel
# sends $g$ times the *window* to the kernel and $g$ times the *kernel* to the window, and everybody
# adds up what arrives:


# %%
def conv2d_backward_loops(gradient, images, kernels):
    d_images, d_kernels = np.zeros_like(images), np.zeros_like(kernels)
    K = len(kernels)
    for i, y, x, f in np.ndindex(gradient.shape):
        g = gradient[i, y, x, f]
        d_kernels[..., f] += g * images[i, y : y + K, x : x + K]
        d_images[i, y : y + K, x : x + K] += g * kernels[..., f]
    return d_images, d_kernels


# %% [markdown]
# Is it right? The definition of a slope tells us, without any calculus: nudge one weight up and
# down by a little, and see how much the loss moves. As loss we take a random weighted sum of the
# outputs; then `gradient` is these weights.

# %%
images, kernels = rng.standard_normal((2, 6, 7, 2)), rng.standard_normal((3, 3, 2, 3))
gradient = rng.standard_normal(conv2d_loops(images, kernels).shape)


def measured_slope(array, place, nudge=1e-5):
    """Return the slope of the loss along one number of ``array`` (images or kernels)."""
    kept, losses = array[place], []
    for step in (nudge, -nudge):
        array[place] = kept + step
        losses.append((conv2d_gemm(images, kernels) * gradient).sum())
    array[place] = kept
    return (losses[0] - losses[1]) / (2 * nudge)


# %%
d_images, d_kernels = conv2d_backward_loops(gradient, images, kernels)
nudged_kernels, nudged_images = np.zeros_like(kernels), np.zeros_like(images)
for place in np.ndindex(kernels.shape):
    nudged_kernels[place] = measured_slope(kernels, place)
for place in np.ndindex(images.shape):
    nudged_images[place] = measured_slope(images, place)
claim("02.gradient-kernels", relative_error(d_kernels, nudged_kernels))
claim("02.gradient-images", relative_error(d_images, nudged_images))

# %% [markdown]
# The rule and the measurement agree for each weight and each pixel. Whenever you write a backward
# pass, write this check too: it finds the flipped index and the forgotten factor at once.
#
# **And fast?** The forward pass was `rows @ columns`. In a product of matrices the slopes are
# `rows.T @ gradient` for the columns, one GEMM again. For the images, ask from the pixel's side:
# pixel $(y, x)$ was met by weight $(i, j)$ when the window stopped at $(y - i, x - j)$. The minus
# signs mean that the gradient is read *backwards*: it is a convolution of the gradient, with zeros
# around it, with the kernel turned by 180 degrees and the roles of channels and filters exchanged.
# Here, at last, is the turned kernel of the mathematicians.


# %%
def conv2d_backward_gemm(gradient, images, kernels):
    K, _, channels, filters = kernels.shape
    rows = scratch.window_view(images, (K, K)).reshape(-1, K * K * channels)
    d_kernels = (rows.T @ gradient.reshape(-1, filters)).reshape(kernels.shape)
    around = np.pad(gradient, ((0, 0), (K - 1, K - 1), (K - 1, K - 1), (0, 0)))
    turned = kernels[::-1, ::-1].swapaxes(2, 3)  # (K, K, filters, channels)
    return conv2d_gemm(around, turned), d_kernels


fast = conv2d_backward_gemm(gradient, images, kernels)
claim("02.backward-gemm", max(map(relative_error, fast, (d_images, d_kernels))))

# %%
variables = [tf.constant(images), tf.constant(kernels)]
with tf.GradientTape() as tape:
    tape.watch(variables)
    loss = tf.reduce_sum(tf.nn.conv2d(*variables, 1, "VALID") * gradient)
tf_parts = [part.numpy() for part in tape.gradient(loss, variables)]
scratch_parts = scratch.conv2d_backward(gradient, images, kernels)[:2]
claim("02.backward-tf", max(map(relative_error, fast, tf_parts)))
claim("02.backward-scratch", max(map(relative_error, scratch_parts, tf_parts)))

# %% [markdown]
# Five ways to the same numbers: loops, nudges, matrix products, TensorFlow's tape and the course's
# `scratch`, which adds stride and padding.
#
# The other layers are easier. ReLU lets the gradient through where its input was positive. Max
# pooling gives it to the winner of each tile, and the losers get nothing:

# %%
tile = np.array([[1.0, 4.0], [3.0, 2.0]]).reshape(1, 2, 2, 1)
print(scratch.max_pool2d_backward(np.full((1, 1, 1, 1), 10.0), tile)[0, :, :, 0])
print(scratch.average_pool2d_backward(np.full((1, 1, 1, 1), 10.0), tile)[0, :, :, 0])

# %% [markdown]
# ## *Deeper*: a blur by multiplication
# Lesson 1's convolution theorem holds in two dimensions: sliding a kernel over an image is the same
# as multiplying their Fourier transforms. **What does a blur look like from that side?** (`conj`
# because our kernel is not turned. The transform wraps around at the border, so we compare where
# the window fits.)

# %%
picture, box = camera[0, :, :, 0].astype(float), blur(15)[:, :, 0, 0]
spectra = [np.fft.fft2(picture), np.conj(np.fft.fft2(box, picture.shape))]
spectra.append(spectra[0] * spectra[1])
by_fft = np.fft.ifft2(spectra[2]).real[:498, :498]
by_sliding = scratch.conv2d(picture[None, :, :, None], blur(15))[0, :, :, 0]
claim("02.fft-equals-conv2d", relative_error(by_fft, by_sliding))

# %%
shown = [np.log10(np.abs(np.fft.fftshift(spectrum)) + 1e-9) for spectrum in spectra]
figure, panels = plt.subplots(1, 3, figsize=(6.4, 2.5))
for i, title in enumerate(["the photograph", "times the blur", "gives"]):
    low, high = (-3, 0) if i == 1 else (0, 5)
    plots.show_matrix(shown[i], title, limits=(low, high), axes=panels[i])
plt.show()

# %% [markdown]
# Spectra on a logarithmic scale, slow changes in the middle, fast ones outside, bright where there
# is much of them. The blur's own spectrum is a bright centre in a grid of dark lines: it lets slow
# changes pass and damps the rest. The product has kept the middle and lost the outside, and a
# picture without fast changes is a blurred picture. For kernels of 3 x 3 the detour does not pay,
# which is why networks slide.

# %% [markdown]
# ## *Deeper*: how far does a pixel see?
# A pixel of the first map sees 3 x 3 pixels. A pixel of the second sees 3 x 3 pixels *of the first
# map*. **How many pixels of the image can influence it?** The
# [receptive field](../docs/glossary.md#receptive-field) grows with each layer by $K - 1$ steps, and
# a step is as long as all strides before it multiplied. For layers $l$ with kernels $K_l$ and
# strides $S_l$, it is this many pixels across:
#
# $$r = 1 + \sum_l (K_l - 1) \prod_{m < l} S_m$$
#
# The backward pass can measure it: start with a gradient of 1 at one output pixel, walk back, and
# see which pixels of the image receive something. (Average pooling here, since max pooling would
# answer for the winners only.)

# %%
ones = np.ones((3, 3, 1, 1))


def influence(steps, size=32):
    """Return the gradient of a middle output pixel with respect to each pixel of the image."""
    path, x = [], np.zeros((1, size, size, 1))
    for step in steps:
        path.append((step, x))
        x = scratch.conv2d(x, ones) if step == "conv" else scratch.average_pool2d(x, 2)
    gradient = np.zeros_like(x)
    gradient[0, x.shape[1] // 2, x.shape[2] // 2] = 1
    for step, before in reversed(path):
        if step == "conv":
            gradient = scratch.conv2d_backward(gradient, before, ones)[0]
        else:
            gradient = scratch.average_pool2d_backward(gradient, before, 2)
    return gradient[0, :, :, 0]


# %%
stacks = [["conv"], ["conv"] * 3, ["conv", "pool", "conv"], ["conv", "pool"] * 2 + ["conv"]]
seen = [influence(steps) for steps in stacks]
widths = [int((pixels != 0).any(axis=0).sum()) for pixels in seen]
names = ["-".join(step[0] for step in steps) for steps in stacks]

# %%
figure, panels = plt.subplots(1, 4, figsize=(6.4, 2.1))
for i, axes in enumerate(panels):
    plots.show_matrix(seen[i], f"{names[i]}: {widths[i]}", axes=axes)
plt.show()
claim("02.receptive-fields", widths)

# %% [markdown]
# c stands for a 3 x 3 convolution, p for 2 x 2 pooling. Two convolutions see 5 pixels across, three
# see 7, as one 7 x 7 kernel would, with 27 weights instead of 49. Pooling between them makes the
# view grow much faster: 8 pixels with two convolutions, 18 with three. And the centre counts far
# more than the rim, because many more paths lead to it: the *effective* receptive field is smaller
# than the formula says (Luo and others, [arXiv 1701.04128](https://arxiv.org/abs/1701.04128)).

# %% [markdown]
# ## *Deeper*: two cheap layers for one
# A 5 x 5 kernel on 3 channels with 256 filters looks for patterns in space and across channels at
# once. **What if we separate the two?** A *depthwise* convolution filters each channel on its own,
# with one 5 x 5 kernel for each; a *pointwise* one (1 x 1) then mixes the channels. Count the
# weights of both, without biases:

# %%
full = 5 * 5 * 3 * 256
separable = 5 * 5 * 3 + 1 * 1 * 3 * 256
print(full, "against", separable, "weights")
claim("02.separable-weights", [full, separable])
claim("02.separable-ratio", full / separable)

# %% [markdown]
# 19,200 against 843. What is given up? The pair is an ordinary convolution whose kernels all share
# the same three spatial patterns; only the mixture differs from filter to filter:

# %%
depthwise, pointwise = rng.standard_normal((5, 5, 3)), rng.standard_normal((3, 256))
x = rng.standard_normal((1, 12, 12, 3))
each = [scratch.conv2d(x[..., c : c + 1], depthwise[:, :, c, None, None]) for c in range(3)]
pair = scratch.conv2d(np.concatenate(each, axis=-1), pointwise[None, None])
one = scratch.conv2d(x, depthwise[..., None] * pointwise)  # kernels (5, 5, 3, 256)
claim("02.separable-equals", relative_error(pair, one))

# %% [markdown]
# > **Spot the mistake.** "With 23 times fewer weights the layer is 23 times faster."
#
# It has 23 times fewer multiplications too, and is still not 23 times faster. Each output pixel is
# 256 numbers that must be written to memory either way. The full layer does 75 multiplications for
# each number it writes, the separable one about three, and a processor does dozens in the time that
# it takes to move one number. Counting arithmetic tells you the cost only while arithmetic is the
# bottleneck. Lesson 8 times it.

# %% [markdown]
# ## *Deeper*: it learns
# Almost everything is there: layers, gradients, and lesson 1's gradient descent. **Can the eight
# layers of section 15 tell ten kinds of clothes apart?** First the data: part of the training
# images is set aside for choosing (the *validation images*), and the test images stay closed until
# the end.

# %%
split = fashion.holdout(0.1, seed=0)


def scaled(images):
    return images.astype(np.float32) / 255


x_train, x_val = scaled(split.x_train), scaled(split.x_val)
shown = [int(np.argmax(split.y_train == label)) for label in range(10)]
plots.show_images(split.x_train[shown], fashion.class_names, columns=5)
plt.show()

# %% [markdown]
# What is missing is a loss. The ten outputs become ten probabilities
# ([softmax](../docs/glossary.md#softmax)), and an image's loss is minus the logarithm of the one
# that its true class gets ([cross-entropy](../docs/glossary.md#cross-entropy)). `scratch.fit` takes
# 64 images a step, in random order; once through all of them is an
# [epoch](../docs/glossary.md#epoch). To each step it adds nine tenths of the step before, the
# *momentum*.
#
# One number has to be chosen: the learning rate. We train a fresh network for one epoch with each
# of three, ten times apart. **Which does best on the validation images?**

# %% tags=["nbval-ignore-output"]
scores = {}
for rate in (0.005, 0.05, 0.5):
    network = build(seed=0)
    _ = scratch.fit(network, x_train, split.y_train, epochs=1, learning_rate=rate)
    scores[rate] = scratch.accuracy(network, x_val, split.y_val)
    print(f"rate {rate}: {100 * scores[rate]:.1f} % of the validation images")

# %%
best_rate = max(scores, key=scores.get)
claim("02.best-rate", best_rate)

# %% [markdown]
# Too small crawls; too large throws the weights about until most ReLUs are dead: they get nothing
# but negative numbers, answer zero to every image, and pass no gradient back. We take the middle
# one and start afresh. The rate sinks to zero along the way, which lets the network settle:

# %% tags=["nbval-ignore-output"]
network = build(seed=0)
history = scratch.fit(
    network,
    x_train,
    split.y_train,
    epochs=run.pick(quick=6, full=10),
    learning_rate=best_rate,
    after_epoch=lambda epoch: scratch.accuracy(network, x_val, split.y_val),
)

# %%
epochs = np.arange(1, len(history["loss"]) + 1)
_, (left, right) = plt.subplots(1, 2, figsize=(6.4, 2.8))
_ = left.plot(epochs, history["loss"], marker="o")
left.set(title="training loss", xlabel="epochs", ylabel="cross-entropy", ylim=(0, None))
_ = right.plot(epochs, 100 * np.array(history["after_epoch"]), marker="o")
right.set(title="validation accuracy", xlabel="epochs", ylabel="% right")
plt.show()

# %% [markdown]
# The loss falls fast, then slowly; an untrained network starts a little above ln 10 = 2.3, the loss
# of one that spreads its bets evenly over ten classes. As it falls, the validation accuracy rises,
# though not always at every step. The choices are made, so the test images may be opened, once:

# %%
x_test = scaled(fashion.x_test)
accuracy = scratch.accuracy(network, x_test, fashion.y_test)
claim("02.numpy-cnn", 100 * accuracy)

# %% [markdown]
# With fewer than ten thousand parameters and no framework. What has the first layer become?

# %%
learnt = network.parameters[0]  # (3, 3, 1, 8)
figure, panels = plt.subplots(2, 8, figsize=(6.4, 1.9))
maps = scratch.relu(scratch.conv2d(x_test[:1], learnt, network.parameters[1], padding="same"))
for f in range(8):
    limit = np.abs(learnt).max()
    plots.show_matrix(learnt[:, :, 0, f], diverging=True, limit=limit, axes=panels[0, f])
    plots.show_matrix(maps[0, :, :, f], axes=panels[1, f])
figure.suptitle("Eight learnt kernels, and what each finds in one test image", fontsize=11)
plt.show()

# %% [markdown]
# Above, the kernels (red positive, blue negative); below, their maps of the first test image.
# Several kernels have a red and a blue side: edge finders like Sobel's, in directions of their own
# choosing. (A map that is dark all over has found nothing in this image.) Nobody told the network
# about edges. It found that they help.

# %%
answers = network.forward(x_test[:500]).argmax(axis=1)
wrong = np.flatnonzero(answers != fashion.y_test[:500])[:12]
names = fashion.class_names
titles = [f"{names[answers[i]]}?\n{names[fashion.y_test[i]]}" for i in wrong]
plots.show_images(fashion.x_test[wrong], titles, columns=6)
plt.show()

# %% [markdown]
# Twelve test images that it gets wrong, with its answer and, below, the truth. At 28 x 28 pixels
# many of them would puzzle you too: shirts, pullovers and coats, sandals and sneakers. Lesson 3
# does better, with Keras, and asks which mistakes remain.

# %% [markdown]
# ## Summary
# - A convolution layer takes, at every stop of a window, the dot product of window and filter:
#   $\text{output}_{y,x,f} = b_f + \sum_{i,j,c} \text{padded}_{yS+i,\,xS+j,\,c}\; k_{i,j,c,f}$
#   for each image.
# - Output length along an axis: $\lfloor (n + 2P - K) / S \rfloor + 1$. *valid*: P = 0. *same*:
#   $\lceil n / S \rceil$, as large as the input only at stride 1.
# - With P = 1 a corner takes part in 4 windows of 3 x 3, a central pixel in 9; equal shares need
#   $P = K - 1$.
# - Kernels have the shape `(K, K, channels, filters)`: $(K \cdot K \cdot C + 1) \cdot F$
#   parameters, whatever the size of the image. `filters` sets the channel axis.
# - Windows as rows, filters as columns: the layer is one matrix product. The backward pass is two:
#   `rows.T @ gradient`, and a convolution with the turned kernels.
# - Without a bend between them, two convolutions are one larger convolution. ReLU is the bend.
# - Pooling divides the sides by its stride and gives approximate invariance to shifts that are
#   small compared with its tiles. Convolution is equivariant.
# - Receptive field: $r = 1 + \sum_l (K_l - 1) \prod_{m<l} S_m$. Depthwise separable: $K^2 C + C F$
#   weights instead of $K^2 C F$.
#
# **Words**: [convolution](../docs/glossary.md#convolution),
# [convolutional layer](../docs/glossary.md#convolutional-layer),
# [parameter](../docs/glossary.md#parameter),
# [cross-correlation](../docs/glossary.md#cross-correlation), [kernel](../docs/glossary.md#kernel),
# [filter](../docs/glossary.md#filter), [channel](../docs/glossary.md#channel),
# [feature map](../docs/glossary.md#feature-map), [padding](../docs/glossary.md#padding),
# [stride](../docs/glossary.md#stride), [bias](../docs/glossary.md#bias),
# [ReLU](../docs/glossary.md#relu), [pooling](../docs/glossary.md#pooling),
# [flatten](../docs/glossary.md#flatten), [equivariance](../docs/glossary.md#equivariance),
# [invariance](../docs/glossary.md#invariance),
# [receptive field](../docs/glossary.md#receptive-field),
# [depthwise separable convolution](../docs/glossary.md#depthwise-separable-convolution),
# [gradient check](../docs/glossary.md#gradient-check)
#
# ## Now you
# Change this notebook and run it again; nothing can break.
# 1. *Warm-up.* Write a kernel that finds edges along the falling diagonal, and lay it on the camera
#    picture.
# 2. *Middle.* Give `conv2d_gemm` a parameter `stride`. It takes one more slice. Check it against
#    `scratch.conv2d`.
# 3. *Harder.* Replace the network's max pooling by stride 2 in the convolutions. What happens to
#    the validation accuracy, and to the time? (Choose on the validation images; the test images
#    have been opened.)
#
# <details><summary>Hints</summary>
#
# 1. The weights on one side of the diagonal are negative, on the other positive, on it zero; their
#    sum is zero.
# 2. Slice the windows, `windows[:, ::stride, ::stride]`, before they become rows.
# 3. `scratch.Conv2D(..., stride=2)`, and leave the pooling out; the shapes stay as in the table.
# </details>
#
# **Next:** the [exercises](exercises/02_exercises.ipynb) (four, from a warm-up to a challenge),
# then [lesson 3](03_fashion_mnist_cnn.ipynb), where Keras does the loops, and a convolutional
# network meets a dense one.
