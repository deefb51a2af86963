import { invalidRequest } from "../../failure.ts";

/**
 * Checks what a ticket is to be for: path and query, as a request has them.
 * @throws INVALID_REQUEST, which names no part of it: it may hold what is nobody's business
 */
export function requireTarget(target: string): void {
	const description = faultOf(target);
	if (description !== undefined) throw invalidRequest({ field: "target", description });
}

function faultOf(target: string): string | undefined {
	if (!target.startsWith("/") || target.startsWith("//")) {
		return "is to be a path with its query, as in /api/v1/wukongs:watch?namespace=web";
	}
	if (!/^[!-"$-~]*$/.test(target)) {
		return "is to be as it is sent: percent-encoded, and without a fragment";
	}
	return /[?&]ticket=/.test(target) ? "is to be given without a ticket" : undefined;
}
