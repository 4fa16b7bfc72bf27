"""A trained network gets out of its learner's kernel as plain data, and nothing else does."""

import functools
import json
import os
from dataclasses import replace

import numpy as np
import pytest

from course_utils.checks.solutions import all_solutions
from course_utils.grading import asking, handover, nbval, run, sandbox, templates
from course_utils.grading.handover import NotHanded, checked
from course_utils.grading.nbval import Case
from course_utils.grading.probes import drawing
from course_utils.grading.submissions import Submission
from tools.notebooks import ROOT

MOST = 50_000


def plain(*names):
    """A Sequential of layers by name, of maps (12, 12, 1)."""
    import keras
    from keras import layers

    def layer(name):
        return name(layers) if callable(name) else getattr(layers, name)()

    return keras.Sequential([keras.Input((12, 12, 1)), *map(layer, names)])


def without_an_input():
    import keras
    from keras import layers

    model = keras.Sequential([layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(10)])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(images(), np.zeros(4), verbose=0)
    return model


def functional():
    import keras
    from keras import layers, ops

    seen = keras.Input((12, 12, 1))
    x = ops.cast(seen, "float32") / 255 - np.float32(0.3)
    x = layers.Conv2D(8, 3, activation="relu", kernel_regularizer="l2", padding="same")(x)
    y = layers.SeparableConv2D(8, 3, padding="same", depthwise_initializer="he_normal")(x)
    x = ops.relu(layers.Add()([x, y]) + layers.Dropout(0.3)(x))[:, ::2]
    part = keras.Sequential([layers.DepthwiseConv2D(3), layers.BatchNormalization()])
    part.compile("adam", "mse")
    x = keras.activations.relu(ops.concatenate([part(x), part(2 * x)], axis=-1))
    return keras.Model(seen, layers.Dense(10, activation="softmax")(ops.mean(x, axis=(1, 2))))


def adapted():
    model = plain("Normalization", "Flatten", lambda k: k.Dense(10))
    model.layers[0].adapt(images())
    return model


def attentive():
    import keras
    from keras import layers

    seen = keras.Input((12, 12, 1))
    x = layers.Reshape((12, 12))(seen)
    x = layers.MultiHeadAttention(2, 4)(x, x) + layers.Bidirectional(layers.LSTM(6))(x)[:, None]
    return keras.Model(seen, layers.Dense(10)(layers.GlobalAveragePooling1D()(x)))


GOOD = {
    "layers one after the other": lambda: plain(
        lambda k: k.Rescaling(1 / 255),
        lambda k: k.RandomFlip("horizontal"),
        lambda k: k.RandomTranslation(0.1, 0.1),
        lambda k: k.Conv2D(8, 3, use_bias=False, kernel_constraint="max_norm"),
        "BatchNormalization",
        "PReLU",
        "MaxPooling2D",
        lambda k: k.SpatialDropout2D(0.1),
        "GlobalAveragePooling2D",
        "LayerNormalization",
        lambda k: k.Dense(10, activation="softmax"),
    ),
    "an input that comes with the images": without_an_input,
    "branches, operators, a network in a network": functional,
    "measured brightness": adapted,
    "attention and recurrence": attentive,
}


def images():
    return np.random.default_rng(0).integers(0, 256, (4, 12, 12, 1)).astype("float32")


def left(model):
    """What a kernel prints of its model."""
    return asking.printed({"model": model}, handover.leaving())


@pytest.mark.parametrize("name", GOOD)
def test_a_network_of_keras_own_layers_is_the_same_in_another_kernel(name):
    model, names = GOOD[name](), {}
    rng = np.random.default_rng(1)
    if name != "measured brightness":
        model.set_weights([rng.uniform(0.1, 0.5, w.shape) for w in model.get_weights()])
    text = left(model)
    assert text.count("\n") == 1
    exec(handover.arriving(checked(text, MOST)), names)
    given = np.array(names["model"](images(), training=False))
    np.testing.assert_allclose(given, np.array(model(images(), training=False)), rtol=1e-5)
    assert given.std() > 1e-5


@functools.cache
def small():
    return left(plain("Flatten", lambda k: k.Dense(10)))


def changed(**changes):
    """What a kernel prints that has something else in its last layer."""
    handed = json.loads(small())
    handed["config"]["config"]["layers"][-1] |= changes
    return json.dumps(handed)


def weights(*arrays):
    return json.dumps(json.loads(small()) | {"weights": list(arrays)})


def deep(levels):
    return functools.reduce(lambda inner, _: [inner], range(levels), 0)


def own_class(*unplain):
    import keras

    class Mine(keras.Model):
        def __init__(self, *unplain):
            super().__init__()

        def call(self, x):
            return x

    return Mine(*unplain)


def own_dense(layers):
    class Mine(layers.Dense):
        pass

    return Mine(10)


NOT_WHOLE = "not handed over whole"
LAMBDA = r"holds 'Lambda': .*, e.g. `layers.Rescaling\(1 / 255\)`$"
REFUSED = {
    "nothing": ("", NOT_WHOLE),
    "half a line": (lambda: small()[:-20], NOT_WHOLE),
    "a list": ("[1, 2]", NOT_WHOLE),
    "no weights": ('{"config": {}}', NOT_WHOLE),
    "very deep": ("[" * 100_000, NOT_WHOLE),
    "deep": (lambda: changed(config=deep(60)), "nested too deeply"),
    "no model": (lambda: left([1]), "`model` is list, not a Keras model"),
    "a class of its own": (lambda: left(own_class()), "class of its own, Mine: build it with"),
    "a list for the class": (
        '{"config": {"class_name": [], "module": {}}, "weights": []}',
        "of a class of its own",
    ),
    "a class that can't be described": (
        lambda: left(own_class(print)),
        r"keras.Model\(inputs, outputs\)$",
    ),
    "a layer of its own": (lambda: left(plain("Flatten", own_dense)), "holds 'Mine'"),
    "a lambda": (lambda: left(plain(lambda k: k.Lambda(lambda x: x))), LAMBDA),
    "a function": (
        lambda: left(plain(lambda k: k.Dense(2, activation=own_class))),
        "holds 'function own_class'",
    ),
    "a list for a class": (lambda: changed(class_name=["Dense"]), "holds"),
    "code in a plain part": (lambda: changed(config={"class_name": "__lambda__"}), "__lambda__"),
    "another module": (lambda: changed(module="os"), "holds 'Dense'"),
    "another's module": (lambda: changed(module="keras.src.ops.numpy"), "holds 'Dense'"),
    "no module": (lambda: changed(module=None), "holds 'Dense'"),
    "a registered name": (lambda: changed(registered_name="mine>Dense"), "holds 'Dense'"),
    "a file": (lambda: changed(class_name="TFSMLayer"), "holds 'TFSMLayer'"),
    "words from a file": (lambda: changed(class_name="TextVectorization"), "TextVectorization"),
    "a long text": (lambda: changed(name="n" * 201), "long text"),
    "a long description": (lambda: changed(config=[[0] * 10] * 10_000), "longer than 150,000"),
    "a number that is none": (lambda: changed(config=float("nan")), "NaN or infinity"),
    "weights that ran away": (lambda: weights([[1], "AADAfw=="]), "NaN or infinity"),
    "another shape": (lambda: weights([[3], "AAAAAA=="]), NOT_WHOLE),
    "a negative shape": (lambda: weights([[-1, -1], "AAAAAA=="]), NOT_WHOLE),
    "a shape of words": (lambda: weights([["1"], "AAAAAA=="]), NOT_WHOLE),
    "odd letters": (lambda: weights([[1], "A!AAAAA="]), NOT_WHOLE),
    "half a number": (lambda: weights([[1], "AAAA"]), NOT_WHOLE),
    "numbers for weights": (lambda: weights(1, 2), NOT_WHOLE),
    "many arrays": (lambda: weights(*[[[0], ""]] * 1_001), "more than 1,000 arrays"),
    "a little too large": (
        lambda: left(plain("Flatten", lambda k: k.Dense(344), lambda k: k.Dense(1))),
        "50,225 parameters, more than 50,000",
    ),
    "numbers in the description": (
        lambda: changed(config={"mean": [1] * 49_000}),
        "50,450 parameters, more than 50,000",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_anything_else_is_refused_in_one_line(name):
    printed, why = REFUSED[name]
    with pytest.raises(NotHanded, match=why) as refused:
        checked(printed() if callable(printed) else printed, MOST)
    assert str(refused.value).count("\n") == 0
    assert len(str(refused.value)) < 250


def test_the_check_of_an_exercise_says_what_the_grader_would():
    models = [own_class(), plain("Flatten", own_dense), plain(lambda k: k.Lambda(lambda x: x))]
    for model in models:
        with pytest.raises(NotHanded) as caught:
            checked(left(model), MOST)
        assert handover.refused(model) == str(caught.value)
    assert handover.refused(GOOD["branches, operators, a network in a network"]()) == ""


def test_what_a_network_was_trained_with_stays_behind():
    handed = json.loads(small())
    handed["config"]["compile_config"] = {"class_name": "function", "config": "mine"}
    assert checked(json.dumps(handed), MOST) == checked(small(), MOST)


@pytest.fixture(scope="module")
def grader():
    exercises = templates.load(ROOT / "notebooks" / "exercises")
    exercises = {"03.4": exercises["03.4"]}
    with run.grader(exercises, seed=4, patience=3, trust=True) as grader:
        yield grader


@pytest.mark.parametrize(
    ("failing", "printed", "runs", "problem"),
    [
        ([], small, ["_hand_over(model)", "_rebuilt("], ""),
        (
            [(2, n) for n in range(1, 6)],
            small,
            ["_hand_over(model)", "_rebuilt("],
            "building `model` again from its layers stops: NameError: seen",
        ),
        ([], lambda: "", ["_hand_over(model)"], "`model` was not handed over whole"),
        ([(1, 1)], lambda: "", ["_hand_over(model)"], "the answer's cell stops: NameError: seen"),
        ([(1, 3)], lambda: "", ["_hand_over(model)"], "stopped: NameError: seen"),
    ],
)
def test_a_network_is_asked_in_a_run_of_its_own_if_one_was_handed_over(
    failing, printed, runs, problem, grader, monkeypatch
):
    seen, said = [], {"stopped": "NameError: seen"}

    def fake_run(folder, seconds, *, caged):
        (path,) = folder.glob("*.ipynb")
        seen.append(path.read_text(encoding="utf-8"))
        if len(seen) == 1:
            path.with_suffix(nbval.HANDED).write_text(printed(), encoding="utf-8")

    def fake_verdicts(folder, cells):
        fails = [(len(seen), n) in failing for n in range(cells)]
        return [Case(not fail, said if fail else {}) for fail in fails]

    monkeypatch.setattr(nbval, "run", fake_run)
    monkeypatch.setattr(nbval, "verdicts", fake_verdicts)
    mark = grader.grade(Submission("ada", {"03.4": "model = secret_recipe()"})).marks[0]
    assert mark.problem == problem
    assert mark.earned == (0 if problem else 4)
    assert len(seen) == len(runs)
    assert all(code in text for code, text in zip(runs, seen, strict=True))
    assert ["secret_recipe" in text for text in seen] == [True, False][: len(seen)]
    assert "_name(" not in seen[0].replace("def _name(", "")


@pytest.mark.long
@pytest.mark.parametrize("trusting", [False, True])
def test_our_own_network_names_the_images_in_a_kernel_without_our_code(grader, trusting):
    if not trusting and sandbox.available() and "CI" not in os.environ:
        pytest.skip(sandbox.available())
    answers = {"03.4": all_solutions()["03.4"]}
    one = replace(grader, trusting=trusting)._mark(grader.exercises["03.4"], answers)
    assert len(one.notebook.cells) == templates.PROBES_START + 1
    (mark,) = replace(grader, trusting=trusting)._asked([one]).values()
    assert mark.earned == mark.points == 4, mark
    assert drawing.find("03.4").hands_over == MOST
