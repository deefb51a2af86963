import { createServiceImplSpec, type HandlerContext } from "@connectrpc/connect";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { describeError } from "../../server/src/service/errors/http-status.ts";
import { openPort, type PortSettings, quietWatch } from "../support/port-fixture.ts";
import { openRawWebSocket } from "../support/raw-websocket.ts";

export type Watch = (
	request: { readonly name: string },
	context: HandlerContext,
) => AsyncIterable<object>;

/** A port with one socket, whose watch says one thing and waits, or what is given. */
export async function openStage(settings: PortSettings & { readonly watch?: Watch } = {}) {
	const { watch, ...rest } = settings;
	const watchWukong = watch ?? quietWatch(() => port.seen);
	const service = createServiceImplSpec(WukongService, { watchWukong } as never);
	const port = await openPort({
		services: [service],
		watchSockets: [
			{
				paths: ["/ws"],
				subprotocol: "wukong.v1",
				method: WukongService.method.watchWukong,
				describeError,
			},
		],
		...rest,
	});
	return { ...port, open: () => openRawWebSocket(port.portNumber, "/ws") };
}

/** Writes a subscription. */
export const subscribe = (id: string, query: unknown = {}) =>
	JSON.stringify({ type: "subscribe", id, query });
