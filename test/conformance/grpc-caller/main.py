"""Says what grpcio makes of refusals, for test/conformance/grpc-refusals.conformance.ts.

Reads lines of JSON from its standard input, each one a call; answers each with one line.
"""
import json
import sys

import grpc
from google.protobuf import wrappers_pb2
from google.rpc import error_details_pb2
from grpc_status import rpc_status


def ask(call):
    options = [("grpc.default_authority", call["authority"])] if call["authority"] else []
    with grpc.insecure_channel(call["address"], options=options) as channel:
        send = channel.unary_unary(
            call["path"],
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=wrappers_pb2.BytesValue.FromString,
        )
        try:
            request = wrappers_pb2.BytesValue(value=bytes(call["size"]))
            send(request, timeout=10, metadata=list(call["fields"].items()))
        except grpc.RpcError as error:
            reason = ""
            state = rpc_status.from_call(error)
            for detail in state.details if state is not None else []:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    reason = info.reason
            return {"code": error.code().value[0], "message": error.details(), "reason": reason}
    return {"code": 0, "message": "", "reason": ""}


for line in sys.stdin:
    print(json.dumps(ask(json.loads(line))), flush=True)
