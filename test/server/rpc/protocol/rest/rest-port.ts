import type { DescService, JsonValue, Message } from "@bufbuild/protobuf";
import { createServiceImplSpec, type ServiceImpl } from "@connectrpc/connect";
import { defaultProtocols } from "../../../../../server/src/rpc/protocol/protocols.ts";
import type { RestOptions } from "../../../../../server/src/rpc/protocol/rest/http-path.ts";
import { createRest } from "../../../../../server/src/rpc/protocol/rest/rest.ts";
import { describeError } from "../../../../../server/src/service/errors/http-status.ts";
import {
	openPort,
	type PortSettings,
	type PortUnderTest,
} from "../../../../support/port-fixture.ts";

/** Status of an answer, its fields, and what its body says. */
export interface RestAnswer {
	readonly status: number;
	readonly headers: Headers;
	readonly text: string;
	/** undefined: the body is no JSON. */
	readonly json: JsonValue | undefined;
}

/** A port with REST, and a way to ask it. */
export interface RestPort extends PortUnderTest {
	ask(method: string, target: string, init?: RequestInit): Promise<RestAnswer>;
}

/** Opens a port that serves one service in REST, too. */
export async function openRestPort(
	service: DescService,
	implementation: Record<string, unknown>,
	{ rest = {}, ...settings }: PortSettings & { readonly rest?: Partial<RestOptions> } = {},
): Promise<RestPort> {
	const opened = await openPort({
		services: [createServiceImplSpec(service, implementation as ServiceImpl<DescService>)],
		protocols: [...defaultProtocols, createRest({ describeError, ...rest })],
		...settings,
	});
	return {
		...opened,
		async ask(method, target, init = {}) {
			const response = await fetch(opened.url + target, { method, ...init });
			const text = await response.text();
			return { status: response.status, headers: response.headers, text, json: parsed(text) };
		},
	};
}

function parsed(text: string): JsonValue | undefined {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** The first field that an error names, with what is said of it; undefined: it names none. */
export function violationIn({
	json,
}: RestAnswer): { field: string; description: string } | undefined {
	const details = (json as { details?: Record<string, unknown>[] } | undefined)?.details ?? [];
	const found = details.find((detail) => String(detail["@type"]).endsWith("BadRequest"));
	const [first] = (found?.fieldViolations ?? []) as { field?: string; description: string }[];
	// The request as a whole has no name, which JSON leaves out.
	return first && { field: "", ...first };
}

/** Answers with the request: what was bound is seen in it. */
export const echo = <T extends Message>(request: T): T => request;
