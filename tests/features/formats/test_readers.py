from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import UnreadableFile
from features.formats.mapping import read_mapping
from features.formats.readers import read_events

MAPPING = Path(__file__).parents[3] / "training" / "recipes" / "handbook.mapping.toml"
ACCESS = "event_id,time,user_id,action,outcome\na1,2026-05-01T00:00:00Z,u,login,success\n"


def test_the_stream_is_told_by_the_columns(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(ACCESS)
    assert read_events(path).table.stream == "access"
    label = tmp_path / "labels.txt"
    label.write_text(
        "event_id\tstream\tis_fraud\tknown_at\tsource\na1\taccess\t1\t2026-05-02T00:00:00Z\timport\n"
    )
    assert read_events(label).table.table["is_fraud"].to_pylist() == [True]
    unclear = tmp_path / "unclear.csv"
    unclear.write_text("a,b\n1,2\n")
    with pytest.raises(UnreadableFile, match=r"\(a, b\) do not tell whether"):
        read_events(unclear)
    with pytest.raises(UnreadableFile, match="no stream 'logins'"):
        read_events(path, stream="logins")


def test_parquet_is_told_by_its_content(tmp_path: Path) -> None:
    names, values = (line.split(",") for line in ACCESS.split())
    pq.write_table(pa.table(dict(zip(names, [[v] for v in values], strict=True))), tmp_path / "x")
    assert len(read_events(tmp_path / "x").table) == 1


def test_a_log_is_told_by_its_first_lines(tmp_path: Path) -> None:
    path = tmp_path / "auth"
    path.write_text("Dec 10 06:55:48 h sshd[1]: Failed password for a from 192.0.2.7 port 1 ssh2\n")
    assert len(read_events(path, year=2025).table) == 1


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(b"\x89PNG\0\0\0")
    with pytest.raises(UnreadableFile, match="none of the formats read here"):
        read_events(path)
    path.write_bytes(b" \n")
    with pytest.raises(UnreadableFile, match="is empty"):
        read_events(path)
    with pytest.raises(UnreadableFile, match="cannot read"):
        read_events(tmp_path)
    message = tmp_path / "x.xml"
    message.write_text("<a>")
    with pytest.raises(UnreadableFile, match=r"x\.xml: not well-formed XML"):
        read_events(message)


@pytest.fixture
def real_data() -> Path:
    folder = os.environ.get("CROSSFLAG_TEST_DATA")
    if not folder:
        pytest.skip("CROSSFLAG_TEST_DATA names no folder with the real files")
    return Path(folder)


def test_the_real_sshd_log(real_data: Path) -> None:
    read = read_events(real_data / "logs" / "OpenSSH_2k.log")
    assert (read.rows, read.rejected, read.rows - 8 + read.skipped) == (529, 0, 2000)
    assert read.table.table["outcome"].to_pylist().count("success") == 1
    assert read.skipped_kinds["break-in attempt"] == 85
    assert len(set(read.table.table["event_id"].to_pylist())) == 529


def test_the_real_handbook_file(real_data: Path) -> None:
    path = real_data / "handbook" / "transactions.parquet"
    read = read_events(path, mapping=read_mapping(MAPPING))
    assert (read.rows, read.rejected, len(read.table)) == (1_754_155, 0, 1_754_155)
    assert read.labels is not None
    assert pa.compute.sum(read.labels.table["is_fraud"]).as_py() == 14_681
    assert pa.compute.sum(pa.compute.equal(read.table.table["amount_minor"], 0)).as_py() == 42
