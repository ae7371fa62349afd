"""What export-training-data.ts wrote, as arrays."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass
class Rows:
    """One entry per window in every array. Burn in micrograms per window."""

    header: dict
    feature_names: list[str]
    features: np.ndarray
    physics_ug: np.ndarray
    truth_ug: np.ndarray
    lap_key: np.ndarray
    car_key: np.ndarray
    race: np.ndarray
    track: np.ndarray
    is_train: np.ndarray
    is_test: np.ndarray

    @property
    def races(self) -> list[dict]:
        return self.header["races"]

    @property
    def tracks(self) -> list[str]:
        return list(dict.fromkeys(race["trackId"] for race in self.races))

    @property
    def is_green(self) -> np.ndarray:
        slow = self.column("cautionShare") + self.column("restartShare") + self.column("pitRoadShare")
        return slow == 0

    @property
    def log_ratio(self) -> np.ndarray:
        """log(true / physics) with the race's green-flag scale taken out: that one is not for the model to know."""
        scale = scale_per_race(self.race, self.physics_ug, self.truth_ug, self.is_green)
        return np.log(np.maximum(self.truth_ug, 1.0) / np.maximum(scale * self.physics_ug, 1.0))

    def column(self, name: str) -> np.ndarray:
        return self.features[:, self.feature_names.index(name)]

    @staticmethod
    def load(folder: Path) -> Rows:
        header = json.loads((folder / "rows.json").read_text())
        columns = header["columns"]
        table = np.fromfile(folder / "rows.f64", dtype="<f8").reshape(-1, len(columns))
        race = np.repeat(np.arange(len(header["races"])), [one["rows"] for one in header["races"]])
        at = {name: index for index, name in enumerate(columns)}
        # A standing engine has no ratio; the service never asks about one either.
        kept = table[:, at["physicsUg"]] > 0
        table, race = table[kept], race[kept]
        car = table[:, at["carIndex"]].astype(int)
        lap = table[:, at["lapNumber"]].astype(int)
        sets = np.array([one["set"] for one in header["races"]])[race]
        features = len(header["features"])
        return Rows(
            header=header,
            feature_names=header["features"],
            features=table[:, :features],
            physics_ug=table[:, at["physicsUg"]],
            truth_ug=table[:, at["truthUg"]],
            lap_key=(race * 1000 + car) * 1000 + lap,
            car_key=race * 1000 + car,
            race=race,
            track=np.array([one["trackId"] for one in header["races"]])[race],
            is_train=sets == "train",
            is_test=sets == "test",
        )


def scale_per_race(race: np.ndarray, estimate: np.ndarray, truth: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Per window: true over estimated fuel of the counted windows of its race. One number a race, as fills give it."""
    size = int(race.max()) + 1
    true_sum = np.bincount(race[counted], truth[counted], minlength=size)
    estimate_sum = np.bincount(race[counted], estimate[counted], minlength=size)
    return (true_sum / np.maximum(estimate_sum, 1.0))[race]
