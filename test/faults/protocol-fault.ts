import type { ServerResponse } from "node:http";
import type { FakeApiServer, FakePlural, FakeRequest } from "../support/fake-api-server.ts";
import type { FaultProxy } from "../support/fault-proxy.ts";

/** One way in which an API server fails. */
export interface ProtocolFault {
	/** As in "whenever <title>, …". */
	readonly title: string;
	/**
	 * How many lists each replica may read for one strike. Default 0: every change has to be told
	 * to the clients, each once; a list tells the outcome only.
	 */
	readonly maxLists?: number;
	/** Rounds of a full run. Default 100. */
	readonly fullRounds?: number;
	/** Rounds where time is short. Default: those of all faults. */
	readonly shortRounds?: number;
	/**
	 * It strikes once the watches of all replicas are open: what one strike does to a kind must not add
	 * up with what the one before did, as refusals in a row do. Default: it strikes at any moment.
	 */
	readonly strikesOpenWatches?: boolean;
	strike(site: FaultSite): void;
}

/** Where a fault strikes. */
export interface FaultSite {
	readonly api: FakeApiServer;
	/** The replicas' ways to it. */
	readonly ways: readonly FaultProxy[];
	/** From 0 to below 1. */
	readonly random: () => number;
	/** Told each time that something was made to fail. */
	readonly onHit: () => void;
}

export type Send = (response: ServerResponse, request: FakeRequest) => void;
export type SendLine = (line: string, response: ServerResponse, plural: FakePlural) => void;

/** Which calls are answered. */
export interface AnswerRange {
	readonly count: number;
	/** Default: any. */
	readonly of?: (request: FakeRequest) => boolean;
}

/** Answers the next calls in place of the API server, and lets all others through. */
export function answerNext({ api, onHit }: FaultSite, send: Send, range: AnswerRange): void {
	const { count, of = () => true } = range;
	let left = count;
	api.intercept((request, response) => {
		if (left === 0 || !of(request)) return false;
		left--;
		onHit();
		send(response, request);
		return true;
	});
}

/**
 * Sends the next line on each of the open watches in place of the API server.
 * @param plurals kinds whose watches are struck. Default: all
 */
export function sendNextLines(
	{ api, onHit }: FaultSite,
	send: SendLine,
	plurals: readonly FakePlural[] = [...api.stores.keys()],
): void {
	const struck = new WeakSet<ServerResponse>();
	// By kinds: what strikes one watch again and again is another fault.
	const left = new Map(plurals.map((plural) => [plural, Math.max(1, api.watchingOf(plural))]));
	api.interceptLines((line, response, plural) => {
		const count = left.get(plural) ?? 0;
		if (count === 0 || struck.has(response)) return false;
		left.set(plural, count - 1);
		struck.add(response);
		onHit();
		send(line, response, plural);
		return true;
	});
}

/** What the API server says of a refusal. */
export function statusOf(code: number) {
	return { kind: "Status", apiVersion: "v1", status: "Failure", code };
}

export function pick<T>(from: readonly T[], random: () => number): T {
	return from[Math.floor(random() * from.length)] as T;
}
