"""Golden vectors: the beats of a recorded run, for benches that have no golden model."""

from typing import Any

from ..export.design import Generated
from .recording import Beat, Recording
from .valid_bits import gates, meant

__all__ = ["vectors"]

#: Beats of a stream at most, so that the file stays readable.
LIMIT = 500


def vectors(generated: Generated, recording: Recording) -> dict[str, Any]:
    """Return ``vectors.json``: every beat of every stream, in order, as hexadecimal tdata and tlast.

    A third item, where it is there, is the mask of the bits of tdata that mean something; others are zero.

    Outputs are cut where inputs are: of a longer run only what the first beats of the inputs give is expected.

    Parameters
    ----------
    generated : the engine
    recording : of a run of its bench
    """
    streams = generated.manifest["streams"]
    wires = {
        f"{stream['prefix']}_{wire}" for stream in streams for wire in ("tdata", "tvalid", "tready", "tlast")
    }
    end = _end(generated, recording)
    found = {
        direction: {
            stream["name"]: [
                _written(stream, beat) for number, beat in recording.beats(stream["name"]) if number < end
            ]
            for stream in streams
            if stream["direction"] == direction
        }
        for direction in ("input", "output")
    }
    held = {
        port["name"]: recording.cycles[recording.first].ports.get(port["name"], 0)
        for port in generated.manifest["ports"]
        if port["direction"] == "input"
        and port["name"] not in wires | {generated.manifest["clock"], generated.manifest["reset"]}
    }
    return {
        "engine": generated.engine,
        "verilog_sha256": generated.manifest["verilog_sha256"],
        "simulator": recording.simulator,
        "seed": recording.seed,
        "complete": recording.complete and end == len(recording.cycles),
        "ports": held,
        "inputs": found["input"],
        "outputs": found["output"],
    }


def _written(stream: dict[str, Any], beat: Beat) -> list[Any]:
    parts = gates(stream) if stream["direction"] == "output" else ()
    if not parts:
        return [f"{beat.data:x}", int(beat.last)]
    mask = meant(parts, beat.data, stream["tdata_width"])
    return [f"{beat.data & mask:x}", int(beat.last), f"{mask:x}"]


def _end(generated: Generated, recording: Recording) -> int:
    """Return the cycle at which some stream has had its last beat that is kept."""
    ends = [len(recording.cycles)]
    for stream in generated.manifest["streams"]:
        beats = recording.beats(stream["name"])
        if len(beats) > LIMIT:
            ends.append(beats[LIMIT][0])
    return min(ends)
