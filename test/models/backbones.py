"""Small models in PyTorch that move tokens, attend in windows, or grow images: see architectures.py."""

import numpy as np
import torch
import torch.nn.functional as F
import weights
from architectures import DIM, HEADS, image
from climax import Block, Mlp
from torch import nn


class MAE(nn.Module):
    """Masked autoencoder (arXiv 2111.06377). Which patches are seen is an input: `ids_keep`, their
    positions, and `ids_restore`, for each position its place among seen and masked patches.

    `form` says how tokens are moved: "gather" as in the published code (one index for each
    feature of a token), "scatter" writes seen tokens over mask tokens, "index" is advanced
    indexing and assignment. The last two end in a transposed convolution.
    """

    output = "image"
    channels, size, patch, keep = 5, (8, 12), 2, 7

    def __init__(self, form):
        super().__init__()
        self.form = form
        h, w = self.size[0] // self.patch, self.size[1] // self.patch
        self.grid, self.positions = (h, w), h * w
        self.embed = nn.Conv2d(self.channels, DIM, self.patch, self.patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, DIM))
        self.pos_embed = nn.Parameter(torch.zeros(1, self.positions + 1, DIM))
        self.encoder = Block(DIM, HEADS, 2)
        self.encoder_norm = nn.LayerNorm(DIM)
        self.decoder_embed = nn.Linear(DIM, 9)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, 9))
        self.decoder_pos_embed = nn.Parameter(torch.zeros(1, self.positions + 1, 9))
        self.decoder = Block(9, HEADS, 2)
        self.decoder_norm = nn.LayerNorm(9)
        if form == "gather":
            self.pred = nn.Linear(9, self.patch**2 * self.channels)
        else:
            self.pred = nn.ConvTranspose2d(9, self.channels, self.patch, self.patch)

    def inputs(self, batch):
        order = np.argsort(weights.spread("order", batch * self.positions).reshape(batch, -1), axis=1)
        return {
            "x": image(batch, self.channels, *self.size),
            "ids_keep": torch.tensor(order[:, : self.keep]),
            "ids_restore": torch.tensor(np.argsort(order, axis=1)),
        }

    def take(self, x, ids):
        """Tokens x[b, ids[b, j]]."""
        if self.form == "index":
            return x[torch.arange(x.shape[0]).unsqueeze(1), ids]
        return torch.gather(x, 1, ids.unsqueeze(-1).repeat(1, 1, x.shape[2]))

    def restore(self, x, ids_keep, ids_restore):
        b, _, d = x.shape
        if self.form == "gather":
            masked = self.mask_token.repeat(b, self.positions - self.keep, 1)
            return self.take(torch.cat([x, masked], dim=1), ids_restore)
        everywhere = self.mask_token.repeat(b, self.positions, 1)
        if self.form == "scatter":
            y = everywhere.scatter(1, ids_keep.unsqueeze(-1).expand(-1, -1, d), x)
        else:
            y = everywhere.index_put((torch.arange(b).unsqueeze(1), ids_keep), x)
        # Uses the other input too: how often a position is named, 1 for each.
        ones = torch.ones_like(ids_restore, dtype=x.dtype)
        counts = torch.zeros_like(ones).scatter_add(1, ids_restore, ones)
        return y * counts.unsqueeze(-1)

    def forward(self, x, ids_keep, ids_restore):
        x = self.embed(x).flatten(2).transpose(1, 2) + self.pos_embed[:, 1:]
        x = self.take(x, ids_keep)
        cls_token = self.cls_token + self.pos_embed[:, :1]
        x = torch.cat([cls_token.expand(x.shape[0], -1, -1), x], dim=1)
        x = self.decoder_embed(self.encoder_norm(self.encoder(x)))
        y = self.restore(x[:, 1:], ids_keep, ids_restore)
        x = torch.cat([x[:, :1], y], dim=1) + self.decoder_pos_embed
        x = self.decoder_norm(self.decoder(x))[:, 1:]
        (h, w), p = self.grid, self.patch
        if self.form != "gather":
            return self.pred(x.transpose(1, 2).reshape(x.shape[0], -1, h, w))
        x = self.pred(x).reshape(x.shape[0], h, w, p, p, self.channels)
        return torch.einsum("nhwpqc->nchpwq", x).reshape(-1, self.channels, h * p, w * p)


class WindowAttention(nn.Module):
    """Attention inside of windows [B * nW, n, D] with relative position bias and, where windows
    are shifted, a mask [nW, n, n] of numbers."""

    def __init__(self, dim, heads, window):
        super().__init__()
        self.heads = heads
        self.table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        at = np.stack(np.meshgrid(np.arange(window), np.arange(window), indexing="ij")).reshape(2, -1)
        apart = at[:, :, None] - at[:, None] + window - 1
        self.register_buffer("index", torch.tensor(apart[0] * (2 * window - 1) + apart[1]))
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x, mask):
        b, n, d = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        scores = (q * (d // self.heads) ** -0.5) @ k.transpose(-2, -1)
        scores = scores + self.table[self.index.view(-1)].view(n, n, -1).permute(2, 0, 1).unsqueeze(0)
        if mask is not None:
            windows = mask.shape[0]
            scores = scores.view(-1, windows, self.heads, n, n) + mask.unsqueeze(1).unsqueeze(0)
            scores = scores.view(-1, self.heads, n, n)
        y = (scores.softmax(dim=-1) @ v).transpose(1, 2).reshape(b, n, d)
        return self.proj(y)


class SwinBlock(nn.Module):
    def __init__(self, dim, heads, grid, window, shift):
        super().__init__()
        self.grid, self.window, self.shift = grid, window, shift
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = WindowAttention(dim, heads, window)
        self.mlp = Mlp(dim, 2 * dim)
        mask = None
        if shift:
            region = np.zeros(grid)
            cuts = (slice(0, -window), slice(-window, -shift), slice(-shift, None))
            for i, rows in enumerate(cuts):
                for j, columns in enumerate(cuts):
                    region[rows, columns] = 3 * i + j
            region = self.cut(torch.tensor(region)[None, :, :, None]).squeeze(-1)
            apart = region.unsqueeze(1) != region.unsqueeze(2)
            mask = torch.where(apart, -100.0, 0.0).float()
        self.register_buffer("mask", mask)

    def cut(self, x):
        """[B, H, W, D] -> [B * nW, n, D]."""
        s = self.window
        x = x.view(-1, self.grid[0] // s, s, self.grid[1] // s, s, x.shape[-1])
        return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, s * s, x.shape[-1])

    def join(self, x):
        s, (h, w) = self.window, self.grid
        x = x.view(-1, h // s, w // s, s, s, x.shape[-1])
        return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, h, w, x.shape[-1])

    def forward(self, x):
        b, n, d = x.shape
        y = self.norm1(x).view(b, *self.grid, d)
        if self.shift:
            y = torch.roll(y, (-self.shift, -self.shift), (1, 2))
        y = self.join(self.attn(self.cut(y), self.mask))
        if self.shift:
            y = torch.roll(y, (self.shift, self.shift), (1, 2))
        x = x + y.view(b, n, d)
        return x + self.mlp(self.norm2(x))


class Swin(nn.Module):
    """Swin (arXiv 2103.14030): a pair of blocks, the second with shifted windows, patch merging,
    and a block with one window more."""

    output = "logits"

    def __init__(self):
        super().__init__()
        self.embed = nn.Conv2d(3, DIM, 2, 2)
        self.norm = nn.LayerNorm(DIM)
        grid = (8, 12)
        self.blocks = nn.ModuleList(SwinBlock(DIM, HEADS, grid, 4, shift) for shift in (0, 2))
        self.merge_norm = nn.LayerNorm(4 * DIM)
        self.reduction = nn.Linear(4 * DIM, 2 * DIM, bias=False)
        self.last = SwinBlock(2 * DIM, 4, (4, 6), 2, 1)
        self.last_norm = nn.LayerNorm(2 * DIM)
        self.head = nn.Linear(2 * DIM, 5)

    def inputs(self, batch):
        return {"x": image(batch, 3, 16, 24)}

    def forward(self, x):
        x = self.norm(self.embed(x).flatten(2).transpose(1, 2))
        for block in self.blocks:
            x = block(x)
        x = x.view(x.shape[0], 8, 12, DIM)
        parts = [x[:, i::2, j::2] for j in (0, 1) for i in (0, 1)]
        x = torch.cat(parts, dim=-1).view(x.shape[0], -1, 4 * DIM)
        x = self.last(self.reduction(self.merge_norm(x)))
        return self.head(self.last_norm(x).mean(dim=1))


class Stem(nn.Module):
    """A convolutional stem in front of a transformer block: padded convolutions, norms of batches, of
    groups and of instances, pooling of windows that overlap and that do not."""

    output = "embedding"

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(5, 6, 3, stride=2, padding=1)
        self.norm1 = nn.BatchNorm2d(6)
        self.norm1.running_mean.copy_(torch.linspace(-0.5, 0.5, 6))
        self.norm1.running_var.copy_(torch.linspace(0.5, 1.5, 6))
        self.pool1 = nn.MaxPool2d(3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(6, 8, 3, padding=1)
        self.norm2 = nn.GroupNorm(4, 8)
        self.conv3 = nn.Conv2d(8, DIM, 1)
        self.norm3 = nn.InstanceNorm2d(DIM, affine=True)
        self.pool3 = nn.AvgPool2d(2)
        self.block = Block(DIM, HEADS, 2)

    def inputs(self, batch):
        return {"x": image(batch, 5, 16, 24)}

    def forward(self, x):
        x = self.pool1(F.gelu(self.norm1(self.conv1(x))))
        x = F.gelu(self.norm2(self.conv2(x)))
        x = self.pool3(self.norm3(self.conv3(x)))
        return self.block(x.flatten(2).transpose(1, 2)).mean(dim=1)


class Upconv(nn.Module):
    """Transposed convolutions with strides, padding, groups, dilation and output padding."""

    output = "image"

    def __init__(self):
        super().__init__()
        self.up1 = nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2)
        self.up2 = nn.ConvTranspose2d(6, 3, (2, 3), stride=(1, 2), padding=(0, 1), dilation=(2, 1))
        self.up3 = nn.ConvTranspose2d(3, 2, 2, stride=2, bias=False)

    def inputs(self, batch):
        return {"x": image(batch, 4, 3, 5)}

    def forward(self, x):
        return self.up3(F.gelu(self.up2(F.gelu(self.up1(x)))))
