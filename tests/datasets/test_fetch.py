"""Cache and download against a local server: nothing wrong is returned, nothing half is left."""

import gzip
import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.datasets import _fetch
from sklearn_mtl.datasets._fetch import Fingerprint, MeasuredDataset, Source, fetch


def parse_csv(content):
    return pd.read_csv(StringIO(content.decode()))


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(40, 3)).round(6) * [1.0, 1e4, 1e-2]
    return pd.DataFrame(values, columns=["flow", "pressure", "quality"])


@pytest.fixture
def server():
    """Serve ``server.files``: path to (status, body, announced length)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.requests.append(self.path)
            status, body, length = self.server.files.get(self.path, (404, b"", 0))
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.files, running.requests = {}, []
        running.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def serve(server, path, body, *, status=200, announced=None):
    server.files[path] = (status, body, len(body) if announced is None else announced)
    return server.url + path


@pytest.fixture
def dataset(table, server):
    """A small data set at ``/table.csv`` of the server, which serves it."""
    url = serve(server, "/table.csv", table.to_csv(index=False).encode())
    return MeasuredDataset(
        file_name="small.csv.gz",
        sources=(Source(url=url, parse=parse_csv),),
        fingerprint=Fingerprint(n_rows=40, column_means=table.mean().to_dict()),
        target_names=("quality",),
        units={"flow": "m3/h", "pressure": "kPa", "quality": "%"},
        description="Small.",
    )


def load(dataset, folder, **options):
    arguments = {"download_if_missing": True, "return_X_y": False, **options}
    return fetch(dataset, data_home=folder, **arguments)


def test_download_then_cache(dataset, server, table, tmp_path):
    folder = tmp_path / "new" / "cache"
    first = load(dataset, folder)
    again = load(dataset, folder, download_if_missing=False)
    pd.testing.assert_frame_equal(first.frame, table)
    pd.testing.assert_frame_equal(again.frame, first.frame)
    assert server.requests == ["/table.csv"]
    assert [path.name for path in folder.iterdir()] == ["small.csv.gz"]


def test_bunch_and_tuple(dataset, table, tmp_path):
    bunch = load(dataset, tmp_path)
    assert bunch.feature_names == ["flow", "pressure"]
    assert bunch.target_names == ["quality"]
    assert bunch.feature_units == {"flow": "m3/h", "pressure": "kPa"}
    assert bunch.target_units == {"quality": "%"}
    assert bunch.DESCR == "Small."
    X, y = load(dataset, tmp_path, return_X_y=True)
    pd.testing.assert_frame_equal(X, bunch.data)
    pd.testing.assert_frame_equal(y, bunch.target)


def test_folder_from_environment_or_home(dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("SKLEARN_MTL_DATA", str(tmp_path / "variable"))
    load(dataset, None)
    assert (tmp_path / "variable" / "small.csv.gz").exists()
    monkeypatch.setenv("SKLEARN_MTL_DATA", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    load(dataset, None)
    assert (tmp_path / "sklearn_mtl_data" / "small.csv.gz").exists()


def test_missing_and_no_download_allowed(dataset, server, tmp_path):
    with pytest.raises(OSError, match=r"small\.csv\.gz does not exist.*SKLEARN_MTL_DATA"):
        load(dataset, tmp_path, download_if_missing=False)
    assert server.requests == []


def test_unreachable_names_address_cache_and_variable(dataset, server, tmp_path):
    offline = replace(dataset, sources=(Source("http://127.0.0.1:9/table.csv", parse_csv),))
    with pytest.raises(OSError, match=r"127\.0\.0\.1:9/table\.csv") as caught:
        load(offline, tmp_path)
    assert str(tmp_path / "small.csv.gz") in str(caught.value)
    assert "SKLEARN_MTL_DATA" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fault", ["404", "interrupted"])
def test_failed_download_leaves_nothing(dataset, server, table, tmp_path, fault):
    body = table.to_csv(index=False).encode()
    if fault == "404":
        server.files.clear()
    else:
        serve(server, "/table.csv", body[:500], announced=len(body))
    with pytest.raises(OSError, match=r"/table\.csv could not be read"):
        load(dataset, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda table: table.iloc[:-1], "number of rows: expected 40, found 39"),
        (lambda table: table.rename(columns={"flow": "f"}), r"wrong columns: .*found \['f'"),
        (lambda table: table[["pressure", "flow", "quality"]], "wrong columns"),
        (lambda table: table.assign(flow=table["flow"] + 1e-3), "'flow': expected a mean of"),
        (lambda table: table.assign(quality="Bad"), "'quality'.*found nan"),
        (lambda table: table.mask(table["flow"] == table["flow"].max()), "found nan"),
    ],
)
def test_wrong_table_from_the_source(dataset, server, table, tmp_path, damage, message):
    serve(server, "/table.csv", damage(table).to_csv(index=False).encode())
    with pytest.raises(ValueError, match=message):
        load(dataset, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_page_instead_of_a_table(dataset, server, tmp_path):
    serve(server, "/table.csv", b"\xff\xfe not a table")
    with pytest.raises(ValueError, match="unexpected content"):
        load(dataset, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_damaged_cache_is_refused_by_name(dataset, table, tmp_path):
    path = tmp_path / "small.csv.gz"
    load(dataset, tmp_path)
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[30:60] = bytes(30)
    for content in (whole[:200], b"no gzip", bytes(damaged), gzip.compress(b"")):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"small\.csv\.gz.*Delete the file"):
            load(dataset, tmp_path)
    table.assign(pressure=0.0).to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"small\.csv\.gz.*'pressure'.*Delete the file"):
        load(dataset, tmp_path)


def test_failure_while_writing_leaves_nothing(dataset, tmp_path, monkeypatch):
    def full_disk(*args):
        raise OSError("disk full")

    monkeypatch.setattr(_fetch.os, "replace", full_disk)
    with pytest.raises(OSError, match="disk full"):
        load(dataset, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_second_source_stands_in_for_the_first(dataset, server, table, tmp_path):
    gone = Source(server.url + "/gone.csv", parse_csv)
    wrong = Source(serve(server, "/wrong.csv", b"a,b\n1,2\n"), parse_csv)
    both = replace(dataset, sources=(gone, wrong, *dataset.sources))
    pd.testing.assert_frame_equal(load(both, tmp_path).frame, table)
    assert server.requests == ["/gone.csv", "/wrong.csv", "/table.csv"]
    with pytest.raises(OSError, match=r"(?s)gone\.csv.*wrong\.csv"):
        load(replace(dataset, sources=(gone, wrong)), tmp_path / "empty")


def test_catalogue_entry_names_the_file(dataset, server, table, tmp_path):
    def locate(entry):
        return json.loads(entry)["file"]

    url = dataset.sources[0].url
    entry = serve(server, "/entry.json", json.dumps({"file": url}).encode())
    listed = replace(dataset, sources=(Source(entry, parse_csv, locate),))
    pd.testing.assert_frame_equal(load(listed, tmp_path).frame, table)
    for broken in (b"{}", b"<html>", b"[]"):
        serve(server, "/entry.json", broken)
        with pytest.raises(ValueError, match=r"entry\.json does not name a file"):
            load(listed, tmp_path / "empty")


def test_columns_with_missing_values(dataset, server, table, tmp_path):
    table = table.assign(flow=table["flow"].mask(np.arange(40) < 3))
    serve(server, "/table.csv", table.to_csv(index=False).encode())
    means = table.mean().to_dict()
    expected = replace(dataset, fingerprint=Fingerprint(40, means, n_missing={"flow": 3}))
    pd.testing.assert_frame_equal(load(expected, tmp_path / "cache").frame, table)
    for n_missing in (0, 2, 4):
        wrong = replace(dataset, fingerprint=Fingerprint(40, means, {"flow": n_missing}))
        with pytest.raises(ValueError, match=r"'flow'.*found nan"):
            load(wrong, tmp_path / "other")


def test_table_that_nobody_publishes(dataset, server, table, tmp_path):
    kept = replace(dataset, sources=())
    with pytest.raises(OSError, match=r"small\.csv\.gz.*cannot be downloaded.*SKLEARN_MTL_DATA"):
        load(kept, tmp_path)
    path = tmp_path / "small.csv.gz"
    table.to_csv(path, index=False)
    pd.testing.assert_frame_equal(load(kept, tmp_path).frame, table)
    path.write_bytes(b"no gzip")
    with pytest.raises(ValueError, match="Replace the file by an undamaged copy"):
        load(kept, tmp_path)


def test_time_index_and_group_column(dataset, server, table, tmp_path):
    times = pd.date_range("2017-03-11", periods=40, freq="h")
    timed = table.assign(timestamp=times, year=2017)[["timestamp", "year", *table.columns]]
    means = {
        "timestamp": float(((times - pd.Timestamp(0)) / pd.Timedelta(hours=1)).to_numpy().mean()),
        "year": 2017.0,
        **table.mean().to_dict(),
    }
    serve(server, "/table.csv", timed.to_csv(index=False).encode())

    def parse(content):
        return parse_csv(content).astype({"timestamp": "datetime64[ns]"})

    described = replace(
        dataset,
        sources=(replace(dataset.sources[0], parse=parse),),
        fingerprint=Fingerprint(40, means),
        time_column="timestamp",
        group_column="year",
    )
    bunch = load(described, tmp_path)
    assert bunch.data.index.equals(pd.DatetimeIndex(times))
    assert bunch.feature_names == ["flow", "pressure"]
    assert list(bunch.frame.columns) == ["year", "flow", "pressure", "quality"]
    assert (bunch.year == 2017).all()
