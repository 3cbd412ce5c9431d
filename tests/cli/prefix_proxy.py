"""A proxy that shows a server below a prefix, as JupyterHub does: it takes the prefix off and sends its own host on."""

import threading
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.patience import LIMIT

PREFIX = "/user/anna/proxy/8000"


@contextmanager
def below_a_prefix(port):
    """The address at which a proxy shows the server that listens on this port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if not self.path.startswith(f"{PREFIX}/"):
                self.send_error(404, "Outside the prefix")
                return
            upstream = HTTPConnection("127.0.0.1", port, timeout=LIMIT)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            upstream.request(
                "GET", self.path.removeprefix(PREFIX), headers={**headers, "Host": "hub.example"}
            )
            answer = upstream.getresponse()
            body = answer.read()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("connection", "content-length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            upstream.close()

        def log_message(self, *_):
            pass

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=proxy.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{proxy.server_port}{PREFIX}/"
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
