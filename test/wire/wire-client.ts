import type {
	DescMethodServerStreaming,
	DescMethodUnary,
	MessageInitShape,
	MessageShape,
} from "@bufbuild/protobuf";
import { createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";

/** What a call may say besides its message. */
export interface WireCallOptions {
	readonly timeoutMs?: number;
	readonly signal?: AbortSignal;
}

type Method = typeof WukongService.method;
type UnaryName = {
	[Name in keyof Method]: Method[Name] extends DescMethodUnary ? Name : never;
}[keyof Method];
type Input<Name extends keyof Method> = MessageInitShape<Method[Name]["input"]>;
type Output<Name extends keyof Method> = MessageShape<Method[Name]["output"]>;

/** One protocol on one HTTP version, as its own client library speaks it. Failures are ConnectErrors. */
export interface WireClient {
	unary<Name extends UnaryName>(
		name: Name,
		request: Input<Name>,
		options?: WireCallOptions,
	): Promise<Output<Name>>;
	watch(
		request: MessageInitShape<DescMethodServerStreaming["input"]> & Input<"watchWukong">,
		options?: WireCallOptions,
	): AsyncIterable<Output<"watchWukong">>;
	close(): void;
}

/** A client on any of connect's transports. */
export function createConnectWireClient(transport: Transport, close = () => {}): WireClient {
	const client = createClient(WukongService, transport);
	return {
		// Each name's request and response belong together, which the union of names cannot say.
		unary: (name, request, options) =>
			(client[name] as (request: unknown, options: unknown) => Promise<never>)(request, options),
		watch: (request, options) => client.watchWukong(request, options),
		close,
	};
}

export type { Interceptor, UnaryName };
