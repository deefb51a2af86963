import { expect, test } from "vitest";
import { createRequestId } from "../../../server/src/transport/request-id.ts";

test("request ids are UUIDs, and never the same one", () => {
	const ids = Array.from({ length: 1_000 }, createRequestId);
	expect(new Set(ids).size).toBe(ids.length);
	for (const id of ids) {
		expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
	}
});
