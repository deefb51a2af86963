import { Code } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { describe, expect, test } from "vitest";
import { reasonName } from "../../../../server/src/failure.ts";
import {
	codeName,
	codeOf,
	reasonOfConnectCode,
} from "../../../../server/src/service/errors/error-codes.ts";

const table: readonly (readonly [keyof typeof ErrorReason, keyof typeof Code])[] = [
	["WUKONG_NOT_FOUND", "NotFound"],
	["NAMESPACE_NOT_FOUND", "NotFound"],
	["WUKONG_ALREADY_EXISTS", "AlreadyExists"],
	["REQUEST_ID_REUSED", "AlreadyExists"],
	["RESOURCE_VERSION_CONFLICT", "Aborted"],
	["WUKONG_DELETING", "FailedPrecondition"],
	["INVALID_WUKONG", "InvalidArgument"],
	["INVALID_REQUEST", "InvalidArgument"],
	["PAGE_TOKEN_INVALID", "InvalidArgument"],
	["PAGE_TOKEN_EXPIRED", "InvalidArgument"],
	["UNAUTHENTICATED", "Unauthenticated"],
	["PERMISSION_DENIED", "PermissionDenied"],
	["TOO_MANY_REQUESTS", "ResourceExhausted"],
	["REQUEST_TOO_LARGE", "ResourceExhausted"],
	["UPSTREAM_UNAVAILABLE", "Unavailable"],
	["WRITE_OUTCOME_UNKNOWN", "Unavailable"],
	["VERSION_NOT_REACHED", "Unavailable"],
	["SHUTTING_DOWN", "Unavailable"],
	["DEADLINE_EXCEEDED", "DeadlineExceeded"],
	["CANCELED", "Canceled"],
	["METHOD_NOT_FOUND", "Unimplemented"],
	["INTERNAL", "Internal"],
	["TOKEN_EXPIRED", "Unauthenticated"],
	["WUKONG_NOT_RUNNING", "FailedPrecondition"],
	["NOT_SUPPORTED", "Unimplemented"],
];

describe("the reasons' codes", () => {
	test.each(table)("%s goes with %s", (reason, code) => {
		expect(codeOf(ErrorReason[reason])).toBe(Code[code]);
		expect(reasonName(ErrorReason[reason])).toBe(reason);
	});

	test("no reason is left out", () => {
		const reasons = Object.keys(ErrorReason).filter((key) => !/^[0-9]+$/.test(key));
		expect(reasons.sort()).toEqual(["UNSPECIFIED", ...table.map(([reason]) => reason)].sort());
	});

	test("a reason told by connect's code has that very code", () => {
		const codes = Object.values(Code).filter((code) => typeof code === "number");
		for (const code of codes) {
			const reason = reasonOfConnectCode(code);
			if (reason !== undefined) expect(codeOf(reason)).toBe(code);
		}
	});

	test("codes are spelt as the Connect protocol spells them on the wire", () => {
		const codes = Object.values(Code).filter((code) => typeof code === "number");
		expect(codes.map(codeName)).toEqual(codes.map(codeToString));
	});
});
