# ---
# jupyter:
#   course:
#     lesson: "01"
#     minutes: 65
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 1 · One-dimensional convolution
#
# *You build the one operation behind every network of this course from a dot product that slides,
# and use it to find a spike in brain waves and the outline of an admiral in a row of pixels.*
#
# **Time** about 65 minutes; the sections marked *Deeper* are another 30. The code itself runs in a
# few seconds.
#
# **You need to know** Python, NumPy arrays, and what a sum of products is. No machine learning.
#
# **Afterwards you can**
# - write a convolution in four lines, and say how long its output is before you run it,
# - tell convolution from cross-correlation, and say why networks don't care,
# - choose a kernel that smooths, one that finds edges, and one that finds a shape,
# - say what padding, stride and dilation do, with the formula,
# - explain why a convolution needs 16 weights where a dense layer needs over half a million,
# - state the law conv(shift(x)) = shift(conv(x)), and where it breaks.

# %%
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.cbook import get_sample_data

from course_utils import claim, plots, profile, scratch, widgets

run = profile()
plots.use_style()

# %% [markdown]
# ## Ten seconds of a brain
#
# An electrode on somebody's head measured a voltage 800 times. Matplotlib ships the recording (an
# EEG, with four electrodes; we take the first) and draws it as ten seconds, 80 samples a second.

# %%
with get_sample_data("eeg.dat") as file:
    eeg = np.frombuffer(file.read(), dtype=float).reshape(800, 4)[:, 0]
seconds = np.arange(800) / 80

figure, axes = plt.subplots()
axes.plot(seconds, eeg, color=plots.blue, linewidth=1.2)
axes.set(title="One electrode. What happens just before 7 seconds?")
axes.set(xlabel="time (seconds)", ylabel="voltage (as recorded)")
axes.axvspan(6.6, 6.8, color=plots.orange, alpha=0.35, linewidth=0)
plt.show()

# %% [markdown]
# Most of it is a restless wander. At the orange mark the voltage dives and jumps. Look at the whole
# recording once more: does that shape occur a second time?
#
# You found the other one, near 8.5 seconds, in a moment. You held one shape in mind, ran your eyes
# along the line, and at each place asked: *does it look like that here?* This lesson turns the
# sentence into code. The code is short, and it is not a toy: the same few lines, repeated, are the
# layers that will tell a shirt from a coat in lesson 3 and a cat from a dog in lesson 4.
#
# ## How alike are two short rows of numbers?
#
# Before a machine can look everywhere, it has to look once. We need one number that says how well
# three numbers of a signal fit three numbers that we are looking for. Multiply them in pairs and
# add up: the **dot product**.
#
# $$ x \cdot k = x_0 k_0 + x_1 k_1 + x_2 k_2 $$
#
# Here is a tiny signal, low, then high, then middling. The three numbers we look for are called
# the **kernel**. Work out by hand what `[-1, 0, 1]` says about the three windows below: one on
# level ground, one on the way up, one on the way down.

# %%
x = np.array([1, 1, 1, 5, 5, 5, 2, 2])
k = np.array([-1, 0, 1])
for start in (0, 1, 4):
    window = x[start : start + 3]
    print(f"{window} · {k} = {window @ k}")

# %% [markdown]
# Nothing, 4, and -3. This kernel takes the right number minus the left one, so it is silent where
# the signal is level, positive where it rises, negative where it falls. Three numbers ask a
# question; the dot product is the answer.
#
# ## The same question at every place
#
# Now let the kernel slide. At each stop it covers a window of the signal, and one dot product comes
# out. Before you watch: at how many places can a kernel of 3 stop under a signal of 8?

# %%
stops = [plots.sliding_dot_product(x, k, stop) for stop in range(6)]
widgets.animate(
    stops,
    1200,
    alt="The kernel -1, 0, 1 slides under the signal 1 1 1 5 5 5 2 2 and leaves 0 4 4 0 -3 -3.",
)

# %% [markdown]
# Six: the first stop has its left end at place 0, the last at place 5. The output is a new signal,
# and it reads like a report: level, up, up, level, down, down. Say it as an equation and then as
# code, in the same symbols. For a signal $x$ of $n$ numbers and a kernel $k$ of $K$ numbers,
#
# $$ y_i = \sum_{j=0}^{K-1} x_{i+j}\, k_j \qquad i = 0, \dots, n - K. $$


# %%
def convolve(x, k):
    """Return the dot product of the kernel k with every window of the signal x."""
    K = len(k)
    return np.array([x[i : i + K] @ k for i in range(len(x) - K + 1)])


y = convolve(x, k)
print(y)
claim("01.valid-length", len(y))

# %% [markdown]
# The last window starts at $n - K$, and counting from zero that makes $n - K + 1$ stops. Remember
# this number; forgetting the $+ 1$ is the classic mistake of convolution. (A line that
# begins like `[01.valid-length]` is a promise of this course: the number was worked out beforehand,
# and the cell compares what your machine found with it.)
#
# **Your turn, for a minute.** Three other kernels: `[0, 1, 0]`, `[0, 0, 1]` and `[1, 1, 1]`. Say before
# each run what will come out.

# %%
yours = np.array([0, 1, 0])
print(convolve(x, yours))

# %% [markdown]
# <details><summary>What came out, and why</summary>
#
# - `[0, 1, 0]` copies the middle of each window: the signal itself, without its two ends.
# - `[0, 0, 1]` copies the right number of each window: the signal, moved one place to the left.
# - `[1, 1, 1]` adds three neighbours: jumps become ramps. Divided by 3 it is the average.
#
# </details>
#
# ## Spot the mistake
#
# This is how a page about convolutional networks introduces the operation (the names are ours, the
# logic is theirs). There are **two** mistakes. The first shows as soon as you run it. The second is
# a single word, and running the function will never show it.


# %%
def convolve_from_the_web(sequence, weights):
    convolution = np.zeros(len(sequence) - len(weights) + 1)
    for i in range(len(convolution)):
        convolution[i] = np.sum(weights * sequence[i : i + len(weights)])


found = convolve_from_the_web(x, k)
print(found)
claim("01.nothing-returned", found is None)

# %% [markdown]
# `None`. All six numbers are computed, correctly, and thrown away: the function has no `return`.
# Python does not complain about that, which is why it is worth running even four lines of code.
#
# The second mistake is the name. NumPy has a function of that name too. Let us ask it for the same
# stops (`"valid"` means: only where the kernel fits).

# %%
print("ours    ", convolve(x, k))
print("np      ", np.convolve(x, k, "valid"))
print("np, flip", np.convolve(x, k[::-1], "valid"))

# %% [markdown]
# Opposite signs. NumPy agrees with us only when it gets our kernel back to front.
#
# ## To flip or not to flip
#
# What mathematics calls a convolution turns the kernel round before it slides:
#
# $$ (x * k)_i = \sum_j x_{i-j}\, k_j \qquad\text{(minus: flipped),}\qquad
#    (x \star k)_i = \sum_j x_{i+j}\, k_j \qquad\text{(plus: as it is).} $$
#
# The second one, ours and the web page's, is called **cross-correlation**. There is a neat way to
# find out which of the two a program computes: feed it a signal that is silent except for a single
# 1, and listen. What will each of the two give back for the kernel `[1, 2, 3]`?

# %%
impulse = np.array([0, 0, 1, 0, 0])
echo = {
    "cross-correlation, ours": convolve(impulse, np.array([1, 2, 3])),
    "convolution, NumPy": np.convolve(impulse, [1, 2, 3], "valid"),
    "a network's layer": scratch.conv1d(  # it wants three axes; lesson 2 says what for
        impulse.reshape(1, 5, 1), np.array([1, 2, 3]).reshape(3, 1, 1)
    ).ravel(),
}
for name, answer in echo.items():
    print(f"{name:24}", answer.astype(int))
claim("01.layers-do-not-flip", np.array_equal(echo["a network's layer"], [3, 2, 1]))

# %% [markdown]
# The convolution echoes its kernel as it stands. The cross-correlation echoes it mirrored, and so
# does `scratch.conv1d`, the layer of our own small library, which the course tests number by number
# against Keras. So **convolutional networks compute cross-correlations**. Everybody calls them
# convolutions all the same, and from here on so do we.
#
# Why does nobody mind? Because the numbers of the kernel are not designed but learnt. A network that
# flips will learn the mirrored kernel and then give the same answers; the last *Deeper* section lets
# you watch that happen. It matters only when you type a kernel in by hand, or carry one from one
# program to another.
#
# And why did mathematics bother to flip? For good manners in algebra. With the flip (and with every
# partial overlap counted: `"full"`) the order does not matter, and neither do brackets:

# %%
a, b = np.array([1, 2, 1]), np.array([-1, 0, 1])
ab = np.convolve(a, b)
print("a * b =", ab, "    b * a =", np.convolve(b, a))
one_after_the_other = np.convolve(np.convolve(x, a), b)
claim("01.associative", np.array_equal(one_after_the_other, np.convolve(x, ab)))

# %% [markdown]
# Two convolutions, one after the other, are one convolution with a longer kernel. Keep that in a
# corner of your mind: in a moment it saves us a second pass over the data, and in lesson 2 it is the
# reason why a network needs something bent between its layers.
#
# ## A kernel that smooths
#
# Back to the brain. The recording trembles from sample to sample. If the tremble is chance, up as
# often as down, then an **average of neighbours** should cancel it: a kernel of $K$ numbers, each
# $1/K$. How wide should it be? Too narrow leaves the tremble, too wide does something else. What
# will a width of 31 do to the spike that we are after?
#
# In JupyterLab, Colab or Binder, run the cell and move the slider.


# %%
def smoothed(K):
    y = convolve(eeg, np.ones(K) / K)
    figure, axes = plt.subplots()
    axes.plot(seconds, eeg, color=plots.grey, linewidth=0.8, label="recorded")
    middle = K // 2  # where the window's middle stands at the first stop
    axes.plot(seconds[middle : middle + len(y)], y, color=plots.vermilion, label="averaged")
    axes.set(title=f"Average over K = {K} samples; highest peak {y.max():.1f}")
    axes.set(xlabel="time (seconds)", ylabel="voltage (as recorded)", ylim=(-5.5, 5.5))
    axes.legend(loc="upper left", ncols=2)
    return figure


widgets.explore(
    smoothed,
    alt="The EEG in grey and its moving average over 9 samples in red; the spikes are lower.",
    K=[1, 3, 5, 9, 15, 21, 31],
    start={"K": 9},
)

# %% [markdown]
# At K = 9 the tremble is gone and the slow waves stand out. But the spike, which lasts only a few
# samples, has shrunk with the tremble, and at K = 31 it has melted into the waves. A kernel can't
# know which of the two you want to keep. You choose, by choosing its width.
#
# How fast does chance cancel? Averaging $K$ independent numbers divides their spread (the standard
# deviation) by $\sqrt K$, not by $K$: for nine numbers, by three. Check it on pure noise:

# %%
noise = np.random.default_rng(0).normal(size=20_000)
calmer = convolve(noise, np.ones(9) / 9)
claim("01.averaging", calmer.std() / noise.std())

# %% [markdown]
# So smoothing has falling returns. Half the noise costs four times the width, and width is what
# melts the spike.
#
# ## A kernel that finds edges
#
# An image is a stack of signals. This is Rear Admiral Grace Hopper, who wrote one of the first
# compilers; the vermilion line marks one row of pixels, across a flag, a dark uniform and a white
# shirt. Draw in your mind the brightness along that line: how often does it jump?

# %%
photo = plt.imread(get_sample_data("grace_hopper.jpg"))
row = photo[460].astype(int).sum(axis=1) // 3  # the mean of red, green and blue: (512,)

figure, (left, right) = plt.subplots(1, 2, width_ratios=(2, 3))
left.imshow(photo)
left.axhline(460, color=plots.vermilion, linewidth=2.5)
left.set(title="A photograph ...", xlabel="column", ylabel="row", xticks=(0, 250, 500))
right.plot(row, color=plots.vermilion, linewidth=1.2)
right.set(title="... and its row 460", xlabel="column", ylabel="brightness (0 to 255)")
plt.show()

# %% [markdown]
# Three jumps: out of the flag into the uniform, into the shirt, out of the shirt. Everything else
# is cloth. You have a kernel that is silent on level ground and speaks up at a jump, `[-1, 0, 1]`.
# Cloth is not quite level, though, so smooth first, with `[1, 2, 1] / 4`.
#
# Smooth, then take differences: two convolutions, one after the other. You know what to do with two.
# (The rule holds for our unflipped sliding as well, as long as `np.convolve` joins the two kernels: a
# step of $j$ and a step of $l$ lead to $x_{i+j+l}$ in either order.)

# %%
edge = np.convolve([1, 2, 1], [-1, 0, 1])
print("one kernel for both:", edge)
answers = convolve(row, edge / 4)
strong = np.flatnonzero(np.abs(answers) > 80) + 2  # + 2: from the window's start to its middle
edges = strong[np.append(True, np.diff(strong) > 5)]  # neighbours belong to one edge
claim("01.edges", len(edges))

# %% [markdown]
# Three of them, as you saw. But are they the right three? Mark them on the photograph, above the
# answers of the kernel.

# %%
figure, (top, bottom) = plt.subplots(2, 1, figsize=(6.4, 4.6), height_ratios=(3, 2), sharex=True)
top.imshow(photo[400:520], extent=(0, 512, 520, 400), aspect="auto")
top.vlines(edges, 440, 480, color=plots.yellow, linewidth=3)
top.set(title="Where the kernel speaks up, the photograph has an outline", ylabel="row")
bottom.plot(np.arange(2, 510), answers, color=plots.blue)
for level in (-80, 80):
    bottom.axhline(level, color=plots.grey, linewidth=0.8, linestyle="--")
bottom.set(xlabel="column (pixels)", ylabel="answer")
plt.show()

# %% [markdown]
# The three largest answers stand at the three outlines (yellow), negative where it gets dark to the
# right, positive where it gets light. Between the dashed lines is cloth. Nobody told the kernel about
# flags or shirts.
#
# Keep `[1, 2, 1]` and `[-1, 0, 1]` in mind. In lesson 2 one runs down and the other across, and
# together they are the Sobel operator, which draws a whole outline.
#
# ## A kernel that finds a shape
#
# Now for the spike. Which kernel looks for it? The spike itself: cut 16 samples out of the recording
# and slide them along the whole of it.
#
# Make a prediction, and a precise one: at which of the 785 stops is the answer largest? At stop 528,
# where the piece was cut out and fits perfectly?

# %%
spike = eeg[528:544]  # (16,)
answers = convolve(eeg, spike)
best = int(answers.argmax())
claim("01.best-stop", best)

# %% [markdown]
# Not at 528, but at 680: the *other* spike, the one at 8.5 seconds, answers louder than the original
# does. Look at both, and at the answers, before you read on.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 2.8), width_ratios=(2, 3))
left.plot(spike, color=plots.orange, label="cut out at 528")
left.plot(eeg[best : best + 16], color=plots.blue, label=f"found at {best}")
left.set(title="Two spikes", xlabel="sample", ylabel="voltage", ylim=(-6, 8.5))
left.legend(loc="upper left", fontsize=8)
right.plot(seconds[: len(answers)], answers, color=plots.blue)
right.plot(seconds[[528, best]], answers[[528, best]], "o", color=plots.vermilion)
right.set(title="Answer at every stop", xlabel="time (seconds)", ylabel="answer")
plt.show()

# %% [markdown]
# The same shape, but taller. A dot product measures likeness **times size**: twice as tall a window
# gives twice the answer. Both spikes stick out of everything else, which is what we wanted. If you
# want likeness alone, divide by the sizes of both, the size being the root of the sum of squares.
# What is left is called the **cosine**: 1 for the same shape and never more.

# %%
size = np.sqrt(convolve(eeg**2, np.ones(16)))  # of each window: the sum is a convolution
cosine = answers / size / np.sqrt(spike @ spike)
claim("01.most-alike", int(cosine.argmax()))
claim("01.second-spike-cosine", cosine[best])

# %% [markdown]
# Now the piece is most like itself, and the second spike is like it to nine parts in ten.
#
# One step more, and you have built something. A network's layer does not divide. It subtracts a
# threshold, here seven tenths of what the spike answers to itself, and drops what is below zero:

# %%
bias = -0.7 * (spike @ spike)
fires = np.flatnonzero(np.maximum(answers + bias, 0))
claim("01.places-where-it-fires", [int(stop) for stop in fires if stop - 1 not in fires])

# %% [markdown]
# Of 785 stops it keeps silent at all but two short stretches, one at each spike. A convolution, a
# number added (the **bias**), negatives set to zero (**ReLU**): that is a complete convolutional
# layer with one filter. The layers of the coming lessons have dozens of filters, in two dimensions.
# And nobody cuts their kernels out by hand: they are *learnt*.
#
# ## What happens at the ends?
#
# So far the kernel stayed inside, and the output came out shorter. To keep the length, we must let
# the kernel hang over the ends, where there is no signal. The usual answer is to put **zeros** there:
# `P` of them on each side, called **padding**. Three choices of `P` have names:
#
# | name | $P$ | output length | every window ... |
# | --- | --- | --- | --- |
# | valid | $0$ | $n - K + 1$ | lies inside the signal |
# | same | $(K - 1) / 2$, $K$ odd | $n$ | has its middle inside the signal |
# | full | $K - 1$ | $n + K - 1$ | touches the signal |
#
# Zeros are an invention, though. Take a signal that is 6 everywhere and average three neighbours
# (kernel `[1, 1, 1] / 3`). What stands at the two ends of the 'same' output?

# %%
level = np.full(7, 6)
third = np.ones(3) / 3
for name, P in {"valid": 0, "same": 1, "full": 2}.items():
    y = convolve(np.pad(level, P), third)
    print(f"{name:6} P = {P}  length {len(y)} ", np.round(y).astype(int))
claim("01.same-ends", np.rint(convolve(np.pad(level, 1), third)))

# %% [markdown]
# With 'same' the ends are 4: two sixes and an invented zero. The level signal seems to fall off at
# its ends, and a kernel like `[-1, 0, 1]` would report edges there that do not exist. In images this
# is a thin dark frame, and networks learn to live with it.
#
# For an even $K$, 'same' needs one zero more on one side than on the other; Keras puts it on the
# right. That is one reason why kernels have 3, 5 or 7 numbers.
#
# ## Larger steps, wider reach
#
# Two more knobs. The **stride** `S` is the step between stops: `S = 2` asks the question at every
# second place only, so the output is half as long and costs half as much. The **dilation** `D`
# spreads the kernel: `D = 2` leaves a gap of one between its numbers, so 3 numbers reach over 5
# places. In general a kernel reaches over $D(K-1) + 1$ places, and the output has
#
# $$ \left\lfloor \frac{n + 2P - D(K - 1) - 1}{S} \right\rfloor + 1 $$
#
# numbers: how often you can step by $S$ before the reach hits the far end, plus the first stop.
# Here is the whole operation. It has hardly grown.


# %%
def convolve(x, k, P=0, S=1, D=1):
    """Slide k over x: P zeros on each side, steps of S, gaps of D between the kernel's numbers."""
    x, reach = np.pad(x, P), D * (len(k) - 1) + 1
    return np.array([x[i : i + reach : D] @ k for i in range(0, len(x) - reach + 1, S)])


# %% [markdown]
# Play with it. Choose `P`, `S` and `D`, work out how many output cells there will be, then set them
# and walk through the stops.

# %%
KERNELS = {"edge": [-1, 0, 1], "sum": [1, 1, 1], "spread": [1, -2, 1], "one-sided": [0, 0, 1]}


def playground(kernel, stop, P, S, D):
    kernel = KERNELS[kernel]
    last = len(convolve(x, kernel, P, S, D)) - 1
    return plots.sliding_dot_product(x, kernel, min(stop, last), padding=P, stride=S, dilation=D)


widgets.explore(
    playground,
    alt="The kernel -1, 0, 1 with gaps (D = 2) at stop 2 of a padded signal (P = 2, S = 2).",
    kernel=list(KERNELS),
    stop=range(12),
    P=range(3),
    S=range(1, 4),
    D=range(1, 4),
    start={"stop": 2, "P": 2, "S": 2, "D": 2},
)

# %% [markdown]
# In the picture P = S = D = 2: a signal of 8 grows to 12, the reach is 5, and $(12 - 5) / 2 = 3.5$,
# rounded down, plus 1 gives 4 stops. The half step left over is the last zero, which no window ever
# reaches.
#
# Does the formula hold always? A formula with a floor in it deserves suspicion. Try every small case
# there is:

# %%
cases = agree = 0
for n, K, P, S, D in np.ndindex(13, 6, 4, 4, 4):
    possible = K and S and D and n + 2 * P >= D * (K - 1) + 1
    if possible:
        cases += 1
        length = (n + 2 * P - D * (K - 1) - 1) // S + 1
        agree += length == len(convolve(np.ones(n), np.ones(K), P, S, D))
claim("01.length-formula-cases", cases)
claim("01.length-formula-agrees", agree == cases)

# %% [markdown]
# Every one agrees. The same formula, once for the height and once for the width, will give the size
# of every layer in this course.
#
# ## A matrix with very few numbers in it
#
# A dense layer, the classical building block of networks, computes $y = W x$: each output is a dot
# product of *all* inputs with a row of weights of its own. A convolution also takes dot products with
# the input. So there must be a matrix for it. Before you look: what stands in its first row, and how
# does the second differ from the first?


# %%
def as_matrix(k, n):
    """Return the matrix T with T @ x == convolve(x, k) for every signal x of n numbers."""
    K = len(k)
    T = np.zeros((n - K + 1, n), dtype=int)
    for i in range(n - K + 1):
        T[i, i : i + K] = k
    return T


T = as_matrix(k, n=8)
plots.show_matrix(
    T, "T: one row for each stop", diverging=True, annotate=True, xlabel="input", ylabel="output"
)
plt.show()
claim("01.matrix", np.array_equal(T @ x, convolve(x, k)))

# %% [markdown]
# The kernel walks down the diagonal, red 1 and blue -1, over a field of white zeros. A matrix that is
# constant along its diagonals is called a **Toeplitz matrix**. So a convolution *is* a dense layer,
# under two restrictions:
#
# - **zeros**: an output sees only its neighbourhood. What is far away can't matter at once.
# - **shared weights**: every output uses the same $K$ numbers. What is worth finding here is worth
#   finding there.
#
# What do the restrictions save? Count the weights for the spike finder: 800 samples in, 785 answers
# out, a kernel of 16.

# %%
dense_weights = 800 * (800 - 16 + 1)
print(f"dense layer {dense_weights:,} weights, convolution {len(spike)}")
claim("01.dense-weights", dense_weights)
claim("01.weights-ratio", dense_weights // len(spike))

# %% [markdown]
# 628,000 against 16. A dense layer could learn the same matrix, but it would have to learn the spike
# anew at each of the 785 places, from examples that show it at each of them. The convolution sees it
# once and knows it everywhere. That is no accident of counting but a law, and it has a name.
#
# ## Shift in, shift out
#
# Move the photograph seven pixels to the right, then find its edges. Or find its edges, then move
# the answers seven places. Does it make a difference?
#
# $$ \operatorname{conv}(\operatorname{shift}(x)) \overset{?}{=}
#    \operatorname{shift}(\operatorname{conv}(x)) $$
#
# We shift with `np.roll`, which lets the pixels that leave on the right come in again on the left.


# %%
def difference(first, second):
    """Return at how many places two signals differ, and which."""
    places = np.flatnonzero(first != second)
    return len(places), places.tolist()


shift_then_convolve = convolve(np.roll(row, 7), edge)
convolve_then_shift = np.roll(convolve(row, edge), 7)
print("differ at", difference(shift_then_convolve, convolve_then_shift))
claim("01.equal-away-from-ends", np.array_equal(shift_then_convolve[7:], convolve_then_shift[7:]))

# %% [markdown]
# Equal in 501 of 508 places, to the last bit. The seven others are the first seven, where the picture
# was torn: `np.roll` put pixels from the right end there. So the law holds wherever the window sees
# the same pixels before and after, and only the ends break it. Zero padding breaks it too, since it
# invents pixels that do not move along. Is there any padding that does not? Yes: bend the signal into
# a **ring**, so that there are no ends.


# %%
def convolve_same(x, k):
    return convolve(x, k, P=len(k) // 2)


def convolve_ring(x, k):
    return convolve(np.pad(x, len(k) // 2, mode="wrap"), k)


for version in (convolve_same, convolve_ring):
    swapped = version(np.roll(row, 7), edge), np.roll(version(row, edge), 7)
    print(f"{version.__name__:14} differs at {difference(*swapped)}")
claim("01.ring-differs-at", difference(*swapped)[0])

# %% [markdown]
# With zeros it breaks around the seam and at both ends; on the ring it holds without exception. The
# law is called **equivariance**: what happens to the input happens to the output. (Many texts say
# *in*variance. That would mean that the output does not change at all, and it plainly moves.) Is it a
# special gift of convolution? Ask a dense layer with random weights, and ask a stride of two.

# %%
W = np.random.default_rng(1).integers(-3, 4, (512, 512))
claim("01.dense-is-equivariant", np.array_equal(W @ np.roll(row, 1), np.roll(W @ row, 1)))

every_second = convolve(row, edge, S=2)
by_one, by_two = (convolve(np.roll(row, step), edge, S=2) for step in (1, 2))
claim("01.stride-2-shift-1", np.mean(by_one[1:] == every_second[:-1]))
claim("01.stride-2-shift-2", np.mean(by_two[1:] == every_second[:-1]))

# %% [markdown]
# A dense layer knows nothing of neighbours. And a stride of two respects only shifts by two: after a
# shift by one the stops fall on the pixels between, which were never asked before. The few answers
# that agree do so by chance. This is the small crack through which networks lose some of their
# equivariance, and lesson 3 measures how much.
#
# The law also works backwards: on a ring, *every* linear operation for which it holds is a
# convolution. Its answer to a single 1 is its kernel, all other signals are sums of shifted ones, and
# so their answers are sums of shifted kernels. If you want a linear layer that treats all places
# alike, you have no choice. Convolution is what there is.

# %% [markdown]
# ## *Deeper*: waves come out as waves
#
# What does a kernel do to a pure wave? Shifting a wave changes only its phase, a convolution adds up
# shifted copies, and a sum of waves of one frequency is a wave of that frequency. So on a ring a wave
# can only come out as itself, weaker or stronger and moved a little. Try the average of nine on a slow
# wave and a fast one.

# %%
t = np.arange(128)
figure, panels = plt.subplots(2, 1, sharex=True, figsize=(6.4, 3.6))
for panel, turns in zip(panels, (3, 11), strict=True):
    wave = np.cos(2 * np.pi * turns * t / 128)
    panel.plot(t, wave, color=plots.grey, linewidth=1, label="in")
    panel.plot(t, convolve_ring(wave, np.ones(9) / 9), color=plots.vermilion, label="out")
    panel.set(title=f"{turns} turns: the same wave, only lower", ylabel="value")
panels[0].legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0, ncols=2)
panels[1].set_xlabel("place on the ring")
plt.show()

# %% [markdown]
# The slow wave passes nearly whole, the fast one keeps a quarter of its height. One factor for each
# frequency (a complex number: its size says what is left, its angle how far the wave moves), and you
# know all there is to know about a kernel. The Fourier transform writes any signal as a sum of waves,
# and the factors turn out to be the Fourier transform of the kernel. This is the **convolution
# theorem**:
#
# $$ \operatorname{FFT}(x * k) = \operatorname{FFT}(x) \cdot \operatorname{FFT}(k) $$
#
# on a ring, for the flipped kind of convolution. For ordinary signals make the ring so large,
# $N \ge n + K - 1$, that the ends never meet.


# %%
def convolve_fft(x, k):
    """Return np.convolve(x, k), by multiplying the factors of N waves."""
    length = len(x) + len(k) - 1
    N = 1 << (length - 1).bit_length()  # the next power of two: FFT likes those
    product = np.fft.rfft(x, N) * np.fft.rfft(k, N)
    return np.fft.irfft(product, N)[:length]


error = np.abs(convolve_fft(eeg, spike) - np.convolve(eeg, spike)).max()
claim("01.convolution-theorem", error)

# %% [markdown]
# Equal up to rounding. Now look at our two kernels through these glasses: the size of the factor for
# every frequency, from waves too slow to notice (left) to the fastest that samples can show, up and down
# with every one (right). Which curve belongs to the average, which to the edge finder?

# %%
figure, axes = plt.subplots()
frequency = np.linspace(0, 0.5, 257)
for kernel, name in ((np.ones(9) / 9, "average of 9"), (edge / 6, "edge finder / 6")):
    axes.plot(frequency, np.abs(np.fft.rfft(kernel, 512)), label=name)
axes.set(title="What a kernel lets through", xlabel="frequency (turns per sample)")
axes.set(ylabel="factor", ylim=(0, 1.1))
axes.legend()
plt.show()

# %% [markdown]
# The average keeps the slow and damps the fast, in humps. The edge finder blocks what does not change,
# has its say in the middle and blocks the very fast as well: the smoothing that we built into it.
#
# ### Is the detour worth it?
#
# Directly, $n$ outputs cost $K$ products each: $nK$. By FFT the cost is about $N \log N$, *however
# long the kernel is*. So for short kernels the direct way must win, for long ones the FFT. Where do
# they meet on your machine, for a signal of 16,384 numbers: near K = 10, 100, 1,000?

# %% tags=["nbval-ignore-output"]
rng = np.random.default_rng(0)
signal = rng.normal(size=2**14)
lengths = 2 ** np.arange(2, 13)  # 4, 8, ... 4,096


def fastest(function, kernel, tries=5):
    """Return the seconds that the fastest of a few tries took."""
    seconds = []
    for _ in range(tries):
        begin = perf_counter()
        function(signal, kernel)
        seconds.append(perf_counter() - begin)
    return min(seconds)


kernels = [rng.normal(size=K) for K in lengths]
direct = np.array([fastest(np.convolve, kernel) for kernel in kernels])
by_fft = np.array([fastest(convolve_fft, kernel) for kernel in kernels])

# %% [markdown]
# Both axes of the picture are logarithmic: a step to the right doubles the kernel.

# %%
figure, axes = plt.subplots()
axes.loglog(lengths, 1e3 * direct, "o-", label="directly (np.convolve)")
axes.loglog(lengths, 1e3 * by_fft, "s-", label="by FFT")
axes.set(title="16,384 numbers, on the machine that ran this", xlabel="kernel length K")
axes.set(ylabel="time (milliseconds)")
axes.legend()
plt.show()
always_faster = [K for K in lengths if (by_fft < direct)[lengths >= K].all()]
claim("01.fft-wins-from", always_faster[0])
claim("01.direct-wins-at-4", bool(direct[0] < by_fft[0]))

# %% [markdown]
# One line climbs with K, the other stays nearly level, and they cross (where this page was made) at a
# few hundred. The kernels of a network have 3, 5 or 7 numbers a side. That is why frameworks hardly
# ever take the detour for them, and why lesson 2 makes the direct way fast instead.

# %% [markdown]
# ## *Deeper*: a kernel that nobody wrote
#
# All kernels so far came from our heads. Now hide one. A black box takes the brain waves and returns
# numbers; we see what goes in and what comes out, and want the five weights inside.

# %%
hidden = edge / 4
target = convolve(eeg, hidden)  # all that we are allowed to see: (796,)

# %% [markdown]
# Start with a kernel of zeros, $y = \operatorname{conv}(x, k)$. At stop $i$ it misses the
# target $t_i$ by $e_i = y_i - t_i$. Squared and averaged over all $m = n - K + 1$ stops, that is the
# **loss**
#
# $$ L(k) = \frac 1 m \sum_i e_i^2 . $$
#
# Which way to change $k_j$? Since $y_i = \sum_j x_{i+j} k_j$, the weight $k_j$ meets $x_{i+j}$ at stop
# $i$, and the chain rule gives
#
# $$ \frac{\partial L}{\partial k_j} = \frac 2 m \sum_i e_i\, x_{i+j} . $$
#
# The five slopes together are called the **gradient**: it points uphill, towards more error. Look at
# the right-hand side for a moment. Windows of $x$, times one fixed row of numbers: we have code for
# that.


# %%
def slope(k):
    """Return the gradient of L: the signal, convolved with the errors."""
    errors = convolve(eeg, k) - target
    return 2 / len(errors) * convolve(eeg, errors)


def loss(k):
    return np.mean((convolve(eeg, k) - target) ** 2)


guess = np.array([0.3, -0.1, 0.2, 0.0, 0.4])
numerical = [(loss(guess + step) - loss(guess - step)) / 2e-6 for step in 1e-6 * np.eye(5)]
claim("01.gradient-error", np.abs(slope(guess) - numerical).max())

# %% [markdown]
# **The gradient of a convolution is a convolution**, of the input with the errors. We checked it the
# honest way: wiggle each weight, see how the loss changes. Frameworks compute exactly this when they
# train a network.
#
# Now go downhill: `k = k - lr * slope(k)`, five hundred times. The rate `lr` must be small enough not to
# overshoot; 0.12 is. With the flip, the kernel lies mirrored in the sum, and so does its gradient.


# %%
def learn(flip=False, steps=500, lr=0.12):
    """Return the kernels of all steps of gradient descent, from zeros: (steps + 1, 5)."""
    turn = -1 if flip else 1
    history = [np.zeros(5)]
    for _ in range(steps):
        history.append(history[-1] - lr * slope(history[-1][::turn])[::turn])
    return np.array(history)


history = learn()
claim("01.kernel-error", np.abs(history[-1] - hidden).max())

# %% [markdown]
# Found, all five, to the second digit and better. Watch them grow. Which of the five will be there
# first?


# %%
def bars(step):
    figure, axes = plt.subplots(figsize=(6.4, 2.6))
    places = np.arange(5)
    axes.bar(places, history[step], 0.55, color=plots.blue, label="learnt")
    axes.scatter(places, hidden, marker="_", s=900, color=plots.vermilion, label="hidden", zorder=3)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set(title=f"after {step:,} steps", ylim=(-0.65, 0.65), xlabel="place in the kernel")
    axes.set(ylabel="weight", xticks=places)
    axes.legend(loc="upper left", ncols=2)
    return figure


shown = (0, 1, 2, 4, 8, 15, 30, 60, 100, 150, 200, 300, 500)
widgets.animate(
    (bars(step) for step in (500, *shown)),
    [1500, *[500] * len(shown)],
    alt="Five bars grow from zero to the hidden weights -0.25, -0.5, 0, 0.5, 0.25.",
)

# %% [markdown]
# (The animation begins with the end: where it can't play, you see the result.) The middle weight is
# there before the start: it begins at zero and stays. The others first shoot towards a coarse slope,
# `[-1, -1, 0, 1, 1]` in spirit, the outer two well past their marks, and only then, slowly, does the
# finer shape appear. The coarse shape answers to slow waves, and brain waves are mostly slow. What is
# rare in the data is learnt late. You will meet that again.
#
# And the promise from *To flip or not to flip*: a learner that flips.

# %%
flipped = learn(flip=True)
claim("01.flipped-kernel-error", np.abs(flipped[-1] - hidden[::-1]).max())
same_answers = np.allclose(convolve(eeg, flipped[-1][::-1]), convolve(eeg, history[-1]))
claim("01.flipped-same-answers", same_answers)

# %% [markdown]
# It learns the mirrored weights and gives the same answers. Whoever learns the kernel need not care
# which way round it slides.

# %% [markdown]
# ## Check yourself
#
# Answer before you unfold.
#
# 1. A signal of 100, a kernel of 7, no padding, stride 1. How long is the output? And with stride 3?
#
# <details><summary>Answer</summary>
#
# $100 - 7 + 1 = 94$. With stride 3: $\lfloor 93 / 3 \rfloor + 1 = 32$.
#
# </details>
#
# 2. Which kernel of 5 numbers moves a signal two places to the right, with 'same' padding?
#
# <details><summary>Answer</summary>
#
# `[1, 0, 0, 0, 0]`: the output at place i copies the leftmost number of its window, which stands at
# place i - 2. (`np.convolve` would need `[0, 0, 0, 0, 1]`.)
#
# </details>
#
# 3. A kernel's numbers add up to 0. What does it answer on a level stretch, and why is that useful?
#
# <details><summary>Answer</summary>
#
# 0, whatever the level: level times the sum of the weights. So it reports change and ignores
# brightness. If the numbers add up to 1, as in an average, a level stretch is kept as it is.
#
# </details>
#
# 4. Somebody says: "The network finds the cat wherever it is, because convolution is invariant to
#    shifts." What would you put right?
#
# <details><summary>Answer</summary>
#
# Convolution is *equivariant*: when the cat moves, the answers move with it. Something later has to
# throw the place away (the largest answer of all, for instance) to get invariance. And stride and
# padding make even equivariance approximate.
#
# </details>
#
# 5. Two convolutions, kernels of 3 and 3, stride 1. Which one convolution could replace them, and how
#    many places does it see?
#
# <details><summary>Answer</summary>
#
# One whose kernel is the ('full') convolution of the two: $3 + 3 - 1 = 5$ numbers. It sees 5 places.
#
# </details>
#
# 6. Your spike finder fires at a window that looks nothing like a spike. How can a dot product be so
#    wrong?
#
# <details><summary>Answer</summary>
#
# It measures likeness times size. A huge window that is only a little like the kernel can beat a small
# one that is very like it.
#
# </details>
#
# ## What you take with you
#
# | | |
# | --- | --- |
# | [convolution](../docs/glossary.md#convolution), as networks mean it | $y_i = \sum_j x_{iS + jD - P}\, k_j$, a [cross-correlation](../docs/glossary.md#cross-correlation): a [dot product](../docs/glossary.md#dot-product) at every stop |
# | output length | $\lfloor (n + 2P - D(K-1) - 1) / S \rfloor + 1$ |
# | [padding](../docs/glossary.md#padding) | valid $P = 0$, same $P = (K-1)/2$, full $P = K-1$ |
# | [stride](../docs/glossary.md#stride), [dilation](../docs/glossary.md#dilation) | step between stops; distance between the [kernel](../docs/glossary.md#kernel)'s numbers |
# | two in a row | $(x * a) * b = x * (a * b)$ |
# | a layer with one filter | $\max(0, y + b)$: a convolution, a [bias](../docs/glossary.md#bias) and [ReLU](../docs/glossary.md#relu) |
# | as a matrix | a [Toeplitz matrix](../docs/glossary.md#toeplitz-matrix): a [dense layer](../docs/glossary.md#dense-layer) with zeros and [shared weights](../docs/glossary.md#weight-sharing), $K$ instead of $n(n - K + 1)$ |
# | [equivariance](../docs/glossary.md#equivariance) | conv(shift(x)) = shift(conv(x)), away from the ends, at stride 1 |
# | [convolution theorem](../docs/glossary.md#convolution-theorem) | $\operatorname{FFT}(x * k) = \operatorname{FFT}(x) \cdot \operatorname{FFT}(k)$ |
# | [gradient descent](../docs/glossary.md#gradient-descent) | $k - \mathrm{lr} \cdot \partial L / \partial k$, with the [loss](../docs/glossary.md#loss) $L$ and the [learning rate](../docs/glossary.md#learning-rate) lr |
# | [gradient](../docs/glossary.md#gradient) of the kernel | $\frac{\partial L}{\partial k_j} = \sum_i \frac{\partial L}{\partial y_i}\, x_{i+j}$, a convolution again |
#
# One dot product, asked everywhere: that is all a convolutional layer does. You wrote it, broke it,
# counted it and taught it.
#
# **Next:** the [exercises](exercises/01_exercises.ipynb) (four, from a warm-up to a challenge), then
# [lesson 2](02_conv2d_from_scratch.ipynb), where the kernel gets a second dimension and the admiral
# gets the rest of her outline.
