"""The models split over ranks in PyTorch: channels of the front end, heads and hidden widths of the blocks.

A rank makes the tokens of its channels and its part of the softmax over them; maxima and sums are combined. Blocks are split as in
Megatron (arXiv 1909.08053): a sum over the ranks after each attention and each MLP.
"""

import math

import torch
import torch.distributed._functional_collectives as collectives
import torch.nn.functional as F
from cases import Case
from models import Front, Levels
from torch import nn


def combine(x, kind):
    return collectives.wait_tensor(collectives.all_reduce(x, kind, list(range(torch.distributed.get_world_size()))))


def bounds(count: int, rank: int, ranks: int) -> tuple[int, int]:
    """First and last of a rank's part; the first ranks have one more where it does not divide."""
    size = -(-count // ranks)
    return min(count, rank * size), min(count, (rank + 1) * size)


def part(x: torch.Tensor, dim: int, rank: int, ranks: int) -> nn.Parameter:
    begin, end = bounds(x.shape[dim], rank, ranks)
    return nn.Parameter(x.narrow(dim, begin, end - begin).clone(), requires_grad=False)


class SplitFront(nn.Module):
    """The channels `begin` to `end` of a front end."""

    def __init__(self, c: Case, front: Front | Levels, rank: int, ranks: int):
        super().__init__()
        self.case = c
        self.begin, self.end = bounds(c.channels, rank, ranks)
        self.var_embed = nn.Parameter(front.var_embed[:, self.begin : self.end], requires_grad=False)
        if c.levels:
            self.weight, self.bias = front.weight, front.bias
            self.query, self.to_q, self.to_kv, self.to_out = front.query, front.to_q, front.to_kv, front.to_out
            return
        if c.shared:
            self.tokenizer = front.tokenizer
        else:
            self.tokenizer = front.tokenizer
            self.tokenizer.embeds = front.tokenizer.embeds[self.begin : self.end]
        self.query = nn.Parameter(front.query[0], requires_grad=False)
        wq, wkv = front.attn.in_proj_weight.split([c.dim, 2 * c.dim])
        bq, bkv = front.attn.in_proj_bias.split([c.dim, 2 * c.dim])
        self.to_q, self.to_kv, self.to_out = (nn.Linear(1, 1) for _ in range(3))
        self.to_q.weight, self.to_q.bias = (nn.Parameter(v, requires_grad=False) for v in (wq, bq))
        self.to_kv.weight, self.to_kv.bias = (nn.Parameter(v, requires_grad=False) for v in (wkv, bkv))
        self.to_out = front.attn.out_proj

    def tokens(self, x):
        if not self.case.levels:
            return self.tokenizer(x[:, self.begin : self.end])
        b, x = x.shape[0], x[:, :, :, self.begin : self.end]
        x = x.permute(0, 3, 2, 1, 4, 5).flatten(0, 1)
        x = F.conv3d(x, self.weight, self.bias, stride=self.weight.shape[2:])
        return x.flatten(2).transpose(1, 2).unflatten(0, (b, -1))

    def forward(self, x):
        c, b = self.case, x.shape[0]
        t = self.tokens(x) + self.var_embed.unsqueeze(2)
        t = t.transpose(1, 2).flatten(0, 1)  # [B * N, C, D]
        q = self.to_q(self.query).unflatten(-1, (c.heads, -1)).transpose(0, 1)  # [h, Q, d]
        k, v = (y.unflatten(-1, (c.heads, -1)).transpose(1, 2) for y in self.to_kv(t).chunk(2, dim=-1))
        scores = (q / math.sqrt(q.shape[-1])) @ k.transpose(-2, -1)  # [B * N, h, Q, C]
        top = combine(scores.amax(-1, keepdim=True), "max")
        e = (scores - top).exp()
        sums = combine(torch.cat([e @ v, e.sum(-1, keepdim=True)], -1), "sum")
        y = (sums[..., :-1] / sums[..., -1:]).transpose(1, 2).flatten(2)  # [B * N, Q, D]
        y = self.to_out(y)
        return y.unflatten(0, (b, -1)).transpose(1, 2) if c.levels else y[:, 0].unflatten(0, (b, -1))


class RowLinear(nn.Module):
    """A product of which each rank has a part of the inner width."""

    def __init__(self, linear: nn.Linear, rank: int, ranks: int):
        super().__init__()
        self.weight, self.bias = part(linear.weight, 1, rank, ranks), linear.bias

    def forward(self, x):
        return combine(F.linear(x, self.weight), "sum") + self.bias


def split_columns(linear: nn.Linear, rank: int, ranks: int) -> None:
    linear.weight, linear.bias = part(linear.weight, 0, rank, ranks), part(linear.bias, 0, rank, ranks)


class SplitAttention(nn.Module):
    """The heads of a rank."""

    def __init__(self, attention: nn.Module, rank: int, ranks: int):
        super().__init__()
        heads = attention.heads
        if heads % ranks:
            raise ValueError(f"{heads} heads do not divide by {ranks} ranks")
        self.heads = heads // ranks
        self.weight = part(attention.qkv.weight.unflatten(0, (3, -1)), 1, rank, ranks)
        self.bias = part(attention.qkv.bias.unflatten(0, (3, -1)), 1, rank, ranks)
        self.proj = RowLinear(attention.proj, rank, ranks)

    def forward(self, x):
        b, n, _ = x.shape
        qkv = F.linear(x, self.weight.flatten(0, 1), self.bias.flatten())
        q, k, v = qkv.reshape(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.proj(y.transpose(1, 2).reshape(b, n, -1))


def shard(c: Case, model: nn.Module, rank: int, ranks: int) -> nn.Module:
    """The model of a rank."""
    if c.kind == "front":
        return SplitFront(c, model, rank, ranks)
    if c.kind == "whole":
        model.front = SplitFront(c, model.front, rank, ranks)
        split_columns(model.head[0], rank, ranks)
        model.head[2] = RowLinear(model.head[2], rank, ranks)
    for block in model.blocks:
        block.attn = SplitAttention(block.attn, rank, ranks)
        split_columns(block.mlp.fc1, rank, ranks)
        block.mlp.fc2 = RowLinear(block.mlp.fc2, rank, ranks)
    return model.eval()
