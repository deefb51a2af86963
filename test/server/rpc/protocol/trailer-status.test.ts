import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { ErrorInfoSchema } from "@novasphere/wukong-gen/error-details";
import { describe, expect, test } from "vitest";
import { statusTrailer } from "../../../../server/src/rpc/protocol/trailer-status.ts";

const value = create(ErrorInfoSchema, { reason: "SO" });
const errorOf = (words: string) =>
	new ConnectError(words, Code.Aborted, { "x-hint": "a" }, [{ desc: ErrorInfoSchema, value }]);

describe("a message of a megabyte", () => {
	const trailer = statusTrailer(errorOf("ä".repeat(500_000)), new Headers({ "x-own": "b" }));

	test("takes no more room than HTTP/2 has, beside details too", () => {
		expect([...trailer].flat().join("").length).toBeLessThan(12_000);
	});

	test("loses nothing but its end", () => {
		const error = findTrailerError(trailer);
		expect([error?.code, error?.rawMessage]).toEqual([Code.Aborted, "ä".repeat(1_024)]);
		expect(error?.findDetails(ErrorInfoSchema)[0]?.reason).toBe("SO");
		expect([trailer.get("x-hint"), trailer.get("x-own")]).toEqual(["a", "b"]);
	});
});

test("a short one is told as it is", () => {
	const error = findTrailerError(statusTrailer(errorOf("no"), undefined));
	expect(error?.rawMessage).toBe("no");
});
