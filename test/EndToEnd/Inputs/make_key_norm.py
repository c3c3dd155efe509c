"""make_key_norm.py FOLDER: weights, two samples x and the expected y and z of key-norm.mlir."""

import math
import sys

from tensor_files import write_npy, write_safetensors

CHANNELS, POSITIONS, WIDTH, HEADS = 5, 3, 6, 2


def numbers(count, step):
    return [(step * i % 17 - 8) / 8 for i in range(count)]


def normalise(key, centred):
    mean = sum(key) / len(key) if centred else 0
    variance = sum((k - mean) ** 2 for k in key) / len(key)
    return [(k - mean) / math.sqrt(variance + 1e-5) for k in key]


def aggregate(tokens, keys, query):
    """The tokens of one position, weighed head by head."""
    depth, result = WIDTH // HEADS, []
    for head in range(HEADS):
        part = slice(head * depth, (head + 1) * depth)
        scores = [sum(q * k for q, k in zip(query[part], key[part])) for key in keys]
        weights = [math.exp(score - max(scores)) for score in scores]
        for feature in range(part.start, part.stop):
            total = sum(w * token[feature] for w, token in zip(weights, tokens))
            result.append(total / sum(weights))
    return result


folder = sys.argv[1]
x = numbers(2 * CHANNELS * POSITIONS, 5)
e, query = numbers(CHANNELS * WIDTH, 7), numbers(WIDTH, 3)
y, z = [], []
for sample in range(2):
    for n in range(POSITIONS):
        # Each channel has one pixel at a position.
        tokens = [
            [x[(sample * CHANNELS + c) * POSITIONS + n] * e[c * WIDTH + f] for f in range(WIDTH)]
            for c in range(CHANNELS)
        ]
        heads = [normalise(t[:3], True) + normalise(t[3:], True) for t in tokens]
        y += aggregate(tokens, heads, query)
        z += aggregate(tokens, [normalise(t, False) for t in tokens], query)
write_safetensors(
    f"{folder}/w.safetensors",
    {"e": ((CHANNELS, WIDTH, 1, 1, 1), e), "q": ((1, 1, WIDTH), query)},
)
write_npy(f"{folder}/x.npy", (2, CHANNELS, 1, 1, POSITIONS), x)
write_npy(f"{folder}/y.npy", (2, 1, 1, POSITIONS, WIDTH), y)
write_npy(f"{folder}/z.npy", (2, 1, 1, POSITIONS, WIDTH), z)
