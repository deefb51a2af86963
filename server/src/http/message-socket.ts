import type { Socket } from "node:net";
import { WebSocket } from "ws";
import type { Clock, Timer } from "../clock.ts";
import { FrameFollower } from "./frame-follower.ts";
import type { TransportLimits } from "./limits.ts";
import { createPongFrame, type TextFrames } from "./websocket-frames.ts";

/** A WebSocket that carries text messages (RFC 6455). */
export interface MessageSocket {
	/** False from the first close frame on, whoever sends it: what is sent then is dropped. */
	readonly isOpen: boolean;
	/** False while the peer leaves unread what was sent. */
	readonly hasRoom: boolean;
	/**
	 * True: what is said in one turn leaves together, which is worth its cost where several streams
	 * share the socket. Default: false.
	 */
	gathers: boolean;
	/**
	 * Sends one text message. One that was just sent on another socket is not made again.
	 * @param head its beginning
	 * @param body the rest of it, if there is any, in UTF-8; may be shared and must not change
	 */
	send(head: string, body?: Uint8Array): void;
	/** Calls back once when there is room, or when there will be none any more. */
	onRoom(waiter: { ready(): void }): void;
	/** Reads no more until {@link MessageSocket.resume}. */
	pause(): void;
	resume(): void;
	/**
	 * Begins the closing handshake; a peer that does not answer in time is cut off. Once is enough.
	 * @param reason at most 123 bytes
	 */
	close(code: number, reason: string): void;
}

/** Hears of a WebSocket. */
export interface MessageSocketHandler {
	/** A whole message; more may come in the same turn, also after `pause`. */
	onMessage(message: Buffer, isText: boolean): void;
	/** Nothing is read or sent any more; once. Another close frame may have come before. */
	onClosed(): void;
}

/** Limits of WebSockets. */
export type WebSocketLimits = Pick<
	TransportLimits,
	"maxRequestBytes" | "bodyTimeoutMs" | "keepAliveIntervalMs" | "pingTimeoutMs"
>;

/** A WebSocket that is open, over the one of `ws`. A class: thousands may be open. */
export class OpenSocket implements MessageSocket {
	readonly #peer: WebSocket;
	readonly #socket: Socket;
	readonly #limits: WebSocketLimits;
	readonly #clock: Clock;
	readonly #frames: TextFrames;
	readonly #handler: MessageSocketHandler;
	readonly #follower = new FrameFollower();
	#timer: Timer;
	/** Bounds the message that has come in part. */
	#messageTimer: Timer | undefined;
	#waiting: { ready(): void }[] = [];
	/** Payload of the last ping that found no room for its pong. */
	#unanswered: Buffer | undefined;
	gathers = false;
	#isCorked = false;
	/** What the peer has sent when it was last asked for a sign of life, in bytes. */
	#readBytes = 0;
	#isPaused = false;

	constructor(
		peer: WebSocket,
		{
			socket,
			limits,
			clock,
			frames,
			open,
		}: {
			readonly socket: Socket;
			readonly limits: WebSocketLimits;
			readonly clock: Clock;
			readonly frames: TextFrames;
			readonly open: (socket: MessageSocket) => MessageSocketHandler;
		},
	) {
		this.#peer = peer;
		this.#socket = socket;
		this.#limits = limits;
		this.#clock = clock;
		this.#frames = frames;
		this.#timer = clock.setTimer(limits.keepAliveIntervalMs, () => this.#ping());
		// Malformed frames and broken connections: "close" follows.
		peer.on("error", () => {});
		socket.on("drain", () => this.#drained());
		socket.on("data", (chunk: Buffer) => this.#follow(chunk));
		this.#handler = open(this);
		peer.on("message", (data, isBinary) => this.#handler.onMessage(data, !isBinary));
		peer.on("ping", (payload) => this.#pong(payload));
		peer.on("close", () => {
			this.#timer.cancel();
			this.#messageTimer?.cancel();
			this.#handler.onClosed();
			this.#wake();
		});
	}

	get isOpen(): boolean {
		return this.#peer.readyState === WebSocket.OPEN;
	}

	get hasRoom(): boolean {
		return !this.#socket.writableNeedDrain;
	}

	send(head: string, body?: Uint8Array): void {
		if (!this.isOpen) return;
		const socket = this.#socket;
		const { start, rest } = this.#frames.make(head, body);
		if (!this.#isCorked && (this.gathers || rest !== undefined)) {
			this.#isCorked = true;
			socket.cork();
			process.nextTick(uncork, this);
		}
		socket.write(start);
		if (rest !== undefined) socket.write(rest);
	}

	uncork(): void {
		this.#isCorked = false;
		this.#socket.uncork();
	}

	onRoom(waiter: { ready(): void }): void {
		if (this.hasRoom || !this.isOpen) waiter.ready();
		else this.#waiting.push(waiter);
	}

	pause(): void {
		this.#isPaused = true;
		this.#peer.pause();
	}

	resume(): void {
		this.#isPaused = false;
		this.#peer.resume();
	}

	close(code: number, reason: string): void {
		// Else the peer's answer would not be read.
		if (this.#isPaused) this.resume();
		this.#peer.close(code, reason);
	}

	#drained(): void {
		const payload = this.#unanswered;
		this.#unanswered = undefined;
		if (payload !== undefined) this.#pong(payload);
		this.#wake();
	}

	/** Answers a ping. A peer that reads nothing is answered the last of them (RFC 6455, 5.5.3). */
	#pong(payload: Buffer): void {
		if (!this.isOpen) return;
		if (this.hasRoom) this.#socket.write(createPongFrame(payload));
		else this.#unanswered = Buffer.from(payload);
	}

	/** Bounds the time of a message, in whatever pieces it comes; `ws` has read the chunk before. */
	#follow(chunk: Buffer): void {
		const hasEnded = this.#follower.follow(chunk);
		if (hasEnded || !this.isOpen) {
			this.#messageTimer?.cancel();
			this.#messageTimer = undefined;
		}
		if (this.#follower.isWithin && this.isOpen) this.#messageTimer ??= this.#boundMessage();
	}

	#boundMessage(): Timer {
		return this.#clock.setTimer(this.#limits.bodyTimeoutMs, () => {
			// Who is not read cannot go on.
			if (this.#isPaused) this.#messageTimer = this.#boundMessage();
			else this.close(4408, "a message came too slowly");
		});
	}

	#wake(): void {
		const waiting = this.#waiting;
		this.#waiting = [];
		for (const waiter of waiting) waiter.ready();
	}

	/**
	 * Asks for a sign of life. A peer that does not read is not asked, and neither is one that is not
	 * read: TCP finds out whether it is there.
	 */
	#ping(): void {
		if (!this.isOpen) return;
		const { keepAliveIntervalMs, pingTimeoutMs } = this.#limits;
		if (!this.hasRoom || this.#isPaused) {
			this.#timer = this.#clock.setTimer(keepAliveIntervalMs, () => this.#ping());
			return;
		}
		this.#readBytes = this.#socket.bytesRead;
		this.#peer.ping();
		this.#timer = this.#clock.setTimer(pingTimeoutMs, () => this.#judge());
	}

	#judge(): void {
		const isSilent = this.#socket.bytesRead === this.#readBytes && this.hasRoom && !this.#isPaused;
		if (isSilent) {
			this.close(4408, "no answer to a ping");
			return;
		}
		const leftMs = Math.max(1, this.#limits.keepAliveIntervalMs - this.#limits.pingTimeoutMs);
		this.#timer = this.#clock.setTimer(leftMs, () => this.#ping());
	}
}

function uncork(socket: OpenSocket): void {
	socket.uncork();
}
