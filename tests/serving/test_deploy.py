"""What the manifests and the image recipe say is so, and their very command line is run."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from packaging.utils import canonicalize_name
from typer.main import get_command

from serving.cli import app
from serving.settings import PREFIX, Settings
from tests.serving.harness import PATHS, ROOT, free_port, make_key, stored, wait_for
from tests.serving.worlds import START, payment

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
RECIPE = (DEPLOY / "Containerfile").read_text()
LOCKED = {
    canonicalize_name(name)
    for name in re.findall(
        r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements" / "serve.lock").read_text(), re.M
    )
}


def deployments() -> list[dict[str, Any]]:
    return [one for one in MANIFESTS if one["kind"] == "Deployment"]


def command_lines() -> list[list[str]]:
    lines = [one["command"] for name, one in COMPOSE["services"].items() if name != "database"]
    for one in deployments():
        lines += [box["args"] for box in one["spec"]["template"]["spec"]["containers"]]
    return lines


@pytest.mark.parametrize("line", command_lines(), ids=" ".join)
def test_the_command_line_is_one_that_the_program_takes(line: list[str]) -> None:
    get_command(app).make_context("crossflag", list(line), resilient_parsing=False)
    name, *options = line
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    command.make_context(name, options)


def test_every_setting_that_is_given_exists() -> None:
    known = {PREFIX + name.upper() for name in Settings.__dataclass_fields__}
    known |= {f"{name}_FILE" for name in known}
    for name in re.findall(r"\bCROSSFLAG_\w+", RECIPE + str(COMPOSE) + str(MANIFESTS)):
        assert name in known, name


def test_a_pod_may_do_nothing_that_it_need_not() -> None:
    for one in deployments():
        assert one["apiVersion"] == "apps/v1"
        template = one["spec"]["template"]
        labels = template["metadata"]["labels"]
        assert one["spec"]["selector"]["matchLabels"].items() <= labels.items()
        pod = template["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert f"uid {pod['securityContext']['runAsUser']}" in RECIPE
        assert pod["automountServiceAccountToken"] is False
        (box,) = pod["containers"]
        assert box["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert box["resources"]["limits"]["memory"]
        (port,) = box["ports"]
        assert str(port["containerPort"]) == box["args"][box["args"].index("--port") + 1]
        for probe, path in (
            ("startupProbe", "/healthz"),
            ("livenessProbe", "/healthz"),
            ("readinessProbe", "/readyz"),
        ):
            assert box[probe]["httpGet"] == {"path": path, "port": port["name"]}
        mounted = {one["name"] for one in box["volumeMounts"]}
        assert mounted == {one["name"] for one in pod["volumes"]}
        # The wait before the end is within the time that a pod has to end.
        assert pod["terminationGracePeriodSeconds"] >= 60
    service = next(one for one in MANIFESTS if one["kind"] == "Service")
    template = deployments()[0]["spec"]["template"]
    assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
    assert "USER 10001:10001" in RECIPE.split("FROM")[-1]
    for name, one in COMPOSE["services"].items():
        assert one["restart"] == "unless-stopped"
        assert set(one.get("secrets", [])) <= COMPOSE["secrets"].keys()
        if name != "database":
            assert one["read_only"] is True
            assert one["cap_drop"] == ["ALL"]


def test_the_image_installs_by_hash_what_the_service_needs_and_no_more() -> None:
    assert "--require-hashes" in RECIPE
    assert not LOCKED & {"mlflow", "xgboost-cpu", "pandas", "scikit-learn", "matplotlib"}
    program = f"""
import importlib.metadata, re, sys

LOCKED = {sorted(LOCKED)!r}
of = importlib.metadata.packages_distributions()

class Image:
    @staticmethod
    def find_spec(name, path=None, target=None):
        there = [re.sub("[-_.]+", "-", one).lower() for one in of.get(name, [])]
        if there and not set(there) & {{*LOCKED, "crossflag"}}:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Image)
import models.warm, serving.__main__, serving.app, serving.worker, serving.streams.kafka
import serving.cli.export, serving.cli.history, features.batch
models.warm.warm()
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_a_service_that_is_told_to_stop_answers_what_it_accepted_and_keeps_its_history(
    new_home: Callable[..., Path],
) -> None:
    """The pod's own command line, ended as a pod is ended, while events come in."""
    home, port = new_home(), free_port()
    key = make_key(home)
    (box,) = deployments()[0]["spec"]["template"]["spec"]["containers"]
    line = [{"8000": str(port), "0.0.0.0": "127.0.0.1"}.get(one, one) for one in box["args"]]
    environment = {name: value for name, value in os.environ.items() if "CROSSFLAG" not in name}
    environment |= {"CROSSFLAG_HOME": str(home), "CROSSFLAG_CONSOLE": "false"}
    child = subprocess.Popen([sys.executable, "-m", "serving", *line], cwd=ROOT, env=environment)
    answered: list[str] = []
    said: list[int] = []
    try:
        url, headers = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
            wait_for(client, ready=True)

            def play(first: int) -> None:
                with httpx.Client(base_url=url, headers=headers, timeout=30) as mine:
                    for number in range(first, first + 10_000):
                        try:
                            answer = mine.post(PATHS["payment"], json=payment(number, 1, START))
                        except httpx.TransportError:
                            return
                        said.append(answer.status_code)
                        if answer.status_code == 200:
                            answered.append(f"p{number}")

            players = [threading.Thread(target=play, args=(n * 10_000,)) for n in range(3)]
            for one in players:
                one.start()
            while len(answered) < 60:
                assert child.poll() is None
            child.send_signal(signal.SIGTERM)
            assert child.wait(60) == -signal.SIGTERM
            for one in players:
                one.join(30)
    finally:
        child.kill()
        child.wait()
    assert set(said) <= {200, 503}
    kept = {name for (name,) in stored(home, "SELECT event_id FROM events")}
    assert set(answered) <= kept
    assert len(list((home / "snapshots").iterdir())) >= 1
