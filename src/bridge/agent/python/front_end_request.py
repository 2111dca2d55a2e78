"""The front end's request that runs, or ran last, in the form in which Jupyter kernels keep it."""
import time


class FrontEndRequest:
    """Libraries look into it for `msg_id`: outputs are told by it."""

    def __init__(self):
        self.begin("execute_request", "")

    def begin(self, message_type, message_id, content=None, metadata=None, buffers=()):
        header = {
            "msg_id": message_id,
            "msg_type": message_type,
            "username": "",
            "session": "",
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "version": "5.4",
        }
        self.message = {
            "header": header,
            "msg_id": message_id,
            "msg_type": message_type,
            "parent_header": {},
            "metadata": metadata or {},
            "content": content or {},
            "buffers": list(buffers),
        }
        return self.message


request = FrontEndRequest()
