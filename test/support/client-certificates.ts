import { generate } from "selfsigned";

/** A certificate and its key, in PEM. */
export interface Pair {
	readonly cert: string;
	readonly key: string;
}

const dayMs = 24 * 60 * 60 * 1_000;

/** Makes a CA of its own. */
export async function createAuthority(name = "clients"): Promise<Pair> {
	const made = await generate([{ name: "commonName", value: name }], {
		...{ algorithm: "sha256", keyType: "ec" },
		extensions: [
			{ name: "basicConstraints", cA: true },
			{ name: "keyUsage", keyCertSign: true, digitalSignature: true },
		],
	});
	return { cert: made.cert, key: made.private };
}

/**
 * Issues a client certificate for `ci`.
 * @param ca undefined: it issues itself
 * @param days first and last day from now
 */
export async function issue(
	ca: Pair | undefined,
	organization = "ops",
	[first, last]: readonly [number, number] = [-10, 1],
): Promise<Pair> {
	const attributes = [
		{ name: "organizationName", value: organization },
		{ name: "commonName", value: "ci" },
	];
	const nowMs = Date.now();
	const made = await generate(attributes, {
		...{ algorithm: "sha256", keyType: "ec" },
		notBeforeDate: new Date(nowMs + first * dayMs),
		notAfterDate: new Date(nowMs + last * dayMs),
		extensions: [{ name: "extKeyUsage", clientAuth: true }],
		...(ca === undefined ? {} : { ca }),
	});
	return { cert: made.cert, key: made.private };
}
