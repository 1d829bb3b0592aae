"""How a network is trained: everything that, with the data, decides the outcome."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from models.labelled import HELD_BACK

OPTIMIZERS = ("adam", "adamw", "muon")
PRECISIONS = ("float32", "bfloat16")
SMALL = "16-32s-32-64s-64-64"  # 7.4 million multiply-adds, 0.14 million parameters
DEEP = "16-48s-48-48-64s-64-96v-96v"  # 14.9 and 0.26


@dataclass(frozen=True)
class Convolution:
    """A layer of the `cnn`: how many maps, how far apart they look, with zeros around or not."""

    maps: int
    stride: int
    padded: bool


def parse_layers(text: str) -> tuple[Convolution, ...]:
    """The convolutions of `16-32s-32-64v`: their maps; s: a stride of two, v: valid, without padding.

    Raises ValueError.
    """
    layers = []
    for part in text.split("-"):
        found = re.fullmatch(r"([1-9][0-9]{0,3})([sv]?)", part)
        if found is None:
            raise ValueError(
                f"{option('layers')} {text!r} is not understood; numbers of maps are, as in 16-32s-32: "
                "s for a stride of two, v for no padding"
            )
        layers.append(Convolution(int(found[1]), 2 if found[2] == "s" else 1, found[2] != "v"))
    return tuple(layers)


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; written into its card.

    layers : of the `cnn`, see `parse_layers`.
    epochs : passes over the data. batch : crops a step.
    rate : learning rate; with `cosine` its peak, warmed up over the first twentieth of all steps and
        then brought to zero along a cosine (Loshchilov and Hutter, 2017), else the same throughout.
    optimizer : `adam` (Kingma and Ba, 2015), `adamw` (Loshchilov and Hutter, 2019), or `muon` (see
        `models.muon`), which needs fewer epochs.
    decay : of the weights; `adam` has none.
    averaged : momentum of the running mean of the weights that is kept in the end, 0: no mean.
    augmented : crops are varied anew in each epoch.
    held_back : training digits that no weight is fitted on; watched, and used for the temperature.
        0: all are learned from, the test part is watched instead, and there is no temperature.
    strips : rendered strips that are cut into crops, for the data `strips`.
    pages : pages that are drawn, for the data `pages`.
    precision : `bfloat16` computes most of the training with a quarter of float32's digits, faster where
        the processor can. The network itself is kept and read with in float32.
    """

    network: str = "cnn"
    activation: str = "relu"
    layers: str = SMALL
    epochs: int = 7
    batch: int = 256
    rate: float = 3e-3
    cosine: bool = True
    optimizer: str = "adamw"
    decay: float = 0.01
    averaged: float = 0.999
    augmented: bool = True
    held_back: int = HELD_BACK
    strips: int = 30_000
    pages: int = 10_000
    precision: str = "float32"
    seed: int = 1

    def check(self) -> None:
        """Raise ValueError, in words of the command line, where no training can follow from this."""
        least = {"epochs": 1, "batch": 1, "held_back": 0, "strips": 1, "pages": 1, "seed": 0}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise ValueError(f"{option(name)} {getattr(self, name)} is too small; {low} is the least")
        if not 0.0 < self.rate < 10.0:
            raise ValueError(f"{option('rate')} {self.rate} is no learning rate; 0.001 is usual")
        known = {"optimizer": OPTIMIZERS, "precision": PRECISIONS}
        for name, choices in known.items():
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"{option(name)} {getattr(self, name)!r} is not known; choose {' or '.join(choices)}"
                )
        parse_layers(self.layers)


RECIPES = {
    "mlp": Recipe(
        network="mlp",
        epochs=5,
        batch=32,
        rate=2e-3,
        optimizer="adam",
        decay=0.0,
        averaged=0.0,
        augmented=False,
        held_back=0,
    ),
    "cnn": Recipe(),
    "page": Recipe(
        network="page",
        epochs=48,
        batch=64,
        optimizer="muon",
        held_back=400,
        precision="bfloat16",
    ),
}
FOR_DATA = {
    ("cnn", "strips"): Recipe(optimizer="muon", precision="bfloat16"),
    # For the ten digits alone speed does not count: wider, for longer, from nearly all of them.
    ("cnn", "mnist"): Recipe(
        layers=DEEP,
        epochs=20,
        optimizer="muon",
        held_back=2_000,
        precision="bfloat16",
    ),
}
# Those that the command line sets; the others follow from the network.
OPTIONS = {
    "network": "--network",
    "activation": "--activation",
    "layers": "--layers",
    "epochs": "--epochs",
    "batch": "--batch",
    "rate": "--learning-rate",
    "held_back": "--held-back",
    "strips": "--strips",
    "pages": "--pages",
    "precision": "--precision",
    "seed": "--seed",
}


def option(name: str) -> str:
    """How the command line calls a field of the recipe."""
    return OPTIONS.get(name, name)


def make_recipe(network: str, data: str = "", **given: Any) -> Recipe:
    """The recipe of `network`, for `data` where it has one of its own, with what is given (not None)
    in place of its own. Raises ValueError.
    """
    usual = FOR_DATA.get((network, data), RECIPES[network])
    recipe = replace(usual, **{k: v for k, v in given.items() if v is not None})
    recipe.check()
    return recipe


def command(recipe: Recipe, data: str) -> str:
    """The command that trains by `recipe` on `data` again."""
    idle = {"strips", "pages"} - {data}
    idle |= {"layers"} if recipe.network != "cnn" else set()
    names = [name for name in OPTIONS if name not in idle]
    options = " ".join(f"{OPTIONS[name]} {getattr(recipe, name)}" for name in names)
    return f"nightsort train --data {data} {options}"


def differences(one: dict[str, Any], other: Recipe) -> list[str]:
    """Fields, but for `epochs`, in which a recipe read from a file differs from `other`."""
    mine = asdict(other)
    return [f.name for f in fields(Recipe) if f.name != "epochs" and one.get(f.name) != mine[f.name]]
