"""A client that a public generator made from /openapi.json, used as it comes."""

import sys

from wukong_client import Client
from wukong_client.api.wukong_service import create_wukong, get_wukong, list_wukongs, stop_wukong
from wukong_client.models import StopWukongRequest, Wukong

client = Client(base_url=sys.argv[1])
body = Wukong.from_dict(
    {
        "name": "generated",
        "spec": {"cpu": 2, "memory": "4Gi", "disks": [{"name": "root", "size": "20Gi"}]},
    }
)
created = create_wukong.sync_detailed(client=client, body=body)
print(created.status_code.value, created.headers["location"])
stopped = stop_wukong.sync(client=client, name="generated", body=StopWukongRequest())
print(stopped.changed)
print([vm.name for vm in list_wukongs.sync(client=client).wukongs])
print(get_wukong.sync(client=client, name="nobody").reason)
