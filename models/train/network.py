"""A small multilayer perceptron with three quantile outputs, trained by Adam on the pinball loss, in plain numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

QUANTILES = (0.1, 0.5, 0.9)
HIDDEN = (64, 64)


@dataclass
class Network:
    """mean and scale standardise the features; weights and biases are those of the three layers."""

    mean: np.ndarray
    scale: np.ndarray
    weights: list[np.ndarray]
    biases: list[np.ndarray]

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Rows of features to rows of (p10, p50, p90); the quantiles cannot cross."""
        return _heads(self._forward(features)[-1])

    def _forward(self, features: np.ndarray) -> list[np.ndarray]:
        layers = [(features - self.mean) * self.scale]
        last = len(self.weights) - 1
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            layer = layers[-1] @ weight + bias
            layers.append(layer if index == last else np.tanh(layer))
        return layers


def _heads(raw: np.ndarray) -> np.ndarray:
    """The outer quantiles lie a square away from the middle. A square and not an exponential: vectorised exponentials
    round the last elements of a batch otherwise than the others, so an answer would depend on its place in the batch."""
    middle = raw[:, 1]
    return np.stack([middle - raw[:, 0] ** 2, middle, middle + raw[:, 2] ** 2], axis=1)


def pinball(predicted: np.ndarray, target: np.ndarray, weight: np.ndarray) -> float:
    """Mean pinball loss over the three quantiles, weighted by row."""
    error = target[:, None] - predicted
    levels = np.array(QUANTILES)
    return float(np.average(np.maximum(levels * error, (levels - 1) * error).mean(axis=1), weights=weight))


def train(
    features: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray,
    *,
    seed: int,
    epochs: int,
    batch: int = 2048,
    rate: float = 3e-3,
    decay: float = 1e-4,
) -> Network:
    """Deterministic for a seed on one machine. The learning rate falls to 0 along a half cosine."""
    rng = np.random.default_rng(seed)
    network = _initial(features, target, rng)
    parameters = [*network.weights, *network.biases]
    first = [np.zeros_like(p) for p in parameters]
    second = [np.zeros_like(p) for p in parameters]
    steps = epochs * (len(features) // batch)
    step = 0
    for _ in range(epochs):
        order = rng.permutation(len(features))
        for start in range(0, len(features) - batch + 1, batch):
            rows = order[start : start + batch]
            gradients = _gradients(network, features[rows], target[rows], weight[rows])
            step += 1
            current = rate * 0.5 * (1 + np.cos(np.pi * step / steps))
            for p, g, m, v in zip(parameters, gradients, first, second):
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                p -= current * ((m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8) + decay * p)
    return network


def _initial(features: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> Network:
    deviation = features.std(axis=0)
    # A feature that never changes in training says nothing: it is switched off instead of blown up.
    scale = np.where(deviation > 1e-6, 1 / np.maximum(deviation, 1e-6), 0.0)
    sizes = (features.shape[1], *HIDDEN, len(QUANTILES))
    weights = [rng.standard_normal((a, b)) / np.sqrt(a) for a, b in zip(sizes, sizes[1:])]
    weights[-1] *= 0.1
    biases = [np.zeros(b) for b in sizes[1:]]
    biases[-1][:] = (0.2, float(np.median(target)), 0.2)
    return Network(features.mean(axis=0), scale, weights, biases)


def _gradients(network: Network, features: np.ndarray, target: np.ndarray, weight: np.ndarray) -> list[np.ndarray]:
    layers = network._forward(features)
    raw = layers[-1]
    error = target[:, None] - _heads(raw)
    levels = np.array(QUANTILES)
    share = (weight / weight.sum())[:, None] / len(QUANTILES)
    slope = np.where(error > 0, -levels, 1 - levels) * share
    below, above = -2 * slope[:, 0] * raw[:, 0], 2 * slope[:, 2] * raw[:, 2]
    delta = np.stack([below, slope.sum(axis=1), above], axis=1)
    weight_gradients: list[np.ndarray] = []
    bias_gradients: list[np.ndarray] = []
    for index in range(len(network.weights) - 1, -1, -1):
        weight_gradients.insert(0, layers[index].T @ delta)
        bias_gradients.insert(0, delta.sum(axis=0))
        if index > 0:
            delta = (delta @ network.weights[index].T) * (1 - layers[index] ** 2)
    return [*weight_gradients, *bias_gradients]
