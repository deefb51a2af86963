import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Peer, PeerCertificate } from "../caller.ts";
import { plainAddress } from "./addresses.ts";

/** What is known of the connection that an exchange came on. */
export interface Connection {
	readonly httpVersion: "1.0" | "1.1" | "2.0";
	/** The connection uses TLS. */
	readonly secure: boolean;
	/** Address of this end; empty where there is none. */
	readonly localAddress: string;
	/** The client, or the proxy before it. */
	readonly peer: Peer;
}

/** Describes a connection; call it while the socket is open. */
export function connectionOf(socket: Socket, httpVersion: Connection["httpVersion"]): Connection {
	const peer = new SocketPeer(socket);
	return { httpVersion, secure: peer.secure, localAddress: socket.localAddress ?? "", peer };
}

/** The part of a TLS socket that a cleartext one lacks. */
type MaybeTls = Partial<Pick<TLSSocket, "encrypted" | "authorized" | "getPeerX509Certificate">>;

/** Describes the other end of a socket. */
class SocketPeer implements Peer {
	readonly address: string;
	readonly port: number;
	readonly secure: boolean;
	readonly #socket: MaybeTls;
	/** null: not read yet. */
	#certificate: PeerCertificate | undefined | null = null;

	constructor(socket: Socket) {
		this.address = plainAddress(socket.remoteAddress ?? "") ?? "";
		this.port = socket.remotePort ?? 0;
		this.#socket = socket as MaybeTls;
		this.secure = this.#socket.encrypted === true;
	}

	get certificate(): PeerCertificate | undefined {
		if (this.#certificate === null) this.#certificate = readCertificate(this.#socket);
		return this.#certificate;
	}
}

function readCertificate(socket: MaybeTls): PeerCertificate | undefined {
	try {
		if (socket.authorized !== true) return undefined;
		const found = socket.getPeerX509Certificate?.();
		if (found === undefined) return undefined;
		const { subject, subjectAltName, fingerprint256, validTo } = found;
		return { subject, subjectAltName, fingerprint256, expireTimeMs: Date.parse(validTo) };
	} catch {
		// The socket of an HTTP/2 session that has ended cannot be asked any more.
		return undefined;
	}
}
