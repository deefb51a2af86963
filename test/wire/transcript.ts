import { type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
	BadRequestSchema,
	ErrorInfoSchema,
	RetryInfoSchema,
} from "@novasphere/wukong-gen/error-details";

/** Values that differ from run to run: only that they are there is compared. */
const volatile = new Set([
	"uid",
	"resourceVersion",
	"createTime",
	"deleteTime",
	"time",
	"lastTransitionTime",
	"powerSince",
	"stuckTime",
	"upstreamLag",
	"nextPageToken",
	"ipAddress",
	"macAddress",
	"nodeName",
]);

/** A message in a form that is equal for equal answers, whatever wire they came over. */
export function messageRecord<Desc extends DescMessage>(
	schema: Desc,
	message: MessageShape<Desc>,
): unknown {
	return JSON.parse(JSON.stringify(toJson(schema, message)), (key, value) =>
		volatile.has(key) ? `<${key}>` : value,
	);
}

/** A failure in a form that is equal for equal answers. */
export function errorRecord(error: unknown): unknown {
	if (!(error instanceof ConnectError)) throw error;
	const [info] = error.findDetails(ErrorInfoSchema);
	const [bad] = error.findDetails(BadRequestSchema);
	const [retry] = error.findDetails(RetryInfoSchema);
	return {
		code: Code[error.code],
		// A conflict says the current version.
		message: error.rawMessage.replace(/(?<=, which is )\S+$/, "<resourceVersion>"),
		reason: info?.reason,
		domain: info?.domain,
		metadata: info?.metadata,
		violations: bad?.fieldViolations.map(({ field, description }) => `${field}: ${description}`),
		retries: retry !== undefined,
	};
}
