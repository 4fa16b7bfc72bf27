"""One picture: `images.read` and `images.Augment`, held against Pillow, NumPy and Keras."""

import contextlib
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_folders import BAD, GREY16, ODD_BUT_GOOD, colours, encoded, write
from PIL import Image

from course_utils import images, photo, quiet
from course_utils.images.augmenting import affine, warp

with quiet():
    from keras.src.legacy.preprocessing.image import apply_affine_transform


def stored(folder, picture, name="picture.png", format="PNG", **options):
    write(folder, {name: encoded(picture, format, **options)})
    return folder / name


def area_means(picture, size):
    """Return the exact mean of the picture's area under each new pixel: the ideal small picture."""

    def shares(new, old):  # how much of each new pixel's area lies in each old one
        edges = np.arange(new + 1) * old / new
        low = np.maximum(edges[:-1, None], np.arange(old))
        high = np.minimum(edges[1:, None], np.arange(1, old + 1))
        return (high - low).clip(0) * new / old

    rows, columns = shares(size[0], picture.shape[0]), shares(size[1], picture.shape[1])
    return np.einsum("ih,hwc,jw->ijc", rows, picture.astype(float), columns, optimize=True)


def waves(height, width):
    """Return a smooth picture in which a shift by a part of a pixel shows."""
    y, x = np.mgrid[:height, :width] + 0.5
    return np.stack(
        [128 + 100 * np.sin(x / 20), 128 + 100 * np.sin(y / 20), 128 + 100 * np.sin((x + y) / 30)],
        axis=-1,
    ).astype(np.uint8)


def test_a_picture_of_the_wanted_size_is_read_as_it_is(tmp_path):
    picture = colours(0)
    path = stored(tmp_path, picture)
    for size in (None, (12, 16)):
        read = images.read(path, size)
        assert (read == picture).all()
        assert read.dtype == np.uint8
        assert read.flags.writeable


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((375, 500), (150, 150)),
        ((374, 499), (150, 150)),
        ((1203, 805), (150, 150)),
        ((200, 250), (150, 150)),
    ],
)
@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_a_shrunken_picture_is_close_to_the_mean_of_each_area(tmp_path, shape, size, format):
    options = {"quality": 95, "subsampling": 0} if format == "JPEG" else {}
    read = images.read(stored(tmp_path, waves(*shape), format=format, **options), size)
    error = np.abs(read - area_means(waves(*shape), size))
    assert error.mean() < 1.5
    assert error[-9:].mean() < 2  # halved sizes are rounded up, which may not shift the edge
    assert error[:, -9:].mean() < 2


def test_shrinking_skips_no_pixel(tmp_path):
    stripes = np.zeros((300, 300, 3), np.uint8)
    stripes[:, ::2] = 255
    read = images.read(stored(tmp_path, stripes), (150, 150))
    assert set(np.unique(read)) <= {127, 128}
    nearest = Image.fromarray(stripes).resize((150, 150), Image.Resampling.NEAREST)
    assert set(np.unique(nearest)) <= {0, 255}


def test_enlarging_is_bilinear(tmp_path):
    picture = colours(1)
    larger = Image.fromarray(picture).resize((40, 30), Image.Resampling.BILINEAR)
    assert (images.read(stored(tmp_path, picture), (30, 40)) == np.asarray(larger)).all()


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_the_nearest_pixel_is_that_of_the_whole_picture(tmp_path, format):
    path = stored(tmp_path, photo("coffee"), format=format)
    with Image.open(path) as whole:
        expected = np.asarray(whole.resize((31, 20), Image.Resampling.NEAREST))
    assert (images.read(path, (20, 31), interpolation="nearest") == expected).all()
    sideways = Image.Exif()
    sideways[0x0112] = 6
    turned = stored(tmp_path, photo("coffee"), "turned", format, exif=sideways)
    with Image.open(turned) as whole:
        expected = np.rot90(whole.resize((31, 20), Image.Resampling.NEAREST), -1)
    assert (images.read(turned, (31, 20), interpolation="nearest") == expected).all()


@pytest.mark.parametrize("size", [None, (6, 8)])
def test_an_interpolation_that_there_is_not_is_refused(tmp_path, size):
    path = stored(tmp_path, colours(0))
    with pytest.raises(images.ImageError) as refused:
        images.read(path, size, interpolation="lanczos")
    assert str(refused.value) == "interpolation is 'lanczos'; choose one of antialias, nearest"


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("size", [None, (10, 14), (60, 80)])
def test_a_picture_that_was_stored_turned_is_read_upright(tmp_path, value, size):
    upright = waves(96, 128)
    undo = {  # how a camera stores it: what the EXIF value turns back
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: np.rot90(a, -1),
    }[value]
    exif = Image.Exif()
    exif[0x0112] = value
    path = stored(tmp_path, np.ascontiguousarray(undo(upright)), exif=exif)
    plain = stored(tmp_path, upright, "plain.png")
    difference = np.abs(images.read(path, size).astype(int) - images.read(plain, size))
    assert difference.mean() < 1.5


@pytest.mark.parametrize("name", ODD_BUT_GOOD)
@pytest.mark.parametrize("size", [None, (6, 8)])
def test_every_kind_of_picture_becomes_red_green_and_blue_of_eight_bits(tmp_path, name, size):
    write(tmp_path, {name: ODD_BUT_GOOD[name]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = images.read(tmp_path / name, size)
    assert read.dtype == np.uint8
    assert read.shape[2] == 3
    assert read.std() > 1
    if size:
        assert read.shape == (*size, 3)


def test_what_becomes_of_cmyk_animations_sixteen_bits_and_transparency(tmp_path):
    write(tmp_path, ODD_BUT_GOOD)
    cmyk = Image.open(tmp_path / "cmyk.jpg").convert("RGB")
    assert (images.read(tmp_path / "cmyk.jpg") == np.asarray(cmyk)).all()
    first = Image.open(tmp_path / "moving.gif").convert("RGB")
    assert (images.read(tmp_path / "moving.gif") == np.asarray(first)).all()
    assert (images.read(tmp_path / "sixteen.png")[..., 0] == GREY16 // 256).all()
    assert (images.read(tmp_path / "alpha.png") == colours(11)).all()


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_name_and_the_reason(tmp_path, name):
    write(tmp_path, {name: BAD[name][0]})
    with pytest.raises(images.ImageError) as refused:
        images.read(tmp_path / name, (8, 8))
    assert str(refused.value) == f"cannot read the picture {tmp_path / name}: {BAD[name][1]}"


GOOD = [encoded(colours(0)), encoded(colours(1), progressive=True), *ODD_BUT_GOOD.values()]


@pytest.mark.filterwarnings("ignore")
@settings(deadline=None)
@given(
    good=st.sampled_from(GOOD),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=5),
    end=st.integers(0, 2000),
    size=st.sampled_from([None, (6, 8)]),
)
def test_whatever_is_damaged_a_file_is_read_or_refused(tmp_path_factory, good, changes, end, size):
    damaged = bytearray(good)
    for place, byte in changes:
        damaged[place % len(good)] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.jpg"
    path.write_bytes(damaged[:end])
    with contextlib.suppress(images.ImageError):
        read = images.read(path, size)
        assert read.dtype == np.uint8
        assert read.shape[2:] == (3,)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(images.ImageError, match=r"cannot read the picture .*no.jpg: a link that"):
        images.read(tmp_path / "no.jpg")


PHOTO = np.asarray(Image.fromarray(photo("cat")).resize((60, 60)))


@pytest.mark.filterwarnings("ignore:Please import")
@settings(deadline=None)
@given(
    angle=st.floats(-180, 180),
    shift=st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
    shear=st.floats(-30, 30),
    zoom=st.tuples(st.floats(0.5, 1.8), st.floats(0.5, 1.8)),
)
def test_the_affine_map_is_image_data_generators(angle, shift, shear, zoom):
    numbers = (angle, *shift, shear, *zoom)
    expected = apply_affine_transform(PHOTO.astype(np.float32), *numbers, 0, 1, 2)
    found = warp(PHOTO, affine(*numbers, size=(60, 60)))
    assert np.abs(found - expected).max() <= 1.001  # Keras does not round


def test_a_mirrored_map_mirrors_what_was_turned():
    turned = warp(PHOTO, affine(angle=30, right=4, size=(60, 60)))
    mirrored = warp(PHOTO, affine(angle=30, right=4, mirrored=True, size=(60, 60)))
    assert np.abs(mirrored.astype(int) - turned[:, ::-1]).max() <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_augment_without_ranges_changes_nothing(dtype):
    batch = np.stack([colours(seed) for seed in range(3)]).astype(dtype)
    varied = images.Augment()(batch, np.random.default_rng(0))
    assert (varied == batch).all()
    assert varied.dtype == dtype


@settings(deadline=None)
@given(seed=st.integers(0, 2**32))
def test_augment_varies_every_picture_differently_and_by_its_generator_alone(seed):
    batch = np.stack([PHOTO] * 4)
    augment = images.Augment(rotation=40, shift=0.2, shear=0.2, zoom=0.2, flip=True)
    one, two = (augment(batch, np.random.default_rng(seed)) for _ in range(2))
    assert (one == two).all()
    assert len({image.tobytes() for image in one}) == 4
    assert (batch == PHOTO).all()


@settings(deadline=None)
@given(seed=st.integers(0, 2**32))
def test_draws_stay_within_their_ranges(seed):
    augment = images.Augment(rotation=40, shift=0.2, zoom=0.3)
    maps = augment.draw((50, 21, 41, 3), np.random.default_rng(seed))
    scale = np.linalg.norm(maps[:, :2, :2], axis=1)
    angle = np.degrees(np.arctan2(maps[:, 1, 0], maps[:, 0, 0]))
    centre = np.einsum("nij,j->ni", maps, [20, 10, 1])[:, :2] - (20, 10)
    assert (np.abs(scale - 1) <= 0.3 + 1e-9).all()
    assert (np.abs(angle) <= 40 + 1e-9).all()
    assert (np.abs(centre) <= np.hypot(0.2 * 41, 0.2 * 21)).all()
    assert np.linalg.det(maps).min() > 0
    mirrored = images.Augment(flip=True).draw((50, 21, 41, 3), np.random.default_rng(seed))
    assert 5 < (np.linalg.det(mirrored) < 0).sum() < 45


def test_the_edge_goes_on_outside_the_picture():
    moved = images.Augment().draw((1, 60, 60, 3), np.random.default_rng(0))[0]
    moved[0, 2] = 20  # what was at column 20 comes to column 0
    varied = warp(PHOTO, moved)
    assert (varied[:, :40] == PHOTO[:, 20:]).all()
    assert (varied[:, 40:] == PHOTO[:, -1:]).all()


@pytest.mark.parametrize("ranges", [{"zoom": 1.0}, {"zoom": -0.1}, {"shift": -1}, {"rotation": -5}])
def test_ranges_that_make_no_sense_are_refused(ranges):
    with pytest.raises(images.ImageError, match="ranges start at 0, and zoom stays below 1"):
        images.Augment(**ranges)


@pytest.mark.parametrize("shape", [(8, 8, 3), (2, 8, 8, 1)])
def test_augment_says_which_shape_it_takes(shape):
    with pytest.raises(images.ImageError, match=r"takes images \(n, height, width, 3\), not"):
        images.Augment(flip=True)(np.zeros(shape), np.random.default_rng(0))
