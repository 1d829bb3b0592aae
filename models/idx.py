"""IDX, the file format in which MNIST was first given away (LeCun, Cortes and Burges, 1998).

Two zero bytes, a type, the number of dimensions, their sizes as big-endian 32-bit numbers, the data.
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

UNSIGNED_BYTE = 8
# As MNIST and its kin name them: images, labels; the training part, then the test part.
PARTS = (
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
)


def read_idx(path: Path) -> NDArray[np.uint8]:
    """The array in an IDX file of unsigned bytes, also one packed by gzip.

    Raises OSError where it cannot be read, ValueError where it is no such file.
    """
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (EOFError, gzip.BadGzipFile) as error:
            raise ValueError(f"{path}: the gzip file is damaged ({error}); copy it again") from error
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != UNSIGNED_BYTE:
        raise ValueError(f"{path}: not an IDX file of unsigned bytes; give MNIST's files or another format")
    rank = data[3]
    start = 4 + 4 * rank
    if len(data) < start:
        raise ValueError(f"{path}: the IDX file ends within its header; copy it again")
    shape = struct.unpack(f">{rank}I", data[4:start])
    size = int(np.prod(shape, dtype=np.int64))
    if len(data) - start != size:
        raise ValueError(f"{path}: {size} bytes are promised, {len(data) - start} are there; copy it again")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def find_idx(folder: Path, part: int) -> tuple[Path, Path] | None:
    """Images and labels of the training part (0) or the test part (1) in `folder`, None where missing."""
    found = []
    for name in PARTS[part]:
        # The dot is how some archives unpack: train-images.idx3-ubyte
        choices = (name, f"{name}.gz", name.replace("-idx", ".idx"))
        present = [folder / choice for choice in choices if (folder / choice).is_file()]
        if not present:
            return None
        found.append(present[0])
    return found[0], found[1]
