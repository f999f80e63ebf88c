"""What every test can use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture
def shared_data() -> Callable[..., Path]:
    """Where a file of the shared data folder lies; skips the test where there is none."""

    def locate(*parts: str) -> Path:
        path = SHARED_DATA.joinpath(*parts)
        if not path.exists():
            pytest.skip(f"needs the billing data at {path.relative_to(ROOT.parent)}")
        return path

    return locate
