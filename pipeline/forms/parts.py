"""Whether all parts of a form are on a page: a page that was cut in two fits well, too, as far as it goes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.document import Image
from pipeline.forms.line_map import MAP_SIZE, sampled
from pipeline.forms.perspective import Registration
from pipeline.forms.rules import Rules

# How much of the form each part is, from the top, the foot and either side; what counts as its print: at
# least such a share of all.
PART, LEAST_SAID = 0.4, 0.03
# Margins of the sheet that may be lost, share of its sides: scanners crop them.
MARGIN = 0.05
# How near print is looked for, pixels of a page reduced to MAP_SIZE; how much darker than the paper it is.
REACH, FAINTEST = 7, 30


def least_part(
    at: NDArray[np.float64], there: NDArray[np.bool_], on_page: NDArray[np.bool_], extent: tuple[float, float]
) -> float:
    """Share of the print that is there, in that of the form's four parts that has least of its print; 0..1.

    at : (P, 2), points of the form's print in the layout's units; there : (P,), whether the page has print at
    each; on_page : (P,), whether each lies on the page at all; extent : width and height of the form.

    The parts are its upper and lower 40 %, and those at its left and right; one with hardly any print on
    the page says nothing.

    >>> at = np.array([[1.0, 1.0], [9.0, 1.0], [1.0, 9.0], [9.0, 9.0]])
    >>> least_part(at, np.array([True, True, False, True]), np.full(4, True), (10.0, 10.0))
    0.5
    """
    shares = [1.0]
    for along in (0, 1):
        share = at[:, along] / extent[along]
        for part in (share < PART, share > 1.0 - PART):
            counted = part & on_page
            if counted.sum() > LEAST_SAID * len(at):
                shares.append(float(there[counted].mean()))
    return min(shares)


def least_printed(
    registration: Registration, lines: Rules, extent: tuple[float, float], grey: Image
) -> float:
    """As `least_part`, of a form's lines: where there is anything dark on a page, (H, W) uint8, all is well.

    Whether it is a line was asked before; short ones, and lines of a fax, come out otherwise on each scan.
    """
    points = sampled(lines, max(extent)).at
    unit = MAP_SIZE / max(grey.shape)
    small = cv2.resize(grey, None, fx=unit, fy=unit, interpolation=cv2.INTER_AREA)
    darkest = cv2.erode(small, np.ones((REACH, REACH), np.uint8))
    paper = cv2.dilate(small, np.ones((4 * REACH, 4 * REACH), np.uint8))
    height, width = small.shape
    x, y = np.rint(registration.to_page(points) * unit).T
    on_page = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    pixel = np.where(on_page, y * width + x, 0).astype(np.intp)
    there = on_page & (cv2.subtract(paper, darkest).ravel()[pixel] > FAINTEST)
    return least_part(points, there, on_page, extent)


def sheet_inside(registration: Registration, extent: tuple[float, float], shape: tuple[int, ...]) -> float:
    """Share of the form's sheet, but for its margins, that lies on a page of that height and width; 0..1."""
    across, down = np.meshgrid(*(np.linspace(MARGIN, 1.0 - MARGIN, 19) * side for side in extent))
    there = registration.to_page(np.column_stack([across.ravel(), down.ravel()]))
    return float(np.all((there >= 0) & (there < [shape[1], shape[0]]), axis=1).mean())
