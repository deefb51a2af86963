import { createRegistry } from "@bufbuild/protobuf";
import { createServiceImplSpec } from "@connectrpc/connect";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import { defaultLimits } from "../../../server/src/http/limits.ts";
import { createProcedures } from "../../../server/src/rpc/procedures.ts";

test("a unary method that waits has the longest deadline that it is given, others their kind's", () => {
	const limits = { ...defaultLimits, maxUnaryTimeoutMs: 60_000, maxStreamTimeoutMs: 7_000_000 };
	const procedures = createProcedures({
		services: [createServiceImplSpec<typeof WukongService>(WukongService, {} as never)],
		interceptors: [],
		compressions: [],
		observer: { unexpected() {} },
		registry: createRegistry(),
		way: "direct",
		limits,
		maxTimeoutsMs: new Map([[WukongService.method.waitWukong, 601_000]]),
	});
	const timesMs = Object.fromEntries(
		procedures.map(({ method, maxTimeoutMs }) => [method.localName, maxTimeoutMs]),
	);
	expect(timesMs).toMatchObject({
		...{ getWukong: 60_000, waitWukong: 601_000, watchWukong: 7_000_000 },
	});
});
