from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_cost_management.backtest.labels import check_labels, read_labels
from finops_cost_management.errors import AccessError, ConfigurationError, FinopsError
from finops_cost_management.window import DateWindow

pytestmark = pytest.mark.invented

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "labels.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_a_day_or_a_range_with_dimensions_and_a_kind(write: Write) -> None:
    one, other = read_labels(
        write(
            "\ufeffstart, end, service, tags.team, kind\n"
            '2026-11-02,2026-11-04,"Compute, large",(none),level shift\n\n'
            "2026-11-09,2026-11-09,,payments,\n"
        )
    )

    assert one.days == DateWindow(date(2026, 11, 2), date(2026, 11, 5))
    assert one.dimensions == {"ServiceName": "Compute, large", "tags.team": None}
    assert (one.kind, one.line) == ("level shift", 2)
    assert other.dimensions == {"tags.team": "payments"}
    assert (other.kind, other.line) == ("", 4)


def test_a_label_without_dimensions_is_about_every_series(write: Write) -> None:
    (label,) = read_labels(write("date\n2026-11-02\n"))

    assert label.days == DateWindow(date(2026, 11, 2), date(2026, 11, 3))
    assert label.is_about({"ServiceName": None})
    assert label.is_about({})


def test_a_label_is_about_series_with_all_its_values(write: Write) -> None:
    (label,) = read_labels(write("date,service,provider\n2026-11-02,Compute,(none)\n"))

    assert label.is_about({"ServiceName": "Compute", "Provider": None, "RegionId": "eu"})
    assert not label.is_about({"ServiceName": "Compute", "Provider": "AWS"})
    assert not label.is_about({"ServiceName": "Compute"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "labels.csv:1: the columns are missing"),
        ("day,service\n2026-11-02,x\n", "labels.csv:1: the columns are day, service"),
        ("start,service\n2026-11-02,x\n", "labels.csv:1: the columns are start, service"),
        ("date,kind,kind\n2026-11-02,x,y\n", "labels.csv:1: the columns are"),
        ("date,servise\n2026-11-02,x\n", r"labels.csv:1: 'servise' is not a dimension.*'service'"),
        ("date,BilledCost\n2026-11-02,3\n", "labels.csv:1: 'BilledCost' is an amount"),
        ("date\n2026-11-02\n02.11.2026\n", "labels.csv:3: '02.11.2026' is no day"),
        ("date,service\n2026-11-02,a,b\n", "labels.csv:2: 3 cells where .* names 2 columns"),
        ("start,end\n2026-11-04,2026-11-02\n", "labels.csv:2: it ends on 2026-11-02, before"),
        ("date\n", "labels.csv holds no label"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(write: Write, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_labels(write(text))


def test_a_file_that_is_not_there_is_an_error_of_access(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="cannot read"):
        read_labels(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2026-11-02,Compote,", r"labels.csv:2: no series is ServiceName 'Compote';.*'Compute'"),
        ("2026-11-02,Compute,eu", "labels.csv:2: .*the series have Provider and ServiceName"),
        ("2026-11-02,(none),", "labels.csv:2: no series is ServiceName"),
    ],
)
def test_a_label_about_no_series_is_refused(write: Write, row: str, said: str) -> None:
    path = write(f"date,service,region\n{row}\n")
    series = [{"Provider": "AWS", "ServiceName": "Compute"}]
    with pytest.raises(ConfigurationError, match=said):
        check_labels(path, read_labels(path), series)


@given(st.text(max_size=60))
def test_no_text_is_a_crash(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("labels") / "labels.csv"
    path.write_text(f"date,service\n{text}\n", encoding="utf-8", errors="surrogatepass")
    try:
        labels = read_labels(path)
    except FinopsError:
        return
    assert labels
