import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
	type CryptoKey,
	exportJWK,
	exportSPKI,
	generateKeyPair,
	type JWTPayload,
	SignJWT,
	UnsecuredJWT,
} from "jose";
import type { Clock } from "../../server/src/clock.ts";

/** An OpenID Connect issuer on the loopback interface, as far as a service asks it. */
export interface FakeIssuer extends AsyncDisposable {
	readonly url: string;
	/** Signs a token for `web` that is good for five minutes, with these claims in place of its own. */
	sign(claims?: Claims, header?: { readonly kid?: string }): Promise<string>;
	/** Signs with a key that it has never told of, under the name of one that it has. */
	signForeign(): Promise<string>;
	/** Signs with HS256, with the text of the public key as the secret. */
	signWithPublicKey(): Promise<string>;
	/** Makes a token without a signature. */
	unsigned(): string;
	/** Tells of a new key, and signs with it from now on; the old one is withdrawn. */
	rotate(): Promise<void>;
	/** Breaks every connection off, or answers again. */
	setDown(isDown: boolean): void;
	/** Number of requests for keys so far. */
	readonly keyRequests: number;
}

/** undefined: left out. */
type Claims = Readonly<Record<string, unknown>>;

interface Signer {
	readonly kid: string;
	readonly privateKey: CryptoKey;
	readonly publicKey: CryptoKey;
}

async function createSigner(kid: string): Promise<Signer> {
	return { kid, ...(await generateKeyPair("ES256", { extractable: true })) };
}

/** @param named the issuer that its configuration names. Default: itself */
export async function startFakeIssuer(
	clock: Pick<Clock, "nowMs">,
	named?: string,
): Promise<FakeIssuer> {
	let signer = await createSigner("key-1");
	const foreign = await createSigner("key-1");
	let rotations = 1;
	let isDown = false;
	let keyRequests = 0;
	const server = createServer(async (request, response) => {
		if (isDown) return void request.socket.destroy();
		const body = request.url?.endsWith("/openid-configuration")
			? { issuer: named ?? url, jwks_uri: `${url}/keys` }
			: { keys: [{ ...(await exportJWK(signer.publicKey)), kid: signer.kid, alg: "ES256" }] };
		if (request.url === "/keys") keyRequests++;
		response.setHeader("connection", "close");
		response.setHeader("content-type", "application/json");
		response.end(JSON.stringify(body));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const claimsOf = (claims: Claims): JWTPayload => {
		const nowS = Math.floor(clock.nowMs() / 1_000);
		return {
			iss: url,
			aud: "web",
			sub: "ann",
			groups: ["dev"],
			iat: nowS,
			exp: nowS + 300,
			...claims,
		};
	};
	const signBy = ({ privateKey }: Signer, claims: Claims, kid: string) =>
		new SignJWT(claimsOf(claims)).setProtectedHeader({ alg: "ES256", kid }).sign(privateKey);
	return {
		url,
		sign: (claims = {}, { kid = signer.kid } = {}) => signBy(signer, claims, kid),
		signForeign: () => signBy(foreign, {}, signer.kid),
		async signWithPublicKey() {
			const secret = Buffer.from(await exportSPKI(signer.publicKey));
			const header = { alg: "HS256", kid: signer.kid };
			return new SignJWT(claimsOf({})).setProtectedHeader(header).sign(secret);
		},
		unsigned: () => new UnsecuredJWT(claimsOf({})).encode(),
		async rotate() {
			signer = await createSigner(`key-${++rotations}`);
		},
		setDown(down) {
			isDown = down;
		},
		get keyRequests() {
			return keyRequests;
		},
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
