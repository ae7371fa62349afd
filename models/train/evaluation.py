"""How far physics, and physics with the model, are from the simulator's truth on races that were not trained on."""

from __future__ import annotations

import numpy as np

from network import QUANTILES, Network, pinball
from rows import Rows

CLIP = 0.35
# The processor lets the model have at most this share; 1 shows what the model itself thinks.
SHARES = (0.0, 0.2, 1.0)
# Windows in a lap below which it is cut off by the start or the end of a race.
LAP_WINDOWS_MIN = 20
STINT_LAPS = 20


def evaluate(network: Network, rows: Rows, chosen: np.ndarray, low: np.ndarray, high: np.ndarray) -> dict:
    """Share 0 is physics alone. Errors in percent; bias is estimate over truth minus 1."""
    features = rows.features[chosen]
    truth, physics = rows.truth_ug[chosen], rows.physics_ug[chosen]
    answers = np.clip(network.predict(features), -CLIP, CLIP)
    inside = ((features >= low) & (features <= high)).all(axis=1)
    log_ratio = np.where(inside, answers[:, 1], 0.0)
    target = np.clip(rows.log_ratio[chosen], -CLIP, CLIP)
    kinds = _kinds(rows, chosen)
    result: dict = {
        "windows": int(len(truth)),
        "declinedAsOutOfRangePercent": _round(100 * (1 - inside.mean())),
        "intervalCoveragePercent": _round(100 * np.mean((target >= answers[:, 0]) & (target <= answers[:, 2]))),
        "pinball": {
            "physics": _round(pinball(np.zeros_like(answers), target, physics), 5),
            "model": _round(pinball(answers, target, physics), 5),
        },
        "nominalCoveragePercent": 100 * (QUANTILES[2] - QUANTILES[0]),
    }
    for share in SHARES:
        estimate = physics * np.exp(share * log_ratio)
        result[f"share{share}"] = {
            "windowBurnErrorPercent": _round(100 * np.abs(estimate - truth).sum() / truth.sum()),
            **{
                f"{name}Lap{figure}": value
                for name, kind in kinds.items()
                for figure, value in _laps(rows, chosen, estimate, truth, kind).items()
            },
            "stintErrorPercent": _stints(rows, chosen, estimate, truth, kinds["green"]),
            "stintErrorPercentAfterOneScalePerCar": _stints(rows, chosen, estimate, truth, kinds["green"], scaled=True),
        }
    return result


def _kinds(rows: Rows, chosen: np.ndarray) -> dict[str, np.ndarray]:
    """Per lap (in order of the unique lap keys): what kind of lap it was."""
    _, index, counts = np.unique(rows.lap_key[chosen], return_inverse=True, return_counts=True)
    mean = lambda name: np.bincount(index, rows.column(name)[chosen]) / counts
    caution, restart, pit = mean("cautionShare"), mean("restartShare"), mean("pitRoadShare")
    whole = counts >= LAP_WINDOWS_MIN
    green = whole & (caution == 0) & (restart == 0) & (pit == 0)
    # The half of the green laps with the more closed throttle: where saving shows.
    coasting = mean("closedThrottleShare")
    median = np.median(coasting[green]) if green.any() else 0.0
    return {
        "green": green,
        "coastingGreen": green & (coasting > median),
        "caution": whole & (caution > 0.99) & (pit == 0),
        "restart": whole & (restart > 0.5) & (pit == 0),
        "pit": whole & (pit > 0),
    }


def _laps(rows: Rows, chosen: np.ndarray, estimate: np.ndarray, truth: np.ndarray, kind: np.ndarray) -> dict:
    _, index = np.unique(rows.lap_key[chosen], return_inverse=True)
    laps, true = np.bincount(index, estimate)[kind], np.bincount(index, truth)[kind]
    if len(laps) == 0:
        return {"s": 0}
    error = laps / true - 1
    return {
        "s": int(len(laps)),
        "ErrorPercent": _round(100 * np.abs(error).mean()),
        "BiasPercent": _round(100 * (laps.sum() / true.sum() - 1)),
    }


def _stints(
    rows: Rows, chosen: np.ndarray, estimate: np.ndarray, truth: np.ndarray, kind: np.ndarray, scaled: bool = False
) -> float:
    """RMS error of 20 green laps of a car. Scaled: the car's mean error over the race taken out, as fills would do."""
    keys, first, index = np.unique(rows.lap_key[chosen], return_index=True, return_inverse=True)
    laps, true = np.bincount(index, estimate)[kind], np.bincount(index, truth)[kind]
    cars = rows.car_key[chosen][first][kind]
    errors = []
    for car in np.unique(cars):
        own, own_true = laps[cars == car], true[cars == car]
        scale = own_true.sum() / own.sum() if scaled else 1.0
        for start in range(0, len(own) - STINT_LAPS + 1, STINT_LAPS):
            part = slice(start, start + STINT_LAPS)
            errors.append(scale * own[part].sum() / own_true[part].sum() - 1)
    return _round(100 * float(np.sqrt(np.mean(np.square(errors))))) if errors else float("nan")


def _round(value: float, digits: int = 2) -> float:
    return round(float(value), digits)
