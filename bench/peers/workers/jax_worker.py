"""JAX: the network in jax.numpy under jit; several ranks are devices of one process, over which XLA splits the program."""

import math
import os

import common
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec


def patches(c, x):
    """[B, C, N, P]."""
    (h, w), p = c.grid, c.patch
    if c.levels:
        x = x.reshape(c.batch, c.steps, c.variables, c.channels, h, p, w, p).transpose(0, 3, 4, 6, 2, 1, 5, 7)
    else:
        x = x.reshape(c.batch, c.channels, h, p, w, p).transpose(0, 1, 2, 4, 3, 5)
    return x.reshape(c.batch, c.channels, h * w, c.pixels)


def attend(q, k, v, form):
    """Attention by heads; `form` holds the equations of scores and of the result."""
    scores = jnp.einsum(form[0], q, k, preferred_element_type=jnp.float32) / math.sqrt(q.shape[-1])
    return jnp.einsum(form[1], jax.nn.softmax(scores).astype(v.dtype), v)


def linear(p, x):
    return jnp.einsum("...k,ok->...o", x, p["weight"]) + p["bias"]


def layer_norm(p, x):
    y = x.astype(jnp.float32)
    y = (y - y.mean(-1, keepdims=True)) * jax.lax.rsqrt(y.var(-1, keepdims=True) + 1e-5)
    return y.astype(x.dtype) * p["weight"] + p["bias"]


def gelu(x):
    return jax.nn.gelu(x, approximate=False)


def front(c, p, x):
    """Tokens of all channels, then attention of the queries over them: [B, N, Q, D]."""
    e = p["embed"]
    t = jnp.einsum("bcnp,dp->bcnd" if c.shared else "bcnp,cdp->bcnd", patches(c, x), e["weight"])
    t = t + (e["bias"] + p["var_embed"])[:, None]
    a = p["attn"]
    q = jnp.einsum("qk,hdk->qhd", p["query"], a["wq"]) + a.get("bq", 0)
    k = jnp.einsum("bcnk,hdk->bcnhd", t, a["wk"]) + a.get("bk", 0)
    v = jnp.einsum("bcnk,hdk->bcnhd", t, a["wv"]) + a.get("bv", 0)
    y = attend(q, k, v, ("qhd,bcnhd->bnqhc", "bnqhc,bcnhd->bnqhd"))
    return jnp.einsum("bnqhd,ohd->bnqo", y, a["wo"]) + a.get("bo", 0)


def block(p, x):
    qkv = jnp.einsum("bnk,thdk->tbnhd", layer_norm(p["norm1"], x), p["qkv"])
    q, k, v = qkv + p["qkv_bias"][:, None, None]
    y = attend(q, k, v, ("bnhd,bmhd->bhnm", "bhnm,bmhd->bnhd"))
    x = x + jnp.einsum("bnhd,ohd->bno", y, p["proj"]) + p["proj_bias"]
    return x + linear(p["fc2"], gelu(linear(p["fc1"], layer_norm(p["norm2"], x))))


def network(c, p, x):
    if c.kind == "vit":
        y = jnp.einsum("bcnp,dcp->bnd", patches(c, x), p["embed"]["weight"]) + p["embed"]["bias"]
        y = jnp.concatenate([jnp.broadcast_to(p["cls_token"], (c.batch, 1, c.dim)), y], 1) + p["pos_embed"]
    else:
        y = front(c, p, x)
        y = y.transpose(0, 2, 1, 3) if c.levels else y[:, :, 0]
        if c.kind == "front":
            return y
        y = y + p["pos_embed"]
    for b in p["blocks"]:
        y = block(b, y)
    y = layer_norm(p["norm"], y)
    if c.kind == "vit":
        return linear(p["head"], y[:, 0])
    for layer in p["head"][:-1]:
        y = gelu(linear(layer, y))
    (h, w), patch = c.grid, c.patch
    y = linear(p["head"][-1], y).reshape(c.batch, h, w, patch, patch, c.channels)
    return y.transpose(0, 5, 1, 3, 2, 4).reshape(c.output_shape)


class Parameters:
    """Parameters by their names in PyTorch, as a tree, with the dimension of each that ranks share."""

    def __init__(self, c, state):
        self.c, self.state = c, state
        self.split = {}

    def pair(self, name, split=None, bias_split=None):
        return {
            "weight": self.put(self.state[f"{name}.weight"], split),
            "bias": self.put(self.state[f"{name}.bias"], bias_split),
        }

    def put(self, value, split=None):
        self.split[id(value)] = split
        return value

    def heads(self, value):
        """[..., D, K] -> [..., h, d, K], split by heads."""
        return value.reshape(self.c.heads, -1, *value.shape[1:])

    def front(self, prefix, by_channel):
        c, s = self.c, self.state
        channel, head = (0, None) if by_channel else (None, 0)
        if c.levels:
            embed = {
                "weight": self.put(s["weight"].reshape(c.dim, -1)), "bias": self.put(s["bias"])
            }  # fmt: skip
            wk, wv = np.split(s["to_kv.weight"], 2)
            attn = {"wq": s["to_q.weight"], "wk": wk, "wv": wv}
            wo, query = s["to_out.weight"], s["query"]
        else:
            name = f"{prefix}tokenizer.embed"
            if c.shared:
                weight, bias = s[f"{name}.weight"].reshape(c.dim, -1), self.put(s[f"{name}.bias"])
            else:
                names = [f"{name}s.{i}" for i in range(c.channels)]
                weight = np.stack([s[f"{n}.weight"].reshape(c.dim, -1) for n in names])
                bias = self.put(np.stack([s[f"{n}.bias"] for n in names]), channel)
            embed = {"weight": self.put(weight, None if c.shared else channel), "bias": bias}
            attn = dict(zip(("wq", "wk", "wv"), np.split(s[f"{prefix}attn.in_proj_weight"], 3)))
            attn |= dict(zip(("bq", "bk", "bv"), np.split(s[f"{prefix}attn.in_proj_bias"], 3)))
            wo, query = s[f"{prefix}attn.out_proj.weight"], s[f"{prefix}query"][0]
        attn = {key: self.put(self.heads(value), head) for key, value in attn.items()}
        attn["wo"] = self.put(wo.reshape(c.dim, c.heads, -1), None if head is None else 1)
        if not c.levels:
            attn["bo"] = self.put(s[f"{prefix}attn.out_proj.bias"])
        return {
            "embed": embed, "attn": attn, "query": self.put(query),
            "var_embed": self.put(s[f"{prefix}var_embed"][0], channel),
        }  # fmt: skip

    def block(self, name):
        c, s = self.c, self.state
        qkv, bias = s[f"{name}.attn.qkv.weight"], s[f"{name}.attn.qkv.bias"]
        return {
            "norm1": self.pair(f"{name}.norm1"), "norm2": self.pair(f"{name}.norm2"),
            "qkv": self.put(qkv.reshape(3, c.heads, -1, c.dim), 1),
            "qkv_bias": self.put(bias.reshape(3, c.heads, -1), 1),
            "proj": self.put(s[f"{name}.attn.proj.weight"].reshape(c.dim, c.heads, -1), 1),
            "proj_bias": self.put(s[f"{name}.attn.proj.bias"]),
            "fc1": self.pair(f"{name}.mlp.fc1", 0, 0), "fc2": self.pair(f"{name}.mlp.fc2", 1),
        }  # fmt: skip

    def tree(self, by_channel):
        c, s = self.c, self.state
        if c.kind == "front":
            return self.front("", by_channel)
        p = {"pos_embed": self.put(s["pos_embed"]), "norm": self.pair("norm")}
        p["blocks"] = [self.block(f"blocks.{i}") for i in range(c.depth)]
        if c.kind == "vit":
            weight = s["patch_embed.weight"].reshape(c.dim, c.channels, -1)
            p["embed"] = {"weight": self.put(weight), "bias": self.put(s["patch_embed.bias"])}
            return p | {"cls_token": self.put(s["cls_token"]), "head": self.pair("head")}
        p["head"] = [self.pair(f"head.{2 * i}") for i in range(c.head_layers + 1)]
        return p | self.front("front.", by_channel)


def load(config):
    c, ranks = common.case_of(config), config["ranks"]
    dtype = jnp.bfloat16 if config["dtype"] == "bf16" else jnp.float32
    mesh = Mesh(np.array(jax.devices()[:ranks]), ("tp",))
    if len(jax.devices()) < ranks:
        raise RuntimeError(f"{len(jax.devices())} devices, {ranks} wanted")

    def place(value, split):
        spec = [None] * value.ndim
        if split is not None:
            spec[split] = "tp"
        return jax.device_put(jnp.asarray(value, dtype), NamedSharding(mesh, PartitionSpec(*spec)))

    # Channels are shared where they can be shared evenly, which JAX asks for, else heads.
    by_channel = c.aggregates and c.channels % ranks == 0
    parameters = Parameters(c, common.state_of(config))
    tree = jax.tree.map(lambda value: place(value, parameters.split[id(value)]), parameters.tree(by_channel))
    x = common.read_npy(os.path.join(config["folder"], "x.npy"))
    x = place(x, (3 if c.levels else 1) if by_channel else None)
    step = jax.jit(lambda p, x: network(c, p, x))
    return common.Loaded(lambda: step(tree, x).block_until_ready(), lambda y: np.asarray(y).astype(np.float32))


common.serve(load)
