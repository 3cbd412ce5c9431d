"""The demo's claim over several seeds: the corner's enrichment tells the shortcut from the other arms.

Run: `make seeds` (some minutes); `KERAS_BACKEND` chooses the backend.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from keras_saliency.demo import digits, story

SEEDS = range(5)
EPOCHS = 10


def main() -> None:
    """Print one row per arm and seed."""
    print("| arm | seed | enrichment before | after epoch 1 | least later | last | validation | probes |")
    print("|---|---|---|---|---|---|---|---|")
    for arm in digits.ARMS:
        for seed in SEEDS:
            with tempfile.TemporaryDirectory() as folder:
                rows = story.tell(arm, EPOCHS, seed, Path(folder), lambda row: None).rows
            enrichments = [row.enrichment for row in rows]
            numbers = [
                *enrichments[:2],
                min(enrichments[2:]),
                enrichments[-1],
                rows[-1].validation,
                rows[-1].probes,
            ]
            print(
                f"| {arm} | {seed} | " + " | ".join(f"{number:.2f}" for number in numbers) + " |", flush=True
            )


if __name__ == "__main__":
    main()
