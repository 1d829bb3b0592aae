"""What a crop is: define, train, calibrate and load the networks. Importing this imports no TensorFlow."""

from models.classifier import Model, ModelError, load_model

__all__ = ["Model", "ModelError", "load_model"]
