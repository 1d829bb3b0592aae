"""Study: what learning from a night's review brings, played through the station's own API.

python -m benchmarks.review_learning TRAIN/truth.csv DEV/truth.csv -o WORK [--slips 0.02]

Reads the scans of TRAIN; a person decides every field that waits for one by the truth, a share of the
keyings wrong by one digit; learns from that; reads the scans of DEV with the model of before and after.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from pathlib import Path

from benchmarks.station import Person, running
from models.classifier import SHIPPED
from models.truth import read_truth

SEED = 8


def main() -> int:
    """Play it, print what each step says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("train", type=Path)
    parser.add_argument("dev", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--slips", type=float, default=0.02)
    arguments = parser.parse_args()
    night, model = arguments.out / "night", arguments.out / "learned"
    rows = read_truth(arguments.train)
    folders = sorted({str(row.scan.parent) for row in rows})
    nightsort("run", *folders, "-o", str(night), "--layout", "digits", "--quiet")
    values = {row.scan.name: row.value for row in rows}
    print(review(night, values, arguments.slips), flush=True)
    nightsort("train", "--from", str(night), "-o", str(model))
    nightsort("evaluate", "--data", str(arguments.dev), "--model", str(SHIPPED), str(model))
    return 0


def nightsort(*arguments: str) -> None:
    """A command as a user gives it; ends the study where it fails."""
    print("nightsort", arguments[0], flush=True)
    subprocess.run([sys.executable, "-m", "flows.cli", *arguments], check=True)


def review(out: Path, values: dict[str, str], slips: float) -> str:
    """Decide all that waits for a person by the values of the scans; what there was to do, in words."""
    rng = random.Random(SEED)
    keyings, wrong, fields = 0, 0, set()
    with running(out) as address, Person(address, "study") as person:
        field = person.next()
        while field:
            value = values[Path(field["scan"]).name]
            keyed = slip(value, rng) if rng.random() < slips else value
            keyings, wrong = keyings + 1, wrong + (keyed != value)
            fields.add(field["id"])
            field = person.key(field, keyed)["field"]
    return f"{len(fields)} fields settled by {keyings} keyings, {wrong} of them wrong"


def slip(value: str, rng: random.Random) -> str:
    """The value with one digit changed."""
    place = rng.randrange(len(value))
    other = (int(value[place]) + rng.randrange(1, 10)) % 10
    return f"{value[:place]}{other}{value[place + 1 :]}"


if __name__ == "__main__":
    sys.exit(main())
