"""A small closed-loop HTTP client: so many connections, each asks again as soon as it is answered.

Plain asyncio streams, because the client shares its two cores with the server and the database.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field


@dataclass
class Request:
    path: str
    method: str = "GET"
    headers: dict = field(default_factory=dict)
    body: bytes = b""

    def encode(self, host):
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            lines.append("Content-Type: application/x-www-form-urlencoded")
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass
class Result:
    seconds: float
    times: list
    errors: int
    note: str
    size: int

    @property
    def rate(self):
        return len(self.times) / self.seconds

    def percentile(self, share):
        """Milliseconds within which that share of the answers came."""
        times = sorted(self.times)
        return times[min(len(times) - 1, int(share * len(times)))] * 1000 if times else None


async def read_answer(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status = int(head.split(" ", 2)[1])
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    headers = {name.lower(): value for name, value in headers.items()}
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int((await reader.readline()).strip(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return status, body


class Load:
    """One measurement; `make` is called with a running number for each request."""

    def __init__(self, host, port, make, good):
        self.host, self.port, self.make, self.good = host, port, make, good
        self.number = self.size = self.errors = 0
        self.note, self.times = "", []

    async def connection(self, stop_at):
        reader, writer = await asyncio.open_connection(self.host, self.port)
        with contextlib.closing(writer):
            while time.perf_counter() < stop_at:
                self.number += 1
                try:
                    request = self.make(self.number)
                except StopIteration:
                    return
                started = time.perf_counter()
                writer.write(request.encode(f"{self.host}:{self.port}"))
                status, body = await read_answer(reader)
                took = time.perf_counter() - started
                if self.good(status, body):
                    self.times.append(took)
                    self.size = len(body)
                else:
                    self.errors += 1
                    self.note = f"{status}: {body[:200]!r}"

    async def run(self, connections, seconds):
        stop_at = time.perf_counter() + seconds
        started = time.perf_counter()
        await asyncio.gather(*(self.connection(stop_at) for _ in range(connections)))
        spent = time.perf_counter() - started
        return Result(spent, self.times, self.errors, self.note, self.size)


def measure(address, make, good, connections=8, seconds=5):
    """Ask the server at (host, port), loopback only, for so many seconds."""
    host, port = address
    if host != "127.0.0.1":
        raise ValueError("only this machine is measured")
    return asyncio.run(Load(host, port, make, good).run(connections, seconds))
