"""The Python client used as a service author uses it; `npm run test:sdk` runs it."""

import os
import unittest

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from novasphere.testing import FakeWukongService
from novasphere.v1 import wukong_pb2, wukong_service_pb2, wukong_service_pb2_grpc

Event = wukong_service_pb2.WukongEvent
SECONDS = 60


def connect(address):
    channel = grpc.insecure_channel(address)
    return channel, wukong_service_pb2_grpc.WukongServiceStub(channel)


def create(stub, name):
    vm = wukong_pb2.Wukong(name=name, namespace="python")
    vm.spec.cpu = 2
    vm.spec.memory = "4Gi"
    vm.spec.disks.add(name="root", size="20Gi")
    stub.CreateWukong(wukong_service_pb2.CreateWukongRequest(wukong=vm), timeout=SECONDS)


def watch(stub, token=""):
    query = wukong_service_pb2.WatchWukongRequest(namespace="python", resource_version=token)
    return stub.WatchWukong(query, timeout=SECONDS)


def read_until(stream, kind, name=""):
    for event in stream:
        if event.type == Event.RESET:
            raise AssertionError("the token was not taken")
        if event.type == kind and name in ("", event.wukong.name):
            return event.resource_version
    raise AssertionError("the stream has ended")


class WatchCase:
    """What holds of the service and of the fake."""

    def test_a_watch_resumes_after_a_cut(self):
        create(self.stub, "first")
        stream = watch(self.stub)
        read_until(stream, Event.ADDED, "first")
        token = read_until(stream, Event.SYNCED)
        stream.cancel()
        create(self.stub, "missed")
        again = watch(self.stub, token)
        read_until(again, Event.ADDED, "missed")
        again.cancel()

    def test_a_power_call_that_changes_nothing_says_so(self):
        create(self.stub, "on")
        request = wukong_service_pb2.StartWukongRequest(namespace="python", name="on")
        self.assertFalse(self.stub.StartWukong(request, timeout=SECONDS).changed)


class Service(WatchCase, unittest.TestCase):
    def setUp(self):
        self.channel, self.stub = connect(os.environ["WUKONG_ADDRESS"])
        self.addCleanup(self.channel.close)

    def test_an_error_carries_its_reason(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.stub.GetWukong(
                wukong_service_pb2.GetWukongRequest(name="nobody"), timeout=SECONDS
            )
        info = error_details_pb2.ErrorInfo()
        details = rpc_status.from_call(caught.exception).details
        self.assertTrue(any(detail.Unpack(info) for detail in details))
        self.assertEqual((info.reason, info.domain), ("WUKONG_NOT_FOUND", "novasphere.dev"))


class Fake(WatchCase, unittest.TestCase):
    def setUp(self):
        service = self.enterContext(FakeWukongService())
        self.channel, self.stub = connect(service.address)
        self.addCleanup(self.channel.close)

    def test_an_open_watch_ends_with_the_service(self):
        with FakeWukongService() as service:
            channel, stub = connect(service.address)
            stream = watch(stub)
            read_until(stream, Event.SYNCED)
        with self.assertRaises(grpc.RpcError):
            next(stream)
        channel.close()


if __name__ == "__main__":
    unittest.main()
