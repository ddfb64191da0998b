"""A process that serves a directory until it is told to stop: `python -m tests.service.postgres.serving DIRECTORY`.

Prints `{"pid":…,"dsn":…}` once it serves, or `{"trouble":…}` and exits 1.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from mkondo.adapters.postgres.server import PostgresServer
from mkondo.adapters.postgres.trouble import CannotServe


async def serve(directory: Path) -> int:
    server = PostgresServer(directory)
    try:
        await server.start()
    except CannotServe as trouble:
        print(json.dumps({"trouble": str(trouble)}), flush=True)
        return 1
    asked_to_stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked_to_stop.set)
    supervisor = asyncio.create_task(server.supervise())
    print(json.dumps({"pid": server.pid, "dsn": server.dsn("postgres"), "user": os.geteuid()}), flush=True)
    await asked_to_stop.wait()
    await server.stop()
    await supervisor
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(serve(Path(sys.argv[1]))))
