"""The network as an ONNX graph, built by hand: a dozen nodes of the default operator set, any number of rows."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from network import Network

INPUT = "features"
OUTPUT = "logRatio"
# Understood by every onnxruntime since 1.13.
OPSET = 17
IR_VERSION = 8


def to_onnx(network: Network) -> bytes:
    constants = {"mean": network.mean, "scale": network.scale}
    nodes = [
        helper.make_node("Sub", [INPUT, "mean"], ["centred"]),
        helper.make_node("Mul", ["centred", "scale"], ["layer0"]),
    ]
    last = len(network.weights) - 1
    for index, (weight, bias) in enumerate(zip(network.weights, network.biases)):
        constants[f"weight{index}"] = weight
        constants[f"bias{index}"] = bias
        summed = "raw" if index == last else f"sum{index}"
        nodes.append(helper.make_node("Gemm", [f"layer{index}", f"weight{index}", f"bias{index}"], [summed]))
        if index < last:
            nodes.append(helper.make_node("Tanh", [summed], [f"layer{index + 1}"]))
    nodes += [
        helper.make_node("Split", ["raw"], ["rawLow", "middle", "rawHigh"], axis=1),
        helper.make_node("Mul", ["rawLow", "rawLow"], ["below"]),
        helper.make_node("Mul", ["rawHigh", "rawHigh"], ["above"]),
        helper.make_node("Sub", ["middle", "below"], ["low"]),
        helper.make_node("Add", ["middle", "above"], ["high"]),
        helper.make_node("Concat", ["low", "middle", "high"], [OUTPUT], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "burn-residual",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["windows", network.mean.size])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["windows", 3])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="burnline"
    )
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)
