/** A GET, ready to be written to a socket. */
export function http1Get(options: {
	readonly server: URL;
	readonly path: string;
	readonly accept: string;
}): Buffer {
	const { server, path, accept } = options;
	return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${server.host}\r\naccept: ${accept}\r\n\r\n`);
}
