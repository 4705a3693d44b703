"""From an ONNX graph of a BERT encoder to a transformers BertModel, checked against the graph's own outputs."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import transformers
from onnx import numpy_helper

from groundswell.errors import FatalError
from model.tokenizer import load_tokenizer

TOLERANCE = 1e-4
PROBES = (
    "GDP rose 3.1% in Q3 — “better than feared”, the bank said",
    "茅台三季度业绩不及预期，股价跌停",
    "Nvidia 财报炸裂, shares +12%",
)


def to_bert(name: str, graph: bytes, heads: int, tokenizer: Path) -> "transformers.BertModel":
    """The encoder of ``graph`` with ``heads`` attention heads, on probes within 1e-4 of what the graph itself gives.

    ``tokenizer`` is the folder of its tokenizer; ``name`` is for messages. Raises FatalError when the two disagree.
    """
    model = _bert(name, _weights(graph), heads)
    _check(name, model, graph, tokenizer)
    return model


def _weights(graph: bytes) -> dict[str, np.ndarray]:
    """The initialisers under BertModel's names.

    A MatMul's weight is stored transposed under a generic name; the bias that is added to its output has kept its own.
    """
    nodes = onnx.load_model_from_string(graph).graph
    stored = {item.name: numpy_helper.to_array(item) for item in nodes.initializer}
    products = {node.output[0]: node for node in nodes.node if node.op_type == "MatMul" and node.input[1] in stored}
    weights = {name: array for name, array in stored.items() if name.startswith(("embeddings.", "encoder."))}
    for node in nodes.node:
        if node.op_type != "Add":
            continue
        product = next((products[name] for name in node.input if name in products), None)
        bias = next((name for name in node.input if name.endswith(".bias")), None)
        if product and bias:
            weights[bias.removesuffix("bias") + "weight"] = stored[product.input[1]].T
    return weights


def _bert(name: str, weights: dict[str, np.ndarray], heads: int) -> "transformers.BertModel":
    vocabulary, width = weights["embeddings.word_embeddings.weight"].shape
    layers = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer."))
    config = transformers.BertConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=weights["encoder.layer.0.intermediate.dense.weight"].shape[0],
        max_position_embeddings=weights["embeddings.position_embeddings.weight"].shape[0],
    )
    model = transformers.BertModel(config, add_pooling_layer=False)
    state = {name: torch.from_numpy(np.array(array)) for name, array in weights.items()}
    state.pop("embeddings.position_ids", None)
    missing, unexpected = model.load_state_dict(state, strict=False)
    if missing or unexpected:
        raise FatalError(f"base {name}: the graph does not fit a BertModel (missing {missing}, unexpected {unexpected})")
    return model.eval()


def _check(name: str, model: "transformers.BertModel", graph: bytes, folder: Path) -> None:
    """Compare the last hidden states of the probes with those of the ONNX graph."""
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    tokenizer = load_tokenizer(folder)
    for probe in PROBES:
        ids = np.array([tokenizer.encode(probe).ids], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        expected = session.run(None, inputs)[0]
        with torch.inference_mode():
            got = model(input_ids=torch.from_numpy(ids)).last_hidden_state.numpy()
        if (gap := float(np.abs(got - expected).max())) > TOLERANCE:
            raise FatalError(f"base {name}: the converted model is {gap:.1e} off its ONNX graph, over {TOLERANCE:.0e}")
