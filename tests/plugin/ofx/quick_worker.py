"""Workers that start in no time, for tests that end a hundred of them.

`quick_worker.py SOCKET serve` loads all that a worker needs, and forks one for each connection.
`quick_worker.py SOCKET`, which $INTERNEG_WORKER names, asks for one and lives as long as it does.
"""

import os
import socket
import sys


def ask(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(path)
        asking.sendall(os.environ["INTERNEG_WORKER_DIR"].encode())
        asking.shutdown(socket.SHUT_WR)
        asking.recv(1)  # ends with the worker, which holds the other side


def serve(path: str) -> None:
    import signal
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).parents[3]))
    from interneg.colour import Colour
    from interneg.plugin.worker import renderer
    from interneg.plugin.worker.serve import serve as serve_hosts
    from tests.toys import HOSTED

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that no worker is left a zombie
        print("ready:", renderer.__name__, Colour().identity, flush=True)
        while True:
            asked, _ = listening.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listening.close()
                os.setsid()
                os.environ["INTERNEG_WORKER_DIR"] = asked.makefile().read()
                serve_hosts(HOSTED, idle=20)
                os._exit(0)
            asked.close()


(serve if sys.argv[2:] == ["serve"] else ask)(sys.argv[1])
