import { listForms } from "../../server/src/rpc/protocol/ndjson/list-forms.ts";
import { ndjson } from "../../server/src/rpc/protocol/ndjson/ndjson.ts";
import type { Protocol } from "../../server/src/rpc/protocol/protocol.ts";
import { defaultProtocols } from "../../server/src/rpc/protocol/protocols.ts";
import { createRest } from "../../server/src/rpc/protocol/rest/rest.ts";
import { createSse } from "../../server/src/rpc/protocol/sse/sse.ts";
import { describeError } from "../../server/src/service/errors/http-status.ts";
import { wukongEventLabels } from "../../server/src/service/wukong/wukong-events.ts";

/** The protocols of a port with streams in plain HTTP, as the app has them. */
export function createPlainProtocols(): Protocol[] {
	const streamForms = [ndjson, createSse([wukongEventLabels])];
	return [...defaultProtocols, createRest({ describeError, streamForms, listForms })];
}
