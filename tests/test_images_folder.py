"""`images.ImageFolder`: the batches of Keras's readers, in a known order, read once if asked."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_folders import BAD, colours, encoded, jpeg, pets, png, write
from PIL import Image

from course_utils import images, photo, quiet

with quiet():
    import keras
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

SIZE = (12, 16)  # that of the pictures
MODES = {"binary": "binary", "sparse": "int", "categorical": "categorical"}  # Keras's words


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Seven cats and four dogs, named so that the order of names is not the order of numbers."""
    return pets(tmp_path_factory.mktemp("folder") / "pets", cats=7, dogs=4, make=png, suffix=".png")


def numbered(path, n):
    """Write pictures whose first pixel is their number in the order of their paths."""
    files = {}
    for number in range(n):
        picture = np.full((*SIZE, 3), number, np.uint8)
        files[f"{'ab'[number * 2 // n]}/{number:03d}.png"] = encoded(picture, "PNG")
    return write(path, files)


def numbers(batches):
    return [int(image[0, 0, 0]) for pixels, _ in batches for image in pixels]


@pytest.mark.parametrize("class_mode", MODES)
def test_batches_are_those_of_keras_for_pictures_at_their_target_size(folder, class_mode):
    write(
        folder,
        {
            "cats/deeper/1.PNG": png(50),
            "cats/Zorro.bmp": encoded(colours(60), "BMP"),
            "cats/.hidden": b"",
        },
    )
    options = {"batch_size": 4, "shuffle": False}
    ours = images.ImageFolder(folder, SIZE, class_mode=class_mode, **options)
    generator = ImageDataGenerator().flow_from_directory(
        folder, target_size=SIZE, class_mode=class_mode, **options
    )
    dataset = keras.utils.image_dataset_from_directory(
        folder, image_size=SIZE, label_mode=MODES[class_mode], **options
    )
    assert ours.class_names == tuple(dataset.class_names) == tuple(generator.class_indices)
    assert [str(path) for path in ours.paths] == dataset.file_paths == generator.filepaths
    assert len(ours) == len(generator) == len(dataset) == 4
    for (pixels, labels), index, batch in zip(ours, range(4), dataset, strict=True):
        assert pixels.dtype == np.float32
        assert (pixels == generator[index][0]).all()
        assert (pixels == batch[0].numpy()).all()
        assert labels.shape == generator[index][1].shape
        assert (labels == generator[index][1]).all()
        assert (labels == batch[1].numpy().reshape(labels.shape)).all()


@pytest.mark.parametrize("size", [(150, 150), (40, 61), (7, 9), (300, 700)])
def test_with_the_nearest_pixel_every_number_is_image_data_generators(tmp_path, size):
    chelsea, coffee = photo("cat"), photo("coffee")
    grey = Image.fromarray(chelsea).convert("L")
    write(
        tmp_path,
        {
            "a/large.jpg": encoded(coffee),
            "a/progressive.jpg": encoded(chelsea, progressive=True, quality=60),
            "a/grey.jpg": encoded(grey),
            "b/palette.png": encoded(Image.fromarray(chelsea).quantize(64), "PNG"),
            "b/odd.png": encoded(coffee[:373, :499], "PNG"),
            "b/tall.bmp": encoded(chelsea[:, :101], "BMP"),
            "b/cmyk.jpg": encoded(Image.fromarray(coffee).convert("CMYK")),
        },
    )
    options = {"batch_size": 4, "shuffle": False}
    generator = ImageDataGenerator().flow_from_directory(
        tmp_path, target_size=size, class_mode="binary", **options
    )
    ours = images.ImageFolder(tmp_path, size, interpolation="nearest", **options)
    antialiased = images.ImageFolder(tmp_path, size, **options)
    assert len(ours) == len(generator) == 2
    for index in range(2):
        assert (ours[index][0] == generator[index][0]).all()
        assert (antialiased[index][0] != generator[index][0]).any()


def test_labels_are_the_places_of_the_class_names(folder):
    ours = images.ImageFolder(folder, SIZE, shuffle=False)
    assert ours.class_names == ("cats", "dogs")
    assert [ours.class_names[label] for label in ours.labels] == [
        path.relative_to(ours.folder).parts[0] for path in ours.paths
    ]


@settings(deadline=None, max_examples=25)
@given(
    n=st.integers(2, 20), batch_size=st.integers(1, 9), seed=st.integers(0, 99), cache=st.booleans()
)
def test_every_epoch_gives_every_picture_once_in_an_order_of_its_own(
    tmp_path_factory, n, batch_size, seed, cache
):
    path = numbered(tmp_path_factory.mktemp("numbered"), n)
    options = {"batch_size": batch_size, "seed": seed, "cache": cache, "workers": 2}
    ours = images.ImageFolder(path, SIZE, **options)
    epochs = [list(ours) for _ in range(4)]
    for epoch in epochs:
        assert len(epoch) == len(ours)
        assert sorted(numbers(epoch)) == list(range(n))
        for pixels, labels in epoch:
            assert (ours.labels[pixels[:, 0, 0, 0].astype(int)] == labels).all()
    again = images.ImageFolder(path, SIZE, **options)
    assert [numbers(list(again)) for _ in range(4)] == [numbers(epoch) for epoch in epochs]


def test_epochs_and_seeds_have_different_orders(tmp_path):
    numbered(tmp_path, 30)
    one, two = (images.ImageFolder(tmp_path, SIZE, seed=seed) for seed in (0, 1))
    orders = [tuple(numbers(list(one))) for _ in range(3)] + [tuple(numbers(list(two)))]
    assert len({*orders, tuple(range(30))}) == 5


def test_without_shuffling_the_order_is_that_of_the_paths(tmp_path):
    ours = images.ImageFolder(numbered(tmp_path, 10), SIZE, batch_size=3, shuffle=False)
    assert numbers(list(ours)) == numbers(list(ours)) == list(range(10))
    assert len(ours[-1][0]) == 1
    for outside in (4, -5):
        with pytest.raises(IndexError, match=f"batch {outside} of 4"):
            ours[outside]


def test_with_a_cache_each_file_is_read_once(tmp_path):
    pets(tmp_path)
    ours = images.ImageFolder(tmp_path, (8, 8), shuffle=False, cache=True)
    ((first, _),) = ours
    for path in ours.paths:
        path.unlink()
    ((second, _),) = ours
    assert (first == second).all()


def test_a_cache_that_would_be_too_large_is_refused_with_what_it_takes(folder):
    n = len(images.ImageFolder(folder, SIZE).paths)
    need = n * 1000 * 1000 * 3
    with pytest.raises(images.ImageError) as refused:
        images.ImageFolder(folder, (1000, 1000), cache=1000)
    assert str(refused.value) == (
        f"cache would keep {n} pictures in {need / 2**30:.1f} GiB and may use 0.0; choose a "
        f"smaller image_size, cache=False, or allow more with cache={need}"
    )
    with pytest.raises(images.ImageError, match=r"may use 1\.0"):
        images.ImageFolder(folder, (10_000, 10_000), cache=True)
    assert len(images.ImageFolder(folder, SIZE, cache=n * 12 * 16 * 3)) == 1


@pytest.mark.parametrize("cache", [False, True])
def test_threads_change_nothing_but_time(folder, cache):
    options = {"batch_size": 5, "augment": images.Augment(rotation=40, flip=True), "cache": cache}
    alone, many = (images.ImageFolder(folder, (8, 9), workers=n, **options) for n in (1, 4))
    for _ in range(2):
        for (pixels, labels), (expected, expected_labels) in zip(alone, many, strict=True):
            assert (pixels == expected).all()
            assert (labels == expected_labels).all()


def test_augment_gets_a_batch_and_a_generator_of_its_own(folder):
    seen = []

    def brighten(pixels, rng):
        seen.append((pixels.shape, pixels.dtype, rng.random()))
        return pixels + 300.0

    ours = images.ImageFolder(folder, SIZE, batch_size=6, shuffle=False, augment=brighten)
    plain = images.ImageFolder(folder, SIZE, batch_size=6, shuffle=False)
    for (pixels, _), (expected, _) in zip(ours, plain, strict=True):
        assert (pixels == expected + 300).all()
        assert pixels.dtype == np.float32
    list(ours)
    assert seen[0][:2] == ((6, 12, 16, 3), np.float32)
    assert len({number for *_, number in seen}) == len(seen) == 2 * len(ours)


def test_augmenting_leaves_the_cache_as_it_is(folder):
    def blacken(pixels, rng):
        pixels[:] = 0
        return pixels

    ours = images.ImageFolder(folder, SIZE, shuffle=False, cache=True, augment=blacken)
    list(ours)
    ours.augment = None
    plain = images.ImageFolder(folder, SIZE, shuffle=False)
    assert (ours[0][0] == plain[0][0]).all()


def test_an_augment_that_changes_the_shape_is_refused(folder):
    ours = images.ImageFolder(folder, SIZE, augment=lambda pixels, rng: pixels[:, 1:])
    with pytest.raises(images.ImageError, match=r"augment turned images \(.*, 12, 16, 3\) into"):
        ours[0]


def small_network():
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((*SIZE, 3)),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    network.compile(optimizer=keras.optimizers.SGD(1e-6), loss="binary_crossentropy")
    return network


def test_keras_trains_evaluates_and_predicts_with_it(folder):
    ours = images.ImageFolder(folder, SIZE, batch_size=4)
    still = images.ImageFolder(folder, SIZE, batch_size=4, shuffle=False)
    network = small_network()
    history = network.fit(ours, epochs=3, validation_data=still, verbose=0)
    assert len(history.history["val_loss"]) == 3
    assert ours.epoch >= 3  # Keras looks at a batch before the first epoch, and counts that
    predicted = network.predict(still, verbose=0)
    assert predicted.shape == (len(still.paths), 1)
    everything = np.concatenate([pixels for pixels, _ in still])
    assert np.allclose(predicted, network.predict(everything, verbose=0), atol=1e-4)


def test_a_bad_picture_in_the_middle_is_named_with_the_way_out(tmp_path):
    path = write(pets(tmp_path / "pets", cats=6, dogs=6), {"cats/bad one.jpg": BAD["short.jpg"][0]})
    ours = images.ImageFolder(path, SIZE, batch_size=2)
    expected = (
        "cannot read the picture cats/bad one.jpg: cut short: the end of the picture is missing; "
        f"run images.clean({str(path)!r}) to move bad files aside"
    )
    with pytest.raises(images.ImageError) as refused:
        list(ours)
    assert str(refused.value) == expected
    with pytest.raises(Exception, match=r"cannot read the picture cats/bad one.jpg"):
        small_network().fit(ours, verbose=0)
    images.clean(path)
    small_network().fit(images.ImageFolder(path, SIZE), verbose=0)


def test_a_picture_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    ours = images.ImageFolder(pets(tmp_path), SIZE)

    def forbid(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", forbid)
    with pytest.raises(images.ImageError, match=r"\d.jpg: permission denied; run images.clean"):
        ours[0]


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        ({"cats/1.jpg": jpeg(1)}, {}, r"holds one class only \(cats\); it takes two"),
        ({"a/1.txt": b"", "b/2.txt": b""}, {}, "none of its 2 files is named like one"),
        ({"a/1.jpg": jpeg(1), "b/1.txt": b""}, {}, "the class folder .*b holds no pictures"),
        (
            {"a/1.jpg": b"", "b/1.jpg": b"", "c/1.jpg": b""},
            {},
            r"'binary' needs two classes, and .* holds 3 \(a, b, c\); choose 'sparse' or",
        ),
        (
            {"a/1.jpg": b"", "b/1.jpg": b""},
            {"class_mode": "int"},
            "class_mode is 'int'; choose one of binary, sparse, categorical",
        ),
        (
            {"a/1.jpg": b"", "b/1.jpg": b""},
            {"interpolation": "bilinear"},
            "interpolation is 'bilinear'; choose one of antialias, nearest",
        ),
        ({"a/1.jpg": b"", "b/1.jpg": b""}, {"image_size": (0, 5)}, "must be positive"),
        ({"a/1.jpg": b"", "b/1.jpg": b""}, {"batch_size": 0}, "must be positive"),
        ({"P/a/1.jpg": b"", "P/b/1.jpg": b""}, {}, r"one folder too deep .*did you mean .*P\?"),
    ],
)
def test_what_gives_no_batches_is_refused_at_once(tmp_path, files, options, message):
    write(tmp_path, files)
    with pytest.raises(images.ImageError, match=message):
        images.ImageFolder(tmp_path, **options)


def test_it_can_be_sent_to_another_process(folder):
    ours = images.ImageFolder(folder, SIZE, cache=True)
    ours[0]
    assert (pickle.loads(pickle.dumps(ours))[0][0] == ours[0][0]).all()
