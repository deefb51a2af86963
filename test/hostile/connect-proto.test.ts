import { afterAll, describe } from "vitest";
import { connectProtoContent } from "./rows/connect-proto-content.ts";
import { connectProtoWire } from "./rows/connect-proto-wire.ts";
import { testRows } from "./rows-test.ts";
import { openStage } from "./stage.ts";

const stage = await openStage();
afterAll(() => stage[Symbol.asyncDispose]());

describe("bytes that are no message", () => testRows(stage, connectProtoWire));
describe("messages, and how they come", () => testRows(stage, connectProtoContent(stage.facts)));
