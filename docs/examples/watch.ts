// Prints every event of a watch, over gRPC: `npm run watch`, or `npm run watch -- <url>`.
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ErrorInfoSchema } from "@novasphere/wukong-gen/error-details";
import { WukongStatus_PowerState as PowerState } from "@novasphere/wukong-gen/wukong";
import { WukongEvent_Type as Type, WukongService } from "@novasphere/wukong-gen/wukong-service";

const baseUrl = process.argv[2] ?? "http://127.0.0.1:8080";

try {
	const client = createClient(WukongService, createGrpcTransport({ baseUrl }));
	for await (const { type, wukong, resourceVersion } of client.watchWukong({})) {
		if (wukong === undefined) {
			console.log(`${Type[type]} at ${resourceVersion}`);
		} else {
			const power = PowerState[wukong.status?.powerState ?? PowerState.UNKNOWN];
			console.log(`${Type[type]} ${wukong.namespace}/${wukong.name} ${power}`);
		}
	}
} catch (error) {
	const failure = ConnectError.from(error);
	// The service gives each of its errors a reason; one without comes from the way to it.
	const isUnreached =
		failure.code === Code.Unavailable && failure.findDetails(ErrorInfoSchema).length === 0;
	const hint = isUnreached ? "; is a service there? `npm start` starts one" : "";
	console.error(`the watch of ${baseUrl} ended: ${failure.rawMessage}${hint}`);
	process.exitCode = 1;
}
