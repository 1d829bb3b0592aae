"""Printed digits to judge by: drawn from the fonts that are given, cut as MNIST's are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.data import load_crops
from models.printed import font_files
from models.printed_test_set import find_fonts, main


def test_every_digit_of_every_font_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fonts = [str(path) for path in font_files() if path.stem in {"DejaVuSans", "cmtt10"}]
    main([*fonts, "-o", str(tmp_path / "printed.npz"), "--each", "2"])
    crops = load_crops(str(tmp_path / "printed.npz"))
    assert crops.y.tolist() == [*range(10)] * 4
    ys, xs = np.nonzero(crops.x.max(axis=0))
    assert min(ys.min(), xs.min()) >= 1  # in the box of 20 pixels, about its centre of mass
    assert (crops.x > 200).any(axis=(1, 2)).all()
    assert "40 digits of 2 fonts: DejaVuSans, cmtt10" in capsys.readouterr().out


def test_fonts_without_digits_are_left_out(tmp_path: Path) -> None:
    folder = font_files()[0].parent
    symbols = folder / "LastResortHE-Regular.ttf"
    assert symbols.exists()
    assert symbols not in find_fonts([folder])
    with pytest.raises(SystemExit):
        main([str(symbols), "-o", str(tmp_path / "none.npz")])
