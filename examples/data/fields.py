"""Makes the demo's input: 80 weather fields on a 32 x 64 grid from four fields of ERA5.

    python examples/data/fields.py FOLDER      writes FOLDER/era5.npy and FOLDER/lead.npy

README.md in this folder says where the source is from and how each field is derived.
"""

import os
import sys

import numpy as np

LEVELS = [300, 350, 400, 450, 500, 550, 600, 650, 700, 750, 800, 850, 900, 950, 1000]  # hPa
VARIABLES = ["z", "u", "v", "t", "q"]
SURFACE = ["t2m", "u10", "v10"]
STATIC = ["tisr", "lat"]  # incident solar radiation at the top of the atmosphere, latitude
CHANNELS = [f"{v}{level}" for v in VARIABLES for level in LEVELS] + SURFACE + STATIC

DRY_AIR = 287.05  # J / (kg K)
GRAVITY = 9.80665  # m / s^2
RADIUS = 6.371e6  # m
ROTATION = 7.2921e-5  # 1 / s
LEAD_HOURS = 72


def grid() -> tuple[np.ndarray, np.ndarray]:
    """Latitudes (north first) and longitudes of the centers of 5.625 degree cells."""
    return 90 - 5.625 * (np.arange(32) + 0.5), 5.625 * np.arange(64)


def regrid(field: np.ndarray) -> np.ndarray:
    """Bilinear interpolation from 3 degrees (61 x 120, poles included) to the grid."""
    latitudes, longitudes = grid()
    y, x = (90 - latitudes) / 3, longitudes / 3
    y0, x0 = np.floor(y).astype(int), np.floor(x).astype(int)
    fy, fx = (y - y0)[:, None], (x - x0)[None, :]
    x1 = (x0 + 1) % field.shape[1]
    north = field[y0][:, x0] * (1 - fx) + field[y0][:, x1] * fx
    south = field[y0 + 1][:, x0] * (1 - fx) + field[y0 + 1][:, x1] * fx
    return north * (1 - fy) + south * fy


def temperature(source: dict, level: float) -> np.ndarray:
    """Linear in log pressure through the two levels of the source."""
    slope = (source["t850"] - source["t500"]) / np.log(850 / 500)
    return source["t500"] + slope * np.log(level / 500)


def thickness(source: dict, lower: float, upper: float) -> np.ndarray:
    """Geopotential between two levels of the hydrostatic equation, in dry air."""
    mean = 0.5 * (temperature(source, lower) + temperature(source, upper))
    return DRY_AIR * mean * np.log(lower / upper)


def geopotential(source: dict, level: float) -> np.ndarray:
    """The source's own at its levels; between them its thickness, cut as the hydrostatic one;
    beyond them hydrostatic."""
    if level <= 500:
        return source["z500"] + thickness(source, 500, level)
    if level >= 850:
        return source["z850"] - thickness(source, level, 850)
    part = thickness(source, 850, level) / thickness(source, 850, 500)
    return source["z850"] + part * (source["z500"] - source["z850"])


def wind(geopotential_field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Geostrophic wind; 1 / f is damped near the equator, where the balance does not hold."""
    step = np.radians(3)
    latitude = np.radians(90 - 3 * np.arange(61))[:, None]
    f = 2 * ROTATION * np.sin(latitude)
    floor = 2 * ROTATION * np.sin(np.radians(15))
    inverse = f / (f**2 + floor**2)
    north = -np.gradient(geopotential_field, step, axis=0) / RADIUS
    shifted = np.roll(geopotential_field, -1, 1) - np.roll(geopotential_field, 1, 1)
    east = shifted / (2 * step * RADIUS * np.maximum(np.cos(latitude), np.cos(np.radians(85))))
    return -inverse * north, inverse * east


def humidity(t: np.ndarray, level: float) -> np.ndarray:
    """Specific humidity from temperature with the relative humidity of Manabe and Wetherald
    (1967), 0.77 (p / 1000 - 0.02) / 0.98, and Bolton's (1980) saturation pressure."""
    relative = 0.77 * (level / 1000 - 0.02) / 0.98
    vapour = relative * 6.112 * np.exp(17.67 * (t - 273.15) / (t - 29.65))
    return 0.622 * vapour / (level - 0.378 * vapour)


def sunshine() -> np.ndarray:
    """Incident solar radiation, W / m^2, on 1 January at 00 UTC."""
    latitudes, longitudes = np.radians(grid()[0])[:, None], np.radians(grid()[1])[None, :]
    declination = np.radians(-23.0)
    cosine = np.sin(latitudes) * np.sin(declination) + np.cos(latitudes) * np.cos(
        declination
    ) * np.cos(longitudes - np.pi)
    return 1361 / 0.983**2 * np.maximum(cosine, 0)


def fields(source: dict) -> dict[str, np.ndarray]:
    """All channels by name, in their own units."""
    result = {}
    for level in LEVELS:
        z, t = geopotential(source, level), temperature(source, level)
        u, v = wind(z)
        for name, value in zip(VARIABLES, (z, u, v, t, humidity(t, level))):
            result[f"{name}{level}"] = regrid(value)
    # Near the ground: the lowest level; friction slows the wind and turns it to low pressure.
    result["t2m"] = result["t1000"] + 0.0065 * np.maximum(result["z1000"] / GRAVITY - 2, 0)
    turn = np.radians(20) * np.sign(grid()[0])[:, None]
    u, v = result["u1000"], result["v1000"]
    result["u10"] = 0.7 * (u * np.cos(turn) - v * np.sin(turn))
    result["v10"] = 0.7 * (v * np.cos(turn) + u * np.sin(turn))
    result["tisr"] = sunshine()
    result["lat"] = np.broadcast_to(grid()[0][:, None], (32, 64))
    return result


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else "."
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "era5-20170101.npz")
    with np.load(path) as archive:
        source = {name: archive[name].astype(np.float64) for name in archive.files}
    named = fields(source)
    stack = np.stack([named[name] for name in CHANNELS])
    mean, deviation = stack.mean((1, 2), keepdims=True), stack.std((1, 2), keepdims=True)
    era5 = ((stack - mean) / deviation).astype(np.float32)[None]
    if era5.shape != (1, 80, 32, 64) or not np.isfinite(era5).all():
        sys.exit(f"{path}: error: derived fields are not finite or not 80: {era5.shape}")
    np.save(os.path.join(folder, "era5.npy"), era5)
    np.save(os.path.join(folder, "lead.npy"), np.array([LEAD_HOURS / 100], np.float32))
    print(f"{folder}/era5.npy: {era5.shape[1]} fields of {era5.shape[2]} x {era5.shape[3]}")


if __name__ == "__main__":
    main()
