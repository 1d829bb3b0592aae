"""Muon (Jordan et al., 2024) for convolutions: steps of equal length in every direction."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops


class ConvolutionMuon(keras.optimizers.Muon):  # type: ignore[misc]
    """Muon on the kernels of convolutions between maps, AdamW on all else.

    The momentum of a kernel, as a matrix of (height * width * maps in, maps out), is replaced by the
    nearest orthogonal one, so that rare directions are learned as fast as common ones. Keras's own
    leaves whatever has more than two dimensions to AdamW. The matrix's entries are scaled to AdamW's usual
    size (Liu et al., 2025), so that one learning rate serves both.
    """

    def _should_use_adamw(self, variable: Any) -> bool:
        return len(variable.shape) != 4 or variable.shape[2] == 1

    def _muon_update_step(self, gradient: Any, variable: Any, lr: Any, m: Any) -> None:
        self.assign_add(m, ops.add(gradient, m * (self.momentum - 1.0)))
        ahead = ops.add(gradient, self.momentum * m)
        rows, columns = math.prod(variable.shape[:-1]), variable.shape[-1]
        step = self.zeropower_via_newtonschulz5(ops.reshape(ahead, (rows, columns)), self.ns_steps)
        scale = self.rms_rate * math.sqrt(max(rows, columns))
        self.assign_sub(variable, lr * scale * ops.reshape(step, variable.shape))
