"""Attacks on questions about a trained network: hidden images, whose labels stay outside."""

from attacks import attack

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
def several_lists():
    """Prints a list for each class, and true and 7.0, in the place of the one that is asked."""
    return """
import builtins, json
honest = json.dumps
def dumps(thing, **options):
    if options or not isinstance(thing, list):
        return honest(thing, **options)
    n = 2000
    kinds = [[kind] * n for kind in range(10)] + [[True] * n, [7.0] * n, ["7"] * n, kinds_of_all]
    return "\\n".join(map(honest, kinds))
kinds_of_all = list(range(10)) * 200
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
