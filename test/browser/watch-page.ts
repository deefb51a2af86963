// Runs in the browser: what a page does with the web client. The test drives it.
import { toJsonString } from "@bufbuild/protobuf";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import {
	createWukongClient,
	ListWukongsResponseSchema,
	type WukongEvent,
	WukongEvent_Type,
	WukongEventSchema,
	WukongStatus_PowerState,
} from "../../web-client/src/index.ts";

/** How the page speaks to the service. */
export type PageWire = "Connect JSON" | "Connect binary" | "gRPC-Web";

/** One event after SYNCED. */
export interface LiveEvent {
	readonly type: keyof typeof WukongEvent_Type;
	readonly name: string;
	readonly power: keyof typeof WukongStatus_PowerState;
	/** Resume token of the event. */
	readonly token: string;
}

/** What the page offers to the test. */
export interface WatchPage {
	readonly live: LiveEvent[];
	/** Versions of the VMs that the page holds, by name. */
	readonly held: Record<string, string>;
	/** JSON of every message. */
	readonly received: string[];
	synced: boolean;
	failure: string;
	/** Chooses where and how to call. */
	use(baseUrl: string, wire: PageWire): void;
	/** Versions of all VMs, by name. */
	list(): Promise<Record<string, string>>;
	/** Begins a loop over a watch, which `leave` leaves at the next event. */
	watch(): void;
	leave: boolean;
	/** Opens a watch and leaves its loop after the first event, again and again. */
	openAndLeave(times: number): Promise<void>;
}

let client = createWukongClient();

const page: WatchPage = {
	live: [],
	held: {},
	received: [],
	synced: false,
	failure: "",
	leave: false,
	use(baseUrl, wire) {
		client =
			wire === "gRPC-Web"
				? createWukongClient({ transport: createGrpcWebTransport({ baseUrl }) })
				: createWukongClient({ baseUrl, format: wire === "Connect JSON" ? "json" : "binary" });
	},
	async list() {
		const response = await client.rpc.listWukongs({});
		page.received.push(toJsonString(ListWukongsResponseSchema, response));
		return Object.fromEntries(
			response.wukongs.map(({ name, resourceVersion }) => [name, resourceVersion]),
		);
	},
	watch() {
		follow().catch((error) => {
			page.failure = String(error);
		});
	},
	async openAndLeave(times) {
		for (let time = 0; time < times; time++) {
			for await (const _event of client.rpc.watchWukong({})) break;
		}
	},
};

async function follow(): Promise<void> {
	for await (const event of client.rpc.watchWukong({})) {
		take(event);
		if (page.leave) break;
	}
}

function take(event: WukongEvent): void {
	page.received.push(toJsonString(WukongEventSchema, event));
	if (event.type === WukongEvent_Type.SYNCED) page.synced = true;
	if (event.wukong === undefined) return;
	const { name, resourceVersion, status } = event.wukong;
	if (event.type === WukongEvent_Type.DELETED) delete page.held[name];
	else page.held[name] = resourceVersion;
	if (!page.synced) return;
	page.live.push({
		type: nameOf(WukongEvent_Type, event.type),
		name,
		power: nameOf(WukongStatus_PowerState, status?.powerState ?? WukongStatus_PowerState.UNKNOWN),
		token: event.resourceVersion,
	});
}

function nameOf<T extends object>(names: T, value: number): keyof T {
	return (names as Record<number, keyof T>)[value] as keyof T;
}

Object.assign(globalThis, { watchPage: page });
