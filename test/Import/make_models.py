#!/usr/bin/env python3
"""Writes the models in Inputs/ that the import's tests read (needs PyPI's onnx, from 1.19 on, and numpy)."""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as n

INPUTS = pathlib.Path(__file__).resolve().parent / "Inputs"


def value(name, shape, kind=T.FLOAT):
    return h.make_tensor_value_info(name, kind, shape)


def numbers(name, *shape, dtype=np.float32):
    return n.from_array(np.arange(np.prod(shape)).reshape(shape).astype(dtype), name)


def ints(name, *values):
    return n.from_array(np.array(values, np.int64), name)


def external(name, shape, offset, length=None, location="weights.safetensors", kind=T.FLOAT):
    tensor = T(name=name, data_type=kind, dims=shape, data_location=T.EXTERNAL)
    entries = {"location": location, "offset": str(offset)}
    if length is not None:
        entries["length"] = str(length)
    for key, text in entries.items():
        tensor.external_data.add(key=key, value=text)
    return tensor


def everything(nodes):
    """All results as outputs of the graph."""
    return [value(name, None) for node in nodes for name in node.output]


def save(name, nodes, inputs, outputs=None, initializers=(), opset=18, functions=(), opsets=(), configurations=None,
         edit=None):
    outputs = everything(nodes) if outputs is None else outputs
    graph = h.make_graph(nodes, name, inputs, outputs, list(initializers))
    imports = [h.make_opsetid("", opset)] + [h.make_opsetid(domain, 1) for domain in opsets]
    model = h.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=10,
                         producer_name="make_models.py")
    for key, devices in (configurations or {}).items():
        model.ir_version = 11
        model.configuration.add(name=key, num_devices=devices)
    if edit:
        edit(model)
    (INPUTS / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def scoped(node, *scopes):
    """Module names as PyTorch's exporter writes them."""
    node.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=str(list(scopes)))
    return node


def mlp():
    save("mlp",
         [scoped(h.make_node("MatMul", ["x", "w"], ["xw"], "node_matmul"), "", "blocks.0", "blocks.0.fc", "matmul"),
          h.make_node("Add", ["xw", "b"], ["y0"], "node_add"),
          h.make_node("Mul", ["y0", "half"], ["y"], "")],
         [value("x", [2, 3])], [value("y", [2, 5])],
         [numbers("w", 3, 5), numbers("b", 5), n.from_array(np.float32(0.5), "half"), numbers("unused", 7)])


def shapes():
    """A reshape whose shape is computed, as TorchScript writes it."""
    save("shapes",
         [h.make_node("Shape", ["x"], ["s"]), h.make_node("Gather", ["s", "zero"], ["b"]),
          h.make_node("Unsqueeze", ["b", "axes"], ["b1"]),
          h.make_node("Concat", ["b1", "rest"], ["t"], axis=0), h.make_node("Reshape", ["x", "t"], ["y"])],
         [value("x", ["batch", 3, 5])], [value("y", None)],
         [n.from_array(np.array(0, np.int64), "zero"), ints("axes", 0), ints("rest", -1)])


def dynamic():
    save("dynamic", [h.make_node("Concat", ["x", "z"], ["y"], axis=1)],
         [value("x", ["batch", "tokens", 5]), value("z", ["batch", "more", 5])], [value("y", None)])
    save("bound", [h.make_node("Reshape", ["x", "s"], ["y"], "reshape")],
         [value("x", [3, 3]), value("s", [1], T.INT64)], [value("y", None)])
    save("unnamed", [h.make_node("Neg", ["x"], ["y"])], [value("x", [None, 3])], [value("y", None)])


def functions():
    """A function with an attribute, called through another one."""
    scale = h.make_function(
        "local", "Scale", ["a"], ["c"],
        [h.make_node("Constant", [], ["f"]), h.make_node("Mul", ["a", "f"], ["c"], "scaled")],
        [h.make_opsetid("", 18)], ["factor"])
    scale.node[0].attribute.add(name="value_float", ref_attr_name="factor", type=onnx.AttributeProto.FLOAT)
    twice = h.make_function("local", "Twice", ["a"], ["c"],
                            [h.make_node("Scale", ["a"], ["c"], "inner", domain="local", factor=2.0)],
                            [h.make_opsetid("", 18), h.make_opsetid("local", 1)])
    save("functions", [h.make_node("Twice", ["x"], ["y0"], "outer", domain="local"),
                       h.make_node("Scale", ["y0"], ["y"], "last", domain="local", factor=3.0)],
         [value("x", [2, 3])], [value("y", [2, 3])], functions=[scale, twice], opsets=["local"])


def branches():
    """TorchScript's squeeze: an If on the rank of its input."""
    then = h.make_graph([h.make_node("Squeeze", ["x", "axes"], ["then_y"], "squeeze")], "then", [], [value("then_y", None)])
    otherwise = h.make_graph([h.make_node("Identity", ["x"], ["else_y"], "same")], "else", [], [value("else_y", None)])
    save("branches",
         [h.make_node("Shape", ["x"], ["s"]), h.make_node("Gather", ["s", "one"], ["d"]),
          h.make_node("Equal", ["d", "one"], ["c"]),
          h.make_node("If", ["c"], ["y"], "if", then_branch=then, else_branch=otherwise)],
         [value("x", [2, 1, 3])], [value("y", None)],
         [n.from_array(np.array(1, np.int64), "one"), ints("axes", 1)])


def expressions():
    """Dimensions named by expressions of the batch, as exporters write them, and by several symbols."""
    names = ["batch", "2*batch", "batch*3", "batch+1", "batch//2", "(batch*4)", "Max(7, batch - 1)", "batch**2 % 7",
             "floor(batch/3)", "-(1 - batch)", "batch-size"]  # fmt: skip
    save("expressions", [h.make_node("Neg", [f"x{i}"], [f"y{i}"]) for i in range(len(names))],
         [value(f"x{i}", [name, 3]) for i, name in enumerate(names)])
    both = [h.make_node("Neg", ["x"], ["y"]), h.make_node("Neg", ["z"], ["w"])]
    save("halves", both, [value("x", ["batch", 3]), value("z", ["batch/2", 3])])
    save("product", both, [value("x", ["batch", "tokens"]), value("z", ["batch*tokens", 3])])
    save("symbols", both, [value("x", ["rows", 3]), value("z", ["columns", 3])])
    save("number", both, [value("x", ["batch", 3]), value("z", ["2batch", 3])])


def calls(name, levels, times=1):
    """Functions that call each other `levels` deep, the innermost one negates."""
    def body(i):
        if i == 0:
            return [h.make_node("Neg", ["a"], ["c"])]
        inner = [h.make_node(f"F{i - 1}", ["a"], ["c" if k + 1 == times else f"c{k}"], domain="l") for k in range(times)]
        if times > 1:
            inner[-1].output[0] = f"c{times - 1}"
            inner.append(h.make_node("Sum", [f"c{k}" for k in range(times)], ["c"]))
        return inner
    functions = [h.make_function("l", f"F{i}", ["a"], ["c"], body(i), [h.make_opsetid("", 18), h.make_opsetid("l", 1)])
                 for i in range(levels)]
    save(name, [h.make_node(f"F{levels - 1}", ["x"], ["y"], "call", domain="l")], [value("x", [2, 3])],
         [value("y", [2, 3])], functions=functions, opsets=["l"])


def depth():
    calls("deep", 70)
    calls("too-deep", 300)
    calls("too-many", 30, times=2)
    ping = h.make_function("l", "Ping", ["a"], ["c"], [h.make_node("Pong", ["a"], ["c"], "pong", domain="l")],
                           [h.make_opsetid("l", 1)])
    pong = h.make_function("l", "Pong", ["a"], ["c"], [h.make_node("Ping", ["a"], ["c"], "ping", domain="l")],
                           [h.make_opsetid("l", 1)])
    save("circle", [h.make_node("Ping", ["x"], ["y"], "call", domain="l")], [value("x", [2])], [value("y", [2])],
         functions=[ping, pong], opsets=["l"])


def needs():
    """What no output needs: nodes, outputs, initializers, inputs, functions and branches of every unsupported kind."""
    def edit(model):
        graph = model.graph
        graph.value_info.append(value("y", [99, -3], T.STRING))
        graph.value_info.append(value("nowhere", ["?"], 77))
        graph.sparse_initializer.append(h.make_sparse_tensor(numbers("sparse", 2), ints("at", 0, 4), [5]))
        text = T(name="text", data_type=T.STRING, dims=[1], string_data=[b"a"])
        part = T(name="part", data_type=T.FLOAT, dims=[9], float_data=[1, 2])
        part.segment.begin, part.segment.end = 3, 5
        graph.initializer.extend([text, part, T(name="i4", data_type=T.INT4, dims=[3], raw_data=b"ab"),
                                  T(name="f8", data_type=T.FLOAT8E5M2, dims=[2], raw_data=b"ab")])
        seq = h.make_tensor_sequence_value_info("seq", T.FLOAT, [2])
        opt = h.make_value_info("opt", h.make_optional_type_proto(h.make_tensor_type_proto(T.FLOAT, [2])))
        graph.input.extend([seq, opt])
    first = h.make_function("l", "First", ["a", "b"], ["c", "d"],
                            [h.make_node("Neg", ["a"], ["c"]), h.make_node("StringSplit", ["b"], ["d"])],
                            [h.make_opsetid("", 18)])
    unused = h.make_function("l", "Unused", ["a"], ["c"], [h.make_node("Nothing", ["a"], ["c"], domain="nowhere")],
                             [h.make_opsetid("nowhere", 1)])
    then = h.make_graph([h.make_node("Relu", ["m"], ["then_y"])], "then", [], [value("then_y", None)])
    otherwise = h.make_graph([h.make_node("Identity", ["i"], ["else_y"])], "else", [], [value("else_y", None)])
    save("needs",
         [h.make_node("NonZero", ["x"], ["i"], "nz"), h.make_node("Custom", ["seq", "opt"], ["c"], "odd", domain="nowhere"),
          h.make_node("Add", ["i", "i"], ["i2"]), h.make_node("Cast", ["text"], ["t"], to=T.FLOAT),
          h.make_node("MaxPool", ["x"], ["p", "places"], "pool", kernel_shape=[2]),
          h.make_node("LayerNormalization", ["p", "scale"], ["l", "mean", "deviation"], "norm"),
          h.make_node("Dropout", ["l"], ["o", "mask"], "drop"),
          h.make_node("First", ["o", "s"], ["m", "parts"], "call", domain="l"),
          h.make_node("If", ["yes"], ["y"], "if", then_branch=then, else_branch=otherwise)],
         [value("x", [1, 2, 6]), value("s", [2], T.STRING), value("open", ["n"])], [value("y", None)],
         [numbers("scale", 5), n.from_array(np.array(True), "yes"), numbers("unused", 7)],
         functions=[first, unused], opsets=["l", "nowhere"], edit=edit)
    save("needed", [h.make_node("Add", ["x", "sparse"], ["y"], "add")], [value("x", [5])], [value("y", [5])],
         edit=lambda model: model.graph.sparse_initializer.append(
             h.make_sparse_tensor(numbers("sparse", 2), ints("at", 0, 4), [5])))


def empties():
    """Tensors without elements, of every kind of operator."""
    many = {"none": ("Slice", ["x", "four", "nine"], {}), "backwards": ("Slice", ["x", "two", "one"], {}),
            "joined": ("Concat", ["x", "none"], {"axis": 0}), "alone": ("Concat", ["none", "none"], {"axis": 0}),
            "sum": ("ReduceSum", ["none", "zero"], {}), "prod": ("ReduceProd", ["none", "zero"], {"keepdims": 0}),
            "max": ("ReduceMax", ["none", "zero"], {}), "min": ("ReduceMin", ["none", "zero"], {}),
            "product": ("MatMul", ["thin", "flat"], {}), "biased": ("Gemm", ["thin", "flat", "three"], {}),
            "rows": ("MatMul", ["none", "square"], {}), "columns": ("MatMul", ["x", "narrow"], {}),
            "conv": ("Conv", ["images", "kernel"], {"strides": [2, 2]}), "pool": ("MaxPool", ["images"], {"kernel_shape": [2, 2]}),
            "soft": ("Softmax", ["none"], {"axis": 1}), "softer": ("Softmax", ["thin"], {"axis": 1}),
            "norm": ("LayerNormalization", ["none", "three"], {}), "taken": ("Gather", ["x", "nowhere"], {"axis": 1}),
            "grown": ("Pad", ["none", "pads", "seven"], {}), "wide": ("Expand", ["row", "noneshape"], {}),
            "turned": ("Transpose", ["none"], {"perm": [1, 0]}), "formed": ("Reshape", ["none", "formshape"], {"allowzero": 1}),
            "written": ("ScatterND", ["x", "nowhere1", "none"], {}), "passed": ("Identity", ["thin"], {}),
            "attended": ("Attention", ["query", "keys", "keys"], {}), "asked": ("Attention", ["keys", "query", "query"], {})}  # fmt: skip
    nodes = [h.make_node(op, inputs, [name], name, **attributes) for name, (op, inputs, attributes) in many.items()]
    nodes.append(h.make_node("Split", ["x", "parts"], ["head", "middle", "tail"], "split", axis=0))
    nodes.append(h.make_node("Split", ["square4"], ["a", "b", "c"], "equal", axis=1, num_outputs=3))
    save("empties", nodes,
         [value("x", [4, 3]), value("thin", [2, 0]), value("images", [0, 3, 4, 4]), value("query", [1, 2, 5, 4]),
          value("keys", [1, 2, 0, 4])],
         initializers=[ints("zero", 0), ints("one", 1), ints("two", 2), ints("four", 4), ints("nine", 9), ints("parts", 4, 0, 0),
                       numbers("flat", 0, 3), numbers("three", 3), numbers("square", 3, 3), numbers("square4", 4, 4),
                       numbers("narrow", 3, 0), numbers("kernel", 5, 3, 2, 2), numbers("nowhere", 0, dtype=np.int64),
                       numbers("nowhere1", 0, 1, dtype=np.int64), ints("pads", 2, 0, 0, 1), numbers("row", 1, 3),
                       n.from_array(np.float32(7), "seven"), ints("noneshape", 0, 3), ints("formshape", 3, 0, 2)],
         opset=23)


def nearest():
    """Ties and borders: 10 elements resized to 28, by sizes and by a scale that is not exact; the results are constants."""
    nodes = []
    for i, (kind, mode) in enumerate([("half_pixel", "round_prefer_floor"), ("half_pixel", "round_prefer_ceil"),
                                      ("asymmetric", "round_prefer_floor"), ("asymmetric", "floor"), ("asymmetric", "ceil"),
                                      ("align_corners", "round_prefer_ceil"), ("pytorch_half_pixel", "floor"),
                                      ("half_pixel_symmetric", "round_prefer_floor")]):
        for how, inputs in (("sizes", ["iota", "", "", "sizes"]), ("scales", ["iota", "", "scales"])):
            nodes.append(h.make_node("Resize", inputs, [f"{how}{i}"], f"{how}{i}", coordinate_transformation_mode=kind,
                                     nearest_mode=mode))
    save("nearest", nodes, [], [value(node.output[0], None, T.INT64) for node in nodes], [numbers("iota", 10, dtype=np.int64), ints("sizes", 28),
          n.from_array(np.array([2.8], np.float32), "scales")])


def indices():
    """Indices for each element: expanded from indices of slices, of the batch alone, in general."""
    save("indices",
         [h.make_node("Expand", ["ids", "shape"], ["all"]),
          h.make_node("GatherElements", ["x", "all"], ["taken"], axis=1),
          h.make_node("ScatterElements", ["x", "all", "taken"], ["written"], axis=1, reduction="max"),
          h.make_node("GatherElements", ["x", "each"], ["y"], axis=0),
          h.make_node("GatherND", ["x", "places"], ["z"], batch_dims=1),
          h.make_node("ScatterND", ["x", "pairs", "rows"], ["w"], reduction="add")],
         [value("x", [2, 5, 3]), value("ids", [2, 4, 1], T.INT64), value("each", [4, 2, 3], T.INT64),
          value("places", [2, 4, 2], T.INT64), value("pairs", [4, 2], T.INT64), value("rows", [4, 3])],
         [value("taken", [2, 4, 3]), value("written", [2, 5, 3]), value("y", [4, 2, 3]), value("z", [2, 4]),
          value("w", [2, 5, 3])],
         [ints("shape", 2, 4, 3)])


def tensors():
    """Places where parameters can be."""
    packed = T(name="packed", data_type=T.FLOAT, dims=[3])
    packed.float_data.extend([1, 2, 3])
    save("tensors", [h.make_node("Sum", ["x", "packed", "ext", "raw"], ["y"])],
         [value("x", [3])], [value("y", [3])],
         [packed, external("ext", [3], 128, 12), numbers("raw", 3)])
    half = T(name="half", data_type=T.FLOAT16, dims=[1025])
    half.int32_data.extend([0] * 1025)
    save("narrow", [h.make_node("Add", ["x", "half"], ["y"])], [value("x", [1025], T.FLOAT16)],
         [value("y", [1025], T.FLOAT16)], [half])
    save("image", [h.make_node("Cast", ["x"], ["y"], to=T.FLOAT)], [value("x", [2, 3], T.UINT8)], [value("y", [2, 3])])


def sharded(node, configuration, tensors, stage=None):
    """Annotates a node: for each tensor the shards of dimensions, as {axis: number} or {axis: [(size, number), ...]},
    and the devices. Devices given as lists are groups."""
    annotation = node.device_configurations.add(configuration_id=configuration)
    if stage is not None:
        annotation.pipeline_stage = stage
    for name, (dims, devices) in tensors.items():
        spec = annotation.sharding_spec.add(tensor_name=name)
        for number, device in enumerate(devices):
            if isinstance(device, list):
                spec.index_to_device_group_map.add(key=-1 - number, value=device)
            spec.device.append(-1 - number if isinstance(device, list) else device)
        for axis, parts in dims.items():
            dim = spec.sharded_dim.add(axis=axis)
            for size, shards in parts if isinstance(parts, list) else [(None, parts)]:
                simple = dim.simple_sharding.add(num_shards=shards)
                if size is not None:
                    simple.dim_value = size
    return node


def devices():
    """Two products for two and for four devices, and what is not read of such annotations."""
    up = h.make_node("MatMul", ["x", "w"], ["u"], "up")
    sharded(up, "two", {"w": ({1: 2}, [0, 1]), "u": ({-1: 2}, [0, 1])})
    sharded(up, "four", {"x": ({0: 2, 1: 1}, [[0, 1], [2, 3]]), "u": ({0: 2, 1: [(2, 2), (5, 1)]}, [0, 1, 2, 3])})
    down = sharded(h.make_node("MatMul", ["r", "v"], ["y"], "down"), "two", {"v": ({0: 2}, [0, 1])})
    save("devices", [up, h.make_node("Relu", ["u"], ["r"], "act"), down], [value("x", [6, 3])], [value("y", [6, 7])],
         [numbers("w", 3, 10), numbers("v", 10, 7)], configurations={"two": 2, "four": 4})
    ignored = {
        "groups": ("x0", {0: 2}, [[0], [1]]), "part": ("x1", {0: 2}, [1]), "order": ("x2", {0: 2}, [1, 0]),
        "three": ("x3", {0: 3}, [0, 1]), "inside": ("x4", {0: [(2, 1), (2, 2)]}, [0, 1]), "axis": ("x5", {2: 2}, [0, 1]),
        "tensor": ("other", {0: 2}, [0, 1]), "fine": ("x7", {0: [(2, 2), (2, 1)]}, [0, 1]),
    }  # fmt: skip
    nodes = [sharded(h.make_node("Neg", [f"x{i}"], [f"x{i + 1}"], name), "two", {tensor: (dims, devices)})
             for i, (name, (tensor, dims, devices)) in enumerate(ignored.items())]
    nodes.append(sharded(h.make_node("Neg", ["x8"], ["x9"], "unknown"), "nowhere", {"x8": ({0: 2}, [0, 1])}))
    nodes.append(sharded(h.make_node("Neg", ["x9"], ["x10"], "stage"), "two", {}, stage=1))
    save("devices-ignored", nodes, [value("x0", [4, 6])], [value("x10", [4, 6])], configurations={"two": 2})


def refused():
    """Each of these is an error; `problems` has several."""
    save("problems",
         [h.make_node("NonZero", ["x"], ["i"], "nz"), h.make_node("Add", ["i", "i"], ["j"], "after"),
          h.make_node("Einsum", ["x"], ["d"], "diagonal", equation="ii->i"),
          h.make_node("Reshape", ["x", "x_shape"], ["r"], "reshape"),
          h.make_node("FusedMatMul", ["x", "x"], ["f"], "fused", domain="com.microsoft"),
          h.make_node("Relu", ["x"], ["y"], "relu")],
         [value("x", [3, 3]), value("x_shape", [1], T.INT64)], opsets=["com.microsoft"])
    save("moves",
         [h.make_node("GatherElements", ["x", "f"], ["y0"], "floats"),
          h.make_node("GatherElements", ["x", "i"], ["y1"], "large", axis=1),
          h.make_node("GatherND", ["x", "i"], ["y2"], "batch", batch_dims=1),
          h.make_node("GatherND", ["x", "i"], ["y3"], "many"),
          h.make_node("ScatterElements", ["x", "j", "j2"], ["y4"], "kind", reduction="mean"),
          h.make_node("ScatterElements", ["u", "j", "u2"], ["y5"], "unsigned", reduction="max"),
          h.make_node("ScatterND", ["b", "k", "b2"], ["y6"], "booleans", reduction="add"),
          h.make_node("ScatterND", ["x", "k", "f"], ["y7"], "updates"),
          h.make_node("ConvTranspose", ["im", "ker"], ["y8"], "same", auto_pad="SAME_UPPER", strides=[5]),
          h.make_node("ConvTranspose", ["im", "ker"], ["y9"], "nothing", pads=[4, 4]),
          h.make_node("ConvTranspose", ["im", "ker"], ["y10"], "groups", group=3)],
         [value("x", [2, 3]), value("f", [2, 3]), value("i", [3, 3], T.INT64), value("j", [2, 2], T.INT64),
          value("j2", [2, 2]), value("u", [2, 3], T.UINT8), value("u2", [2, 2], T.UINT8), value("b", [2, 3], T.BOOL),
          value("k", [4, 1], T.INT64), value("b2", [4, 3], T.BOOL), value("im", [1, 2, 4]), value("ker", [2, 2, 3])])
    save("norms",
         [h.make_node("BatchNormalization", ["x", "c", "c", "c", "c"], ["y0"], "training", training_mode=1),
          h.make_node("BatchNormalization", ["x", "c", "d", "c", "c"], ["y1"], "shape"),
          h.make_node("InstanceNormalization", ["x", "d", "c"], ["y2"], "scale"),
          h.make_node("GroupNormalization", ["x", "c", "c"], ["y3"], "groups", num_groups=4)],
         [value("x", [1, 6, 5]), value("c", [6]), value("d", [2])], opset=21)
    save("pools",
         [h.make_node("MaxPool", ["x"], ["y0"], "same", kernel_shape=[2], dilations=[2], auto_pad="SAME_UPPER"),
          h.make_node("MaxPool", ["x"], ["y1", "y2"], "indices", kernel_shape=[2]),
          h.make_node("AveragePool", ["x"], ["y3"], "large", kernel_shape=[7]),
          h.make_node("AveragePool", ["x"], ["y4"], "pads", kernel_shape=[2], pads=[2, 0]),
          h.make_node("AveragePool", ["i"], ["y5"], "integers", kernel_shape=[2]),
          h.make_node("AveragePool", ["x"], ["y6"], "rank", kernel_shape=[2, 2])],
         [value("x", [1, 2, 5]), value("i", [1, 2, 5], T.INT32)])
    save("resize",
         [h.make_node("Resize", ["x", "", "s"], ["y0"], "area", mode="area"),
          h.make_node("Resize", ["x", "", "s"], ["y1"], "crop", coordinate_transformation_mode="tf_crop_and_resize"),
          h.make_node("Resize", ["x", "", "s", "n"], ["y2"], "both"),
          h.make_node("Resize", ["x", "", "", "n"], ["y3"], "empty"),
          h.make_node("Resize", ["i", "", "s"], ["y4"], "integers", mode="linear"),
          h.make_node("Resize", ["x", "", "t"], ["y5"], "unknown"),
          h.make_node("Resize", ["x", "", "s"], ["y6"], "count", axes=[1])],
         [value("x", [2, 3]), value("i", [2, 3], T.INT32), value("t", [2])],
         initializers=[n.from_array(np.array([1, 2], np.float32), "s"), ints("n", 2, 0)])
    relu = [h.make_node("Relu", ["x"], ["y"])]
    save("old", relu, [value("x", [2])], [value("y", [2])], opset=12)
    save("future", relu, [value("x", [2])], [value("y", [2])], opset=99)
    save("loop", [h.make_node("Loop", ["m", "c", "x"], ["y"], "loop", body=h.make_graph(
        [h.make_node("Identity", ["c1"], ["c2"]), h.make_node("Relu", ["x1"], ["x2"])], "body",
        [value("i", [], T.INT64), value("c1", [], T.BOOL), value("x1", [2])], [value("c2", [], T.BOOL), value("x2", [2])]))],
         [value("x", [2])], [value("y", [2])],
         [n.from_array(np.array(3, np.int64), "m"), n.from_array(np.array(True), "c")])
    add = [h.make_node("Add", ["x", "w"], ["y"])]
    save("outside", add, [value("x", [2])], [value("y", [2])], [external("w", [2], 0, 8, "../w.bin")])
    save("short", add, [value("x", [2])], [value("y", [2])], [external("w", [2], 0, 12)])
    save("beyond", add, [value("x", [2])], [value("y", [2])], [external("w", [2], 1 << 20, 8, "mlp.onnx")])
    save("missing", [h.make_node("Reshape", ["x", "s"], ["y"], "reshape")], [value("x", [2])], [value("y", [2])],
         [external("s", [1], 0, 8, kind=T.INT64)])
    wrong = numbers("w", 2)
    wrong.dims[0] = 3
    save("size", add, [value("x", [2])], [value("y", [2])], [wrong])
    huge = numbers("w", 2)
    huge.dims[:] = [1 << 40, 1 << 40]
    save("huge", add, [value("x", [2])], [value("y", [2])], [huge])
    save("types", [h.make_node("Identity", ["x"], ["y"]), h.make_node("Identity", ["s"], ["t"])],
         [value("x", [2], T.FLOAT8E4M3FN), value("s", [2], T.STRING)])
    save("attribute", [h.make_node("Softmax", ["x"], ["y"], "soft", axis=0, sharpness=2.0)], [value("x", [2])], [value("y", [2])])
    save("declared", relu, [value("x", [2])], [value("y", [3])])
    save("cycle", [h.make_node("Add", ["x", "y"], ["y"], "add")], [value("x", [2])], [value("y", [2])])
    recursive = h.make_function("local", "F", ["a"], ["c"], [h.make_node("F", ["a"], ["c"], "again", domain="local")],
                                [h.make_opsetid("local", 1)])
    save("recursive", [h.make_node("F", ["x"], ["y"], "call", domain="local")], [value("x", [2])], [value("y", [2])],
         functions=[recursive], opsets=["local"])


def unsigned():
    """Operators whose results depend on the sign of integers, or must keep that they have none."""
    save("unsigned",
         [h.make_node("ReduceMax", ["x", "rows"], ["largest"]), h.make_node("Cast", ["largest"], ["number"], to=T.FLOAT),
          h.make_node("ReduceL1", ["w", "rows"], ["norm"]), h.make_node("Einsum", ["w"], ["moved"], equation="ab->ba"),
          h.make_node("Cast", ["w"], ["wide"], to=T.DOUBLE)],
         [value("x", [2, 3], T.UINT8), value("w", [2, 3], T.UINT32)],
         [value("largest", [2, 1], T.UINT8), value("number", [2, 1]), value("norm", [2, 1], T.UINT32),
          value("moved", [3, 2], T.UINT32), value("wide", [2, 3], T.DOUBLE)], [ints("rows", 1)])


def main():
    INPUTS.mkdir(exist_ok=True)
    for make in (mlp, shapes, dynamic, expressions, functions, depth, needs, empties, nearest, branches, indices, tensors, devices, unsigned, refused):
        make()
    np.save(INPUTS / "shape-9.npy", np.array([9], np.int64))


if __name__ == "__main__":
    main()
