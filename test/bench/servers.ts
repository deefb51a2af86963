import { fileURLToPath } from "node:url";
import { createApiChanges } from "./api-changes.ts";
import type { Payload } from "./payload.ts";
import type { Burst } from "./peers/burst.ts";
import type { ServerSpec } from "./server-spec.ts";

/** VMs that every server has. */
export const seedCount = 100;

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The service as `npm start` runs it, everything on, with its store in memory. */
export function oursSpec(payload: () => Payload): ServerSpec {
	return {
		name: "ours",
		args: [
			file("../../server/src/main.ts"),
			...["--port", "0", "--data", ":memory:", "--seed", `${seedCount}`],
		],
		readAddresses(printed) {
			const found = /listens on (http:\S+)\n/.exec(printed)?.[1];
			if (found === undefined) return undefined;
			return { http1: new URL(found), http2: new URL(found) };
		},
		createChanges: (server) => createApiChanges(server.http2, payload()),
	};
}

/** A program in peers/ that answers with the messages in a file, and changes when told to. */
export function peerSpec(name: "stock" | "raw", payloadPath: string): ServerSpec {
	return {
		name,
		args: [file(`peers/${name}-child.ts`), payloadPath],
		readAddresses(printed) {
			const http1 = /^http1 (http:\S+)$/m.exec(printed)?.[1];
			const http2 = /^http2 (http:\S+)\n/m.exec(printed)?.[1];
			if (http1 === undefined || http2 === undefined) return undefined;
			return { http1: new URL(http1), http2: new URL(http2) };
		},
		createChanges: (server) => ({
			async burst(first, count) {
				server.tell({ first, count } satisfies Burst);
			},
			close() {},
		}),
	};
}
