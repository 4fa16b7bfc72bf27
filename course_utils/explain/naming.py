"""Find a layer of a model by its name, however the models are nested."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

CONVOLUTIONS = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose")


def layers_of(model: keras.Model) -> dict[str, keras.Layer]:
    """Return every layer that computes something, also inside nested models, by its path.

    Parameters
    ----------
    model : keras.Model
        Sequential, functional or subclassed, nested to any depth; it need not have been called.

    Returns
    -------
    dict of str to keras.Layer
        In the order in which the models list them. The path of a layer inside a nested model is
        ``"inner_model/layer"``.

    Examples
    --------
    >>> import keras
    >>> inner = keras.Sequential([keras.layers.ReLU(name="relu")], name="inner")
    >>> list(layers_of(keras.Sequential([inner, keras.layers.Flatten(name="flat")])))
    ['inner/relu', 'flat']
    """
    return dict(_walk(model, ""))


def find_layer(model: keras.Model, layer: str | keras.Layer | None = None) -> keras.Layer:
    """Return one layer of a model.

    Parameters
    ----------
    model : keras.Model
    layer : str, keras.Layer or None
        A name or path as in `layers_of`, a layer itself, or None for the last convolution.

    Raises
    ------
    ValueError
        If there is no such layer, more than one of that name, or no convolution to pick.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.layers.Conv2D(4, 3, name="edges"), keras.layers.Flatten()])
    >>> find_layer(model).name
    'edges'
    """
    known = layers_of(model)
    if layer is None:
        convolutions = [each for each in known.values() if is_convolution(each)]
        if not convolutions:
            raise ValueError(
                f"the model {model.name!r} has no two-dimensional convolution; "
                f"name one of its layers: {_listed(known)}"
            )
        return convolutions[-1]
    if not isinstance(layer, str):
        if not any(each is layer for each in known.values()):
            raise ValueError(f"the layer {layer.name!r} does not belong to model {model.name!r}")
        return layer
    if layer in known:
        return known[layer]
    matches = [path for path in known if path.rsplit("/", 1)[-1] == layer]
    if len(matches) == 1:
        return known[matches[0]]
    if matches:
        raise ValueError(f"{layer!r} names {len(matches)} layers; give one path of {matches}")
    raise ValueError(
        f"the model {model.name!r} has no layer {layer!r}; its layers are {_listed(known)}"
    )


def is_convolution(layer: keras.Layer) -> bool:
    """Return whether a layer is a two-dimensional convolution of any kind."""
    return any(kind.__name__ in CONVOLUTIONS for kind in type(layer).__mro__)


def _walk(model: keras.Model, prefix: str) -> Iterator[tuple[str, keras.Layer]]:
    for layer in model.layers:
        if getattr(layer, "layers", None) and type(layer).__name__ != "Bidirectional":
            yield from _walk(layer, f"{prefix}{layer.name}/")
        elif type(layer).__name__ != "InputLayer":
            yield f"{prefix}{layer.name}", layer


def _listed(known: dict[str, Any], most: int = 12) -> str:
    names = list(known)
    return ", ".join(names[:most]) + (f", ... ({len(names)} in all)" if len(names) > most else "")
