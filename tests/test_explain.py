"""Looking inside works on models of every kind, and what it finds is what was planted."""

import numpy as np
import pytest

from course_utils import explain, quiet

with quiet():
    import keras
    from keras import layers

SHAPE = (12, 12, 3)


def stack(end="logits", classes=3):
    """Return the layers of a small classifier."""
    ends = {
        "logits": [layers.Dense(classes)],
        "softmax": [layers.Dense(classes, activation="softmax")],
        "softmax layer": [layers.Dense(classes), layers.Softmax()],
        "activation layer": [layers.Dense(classes), layers.Activation("softmax")],
        "sigmoid": [layers.Dense(1, activation="sigmoid")],
    }
    return [
        layers.Conv2D(4, 3, activation="relu", name="early"),
        layers.MaxPooling2D(name="pool"),
        layers.Conv2D(5, 3, activation="relu", name="late"),
        layers.GlobalAveragePooling2D(name="average"),
        *ends[end],
    ]


def sequential(end="logits"):
    return keras.Sequential([keras.Input(SHAPE), *stack(end)])


def functional(end="logits"):
    inputs = x = keras.Input(SHAPE)
    for layer in stack(end):
        x = layer(x)
    return keras.Model(inputs, x)


def nested(end="logits"):
    *body, average, head = stack(end)[:5]
    inputs = keras.Input(SHAPE)
    backbone = keras.Sequential([keras.Input(SHAPE), *body], name="backbone")
    rest = stack(end)[5:]
    x = head(average(backbone(inputs)))
    for layer in rest:
        x = layer(x)
    return keras.Model(inputs, x)


def twice_nested(end="logits"):
    return keras.Sequential([keras.Input(SHAPE), nested(end)])


def never_called(end="logits"):
    return keras.Sequential(stack(end))


class Subclassed(keras.Model):
    """A model without a graph."""

    def __init__(self, end="logits"):
        super().__init__()
        self.steps = stack(end)

    def call(self, x):
        """Apply one layer after the other."""
        for layer in self.steps:
            x = layer(x)
        return x


KINDS = [sequential, functional, nested, twice_nested, never_called, Subclassed]


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).uniform(0, 1, (2, *SHAPE)).astype("float32")


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_shows_its_feature_maps(kind, images):
    found = explain.activations(kind(), images)
    shapes = {path.rsplit("/", 1)[-1]: maps.shape for path, maps in found.items()}
    assert shapes == {"early": (2, 10, 10, 4), "pool": (2, 5, 5, 4), "late": (2, 3, 3, 5)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", ["logits", "softmax", "softmax layer", "activation layer"])
def test_every_kind_of_model_and_end_gives_a_heat_map(kind, end, images):
    model = kind(end)
    for heat in (
        explain.grad_cam(model, images, class_index=1),
        explain.saliency(model, images, class_index=1),
    ):
        assert heat.ndim == 3
        assert np.isfinite(heat).all()
        assert heat.min() >= 0
        assert set(heat.max(axis=(1, 2)).round(6)) <= {0.0, 1.0}
    assert explain.saliency(model, images, class_index=1).max() == 1


LOOKS = {
    "activations": lambda model, x: explain.activations(model, x, ["late"])["late"],
    "grad_cam": lambda model, x: explain.grad_cam(model, x, class_index=[0, 2]),
    "grad_cam of a named layer": lambda model, x: explain.grad_cam(model, x, 1, layer="early"),
    "saliency": lambda model, x: explain.saliency(model, x, class_index=1),
    "occlusion": lambda model, x: explain.occlusion(model, x[:1], 1, patch=6, stride=3),
    "filter_patterns": lambda model, x: explain.filter_patterns(model, "late", [0, 4], 12, 3),
    "kernels": lambda model, x: explain.kernels(model),
}


def compare(seen, wanted):
    tolerance = 1 if wanted.dtype == np.uint8 else 1e-4
    np.testing.assert_allclose(seen.astype(float), wanted.astype(float), atol=tolerance)


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("look", LOOKS)
def test_every_kind_of_model_looks_the_same_from_inside(kind, look, images):
    model, other = sequential(), kind()
    other(images)
    other.set_weights(model.get_weights())
    compare(LOOKS[look](other, images), LOOKS[look](model, images))


@pytest.mark.parametrize("kind", [sequential, functional, nested, twice_nested])
@pytest.mark.parametrize("look", LOOKS)
def test_a_freshly_loaded_model_can_be_looked_at_first_of_all(kind, look, images, tmp_path):
    model = kind()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    compare(LOOKS[look](loaded, images), LOOKS[look](model, images))


@pytest.mark.parametrize("look", [look for look in LOOKS if look != "kernels"])
@pytest.mark.parametrize("kind", [never_called, Subclassed])
def test_a_model_that_was_never_called_can_be_looked_at_first_of_all(kind, look, images):
    seen = LOOKS[look](kind(), images)
    assert np.isfinite(seen).all()


def test_feature_maps_are_those_that_the_layers_compute(images):
    model = sequential()
    early, pool = model.get_layer("early"), model.get_layer("pool")
    found = explain.activations(model, images, ["pool", "early"])
    assert list(found) == ["pool", "early"]
    np.testing.assert_allclose(found["early"], early(images), atol=1e-6)
    np.testing.assert_allclose(found["pool"], pool(early(images)), atol=1e-6)


def test_feature_maps_in_small_batches_are_the_same(images):
    model = sequential()
    one, many = (explain.activations(model, images, batch_size=size) for size in (1, 32))
    assert list(one) == list(many)
    for name, maps in many.items():
        np.testing.assert_allclose(one[name], maps, atol=1e-6)


def test_looking_leaves_the_model_as_it_was(images):
    model = sequential("softmax")
    before = model.predict(images, verbose=0)
    explain.grad_cam(model, images)
    explain.activations(model, images, ["early"])
    assert "call" not in vars(model.get_layer("early"))
    assert model.layers[-1].activation is keras.activations.softmax
    np.testing.assert_array_equal(model.predict(images, verbose=0), before)


def test_looking_leaves_the_model_as_it_was_after_an_error():
    model = sequential("softmax")
    with pytest.raises(Exception, match="shape"):
        explain.grad_cam(model, np.zeros((1, 5, 5, 3)))
    with pytest.raises(ValueError, match="no class 7"):
        explain.grad_cam(model, np.zeros((1, *SHAPE)), class_index=7)
    assert model.layers[-1].activation is keras.activations.softmax
    assert not any("call" in vars(layer) for layer in model.layers)


def test_grad_cam_is_its_formula(images):
    """For average pooling and a dense layer the weights are those of the class, over the pixels."""
    model = sequential()
    maps = explain.activations(model, images, ["late"])["late"]
    weight = model.layers[-1].get_weights()[0][:, 2] / 9
    wanted = np.maximum((maps * weight).sum(axis=-1), 0)
    largest = wanted.max(axis=(1, 2), keepdims=True)
    wanted = wanted / np.where(largest > 0, largest, 1)
    np.testing.assert_allclose(explain.grad_cam(model, images, class_index=2), wanted, atol=1e-5)


def test_a_softmax_at_the_end_changes_no_map(images):
    with_softmax, logits = sequential("softmax"), sequential()
    logits.set_weights(with_softmax.get_weights())
    for look in (explain.grad_cam, explain.saliency):
        np.testing.assert_allclose(
            look(with_softmax, images, 1), look(logits, images, 1), atol=1e-5
        )


def test_the_class_is_the_model_s_own_unless_named(images):
    model = sequential()
    answers = model.predict(images, verbose=0).argmax(axis=1)
    chosen = [explain.grad_cam(model, images[i : i + 1], int(answers[i]))[0] for i in range(2)]
    np.testing.assert_allclose(explain.grad_cam(model, images), chosen, atol=1e-6)


def test_one_logit_speaks_for_two_classes(images):
    model = sequential("sigmoid")
    maps = explain.activations(model, images, ["late"])["late"]
    weight = model.layers[-1].get_weights()[0][:, 0]
    for class_index, sign in ((1, 1), (0, -1)):
        wanted = np.maximum((maps * weight).sum(axis=-1) * sign, 0)
        largest = wanted.max(axis=(1, 2), keepdims=True)
        heat = explain.grad_cam(model, images, class_index)
        np.testing.assert_allclose(heat, wanted / np.where(largest > 0, largest, 1), atol=1e-5)


def planted():
    """Return a model whose logit 1 is the brightness of the square from (2, 2) to (5, 5)."""
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(2)])
    kernel = np.zeros((8, 8, 2), "float32")
    kernel[2:6, 2:6, 1] = 1
    model.layers[-1].set_weights([kernel.reshape(64, 2), np.zeros(2)])
    return model


def test_saliency_finds_the_pixels_that_count():
    heat = explain.saliency(planted(), np.ones((1, 8, 8, 1)), class_index=1)[0]
    wanted = np.zeros((8, 8))
    wanted[2:6, 2:6] = 1
    np.testing.assert_array_equal(heat, wanted)


def test_smoothed_saliency_of_a_linear_model_is_the_plain_one():
    image = np.random.default_rng(0).uniform(0, 1, (1, 8, 8, 1))
    smooth = explain.saliency(planted(), image, class_index=1, samples=5, noise=0.2)
    np.testing.assert_allclose(smooth, explain.saliency(planted(), image, 1), atol=1e-6)


def test_smoothed_saliency_differs_where_the_model_bends(images):
    model = sequential()
    plain = explain.saliency(model, images, 1)
    smooth = explain.saliency(model, images, 1, samples=8, noise=0.3)
    assert np.abs(plain - smooth).max() > 1e-3
    np.testing.assert_array_equal(smooth, explain.saliency(model, images, 1, samples=8, noise=0.3))


def test_occlusion_measures_what_is_covered():
    fall = explain.occlusion(planted(), np.ones((1, 8, 8, 1)), 1, patch=4, stride=2, fill=0)
    np.testing.assert_allclose(fall, [[4, 8, 4], [8, 16, 8], [4, 8, 4]])


def test_occlusion_in_small_batches_is_the_same(images):
    model = sequential()
    one, many = (
        explain.occlusion(model, images[:1], 1, patch=4, stride=2, batch_size=size)
        for size in (3, 64)
    )
    np.testing.assert_allclose(one, many, atol=1e-6)


def test_filter_patterns_raise_what_they_were_made_for():
    model = keras.Sequential(
        [keras.Input((None, None, 3)), layers.Rescaling(1 / 255), *stack()[:3]]
    )
    for options in ({}, {"jitter": 2, "blur": 0.6, "decorrelated": True}):
        patterns = explain.filter_patterns(model, "early", [0, 3], size=16, steps=12, **options)
        assert patterns.shape == (2, 16, 16, 3)
        assert patterns.dtype == np.uint8
        noise = np.random.default_rng(1).integers(0, 256, patterns.shape)
        made, by_chance = (
            explain.activations(model, x, ["early"])["early"].mean(axis=(1, 2))[:, [0, 3]]
            for x in (patterns, noise)
        )
        assert (made.diagonal() > by_chance.diagonal()).all()


def test_filter_patterns_of_one_seed_are_the_same():
    model = keras.Sequential([keras.Input((None, None, 3)), *stack()[:1]])
    arguments = {"size": 16, "steps": 3, "jitter": 2}
    one, again = (explain.filter_patterns(model, "early", [1], **arguments) for _ in range(2))
    np.testing.assert_array_equal(one, again)


def test_kernels_are_scaled_around_one_half():
    model = sequential()
    shown = explain.kernels(model)
    kernel = model.get_layer("early").get_weights()[0].transpose(3, 0, 1, 2)
    assert shown.shape == (4, 3, 3, 3)
    assert shown.min() >= 0
    assert shown.max() <= 1
    np.testing.assert_array_equal(np.sign(shown - 0.5), np.sign(kernel))
    assert explain.kernels(model, "late").shape == (5, 3, 3, 4)


def test_sparsity_counts_zeros():
    assert explain.sparsity(np.array([[0.0, 1.0], [0.0, 0.0]])) == 0.75


def test_the_last_convolution_is_picked_also_inside_nested_models():
    assert explain.find_layer(twice_nested()).name == "late"
    paths = list(explain.layers_of(twice_nested()))
    assert paths[0].endswith("/backbone/early")
    assert paths[3].endswith("/average")


def test_a_layer_goes_by_name_path_or_itself():
    model = nested()
    late = explain.find_layer(model, "late")
    assert explain.find_layer(model, "backbone/late") is late
    assert explain.find_layer(model, late) is late


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda m, x: explain.find_layer(m, "nose"), "no layer 'nose'; its layers are early, pool"),
        (lambda m, x: explain.find_layer(m, layers.ReLU()), "does not belong"),
        (lambda m, x: explain.grad_cam(m, x[0]), r"image\[None\]"),
        (lambda m, x: explain.grad_cam(m, x[:, :9]), r"takes n x \(12, 12, 3\)"),
        (lambda m, x: explain.grad_cam(m, x[:0]), "images have the shape"),
        (lambda m, x: explain.grad_cam(m, x, class_index=3), "no class 3; the model has 3"),
        (lambda m, x: explain.grad_cam(m, x, class_index=-1), "no class -1"),
        (lambda m, x: explain.grad_cam(m, x, class_index="cat"), "no class cat"),
        (lambda m, x: explain.grad_cam(m, x, [0, 1, 2]), "3 classes for 2 images"),
        (lambda m, x: explain.grad_cam(m, x, layer="average"), "no feature maps"),
        (lambda m, x: explain.saliency(m, x, samples=0), "samples is 0"),
        (lambda m, x: explain.saliency(m, x, samples=4), "without noise"),
        (lambda m, x: explain.occlusion(m, x), "one at a time"),
        (lambda m, x: explain.occlusion(m, x[:1], patch=13), "does not fit 12 x 12"),
        (lambda m, x: explain.kernels(m, "pool"), "no two-dimensional kernels"),
        (lambda m, x: explain.filter_patterns(m, "early", [4], size=12), "4 channels, from 0 to 3"),
        (lambda m, x: explain.filter_patterns(m, "average", [0], size=12), "no feature maps"),
        (lambda m, x: explain.filter_patterns(m, "early", []), "at least one"),
        (lambda m, x: explain.sparsity(x[:0]), "empty"),
    ],
)
def test_what_can_t_be_done_is_refused_in_one_sentence(ask, message, images):
    with pytest.raises(ValueError, match=message):
        ask(sequential(), images)


def test_a_model_without_a_convolution_is_refused():
    model = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(ValueError, match="no two-dimensional convolution; name one of its layers"):
        explain.grad_cam(model, np.zeros((1, *SHAPE)))
    with pytest.raises(ValueError, match="sees 1 or 3 channels"):
        explain.kernels(model)


def test_a_model_that_ends_in_feature_maps_has_no_class():
    model = keras.Sequential([keras.Input(SHAPE), layers.Conv2D(2, 3)])
    with pytest.raises(ValueError, match="one row of class scores"):
        explain.grad_cam(model, np.zeros((1, *SHAPE)))


def test_a_name_that_two_layers_share_needs_its_path():
    twins = [keras.Sequential([layers.ReLU(name="same")], name=name) for name in "ab"]
    model = keras.Sequential(twins)
    with pytest.raises(ValueError, match="names 2 layers"):
        explain.find_layer(model, "same")
    assert explain.find_layer(model, "b/same") is twins[1].layers[0]


def test_scenes_hold_the_photograph_where_they_say():
    white = np.full((50, 80, 3), 255, np.uint8)
    black = np.zeros((70, 90), np.uint8)
    made = explain.scenes([white], [black], count=20, size=16, side=64, seed=3)
    assert len({(scene.top, scene.left) for scene in made}) > 10
    for scene in made:
        inside = scene.image[scene.top : scene.top + 16, scene.left : scene.left + 16]
        assert inside.min() == 255
        assert scene.image.sum() == inside.sum(dtype=int)


def test_a_peak_hits_inside_the_photograph_only():
    scene = explain.Scene(np.zeros((64, 64, 3), np.uint8), top=32, left=0, size=16)
    heat = np.zeros((3, 64, 64))
    heat[0, 33, 1] = heat[1, 31, 1] = heat[2, 47, 16] = 1
    assert explain.hits(heat, [scene] * 3).tolist() == [True, False, False]


def test_a_coarse_peak_counts_from_the_middle_of_its_cell():
    heat = np.array([[[1.0, 0], [0, 0]]])  # cells of 32 x 32 pixels: the peak stands at 16, 16
    for top, hit in ((10, True), (17, False)):
        scene = explain.Scene(np.zeros((64, 64, 3), np.uint8), top=top, left=10, size=16)
        assert explain.hits(heat, [scene]).tolist() == [hit]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda grey: explain.scenes([], [grey], 1), "at least one photograph"),
        (
            lambda grey: explain.scenes([grey], [grey], 1, size=16, side=65),
            "smaller than a scene of 65",
        ),
        (lambda grey: explain.scenes([grey], [grey], 1, size=33, side=32), "does not fit"),
        (lambda grey: explain.hits(np.zeros((2, 3, 3)), []), "2 heat maps for 0 scenes"),
        (lambda grey: explain.likeness(np.zeros((2, 2)), np.zeros((3, 3))), "shapes"),
    ],
)
def test_scenes_and_maps_that_make_no_sense_are_refused(ask, message):
    with pytest.raises(ValueError, match=message):
        ask(np.full((64, 64, 3), 128, np.uint8))


@pytest.mark.parametrize("kind", [sequential, functional, nested, twice_nested])
def test_a_randomised_twin_has_the_same_numbers_in_another_order(kind):
    model = kind()
    before = model.get_weights()
    twin, again, other = (explain.randomised(model, seed=seed) for seed in (0, 0, 1))
    for trained, shuffled in zip(before, twin.get_weights(), strict=True):
        np.testing.assert_array_equal(np.sort(trained.ravel()), np.sort(shuffled.ravel()))
    assert not np.allclose(twin.get_weights()[0], before[0])
    assert not np.allclose(twin.get_weights()[0], other.get_weights()[0])
    np.testing.assert_array_equal(twin.get_weights()[0], again.get_weights()[0])
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_a_cascade_leaves_the_layers_before_it_trained():
    model = nested()
    twin = explain.randomised(model, since="late")
    early, late = (explain.find_layer(twin, name).get_weights()[0] for name in ("early", "late"))
    np.testing.assert_array_equal(early, explain.find_layer(model, "early").get_weights()[0])
    assert not np.allclose(late, explain.find_layer(model, "late").get_weights()[0])
    with pytest.raises(ValueError, match="no layer 'nose'"):
        explain.randomised(model, since="nose")


def test_a_map_without_an_order_is_like_nothing():
    assert explain.likeness(np.zeros((2, 2)), np.eye(2)) == 0


def test_the_maps_of_several_images_are_compared_one_by_one():
    rng = np.random.default_rng(0)
    maps = rng.uniform(size=(3, 7, 7))
    assert explain.likeness(maps, maps**2) == pytest.approx(1)
    assert abs(explain.likeness(maps, rng.uniform(size=(3, 7, 7)))) < 0.4
