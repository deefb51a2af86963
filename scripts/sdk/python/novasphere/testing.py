"""A service in memory for tests of code that calls WukongService: no server, no cluster.

It keeps VMs and tells their changes as the service does: a snapshot (ADDED), SYNCED, then what
happens; a watch that comes with a token gets what it missed. It validates nothing, knows no
selectors and sends no heartbeats.
"""

import threading
from concurrent import futures

import grpc

from novasphere.v1 import wukong_pb2, wukong_service_pb2, wukong_service_pb2_grpc

_Event = wukong_service_pb2.WukongEvent
_PowerState = wukong_pb2.WukongStatus.PowerState


class FakeWukongServicer(wukong_service_pb2_grpc.WukongServiceServicer):
    """Serves all calls from memory; calls of other methods are UNIMPLEMENTED."""

    def __init__(self):
        self._news = threading.Condition()
        self._wukongs = {}
        self._log = []
        self._is_closed = False

    def ListWukongs(self, request, context):
        with self._news:
            return wukong_service_pb2.ListWukongsResponse(
                wukongs=[vm for vm in self._sorted() if _is_in(request, vm)],
                resource_version=str(len(self._log)),
            )

    def GetWukong(self, request, context):
        with self._news:
            return wukong_service_pb2.GetWukongResponse(wukong=self._find(request, context))

    def CreateWukong(self, request, context):
        vm = wukong_pb2.Wukong()
        vm.CopyFrom(request.wukong)
        vm.namespace = vm.namespace or "default"
        with self._news:
            if (vm.namespace, vm.name) in self._wukongs:
                context.abort(grpc.StatusCode.ALREADY_EXISTS, f"there is a VM {vm.name} already")
            vm.uid = f"uid-{len(self._log) + 1}"
            vm.generation = 1
            if not vm.spec.start_strategy.HasField("auto_start"):
                vm.spec.start_strategy.auto_start = True
            vm.status.power_state = _power_of(vm)
            self._tell(_Event.ADDED, vm)
        return wukong_service_pb2.CreateWukongResponse(wukong=vm)

    def DeleteWukong(self, request, context):
        with self._news:
            vm = self._find(request, context)
            self._tell(_Event.DELETED, vm)
            return wukong_service_pb2.DeleteWukongResponse(
                wukong=vm, resource_version=str(len(self._log))
            )

    def StartWukong(self, request, context):
        vm, changed = self._switch(request, context, True)
        return wukong_service_pb2.StartWukongResponse(wukong=vm, changed=changed)

    def StopWukong(self, request, context):
        vm, changed = self._switch(request, context, False)
        return wukong_service_pb2.StopWukongResponse(wukong=vm, changed=changed)

    def WatchWukong(self, request, context):
        context.add_callback(self._wake)
        with self._news:
            if request.resource_version.isdecimal():
                at = int(request.resource_version)
                snapshot = []
            else:
                at = len(self._log)
                snapshot = [vm for vm in self._sorted() if _is_in(request, vm)]
        for vm in snapshot:
            yield _Event(type=_Event.ADDED, wukong=vm, resource_version="start-over")
        is_synced = False
        while True:
            with self._news:
                if is_synced:
                    self._news.wait_for(
                        lambda: len(self._log) > at or self._is_closed or not context.is_active()
                    )
                if self._is_closed or not context.is_active():
                    break
                news, at = self._log[at:], len(self._log)
            for kind, vm in news:
                if _is_in(request, vm):
                    yield _Event(type=kind, wukong=vm, resource_version=str(at))
            if not is_synced:
                is_synced = True
                yield _Event(type=_Event.SYNCED, resource_version=str(at))
        if context.is_active():
            context.abort(grpc.StatusCode.UNAVAILABLE, "the service is shutting down")

    def close(self):
        """Ends all watches, as a shutdown does."""
        with self._news:
            self._is_closed = True
            self._news.notify_all()

    def _wake(self):
        with self._news:
            self._news.notify_all()

    def _sorted(self):
        return [vm for _, vm in sorted(self._wukongs.items())]

    def _find(self, request, context):
        vm = self._wukongs.get((request.namespace or "default", request.name))
        if vm is None:
            context.abort(grpc.StatusCode.NOT_FOUND, f"there is no VM {request.name}")
        return vm

    def _switch(self, request, context, wish):
        with self._news:
            known = self._find(request, context)
            if known.spec.start_strategy.auto_start == wish:
                return known, False
            vm = wukong_pb2.Wukong()
            vm.CopyFrom(known)
            vm.spec.start_strategy.auto_start = wish
            vm.generation += 1
            vm.status.power_state = _power_of(vm)
            self._tell(_Event.MODIFIED, vm)
            return vm, True

    def _tell(self, kind, vm):
        vm.resource_version = str(len(self._log) + 1)
        self._log.append((kind, vm))
        if kind == _Event.DELETED:
            del self._wukongs[(vm.namespace, vm.name)]
        else:
            self._wukongs[(vm.namespace, vm.name)] = vm
        self._news.notify_all()


class FakeWukongService:
    """Runs a FakeWukongServicer on a free loopback port: `with FakeWukongService() as service`."""

    def __init__(self, max_workers=16):
        self.servicer = FakeWukongServicer()
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=max_workers))
        wukong_service_pb2_grpc.add_WukongServiceServicer_to_server(self.servicer, self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self.address = f"127.0.0.1:{port}"

    def __enter__(self):
        self._server.start()
        return self

    def __exit__(self, *_):
        self.servicer.close()
        self._server.stop(grace=1).wait()


def _is_in(request, vm):
    return request.namespace in ("", vm.namespace) and (
        not getattr(request, "name", "") or request.name == vm.name
    )


def _power_of(vm):
    return _PowerState.RUNNING if vm.spec.start_strategy.auto_start else _PowerState.STOPPED
