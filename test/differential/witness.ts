import { type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImplSpec } from "@connectrpc/connect";

/** What an implementation was given. */
export interface Given {
	readonly message: JsonValue;
	readonly requestMethod: string;
	readonly protocolName: string;
	/** Path and query. */
	readonly target: string;
	readonly hasDeadline: boolean;
	/** Headers that belong to no protocol. */
	readonly header: Readonly<Record<string, string>>;
}

/** Notes what implementations are given, by the request's id. */
export interface Witness {
	readonly service: ServiceImplSpec;
	/** Tells it once; undefined: no implementation was begun. */
	take(requestId: string): Given | undefined;
}

type Implementation = (message: Message, context: HandlerContext) => unknown;

/** The same service, with a witness before each implementation. */
export function createWitness({ service, methods }: ServiceImplSpec): Witness {
	const given = new Map<string, Given>();
	const witnessed = Object.entries(methods).map(([name, spec]) => {
		const impl: Implementation = (message, context) => {
			const requestId = context.requestHeader.get("x-request-id") ?? "";
			const { requestMethod, protocolName } = context;
			given.set(requestId, {
				message: toJson(spec.method.input, message),
				requestMethod,
				protocolName,
				target: context.url.replace(/^http:\/\/[^/]*/, ""),
				hasDeadline: context.timeoutMs() !== undefined,
				header: ownFields(context.requestHeader),
			});
			return (spec.impl as Implementation)(message, context);
		};
		return [name, { ...spec, impl }];
	});
	return {
		service: { service, methods: Object.fromEntries(witnessed) } as ServiceImplSpec,
		take(requestId) {
			const seen = given.get(requestId);
			given.delete(requestId);
			return seen;
		},
	};
}

function ownFields(headers: Headers): Record<string, string> {
	return Object.fromEntries([...headers].filter(([name]) => name.startsWith("x-")));
}
