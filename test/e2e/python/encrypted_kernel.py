"""Starts a kernel with transport encryption required, as jupyter_client >= 8.9 does it. Usage: encrypted_kernel.py KERNEL.

Prints the reply of a cell, and whether a client without the public key was kept out.
"""

import json
import sys
from queue import Empty

from jupyter_client import BlockingKernelClient, KernelManager

manager = KernelManager(kernel_name=sys.argv[1], transport_encryption="required")
manager.start_kernel()
try:
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    reply = client.execute_interactive("1 + 1", timeout=60, output_hook=lambda message: None)

    with open(manager.connection_file, encoding="utf-8") as file:
        connection = json.load(file)
    plain = {name: value for name, value in connection.items() if not name.startswith("curve_")}
    stranger = BlockingKernelClient()
    stranger.load_connection_info(plain)
    stranger.start_channels()
    stranger.kernel_info()
    try:
        stranger.get_shell_msg(timeout=3)
        outcome = "let in"
    except Empty:
        outcome = "kept out"
    stranger.stop_channels()
    print(reply["content"]["status"], "curve_publickey" in connection, outcome)
    client.stop_channels()
finally:
    manager.shutdown_kernel()
