import { afterAll } from "vitest";
import { connectGet } from "./rows/connect-get.ts";
import { testRows } from "./rows-test.ts";
import { openStage } from "./stage.ts";

const stage = await openStage();
afterAll(() => stage[Symbol.asyncDispose]());

testRows(stage, connectGet);
