"""One engine, generated with all that comes with it."""

from pathlib import Path

import pytest

from dotforge.delivery.generate import generate
from dotforge.export.design import Generated, from_parameters
from dotforge.synthesis.synth import synthesize
from dotforge.tools import result_cache
from dotforge.verify.recording import Recording, record

from .flows import PARAMETERS


@pytest.fixture(scope="module")
def generated() -> Generated:
    return from_parameters("logmac", PARAMETERS, name="mac")


@pytest.fixture(scope="module")
def recording(generated: Generated) -> Recording:
    return record(generated)


@pytest.fixture(scope="module")
def directory(generated: Generated, recording: Recording, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("generate") / "mac"
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(result_cache, "root", lambda: cache)
        synthesize(generated)
        generate(generated, out, clock_mhz=125, recording=recording)
    return out
