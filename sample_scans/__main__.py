"""`python -m sample_scans --seed 7 -o sample_scans`: draw the sample scans again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sample_scans.draw import draw_samples


def main() -> int:
    """Draw them; 0 when all are drawn, 1 when the folder cannot be written to."""
    parser = argparse.ArgumentParser(prog="python -m sample_scans", description="Draw the sample scans.")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same pixels (default 7)")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path(__file__).parent, help="folder (default: here)"
    )
    arguments = parser.parse_args()
    try:
        rows = draw_samples(arguments.output, arguments.seed)
    except OSError as error:
        print(f"{arguments.output}: cannot write the samples: {error}", file=sys.stderr)
        return 1
    print(f"{len({row.scan for row in rows})} scans and truth.csv in {arguments.output}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
