"""The models of the demo in PyTorch: vision transformers over many weather variables.

Written after the published descriptions (ClimaX, arXiv 2301.10343; D-CHAG, arXiv 2506.21411).
Every variable is cut into patches by a convolution of its own, the tokens of the variables at one
position are merged by cross-attention with a learned query, and a vision transformer follows.
Only the export uses this file; see README.md.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Config:
    """Sizes of a model. `groups` holds the number of variables of each group of a grouped one."""

    variables: int = 80
    height: int = 32
    width: int = 64
    patch: int = 2
    dim: int = 512
    depth: int = 8
    heads: int = 16
    mlp_ratio: int = 4
    outputs: int = 0  # predicted variables; 0: as many as there are inputs
    head_layers: int = 2  # hidden layers of the head
    groups: tuple[int, ...] = ()
    grouped_conv: bool = False  # one convolution with a group for each variable
    fused_attention: bool = True  # False: self-attention as products and a softmax

    @property
    def grid(self) -> tuple[int, int]:
        return self.height // self.patch, self.width // self.patch

    @property
    def out_variables(self) -> int:
        return self.outputs or self.variables


class Attention(nn.Module):
    """Self-attention over positions with one projection for queries, keys and values."""

    def __init__(self, dim: int, heads: int, fused: bool):
        super().__init__()
        self.heads = heads
        self.fused = fused
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        if self.fused:
            x = F.scaled_dot_product_attention(q, k, v)
        else:
            x = ((q * (d // self.heads) ** -0.5) @ k.transpose(-2, -1)).softmax(dim=-1) @ v
        return self.proj(x.transpose(1, 2).reshape(b, n, d))


class Mlp(nn.Module):
    def __init__(self, dim: int, hidden: int):
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, dim: int, heads: int, mlp_ratio: int, fused=True, norm=nn.LayerNorm):
        super().__init__()
        self.norm1 = norm(dim)
        self.attn = Attention(dim, heads, fused)
        self.norm2 = norm(dim)
        self.mlp = Mlp(dim, mlp_ratio * dim)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Tokenizer(nn.Module):
    """Image [B, V, H, W] -> tokens [B, V, L, D]: a patch embedding for each variable."""

    def __init__(self, c: Config):
        super().__init__()
        self.grouped = c.grouped_conv
        self.dim = c.dim
        if self.grouped:
            self.embed = nn.Conv2d(
                c.variables, c.variables * c.dim, c.patch, c.patch, groups=c.variables
            )
        else:
            self.embeds = nn.ModuleList(
                nn.Conv2d(1, c.dim, c.patch, c.patch) for _ in range(c.variables)
            )

    def forward(self, x):
        if self.grouped:
            y = self.embed(x).flatten(2)  # [B, V * D, L]
            return y.unflatten(1, (-1, self.dim)).transpose(2, 3)
        tokens = []
        for i, embed in enumerate(self.embeds):
            tokens.append(embed(x[:, i : i + 1]).flatten(2).transpose(1, 2))
        return torch.stack(tokens, dim=1)


class Aggregate(nn.Module):
    """Tokens [B, V, L, D] -> [B, L, D]: cross-attention of one learned query over V."""

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.query = nn.Parameter(torch.zeros(1, 1, dim))
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)

    def forward(self, x):
        b, _, n, _ = x.shape
        x = torch.einsum("bvld->blvd", x).flatten(0, 1)  # [B * L, V, D]
        query = self.query.repeat_interleave(x.shape[0], dim=0)
        x, _ = self.attn(query, x, x)  # [B * L, 1, D]
        return x.squeeze().unflatten(0, (b, n))


class ClimaX(nn.Module):
    """Flat form: one query over all variables. Grouped form (D-CHAG): one query for each group
    of variables, then one over the tokens of the groups."""

    def __init__(self, c: Config):
        super().__init__()
        self.config = c
        positions = c.grid[0] * c.grid[1]
        self.tokenizer = Tokenizer(c)
        self.var_embed = nn.Parameter(torch.zeros(1, c.variables, c.dim))
        self.group_aggs = nn.ModuleList(Aggregate(c.dim, c.heads) for _ in c.groups)
        self.agg = Aggregate(c.dim, c.heads)
        self.pos_embed = nn.Parameter(torch.zeros(1, positions, c.dim))
        self.lead_time_embed = nn.Linear(1, c.dim)
        self.blocks = nn.ModuleList(
            Block(c.dim, c.heads, c.mlp_ratio, c.fused_attention) for _ in range(c.depth)
        )
        self.norm = nn.LayerNorm(c.dim)
        head = []
        for _ in range(c.head_layers):
            head += [nn.Linear(c.dim, c.dim), nn.GELU()]
        head.append(nn.Linear(c.dim, c.out_variables * c.patch**2))
        self.head = nn.Sequential(*head)

    def unpatchify(self, x):
        """[B, L, p * p * V] -> [B, V, H, W]."""
        c = self.config
        h, w = c.grid
        x = x.reshape(x.shape[0], h, w, c.patch, c.patch, c.out_variables)
        x = torch.einsum("nhwpqc->nchpwq", x)
        return x.reshape(x.shape[0], c.out_variables, c.height, c.width)

    def forward(self, x, lead_times):
        tokens = self.tokenizer(x) + self.var_embed.unsqueeze(2)
        if self.config.groups:
            parts = torch.split(tokens, list(self.config.groups), dim=1)
            tokens = torch.stack([agg(t) for agg, t in zip(self.group_aggs, parts)], dim=1)
        y = self.agg(tokens)
        y = y + self.pos_embed
        y = y + self.lead_time_embed(lead_times.unsqueeze(-1)).unsqueeze(1)
        for block in self.blocks:
            y = block(y)
        return self.unpatchify(self.head(self.norm(y)))


class ViT(nn.Module):
    """A plain vision transformer classifier with a class token."""

    def __init__(self, c: Config, classes: int, norm=nn.LayerNorm):
        super().__init__()
        self.patch_embed = nn.Conv2d(c.variables, c.dim, c.patch, c.patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, c.dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, c.grid[0] * c.grid[1] + 1, c.dim))
        self.blocks = nn.ModuleList(
            Block(c.dim, c.heads, c.mlp_ratio, c.fused_attention, norm) for _ in range(c.depth)
        )
        self.norm = norm(c.dim)
        self.head = nn.Linear(c.dim, classes)

    def forward(self, x):
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], dim=1) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])
