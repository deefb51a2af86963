import { afterAll } from "vitest";
import { restContent, restHeads, restPaths, restQueries } from "./rows/rest.ts";
import { testRows } from "./rows-test.ts";
import { openStage } from "./stage.ts";

const stage = await openStage();
afterAll(() => stage[Symbol.asyncDispose]());

testRows(stage, [...restPaths, ...restQueries, ...restContent(stage.facts), ...restHeads]);
