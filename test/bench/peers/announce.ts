import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";

/** Listens on a free port of loopback for each HTTP version and prints where. */
export async function announce(http1: Server, http2: Server): Promise<void> {
	for (const [name, server] of Object.entries({ http1, http2 })) {
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		process.stdout.write(`${name} http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
	}
}
