import { create } from "@bufbuild/protobuf";
import {
	Code,
	ConnectError,
	createServiceImplSpec,
	type HandlerContext,
	type ServiceImplSpec,
} from "@connectrpc/connect";
import { ErrorInfoSchema } from "@novasphere/wukong-gen/error-details";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";

/** What the implementations do, by the name that a request gives. */
const deeds: Readonly<Record<string, (context: HandlerContext) => void>> = {
	plain() {},
	headers: ({ responseHeader }) => setFields(responseHeader),
	trailers: ({ responseTrailer }) => setFields(responseTrailer),
	both({ responseHeader, responseTrailer }) {
		setFields(responseHeader);
		setFields(responseTrailer);
	},
	echo({ requestHeader, responseHeader }) {
		for (const [name, value] of requestHeader) {
			if (name.startsWith("x-echo")) responseHeader.append(`${name}-back`, value);
		}
	},
	fail() {
		throw failure();
	},
	"fail-with-fields"({ responseHeader, responseTrailer }) {
		setFields(responseHeader);
		setFields(responseTrailer);
		throw failure();
	},
	"fail-with-metadata"() {
		throw new ConnectError("no: 100 %, “always”\n", Code.FailedPrecondition, {
			"x-meta": "a, b",
			"x-meta-bin": "AQID",
			"content-type": "text/evil",
			"grpc-status": "0",
		});
	},
	"fail-upstream"() {
		const relayed = new ConnectError("upstream", Code.NotFound, { "x-meta": "of another server" });
		relayed.isWireError = true;
		throw relayed;
	},
	"fail-long"() {
		throw new ConnectError("ä".repeat(3_000), Code.DataLoss);
	},
	crash() {
		throw new Error("at /src/secret.ts:1");
	},
};

/** Every code, by the name of a request. */
for (const code of Object.values(Code).filter((value) => typeof value === "number")) {
	Object.assign(deeds, {
		[`code-${code}`]() {
			throw new ConnectError(`code ${code}`, code);
		},
	});
}

/** Sizes of answers, in bytes of text, by the name of a request: below and above what is compressed or sliced. */
const sizes: Readonly<Record<string, number>> = { small: 900, large: 3_000, huge: 300_000 };

/** Names that a request may give. */
export const deedNames: readonly string[] = [...Object.keys(deeds), ...Object.keys(sizes)];

/** How the streams go on, by the namespace that a request gives. */
export const streamPlans = ["empty", "one", "many", "midway", "broken"] as const;

/** A service whose requests say what it does. */
export function createProbeService(): ServiceImplSpec {
	const act = (name: string, context: HandlerContext) => deeds[name]?.(context);
	return createServiceImplSpec<typeof WukongService>(WukongService, {
		getWukong({ name, namespace }, context) {
			act(name, context);
			return { wukong: vm(name, namespace) };
		},
		async listWukongs({ namespace }, context) {
			// An answer that comes later.
			await Promise.resolve();
			act(namespace, context);
			return namespace === "plain" ? {} : { wukongs: [vm("a", namespace), vm("b", namespace)] };
		},
		async createWukong({ wukong }, context) {
			act(wukong?.name ?? "", context);
			return { wukong: wukong ?? {} };
		},
		async *watchWukong({ name, namespace }, context) {
			act(name, context);
			if (namespace === "empty") return;
			yield { wukong: vm(name, namespace), resourceVersion: "1" };
			if (namespace === "midway") throw failure();
			// No number of 32 bits: it cannot be encoded.
			if (namespace === "broken") yield { wukong: { spec: { cpu: 1.5 } } };
			if (namespace !== "many") return;
			for (let i = 2; i < 20; i++) yield { resourceVersion: String(i) };
			context.responseTrailer.set("x-late", "yes");
		},
	});
}

function vm(name: string, namespace: string) {
	return { name, namespace, status: { phase: "p".repeat(sizes[name] ?? 1) } };
}

function failure(): ConnectError {
	const info = create(ErrorInfoSchema, { reason: "WUKONG_NOT_FOUND", domain: "novasphere.dev" });
	return new ConnectError("no such VM", Code.NotFound, undefined, [
		{ desc: ErrorInfoSchema, value: info },
	]);
}

function setFields(headers: Headers): void {
	headers.set("x-text", "ein Wert; q=1");
	headers.append("x-twice", "1");
	headers.append("x-twice", "2");
	headers.set("x-data-bin", Buffer.from([0, 255, 10]).toString("base64"));
}
