import { pathOf } from "../../support/path-of.ts";

/** Bytes of HTTP/1.1 that are not a whole request by its own rules. */
export interface RawRequest {
	readonly id: string;
	readonly what: string;
	readonly bytes: string;
	/** The client ends its side after them. */
	readonly halfClosed?: boolean;
	readonly httpStatus: number;
}

const path = pathOf("GetWukong");
const start = `POST ${path} HTTP/1.1\r\nHost: localhost\r\n`;
const read = `${path}?encoding=json&message=%7B%22name%22:%22web-1%22%7D`;

export const rawRequests: readonly RawRequest[] = [
	{
		id: "G34",
		what: "HTTP/1.0 without Host",
		bytes: `GET ${read} HTTP/1.0\r\n\r\n`,
		httpStatus: 400,
	},
	{
		id: "P47",
		what: "a Content-Length longer than the body",
		bytes: `${start}Content-Type: application/proto\r\nContent-Length: 100\r\n\r\n\x12\x05web-1`,
		halfClosed: true,
		httpStatus: 400,
	},
	{
		id: "P47",
		what: "a Content-Length shorter than the body",
		bytes: `${start}Content-Type: application/proto\r\nContent-Length: 4\r\n\r\n\x12\x05web-1`,
		httpStatus: 400,
	},
	{
		id: "R44",
		what: "gRPC over HTTP/1.1",
		bytes: `${start}Content-Type: application/grpc\r\nContent-Length: 0\r\n\r\n`,
		httpStatus: 505,
	},
];

/** Requests whose body never ends; answered once the time for a body is over. */
export const lateBodies: readonly RawRequest[] = [
	{
		id: "P48",
		what: "chunks without an end",
		bytes: `${start}Content-Type: application/proto\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n\x12\x05web-1\r\n`,
		httpStatus: 408,
	},
	{
		id: "J78",
		what: "half an envelope and then silence",
		bytes: `POST ${pathOf("WatchWukong")} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/connect+json\r\nContent-Length: 7\r\n\r\n\0\0`,
		httpStatus: 200,
	},
];
