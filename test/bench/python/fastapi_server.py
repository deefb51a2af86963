"""FastAPI on uvicorn, one process, as its first page shows it: a model for the request, plain
objects for the answers. The benchmark asks for its CPU time on descriptor 3 and starts it with
the folder of the messages."""

import json
import os
import resource
import socket
import sys
import threading

import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

CONTROL_DESCRIPTOR = 3
SERVICE = "/novasphere.v1.WukongService/"

with open(os.path.join(sys.argv[1], "list.json"), encoding="utf-8") as file:
    everything = json.load(file)
by_reference = {(vm["namespace"], vm["name"]): {"wukong": vm} for vm in everything["wukongs"]}

app = FastAPI()


class Reference(BaseModel):
    namespace: str
    name: str


@app.post(SERVICE + "GetWukong")
async def get_wukong(reference: Reference):
    answer = by_reference.get((reference.namespace, reference.name))
    if answer is None:
        raise HTTPException(status_code=404)
    return answer


@app.post(SERVICE + "ListWukongs")
async def list_wukongs():
    return everything


def obey(control):
    """Answers the benchmark's questions, and ends the process when it is gone."""
    for line in control:
        if json.loads(line)["kind"] == "cpu":
            usage = resource.getrusage(resource.RUSAGE_SELF)
            answer = {"cpuMs": 1000 * (usage.ru_utime + usage.ru_stime)}
            control.write(json.dumps(answer) + "\n")
            control.flush()
    os._exit(0)


listener = socket.create_server(("127.0.0.1", 0))
url = f"http://127.0.0.1:{listener.getsockname()[1]}"
control = socket.socket(fileno=CONTROL_DESCRIPTOR).makefile("rw", encoding="utf-8")
threading.Thread(target=obey, args=(control,), daemon=True).start()
print(f"http1 {url}\nhttp2 {url}", flush=True)
config = uvicorn.Config(app, log_level="info", access_log=True, timeout_keep_alive=300)
uvicorn.Server(config).run(sockets=[listener])
