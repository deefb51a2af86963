import { afterAll } from "vitest";
import { grpcRows } from "./rows/grpc.ts";
import { testRows } from "./rows-test.ts";
import { openStage } from "./stage.ts";

const stage = await openStage();
afterAll(() => stage[Symbol.asyncDispose]());

testRows(stage, grpcRows(stage.facts));
