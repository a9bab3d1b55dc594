"""What stands in ops/ is true: each metric exists, each file reads whole, each command in it starts."""

import asyncio
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # schemathesis brings it
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families
from standins.receiver import Receiver
from standins.shell import ROOT, Shell, read_until

from bot.demo import LOGIN_OUTAGE, DemoPage, load

OPS = ROOT / "ops"
NOT_OURS = {"up"}
"""Prometheus' own."""
_WORDS = {
    "sum", "max", "min", "avg", "count", "by", "without", "rate", "increase", "delta", "histogram_quantile",
    "absent",
    "and", "or", "unless", "on", "ignoring", "le", "outcome", "state", "transport", "type", "job", "instance",
}  # fmt: skip


def named(expression: str) -> set[str]:
    """The metrics in an expression."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring)\s*\([^)]*\)", "", bare)
    return set(re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*", bare)) - _WORDS


def test_metrics_are_found_in_expressions() -> None:
    said = 'histogram_quantile(0.9, sum by (le) (rate(a_bucket{job="x", b=~"c|d"}[5m]))) / max(e) > 3'
    assert named(f'{said} or absent(up{{f="g"}})') == {"a_bucket", "e", "up"}


def _dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((OPS / "grafana-dashboard.json").read_text())
    return found


def _rules() -> list[dict[str, Any]]:
    found = yaml.safe_load((OPS / "alerts.yml").read_text())
    return [rule for group in found["groups"] for rule in group["rules"]]


def _expressions() -> list[str]:
    shown = [target["expr"] for panel in _dashboard()["panels"] for target in panel["targets"]]
    variables = [one["definition"] for one in _dashboard()["templating"]["list"] if "definition" in one]
    asked = [re.sub(r"label_values\((\w+),.*", r"\1", one) for one in variables]
    return [*shown, *asked, *(rule["expr"] for rule in _rules())]


async def test_every_metric_of_the_dashboard_and_of_the_alerts_is_there_after_some_activity(
    tmp_path: Path,
) -> None:
    page, scraped = DemoPage(load(LOGIN_OUTAGE)), ""
    async with Receiver() as receiver:
        address = await page.start()
        shell = Shell(tmp_path, {"UPTIMUS_HEARTBEAT_URL": receiver.url})
        await shell.done("follow", address, "--to", receiver.url)
        process = await shell.start("run")
        assert process.stderr is not None
        line = await read_until("listening", process.stderr)
        [port] = re.findall(r"port=\D*(\d+)", re.sub(r"\x1b\[[0-9;]*m", "", line).splitlines()[-1])
        page.show(1)
        await receiver.until(3)  # a message and a heartbeat at least
        async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
            scraped = await answer.text()
        process.terminate()
        await process.communicate()
        await page.aclose()
    families = list(text_string_to_metric_families(scraped))
    known = {sample.name for family in families for sample in family.samples}
    wanted = {name for expression in _expressions() for name in named(expression)}
    assert len(wanted) > 10
    assert wanted - known - NOT_OURS == set()
    labels = {sample.name: set(sample.labels) for family in families for sample in family.samples}
    for expression in _expressions():
        for name, chosen in re.findall(r"(\w+)\{([^}]*)\}", expression):
            used = set(re.findall(r"(\w+)\s*=", chosen)) - {"job", "instance"}
            assert used <= labels.get(name, set()), (name, used)


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    dashboard = _dashboard()
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
    places = [panel["gridPos"] for panel in panels]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    cells = [
        (x, y)
        for at in places
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(set(cells)) == len(cells), "no panel lies on another"


def test_every_alert_is_explained_in_the_guide() -> None:
    guide = (ROOT / "docs" / "operating.md").read_text()
    for rule in _rules():
        assert {"alert", "expr", "labels", "annotations"} <= set(rule)
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert f"`{rule['alert']}`" in guide, rule["alert"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    text = (OPS / "uptimus.service").read_text()
    unit = tmp_path / "uptimus.service"
    unit.write_text(text.replace("/opt/uptimus/.venv/bin/python", sys.executable))
    said = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60)
    assert (said.returncode, said.stderr) == (0, "")
    for wanted in (
        "DynamicUser=yes",
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "StateDirectory=uptimus",
        "Restart=always",
    ):
        assert wanted in text


def test_the_container_is_of_a_user_without_rights_and_looks_after_itself() -> None:
    text = (OPS / "Containerfile").read_text()
    lines = text.replace("\\\n", " ").splitlines()
    froms = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert froms == ["python:3.11-slim", "python:3.11-slim"]
    last = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM ")) :]
    [user] = [line.split()[1] for line in last if line.startswith("USER ")]
    assert user == "10001:10001"
    assert any("/healthz" in line for line in last)
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            for name in line.split()[1:-1]:
                assert (ROOT / name).exists(), name


def test_what_the_container_installs_is_what_is_needed_and_pinned_as_it_is_tested() -> None:
    made = subprocess.run(
        [sys.executable, OPS / "pins.py"], capture_output=True, text=True, timeout=60, check=True
    )
    assert made.stdout == (OPS / "requirements.lock").read_text(), "python ops/pins.py > ops/requirements.lock"
    names = set(re.findall(r"^([a-z0-9-]+)==", made.stdout, re.MULTILINE))
    assert {"aiohttp", "sqlalchemy", "greenlet", "slack-bolt", "opentelemetry-sdk", "setuptools"} <= names
    assert not names & {"pytest", "mypy", "ruff", "playwright", "honcho"}


async def test_the_health_check_of_the_container_is_a_command_that_works(tmp_path: Path) -> None:
    text = (OPS / "Containerfile").read_text().replace("\\\n", " ")
    [found] = re.findall(r"HEALTHCHECK .* CMD (\[.*\])", text)
    command = json.loads(found)
    shell = Shell(tmp_path)
    process = await shell.start("run")
    assert process.stderr is not None
    line = re.sub(r"\x1b\[[0-9;]*m", "", await read_until("listening", process.stderr)).splitlines()[-1]
    [port] = re.findall(r"port=\D*(\d+)", line)
    for listened, code in ((port, 0), ("9", 1)):
        asked = await asyncio.create_subprocess_exec(
            sys.executable, *command[1:], env={"PORT": listened}, stderr=asyncio.subprocess.DEVNULL
        )
        assert await asked.wait() == code
    process.terminate()
    await process.communicate()


def test_the_procfile_names_commands_that_there_are() -> None:
    from click.testing import CliRunner

    from bot.__main__ import uptimus

    for line in (ROOT / "Procfile").read_text().splitlines():
        _, _, command = line.partition(":")
        words = shlex.split(command)
        assert words[:3] == ["python", "-m", "bot"]
        assert CliRunner().invoke(uptimus, [*words[3:], "--help"]).exit_code == 0
