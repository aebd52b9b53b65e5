"""The roofline picture: rate against operations a byte, a roof a device, a point a layer."""

from collections.abc import Sequence
from typing import Any

from .plots import figure, rendered

__all__ = ["draw"]


def draw(devices: Sequence[Any], found: Sequence[dict[str, Any]], kind: str = "svg") -> bytes:
    """Return a picture of layers on devices.

    Parameters
    ----------
    devices : :class:`dotforge_sim.models.roofline.Device`
    found : what :func:`dotforge_sim.models.roofline.bound` says of the layers, with the format
    kind : of the file, see :data:`.plots.KINDS`
    """
    with figure(1, 1, 8, 5) as (made, axes):
        axis = axes[0][0]
        lowest = min(row["intensity"] for row in found) / 2
        highest = 4 * max(*(row["intensity"] for row in found), *(row["ridge"] for row in found))
        for number, device in enumerate(devices):
            rows = [row for row in found if row["device"] == device.name]
            format = rows[0]["format"]
            ridge, peak = device.ridge(format), device.peak[format]
            colour = f"C{number}"
            axis.plot(
                [lowest, ridge, highest], [lowest * device.bandwidth, peak, peak], color=colour,
                label=f"{device.name} ({format}): ridge at {ridge:.3g} OP/byte",
            )  # fmt: skip
            axis.plot(
                [row["intensity"] for row in rows], [row["attainable"] for row in rows], "o", color=colour, markersize=4
            )  # fmt: skip
            seen: set[str] = set()
            for row in rows:
                said = row["name"] if row["batch"] == 1 else f"{row['name']} ×{row['batch']}"
                if number == 0 and said not in seen:
                    seen.add(said)
                    axis.annotate(
                        said, (row["intensity"], row["attainable"]), textcoords="offset points", xytext=(4, -9),
                        fontsize=7,
                    )  # fmt: skip
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xlim(lowest, highest)
        axis.set_xlabel("operations a byte of main memory")
        axis.set_ylabel("operations a second")
        axis.legend(loc="lower right")
        return rendered(made, kind)
