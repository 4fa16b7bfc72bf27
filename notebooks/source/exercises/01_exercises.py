# ---
# jupyter:
#   course:
#     lesson: "01"
#     minutes: 50
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 1 · One-dimensional convolution
#
# *Four pieces of work: a formula, a repair, a bit of detection, and a view from above.*
#
# **Time** about 50 minutes. **You need to know** [lesson 1](../01_one_dimensional_convolution.ipynb).
#
# Write where it says `# your code here`, run the cell, then run the check below it. The check tries
# your answer on small inputs and says what it makes of it. It is on your side: it knows the usual
# mistakes by name. Stuck? `hint("01.1")` in a cell of its own gives a nudge, a second call a push,
# a third nearly the answer. `solution("01.1")` shows one, after asking. When you hand the notebook
# in, only the answer cells count: define in each whatever its answer needs.

# %%
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.cbook import get_sample_data

from course_utils import check, hint, plots, solution

plots.use_style()

# %% [markdown]
# ## 01.1 · How long is the output? (warm-up)
#
# A signal has `n` numbers, a kernel `K`. There are `P` zeros on each side, the kernel moves in steps
# of `S`, and its numbers stand `D` places apart (`D = 1`: side by side). Return how many numbers come
# out. You may take it that the kernel fits at least once.
#
# The lesson has the formula. Try without it first: where does the kernel start at its last stop?


# %% exercise={"id": "01.1", "role": "answer", "points": 1}
def output_length(n, K, P=0, S=1, D=1):
    # BEGIN SOLUTION
    reach = D * (K - 1) + 1
    last_start = n + 2 * P - reach
    return last_start // S + 1
    # END SOLUTION


# %% exercise={"id": "01.1", "role": "check"}
check("01.1")

# %% [markdown]
# ## 01.2 · Mend the web page
#
# Here is the web page's function once more, with both of its mistakes.


# %%
def convolve_from_the_web(sequence, weights):
    convolution = np.zeros(len(sequence) - len(weights) + 1)
    for i in range(len(convolution)):
        convolution[i] = np.sum(weights * sequence[i : i + len(weights)])


# %% [markdown]
# Copy its lines into the cell below and mend them, so that the function keeps its promise: a
# **convolution**, as mathematics (and `np.convolve` with `"valid"`) means it. `sequence` and
# `weights` are arrays; leave them as they are. Two small changes are enough.


# %% exercise={"id": "01.2", "role": "answer", "points": 2}
def convolve(sequence, weights):
    # BEGIN SOLUTION
    weights = weights[::-1]
    convolution = np.zeros(len(sequence) - len(weights) + 1)
    for i in range(len(convolution)):
        convolution[i] = np.sum(weights * sequence[i : i + len(weights)])
    return convolution
    # END SOLUTION


# %% exercise={"id": "01.2", "role": "check"}
check("01.2")

# %% [markdown]
# ## 01.3 · Who did this to the admiral? (challenge)
#
# Somebody ran a row of a photograph through a filter and kept the kernel to himself. You have the
# row before and after.

# %%
photo = plt.imread(get_sample_data("grace_hopper.jpg"))
before = photo[460].astype(float).mean(axis=1)  # (512,)
secret = np.frombuffer(bytes.fromhex("1b407d83c0e5"), np.int8)  # six numbers in disguise
after = np.array([before[i : i + 6] @ secret for i in range(507)]) / 216  # (507,)

figure, axes = plt.subplots()
axes.plot(before, color=plots.grey, label="before")
axes.plot(after, color=plots.vermilion, label="after")
axes.set(title="One row of pixels, before and after", xlabel="column", ylabel="brightness")
axes.legend()
plt.show()

# %% [markdown]
# The filter left the flat parts at zero and made peaks of the jumps: somebody was looking for edges.
# But with which weights?
#
# Write a function that finds the kernel from *any* signal `x` and what became of it, `y`, when the
# kernel slides without flip, without padding, in steps of one. Nobody tells you its length, either.
# An error of 1 % is fine. You can go downhill as in the lesson's last section, or find a way that
# needs no steps at all.


# %% exercise={"id": "01.3", "role": "answer", "points": 3}
def find_kernel(x, y):
    # BEGIN SOLUTION
    K = len(x) - len(y) + 1
    windows = np.array([x[i : i + K] for i in range(len(y))])  # (n - K + 1, K)
    return np.linalg.lstsq(windows, y)[0]
    # END SOLUTION


# %% exercise={"id": "01.3", "role": "check"}
check("01.3")

# %% [markdown]
# When the check is content, ask your function about the admiral. Six numbers should come out. Times
# 216 they are the third powers of 3, 4 and 5: upwards, and then, with a minus, down again.

# %%
found = find_kernel(before, after)
if found is not None:
    plots.show_matrix(np.rint(found * 216).astype(int), "The secret", diverging=True, annotate=True)
    plt.show()

# %% [markdown]
# Every stop of the kernel is one linear equation for the same few unknowns: 507 equations for 6
# weights. That is why so little data is enough to learn a convolution, and why it is hard to keep a
# kernel secret.

# %% [markdown]
# ## 01.4 · How far does it see?
#
# Layers stand in a row: each kernel slides over the outputs of the layer before. So one number at
# the end looks at a few numbers of the layer before, each of them at a few before that, down to the
# signal. How many neighbouring places of the signal does it see, from the first to the last, gaps
# included? This is its **receptive field**.
#
# `layers` is a list of `(K, S, D)`: kernel length, stride and dilation, the first layer first. Two
# kernels of three, side by side and in steps of 1, see five places:
# `receptive_field([(3, 1, 1), (3, 1, 1)])` is 5. Without any layer a number sees itself, 1.


# %% exercise={"id": "01.4", "role": "answer", "points": 2}
def receptive_field(layers):
    # BEGIN SOLUTION
    size, step = 1, 1
    for K, S, D in layers:
        size += D * (K - 1) * step
        step *= S
    return size
    # END SOLUTION


# %% exercise={"id": "01.4", "role": "check"}
check("01.4")

# %% [markdown]
# Ten kernels of three see 21 places: two more for each. Now let every dilation be twice the one
# before, 1, 2, 4, up to 512. Before you run it: how far does one number see?

# %%
row = [(3, 1, 2**i) for i in range(10)]
print(receptive_field([(3, 1, 1)] * 10), receptive_field(row))

# %% [markdown]
# A hundred times as far, with the same thirty weights. Networks that listen to sound are built like
# this: they must hear back a long way and have no weights to waste.
#
# **Next:** [lesson 2](../02_conv2d_from_scratch.ipynb).
