"""nginx and HAProxy from the files in deploy/proxy: only ports, nodes and the places of logs and sockets are the test's."""
from __future__ import annotations

import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

import services

FILES = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "proxy"


class Proxy:
    def __init__(self, nodes: list[int], tls: bool = False):
        self.nodes, self.tls = nodes, tls
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="parley-proxy-"))
        self.home.chmod(0o755)
        self.port, self.tls_port = services.free_port(), services.free_port()
        self.log = self.home / "log"
        self._process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def certificate(self) -> pathlib.Path:
        return self.home / "parley.crt"

    def __enter__(self) -> "Proxy":
        try:
            self.write()
            with open(self.log, "ab") as log:
                self._process = subprocess.Popen(self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.home)
            services.wait_until(self._listens, 20, "the proxy")
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            services.wait_or_kill(self._process, 20)
        shutil.rmtree(self.home, ignore_errors=True)

    def _listens(self) -> bool:
        if self._process.poll() is not None:
            raise services.Failed(f"the proxy stopped at once:\n{services.tail(self.log)}")
        return all(self._answers_at(port) for port in ([self.port, self.tls_port] if self.tls else [self.port]))

    @staticmethod
    def _answers_at(port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def text_of(self, name: str) -> str:
        text = (FILES / name).read_text()
        return text.replace("#tls ", "") if self.tls else text

    def check(self) -> subprocess.CompletedProcess:
        self.write()
        return subprocess.run(self.command(check=True), capture_output=True, text=True, timeout=30, cwd=self.home)

    def write(self) -> None:
        if self.tls:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.home / "parley.key", "-out", self.certificate],
                           check=True, capture_output=True, timeout=30)
            (self.home / "parley.pem").write_text(self.certificate.read_text() + (self.home / "parley.key").read_text())
        self.write_files()


class Nginx(Proxy):
    def write_files(self) -> None:
        text = self.text_of("nginx.conf").replace("listen 80;", f"listen 127.0.0.1:{self.port};").replace("listen 443 ", f"listen 127.0.0.1:{self.tls_port} ")
        text = text.replace("/var/log/nginx", str(self.home)).replace("/etc/nginx", str(self.home))
        own_folders = "".join(f"  {what}_temp_path {self.home}/{what};\n" for what in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi"))
        (self.home / "nginx.conf").write_text(text.replace("http {\n", "http {\n" + own_folders))
        nodes = (FILES / "parley-nodes.conf").read_text()
        first = re.search(r"^ +server (127\.0\.0\.1:8080) .*;\n", nodes, re.M)
        lines = "".join(first[0].replace(first[1], f"127.0.0.1:{port}") for port in self.nodes)
        (self.home / "parley-nodes.conf").write_text(nodes.replace(first[0], lines))

    def command(self, check: bool = False) -> list[str]:
        own_places = f"pid {self.home}/pid; daemon off; " + ("user root;" if os.geteuid() == 0 else "")   # to write below the test's folder
        return ["/usr/sbin/nginx", "-p", str(self.home), "-e", "stderr", "-c", str(self.home / "nginx.conf"), "-g", own_places, *(["-t"] if check else [])]

    def access_log(self) -> str:
        return (self.home / "parley.log").read_text() + (self.home / "parley-error.log").read_text()


class HaProxy(Proxy):
    def write_files(self) -> None:
        text = self.text_of("haproxy.cfg").replace("bind :80", f"bind 127.0.0.1:{self.port}").replace("bind :443", f"bind 127.0.0.1:{self.tls_port}")
        text = text.replace("/run/haproxy", str(self.home)).replace("/etc/haproxy", str(self.home)).replace("log /dev/log local0", "log stderr format raw local0")
        text = text.replace("maxconn 50000", "maxconn 500")   # two descriptors each: more than a machine for tests may allow
        if os.geteuid() != 0:
            text = re.sub(r"^  (user|group) haproxy\n", "", text, flags=re.M)
        first = "  server node1 127.0.0.1:8080\n"
        assert first in text
        lines = "".join(f"  server node{i} 127.0.0.1:{port}\n" for i, port in enumerate(self.nodes, 1))
        (self.home / "haproxy.cfg").write_text(text.replace(first, lines))

    def command(self, check: bool = False) -> list[str]:
        return ["/usr/sbin/haproxy", "-c" if check else "-db", "-f", str(self.home / "haproxy.cfg")]

    def access_log(self) -> str:
        return self.log.read_text()

    def up(self) -> int:
        """How many nodes it sends anything to."""
        with socket.socket(socket.AF_UNIX) as admin:
            admin.connect(str(self.home / "admin.sock"))
            admin.sendall(b"show stat parley 4 -1\n")
            lines = admin.makefile().read().splitlines()
        status = lines[0].split(",").index("status")
        return sum(line.split(",")[status].startswith("UP") for line in lines[1:] if line)
