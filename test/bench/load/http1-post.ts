/** A POST, ready to be written to a socket. */
export function http1Post(options: {
	readonly server: URL;
	readonly path: string;
	readonly contentType: string;
	readonly body: Uint8Array;
}): Buffer {
	const { server, path, contentType, body } = options;
	const head = [
		`POST ${path} HTTP/1.1`,
		`host: ${server.host}`,
		`content-type: ${contentType}`,
		"connect-protocol-version: 1",
		`content-length: ${body.byteLength}`,
	];
	return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
}
