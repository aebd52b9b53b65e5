"""Jobs with something wrong, and what the Flex-DPU says of them."""

from collections.abc import Mapping

from axi_stream import Payload
from bench_kit import Beats
from flexdpu_streams import Job
from flexdpu_values import BANKS, DEPTH, ENGINES, PARAMETERS

__all__ = ["CAUSES", "spoil"]

#: cause_g of what is done to a job
CAUSES = {
    "row_order": 1,
    "count": 2,
    "surplus": 3,
    "early_last": 4,
    "group": 5,
    "no_group": 5,
    "no_rows": 6,
    "accumulator": 7,
    "early_vector": 8,
    "row_range": 9,
}


def spoil(job: Job, what: str, payloads: Mapping[str, Payload]) -> dict[str, Beats] | None:
    """Return the beats of a job in slot 0 with something wrong, or ``None`` where that cannot be."""
    beats = job.beats(payloads)
    width = PARAMETERS["stationary_bandwidth"]
    values = payloads["stationary_0"]
    head = {
        "first": job.first,
        "size": job.size,
        "rows": len(job.rows),
        "vectors": len(job.vectors),
        "windows": len(job.windows),
        "tag": job.tag,
    }
    most = min(DEPTH, 1 << PARAMETERS["index_bits"])
    changed: dict[str, dict[str, int]] = {
        "group": {"size": ENGINES, "first": 1},
        "no_group": {"size": 0},
        "no_rows": {"rows": 0},
        "accumulator": {"rows": DEPTH // most * BANKS + 1, "vectors": most},
        "row_range": {"rows": len(job.rows) - 1},
    }
    impossible = {
        "group": ENGINES == 1,
        "accumulator": DEPTH // most * BANKS >= 1 << PARAMETERS["row_bits"],
        "row_order": len(job.rows) == 1,
        "row_range": len(job.rows) == 1,
    }
    if impossible.get(what):
        return None
    if what in changed:
        beats["jobs_0"] = [(payloads["jobs_0"].pack(**(head | changed[what])), False)]
    elif what == "row_order":
        first, second = beats["rows_0"][:2]
        beats["rows_0"][:2] = [(second[0], False), (first[0], second[1])]
    elif what == "count":
        if width == 1:
            return None
        beats["stationary_0"][0] = (values.pack(values=[1] * width, count=width + 1), False)
    elif what == "surplus":
        beats["stationary_0"][-1] = (beats["stationary_0"][-1][0], False)
        beats["stationary_0"].append((values.pack(values=[1] * width, count=1), True))
    elif what == "early_last":
        beats["stationary_0"][0] = (beats["stationary_0"][0][0], True)
    else:
        beats["vectors_0"][0] = (beats["vectors_0"][0][0], True)
    return beats
