"""How Kubecost and OpenCost are asked, found out, and understood when they refuse."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pydantic import ValidationError

from finops_cost_management import (
    AccessError,
    ConfigurationError,
    DataError,
    FinopsError,
    RetryLaterError,
)
from finops_kubecost.client import Allocation, KubecostClient
from finops_kubecost.connection import KubecostOptions, NotHereError
from finops_kubecost.fake_kubecost import FakeKubecost, idle, workload
from finops_kubecost.source import KubecostAllocation, KubecostAllocationOptions

pytestmark = pytest.mark.model_checked_fake

DAY = date(2026, 11, 1)
Asking = Callable[..., KubecostAllocation]


def allocations(source: KubecostAllocation, day: date = DAY) -> list[Allocation]:
    with KubecostClient(source) as client:
        return client.allocations(day)


def one_pod(**more: Any) -> FakeKubecost:
    return FakeKubecost({DAY: [workload("web", "web-1", cpuCost=1.5), idle(cpuCost=0.5)]}, **more)


def names(told: list[Allocation]) -> list[str]:
    return [str(one["name"]) for one in told]


class TestDialects:
    @pytest.mark.parametrize(
        ("dialect", "path", "questions"),
        [
            ("kubecost", "/model/allocation", 1),
            ("opencost", "/allocation/compute", 2),
            ("opencost-ui", "/model/allocation", 1),
        ],
    )
    def test_it_is_found_out_once(
        self, asking: Asking, dialect: Any, path: str, questions: int
    ) -> None:
        fake = one_pod(dialect=dialect)
        with KubecostClient(asking(fake)) as client:
            client.allocations(DAY)
            client.allocations(DAY)
        assert fake.asked[-1][0] == path
        assert len(fake.asked) == questions + 1

    @pytest.mark.parametrize("dialect", ["kubecost", "opencost", "opencost-ui"])
    def test_idle_comes_from_all_of_them_and_is_not_shared(
        self, asking: Asking, dialect: Any
    ) -> None:
        # OpenCost gives no idle unless asked in its own words, whatever the path.
        told = allocations(asking(one_pod(dialect=dialect)))
        assert names(told) == ["production/node-1/__idle__", "production/node-1/web/web-1/main"]
        assert [one["totalCost"] for one in told] == [Decimal("0.5"), Decimal("1.5")]

    def test_the_address_may_be_that_of_the_question(self) -> None:
        fake = one_pod()
        with fake.served() as address:
            for ending in ("/", "/model", "/model/", "/model/allocation"):
                options = KubecostAllocationOptions(url=address + ending)
                assert len(allocations(KubecostAllocation(options))) == 2

    def test_a_server_of_something_else_is_named(self, asking: Asking) -> None:
        source = asking(one_pod())
        source = KubecostAllocation(
            KubecostAllocationOptions(url=f"{source.options.url}/elsewhere")
        )
        with pytest.raises(AccessError, match=r"neither Kubecost nor OpenCost: .*404") as caught:
            allocations(source)
        assert "without a path" in str(caught.value)

    def test_a_web_page_is_no_answer(self, asking: Asking) -> None:
        with (
            KubecostClient(asking(one_pod(dialect="opencost-ui"))) as client,
            pytest.raises(NotHereError, match="web page"),
        ):
            client.get("/savings")

    def test_idle_is_told_by_cluster_where_it_is_not_by_node(self, asking: Asking) -> None:
        fake = one_pod(knows_idle_by_node=False)
        with KubecostClient(asking(fake)) as client:
            assert "production/__idle__" in names(client.allocations(DAY))
            asked = len(fake.asked)
            client.allocations(DAY)
        assert len(fake.asked) == asked + 1


class TestWindows:
    def test_a_day_is_asked_by_its_instants(self, asking: Asking) -> None:
        fake = one_pod()
        allocations(asking(fake))
        assert fake.asked[0][1]["window"] == "2026-11-01T00:00:00Z,2026-11-02T00:00:00Z"

    def test_sets_are_told_by_their_windows_not_by_position(self, asking: Asking) -> None:
        days = {DAY + timedelta(days=n): [workload("web", f"web-{n}", cpuCost=n)] for n in (-1, 1)}
        sets: list[Any] = [fake_set(one_pod(), DAY)]
        sets += [fake_set(FakeKubecost(days), day) for day in days]
        fake = FakeKubecost(answers={"/model/allocation": {"code": 200, "data": [*sets, {}, None]}})
        told = allocations(asking(fake))
        assert names(told) == ["production/node-1/__idle__", "production/node-1/web/web-1/main"]
        assert told[1]["totalCost"] == Decimal("1.5")

    @pytest.mark.parametrize("data", [None, [], [{}], [None], [{}, {}]])
    def test_nothing_may_be_said_in_many_ways(self, asking: Asking, data: Any) -> None:
        fake = FakeKubecost(answers={"/model/allocation": {"code": 200, "data": data}})
        assert allocations(asking(fake)) == []

    def test_a_time_before_the_install_is_nothing(self, asking: Asking) -> None:
        words = "error: AllocationSetRange has empty AssetSet in accumulation"
        for answer in (
            {"code": 500, "message": words},
            {"code": 400, "data": None, "message": words},
        ):
            fake = FakeKubecost(answers={"/model/allocation": answer})
            assert allocations(asking(fake)) == []

    def test_a_set_belongs_to_the_day_in_which_it_starts(self, asking: Asking) -> None:
        # A Kubecost that counts days by its own clock gives two sets for each day of ours.
        sets = []
        for first in (31, 1, 2):
            month = "10" if first == 31 else "11"
            start = datetime.fromisoformat(f"2026-{month}-{first:02}T22:00:00Z")
            window = {
                side: (start + timedelta(days=more)).strftime("%Y-%m-%dT%H:%M:%SZ")
                for side, more in (("start", 0), ("end", 1))
            }
            sets.append({f"of-{first}": {"window": window, "totalCost": first}})
        fake = FakeKubecost(answers={"/model/allocation": {"code": 200, "data": sets}})
        source = asking(fake)
        days = [DAY + timedelta(days=number) for number in (-1, 0, 1)]
        assert [names(allocations(source, day)) for day in days] == [["of-31"], ["of-1"], ["of-2"]]

    def test_hours_of_a_day_are_all_taken(self, asking: Asking) -> None:
        sets = []
        for hour in (0, 23):
            window = {
                "start": f"2026-11-01T{hour:02}:00:00Z",
                "end": "2026-11-02T00:00:00Z" if hour else "2026-11-01T01:00:00Z",
            }
            sets.append({"a": {"window": window, "totalCost": 1}})
        fake = FakeKubecost(answers={"/model/allocation": {"code": 200, "data": sets}})
        assert len(allocations(asking(fake))) == 2

    def test_more_than_a_day_is_refused(self, asking: Asking) -> None:
        window = {"start": "2026-11-01T00:00:00Z", "end": "2026-11-08T00:00:00Z"}
        answer = {"code": 200, "data": [{"a": {"window": window, "totalCost": 1}}]}
        fake = FakeKubecost(answers={"/model/allocation": answer})
        with pytest.raises(DataError, match="2026-11-01 to 2026-11-08"):
            allocations(asking(fake))

    @pytest.mark.parametrize("window", [None, {}, {"start": None, "end": None}, "1d"])
    def test_money_of_no_time_is_refused(self, asking: Asking, window: Any) -> None:
        answer = {"code": 200, "data": [{"a": {"window": window, "totalCost": 1}}]}
        fake = FakeKubecost(answers={"/model/allocation": answer})
        with pytest.raises(DataError, match="of which time"):
            allocations(asking(fake))

    @pytest.mark.parametrize("data", [[[{"name": "a"}]], {"sets": [1]}, "words", [{"a": 1}], 5])
    def test_other_shapes_are_refused(self, asking: Asking, data: Any) -> None:
        fake = FakeKubecost(answers={"/model/allocation": {"code": 200, "data": data}})
        with pytest.raises(DataError, match="does not hold allocations"):
            allocations(asking(fake))


def fake_set(fake: FakeKubecost, day: date) -> dict[str, Any]:
    """The set of one day, as a question for that day gives it."""
    window = f"{day}T00:00:00Z,{day + timedelta(days=1)}T00:00:00Z"
    _, _, body = fake.answer("/model/allocation", {"window": window, "idleByNode": "true"})
    told: dict[str, Any] = json.loads(body)["data"][0]
    return told


class TestPages:
    def many(self, **more: Any) -> FakeKubecost:
        pods = [workload("web", f"web-{number}", cpuCost=1) for number in range(10)]
        return FakeKubecost({DAY: pods}, **more)

    @pytest.mark.parametrize(("page_size", "questions"), [(3, 4), (5, 3), (10, 2), (11, 1)])
    def test_all_pages_are_read(self, asking: Asking, page_size: int, questions: int) -> None:
        fake = self.many()
        assert len(allocations(asking(fake, page_size=page_size))) == 10
        assert len(fake.asked) == questions

    @pytest.mark.parametrize("page_size", [3, 10])
    def test_a_server_without_pages_is_not_asked_for_ever(
        self, asking: Asking, page_size: int
    ) -> None:
        fake = self.many(pages=False)
        assert len(allocations(asking(fake, page_size=page_size))) == 10
        assert len(fake.asked) <= 2


class TestFake:
    """The habits in which the two servers differ, and for which a day is asked at a time."""

    def sets(self, fake: FakeKubecost, **parameters: str) -> list[dict[str, Any]]:
        _, _, body = fake.answer(fake_path(fake), parameters)
        told: list[dict[str, Any]] = json.loads(body)["data"]
        return told

    def test_kubecost_gives_a_set_for_each_calendar_day(self) -> None:
        fake = one_pod()
        window = "2026-10-31T00:00:00Z,2026-11-03T00:00:00Z"
        assert [len(told) for told in self.sets(fake, window=window)] == [0, 2, 0]
        assert len(self.sets(fake, window="3d")) == 4

    def test_opencost_gives_one_set_unless_told_the_step(self) -> None:
        fake = one_pod(dialect="opencost")
        window = "2026-10-31T00:00:00Z,2026-11-03T00:00:00Z"
        assert [len(told) for told in self.sets(fake, window=window)] == [1]
        assert len(self.sets(fake, window=window, step="1d")) == 3

    def test_adding_up_days_before_the_install_fails(self) -> None:
        window = "2026-10-31T00:00:00Z,2026-11-03T00:00:00Z"
        status, _, body = one_pod().answer(
            "/model/allocation", {"window": window, "accumulate": "true"}
        )
        assert status == 500
        assert b"empty AssetSet" in body


def fake_path(fake: FakeKubecost) -> str:
    return "/model/allocation" if fake.dialect == "kubecost" else "/allocation"


class TestPatience:
    @pytest.mark.parametrize("failure", [429, 500, 502, 503, 504, "truncated", "broken", "silent"])
    def test_it_asks_again(self, asking: Asking, failure: int | str) -> None:
        fake = one_pod(failures=[failure, failure])
        source = asking(fake)
        assert len(allocations(source)) == 2
        assert source.requests is not None
        assert source.requests >= 3

    @pytest.mark.parametrize(
        ("failure", "words"),
        [
            (503, "answers 503 upstream is not well"),
            ("truncated", "breaks off in the middle"),
            ("broken", "breaks off in the middle"),
            ("silent", "breaks the connection off"),
        ],
    )
    def test_it_ends(self, asking: Asking, failure: int | str, words: str) -> None:
        fake = one_pod(failures=[failure] * 20)
        with pytest.raises(RetryLaterError, match=rf"{words}.*4 times in a row"):
            allocations(asking(fake))

    def test_a_slow_server_is_told_of_with_the_remedy(self, asking: Asking) -> None:
        with pytest.raises(RetryLaterError, match=r"within 0\.05 s.*raise `timeout`"):
            allocations(asking(one_pod(slow=0.2), timeout=0.05))

    def test_an_answer_that_trickles_is_given_up(
        self, asking: Asking, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("finops_kubecost.connection.SLOWEST", 0)
        with pytest.raises(RetryLaterError, match="answers by the drop"):
            allocations(asking(one_pod()))

    def test_the_server_says_how_long_to_wait(
        self, monkeypatch: pytest.MonkeyPatch, asking: Asking
    ) -> None:
        waits: list[float] = []
        monkeypatch.setattr("finops_kubecost.connection.pause", waits.append)
        with KubecostClient(asking(one_pod())) as client:
            monkeypatch.setattr(
                client.connection, "_exchange", lambda *_: (429, 7200.0, b"slow down")
            )
            with pytest.raises(RetryLaterError):
                client.allocations(DAY)
        assert waits == [60.0, 60.0, 60.0]


class TestRefusals:
    def test_nobody_is_there(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        source = KubecostAllocation(KubecostAllocationOptions(url=f"http://127.0.0.1:{port}"))
        with pytest.raises(AccessError) as caught:
            allocations(source)
        assert f"failed to connect to Kubecost at http://127.0.0.1:{port}" in caught.value.what
        assert "connection refused" in caught.value.what
        assert "svc/kubecost-cost-analyzer 9090:9090" in str(caught.value)

    def test_a_proxy_that_is_not_there_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        source = KubecostAllocation(KubecostAllocationOptions(url="http://kubecost.example"))
        with pytest.raises(AccessError, match=r"the proxy does not let us through .*HTTP_PROXY"):
            allocations(source)

    def test_an_impossible_address_is_named(self) -> None:
        source = KubecostAllocation(KubecostAllocationOptions(url="http://kubecost..example"))
        with pytest.raises(AccessError, match=r"http://kubecost\.\.example .*check `url`"):
            allocations(source)

    def test_a_refusal_in_json_is_told_in_its_words(
        self, asking: Asking, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        body = b'{"code":400,"data":null,"message":"Invalid step parameter: none"}'
        monkeypatch.setattr(FakeKubecost, "answer", lambda *_: (400, "application/json", body))
        with pytest.raises(DataError, match=r"question: 400 Invalid step parameter: none;"):
            allocations(asking(one_pod()))

    def test_a_bad_window_is_told_in_the_servers_words(self, asking: Asking) -> None:
        # Older builds write plain text, then go on with the JSON of an answer.
        with (
            KubecostClient(asking(one_pod())) as client,
            pytest.raises(DataError, match=r"400 Invalid 'window' parameter: illegal window;"),
        ):
            client.get("/model/allocation", window="soon")

    @pytest.mark.parametrize(
        ("body", "error", "words"),
        [
            (b"OK", DataError, "does not answer in JSON: OK"),
            (b"<html>hello</html>", AccessError, "web page"),
            (b"[" * 200_000, DataError, "no end"),
            (b'{"code":200,"data":[{"a":', RetryLaterError, "breaks off"),
            (b"", RetryLaterError, "breaks off"),
            (b"\xff\xfe\x00", DataError, "JSON"),
        ],
    )
    def test_a_body_that_is_no_json(
        self,
        asking: Asking,
        monkeypatch: pytest.MonkeyPatch,
        body: bytes,
        error: type[FinopsError],
        words: str,
    ) -> None:
        monkeypatch.setattr(FakeKubecost, "answer", lambda *_: (200, "application/json", body))
        with pytest.raises(error, match=words):
            allocations(asking(one_pod()))

    def test_a_body_that_is_too_large(
        self, asking: Asking, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("finops_kubecost.connection.MAXIMUM_BYTES", 100)
        with pytest.raises(DataError, match=r"more than .* MiB; lower `page_size`"):
            allocations(asking(one_pod()))

    @pytest.mark.parametrize("told", ["http://127.0.0.2:1/x", "https://login.example.com/"])
    def test_a_redirect_to_another_server_is_refused(self, told: str) -> None:
        with redirecting(told) as address:
            source = KubecostAllocation(
                KubecostAllocationOptions(url=address, api_key="s3cret")  # type: ignore[arg-type] # pydantic makes the secret
            )
            with pytest.raises(AccessError, match="sends us on to") as caught:
                allocations(source)
        assert "s3cret" not in str(caught.value)

    def test_a_redirect_on_the_same_server_is_followed(self) -> None:
        window = {"window": "2026-11-01T00:00:00Z,2026-11-02T00:00:00Z"}
        _, _, body = one_pod().answer("/model/allocation", window)

        def answer(path: str) -> tuple[int, dict[str, str], bytes]:
            return (200, {}, body) if path == "/moved" else (302, {"Location": "/moved"}, b"")

        with serving(answer) as address:
            source = KubecostAllocation(KubecostAllocationOptions(url=address))
            assert len(allocations(source)) == 2

    def test_a_redirect_in_a_circle_ends(self) -> None:
        with redirecting("/again") as address:
            source = KubecostAllocation(KubecostAllocationOptions(url=address))
            with pytest.raises(AccessError, match="circles"):
                allocations(source)


class TestKeys:
    def test_the_key_is_sent(self, asking: Asking) -> None:
        fake = one_pod(api_key="s3cret")
        # A secret in a file ends with a line's end.
        assert len(allocations(asking(fake, api_key="s3cret\n"))) == 2

    @pytest.mark.parametrize("absent", [None, "", "\n"])
    def test_no_key_is_no_header(self, asking: Asking, absent: str | None) -> None:
        fake = one_pod()
        allocations(asking(fake, api_key=absent))
        assert "X-API-Key" not in fake.headers

    def test_another_header_may_carry_it(self, asking: Asking) -> None:
        fake = one_pod()
        allocations(asking(fake, api_key="s3cret", api_key_header="Authorization"))
        assert fake.headers["Authorization"] == "Bearer s3cret"

    def test_a_password_file_does_not_replace_the_key(
        self, asking: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login somebody password else\n")
        monkeypatch.setenv("NETRC", str(netrc))
        fake = one_pod()
        allocations(asking(fake, api_key="s3cret", api_key_header="Authorization"))
        assert fake.headers["Authorization"] == "Bearer s3cret"

    @pytest.mark.parametrize(
        ("key", "words"), [(None, "asks for a key"), ("wr0ng", "does not accept the API key")]
    )
    def test_a_refusal_says_what_to_check(
        self, asking: Asking, key: str | None, words: str
    ) -> None:
        with pytest.raises(AccessError, match=rf"{words}: 401.*`api_key`") as caught:
            allocations(asking(one_pod(api_key="s3cret"), api_key=key))
        assert "wr0ng" not in str(caught.value)

    def test_a_server_that_repeats_the_key_does_not_spread_it(
        self, asking: Asking, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            FakeKubecost, "answer", lambda *_: (400, "text/plain", b"bad key s3cret for you")
        )
        with pytest.raises(DataError, match=r"bad key \*\*\* for you"):
            allocations(asking(one_pod(), api_key="s3cret"))

    def test_a_key_with_a_line_in_it_is_refused_unshown(self, asking: Asking) -> None:
        with pytest.raises(ConfigurationError, match="characters") as caught:
            allocations(asking(one_pod(), api_key="s3\ncret"))
        assert "cret" not in str(caught.value)

    def test_no_key_is_shown(self, asking: Asking) -> None:
        source = asking(one_pod(), api_key="s3cret")
        assert "s3cret" not in f"{source!r} {source.options!r}"


class TestCertificates:
    def test_they_are_verified_unless_switched_off(self, tmp_path: Path) -> None:
        certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",  # noqa: S607 # wherever it is
             "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", str(key), "-out", str(certificate)],
            capture_output=True,
            check=False,
        )  # fmt: skip # one line of arguments
        if made.returncode:
            pytest.skip("needs openssl to make a certificate")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        answer = one_pod().answer(
            "/model/allocation", {"window": "2026-11-01T00:00:00Z,2026-11-02T00:00:00Z"}
        )

        def ask(**options: Any) -> int:
            source = KubecostAllocation(KubecostAllocationOptions(url=address, **options))
            return len(allocations(source))

        with serving(lambda _: (200, {}, answer[2]), context) as address:
            with pytest.raises(AccessError, match=r"certificate of https.*`ca_bundle`"):
                ask()
            assert ask(ca_bundle=certificate) == 2
            assert ask(verify_ssl=False) == 2

    def test_a_missing_bundle_is_named(self, asking: Asking, tmp_path: Path) -> None:
        with pytest.raises(AccessError, match=r"no file .*ca\.pem; check `ca_bundle`"):
            allocations(asking(one_pod(), ca_bundle=tmp_path / "ca.pem"))


class TestOptions:
    @pytest.mark.parametrize(
        ("url", "words"),
        [
            ("localhost:9090", "must be an address"),
            ("ftp://kubecost", "must be an address"),
            ("http://", "must be an address"),
            ("http://me:s3cret@kubecost", "no credentials"),
            ("http://kubecost/?window=1d", "before the '\\?'"),
        ],
    )
    def test_a_wrong_address_is_refused(self, url: str, words: str) -> None:
        with pytest.raises(ValidationError, match=words):
            KubecostOptions(url=url)

    def test_a_path_before_the_api_stays(self) -> None:
        assert KubecostOptions(url="https://a.example/kubecost/model/").url == (
            "https://a.example/kubecost"
        )


def redirecting(target: str) -> Any:
    return serving(lambda _: (302, {"Location": target}, b""))


class serving:  # noqa: N801 # used as a word
    """A server of one answer."""

    def __init__(
        self,
        answer: Callable[[str], tuple[int, dict[str, str], bytes]],
        context: ssl.SSLContext | None = None,
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, body = answer(self.path)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """Handshakes fail here on purpose."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.scheme = "http"
        if context is not None:
            self.scheme = "https"
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.thread = Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    def __enter__(self) -> str:
        self.thread.start()
        return f"{self.scheme}://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
