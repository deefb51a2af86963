import type { DescService, Message } from "@bufbuild/protobuf";
import { isReflectMessage, type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import type { FieldMask } from "@bufbuild/protobuf/wkt";
import {
	Code,
	type Interceptor,
	type StreamRequest,
	type StreamResponse,
	type UnaryRequest,
} from "@connectrpc/connect";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import type { Clock } from "../../clock.ts";
import { Failure } from "../../failure.ts";
import { wrapStream } from "../../rpc/batched-stream.ts";
import { callContextKey, principalKey } from "../../rpc/call/call-context.ts";
import { reasonIn, toConnectError } from "../errors/connect-error.ts";
import { truncate } from "../errors/truncate.ts";
import type { MethodRule } from "./authorize.ts";
import { callTarget } from "./call-target.ts";

/** What was done, or refused: one line of the audit log. What is unknown is left out. */
export interface AuditRecord {
	/** RFC 3339. */
	readonly time: string;
	readonly requestId?: string;
	readonly principal?: string;
	readonly groups?: readonly string[];
	/** How the principal was proved. */
	readonly proof?: string;
	readonly address?: string;
	readonly protocol?: string;
	readonly method: string;
	readonly verb?: string;
	readonly namespace?: string;
	readonly name?: string;
	readonly uid?: string;
	/** Paths of the fields that the call sets, without their values. */
	readonly fields?: readonly string[];
	/** Nothing was to be stored. */
	readonly validateOnly?: true;
	readonly outcome: "done" | "refused" | "failed";
	readonly code?: string;
	readonly reason?: string;
}

/** Takes the lines. */
export interface AuditTrail {
	/** Never waits, and never throws. */
	write(record: AuditRecord): void;
	/** False where lines cannot be written now, and nothing may be done without one. */
	readonly isOpen: boolean;
}

/** Options of {@link createAuditInterceptor}. */
export interface AuditOptions {
	readonly trail: AuditTrail;
	/** Rules of the methods by service and name: those that do not read change something. */
	readonly rules: ReadonlyMap<DescService, Readonly<Record<string, MethodRule>>>;
	readonly clock: Clock;
}

type Request = UnaryRequest | StreamRequest;
type CallPart = Omit<AuditRecord, "time" | "outcome">;

const readingVerbs: ReadonlySet<string> = new Set(["list", "watch", "get"]);

/** Codes of a call that was refused for who made it. */
const refusals: ReadonlySet<Code> = new Set([Code.Unauthenticated, Code.PermissionDenied]);

/**
 * Creates the interceptor that writes a line for each call that changes something, and for each that is
 * refused for who made it, also when that comes in the middle of a stream. Belongs between the call
 * interceptor and authentication. A call that reads and is allowed costs it a look at a table.
 */
export function createAuditInterceptor(options: AuditOptions): Interceptor {
	const { trail, rules, clock } = options;
	/** What is known of a call by now. */
	const callOf = (request: Request): CallPart => {
		const { service, method, contextValues } = request;
		const verb = rules.get(service)?.[method.localName]?.verb;
		return {
			...callerIn(request),
			...{ method: method.name, ...(verb && { verb }) },
			...contextValues.get(callTarget),
		};
	};
	const write = (call: CallPart, rest: Pick<AuditRecord, "outcome"> & Partial<AuditRecord>) =>
		trail.write({ time: new Date(clock.nowMs()).toISOString(), ...call, ...rest });
	/** Writes a line for an error where it is due, and returns the error as it was. */
	const failed = (call: CallPart, error: unknown, change: Partial<AuditRecord> | undefined) => {
		const outgoing = toConnectError(error, undefined);
		const isRefusal = refusals.has(outgoing.code);
		if (change === undefined && !isRefusal) return error;
		const outcome = isRefusal ? "refused" : "failed";
		const reason = reasonIn(outgoing) ?? "";
		write(call, { ...change, outcome, code: Code[outgoing.code], reason });
		return error;
	};
	/** Hears of a refusal in the middle of a stream, once. Holds on to nothing of its request. */
	const follow = (response: StreamResponse, request: Request): StreamResponse => {
		const call = callOf(request);
		let isTold = false;
		const onError = (error: unknown) => {
			if (isTold) return error;
			isTold = true;
			return failed(call, error, undefined);
		};
		const hooks = { onError, onEnd() {}, onClose() {} };
		return { ...response, message: wrapStream(response.message, hooks, request) };
	};
	return (next) => async (request) => {
		const verb = rules.get(request.service)?.[request.method.localName]?.verb;
		if (request.stream || verb === undefined || readingVerbs.has(verb)) {
			try {
				const response = await next(request);
				return response.stream ? follow(response, request) : response;
			} catch (error) {
				throw failed(callOf(request), error, undefined);
			}
		}
		const change = changeIn(request.message);
		try {
			if (!trail.isOpen) throw closed();
			const response = await next(request);
			const object = objectIn(response.message as Message);
			write(callOf(request), { ...change, ...object, outcome: "done" });
			return response;
		} catch (error) {
			throw failed(callOf(request), error, change);
		}
	};
}

function closed(): Failure {
	const message = "the audit log cannot be written, so nothing is changed";
	return new Failure(ErrorReason.UPSTREAM_UNAVAILABLE, message, { retryAfterMs: 1_000 });
}

function callerIn({ contextValues }: Request): Partial<AuditRecord> {
	const context = contextValues.get(callContextKey);
	const principal = contextValues.get(principalKey);
	return {
		...(context && {
			requestId: context.requestId,
			address: context.address,
			protocol: context.protocol,
		}),
		...(principal && {
			principal: principal.name,
			groups: principal.groups,
			proof: principal.method,
		}),
	};
}

/** The object as it is after the call. */
function objectIn(message: Message): Partial<AuditRecord> {
	const { wukong } = message as Message & { readonly wukong?: Wukong };
	if (wukong === undefined) return {};
	return { namespace: wukong.namespace, name: wukong.name, ...(wukong.uid && { uid: wukong.uid }) };
}

/** Most paths of one line, and characters of one. */
const maxPaths = 100;
const maxPathLength = 256;

/** Reads what a request wants to change: names alone, no value. */
function changeIn(message: Message): Partial<AuditRecord> {
	const request = message as Message & {
		readonly wukong?: Wukong;
		readonly updateMask?: FieldMask;
		readonly uid?: string;
		readonly validateOnly?: boolean;
	};
	const { wukong, updateMask, uid } = request;
	const paths =
		updateMask !== undefined && updateMask.paths.length > 0
			? updateMask.paths
			: wukong === undefined
				? []
				: setPaths(reflect(WukongSchema, wukong), "").filter((path) => !identity.has(path));
	return {
		...(uid && { uid: truncate(uid, maxPathLength) }),
		...(paths.length > 0 && {
			fields: paths.slice(0, maxPaths).map((path) => truncate(path, maxPathLength)),
		}),
		...(request.validateOnly === true && { validateOnly: true }),
	};
}

/** Fields that name the object; the line has them elsewhere. */
const identity: ReadonlySet<string> = new Set(["name", "namespace", "uid", "resource_version"]);

/** Lists the fields that are set; lists and maps are named as a whole. */
function setPaths(message: ReflectMessage, prefix: string): string[] {
	return message.fields.flatMap((field) => {
		if (!message.isSet(field)) return [];
		const path = `${prefix}${field.name}`;
		const value: unknown = field.fieldKind === "message" ? message.get(field) : undefined;
		if (!isReflectMessage(value) || value.desc.file.name.startsWith("google/")) return [path];
		const inner = setPaths(value, `${path}.`);
		return inner.length === 0 ? [path] : inner;
	});
}
