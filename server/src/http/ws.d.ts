// The part of `ws` that http/websocket.ts and http/message-socket.ts use: the package has no types of its own.
declare module "ws" {
	import type { EventEmitter } from "node:events";
	import type { Socket } from "node:net";

	export class WebSocket extends EventEmitter {
		static readonly OPEN: number;
		readonly readyState: number;
		close(code?: number, reason?: string | Buffer): void;
		ping(): void;
		pause(): void;
		resume(): void;
		terminate(): void;
		on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): this;
		on(event: "ping", listener: (payload: Buffer) => void): this;
		on(event: "close" | "pong", listener: () => void): this;
		on(event: "error", listener: (error: Error) => void): this;
	}

	export interface WebSocketServerOptions {
		readonly noServer: true;
		readonly clientTracking: boolean;
		readonly perMessageDeflate: false;
		readonly autoPong: false;
		readonly maxPayload: number;
		readonly maxFragments: number;
		readonly maxBufferedChunks: number;
		readonly closeTimeout: number;
		readonly WebSocket: typeof WebSocket;
	}

	/** The parts of a request that a handshake looks at. */
	export interface HandshakeRequest {
		readonly method: "GET";
		readonly headers: Readonly<Record<string, string>>;
	}

	export class WebSocketServer<R extends HandshakeRequest = HandshakeRequest> extends EventEmitter {
		constructor(options: WebSocketServerOptions);
		handleUpgrade(
			request: R,
			socket: Socket,
			head: Buffer,
			callback: (socket: WebSocket) => void,
		): void;
		on(event: "headers", listener: (headers: string[], request: R) => void): this;
	}
}
