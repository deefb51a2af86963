// Runs in the browser: what the guards say there. The test drives it.
import { createWukongClient } from "../../web-client/src/index.ts";
import { type Ends, endsOf, tellRead, told } from "../web-client/told-apart.ts";

/** What the page offers to the test. */
export interface GuardsPage {
	ends(baseUrl: string): Promise<Ends>;
	/** What a second stream ends with while the first one is open. */
	secondStream(baseUrl: string): Promise<string>;
	/** What a Get ends with that goes as GET, so without a preflight. */
	getByGet(baseUrl: string): Promise<string>;
}

const page: GuardsPage = {
	ends: (baseUrl) => endsOf(createWukongClient({ baseUrl }), () => tellRead(baseUrl)),
	async secondStream(baseUrl) {
		const client = createWukongClient({ baseUrl });
		const first = client.rpc.watchWukong({})[Symbol.asyncIterator]();
		await first.next();
		const second = client.rpc.watchWukong({})[Symbol.asyncIterator]();
		const end = await second.next().then(() => "an event", told);
		await first.return?.();
		return end;
	},
	getByGet: (baseUrl) =>
		createWukongClient({ baseUrl, useHttpGet: true })
			.rpc.getWukong({ name: "vm-0" })
			.then(() => "answered", told),
};

Object.assign(globalThis, { guardsPage: page });
