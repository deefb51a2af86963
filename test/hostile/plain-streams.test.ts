import { afterAll } from "vitest";
import { plainStreams } from "./rows/plain-streams.ts";
import { testRows } from "./rows-test.ts";
import { openStage } from "./stage.ts";

const stage = await openStage();
afterAll(() => stage[Symbol.asyncDispose]());

testRows(stage, plainStreams);
