"""A run that was interrupted and went on."""

import time
from pathlib import Path

import pytest

from model.records.record import Record


@pytest.fixture
def resumed(tmp_path: Path) -> Path:
    """The folder of a run that was recorded up to step 60, went on from 40, and came to 60 again."""
    with Record(tmp_path) as record:
        record.begin({"pack": "p"})
        for step in (20, 40, 60):
            record.add(step, {"loss": 1.0})
    time.sleep(1 - time.time() % 1)  # TensorBoard reads event files in the order of the second in their names
    with Record(tmp_path) as record:
        record.resume(40)
        record.add(60, {"loss": 2.0})
    return tmp_path
