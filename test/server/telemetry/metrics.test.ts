import type { DescMethod } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import type { CallEnd } from "../../../server/src/service/interceptors/call-observer.ts";
import { createMetrics, type Metrics } from "../../../server/src/telemetry/metrics.ts";

const service = 'service="novasphere.v1.WukongService"';
const { getWukong, watchWukong } = WukongService.method;
const end = { durationMs: 2, failure: undefined };

/** One call by gRPC from its start to its end. */
function play({ calls }: Metrics, method: DescMethod, end: CallEnd) {
	const call = {
		...({ method, protocol: "grpc", requestId: "r1" } as const),
		...{ peer: undefined, address: undefined, principal: undefined, target: undefined },
	};
	calls.callStarted(call, new Headers())?.callEnded?.(call, end);
}

test("calls are counted by service, method, code and protocol, unary ones timed", async () => {
	const metrics = createMetrics({ processMetrics: false });
	play(metrics, getWukong, end);
	const failure = { code: Code.NotFound, reason: "WUKONG_NOT_FOUND", cause: undefined };
	play(metrics, getWukong, { ...end, failure });
	play(metrics, watchWukong, { ...end, failure });
	const { body } = await metrics.exposition();
	const count = (method: string, code: string) =>
		`wukong_requests_total{${service},method="${method}",code="${code}",protocol="grpc"} 1`;
	expect(body).toContain(count("GetWukong", "ok"));
	expect(body).toContain(count("GetWukong", "not_found"));
	expect(body).toContain(count("WatchWukong", "not_found"));
	expect(body).toContain(
		`wukong_request_duration_seconds_bucket{le="0.0025",${service},method="GetWukong"} 2`,
	);
	expect(body).not.toContain(`_bucket{le="0.0025",${service},method="WatchWukong"}`);
});

test("streams and connections are counted while they are open", async () => {
	const { watch, port, exposition } = createMetrics({ processMetrics: false });
	watch.streamOpened();
	watch.streamOpened();
	watch.streamClosed();
	watch.eventsSkipped(3);
	watch.reset("lagged");
	port.connectionOpened();
	port.connectionFault("idle_timeout");
	port.callRefused("authority");
	port.bytesSent(10);
	const { body, contentType } = await exposition();
	expect(contentType).toContain("text/plain");
	for (const line of [
		"wukong_watch_streams 1",
		"wukong_watch_events_skipped_total 3",
		'wukong_watch_resets_total{cause="lagged"} 1',
		"wukong_connections 1",
		'wukong_connection_faults_total{fault="idle_timeout"} 1',
		'wukong_requests_refused_total{cause="authority"} 1',
		"wukong_sent_bytes_total 10",
	]) {
		expect(body).toContain(`${line}\n`);
	}
});

test("who reads the numbers leaves them as they are", async () => {
	const metrics = createMetrics({ processMetrics: false });
	const { port, exposition } = metrics;
	play(metrics, getWukong, end);
	port.bytesSent(10);
	const { body } = await exposition();
	expect((await exposition()).body).toBe(body);
	port.bytesSent(7);
	expect((await exposition()).body).toContain("wukong_sent_bytes_total 17\n");
});

test("each service has numbers of its own", async () => {
	createMetrics({ processMetrics: false }).watch.streamOpened();
	const { body } = await createMetrics({ processMetrics: false }).exposition();
	expect(body).toContain("wukong_watch_streams 0\n");
});
