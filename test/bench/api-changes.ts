import { connect } from "node:http2";
import { changeLabels } from "./change-label.ts";
import type { ChangeSource } from "./change-source.ts";
import type { Payload } from "./payload.ts";
import { procedure } from "./procedure.ts";

/**
 * Changes VMs through the API: a new value of one label, which no operator reacts to. The
 * server's work for these calls is part of what is measured.
 */
export function createApiChanges(server: URL, { list }: Payload): ChangeSource {
	const session = connect(server.origin);
	// A broken connection fails the calls on it, and these are waited for.
	session.on("error", () => {});
	const update = (change: number) =>
		new Promise<void>((resolve, reject) => {
			const { name, namespace } = list.wukongs[change % list.wukongs.length] ?? {};
			const stream = session.request({
				":method": "POST",
				":path": procedure("UpdateWukong"),
				"content-type": "application/json",
			});
			stream.on("response", ({ ":status": status }) => {
				if (status !== 200) reject(new Error(`a change was answered with HTTP ${status}`));
			});
			stream.on("error", reject);
			stream.on("close", resolve);
			stream.resume();
			stream.end(JSON.stringify({ wukong: { name, namespace, labels: changeLabels(change) } }));
		});
	return {
		async burst(first, count) {
			await Promise.all(Array.from({ length: count }, (_, place) => update(first + place)));
		},
		close: () => session.destroy(),
	};
}
