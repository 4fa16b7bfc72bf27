from fractions import Fraction

import numpy as np
import pytest
from test_checks import FROM_KERAS, STRANGE, now

from course_utils.checks import CheckFailed
from course_utils.checks.values import a_model, a_number


@pytest.mark.parametrize(
    "answer", [8, 8.0, np.int8(8), np.float32(8), np.array(8), [8], np.array([[8]]), Fraction(8)]
)
def test_a_number_is_taken_whatever_its_form(answer):
    number = a_number(answer, "width")
    assert (number, type(number)) == (8.0, float)


def test_a_tensor_of_one_element_is_a_number():
    import keras

    assert a_number(keras.ops.convert_to_tensor([3.0]), "width") == 3
    assert a_number(keras.Variable(3.0), "width") == 3


@pytest.mark.parametrize("name", [*STRANGE, *FROM_KERAS])
def test_what_is_no_number_and_no_model_is_rejected_with_one_line(name):
    value = now((STRANGE | FROM_KERAS)[name])
    for judge, what in ((a_number, "a number"), (a_model, "a Keras model")):
        with pytest.raises(CheckFailed) as caught:
            judge(value, "answer")
        assert what in caught.value.reason or name == "an empty model"
        assert "\n" not in caught.value.reason


def test_what_the_number_counts_is_said():
    with pytest.raises(CheckFailed, match="`x` must be a number, the stride; it is a text, '8'"):
        a_number("8", "x", "the stride")


@pytest.mark.parametrize("answer", [float("inf"), [1, 2], 10**400, 1j, len, "eight"])
def test_infinite_several_and_complex_numbers_are_rejected(answer):
    with pytest.raises(CheckFailed):
        a_number(answer, "x")


def test_a_model_says_what_came_in_its_place():
    import keras

    layers = [keras.Input((8,)), keras.layers.Dense(2)]
    model = keras.Sequential(layers)
    assert a_model(model, "network") is model
    for answer, words in [
        ([keras.layers.Dense(2)], "list of layers"),
        (lambda: model, "a function"),
        (keras.layers.Dense(2), "a single layer, Dense"),
        (keras.Sequential([keras.layers.Dense(2)]), "no weights yet"),
        (model.outputs[0], "hand it on to keras.Model"),
    ]:
        with pytest.raises(CheckFailed, match=words):
            a_model(answer, "network")
    unbuilt = keras.Sequential([keras.layers.Dense(2)])
    assert a_model(unbuilt, "network", built=False) is unbuilt
