// Prints what happens to VMs, over gRPC: `npm run watch`, or `npm run watch -- <url>`. It survives
// whatever happens to the server, and says so; Ctrl-C ends it.
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
	createWukongClient,
	WukongStatus_PowerState as PowerState,
	reasonOf,
} from "@novasphere/wukong-client";

const baseUrl = process.argv[2] ?? "http://127.0.0.1:8080";
if (!URL.canParse(baseUrl)) {
	console.error(`"${baseUrl}" is no URL, as http://127.0.0.1:8080 is`);
	process.exit(1);
}
const client = createWukongClient({ transport: createGrpcTransport({ baseUrl }) });

const words = {
	connecting: `connecting to ${baseUrl}`,
	live: "live",
	stale: "the connection is lost; trying again",
	offline: `nobody answers at ${baseUrl}; trying again (\`npm start\` starts a server)`,
	closed: "closed",
	failed: "given up",
} as const;

let said = "";
const say = (line: string) => {
	if (line !== said) console.log(line);
	said = line;
};

const watch = client.watch({}, { onCondition: ({ status }) => say(`# ${words[status]}`) });
process.once("SIGINT", () => void watch.close());

try {
	for await (const event of watch) {
		if (event.type === "SYNCED") continue;
		const { namespace, name, status } = event.wukong;
		const power = PowerState[status?.powerState ?? PowerState.UNKNOWN];
		console.log(`${event.type} ${namespace}/${name} ${power}`);
	}
} catch (error) {
	console.error(String(error), reasonOf(error) === undefined ? "" : "(no retry can cure it)");
	process.exitCode = 1;
}
