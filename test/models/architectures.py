"""Small models in PyTorch with the front ends of published ones, written after their descriptions.

Only make_models.py uses this file. Every class says in its docstring what is
peculiar to it; `inputs(batch)` makes its inputs and `output` names its output. Vision transformers behind the front ends are as short as
they can be: the front ends are what the tests are about. Models about
something else are in backbones.py.
"""

import math
import os
import sys
from collections import OrderedDict

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "examples"))
sys.path.insert(0, os.path.join(TOP, "examples", "models"))
import weights
from climax import Block, Mlp

DIM, HEADS = 12, 3


class Head(nn.Module):
    """One transformer block and an unpatchify: tokens [B, N, D] -> image [B, C, H, W]."""

    def __init__(self, dim, channels, grid, patch):
        super().__init__()
        self.block = Block(dim, HEADS, 2)
        self.norm = nn.LayerNorm(dim)
        self.out = nn.Linear(dim, channels * patch * patch)
        self.channels, self.grid, self.patch = channels, grid, patch

    def forward(self, x):
        x = self.out(self.norm(self.block(x)))
        (h, w), p, c = self.grid, self.patch, self.channels
        x = x.reshape(x.shape[0], h, w, p, p, c).permute(0, 5, 1, 3, 2, 4)
        return x.reshape(x.shape[0], c, h * p, w * p)


class CrossAttention(nn.Module):
    """Attention of a learned query over channels with separate projections, without biases, as in
    UCF-VIT: tokens [B, V, N, D] -> [B, N, D]."""

    def __init__(self, dim, heads, qk_norm=False):
        super().__init__()
        self.heads = heads
        self.query = nn.Parameter(torch.zeros(1, 1, dim))
        self.q = nn.Linear(dim, dim, bias=False)
        self.kv = nn.Linear(dim, 2 * dim, bias=False)
        self.q_norm = nn.LayerNorm(dim // heads) if qk_norm else nn.Identity()
        self.k_norm = nn.LayerNorm(dim // heads) if qk_norm else nn.Identity()
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        b, v, n, d = x.shape
        x = x.permute(0, 2, 1, 3).flatten(0, 1)
        query = self.query.repeat_interleave(x.shape[0], dim=0)
        q = self.q(query).reshape(-1, 1, self.heads, d // self.heads).transpose(1, 2)
        k, v = self.kv(x).reshape(-1, v, 2, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(self.q_norm(q), self.k_norm(k), v)
        return self.proj(y.transpose(1, 2).reshape(b, n, d))


class Shared(nn.Module):
    """UCF-VIT: ONE patch embedding for all variables, then a variable embedding. `token_norm`: own
    LayerNorm, Linear, LayerNorm for each variable, as with adaptive patches. `qk_norm`: LayerNorm
    of queries and keys of each head."""

    output = "forecast"
    channels, size, patch = 7, (4, 6), 2

    def __init__(self, token_norm=False, qk_norm=False):
        super().__init__()
        grid = self.size[0] // self.patch, self.size[1] // self.patch
        pixels = self.patch**2
        self.token_norm = token_norm
        if token_norm:
            self.embeds = nn.ModuleList(
                nn.Sequential(
                    OrderedDict(
                        pixel_norm=nn.LayerNorm(pixels),
                        fc=nn.Linear(pixels, DIM),
                        token_norm=nn.LayerNorm(DIM),
                    )
                )
                for _ in range(self.channels)
            )
        else:
            self.embed = nn.Conv2d(1, DIM, self.patch, self.patch)
        self.var_embed = nn.Parameter(torch.zeros(1, self.channels, DIM))
        self.agg = CrossAttention(DIM, HEADS, qk_norm)
        self.pos_embed = nn.Parameter(torch.zeros(1, grid[0] * grid[1], DIM))
        self.head = Head(DIM, 2, grid, self.patch)

    def inputs(self, batch):
        return {"x": image(batch, self.channels, *self.size)}

    def tokens(self, x, v):
        if not self.token_norm:
            return self.embed(x[:, v : v + 1]).flatten(2).transpose(1, 2)
        p, (h, w) = self.patch, self.size
        patches = x[:, v].reshape(-1, h // p, p, w // p, p).transpose(2, 3)
        return self.embeds[v](patches.reshape(x.shape[0], -1, p * p))

    def forward(self, x):
        tokens = torch.stack([self.tokens(x, v) for v in range(self.channels)], dim=1)
        y = self.agg(tokens + self.var_embed.unsqueeze(2))
        return self.head(y + self.pos_embed)


class Stormer(nn.Module):
    """Stormer (arXiv 2312.03876): position embedding before the aggregation, LayerNorm after."""

    output = "forecast"
    channels, size, patch = 7, (4, 6), 2

    def __init__(self):
        super().__init__()
        grid = self.size[0] // self.patch, self.size[1] // self.patch
        self.embeds = nn.ModuleList(
            nn.Conv2d(1, DIM, self.patch, self.patch) for _ in range(self.channels)
        )
        self.channel_embed = nn.Parameter(torch.zeros(1, self.channels, DIM))
        self.pos_embed = nn.Parameter(torch.zeros(1, grid[0] * grid[1], DIM))
        self.query = nn.Parameter(torch.zeros(1, 1, DIM))
        self.agg = nn.MultiheadAttention(DIM, HEADS, batch_first=True)
        self.norm = nn.LayerNorm(DIM)
        self.head = Head(DIM, self.channels, grid, self.patch)

    def inputs(self, batch):
        return {"x": image(batch, self.channels, *self.size)}

    def forward(self, x):
        b = x.shape[0]
        tokens = [e(x[:, v : v + 1]).flatten(2).transpose(1, 2) for v, e in enumerate(self.embeds)]
        x = torch.stack(tokens, dim=1) + self.channel_embed.unsqueeze(2)
        x = x + self.pos_embed.unsqueeze(1)
        x = torch.einsum("bvld->blvd", x).flatten(0, 1)
        y, _ = self.agg(self.query.repeat_interleave(x.shape[0], dim=0), x, x)
        y = y.squeeze().unflatten(0, (b, -1))
        return self.head(self.norm(y))


class Perceiver(nn.Module):
    """Latents [M, Q, D] attend over levels [M, C, D]; residual, LayerNorm and MLP behind it."""

    def __init__(self, dim):
        super().__init__()
        self.to_q = nn.Linear(dim, dim, bias=False)
        self.to_kv = nn.Linear(dim, 2 * dim, bias=False)
        self.to_out = nn.Linear(dim, dim, bias=False)
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.mlp = Mlp(dim, 2 * dim)

    def forward(self, latents, x):
        q, (k, v) = self.to_q(latents), self.to_kv(x).chunk(2, dim=-1)
        q, k, v = (t.unflatten(-1, (HEADS, -1)).transpose(1, 2) for t in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        latents = self.norm1(self.to_out(y)) + latents
        return self.norm2(self.mlp(latents)) + latents


class Aurora(nn.Module):
    """Aurora (arXiv 2405.13063): a level is the sum of 3-D convolutions of its variables over two
    time steps, with one weight for all levels; three latent queries attend over the levels."""

    output = "forecast"
    variables, levels, steps, size, patch, latents = 4, 5, 2, (4, 6), 2, 3

    def __init__(self):
        super().__init__()
        self.grid = self.size[0] // self.patch, self.size[1] // self.patch
        kernel = (self.steps, self.patch, self.patch)
        self.weights = nn.ParameterDict(
            {f"v{i}": nn.Parameter(torch.zeros(DIM, 1, *kernel)) for i in range(self.variables)}
        )
        self.bias = nn.Parameter(torch.zeros(DIM))
        self.surface = nn.Conv2d(3 * self.steps, DIM, self.patch, self.patch)
        self.level_embed = nn.Linear(8, DIM)
        pressures = np.array([50.0, 250, 500, 700, 1000])[:, None]
        angles = pressures * 2 * np.pi / np.geomspace(10, 5000, 4)
        encoding = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
        self.register_buffer("encoding", torch.tensor(encoding, dtype=torch.float32))
        self.query = nn.Parameter(torch.zeros(self.latents, DIM))
        self.resampler = Perceiver(DIM)
        self.pos_embed = nn.Parameter(torch.zeros(1, self.grid[0] * self.grid[1], DIM))
        # The sequence of the transformer: positions of the surface, then of each latent.
        self.head = Head(DIM, 3, ((1 + self.latents) * self.grid[0], self.grid[1]), self.patch)

    def inputs(self, batch):
        air = image(batch, self.variables * self.levels * self.steps, *self.size)
        return {
            "x": air.reshape(batch, self.steps, self.variables, self.levels, *self.size),
            "surface": image(batch, 3 * self.steps, *self.size, name="surface"),
        }

    def forward(self, x, surface):
        b = x.shape[0]
        weight = torch.cat([self.weights[f"v{i}"] for i in range(self.variables)], dim=1)
        x = x.permute(0, 3, 2, 1, 4, 5).flatten(0, 1)  # [B * C, V, T, H, W]
        x = F.conv3d(x, weight, self.bias, stride=weight.shape[2:])
        x = x.flatten(2).transpose(1, 2).unflatten(0, (b, self.levels))  # [B, C, N, D]
        x = x + self.level_embed(self.encoding)[None, :, None]
        x = x.transpose(1, 2).flatten(0, 1)  # [B * N, C, D]
        latents = self.resampler(self.query.unsqueeze(0).expand(x.shape[0], -1, -1), x)
        latents = latents.unflatten(0, (b, -1)).transpose(1, 2)  # [B, Q, N, D]
        ground = self.surface(surface).flatten(2).transpose(1, 2).unsqueeze(1)
        y = torch.cat([ground, latents], dim=1) + self.pos_embed.unsqueeze(1)
        return self.head(y.flatten(1, 2))


class AuroraDecoder(Aurora):
    """Aurora with its decoder: at every position five level queries, which are parameters, attend
    over what the transformer made of the latents."""

    def __init__(self):
        super().__init__()
        del self.head
        self.block = Block(DIM, HEADS, 2)
        self.level_query = nn.Parameter(torch.zeros(self.levels, DIM))
        self.decoder = Perceiver(DIM)
        self.out = nn.Linear(DIM, self.variables * self.patch**2)

    def head(self, x):
        b, (h, w), p = x.shape[0], self.grid, self.patch
        x = self.block(x).unflatten(1, (1 + self.latents, -1))[:, 1:]  # [B, Q, N, D]
        x = x.transpose(1, 2).flatten(0, 1)  # [B * N, Q, D]
        y = self.decoder(self.level_query.unsqueeze(0).expand(x.shape[0], -1, -1), x)
        y = self.out(y).reshape(b, h, w, self.levels, self.variables, p, p)
        return y.permute(0, 4, 3, 1, 5, 2, 6).reshape(b, self.variables, self.levels, h * p, w * p)


class Regional(nn.Module):
    """ClimaX grouped and regional (arXiv 2301.10343): weights and embeddings of the variables at hand are
    gathered by their ids, which are known, and tokens by the positions of a region, which are an input."""

    output = "forecast"
    variables, size, patch, ids = 9, (4, 6), 2, (0, 1, 8, 3, 4, 7, 2)
    static_inputs = ("region",)

    def __init__(self):
        super().__init__()
        positions = self.size[0] * self.size[1] // self.patch**2
        self.weight = nn.Parameter(torch.zeros(self.variables, DIM, 1, self.patch, self.patch))
        self.bias = nn.Parameter(torch.zeros(self.variables, DIM))
        self.var_embed = nn.Parameter(torch.zeros(1, self.variables, DIM))
        self.pos_embed = nn.Parameter(torch.zeros(1, positions, DIM))
        self.query = nn.Parameter(torch.zeros(1, 1, DIM))
        self.agg = nn.MultiheadAttention(DIM, HEADS, batch_first=True)
        self.head = Head(DIM, 5, (2, 2), self.patch)

    def inputs(self, batch):
        return {
            "x": image(batch, len(self.ids), *self.size),
            "region": torch.tensor([1, 2, 4, 5]),
        }

    def forward(self, x, region):
        b, v = x.shape[0], len(self.ids)
        ids = torch.tensor(self.ids)
        x = F.conv2d(x, self.weight[ids].flatten(0, 1), self.bias[ids].flatten(), self.patch, groups=v)
        x = x.flatten(2).unflatten(1, (v, DIM)).transpose(2, 3)  # [B, V, L, D]
        x = x + self.var_embed[:, ids].unsqueeze(2)
        x = x[:, :, region]
        x = x.transpose(1, 2).flatten(0, 1)
        y, _ = self.agg(self.query.repeat_interleave(x.shape[0], dim=0), x, x)
        return self.head(y.reshape(b, -1, DIM) + self.pos_embed[:, region])


class Panopticon(nn.Module):
    """Panopticon (arXiv 2503.10845): one convolution for all channels, an embedding of each, a raw
    query without projection, no output projection, and for each sample a mask of channels
    that are missing. `form`: how the mask meets the scores."""

    output = "embedding"
    channels, size, patch = 7, (4, 6), 2

    def __init__(self, form):
        super().__init__()
        self.form = form
        self.embed = nn.Conv3d(1, DIM, (1, self.patch, self.patch), (1, self.patch, self.patch))
        self.var_embed = nn.Parameter(torch.zeros(1, self.channels, DIM))
        self.query = nn.Parameter(torch.zeros(1, 1, DIM))
        self.k, self.v = nn.Linear(DIM, DIM), nn.Linear(DIM, DIM)
        self.block = Block(DIM, HEADS, 2)

    def inputs(self, batch):
        missing = weights.spread("missing", batch * self.channels).reshape(batch, -1) > 0.3
        return {
            "x": image(batch, self.channels, *self.size),
            "missing": torch.tensor(missing),
        }

    def forward(self, x, missing):
        b, c, n = x.shape[0], self.channels, self.size[0] * self.size[1] // self.patch**2
        x = self.embed(x.unsqueeze(1)).flatten(3)  # [B, D, C, N]
        x = x.permute(0, 3, 2, 1) + self.var_embed.unsqueeze(1)
        x = x.flatten(0, 1)  # [B * N, C, D]
        q = self.query.expand(x.shape[0], -1, -1)
        q, k, v = (
            t.reshape(x.shape[0], -1, HEADS, DIM // HEADS).transpose(1, 2)
            for t in (q, self.k(x), self.v(x))
        )
        mask = missing.unsqueeze(1).expand(-1, n, -1).flatten(0, 1)[:, None, None]
        if self.form == "fill":
            scores = q @ k.transpose(-2, -1) * (DIM // HEADS) ** -0.5
            y = scores.masked_fill(mask, -math.inf).softmax(dim=-1) @ v
        else:
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=~mask)
        y = y.transpose(1, 2).reshape(b, n, DIM)
        return self.block(y).mean(dim=1)


class Prithvi(nn.Module):
    """Prithvi-WxC (arXiv 2409.13598): one convolution over all channels and time steps, one over
    static fields, and a time: no aggregation."""

    output = "forecast"
    channels, size, patch = 7, (4, 6), 2

    def __init__(self):
        super().__init__()
        grid = self.size[0] // self.patch, self.size[1] // self.patch
        self.embed = nn.Conv2d(2 * self.channels, DIM, self.patch, self.patch)
        self.embed_static = nn.Conv2d(3, DIM, self.patch, self.patch)
        self.time_embed = nn.Linear(1, DIM)
        self.head = Head(DIM, self.channels, grid, self.patch)

    def inputs(self, batch):
        pixels = image(batch, 2 * self.channels, *self.size)
        return {
            "x": pixels.reshape(batch, 2, self.channels, *self.size),
            "static": image(batch, 3, *self.size, name="static"),
            "lead_time": torch.tensor(0.5 + 0.25 * np.arange(batch)).float(),
        }

    def forward(self, x, static, lead_time):
        x = self.embed(x.flatten(1, 2)) + self.embed_static(static)
        x = x.flatten(2).transpose(1, 2)
        return self.head(x + self.time_embed(lead_time.reshape(-1, 1, 1)))


class Modalities(nn.Module):
    """Three sensors with tokenizers of their own share one aggregation: 4 channels in patches of 2,
    3 channels of twice the resolution in patches of 4, and 2 channels by overlapping patches."""

    output = "embedding"
    grid = (2, 3)

    def __init__(self):
        super().__init__()
        self.optical = nn.ModuleList(nn.Conv2d(1, DIM, 2, 2) for _ in range(4))
        self.radar = nn.Conv2d(3, 3 * DIM, 4, 4, groups=3)
        self.thermal = nn.ModuleList(nn.Conv2d(1, DIM, 3, 2, padding=1) for _ in range(2))
        self.var_embed = nn.Parameter(torch.zeros(1, 9, DIM))
        self.query = nn.Parameter(torch.zeros(1, 1, DIM))
        self.agg = nn.MultiheadAttention(DIM, HEADS, batch_first=True)
        self.block = Block(DIM, HEADS, 2)

    def inputs(self, batch):
        return {
            "optical": image(batch, 4, 4, 6, name="optical"),
            "radar": image(batch, 3, 8, 12, name="radar"),
            "thermal": image(batch, 2, 4, 6, name="thermal"),
        }

    def forward(self, optical, radar, thermal):
        b = optical.shape[0]
        tokens = [e(optical[:, i : i + 1]) for i, e in enumerate(self.optical)]
        tokens += self.radar(radar).chunk(3, dim=1)
        tokens += [e(thermal[:, i : i + 1]) for i, e in enumerate(self.thermal)]
        x = torch.stack([t.flatten(2).transpose(1, 2) for t in tokens], dim=1)
        x = x + self.var_embed.unsqueeze(2)
        x = x.transpose(1, 2).flatten(0, 1)
        y, _ = self.agg(self.query.repeat_interleave(x.shape[0], dim=0), x, x)
        return self.block(y.reshape(b, -1, DIM)).mean(dim=1)


class Resampled(nn.Module):
    """Sensors of other resolutions are brought to one grid first: coarse ones bilinearly and, for a
    mask of land, by repetition; then a tokenizer for each channel and one aggregation."""

    output = "forecast"
    size, patch = (4, 6), 2

    def __init__(self):
        super().__init__()
        self.embeds = nn.ModuleList(nn.Conv2d(1, DIM, self.patch, self.patch) for _ in range(7))
        self.var_embed = nn.Parameter(torch.zeros(1, 7, DIM))
        self.query = nn.Parameter(torch.zeros(1, 1, DIM))
        self.agg = nn.MultiheadAttention(DIM, HEADS, batch_first=True)
        self.head = Head(DIM, 2, (2, 3), self.patch)

    def inputs(self, batch):
        return {
            "optical": image(batch, 4, *self.size, name="optical"),
            "coarse": image(batch, 2, 3, 4, name="coarse"),
            "land": image(batch, 1, 2, 3, name="land"),
        }

    def forward(self, optical, coarse, land):
        b = optical.shape[0]
        coarse = F.interpolate(coarse, size=self.size, mode="bilinear", align_corners=False)
        land = F.interpolate(land, scale_factor=2, mode="nearest")
        x = torch.cat([optical, coarse, land], dim=1)
        tokens = [e(x[:, v : v + 1]).flatten(2).transpose(1, 2) for v, e in enumerate(self.embeds)]
        x = torch.stack(tokens, dim=1) + self.var_embed.unsqueeze(2)
        x = x.transpose(1, 2).flatten(0, 1)
        y, _ = self.agg(self.query.repeat_interleave(x.shape[0], dim=0), x, x)
        return self.head(y.reshape(b, -1, DIM))


def image(batch, channels, *size, name="x"):
    values = weights.spread(name, batch * channels * math.prod(size))
    return torch.tensor(values.reshape(batch, channels, *size)).float()
