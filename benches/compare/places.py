"""Where the repositories lie: in a folder, or on S3, plain, through a slow line, or past a counter."""

import os
import socket
import subprocess
import sys
import time
import urllib.parse
import uuid


class Folder:
    """A folder on the disk on which the data lies."""

    title = "a folder on the same disk"
    counted = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def s3_for(self, _program):
        """Not on S3."""


class S3:
    """A bucket. Each repository has a prefix of its own."""

    def __init__(self, endpoint, bucket, line=None, counted=False):
        self.endpoint, self.bucket, self.line, self.counted = endpoint.rstrip("/"), bucket, line, counted
        self.between = None
        self.title = f"S3 at {self.endpoint}"
        if line:
            self.title += f" through a line of {line[1]} ms and {line[2]} Mbit/s"
        if counted:
            self.title += ", what went over the line"

    def __enter__(self):
        self.reached = self.endpoint
        if self.line or self.counted:
            parts = urllib.parse.urlsplit(self.endpoint)
            if parts.scheme != "http":
                sys.exit("a line or a counter can only be put before an http:// endpoint")
            port = free_port()
            listen, upstream = f"127.0.0.1:{port}", f"{parts.hostname}:{parts.port or 80}"
            if self.line:
                path, rtt, rate = self.line
                command = [path, listen, upstream, "--rtt-ms", str(rtt), "--mbit", str(rate)]
            else:
                command = [sys.executable, os.path.join(os.path.dirname(__file__), "count.py"), listen, upstream]
            self.between = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            wait_for(port)
            self.reached = f"http://{listen}"
        return self

    def __exit__(self, *_):
        if self.between:
            self.between.kill()
            self.between.wait()

    def s3_for(self, program):
        """Endpoint, bucket and a prefix that nobody used before."""
        return (self.reached, self.bucket, f"{program}-{uuid.uuid4().hex[:12]}")

    def counts(self):
        """Requests, bytes sent and bytes received since the last question."""
        self.between.stdin.write("\n")
        self.between.stdin.flush()
        return tuple(map(int, self.between.stdout.readline().split()))


def free_port():
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    """Until somebody answers there, at most five seconds."""
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("what should stand before the endpoint does not answer")
