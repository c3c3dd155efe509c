"""Takes the fields of era5-20170101.npz out of the sample file of the cfgrib package.

    pip install eccodes numpy
    pip download --no-deps --no-binary :all: cfgrib==0.9.15.1 && tar xzf cfgrib-0.9.15.1.tar.gz
    python examples/data/extract.py cfgrib-0.9.15.1/tests/sample-data/era5-levels-members.grib

The result is committed, so only a reader who wants to check it needs this.
"""

import os
import sys
from functools import partial

import eccodes
import numpy as np

WANTED = {("z", 500): "z500", ("z", 850): "z850", ("t", 500): "t500", ("t", 850): "t850"}


def main() -> None:
    fields = {}
    with open(sys.argv[1], "rb") as file:
        while (message := eccodes.codes_grib_new_from_file(file)) is not None:
            get = partial(eccodes.codes_get, message)
            time = (get("dataDate"), get("dataTime"), get("number"))
            name = WANTED.get((get("shortName"), get("level")))
            if name and time == (20170101, 0, 0):
                shape = (get("Nj"), get("Ni"))
                fields[name] = eccodes.codes_get_values(message).astype(np.float32).reshape(shape)
            eccodes.codes_release(message)
    output = os.path.join(os.path.dirname(__file__), "era5-20170101.npz")
    np.savez_compressed(output, **{name: fields[name] for name in WANTED.values()})
    print(f"{output}: {os.path.getsize(output) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
