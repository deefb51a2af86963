import { afterAll } from "vitest";
import { grpcWebTextRows } from "./rows/grpc-web-text.ts";
import { testRows } from "./rows-test.ts";
import { openStage } from "./stage.ts";

const stage = await openStage();
afterAll(() => stage[Symbol.asyncDispose]());

testRows(stage, grpcWebTextRows(stage.facts));
