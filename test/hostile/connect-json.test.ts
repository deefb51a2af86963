import { afterAll, describe } from "vitest";
import { connectJsonDecoding } from "./rows/connect-json-decoding.ts";
import { connectJsonProtocol, connectJsonStream } from "./rows/connect-json-protocol.ts";
import { connectJsonRules } from "./rows/connect-json-rules.ts";
import { testRows } from "./rows-test.ts";
import { openStage } from "./stage.ts";

const stage = await openStage();
afterAll(() => stage[Symbol.asyncDispose]());

describe("bodies that are not JSON, or not that of the message", () => {
	testRows(stage, connectJsonDecoding);
});
describe("messages that break a rule", () => testRows(stage, connectJsonRules(stage.facts)));
describe("unary calls", () => testRows(stage, connectJsonProtocol(stage.facts)));
describe("streams", () => testRows(stage, connectJsonStream));
