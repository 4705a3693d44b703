"""What the tests of deploy/ share: where its files are, and tools that not every machine has."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def deploy() -> Path:
    """The folder with everything that is deployed."""
    return ROOT / "deploy"


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """The path of a program; without it a test is skipped, but under CI=true it fails, so that no check goes missing unseen."""

    def find(name: str) -> str:
        if path := shutil.which(name):
            return path
        reason = f"{name} is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}, and CI=true wants every check")
        pytest.skip(reason)

    return find
