"""A BERT encoder as an ONNX graph, in the fused operators of ONNX Runtime, made from the weights of a BertModel.

Whatever has been added to the weights before is in the graph; any BERT becomes one, not only those that come as ONNX.
"""

import numpy as np
import onnx
import transformers
from onnx import TensorProto, helper, numpy_helper

from groundswell.errors import FatalError

Array = np.ndarray
FUSED = "com.microsoft"
OUTPUT = "last_hidden_state"


def to_onnx(model: "transformers.BertModel") -> onnx.ModelProto:
    """The graph of ``model``: ``ids`` and ``mask``, both (rows, tokens) int64, to ``last_hidden_state`` (rows, tokens, width).

    Its metadata say as ``tokens`` how many tokens the encoder takes at most. Raises FatalError for another activation than
    gelu.
    """
    config = model.config
    if config.hidden_act != "gelu":
        raise FatalError(
            f"base: its activation is {config.hidden_act}, the ONNX backends know gelu; set reading.backend to torch"
        )
    maker = _Maker({name: value.detach().cpu().numpy() for name, value in model.state_dict().items()})
    hidden = maker.embed(config.layer_norm_eps)
    for number in range(config.num_hidden_layers):
        last = number == config.num_hidden_layers - 1
        hidden = maker.layer(number, hidden, config.num_attention_heads, config.layer_norm_eps, OUTPUT if last else None)
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["rows", "tokens"]) for name in ("ids", "mask")]
    output = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["rows", "tokens", config.hidden_size])
    graph = helper.make_graph(maker.nodes, "bert", inputs, [output], maker.constants)
    versions = [helper.make_opsetid("", 17), helper.make_opsetid(FUSED, 1)]
    made = helper.make_model(graph, opset_imports=versions, ir_version=9)
    helper.set_model_props(made, {"tokens": str(config.max_position_embeddings)})
    return made


class _Maker:
    """Collects nodes and constants; each step gives the name of its output."""

    def __init__(self, weights: dict[str, Array]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def embed(self, epsilon: float) -> str:
        """Word, position and type (always the first) of each token, normalised; the mask in the form that attention takes."""
        place = "embeddings."
        words = self._op("Gather", [self._constant("words", self._weight(f"{place}word_embeddings")), "ids"], domain="")
        positions = self._weight(f"{place}position_embeddings") + self._weight(f"{place}token_type_embeddings")[0]
        start = self._constant("start", np.zeros(1, np.int64))
        length = self._op("Shape", ["ids"], domain="", start=1, end=2)
        taken = self._op("Slice", [self._constant("positions", positions), start, length, start], domain="")
        total = self._op("Add", [words, taken], domain="")
        self._op("Cast", ["mask"], "attended", domain="", to=TensorProto.INT32)
        norm = self._both(f"{place}LayerNorm")
        return self._op("LayerNormalization", [total, *norm], domain="", axis=-1, epsilon=epsilon)

    def layer(self, number: int, hidden: str, heads: int, epsilon: float, output: str | None) -> str:
        """One layer: attention and feed-forward, each added to what came in and normalised."""
        place = f"encoder.layer.{number}."
        own = f"{place}attention.self."
        asked = [self._product(hidden, f"{own}{name}") for name in ("query", "key", "value")]
        bias = np.concatenate([self._weight(f"{own}{name}", "bias") for name in ("query", "key", "value")])
        mixed = self._op("MultiHeadAttention", [*asked, self._constant(f"{own}bias", bias), "attended"], num_heads=heads)
        attended = self._added(mixed, hidden, f"{place}attention.output", epsilon)
        wide = self._product(attended, f"{place}intermediate.dense")
        bent = self._op("BiasGelu", [wide, self._named(f"{place}intermediate.dense", "bias")])
        return self._added(bent, attended, f"{place}output", epsilon, output)

    def _added(self, value: str, before: str, place: str, epsilon: float, output: str | None = None) -> str:
        product = self._product(value, f"{place}.dense")
        inputs = [product, before, *self._both(f"{place}.LayerNorm"), self._named(f"{place}.dense", "bias")]
        return self._op("SkipLayerNormalization", inputs, output, epsilon=epsilon)

    def _product(self, value: str, place: str) -> str:
        return self._op("MatMul", [value, self._constant(f"{place}.weight", self._weight(place).T)], domain="")

    def _both(self, place: str) -> tuple[str, str]:
        return self._named(place, "weight"), self._named(place, "bias")

    def _named(self, place: str, kind: str) -> str:
        return self._constant(f"{place}.{kind}", self._weight(place, kind))

    def _weight(self, place: str, kind: str = "weight") -> Array:
        return self.weights[f"{place}.{kind}"]

    def _constant(self, name: str, value: Array) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _op(self, kind: str, inputs: list[str], output: str | None = None, *, domain: str = FUSED, **attributes: object) -> str:
        name = output or f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, domain=domain, **attributes))
        return name
