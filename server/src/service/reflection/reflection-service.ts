import type { DescFile, DescService } from "@bufbuild/protobuf";
import { Code, createServiceImplSpec, type ServiceImplSpec } from "@connectrpc/connect";
import { ServerReflection, type ServerReflectionRequest } from "@novasphere/wukong-gen/reflection";
import {
	type ServerReflectionRequest as ServerReflectionRequestV1Alpha,
	ServerReflection as ServerReflectionV1Alpha,
} from "@novasphere/wukong-gen/reflection-v1alpha";
import { ErrorReason, Failure, invalidRequest } from "../../failure.ts";
import { createDescriptorIndex, type DescriptorIndex, encodeFiles } from "./descriptor-index.ts";

/** Server reflection, by which a caller needs no proto file. */
export interface Reflection {
	/** `grpc.reflection.v1.ServerReflection` and the same in `v1alpha`. */
	readonly services: readonly ServiceImplSpec[];
	/** Ends every stream, those to come too, with `failure`. */
	drain(failure: Failure): void;
}

/** The services of reflection. */
export const reflectionServices: readonly DescService[] = [
	ServerReflection,
	ServerReflectionV1Alpha,
];

/** Most open streams: each is a call in both directions, which tools keep for seconds. */
const maxStreams = 100;

const retryAfterMs = 1_000;

/**
 * Creates server reflection (grpc/doc/server-reflection.md). What it says is nothing but the
 * contract; it needs HTTP/2, as all calls with a stream in both directions do.
 * @param services all that are served, {@link reflectionServices} among them
 */
export function createReflection(services: readonly DescService[]): Reflection {
	const names = services.map(({ typeName }) => typeName).sort();
	let index: DescriptorIndex | undefined;
	const open = new Set<(failure: Failure) => void>();
	let drained: Failure | undefined;

	function answer(request: Request, sent: Set<string>): Answer {
		// Most processes are never asked.
		index ??= createDescriptorIndex(services);
		const { case: asked, value } = request.messageRequest;
		switch (asked) {
			case "listServices":
				return {
					case: "listServicesResponse",
					value: { service: names.map((name) => ({ name })) },
				};
			case "fileByFilename":
				return sayFile(index.file(value), sent);
			case "fileContainingSymbol":
				return sayFile(index.fileOf(value), sent);
			case "fileContainingExtension": {
				const { containingType, extensionNumber } = value;
				return sayFile(index.fileOfExtension(containingType, extensionNumber), sent);
			}
			case "allExtensionNumbersOfType": {
				const extensionNumber = index.extensionNumbers(value);
				if (extensionNumber === undefined) return notFound;
				const numbers = { baseTypeName: value, extensionNumber: [...extensionNumber] };
				return { case: "allExtensionNumbersResponse", value: numbers };
			}
			default:
				throw invalidRequest({ field: "message_request", description: "is missing" });
		}
	}

	async function* respond<T extends Request>(requests: AsyncIterable<T>) {
		if (drained !== undefined) throw drained;
		if (open.size >= maxStreams) {
			throw new Failure(ErrorReason.TOO_MANY_REQUESTS, "too many reflection streams are open", {
				retryAfterMs,
			});
		}
		const iterator = requests[Symbol.asyncIterator]();
		let end: (failure: Failure) => void = () => {};
		const onDrain = (failure: Failure) => end(failure);
		// Not Promise.race: with a promise as old as the stream it keeps every request alive.
		const next = () =>
			new Promise<IteratorResult<T>>((resolve, reject) => {
				end = reject;
				iterator.next().then(resolve, reject);
			});
		const sent = new Set<string>();
		open.add(onDrain);
		try {
			for (;;) {
				const result = await next();
				if (result.done === true) return;
				const request = result.value;
				const messageResponse = answer(request, sent);
				yield { validHost: request.host, originalRequest: request, messageResponse };
				if (drained !== undefined) throw drained;
			}
		} finally {
			open.delete(onDrain);
		}
	}

	return {
		services: [
			createServiceImplSpec<typeof ServerReflection>(ServerReflection, {
				serverReflectionInfo: respond,
			}),
			createServiceImplSpec<typeof ServerReflectionV1Alpha>(ServerReflectionV1Alpha, {
				serverReflectionInfo: respond,
			}),
		],
		drain(failure) {
			drained = failure;
			for (const end of [...open]) end(failure);
		},
	};
}

/** A request in either version: they have the same fields. */
type Request = ServerReflectionRequest | ServerReflectionRequestV1Alpha;

/** The answer to a request, for either version. */
type Answer =
	| { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array[] } }
	| {
			case: "allExtensionNumbersResponse";
			value: { baseTypeName: string; extensionNumber: number[] };
	  }
	| { case: "listServicesResponse"; value: { service: { name: string }[] } }
	| { case: "errorResponse"; value: { errorCode: number; errorMessage: string } };

function sayFile(file: DescFile | undefined, sent: Set<string>): Answer {
	if (file === undefined) return notFound;
	const value = { fileDescriptorProto: encodeFiles(file, sent) };
	return { case: "fileDescriptorResponse", value };
}

const notFound: Answer = {
	case: "errorResponse",
	value: { errorCode: Code.NotFound, errorMessage: "nothing of this name is served here" },
};
