"""What happens to one page, as plain functions over arrays.

    discover -> scans -> plan -> locate -> cut -> classify -> values -> Reading -> results

`read_pages` walks that way for many pages and classifies all their crops in one batch. The rooms:
`files` (scans to pages), `paper` (the sheet), `strings` (a line of digits), `envelopes` with `barcode`,
`forms`. Nothing here knows Prefect or TensorFlow.
"""

from pipeline.document import Box, LayoutError, Page, Reading, Reason, Scan, ScanError, Status
from pipeline.layouts import Layout, load_layout
from pipeline.parameters import ReaderParameters
from pipeline.read import read_pages

__all__ = [
    "Box",
    "Layout",
    "LayoutError",
    "Page",
    "ReaderParameters",
    "Reading",
    "Reason",
    "Scan",
    "ScanError",
    "Status",
    "load_layout",
    "read_pages",
]
