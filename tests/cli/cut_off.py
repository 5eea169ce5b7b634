"""A command in a network of its own that leads nowhere: `unshare --net python -m tests.cli.cut_off COMMAND …`.

Every packet that would leave the machine, and every question for a name, is written to standard output as a line of
JSON; the command's own output goes to standard error. It ends with the command's exit code.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

OUT = "out0"
ETH_P_ALL = 3


def main(command: list[str]) -> int:
    for words in (
        ("link", "set", "lo", "up"),
        ("link", "add", OUT, "type", "veth", "peer", "name", "nowhere"),
        ("addr", "add", "10.99.0.2/24", "dev", OUT),
    ):
        subprocess.run(["ip", *words], check=True)
    Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")  # it looks for neighbours by itself
    for words in (
        ("link", "set", "nowhere", "up"),
        ("link", "set", OUT, "up"),
        ("route", "add", "default", "via", "10.99.0.1"),
    ):
        subprocess.run(["ip", *words], check=True)
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    threading.Thread(target=listen, args=[listener], daemon=True).start()
    return subprocess.run(command, stdout=sys.stderr, check=False).returncode


def listen(listener: socket.socket) -> None:
    """Say what leaves by the way out, and what is asked of a name server on loopback."""
    while True:
        packet, (interface, *_) = listener.recvfrom(65_536)
        if interface == OUT or b"\x00\x35" in packet[34:38]:  # UDP's ports, behind 14 bytes of Ethernet and 20 of IP
            print(json.dumps({"interface": interface, "packet": packet[:120].hex()}), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
