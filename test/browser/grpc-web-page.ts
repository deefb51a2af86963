// Runs in the browser: what a page does with Google's own gRPC-Web client. The test drives it.
import { create, type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import {
	type WukongEvent,
	WukongEvent_Type,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import { GrpcWebClientBase, MethodDescriptor, type RpcError } from "grpc-web";

/** How its calls go over the wire. */
export type Format = "text" | "binary";

/** What the page offers to the test. */
export interface GrpcWebPage {
	/** Name of the VM that is got, or code and message of the failure. */
	get(baseUrl: string, format: Format, name: string): Promise<string>;
	/** Begins a watch. */
	watch(baseUrl: string, format: Format, namespace: string): void;
	/** Types and names of its events, or code and message of its failure. */
	readonly events: string[];
	leave(): void;
}

declare global {
	var grpcWebPage: GrpcWebPage;
}

const nothing = class {} as never;

function descriptorOf({ name, input, output }: DescMethod, methodType: string) {
	return new MethodDescriptor<Message, Message>(
		`/${WukongService.typeName}/${name}`,
		methodType,
		nothing,
		nothing,
		(request: Message) => toBinary(input, request),
		(bytes: Uint8Array) => fromBinary(output, bytes),
	);
}

let leave = () => {};
const events: string[] = [];
globalThis.grpcWebPage = {
	async get(baseUrl, format, name) {
		const { getWukong } = WukongService.method;
		const descriptor = descriptorOf(getWukong, "unary");
		const client = new GrpcWebClientBase({ format });
		const request = create(getWukong.input, { name });
		try {
			const url = `${baseUrl}${descriptor.getName()}`;
			const response = await client.unaryCall(url, request, {}, descriptor);
			return (response as { wukong?: { name: string } }).wukong?.name ?? "";
		} catch (error) {
			const { code, message } = error as RpcError;
			return `${code}: ${message}`;
		}
	},
	watch(baseUrl, format, namespace) {
		const { watchWukong } = WukongService.method;
		const descriptor = descriptorOf(watchWukong, "server_streaming");
		const client = new GrpcWebClientBase({ format });
		const request = create(watchWukong.input, { namespace });
		const url = `${baseUrl}${descriptor.getName()}`;
		const stream = client.serverStreaming(url, request, {}, descriptor);
		stream.on("data", (event) => {
			const { type, wukong } = event as WukongEvent;
			events.push(`${WukongEvent_Type[type]} ${wukong?.name ?? ""}`.trim());
		});
		stream.on("error", ({ code, message }) => void events.push(`${code}: ${message}`));
		leave = () => stream.cancel();
	},
	events,
	leave: () => leave(),
};
