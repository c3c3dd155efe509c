"""The models of the cases in PyTorch, as their authors write them.

Parts of examples/models/climax.py are used. `build(case)` makes a model in f32 whose parameters are drawn from their names
(examples/weights.py): no query, embedding or bias is zero, so that attention prefers some channels.
"""

import pathlib
import sys

import torch
import torch.nn.functional as F
from torch import nn

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "examples"), str(TOP / "examples/models")]
import weights
from cases import Case
from climax import Block, Config, ViT


class OwnTokenizer(nn.Module):
    """Image [B, C, H, W] -> tokens [B, C, N, D]: a convolution for each channel."""

    def __init__(self, c: Case):
        super().__init__()
        self.embeds = nn.ModuleList(nn.Conv2d(1, c.dim, c.patch, c.patch) for _ in range(c.channels))

    def forward(self, x):
        tokens = [embed(x[:, i : i + 1]).flatten(2).transpose(1, 2) for i, embed in enumerate(self.embeds)]
        return torch.stack(tokens, dim=1)


class SharedTokenizer(nn.Module):
    """Image [B, C, H, W] -> tokens [B, C, N, D]: one convolution for all channels."""

    def __init__(self, c: Case):
        super().__init__()
        self.embed = nn.Conv2d(1, c.dim, c.patch, c.patch)

    def forward(self, x):
        b, c = x.shape[:2]
        y = self.embed(x.flatten(0, 1).unsqueeze(1))
        return y.flatten(2).transpose(1, 2).unflatten(0, (b, c))


class Front(nn.Module):
    """Tokenization and aggregation of ClimaX: image [B, C, H, W] -> [B, N, D]."""

    def __init__(self, c: Case):
        super().__init__()
        self.tokenizer = SharedTokenizer(c) if c.shared else OwnTokenizer(c)
        self.var_embed = nn.Parameter(torch.zeros(1, c.channels, c.dim))
        self.query = nn.Parameter(torch.zeros(1, 1, c.dim))
        self.attn = nn.MultiheadAttention(c.dim, c.heads, batch_first=True)

    def forward(self, x):
        tokens = self.tokenizer(x) + self.var_embed.unsqueeze(2)
        n = tokens.shape[2]
        tokens = tokens.transpose(1, 2).flatten(0, 1)  # [B * N, C, D]
        query = self.query.expand(tokens.shape[0], -1, -1)
        y, _ = self.attn(query, tokens, tokens, need_weights=False)
        return y[:, 0].unflatten(0, (-1, n))


class Levels(nn.Module):
    """Front end of Aurora: fields [B, T, V, L, H, W] -> latents [B, Q, N, D]. A level is a convolution of its variables over
    two time steps with one weight for all levels; queries attend over the levels. No biases in the projections."""

    def __init__(self, c: Case):
        super().__init__()
        self.heads = c.heads
        self.weight = nn.Parameter(torch.zeros(c.dim, c.variables, c.steps, c.patch, c.patch))
        self.bias = nn.Parameter(torch.zeros(c.dim))
        self.var_embed = nn.Parameter(torch.zeros(1, c.channels, c.dim))
        self.query = nn.Parameter(torch.zeros(c.queries, c.dim))
        self.to_q = nn.Linear(c.dim, c.dim, bias=False)
        self.to_kv = nn.Linear(c.dim, 2 * c.dim, bias=False)
        self.to_out = nn.Linear(c.dim, c.dim, bias=False)

    def forward(self, x):
        b, levels = x.shape[0], x.shape[3]
        x = x.permute(0, 3, 2, 1, 4, 5).flatten(0, 1)  # [B * L, V, T, H, W]
        x = F.conv3d(x, self.weight, self.bias, stride=self.weight.shape[2:])
        x = x.flatten(2).transpose(1, 2).unflatten(0, (b, levels))  # [B, L, N, D]
        x = x + self.var_embed.unsqueeze(2)
        x = x.transpose(1, 2).flatten(0, 1)  # [B * N, L, D]
        latents = self.query.unsqueeze(0).expand(x.shape[0], -1, -1)
        q, (k, v) = self.to_q(latents), self.to_kv(x).chunk(2, dim=-1)
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        return self.to_out(y).unflatten(0, (b, -1)).transpose(1, 2)


class Whole(nn.Module):
    """A front end, position embedding, transformer blocks and the head of ClimaX: image -> image."""

    def __init__(self, c: Case, front: nn.Module | None = None):
        super().__init__()
        self.case = c
        self.front = front or Front(c)
        self.pos_embed = nn.Parameter(torch.zeros(1, c.positions, c.dim))
        self.blocks = nn.ModuleList(Block(c.dim, c.heads, c.mlp_ratio) for _ in range(c.depth))
        self.norm = nn.LayerNorm(c.dim)
        head = []
        for _ in range(c.head_layers):
            head += [nn.Linear(c.dim, c.dim), nn.GELU()]
        head.append(nn.Linear(c.dim, c.channels * c.patch**2))
        self.head = nn.Sequential(*head)

    def forward(self, x):
        y = self.front(x) + self.pos_embed
        for block in self.blocks:
            y = block(y)
        y = self.head(self.norm(y))
        c, (h, w) = self.case, self.case.grid
        y = y.reshape(y.shape[0], h, w, c.patch, c.patch, c.channels)
        return torch.einsum("nhwpqc->nchpwq", y).reshape(y.shape[0], c.channels, c.height, c.width)


def skeleton(c: Case) -> nn.Module:
    """The model with parameters of no meaning."""
    if c.kind == "vit":
        config = Config(c.channels, c.height, c.width, c.patch, c.dim, c.depth, c.heads, c.mlp_ratio)
        return ViT(config, c.classes)
    if c.kind == "whole":
        return Whole(c)
    return Levels(c) if c.levels else Front(c)


def build(c: Case) -> nn.Module:
    with torch.device("meta"):
        model = skeleton(c)
    values = {
        name: torch.from_numpy(weights.parameter(name, list(p.shape))) for name, p in model.named_parameters()
    }
    model.load_state_dict(values, assign=True)
    return model.eval().requires_grad_(False)


def load(c: Case, state: dict[str, torch.Tensor]) -> nn.Module:
    """The model with the parameters of a file, without a copy of them."""
    with torch.device("meta"):
        model = skeleton(c)
    model.load_state_dict(state, assign=True)
    return model.eval().requires_grad_(False)


def make_input(c: Case) -> torch.Tensor:
    count = 1
    for size in c.input_shape:
        count *= size
    return torch.from_numpy(weights.spread("x", count)).float().reshape(c.input_shape)
