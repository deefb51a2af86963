import type { ServerResponse } from "node:http";
import { type FaultSite, type ProtocolFault, sendNextLines, statusOf } from "./protocol-fault.ts";

/** Sends the first bytes of the next lines, and then does what `then` does. */
function breakNextLines(site: FaultSite, then: (response: ServerResponse) => void): void {
	sendNextLines(site, (line, response) => {
		const bytes = Buffer.from(line);
		// At least one byte: a server that says nothing of an event at all cannot be caught.
		const part = bytes.subarray(0, 1 + Math.floor(site.random() * (bytes.length - 2)));
		response.write(part, () => {
			// A new watch of the client may have ended this one.
			if (!response.writableEnded) then(response);
		});
	});
}

/** What goes wrong in the lines of a watch. */
export const lineFaults: readonly ProtocolFault[] = [
	{
		title: "a watch is reset in mid-event",
		fullRounds: 1_000,
		strike: (site) => breakNextLines(site, (response) => response.destroy()),
	},
	{
		title: "a watch ends well in mid-event",
		strike: (site) => breakNextLines(site, (response) => response.end()),
	},
	{
		title: "a line is broken, and good ones follow",
		fullRounds: 1_000,
		strike: (site) => breakNextLines(site, (response) => response.write("\n")),
	},
	{
		title: "two events share a line",
		strike: (site) =>
			sendNextLines(site, (line, response) => response.write(line.replace("\n", line))),
	},
	{
		title: "a line has 20 MiB",
		maxLists: 1,
		fullRounds: 25,
		shortRounds: 6,
		strike: (site) =>
			sendNextLines(site, (_, response) => response.write("x".repeat(20 * 1024 * 1024)), [
				"wukongs",
			]),
	},
	{
		title: "bytes come one by one",
		fullRounds: 25,
		shortRounds: 3,
		strike({ ways, onHit }) {
			for (const way of ways) way.set({ kind: "drip" });
			onHit();
		},
	},
	{
		title: "an ERROR event says 500",
		strike: (site) =>
			sendNextLines(site, (_, response) =>
				response.end(`${JSON.stringify({ type: "ERROR", object: statusOf(500) })}\n`),
			),
	},
	{
		title: "the server ends each watch after one event",
		strike: ({ api, onHit }) =>
			api.interceptLines((line, response) => {
				onHit();
				response.end(line);
				return true;
			}),
	},
	{
		title: "a server that is behind repeats what is known",
		strike: (site) =>
			sendNextLines(site, (line, response, plural) => {
				const version = Number(JSON.parse(line).object.metadata.resourceVersion);
				const { events = [] } = site.api.stores.get(plural) ?? {};
				const before = events
					.filter((event) => event.version < version)
					.slice(-4)
					.map(({ type, raw }) => ({ type, object: raw }));
				response.write(before.map((event) => `${JSON.stringify(event)}\n`).join("") + line);
			}),
	},
];
