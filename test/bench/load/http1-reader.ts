/** Who reads answers. */
export interface Http1Handler {
	/** A head came; interim answers (1xx) are not expected. */
	head(status: number): void;
	/** Bytes of the body, without chunk framing. */
	body(bytes: Buffer): void;
	/** The answer is complete. */
	end(): void;
}

type Place =
	| { readonly name: "head" }
	| { readonly name: "sized"; left: number }
	| { readonly name: "chunk size" }
	| { readonly name: "chunk"; left: number }
	| { readonly name: "trailers" };

const headEnd = Buffer.from("\r\n\r\n");
const lineEnd = Buffer.from("\r\n");

/**
 * Reads HTTP/1.1 answers of one connection (RFC 9112), just enough for a load client that must
 * cost less than the servers it loads: bodies with a length or in chunks.
 * @returns takes what the socket gives; throws Error on what it cannot read
 */
export function createHttp1Reader(handler: Http1Handler): (chunk: Buffer) => void {
	let place: Place = { name: "head" };
	let rest: Buffer | undefined;

	const finish = () => {
		place = { name: "head" };
		handler.end();
	};
	const startBody = (head: string) => {
		const status = Number(head.slice(9, 12));
		if (!head.startsWith("HTTP/1.1 ") || !(status >= 200)) {
			throw new Error(`not an answer: ${head.slice(0, 40)}`);
		}
		handler.head(status);
		if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
			place = { name: "chunk size" };
			return;
		}
		const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
		if (length === undefined) throw new Error("an answer without a length");
		place = { name: "sized", left: Number(length) };
		if (place.left === 0) finish();
	};
	const startChunk = (line: string) => {
		const left = Number.parseInt(line, 16);
		if (Number.isNaN(left)) throw new Error(`not a chunk size: ${line.slice(0, 40)}`);
		// The line end after the chunk belongs to it, and is cut off below.
		place = left === 0 ? { name: "trailers" } : { name: "chunk", left: left + lineEnd.length };
	};

	/** Takes what it can from `at` on. @returns where the rest begins; `at` itself: more is needed */
	const step = (data: Buffer, at: number): number => {
		switch (place.name) {
			case "head": {
				const end = data.indexOf(headEnd, at);
				if (end < 0) return at;
				startBody(data.toString("latin1", at, end));
				return end + headEnd.length;
			}
			case "sized": {
				const taken = Math.min(place.left, data.length - at);
				place.left -= taken;
				handler.body(data.subarray(at, at + taken));
				if (place.left === 0) finish();
				return at + taken;
			}
			case "chunk size": {
				const end = data.indexOf(lineEnd, at);
				if (end < 0) return at;
				startChunk(data.toString("latin1", at, end));
				return end + lineEnd.length;
			}
			case "chunk": {
				const taken = Math.min(place.left, data.length - at);
				const content = Math.min(place.left - lineEnd.length, taken);
				if (content > 0) handler.body(data.subarray(at, at + content));
				place.left -= taken;
				if (place.left === 0) place = { name: "chunk size" };
				return at + taken;
			}
			case "trailers": {
				const end = data.indexOf(lineEnd, at);
				if (end < 0) return at;
				if (end === at) finish();
				return end + lineEnd.length;
			}
		}
	};

	return (chunk) => {
		const data = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
		rest = undefined;
		let at = 0;
		while (at < data.length) {
			const next = step(data, at);
			if (next === at) {
				rest = data.subarray(at);
				return;
			}
			at = next;
		}
	};
}
