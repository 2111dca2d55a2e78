"""What libraries expect at `get_ipython().kernel`: the comm manager and the request that runs."""
from _rserver_kernel.front_end_request import request


class SessionKernel:
    """The few parts of ipykernel's kernel that widgets use; there is no kernel in the session."""

    def __init__(self, shell, comm_manager):
        self.shell = shell
        self.comm_manager = comm_manager

    def get_parent(self, channel=None):
        return request.message

    @property
    def _parent_header(self):
        return request.message
