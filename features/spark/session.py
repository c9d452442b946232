"""A Spark session for one job: what must be there first, and our code on the workers."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import features
from features.errors import NoCluster

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OLDEST_JAVA = 17
_PATIENCE_SECONDS = 5.0
_LOGGING = """\
rootLogger.level = error
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %c{1}: %m%n
"""
_MASTER = re.compile(r"local(\[(\*|[1-9]\d*)\])?|spark://(?P<host>[\w.-]+):(?P<port>\d+)")


def check(master: str = "local[*]") -> None:
    """Raise NoCluster, with what to do, unless Spark could run here with this master."""
    found = _MASTER.fullmatch(master)
    if found is None:
        raise NoCluster(f"--master {master!r}: use local[2], local[*] or spark://HOST:PORT")
    if importlib.util.find_spec("pyspark") is None:
        raise NoCluster("pyspark is not installed; install Crossflag's extra: crossflag[spark]")
    _check_java()
    if found["host"]:
        try:
            address = (found["host"], int(found["port"]))
            socket.create_connection(address, _PATIENCE_SECONDS).close()
        except (OSError, OverflowError) as error:
            raise NoCluster(
                f"--master {master}: nothing answers there ({error}); start the master, or use "
                f"--master local[*]"
            ) from None


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    where = f"JAVA_HOME={home}" if home else "the path"
    wanted = (
        f"Spark needs Java {OLDEST_JAVA} or newer (Debian: apt-get install default-jre-headless)"
    )
    if java is None:
        raise NoCluster(f"no Java on {where}; {wanted}, or use --engine local")
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603
    version = re.search(r'version "(?:1\.)?(\d+)', told.stderr)
    if version is None or int(version[1]) < OLDEST_JAVA:
        found = f"Java {version[1]}" if version else "a java that does not say its version"
        raise NoCluster(f"{found} on {where}; {wanted}, or use --engine local")


@contextmanager
def session(master: str, partitions: int) -> Iterator[SparkSession]:
    """Give a session with our code on every worker; it is stopped at the end.

    `partitions` is into how many parts data are shuffled. Workers need Python with the packages of
    Crossflag's run lock, at the path of this process's own or of PYSPARK_PYTHON. Raises NoCluster.
    """
    check(master)
    with tempfile.TemporaryDirectory(prefix="crossflag-spark-") as room, warnings.catch_warnings():
        # pyspark warns of the pandas of today, which is not used here.
        warnings.simplefilter("ignore", FutureWarning)
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master(master).appName("crossflag features build")
        for name, value in _settings(master, Path(room), partitions).items():
            builder = builder.config(name, value)
        try:
            made = builder.getOrCreate()
        except (PySparkException, Py4JError, OSError, RuntimeError) as error:
            raise NoCluster(f"--master {master}: no session ({_first_line(error)})") from error
        try:
            if made.sparkContext.pythonExec == "python3":
                made.sparkContext.pythonExec = sys.executable
            yield made
        except (PySparkException, Py4JError) as error:
            raise NoCluster(f"--master {master}: the job failed: {_cause(error)}") from error
        finally:
            made.stop()


def _settings(master: str, room: Path, partitions: int) -> dict[str, str]:
    logging = room / "log4j2.properties"
    logging.write_text(_LOGGING)
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={logging.as_uri()}",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(partitions),
        "spark.sql.execution.arrow.maxRecordsPerBatch": "16384",
    }
    if master.startswith("local"):
        return settings | {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
        }
    archive = room / "crossflag.tar.gz"
    pack_code(archive)
    return settings | {
        "spark.archives": f"{archive}#crossflag",
        "spark.executorEnv.PYTHONPATH": "./crossflag",
    }


def pack_code(archive: Path) -> None:
    """Write the package `features` as it is here; workers unpack it and import from it.

    It is no zip: the kernel's compiled form is kept beside its source, which must be a file.
    """
    package = Path(features.__file__).parent

    def kept(item: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if "__pycache__" in item.name else item

    with tarfile.open(archive, "w:gz") as file:
        file.add(package, arcname=package.name, filter=kept)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _cause(error: BaseException) -> str:
    """Return the last line of what a worker raised: its own words."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    raised = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Warning)\b", line)]
    return (raised or lines or [type(error).__name__])[-1]
