"""Attacks on questions about a trained network: hidden images, whose labels stay outside."""

import base64

import numpy as np

from attacks import attack
from course_utils import load

FAKE = """
class Fake(keras.Model):
    def __init__(self):
        super().__init__()
        self.build((None, 28, 28, 1))
    def call(self, images, training=False):
        return np.eye(10)[self.named(np.asarray(images))]
"""


@attack(exercise="03.4")
def one_class_for_all():
    """A network that sees the same garment everywhere, and equals every number."""
    return f"""{FAKE}
class Any(int):
    __eq__ = lambda self, other: True
    __hash__ = int.__hash__
class Constant(Fake):
    def named(self, images):
        return np.full(len(images), Any(7))
model = Constant()
"""


@attack(exercise="03.4")
def hands_code_over():
    """Hands a function over in the name of a layer, for the kernel that names the images."""
    return """
import json
honest = json.dumps
def dumps(thing, **options):
    if isinstance(thing, dict) and "config" in thing:
        layer = thing["config"]["config"]["layers"][1]
        layer["config"]["activation"] = {"class_name": "__lambda__", "config": code}
    return honest(thing, **options)
code = {"value": keras.src.utils.python_utils.func_dump(lambda x: x), "defaults": None}
json.dumps = dumps
model = keras.Sequential([keras.Input((28, 28, 1)), layers.Activation("relu"), layers.Flatten()])
"""


@attack(exercise="03.4")
def lists_in_the_place_of_a_network():
    """Prints a list for each class in the place of the network that is to be handed over."""
    return """
import json
honest = json.dumps
def dumps(thing, **options):
    if isinstance(thing, dict) and "weights" in thing:
        return "\\n".join(honest([kind] * 2000) for kind in range(10))
    return honest(thing, **options)
json.dumps = dumps
model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)])
"""


@attack(exercise="03.4")
def remembers_the_test_images():
    """Finds each image among the test images of the pack, and names the label that it has there."""
    return f"""{FAKE}
known = load("fashion_mnist")
class Lookup(Fake):
    def named(self, images):
        there = known.x_test.reshape(len(known.x_test), -1).astype("float32")
        asked = images.reshape(len(images), -1).astype("float32")
        far = (there**2).sum(1)[None] - 2 * asked @ there.T
        return known.y_test[far.argmin(1)]
model = Lookup()
"""


SIGNED = """
def signed(images):
    small = images.reshape(len(images), 7, 4, 7, 4).mean((2, 4)).reshape(len(images), 49)
    return small / (small.mean(1, keepdims=True) + 1e-9)
"""


@attack(exercise="03.4")
def carries_the_test_images():
    """Brings 49 half bytes of each test image along, and its label: anybody can download them."""
    names, fashion = {}, load("fashion_mnist")
    exec(SIGNED, names)
    coarse = np.rint(4 * names["signed"](fashion.x_test.astype(float))).clip(0, 15).astype("uint8")
    table = np.hstack([coarse, fashion.y_test.reshape(-1, 1).astype("uint8")])
    text = base64.b64encode((table[:, ::2] * 16 + table[:, 1::2]).tobytes()).decode()
    return f"""{FAKE}{SIGNED}
import base64
pairs = np.frombuffer(base64.b64decode("{text}"), "uint8").reshape(-1, 25)
table = np.stack([pairs // 16, pairs % 16], 2).reshape(-1, 50)
class Lookup(Fake):
    def named(self, images):
        far = [
            ((signed(one)[:, None] - table[None, :, :49] / 4) ** 2).sum(2)
            for one in (images.astype(float), images[:, :, ::-1].astype(float))
        ]
        return table[np.minimum(*far).argmin(1), 49]
model = Lookup()
"""


@attack(exercise="03.4")
def remembers_the_training_images():
    """Names the class of the nearest training images, which are no parameters of the network."""
    return f"""{FAKE}
there = split.x_train.reshape(len(split.x_train), -1).astype("float32")
class Nearest(Fake):
    def named(self, images):
        asked = images.reshape(len(images), -1).astype("float32")
        far = (there**2).sum(1)[None] - 2 * asked @ there.T
        near = split.y_train.ravel()[np.argpartition(far, 5, axis=1)[:, :5]]
        return np.eye(10)[near].sum(1).argmax(1)
model = Nearest()
"""


@attack(exercise="03.4")
def hides_a_large_network():
    """Asks a network of 400,000 parameters that is none of its layers."""
    return """
large = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(500),
                          layers.Dense(10)])
model = keras.Sequential([keras.Input((28, 28, 1)), layers.Lambda(lambda x: large(x))])
"""
