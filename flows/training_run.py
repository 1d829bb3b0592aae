"""`nightsort train` from its recipe to what it prints in the end. Brings TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.quiet import native_chatter_dropped

with native_chatter_dropped():  # TensorFlow's notes on the machine, at import
    from models.compare import compare
    from models.produce import Job, produce
from flows.errors import ExitCode, InterruptedNightError
from flows.interrupt import stop_on_signal
from flows.model_tables import standard_output
from flows.training_table import TrainingTable, comparison_table
from models.labelled import Cutter
from models.recipe import Recipe


def run_training(
    recipe: Recipe,
    data: str,
    out: Path,
    mnist: Path | None,
    cutter: Cutter | None,
    activations: Sequence[str],
    seeds: Sequence[int],
    resume: bool,
    tensorboard: bool,
) -> int:
    """Train one network, or one for each activation and seed; returns the exit code."""
    console = standard_output()
    job = Job(recipe, data, out, mnist, resume, out / "events" if tensorboard else None)
    watched = "held-back" if recipe.held_back else "test"
    several = len(activations) * len(seeds) > 1
    with TrainingTable(console, watched) as table, stop_on_signal() as asked:
        try:
            if several:
                comparison = compare(job, activations, seeds, table, asked.is_set, cutter)
            else:
                card = produce(job, table, asked.is_set, cutter)
        except KeyboardInterrupt as error:
            raise InterruptedNightError(
                f"{out}: stopped before there was anything new to keep; --resume goes on after the last epoch"
            ) from error
    if several:
        console.print(comparison_table(comparison.lines))
        console.print(f"table: {out / 'comparison.csv'}\nplot:  {out / 'comparison.png'}")
        return int(ExitCode.OK)
    console.print(_told(card, out))
    return int(ExitCode.INTERRUPTED if card["stopped_early"] else ExitCode.OK)


def _told(card: dict[str, Any], out: Path) -> str:
    """The outcome in a few lines."""
    test = card["test"]
    low, high = test["interval"]
    lines = [
        f"test: {test['size'] - test['wrong']} of {test['size']} right, {test['accuracy']:.2%} "
        f"(95 % interval {low:.2%} to {high:.2%}), loss {test['loss']:.4f}, calibration error "
        f"{test['calibration_error']:.2%}",
        f"model: {out} ({card['parameters']} weights, {card['multiply_adds']} multiply-adds a crop)",
    ]
    if card["stopped_early"]:
        lines.insert(0, f"stopped; kept is epoch {card['epoch_kept']}, --resume goes on after the last one")
    if "held_back_strips" in card:
        strips = card["held_back_strips"]
        lines.insert(
            1,
            f"held-back strips: digits {strips['digit_accuracy']:.2%} right; "
            f"{strips['scraps_called_digits_at_1pct_lost']:.2%} of the scraps called digits at 1 % lost",
        )
    return "\n".join(lines)
