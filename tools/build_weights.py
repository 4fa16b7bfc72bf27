"""Store a trained network with the embedded data: ``python tools/build_weights.py NAME FILE CARD``.

FILE holds its weights: ``.keras`` or ``.weights.h5`` as Keras saves them, or ``.npz`` with arrays
in the order of ``model.weights``. CARD is a TOML file with the model card (`REQUIRED`). The weights
go to ``datasets/weights/NAME.npz``, the card to the catalog and to ``datasets/README.md``. With
``--check`` alone, the README's cards are compared with the catalog.
"""

import argparse
import inspect
import io
import json
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from course_utils import load, models, quiet
from tools.notebooks import ROOT
from tools.render_readme import rendered

DATASETS = ROOT / "datasets"
REQUIRED = {
    "builder": "the function of course_utils.models that builds it",
    "architecture": "what it is, in a line",
    "data": "what it was trained on",
    "recipe": "how it was trained",
    "seed": "the seed, or what took its place",
    "accuracy": "how well it does on which images, before rounding to float16",
    "made_by": "the script that trained or converted it",
    "licence": "of the weights",
    "date": "when it was trained",
}
OPTIONAL = {
    "arguments": "of the builder",
    "test_on": "an embedded data set whose test images it names",
}
CATALOG_KEYS = ("file", "sha256", "bytes", "parameters", *REQUIRED, *OPTIONAL, "right", "images")


def main() -> int:
    """Store a network, or check the cards; return 1 if a check failed."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("name", nargs="?", metavar="NAME")
    options.add_argument("file", nargs="?", type=Path, metavar="FILE")
    options.add_argument("card", nargs="?", type=Path, metavar="CARD")
    options.add_argument("--check", action="store_true", help="compare the README, write nothing")
    chosen = options.parse_args()
    if not chosen.check and not chosen.card:
        options.error("NAME, FILE and CARD are needed")
    if chosen.check:
        text = (DATASETS / "README.md").read_text("utf-8")
        same = text == with_cards(text, (DATASETS / "catalog.toml").read_text("utf-8"))
        print("the cards are the same" if same else "datasets/README.md differs from the catalog")
        return int(not same)
    card = tomllib.loads(chosen.card.read_text("utf-8"))
    path = store(chosen.name, weights_in(chosen.file, card), card)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")
    return 0


def store(
    name: str, weights: Sequence[np.ndarray], card: Mapping[str, Any], datasets: Path = DATASETS
) -> Path:
    """Write a weights file and its card; an older one of that name is replaced.

    Parameters
    ----------
    name : str
        Letters, digits and underscores.
    weights : sequence of arrays
        ``model.get_weights()``.
    card : mapping
        Every key of `REQUIRED`, any of `OPTIONAL`.

    Raises
    ------
    ValueError
        If the card lacks something, the model that it names has other shapes, or a number does
        not fit float16.
    """
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise ValueError(f"{name!r} is no name for weights: use letters, digits and underscores")
    if lacking := [f"{key} ({REQUIRED[key]})" for key in REQUIRED if card.get(key) in (None, "")]:
        raise ValueError(f"the card lacks {', '.join(lacking)}")
    if unknown := sorted(set(card) - {*REQUIRED, *OPTIONAL}):
        raise ValueError(f"the card holds {', '.join(unknown)}, which no card has")
    content = encode(weights)
    facts = {
        "file": f"weights/{name}.npz",
        "sha256": sha256(content).hexdigest(),
        "bytes": len(content),
        "parameters": sum(int(array.size) for array in weights),
        **card,
        **tested(decode(content), card),
    }
    path = datasets / facts["file"]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    catalog, readme = datasets / "catalog.toml", datasets / "README.md"
    catalog.write_text(with_card(catalog.read_text("utf-8"), name, facts), "utf-8")
    readme.write_text(
        with_cards(readme.read_text("utf-8"), catalog.read_text("utf-8")), encoding="utf-8"
    )
    return path


def encode(weights: Sequence[np.ndarray]) -> bytes:
    """Return an ``.npz`` archive: kernels as float16, vectors as float32, not compressed.

    Raises
    ------
    ValueError
        If a number is not finite, or too large for float16.
    """
    arrays = {}
    for number, array in enumerate(weights):
        kind = np.float16 if np.ndim(array) > 1 else np.float32
        with np.errstate(over="ignore"):
            arrays[f"{number:04d}"] = np.asarray(array).astype(kind)
        if not np.isfinite(arrays[f"{number:04d}"]).all():
            raise ValueError(f"weight {number} holds numbers that are infinite as {kind.__name__}")
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def decode(content: bytes) -> list[np.ndarray]:
    """Return the arrays of a file as `course_utils.data.read_weights` gives them."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return [arrays[key].astype(np.float32) for key in sorted(arrays.files)]


def built(card: Mapping[str, Any]) -> Any:
    """Return the untrained model that a card names."""
    builder, arguments = getattr(models, card["builder"]), dict(card.get("arguments", {}))
    if "weights" in inspect.signature(builder).parameters:  # it would load what we are to store
        arguments["weights"] = None
    with quiet():
        return builder(**arguments)


def tested(weights: Sequence[np.ndarray], card: Mapping[str, Any]) -> dict[str, int]:
    """Return how many of the embedded test images the stored network names right.

    Raises
    ------
    ValueError
        If the weights don't fit the model.
    """
    model = built(card)
    shapes, wanted = [array.shape for array in weights], [w.shape for w in model.get_weights()]
    if shapes != wanted:
        raise ValueError(f"the weights don't fit models.{card['builder']}: {shapes} for {wanted}")
    if "test_on" not in card:
        return {}
    model.set_weights(weights)
    images = load(card["test_on"])
    answers = model.predict(images.x_test, batch_size=500, verbose=0).argmax(axis=1)
    return {"right": int((answers == images.y_test).sum()), "images": len(images.y_test)}


def weights_in(path: Path, card: Mapping[str, Any]) -> list[np.ndarray]:
    """Return the weights in a file of Keras or NumPy."""
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            return [arrays[key] for key in sorted(arrays.files)]
    model = built(card)
    if path.suffix == ".keras":
        import keras

        return keras.saving.load_model(path, compile=False).get_weights()
    model.load_weights(path)
    return model.get_weights()


def with_card(text: str, name: str, facts: Mapping[str, Any]) -> str:
    """Return the catalog's text with this card, in the place of an older one or at the end."""
    lines = [f"{key} = {toml(facts[key])}" for key in CATALOG_KEYS if key in facts]
    block = "\n".join([f"[weights.mini.{name}]", *lines]) + "\n"
    pattern = re.compile(rf"^\[weights\.mini\.{name}\]\n(?:(?!\[).*\n?)*", re.M)
    if pattern.search(text):
        return pattern.sub(lambda found: block + "\n" * found[0].endswith("\n\n"), text)
    return f"{text.rstrip()}\n\n{block}"


def toml(value: Any) -> str:
    """Return a text, number or small table as TOML writes it."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def with_cards(readme: str, catalog: str) -> str:
    """Return the README's text with a card for each weights file of the catalog."""
    cards = tomllib.loads(catalog)["weights"].get("mini", {})
    text = "\n\n".join(readme_card(name, card) for name, card in cards.items())
    return rendered(readme, {"weights": text or "*None yet.*"})


def readme_card(name: str, card: Mapping[str, Any]) -> str:
    """Return one model card as Markdown."""
    arguments = ", ".join(f"{key}={value!r}" for key, value in card.get("arguments", {}).items())
    rows = {
        "network": f"`models.{card['builder']}({arguments})`: {card['architecture']}",
        "size": f"{card['parameters']:,} parameters, {card['bytes'] / 1e6:.2f} MB",
        "trained on": card["data"],
        "recipe": card["recipe"],
        "seed": card["seed"],
        "accuracy": card["accuracy"],
        "as stored": f"names {card['right']:,} of the {card['images']:,} embedded test images right"
        if "right" in card
        else "see the test of its numbers",
        "made by": card["made_by"],
        "licence": card["licence"],
        "date": card["date"],
    }
    table = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    return f"### `{name}`\n\n| | |\n| --- | --- |\n{table}"


if __name__ == "__main__":
    sys.exit(main())
