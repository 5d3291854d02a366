"""What stands in deploy/ names what there is: settings, ports, routes, metrics, folders; and every file can be read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import yaml  # type: ignore[import-untyped]
from aiohttp import web

from control_api.app import ENDPOINTS
from server.dashboards.names import Names
from server.every_metric import EveryMetric
from server.setting_names import names, variable
from server.settings import Settings
from tests.prometheus import program
from transports.webrtc.endpoint import WebRtcEndpoint

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
FILES = sorted(file for file in DEPLOY.rglob("*") if file.is_file())
YAML = [file for file in FILES if file.suffix in (".yaml", ".yml")]
SCRIPTS = [file for file in FILES if file.suffix == ".sh"]
CODE = [
    file for folder in ("server", "control_api", "processors", "transports") for file in (ROOT / folder).rglob("*.py")
]
OURS = "vaani:"
"""How the name of an image begins that is built here."""


def named(files: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("file", files, ids=lambda file: str(file.relative_to(DEPLOY)))


def documents() -> list[dict[str, Any]]:
    """Of the manifests that are applied."""
    folder = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    found = [yaml.safe_load_all((KUBERNETES / name).read_text()) for name in folder["resources"]]
    return [document for each in found for document in each]


def a_document(kind: str) -> Any:
    (found,) = [document for document in documents() if document["kind"] == kind]
    return found


def within(value: Any, key: str) -> Iterator[Any]:
    """Every value of that key, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key:
                yield inner
            yield from within(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from within(inner, key)


def served() -> set[str]:
    written = "\n".join(file.read_text() for file in CODE)
    plain = re.findall(r'web\.(?:get|post|delete|patch)\(\s*f?"(/[^"]*)"', written)
    webrtc = {
        route.path for route in WebRtcEndpoint(Mock(), Mock(), Mock()).routes() if isinstance(route, web.RouteDef)
    }
    return {place for endpoint in ENDPOINTS for _, place in endpoint.places} | set(plain) | webrtc


def metrics() -> set[str]:
    """As they are made, and as Prometheus names what comes of them."""
    names = Names.of(EveryMetric.made().registry)
    return set(names.families) | names.series.keys()


def container() -> Any:
    (found,) = a_document("Deployment")["spec"]["template"]["spec"]["containers"]
    return found


def instructions(word: str) -> list[str]:
    whole = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text())
    return [line.removeprefix(word).strip() for line in whole.splitlines() if line.startswith(f"{word} ")]


@named(FILES)
def test_every_setting_that_is_named_is_one(file: Path) -> None:
    known = {variable(path) for path in names(Settings)}
    found = set(re.findall(r"\bVAANI_[A-Z0-9_]+\b", file.read_text()))
    assert found <= known


def test_what_the_manifests_set_is_taken() -> None:
    given = {name.removeprefix("VAANI_").lower(): value for name, value in a_document("ConfigMap")["data"].items()}
    settings = Settings(**{name: value for name, value in given.items() if not name.startswith("s3_")})
    assert settings.bucket is not None
    secrets = yaml.safe_load((KUBERNETES / "secret.example.yaml").read_text())["stringData"]
    assert Settings(database_url=secrets["VAANI_DATABASE_URL"], redis_url=secrets["VAANI_REDIS_URL"])


def test_every_path_leads_to_something_that_is_served() -> None:
    probes = [probe["path"] for probe in within(container(), "httpGet")]
    pod = a_document("Deployment")["spec"]["template"]["metadata"]["annotations"]
    scraped = list(within(yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text()), "metrics_path"))
    (health,) = re.findall(r"http://127\.0\.0\.1:8080(/\w+)", " ".join(instructions("HEALTHCHECK")))
    assert probes == ["/healthz", "/readyz", "/healthz"]
    assert {*probes, health, *scraped, pod["prometheus.io/path"]} <= served()


def test_the_ingress_lets_in_what_strangers_may_ask_for_and_nothing_else() -> None:
    prefixes = set(within(a_document("Ingress")["spec"], "path"))

    def let_in(path: str) -> bool:
        return any(path == prefix or path.startswith(f"{prefix}/") for prefix in prefixes)

    inside = {"/healthz", "/readyz", "/metrics"}
    assert {path for path in served() if not let_in(path)} == inside
    assert all(any(path == prefix or path.startswith(f"{prefix}/") for path in served()) for prefix in prefixes)


def test_one_port_everywhere() -> None:
    port = Settings().port
    (exposed,) = instructions("EXPOSE")
    compose = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())
    scraped = list(within(yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text()), "dns_sd_configs"))
    assert int(exposed) == port
    assert container()["ports"] == [{"name": "http", "containerPort": port}]
    assert compose["services"]["vaani"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert [one["port"] for many in scraped for one in many] == [port]
    assert {int(one["port"]) for one in a_document("NetworkPolicy")["spec"]["ingress"][0]["ports"]} == {port}


def test_every_metric_that_is_named_is_one() -> None:
    assert "vaani_live_calls" in metrics()
    for file in FILES:
        assert set(re.findall(r"\bvaani_[a-z_]+\b", file.read_text())) <= metrics(), file


def test_it_is_scaled_by_the_metric_that_the_adapter_makes() -> None:
    (metric,) = within(a_document("HorizontalPodAutoscaler"), "metric")
    adapter = yaml.safe_load((KUBERNETES / "prometheus-adapter.yaml").read_text())
    assert metric["name"] in [rule["name"]["as"] for rule in adapter["rules"]["custom"]]
    target = int(next(within(a_document("HorizontalPodAutoscaler"), "averageValue")))
    assert target < int(a_document("ConfigMap")["data"]["VAANI_MAX_CALLS"])


def test_a_pod_is_given_as_long_as_its_calls_may_last() -> None:
    from server.wiring import BOOKS_SECONDS, UPLOAD_SECONDS

    drain = int(a_document("ConfigMap")["data"]["VAANI_DRAIN_SECONDS"])
    (_, waits) = container()["lifecycle"]["preStop"]["exec"]["command"]
    needed = int(waits) + drain + BOOKS_SECONDS + UPLOAD_SECONDS
    assert a_document("Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > needed
    compose = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())
    (minutes,) = re.findall(r"^(\d+)m$", compose["services"]["vaani"]["stop_grace_period"])
    assert int(minutes) * 60 > Settings().drain_seconds + BOOKS_SECONDS + UPLOAD_SECONDS


def test_what_chooses_pods_chooses_ours() -> None:
    labels = a_document("Deployment")["spec"]["template"]["metadata"]["labels"]
    chosen = [
        a_document("Service")["spec"]["selector"],
        a_document("Deployment")["spec"]["selector"]["matchLabels"],
        a_document("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        a_document("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ]
    assert all(labels.items() >= one.items() for one in chosen)
    assert {ref["name"] for ref in within(container(), "secretRef")} == {
        yaml.safe_load((KUBERNETES / "secret.example.yaml").read_text())["metadata"]["name"]
    }


def test_every_manifest_is_applied_or_said_not_to_be() -> None:
    folder = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    aside = {"kustomization.yaml", "secret.example.yaml", "prometheus-adapter.yaml"}
    assert {file.name for file in KUBERNETES.iterdir()} == set(folder["resources"]) | aside


def test_every_image_is_pinned_to_a_version() -> None:
    images = [
        str(image) for file in YAML for each in yaml.safe_load_all(file.read_text()) for image in within(each, "image")
    ]
    images += [line.split()[0] for line in instructions("FROM")]
    assert len(images) > 5
    for image in images:
        assert re.fullmatch(r"[a-z./-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)*", image), image
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {image for image in images if image.startswith(OURS)} == {f"{OURS}{ours}"}


def test_the_image_holds_all_our_code_and_no_root() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = set(project["tool"]["importlinter"]["root_packages"])
    copied = {line.split()[0].split("/")[0] for line in instructions("COPY") if not line.startswith("--from")}
    assert copied == packages | {"requirements.txt", "LICENSE"}
    let_through = {
        line.removeprefix("!")
        for line in (DEPLOY / "Dockerfile.dockerignore").read_text().split("\n")
        if line[:1] == "!"
    }
    assert let_through == copied
    assert all((ROOT / name).exists() for name in copied)
    assert instructions("USER") == ["10001:10001"]
    assert a_document("Deployment")["spec"]["template"]["spec"]["securityContext"]["runAsUser"] == 10001
    assert instructions("STOPSIGNAL") == ["SIGTERM"]
    assert any("--require-hashes" in line for line in instructions("RUN"))


def test_the_example_names_all_that_the_composition_needs() -> None:
    needed = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", (DEPLOY / "docker-compose.yml").read_text()))
    given = set(re.findall(r"^([A-Z_]+)=", (DEPLOY / "env.example").read_text(), re.M))
    assert given == needed


def test_what_a_container_is_given_to_read_is_there() -> None:
    compose = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())
    mounted = [str(volume).split(":")[0] for volumes in within(compose["services"], "volumes") for volume in volumes]
    assert all((DEPLOY / source).exists() for source in mounted if source.startswith("."))
    assert {source for source in mounted if not source.startswith(".")} == set(compose["volumes"])


def test_no_secret_stands_in_it() -> None:
    for line in (DEPLOY / "env.example").read_text().splitlines():
        name, _, value = line.partition("=")
        assert line.startswith("#") or not value or name == "VAANI_PUBLIC_URL", name


def test_the_yaml_is_in_form() -> None:
    run = [sys.executable, "-m", "yamllint", "--strict", "-c", str(DEPLOY / ".yamllint"), str(DEPLOY)]
    done = subprocess.run(run, check=False, capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stdout) == (0, "")


@named(SCRIPTS)
def test_scripts_can_be_read_and_run(file: Path) -> None:
    done = subprocess.run(["bash", "-n", str(file)], check=False, capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
    assert os.access(file, os.X_OK)


def test_prometheus_takes_its_configuration() -> None:
    run = [program("promtool"), "check", "config", str(DEPLOY / "prometheus" / "prometheus.yml")]
    done = subprocess.run(run, check=False, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl")
def test_the_manifests_are_put_together() -> None:
    done = subprocess.run(
        ["kubectl", "kustomize", str(KUBERNETES)], check=False, capture_output=True, text=True, timeout=50
    )
    assert done.returncode == 0, done.stderr
    assert len(list(yaml.safe_load_all(done.stdout))) == len(documents())
