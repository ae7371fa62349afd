"""Trains, judges and writes the model of burn residuals.

    python train.py --rows FOLDER --out ../burn-residual/1

FOLDER holds what export-training-data.ts wrote. Writes model.onnx, feature-schema.json, golden-vectors.json and
evaluation.json. Deterministic for one machine and one numpy; about three minutes on one core.
"""

from __future__ import annotations

import os

# Before numpy is imported: one thread, for the same sums every time and for the neighbours' sake.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime

from evaluation import SHARES, evaluate
from network import Network, train
from onnx_export import INPUT, OUTPUT, to_onnx
from rows import Rows

SEED = 20260801
EPOCHS = 40
# The service clips here; targets a little beyond it do not move any quantile that is served.
TARGET_MAX = 0.4
SAMPLE_SHARE_MIN = 0.5
GOLDEN_ROWS = 32
TOLERANCE_ABS = 1e-5
# A channel that a source may lack is blanked in this share of the training rows, as such a source would leave it.
BLANKED_SHARE = 0.15
# Not shown to the network, because they tell which track it is: with them the model learned the tracks by heart, and on
# a track left out its error in scale doubled (card.md). They stay in the vector: the gate uses them.
WITHHELD = ("lapPhaseSin", "lapPhaseCos", "speedMeanMps", "rpmPerMps")
CIRCULAR = ("lapPhaseSin", "lapPhaseCos")
OPTIONAL_CHANNELS = (("brakeShare",), ("draft",), CIRCULAR)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    rows = Rows.load(arguments.rows)
    version = f"burn-residual-{arguments.out.resolve().name}"

    network = fit(rows, rows.is_train)
    lowest, highest = ranges(rows, rows.is_train)
    results = {"heldOutRaces": evaluate(network, rows, rows.is_test, lowest, highest)}
    for track in rows.tracks:
        away = fit(rows, rows.is_train & (rows.track != track))
        low, high = ranges(rows, rows.is_train & (rows.track != track))
        results[f"heldOutTrack:{track}"] = evaluate(away, rows, rows.is_test & (rows.track == track), low, high)

    arguments.out.mkdir(parents=True, exist_ok=True)
    model = to_onnx(network)
    (arguments.out / "model.onnx").write_bytes(model)
    golden = golden_vectors(network, rows)
    check_onnx(model, golden)
    write_json(arguments.out / "golden-vectors.json", golden)
    write_json(arguments.out / "evaluation.json", {"version": version, "races": rows.races, "results": results})
    write_json(
        arguments.out / "feature-schema.json",
        {
            "name": "burn-residual",
            "version": version,
            "featureSchemaVersion": rows.header["featureSchemaVersion"],
            "physicsVersion": rows.header["physicsVersion"],
            "carProfiles": [rows.header["carProfile"]],
            "sampleShareMin": SAMPLE_SHARE_MIN,
            "onnxSha256": hashlib.sha256(model).hexdigest(),
            "input": INPUT,
            "output": OUTPUT,
            "features": [
                {"name": name, "min": float(low), "max": float(high)}
                for name, low, high in zip(rows.feature_names, lowest, highest)
            ],
        },
    )
    update_card(arguments.out / "card.md", results)
    print(json.dumps(results, indent=1))


def fit(rows: Rows, chosen: np.ndarray) -> Network:
    features = rows.features[chosen].copy()
    rng = np.random.default_rng(SEED)
    for channel in OPTIONAL_CHANNELS:
        blanked = rng.random(len(features)) < BLANKED_SHARE
        for name in channel:
            features[blanked, rows.feature_names.index(name)] = 0.0
    # A constant column gets the weight 0 (network.py), whatever a later window holds.
    features[:, [rows.feature_names.index(name) for name in WITHHELD]] = 0.0
    physics = rows.physics_ug[chosen]
    # A window counts by the fuel in it, but an idling car is not left out altogether.
    weight = np.clip(physics / physics.mean(), 0.1, 2.0)
    target = np.clip(rows.log_ratio[chosen], -TARGET_MAX, TARGET_MAX)
    return train(features, target, weight, seed=SEED, epochs=EPOCHS)


def ranges(rows: Rows, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """0.1 % and 99.9 % quantiles. The optional channels may also be blank; a whole lap has no ends to cut off."""
    low, high = np.quantile(rows.features[chosen], [0.001, 0.999], axis=0)
    for name in CIRCULAR:
        column = rows.feature_names.index(name)
        low[column], high[column] = -1.0, 1.0
    for channel in OPTIONAL_CHANNELS:
        for name in channel:
            column = rows.feature_names.index(name)
            low[column], high[column] = min(low[column], 0.0), max(high[column], 0.0)
    return low, high


def golden_vectors(network: Network, rows: Rows) -> dict:
    """Inputs exact in float32; outputs in double precision from the float32 weights, so without ONNX."""
    rng = np.random.default_rng(SEED)
    chosen = rng.choice(np.flatnonzero(rows.is_test), GOLDEN_ROWS, replace=False)
    inputs = rows.features[chosen].astype(np.float32).astype(np.float64)
    single = Network(
        network.mean.astype(np.float32).astype(np.float64),
        network.scale.astype(np.float32).astype(np.float64),
        [weight.astype(np.float32).astype(np.float64) for weight in network.weights],
        [bias.astype(np.float32).astype(np.float64) for bias in network.biases],
    )
    return {"toleranceAbs": TOLERANCE_ABS, "inputs": inputs.tolist(), "outputs": single.predict(inputs).tolist()}


def check_onnx(model: bytes, golden: dict) -> None:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    answers = session.run([OUTPUT], {INPUT: np.array(golden["inputs"], np.float32)})[0]
    worst = float(np.abs(answers - np.array(golden["outputs"])).max())
    if worst > TOLERANCE_ABS:
        raise SystemExit(f"the exported model differs from the trained one by {worst}")
    print(f"largest difference between ONNX and numpy: {worst:.2e}")


# Columns of the card's table: the estimate as it is, or with one scale per race taken out.
CARD_FIGURES = (
    ("raw", "greenLapErrorPercent"),
    ("scaled", "windowErrorPercent"),
    ("scaled", "greenLapErrorPercent"),
    ("scaled", "coastingGreenLapErrorPercent"),
    ("scaled", "cautionLapErrorPercent"),
    ("scaled", "pitLapErrorPercent"),
    ("scaled", "stintErrorPercent"),
)


def update_card(path: Path, results: dict) -> None:
    """Replaces the rows of the card's table; the words around it are for a person to check."""
    lines = path.read_text().splitlines()
    for name, result in results.items():
        shares = [result[f"share{share}"] for share in SHARES]
        cells = [" → ".join(f"{one[how][figure]:g}" for one in shares) for how, figure in CARD_FIGURES]
        row = f"| {name} | {' | '.join(cells)} |"
        lines = [row if line.startswith(f"| {name} |") else line for line in lines]
    path.write_text("\n".join(lines) + "\n")


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")


if __name__ == "__main__":
    main()
