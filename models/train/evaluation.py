"""How far physics, and physics with the model, are from the simulator's truth on races that were not trained on."""

from __future__ import annotations

import numpy as np

from network import QUANTILES, Network, pinball
from rows import Rows, scale_per_race

CLIP = 0.35
# The processor lets the model have at most this share; 1 shows what the model itself thinks.
SHARES = (0.0, 0.2, 1.0)
# Windows in a lap below which it is cut off by the start or the end of a race.
LAP_WINDOWS_MIN = 20
STINT_LAPS = 20


def evaluate(network: Network, rows: Rows, chosen: np.ndarray, low: np.ndarray, high: np.ndarray) -> dict:
    """
    Share 0 is physics alone. Errors in percent; bias is estimate over truth minus 1. "Scaled": after one scale per race
    from its green laps is taken out of the estimate, which is what fills can tell and the model must not.
    """
    features = rows.features[chosen]
    truth, physics, race = rows.truth_ug[chosen], rows.physics_ug[chosen], rows.race[chosen]
    answers = np.clip(network.predict(features), -CLIP, CLIP)
    inside = ((features >= low) & (features <= high)).all(axis=1)
    log_ratio = np.where(inside, answers[:, 1], 0.0)
    target = np.clip(rows.log_ratio[chosen], -CLIP, CLIP)
    kinds = _kinds(rows, chosen)
    result: dict = {
        "windows": int(len(truth)),
        "laps": {name: int(kind.sum()) for name, kind in kinds.items()},
        "declinedAsOutOfRangePercent": _round(100 * (1 - inside.mean())),
        "intervalCoveragePercent": _round(100 * np.mean((target >= answers[:, 0]) & (target <= answers[:, 2]))),
        "nominalCoveragePercent": _round(100 * (QUANTILES[2] - QUANTILES[0])),
        "pinball": {
            "physics": _round(pinball(np.zeros_like(answers), target, physics), 5),
            "model": _round(pinball(answers, target, physics), 5),
        },
    }
    for share in SHARES:
        estimate = physics * np.exp(share * log_ratio)
        scaled = estimate * scale_per_race(race, estimate, truth, rows.is_green[chosen])
        result[f"share{share}"] = {
            "raw": _errors(rows, chosen, estimate, truth, kinds),
            "scaled": _errors(rows, chosen, scaled, truth, kinds),
        }
    return result


def _errors(rows: Rows, chosen: np.ndarray, estimate: np.ndarray, truth: np.ndarray, kinds: dict) -> dict:
    errors = {"windowErrorPercent": _round(100 * np.abs(estimate - truth).sum() / truth.sum())}
    for name, kind in kinds.items():
        laps, true = _per_lap(rows, chosen, estimate)[kind], _per_lap(rows, chosen, truth)[kind]
        errors[f"{name}LapErrorPercent"] = _round(100 * np.abs(laps / true - 1).mean()) if len(laps) else None
        errors[f"{name}LapBiasPercent"] = _round(100 * (laps.sum() / true.sum() - 1)) if len(laps) else None
    errors["stintErrorPercent"] = _stint_error(rows, chosen, estimate, truth, kinds["green"])
    return errors


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


def _per_lap(rows: Rows, chosen: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sums per lap, in order of the unique lap keys."""
    _, index = np.unique(rows.lap_key[chosen], return_inverse=True)
    return np.bincount(index, values)


def _stint_error(
    rows: Rows, chosen: np.ndarray, estimate: np.ndarray, truth: np.ndarray, kind: np.ndarray
) -> float | None:
    """Root mean square error of 20 green laps of a car in a row of its green laps."""
    _, first = np.unique(rows.lap_key[chosen], return_index=True)
    laps, true = _per_lap(rows, chosen, estimate)[kind], _per_lap(rows, chosen, truth)[kind]
    cars = rows.car_key[chosen][first][kind]
    errors = []
    for car in np.unique(cars):
        own, own_true = laps[cars == car], true[cars == car]
        for start in range(0, len(own) - STINT_LAPS + 1, STINT_LAPS):
            part = slice(start, start + STINT_LAPS)
            errors.append(own[part].sum() / own_true[part].sum() - 1)
    return _round(100 * float(np.sqrt(np.mean(np.square(errors))))) if errors else None


def _round(value: float, digits: int = 2) -> float:
    return round(float(value), digits)
