"""Figures of each epoch as TensorBoard reads them; TensorBoard itself is needed to look, not to write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from models.training import Row


def write_events(folder: Path) -> Callable[[Row], None]:
    """A function that adds an epoch to the event file in `folder`."""
    writer = tf.summary.create_file_writer(str(folder))
    kind = tf.compat.v1.SummaryMetadata
    metadata = kind(plugin_data=kind.PluginData(plugin_name="scalars"))

    def add(row: Row) -> None:
        with writer.as_default():
            for name, value in row.items():
                if name != "epoch":
                    tensor = tf.constant(value, tf.float32)
                    tf.summary.write(name, tensor, step=int(row["epoch"]), metadata=metadata)
        writer.flush()

    return add
