"""The image, the compose files and the cluster's manifests. Nothing here runs a container: what can be known without is checked, first
of all that the files agree with the server and with each other."""
from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
from typing import Any

import kubernetes_validate
import pytest
import services
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or ROOT / "build" / "release" / "parley")
VERSION = re.search(r"project\(parley VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
IMAGE = f"parley:{VERSION}"
CONTAINERFILE = (DEPLOY / "container" / "Containerfile").read_text().replace("\\\n", " ")
COMPOSE = {name: yaml.safe_load((DEPLOY / "compose" / f"{name}.yaml").read_text()) for name in ("compose", "cluster")}
KUBERNETES = {path.name: yaml.safe_load(path.read_text()) for path in (DEPLOY / "kubernetes").glob("*.yaml")}
NGINX = (DEPLOY / "proxy" / "nginx.conf").read_text()
PORT = "8080"


def default_of(variable: str) -> str:
    return re.search(rf"`{variable}` \| `[^`]*` \| ([^|]*) \|", (ROOT / "docs" / "configuration.md").read_text())[1].strip()


def seconds(text: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(s|m|h)", text).groups()
    return int(number) * {"s": 1, "m": 60, "h": 3600}[unit]


DRAIN = seconds(default_of("PARLEY_DRAIN_TIMEOUT"))


def server_takes(options: dict[str, str]) -> None:
    """`parley token` reads the whole configuration, and refuses what `parley serve` would."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    done = subprocess.run([BINARY, "token", "--user", "anna"], env={**environment, **options}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def stages() -> list[str]:
    return re.split(r"^FROM ", CONTAINERFILE, flags=re.M)[1:]


def lines_of(word: str, stage: str) -> list[str]:
    return re.findall(rf"^{word} +(.*)$", stage, re.M)


# The image.

def test_the_image_is_built_from_named_versions_and_runs_as_nobody_in_particular():
    for stage in stages():
        name = stage.split()[0]
        assert re.fullmatch(r"[a-z]+:\d[\w.-]*", name), f"{name} may be another tomorrow"
    assert not lines_of("ADD", CONTAINERFILE)
    last = stages()[-1]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", lines_of("USER", last)[-1])   # by number, as Kubernetes can't tell that a name is not root
    for command in lines_of("RUN", last):
        assert "--no-install-recommends" in command and "rm -rf /var/lib/apt/lists" in command


def test_the_image_keeps_its_data_where_it_may_write_and_serves_where_it_says():
    last = stages()[-1]
    data = re.search(r"PARLEY_DATA=(\S+)", last)[1]
    assert lines_of("VOLUME", last) == [data] and f"install -d -o parley -g parley -m 700 {data} " in last
    assert lines_of("EXPOSE", last) == [PORT] and f"0.0.0.0:{PORT}" in default_of("PARLEY_LISTEN")
    server_takes(dict(re.findall(r"(PARLEY_\w+)=(\S+)", last)) | {"PARLEY_JWT_SECRET": services.JWT_SECRET})


def test_the_image_is_built_with_the_packages_of_any_other_build():
    first = stages()[0]
    assert "source tools/dev/packages.sh" in first and "apt-get" not in first
    ignored = (ROOT / ".dockerignore").read_text().split()
    for needed in ("src", "cmake", "deploy", "docs", "tools", "dev", "CMakeLists.txt", "CMakePresets.json"):
        assert needed not in ignored and (ROOT / needed).exists()


def test_the_image_knows_whether_it_is_well():
    command = json.loads(re.search(r"^HEALTHCHECK .* CMD (\[.*\])$", CONTAINERFILE, re.M)[1])
    assert f"/127.0.0.1/{PORT} " in command[-1]

    def is_well(port: int) -> bool:
        return subprocess.run([part.replace(f"/{PORT} ", f"/{port} ") for part in command], capture_output=True, timeout=10).returncode == 0

    with services.Parley(BINARY) as server:
        assert is_well(server.port)
        port = server.port
    assert not is_well(port)


# Compose.

def nodes_of(name: str) -> dict[str, dict[str, Any]]:
    return {service: what for service, what in COMPOSE[name]["services"].items() if "build" in what}


@pytest.mark.parametrize("name", list(COMPOSE))
def test_compose_gives_each_node_options_that_it_takes(name: str):
    given = {"PARLEY_JWT_SECRET": services.JWT_SECRET, "POSTGRES_PASSWORD": "secret", "PUBLIC_PORT": PORT}
    example = dict(re.findall(r"^(\w+)=(.*)$", (DEPLOY / "compose" / ".env.example").read_text(), re.M))
    text = (DEPLOY / "compose" / f"{name}.yaml").read_text()
    assert set(re.findall(r"\$\{(\w+)", text)) <= set(example) and set(example) == set(given)
    assert nodes_of(name)
    for node in nodes_of(name).values():
        server_takes({key: re.sub(r"\$\{(\w+)[^}]*\}", lambda found: given[found[1]], value) for key, value in node["environment"].items()})


@pytest.mark.parametrize("name", list(COMPOSE))
def test_compose_runs_named_versions_without_privileges_and_lets_them_drain(name: str):
    for service, what in COMPOSE[name]["services"].items():
        assert re.fullmatch(r"[a-z]+:\d[\w.]*", what["image"]), what["image"]
        assert not what.get("privileged")
    for node in nodes_of(name).values():
        assert node["image"] == IMAGE
        assert (DEPLOY / "compose" / node["build"]["context"] / node["build"]["dockerfile"]).resolve() == DEPLOY / "container" / "Containerfile"
        assert node["read_only"] and node["cap_drop"] == ["ALL"] and "no-new-privileges:true" in node["security_opt"]
        assert seconds(node["stop_grace_period"]) >= 2 * DRAIN


@pytest.mark.parametrize("name", list(COMPOSE))
def test_compose_mounts_what_there_is(name: str):
    for what in COMPOSE[name]["services"].values():
        for mount in what.get("volumes", []):
            source, target = mount.split(":")[:2]
            if source.startswith("."):
                assert (DEPLOY / "compose" / source).exists(), source
            else:
                assert source in COMPOSE[name]["volumes"]
            if "build" in what:   # a new volume gets the owner that the folder has in the image
                assert f" {target}" in stages()[-1]


def test_the_ports_of_the_cluster_agree():
    upstream = (DEPLOY / "compose" / "parley-nodes.conf").read_text()
    assert re.findall(r"server (\S+):(\d+)", upstream) == [(node, PORT) for node in nodes_of("cluster")]
    assert {node["environment"]["PARLEY_NODE"] for node in nodes_of("cluster").values()} == set(nodes_of("cluster"))
    for name, service, inside in (("compose", "parley", PORT), ("cluster", "nginx", re.search(r"listen (\d+);", NGINX)[1])):
        (port,) = COMPOSE[name]["services"][service]["ports"]
        assert port == f"${{PUBLIC_PORT:-8080}}:{inside}"
    alone = (DEPLOY / "proxy" / "parley-nodes.conf").read_text()
    settings = [sorted(re.findall(r"^ +(zone .*?;|least_conn;|keepalive\w* \w+;)", text, re.M)) for text in (upstream, alone)]
    assert settings[0] == settings[1] and len(settings[0]) == 4


# Kubernetes.

def pod() -> dict[str, Any]:
    return KUBERNETES["deployment.yaml"]["spec"]["template"]["spec"]


def options_of_the_cluster() -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", (DEPLOY / "kubernetes" / "options.env").read_text(), re.M))


@pytest.mark.parametrize("version", ["1.27", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("name", [name for name in KUBERNETES if name != "kustomization.yaml"])
def test_a_manifest_is_what_kubernetes_expects(name: str, version: str):
    kubernetes_validate.validate(KUBERNETES[name], version, strict=True)


def test_every_manifest_is_used_or_says_that_it_is_not():
    listed = set(KUBERNETES["kustomization.yaml"]["resources"])
    assert set(KUBERNETES) - listed - {"kustomization.yaml"} == {"secret.example.yaml", "autoscaler.yaml"}
    (image,) = KUBERNETES["kustomization.yaml"]["images"]
    assert f"{image['newName']}:{image['newTag']}" == IMAGE and pod()["containers"][0]["image"] == image["name"]


def test_nodes_of_the_cluster_get_options_that_they_take():
    (container,) = pod()["containers"]
    (generated,) = KUBERNETES["kustomization.yaml"]["configMapGenerator"]
    assert generated["envs"] == ["options.env"]
    assert container["envFrom"] == [{"configMapRef": {"name": generated["name"]}}, {"secretRef": {"name": KUBERNETES["secret.example.yaml"]["metadata"]["name"]}}]
    options = options_of_the_cluster() | KUBERNETES["secret.example.yaml"]["stringData"] | {one["name"]: "parley-7d9f8b-x2x4z" for one in container["env"]}
    assert options["PARLEY_STORE"].startswith("postgres://") and options["PARLEY_FILES"].startswith("s3://")
    server_takes(options | {"PARLEY_JWT_SECRET": services.JWT_SECRET})
    assert options["PARLEY_LOOPS"] == container["resources"]["requests"]["cpu"]
    assert options["PARLEY_DATA"] in [mount["mountPath"] for mount in container["volumeMounts"]]


def test_names_labels_and_ports_of_the_manifests_agree():
    (container,) = pod()["containers"]
    (port,) = container["ports"]
    assert str(port["containerPort"]) == PORT == options_of_the_cluster()["PARLEY_LISTEN"].split(":")[1]
    labels = KUBERNETES["deployment.yaml"]["spec"]["template"]["metadata"]["labels"]
    assert KUBERNETES["deployment.yaml"]["spec"]["selector"]["matchLabels"] == labels == KUBERNETES["service.yaml"]["spec"]["selector"]
    assert KUBERNETES["disruption.yaml"]["spec"]["selector"]["matchLabels"] == labels == KUBERNETES["network.yaml"]["spec"]["podSelector"]["matchLabels"]
    (service_port,) = KUBERNETES["service.yaml"]["spec"]["ports"]
    assert service_port["targetPort"] == port["name"]
    for rule in KUBERNETES["ingress.yaml"]["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            assert path["backend"]["service"] == {"name": KUBERNETES["service.yaml"]["metadata"]["name"], "port": {"name": service_port["name"]}}
    assert KUBERNETES["network.yaml"]["spec"]["ingress"][0]["ports"] == [{"port": port["name"]}]
    assert KUBERNETES["autoscaler.yaml"]["spec"]["scaleTargetRef"]["name"] == KUBERNETES["deployment.yaml"]["metadata"]["name"]


def test_a_node_of_the_cluster_has_the_time_to_drain_and_no_rights():
    (container,) = pod()["containers"]
    before = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod()["terminationGracePeriodSeconds"] >= before + 2 * DRAIN
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe")} == {"/health"}
    user = lines_of("USER", stages()[-1])[-1]
    assert f"{pod()['securityContext']['runAsUser']}:{pod()['securityContext']['runAsGroup']}" == user and pod()["securityContext"]["runAsNonRoot"]
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


# What stands before the nodes.

def test_proxies_wait_longer_than_a_quiet_connection_is_quiet_and_take_what_the_server_takes():
    haproxy = (DEPLOY / "proxy" / "haproxy.cfg").read_text()
    annotations = {name.rpartition("/")[2]: value for name, value in KUBERNETES["ingress.yaml"]["metadata"]["annotations"].items()}
    waits = [seconds(re.search(rf"proxy_{way}_timeout (\w+);", NGINX)[1]) for way in ("read", "send")]
    waits += [seconds(re.search(rf"timeout {what} +(\w+)\n", haproxy)[1]) for what in ("client", "server", "tunnel")]
    waits += [float(annotations[f"proxy-{way}-timeout"]) for way in ("read", "send")]
    assert set(waits) == {90.0}
    assert 90 > 2 * seconds(default_of("PARLEY_HEARTBEAT")) and 90 > 30   # the longest poll
    kept = [re.search(r"keepalive_timeout (\w+);", (DEPLOY / "proxy" / "parley-nodes.conf").read_text())[1], re.search(r"http-keep-alive (\w+)\n", haproxy)[1]]
    assert all(seconds(time) < seconds(default_of("PARLEY_IDLE_TIMEOUT")) for time in kept)
    size = re.search(r"client_max_body_size (\d+)m;", NGINX)[1]
    assert int(size) > int(default_of("PARLEY_VIDEO_LIMIT").removesuffix("MiB")) and annotations["proxy-body-size"] == f"{size}m"
