import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** Seals texts, so that others can neither read nor change nor make them. */
export interface Seal {
	/** @returns base64url */
	close(text: string): string;
	/** @returns undefined: it was not closed by this key */
	open(sealed: string): string | undefined;
}

const ivBytes = 12;
const tagBytes = 16;

/** Creates a seal by AES-256-GCM, whose key is derived from a secret of any length (RFC 5869). */
export function createSeal(secret: Buffer): Seal {
	const key = Buffer.from(hkdfSync("sha256", secret, "", "wukong stream ticket", 32));
	return {
		close(text) {
			const iv = randomBytes(ivBytes);
			const cipher = createCipheriv("aes-256-gcm", key, iv);
			const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
			return Buffer.concat([iv, body, cipher.getAuthTag()]).toString("base64url");
		},
		open(sealed) {
			const bytes = Buffer.from(sealed, "base64url");
			if (bytes.byteLength < ivBytes + tagBytes) return undefined;
			const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, ivBytes), {
				authTagLength: tagBytes,
			});
			decipher.setAuthTag(bytes.subarray(-tagBytes));
			try {
				const body = decipher.update(bytes.subarray(ivBytes, -tagBytes));
				return Buffer.concat([body, decipher.final()]).toString("utf8");
			} catch {
				return undefined;
			}
		},
	};
}
