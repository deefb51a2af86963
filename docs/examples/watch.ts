// Prints every event of a watch, over gRPC: `npm run watch`, or `npm run watch -- <url>`.
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { WukongStatus_PowerState as PowerState } from "@novasphere/wukong-gen/wukong";
import { WukongEvent_Type as Type, WukongService } from "@novasphere/wukong-gen/wukong-service";

const baseUrl = process.argv[2] ?? "http://127.0.0.1:8080";
const client = createClient(WukongService, createGrpcTransport({ baseUrl }));

for await (const { type, wukong, resourceVersion } of client.watchWukong({})) {
	if (wukong === undefined) {
		console.log(`${Type[type]} at ${resourceVersion}`);
	} else {
		const power = PowerState[wukong.status?.powerState ?? PowerState.UNKNOWN];
		console.log(`${Type[type]} ${wukong.namespace}/${wukong.name} ${power}`);
	}
}
