import { setTimeout as pause } from "node:timers/promises";
import type { Blow } from "../support/fault-connection.ts";
import type { FaultProxy } from "../support/fault-proxy.ts";
import { until } from "../support/until.ts";

/** One way in which the network to an API server fails. */
export interface TcpFault {
	/** As in "whenever <title>, …". */
	readonly title: string;
	/** Rounds of a full run. */
	readonly fullRounds: number;
	/** Strikes while things happen; resolves when the way is clear again. */
	strike(site: TcpFaultSite): Promise<void>;
}

/** Where a fault strikes. */
export interface TcpFaultSite {
	readonly proxy: FaultProxy;
	/** From 0 to below 1. */
	readonly random: () => number;
	/** Lets a few things happen. */
	during(): Promise<void>;
	/** Number of times that the replica behind the proxy has opened a watch. */
	watches(): number;
}

/** Strikes somewhere in what comes next: within headers, between events, in mid-event. */
const struckBy =
	(blow: Blow): TcpFault["strike"] =>
	async ({ proxy, random, during }) => {
		const before = proxy.blows;
		proxy.strike(blow, Math.floor(random() * 3_000));
		while (proxy.blows === before) await during();
	};

export const tcpFaults: readonly TcpFault[] = [
	{ title: "connections are reset in mid-event", fullRounds: 1_000, strike: struckBy("reset") },
	{ title: "connections are cut in mid-event", fullRounds: 1_000, strike: struckBy("cut") },
	{ title: "a side of the connections closes", fullRounds: 200, strike: struckBy("half-close") },
	{ title: "a byte is garbled on the way", fullRounds: 200, strike: struckBy("garble") },
	{
		title: "bytes drip one by one",
		fullRounds: 50,
		async strike({ proxy, during }) {
			await proxy.set({ kind: "drip" });
			await during();
			await proxy.set({ kind: "clear" });
		},
	},
	{
		title: "all is slow, and then cut",
		fullRounds: 200,
		async strike({ proxy, random, during }) {
			await proxy.set({ kind: "slow", delayMs: Math.floor(random() * 30) });
			await during();
			proxy.strike("cut");
			await proxy.set({ kind: "clear" });
		},
	},
	{
		title: "the API server is down for a while",
		fullRounds: 200,
		async strike({ proxy, random, during }) {
			await proxy.set({ kind: "down" });
			await during();
			await pause(random() * 40);
			await proxy.set({ kind: "clear" });
		},
	},
	{
		title: "connections go dead without a word",
		fullRounds: 200,
		async strike({ proxy, during, watches }) {
			const before = watches();
			await proxy.set({ kind: "blackhole" });
			await during();
			// New connections work; those that were open are never heard of again.
			await proxy.set({ kind: "clear" });
			await until("the silence is noticed", () => watches() > before);
		},
	},
];
