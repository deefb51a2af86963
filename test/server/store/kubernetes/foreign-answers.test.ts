import { ErrorReason } from "@novasphere/wukong-gen/error";
import { afterEach, describe, expect, test } from "vitest";
import { Failure } from "../../../../server/src/failure.ts";
import { createOptions, refTo, setLabel, writeOptions, wukongNamed } from "../write.ts";
import { type KubernetesHarness, startKubernetes } from "./harness.ts";

let harness: KubernetesHarness;
afterEach(() => harness.close());

async function started() {
	harness = await startKubernetes({ operator: false, random: () => 0 });
	return harness;
}

const long = "123456789012345678901234567890";

/** A Status whose one cause is odd. */
const odd = (cause: object) => JSON.stringify({ kind: "Status", details: { causes: [cause] } });

describe("an answer that is none of the API server's", () => {
	const bodies = [
		"<html>Forbidden</html>",
		"",
		'{"kind":"Status","code":4',
		'{"error":"no"}',
		"[]",
	];

	test.each([
		[403, ErrorReason.PERMISSION_DENIED, ErrorReason.PERMISSION_DENIED],
		[422, ErrorReason.UPSTREAM_UNAVAILABLE, ErrorReason.UPSTREAM_UNAVAILABLE],
		[404, ErrorReason.UPSTREAM_UNAVAILABLE, ErrorReason.UPSTREAM_UNAVAILABLE],
		[503, ErrorReason.UPSTREAM_UNAVAILABLE, ErrorReason.WRITE_OUTCOME_UNKNOWN],
	])(
		"as a %i of a proxy, is told by its number, to a read and to each write",
		async (code, toRead, toWrite) => {
			const { store, api } = await started();
			await store.create(wukongNamed("a"), createOptions);
			for (const body of bodies) {
				let refused = "GET";
				api.intercept(({ method }, response) => {
					if (method !== refused) return false;
					response.writeHead(code, { "content-type": "text/html" });
					response.end(body);
					return true;
				});
				const edit = () => store.edit(refTo("a"), setLabel("mine", body), writeOptions);
				await expect(edit()).rejects.toMatchObject({ reason: toRead });
				refused = "PUT";
				await expect(edit()).rejects.toMatchObject({ reason: toWrite });
				refused = "POST";
				const made = store.create(wukongNamed("b"), createOptions);
				await expect(made).rejects.toMatchObject({ reason: toWrite });
				refused = "DELETE";
				const removal = store.remove(refTo("a"), () => {}, writeOptions);
				await expect(removal).rejects.toMatchObject({ reason: toWrite });
			}
		},
	);

	const oddStatuses = [
		'{"kind":"Status","message":{"toString":1},"reason":{"toString":1},"details":5}',
		`{"kind":"Status","message":${long},"reason":${long},"details":{"retryAfterSeconds":${long}}}`,
		'{"kind":"Status","details":{"retryAfterSeconds":{"valueOf":1,"toString":1}}}',
		odd({ reason: "constructor", message: { toString: 1 }, field: { toString: 1 } }),
		odd({ reason: { toString: 1 }, message: "x", field: "spec.cpu" }),
	];

	test.each([400, 403, 404, 422, 500, 503])(
		"as a %i with a Status of other types than Kubernetes has, is a Failure, never a fault of our own",
		async (code) => {
			const { store, api } = await started();
			await store.create(wukongNamed("a"), createOptions);
			for (const body of oddStatuses) {
				for (const refused of ["GET", "PUT"]) {
					api.intercept(({ method, url }, response) => {
						if (method !== refused || url.includes("watch=1")) return false;
						response.writeHead(code, { "content-type": "application/json" });
						response.end(body);
						return true;
					});
					const edit = store.edit(refTo("a"), setLabel("mine", refused), writeOptions);
					const failure = await edit.catch((error) => error);
					expect({ body, failure }).toEqual({ body, failure: expect.any(Failure) });
					for (const { description } of failure.details.violations ?? []) {
						expect({ body, description }).toEqual({ body, description: expect.any(String) });
					}
				}
			}
		},
	);
});
