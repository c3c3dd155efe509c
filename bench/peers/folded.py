"""Front ends in PyTorch with queries folded by hand (docs/math.md): scores and values from pixels, no tokens, keys or values.

What depends on parameters alone is computed once, in f32. These rows of the benchmark tell what the algebra gains apart from
what generated code does.
"""

import math

import torch
from cases import Case
from models import Front, Levels, Whole
from torch import nn

CHUNK = 2**21  # numbers of scaled pixels that are made at once: they stay in a cache


def heads_of(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """[D, ...] -> [h, d, ...]."""
    return weight.unflatten(0, (heads, -1))


def fold_scores(keys, key_bias, queries, heads, embedding, addend):
    """`embedding` [..., D, P] and `addend` [C, D] to g [..., P, Q h] and s0 [C, Q h]."""
    q = heads_of(queries.T, heads) / math.sqrt(queries.shape[1] // heads)  # [h, d, Q]
    r = torch.einsum("hdk,hdq->qhk", heads_of(keys, heads), q).flatten(0, 1)  # [Q h, D]
    g = torch.einsum("...kp,rk->...pr", embedding, r)
    s0 = addend @ r.T
    if key_bias is not None:
        s0 = s0 + torch.einsum("hd,hdq->qh", heads_of(key_bias, heads), q).flatten()
    return g.contiguous(), s0.contiguous()


class FoldedOwn(nn.Module):
    """Each channel has its own tokenizer."""

    def __init__(self, c: Case, front: Front):
        super().__init__()
        self.case = c
        embedding = torch.stack([e.weight.flatten(1) for e in front.tokenizer.embeds])  # [C, D, P]
        addend = torch.stack([e.bias for e in front.tokenizer.embeds]) + front.var_embed[0]  # [C, D]
        wq, wk, wv = front.attn.in_proj_weight.chunk(3)
        bq, bk, bv = front.attn.in_proj_bias.chunk(3)
        g, s0 = fold_scores(wk, bk, front.query[0] @ wq.T + bq, c.heads, embedding, addend)
        self.s0 = nn.Parameter(s0)
        self.bias = nn.Parameter(bv.clone())
        self.out = front.attn.out_proj
        # Scaled pixels are h P numbers of a channel and position, values are D.
        self.scale_pixels = c.heads * c.pixels < c.dim
        values = torch.matmul(wv, embedding)  # [C, D, P]
        m0 = heads_of(wv, c.heads) @ addend.T  # [h, d, C]
        self.m0 = nn.Parameter(m0.transpose(1, 2).contiguous())  # [h, C, d]
        if self.scale_pixels:
            self.g = nn.Parameter(g.transpose(1, 2).reshape(-1, 1, c.patch, c.patch).contiguous())  # [C h, 1, p, p]
            m = values.unflatten(1, (c.heads, -1)).permute(1, 0, 3, 2)  # [h, C, P, d]
            self.m = nn.Parameter(m.flatten(1, 2).contiguous())
        else:
            self.g = nn.Parameter(g)  # [C, P, h]
            self.m = nn.Parameter(values.transpose(1, 2).contiguous())  # [C, P, D]

    def from_scaled_pixels(self, x):
        """A product for each head with pixels that are scaled by its weights."""
        c = self.case
        (h, w), p = c.grid, c.patch
        scores = nn.functional.conv2d(x, self.g, stride=p, groups=c.channels)
        scores = scores.reshape(x.shape[0], c.channels, c.heads, -1).permute(2, 0, 3, 1)  # [h, B, N, C]
        a = (scores + self.s0.T[:, None, None]).softmax(-1).flatten(1, 2)  # [h, B N, C]
        patches = x.reshape(x.shape[0], c.channels, h, p, w, p).permute(0, 2, 4, 1, 3, 5)
        patches = patches.reshape(-1, c.channels, p * p)  # [B N, C, P]
        rows = max(1, CHUNK // (c.heads * c.channels * p * p))
        parts = []
        for some, pixels in zip(a.split(rows, 1), patches.split(rows)):
            scaled = (some.unsqueeze(-1) * pixels).flatten(2)
            parts.append(torch.baddbmm(some @ self.m0, scaled, self.m))
        return torch.cat(parts, 1).transpose(0, 1).flatten(1)

    def from_values(self, x):
        """A product for each channel, whose results are then weighted."""
        c = self.case
        (h, w), p = c.grid, c.patch
        patches = x.reshape(x.shape[0], c.channels, h, p, w, p).permute(1, 0, 2, 4, 3, 5)
        patches = patches.reshape(c.channels, -1, p * p)  # [C, B N, P]
        a = (patches @ self.g + self.s0.unsqueeze(1)).softmax(0).permute(1, 2, 0)  # [B N, h, C]
        v = torch.bmm(patches, self.m).unflatten(2, (c.heads, -1))  # [C, B N, h, d]
        y = a.unsqueeze(2) @ v.permute(1, 2, 0, 3)  # [B N, h, 1, d]
        return (y.squeeze(2) + (a.transpose(0, 1) @ self.m0).transpose(0, 1)).flatten(1)

    def forward(self, x):
        y = self.from_scaled_pixels(x) if self.scale_pixels else self.from_values(x)
        return self.out(y + self.bias).unflatten(0, (x.shape[0], -1))


class FoldedShared(nn.Module):
    """One tokenizer for all channels: pixels are summed over the channels before the product."""

    def __init__(self, c: Case, front: Front | Levels):
        super().__init__()
        self.case = c
        if c.levels:
            embedding, addend = front.weight.transpose(1, 2).flatten(1), front.bias + front.var_embed[0]
            wk, wv = front.to_kv.weight.chunk(2)
            bk, self.bias = None, None
            queries, self.out = front.query @ front.to_q.weight.T, front.to_out
        else:
            conv = front.tokenizer.embed
            embedding, addend = conv.weight.flatten(1), conv.bias + front.var_embed[0]
            wq, wk, wv = front.attn.in_proj_weight.chunk(3)
            bq, bk, bv = front.attn.in_proj_bias.chunk(3)
            queries, self.out = front.query[0] @ wq.T + bq, front.attn.out_proj
            self.bias = nn.Parameter(bv.clone())
        g, s0 = fold_scores(wk, bk, queries, c.heads, embedding, addend)
        self.g, self.s0 = nn.Parameter(g), nn.Parameter(s0)  # [P, Q h], [C, Q h]
        m = heads_of(wv, c.heads) @ embedding  # [h, d, P]
        m0 = heads_of(wv, c.heads) @ addend.T  # [h, d, C]
        self.m = nn.Parameter(torch.cat([m, m0], 2).transpose(1, 2).contiguous())  # [h, P + C, d]

    def patches(self, x):
        """[B N, C, P]."""
        c = self.case
        (h, w), p = c.grid, c.patch
        if c.levels:
            x = x.reshape(x.shape[0], c.steps, c.variables, c.channels, h, p, w, p)
            return x.permute(0, 4, 6, 3, 1, 2, 5, 7).reshape(-1, c.channels, c.pixels)
        x = x.reshape(x.shape[0], c.channels, h, p, w, p)
        return x.permute(0, 2, 4, 1, 3, 5).reshape(-1, c.channels, p * p)

    def forward(self, x):
        c = self.case
        patches = self.patches(x)
        a = (patches @ self.g + self.s0).softmax(1).transpose(1, 2)  # [B N, Q h, C]
        z = torch.cat([a @ patches, a], 2)  # [B N, Q h, P + C]
        z = z.unflatten(1, (c.queries, c.heads)).permute(2, 0, 1, 3)  # [h, B N, Q, P + C]
        y = torch.bmm(z.flatten(1, 2), self.m).transpose(0, 1).flatten(1)  # [B N Q, D]
        y = self.out(y if self.bias is None else y + self.bias)
        if not c.levels:
            return y.unflatten(0, (x.shape[0], -1))
        return y.unflatten(0, (x.shape[0], -1, c.queries)).transpose(1, 2)


def fold(c: Case, model: nn.Module) -> nn.Module:
    """The model with its front end folded; parameters of the rest are shared with it."""
    if not c.aggregates:
        raise ValueError("there is no aggregation to fold")
    front = model.front if c.kind == "whole" else model
    front = FoldedShared(c, front) if c.shared else FoldedOwn(c, front)
    if c.kind != "whole":
        return front.eval().requires_grad_(False)
    with torch.device("meta"):
        whole = Whole(c, front)
    state = {name: p for name, p in model.state_dict().items() if not name.startswith("front.")}
    state |= {f"front.{name}": p for name, p in front.state_dict().items()}
    whole.load_state_dict(state, assign=True)
    return whole.eval().requires_grad_(False)
