import { create, type DescMethod, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import {
	type ChannelCredentials,
	Client,
	type ClientOptions,
	type Metadata,
	type ServiceError,
} from "@grpc/grpc-js";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import type { WireCallOptions, WireClient } from "./wire-client.ts";

/** gRPC as `@grpc/grpc-js` speaks it, which shares no line with connect. */
export function createGrpcJsWireClient(
	address: string,
	credentials: ChannelCredentials,
	options: ClientOptions = {},
): WireClient {
	const client = new Client(address, credentials, options);
	const callOptions = ({ timeoutMs }: WireCallOptions) =>
		timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
	const path = (method: DescMethod) => `/${WukongService.typeName}/${method.name}`;
	const serialize = (method: DescMethod) => (request: never) =>
		Buffer.from(toBinary(method.input, create(method.input, request)));
	const deserialize = (method: DescMethod) => (bytes: Buffer) => fromBinary(method.output, bytes);

	return {
		unary: (name, request, options = {}) =>
			new Promise((resolve, reject) => {
				const method = WukongService.method[name];
				const call = client.makeUnaryRequest(
					path(method),
					serialize(method),
					deserialize(method),
					request as never,
					callOptions(options),
					(error: ServiceError | null, response?: unknown) => {
						if (error === null) resolve(response as never);
						else reject(toConnectError(error));
					},
				);
				options.signal?.addEventListener("abort", () => call.cancel());
			}),
		async *watch(request, options = {}) {
			const method = WukongService.method.watchWukong;
			const call = client.makeServerStreamRequest(
				path(method),
				serialize(method),
				deserialize(method),
				request as never,
				callOptions(options),
			);
			options.signal?.addEventListener("abort", () => call.cancel());
			try {
				for await (const event of call) yield event as never;
			} catch (error) {
				throw toConnectError(error as ServiceError);
			} finally {
				call.cancel();
			}
		},
		close: () => client.close(),
	};
}

/** The same error as connect's clients make of the same trailers. */
function toConnectError(error: ServiceError): ConnectError {
	const trailer = new Headers({ "grpc-status": `${error.code}`, "grpc-message": error.details });
	const metadata: Metadata | undefined = error.metadata;
	const [details] = metadata?.get("grpc-status-details-bin") ?? [];
	if (Buffer.isBuffer(details)) {
		trailer.set("grpc-status-details-bin", details.toString("base64").replace(/=+$/, ""));
	}
	return findTrailerError(trailer) ?? new ConnectError(error.details, Code.Unknown);
}
