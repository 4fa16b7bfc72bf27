"""Store the course's own trained networks: ``python tools/store_trained.py [NAME ...]``.

Takes what ``benchmarks/full_03.py`` and ``benchmarks/full_05.py`` left in ``build/``, measures the
network once more with its kernels rounded to float16, as they are stored, and writes weights and
card with `tools.build_weights`.
"""

import argparse
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from course_utils import load, models
from course_utils.training import accuracy
from tools.build_weights import decode, encode, store, weights_in
from tools.notebooks import ROOT

BUILD = ROOT / "build"


@dataclass(frozen=True)
class Network:
    """Where a trained network is found, and the words of its card."""

    script: str
    run: str  # its files are build/SCRIPT/RUN.weights.h5 and RUN.json
    data: str
    architecture: str
    training: str
    recipe: str

    @property
    def weights(self) -> Path:
        """The file that Keras wrote."""
        return BUILD / self.script / f"{self.run}.weights.h5"


NETWORKS = {
    "efficient_cnn": Network(
        "full_05",
        "long-0",
        "cifar10",
        "frozen whitening, three blocks of 16, 64 and 128 filters, global max pooling",
        "CIFAR-10, all 50,000 training images",
        "10 epochs of course_utils.training.Recipe's defaults: batch 128, Nesterov momentum 0.9, "
        "triangular rate up to 0.5, L2 5e-4 on kernels, label smoothing 0.1, crops after a "
        "reflected border of 2 pixels, alternating flips",
    ),
    "deeper_cnn": Network(
        "full_03",
        "deeper-0",
        "fashion_mnist",
        "seven convolutions with batch norm in four stages, global average pooling",
        "Fashion-MNIST, 55,000 of the 60,000 training images",
        "8 epochs of Adam, batch 256, rate rising to 4e-3 and falling along a cosine, random "
        "flips, label smoothing 0.1",
    ),
}


def stored(name: str) -> Path:
    """Measure and store one network; return the path of its weights file."""
    network = NETWORKS[name]
    card = {"builder": name, "architecture": network.architecture}
    weights = weights_in(network.weights, card)
    images = load(network.data, "full")
    model = getattr(models, name)()
    percent = {}
    for kind, numbers in {"float32": weights, "float16": decode(encode(weights))}.items():
        model.set_weights(numbers)
        percent[kind] = 100 * accuracy(model, images.x_test, images.y_test)
    mirrored = 100 * accuracy(model, images.x_test, images.y_test, mirrored=True)
    print(f"{name}: {json.dumps(percent)}, mirrored {mirrored}")
    card |= {
        "data": network.training,
        "recipe": network.recipe,
        "seed": 0,
        "accuracy": f"{percent['float32']:.2f} % of the 10,000 test images with float32 weights, "
        f"{percent['float16']:.2f} % as stored, {mirrored:.2f} % with the mirror image's logits "
        "added",
        "test_on": network.data,
        "made_by": f"benchmarks/{network.script}.py and tools/store_trained.py",
        "licence": "MIT",
        "date": date.fromtimestamp(network.weights.stat().st_mtime).isoformat(),
    }
    return store(name, weights, card)


def main() -> None:
    """Store the networks that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(NETWORKS), metavar="NAME")
    for name in parser.parse_args().names:
        path = stored(name)
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
