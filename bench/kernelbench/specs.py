"""Which program a kernel is."""
import json
import os
from dataclasses import dataclass, field
from typing import Dict, List, Optional


@dataclass
class Spec:
    name: str
    argv: List[str]
    language: str
    env: Dict[str, str] = field(default_factory=dict)
    interrupt_mode: str = "signal"
    resource_dir: str = ""
    log: Optional[str] = None


def find(name, folders, log=None):
    """From its folder where one is given, else as Jupyter finds it."""
    if name in folders:
        path = os.path.join(folders[name], "kernel.json")
        with open(path) as file:
            content = json.load(file)
        return Spec(
            name,
            content["argv"],
            content["language"],
            content.get("env", {}),
            content.get("interrupt_mode", "signal"),
            os.path.dirname(os.path.abspath(path)),
            log,
        )
    from jupyter_client.kernelspec import KernelSpecManager

    one = KernelSpecManager().get_kernel_spec(name)
    env = {key: os.path.expandvars(value) for key, value in one.env.items()}
    return Spec(name, list(one.argv), one.language, env, one.interrupt_mode, one.resource_dir, log)
