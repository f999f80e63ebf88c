"""What every test can use."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import gettempdir
from textwrap import dedent
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import takewhile

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
NOBODY = 65534


@pytest.fixture(scope="session")
def shared_data() -> Callable[..., Path]:
    """Where a file of the shared data folder lies; skips the test where there is none."""

    def locate(*parts: str) -> Path:
        path = SHARED_DATA.joinpath(*parts)
        if not path.exists():
            pytest.skip(f"needs the billing data at {path.relative_to(ROOT.parent)}")
        return path

    return locate


class Install(Protocol):
    """Installs a distribution made up for the test."""

    def __call__(
        self, distribution: str, code: str, *, version: str = ..., **entry_points: str
    ) -> Path: ...


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs real distributions, as pip would leave them, for the length of one test.

    ``install("finops-x", "class X: …", sources="x=X")`` writes the module ``finops_x`` and an
    entry point ``x = finops_x:X`` in the group ``finops.sources``; several are split by spaces,
    and ``x=.`` is the module itself.
    """
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def install_one(
        distribution: str, code: str, *, version: str = "1.0", **entry_points: str
    ) -> Path:
        module = distribution.replace("-", "_")
        (site / f"{module}.py").write_text(dedent(code), encoding="utf-8")
        info = site / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        )
        (info / "top_level.txt").write_text(f"{module}\n")
        lines = []
        for kind, offers in entry_points.items():
            lines.append(f"[finops.{kind}]")
            for offer in offers.split():
                name, _, value = offer.partition("=")
                lines.append(f"{name} = {module}" + ("" if value == "." else f":{value}"))
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
        return site

    yield install_one
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(str(site)):
            del sys.modules[name]


@pytest.fixture
def unprivileged(
    tmp_path: Path,
) -> Callable[[], AbstractContextManager[None]]:
    """Lets a part of a test run as a user whom permissions bind, root's tests included."""

    @contextmanager
    def as_nobody() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        above = takewhile(lambda folder: folder != Path(gettempdir()), tmp_path.parents)
        for folder in (tmp_path, *above):
            folder.chmod(0o777)  # nobody must reach the folder to be refused at the file
        for path in tmp_path.rglob("*"):
            os.chown(path, NOBODY, NOBODY)
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)

    return as_nobody
