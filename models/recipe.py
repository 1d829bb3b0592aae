"""How a network is trained: everything that, with the data, decides the outcome."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from models.labelled import HELD_BACK


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; written into its card.

    epochs : passes over the data. batch : crops a step.
    rate : learning rate; with `cosine` its peak, warmed up over the first twentieth of all steps and
        then brought to zero along a cosine (Loshchilov and Hutter, 2017), else the same throughout.
    decay : of the weights (AdamW; Loshchilov and Hutter, 2019), 0: plain Adam (Kingma and Ba, 2015).
    averaged : momentum of the running mean of the weights that is kept in the end, 0: no mean.
    augmented : crops are varied anew in each epoch.
    held_back : training digits that no weight is fitted on; watched, and used for the temperature.
        0: all are learned from, the test part is watched instead, and there is no temperature.
    strips : rendered strips that are cut into crops, for the data `strips`.
    """

    network: str = "cnn"
    activation: str = "relu"
    epochs: int = 7
    batch: int = 256
    rate: float = 3e-3
    cosine: bool = True
    decay: float = 0.01
    averaged: float = 0.999
    augmented: bool = True
    held_back: int = HELD_BACK
    strips: int = 30_000
    seed: int = 1

    def check(self) -> None:
        """Raise ValueError, in words of the command line, where no training can follow from this."""
        least = {"epochs": 1, "batch": 1, "held_back": 0, "strips": 1, "seed": 0}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise ValueError(f"{option(name)} {getattr(self, name)} is too small; {low} is the least")
        if not 0.0 < self.rate < 10.0:
            raise ValueError(f"{option('rate')} {self.rate} is no learning rate; 0.001 is usual")


RECIPES = {
    "mlp": Recipe(
        network="mlp",
        epochs=5,
        batch=32,
        rate=2e-3,
        decay=0.0,
        averaged=0.0,
        augmented=False,
        held_back=0,
    ),
    "cnn": Recipe(),
}
# Those that the command line sets; the others follow from the network.
OPTIONS = {
    "network": "--network",
    "activation": "--activation",
    "epochs": "--epochs",
    "batch": "--batch",
    "rate": "--learning-rate",
    "held_back": "--held-back",
    "strips": "--strips",
    "seed": "--seed",
}


def option(name: str) -> str:
    """How the command line calls a field of the recipe."""
    return OPTIONS.get(name, name)


def make_recipe(network: str, **given: Any) -> Recipe:
    """The recipe of `network` with what is given (not None) in place of its own. Raises ValueError."""
    recipe = replace(RECIPES[network], **{k: v for k, v in given.items() if v is not None})
    recipe.check()
    return recipe


def command(recipe: Recipe, data: str) -> str:
    """The command that trains by `recipe` on `data` again."""
    names = [name for name in OPTIONS if name != "strips" or data == "strips"]
    options = " ".join(f"{OPTIONS[name]} {getattr(recipe, name)}" for name in names)
    return f"nightsort train --data {data} {options}"


def differences(one: dict[str, Any], other: Recipe) -> list[str]:
    """Fields, but for `epochs`, in which a recipe read from a file differs from `other`."""
    mine = asdict(other)
    return [f.name for f in fields(Recipe) if f.name != "epochs" and one.get(f.name) != mine[f.name]]
