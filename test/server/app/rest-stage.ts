import { type RunningApp, standingOperator, startApp } from "../../support/running-app.ts";

const json = { "content-type": "application/json" };
/** A VM as a client creates it. */
export const vm = {
	name: "web-1",
	labels: { app: "web", My_Key: "v" },
	spec: { cpu: 2, memory: "4Gi", disks: [{ name: "root", size: "10Gi", boot: true }] },
};

/** Body of an answer. */
export type Json = Record<string, unknown> & { wukong: Record<string, never>; details?: unknown[] };

/** A running service, and a way to ask it. */
export async function open(...flags: readonly string[]) {
	const app = await startApp(...standingOperator, ...flags);
	const ask = (
		method: string,
		path: string,
		body?: unknown,
		headers: Record<string, string> = {},
	) =>
		fetch(app.url + path, {
			method,
			headers: { ...(body === undefined ? {} : json), ...headers },
			...(body === undefined
				? {}
				: { body: typeof body === "string" ? body : JSON.stringify(body) }),
		});
	return { app, ask, [Symbol.asyncDispose]: () => app.close() };
}

/** Reads the body of an answer. */
export const read = async (response: Response) => (await response.json()) as Json;
/** Reads the entity tag of an answer; empty: it has none. */
export const tagOf = (response: Response) => response.headers.get("etag") ?? "";

/** Waits until the operator has had its first look, after which it does nothing. */
export async function settled(app: RunningApp): Promise<void> {
	for (;;) {
		const { wukong } = await read(await fetch(`${app.url}/api/v1/wukongs/web-1`));
		if (wukong.status !== undefined && Object.keys(wukong.status).includes("phase")) return;
	}
}
