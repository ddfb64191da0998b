"""A real Apache Kafka without docker: one Java process, broker and controller at once, on loopback.

Tests start, kill and restart it; `make kafka` runs the same code as a command (deploy/kafka/kafka). Only the standard
library is used, so that it works before anything is installed. The jars come from Maven Central, once per checkout.
Read next: deploy/kafka/pom.xml.
"""

import argparse
import base64
import ctypes
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

VERSION = "4.1.1"
IMAGE = f"apache/kafka:{VERSION}"
CHECKOUT = Path(__file__).resolve().parents[3]
DEPLOY = CHECKOUT / "deploy"
JARS = CHECKOUT / ".cache" / f"kafka-{VERSION}"
STATE = CHECKOUT / ".cache" / "kafka"
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
INSTALL = "install Java 17 or newer and Maven (Debian: apt-get install openjdk-17-jre-headless maven), or start docker"

# The short session is for `kill9`: a broker that comes back is refused until its former self's session has run out.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=4194304
"""


class NoKafka(Exception):
    """No broker can run here. The text is one line that says what to install or mend."""


class KafkaBroker:
    """One broker with its data in a directory. The same port and data through every stop, kill and restart.

    It dies with the process that started it, unless `detached`: a killed test run must leave no Java behind.
    """

    def __init__(self, directory: Path, port: int = 0, detached: bool = False) -> None:
        self.directory = directory
        self.port = port or free_port()
        self._controller = free_port()
        self._detached = detached
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the broker is not running")
        return self._process.pid

    def start(self, timeout_seconds: float = 60) -> None:
        """Start, formatting the data directory the first time; returns when the broker answers requests."""
        if not port_is_free(self.port):
            raise NoKafka(f"port {self.port} is busy: choose another one, or --port 0 for any free one")
        classpath = f"{jars()}/*"
        properties = self._configure(classpath)
        with (self.directory / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*java("-Xms128m", "-Xmx512m"), "-cp", classpath, "kafka.Kafka", str(properties)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=self._detached,
                preexec_fn=None if self._detached else _die_with_parent(),
            )
        if not self.wait_until_answering(self.port, timeout_seconds, self._has_ended):
            self.kill9()
            raise NoKafka(f"the broker did not start, see {self.directory / 'broker.log'}")

    def stop(self, timeout_seconds: float = 20) -> None:
        """A clean stop; a broker that does not manage it in time is killed."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill9(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Start again (after `kill9`, or a clean stop first) on the same port and data."""
        self.stop()
        self.start()

    def _configure(self, classpath: str) -> Path:
        data = self.directory / "data"
        properties = self.directory / "server.properties"
        self.directory.mkdir(parents=True, exist_ok=True)
        text = PROPERTIES.format(port=self.port, controller=self._controller, data=data)
        properties.write_text(text)
        if not (data / "meta.properties").exists():
            format_storage = ["-cp", classpath, "kafka.tools.StorageTool", "format", "-t", _cluster_id()]
            _run([*java("-Xmx128m"), *format_storage, "-c", str(properties)], "formatting the broker's data directory")
        return properties

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    @staticmethod
    def wait_until_answering(port: int, timeout_seconds: float = 60, ended: Callable[[], bool] = lambda: False) -> bool:
        """Poll until a broker answers; False when it does not in time, or has ended."""
        end = time.monotonic() + timeout_seconds
        while not answers(port):
            if ended() or time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True


def java(*options: str) -> list[str]:
    """The Java command, or NoKafka with what to install. The serial collector keeps a lone broker small."""
    found = shutil.which("java")
    if found is None:
        raise NoKafka(f"no Java: {INSTALL}")
    quiet = ["-Dlog4j2.level=WARN", "-Dorg.apache.logging.log4j.level=WARN"]
    return [found, "-XX:+UseSerialGC", "-XX:-UsePerfData", *quiet, *options]


def jars() -> Path:
    """The folder with the broker's jars, copied from Maven Central the first time; whole or not there."""
    if JARS.is_dir():
        return JARS
    maven = shutil.which("mvn")
    if maven is None:
        raise NoKafka(f"no Maven to fetch Apache Kafka {VERSION} with: {INSTALL}")
    partial = JARS.with_name(f"{JARS.name}.{os.getpid()}")
    pom = str(DEPLOY / "kafka" / "pom.xml")
    target = ["-DincludeScope=runtime", f"-DoutputDirectory={partial}"]
    _run([maven, "-q", "-B", "-f", pom, COPY_JARS, *target], f"fetching Apache Kafka {VERSION} from Maven Central")
    if JARS.is_dir():
        shutil.rmtree(partial)  # Another run was quicker.
    else:
        partial.rename(JARS)
    return JARS


def _run(command: list[str], doing: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines() or ["no output"]
        raise NoKafka(f"{doing} failed: {said[0]}")


def free_port() -> int:
    """A free port below the range that the kernel gives to outgoing connections.

    In that range a client that tries again and again to reach a dead broker may connect to itself and take the port.
    """
    for _ in range(200):
        port = random.randrange(15_000, 32_000)
        if port_is_free(port):
            return port
    raise NoKafka("no free port between 15000 and 32000")


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether a broker answers an ApiVersions request there. An open port alone says nothing yet."""
    client = b"probe"
    request = struct.pack(">hhih", 18, 0, 1, len(client)) + client
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            return len(connection.recv(10)) == 10
    except OSError:
        return False


def _cluster_id() -> str:
    """16 random bytes as Kafka writes them; never with a dash in front, which the tool would take for an option."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")


def _die_with_parent() -> Callable[[], None] | None:
    """Ask Linux to kill the broker when its parent dies, however it dies. Elsewhere the parent's own care must do."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    set_parent_death_signal = 1
    return lambda: libc.prctl(set_parent_death_signal, signal.SIGKILL)


def docker_engine_answers() -> bool:
    """Whether there is an engine. The client alone is not enough."""
    return shutil.which("docker") is not None and _works("docker", "info")


def _works(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, timeout=30).returncode == 0


def main() -> None:
    """`kafka up [--port N] | down | status`: one broker that outlives the command, with its data in .cache/kafka."""
    parser = argparse.ArgumentParser(prog="deploy/kafka/kafka", description=main.__doc__)
    parser.add_argument("command", choices=("up", "down", "status"))
    parser.add_argument("--port", type=int, default=9092, help="port on loopback; 0 for any free one (default 9092)")
    parser.add_argument("--state", type=Path, default=STATE, help="where its data and log are kept")
    options = parser.parse_args()
    try:
        COMMANDS[options.command](options.port, options.state)
    except NoKafka as trouble:
        sys.exit(f"kafka: {trouble}")


def up(port: int, state: Path) -> None:
    running = _running(state)
    if running is not None:
        _say(f"Kafka is already running at 127.0.0.1:{running[1]}")
        return
    port = port or free_port()
    if docker_engine_answers() and _works("docker", "compose", "version"):
        if not port_is_free(port):
            raise NoKafka(f"port {port} is busy: choose another one, or --port 0 for any free one")
        _compose(port, "up", "--detach", "--wait", "kafka")
        _remember(state, "docker", port)
    else:
        broker = KafkaBroker(state / "broker", port, detached=True)
        broker.start()
        _remember(state, str(broker.pid), port)
    _say(f"Kafka {VERSION} is ready at 127.0.0.1:{port}")


def down(_port: int, state: Path) -> None:
    running = _running(state)
    if running is None:
        print("Kafka is not running")
        return
    runner, port = running
    if runner == "docker":
        _compose(port, "down")
    else:
        os.kill(int(runner), signal.SIGTERM)
        _wait_for_end(int(runner), port)
    _state_file(state).unlink()
    print("Kafka has stopped; its data stays")


def status(_port: int, state: Path) -> None:
    running = _running(state)
    if running is None:
        sys.exit("Kafka is not running: make kafka")
    _say(f"Kafka is running at 127.0.0.1:{running[1]}" + ("" if answers(running[1]) else ", but does not answer"))


COMMANDS = {"up": up, "down": down, "status": status}


def _say(text: str) -> None:
    print(f"{text}\nstop it with: bash deploy/kafka/kafka down")


def _state_file(state: Path) -> Path:
    return state / "running"


def _remember(state: Path, runner: str, port: int) -> None:
    state.mkdir(parents=True, exist_ok=True)
    _state_file(state).write_text(f"{runner} {port}")


def _running(state: Path) -> tuple[str, int] | None:
    """Who runs the broker that `up` started (`docker`, or a process id) and its port; None when it is gone."""
    try:
        runner, port = _state_file(state).read_text().split()
    except FileNotFoundError:
        return None
    alive = answers(int(port)) if runner == "docker" else _is_broker(int(runner))
    return (runner, int(port)) if alive else None


def _is_broker(pid: int) -> bool:
    """Whether this process is a broker: a process id may have gone to somebody else since."""
    if Path("/proc/self/cmdline").exists():
        arguments = Path(f"/proc/{pid}/cmdline")
        return arguments.exists() and b"kafka.Kafka" in arguments.read_bytes()
    command = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True)
    return "kafka.Kafka" in command.stdout


def _wait_for_end(pid: int, port: int, timeout_seconds: float = 20) -> None:
    end = time.monotonic() + timeout_seconds
    while _is_broker(pid):
        if time.monotonic() > end:
            raise NoKafka(f"the broker at 127.0.0.1:{port} does not stop: kill -9 {pid}")
        time.sleep(0.1)


def _compose(port: int, *arguments: str) -> None:
    command = ["docker", "compose", "-f", str(DEPLOY / "compose.yaml"), *arguments]
    if subprocess.run(command, env={**os.environ, "MKONDO_KAFKA_PORT": str(port)}).returncode != 0:
        raise NoKafka("docker compose failed, see above")


if __name__ == "__main__":
    main()
