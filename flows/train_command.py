"""`nightsort train`: a network from nothing, or a reader that learns from fields with their values.

Defines options and prints; NumPy, OpenCV and TensorFlow are imported once a command runs.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from flows.errors import UsageError
from flows.model_commands import DATA_HELP, MnistFile, cutter_for, rows_from, told_errors

Network = Literal["mlp", "cnn", "page"]
Activation = Literal["relu", "tanh", "sigmoid"]
Precision = Literal["float32", "bfloat16"]
LEARNING = Group("Learning from fields", sort_key=1)
TRAINING = Group("Training a network", sort_key=2)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How a network is trained; every field is an option of the command line."""

    data: Annotated[
        str | None,
        Parameter(
            group=TRAINING,
            help=f"{DATA_HELP[:-1]}, or strips: MNIST and crops of strips drawn for it. mlp takes mnist, "
            "cnn takes strips if not given. page takes a folder with a folder of pictures for each class, or "
            "pages, drawn for it.",
        ),
    ] = None
    epochs: Annotated[int | None, Parameter(group=TRAINING, help="Passes over the data.")] = None
    batch: Annotated[int | None, Parameter(group=TRAINING, help="Crops a step.")] = None
    learning_rate: Annotated[float | None, Parameter(group=TRAINING, help="Length of a step.")] = None
    activation: Annotated[
        tuple[Activation, ...],
        Parameter(
            group=TRAINING,
            consume_multiple=True,
            negative=(),
            show_default=" ".join,
            help="Of the hidden units; several: side by side.",
        ),
    ] = ("relu",)
    seed: Annotated[
        tuple[int, ...],
        Parameter(
            group=TRAINING,
            consume_multiple=True,
            negative=(),
            show_default=lambda seeds: " ".join(map(str, seeds)),
            help="Of chance; several: side by side.",
        ),
    ] = (1,)
    held_back: Annotated[
        int | None, Parameter(group=TRAINING, help="Digits kept to watch and calibrate by.")
    ] = None
    layers: Annotated[
        str | None,
        Parameter(
            group=TRAINING,
            help="Maps of the cnn's convolutions, as 16-32s-32-64v; s: stride of two, v: no padding.",
        ),
    ] = None
    precision: Annotated[
        Precision | None,
        Parameter(group=TRAINING, help="Of the training; bfloat16 is faster on recent processors."),
    ] = None
    strips: Annotated[int | None, Parameter(group=TRAINING, help="Strips to draw for the data strips.")] = (
        None
    )
    pages: Annotated[int | None, Parameter(group=TRAINING, help="Pages to draw for the data pages.")] = None
    mnist: Annotated[MnistFile, Parameter(group=TRAINING)] = None
    resume: Annotated[
        bool, Parameter(group=TRAINING, negative=(), help="Go on with what is in the folder.")
    ] = False
    tensorboard: Annotated[
        bool, Parameter(group=TRAINING, negative=(), help="Write events for TensorBoard too.")
    ] = False

    def given(self) -> list[str]:
        """The options that were given."""
        names = [each.name for each in fields(self) if getattr(self, each.name) != each.default]
        return [f"--{name.replace('_', '-')}" for name in names]


DEFAULT_TRAINING = TrainingOptions()


def train(
    *,
    source: Annotated[
        Path | None,
        Parameter(
            name="--from",
            group=LEARNING,
            help="Fields to learn from: a truth.csv beside its scans, or the folder of a night whose fields "
            "people have verified.",
        ),
    ] = None,
    network: Annotated[
        Network | None,
        Parameter(
            group=TRAINING,
            help="mlp: 784-128-softmax, the classic; cnn: what reads; page: tells kinds of pages apart.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        Parameter(
            name=["--out", "-o"], help="Folder of the model; runs/NETWORK or runs/learned if not given."
        ),
    ] = None,
    model: Annotated[
        Path | None,
        Parameter(
            help="Model to go on from, or that cuts the scans of a truth.csv, instead of the shipped one."
        ),
    ] = None,
    options: TrainingOptions = DEFAULT_TRAINING,
) -> int:
    """Let a reader learn from fields with their values (--from), or train a network from nothing (--network).

    Learning leaves each field out once, prints what the model read of it before
    and after, and keeps the old model unless the new one is better; values that
    seem to be wrong are listed. It takes some minutes and changes nothing before
    it is done. Training shows what happens; the folder then holds the model, its
    card and its curves. Ctrl-C ends it after the running step and keeps the best
    epoch so far; --resume goes on from the last one. With several activations or
    seeds each is trained in a folder of its own.
    """
    if (source is None) == (network is None):
        raise UsageError("give either --from, to learn from fields, or --network, to train one from nothing")
    if network is not None:
        return _train_network(network, out or Path("runs") / network, model, options)
    assert source is not None
    if given := options.given():
        raise UsageError(f"{given[0]} goes with --network; --from finds its own way")
    return _learn(source, out or Path("runs") / "learned", model)


def _learn(source: Path, out: Path, model: Path | None) -> int:
    with told_errors():
        from models.classifier import SHIPPED  # noqa: PLC0415 - light, unlike what comes

        rows = rows_from(source)
        from flows.learning_run import run_learning  # noqa: PLC0415 - brings TensorFlow

        words = ["nightsort", "train", "--from", str(source), "-o", str(out)]
        words += ["--model", str(model)] if model is not None else []
        return run_learning(rows, model or SHIPPED, out, shlex.join(words))


def _train_network(network: Network, out: Path, model: Path | None, options: TrainingOptions) -> int:
    with told_errors():
        from models.recipe import make_recipe  # noqa: PLC0415 - light, unlike what comes

        activations = list(dict.fromkeys(options.activation))
        seeds = list(dict.fromkeys(options.seed))
        data = options.data or {"mlp": "mnist", "cnn": "strips", "page": "pages"}[network]
        try:
            recipe = make_recipe(
                network,
                data,
                epochs=options.epochs,
                batch=options.batch,
                rate=options.learning_rate,
                activation=activations[0],
                seed=seeds[0],
                held_back=options.held_back,
                strips=options.strips,
                pages=options.pages,
                layers=options.layers,
                precision=options.precision,
            )
        except ValueError as error:
            raise UsageError(str(error)) from error
        from flows.training_run import run_training  # noqa: PLC0415 - brings TensorFlow

        cutter = cutter_for(data, model)
        return run_training(
            recipe, data, out, options.mnist, cutter, activations, seeds, options.resume, options.tensorboard
        )
