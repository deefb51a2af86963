import type { Code } from "@connectrpc/connect";
import type { ErrorReason } from "@novasphere/wukong-gen/error";

/** Fields of a header section, in order; a name may come twice. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** A request that HTTP's own rules let pass. */
export interface HostileRequest {
	readonly method: string;
	readonly target: string;
	readonly headers: Fields;
	readonly body: Buffer;
	/** The client says nothing more, and does not end the request's body. Default: it ends it. */
	readonly open?: boolean;
}

/** What must come back. */
export type Expected =
	| {
			readonly kind: "error";
			readonly code: Code;
			readonly reason: keyof typeof ErrorReason;
			/** The error names at least one field. */
			readonly violations?: boolean;
			/** A stream that has been opened fails with it. */
			readonly opens?: boolean;
			/** Where it is not the one that Connect gives the code. */
			readonly httpStatus?: number;
			readonly headers?: Fields;
			/** The connection ends with this answer; HTTP/1.1. */
			readonly closes?: boolean;
	  }
	/** An HTTP status, whatever the rest of the answer is. */
	| {
			readonly kind: "status";
			readonly httpStatus: number;
			readonly headers?: Fields;
			readonly closes?: boolean;
	  }
	/** The call succeeds. */
	| {
			readonly kind: "served";
			/** Text of the answer's body. */
			readonly contains?: string;
			readonly lacks?: string;
			readonly headers?: Fields;
			readonly lacksHeader?: string;
	  }
	/** A stream opens and says this; its caller leaves then. */
	| { readonly kind: "stream"; readonly contains: string };

/** One hostile input. */
export interface HostileRow {
	/** As in the list of bad inputs: J for Connect JSON, P for proto, G for GET, R for gRPC, H for REST. */
	readonly id: string;
	readonly what: string;
	readonly request: HostileRequest;
	readonly expected: Expected;
	/** Default: HTTP/1.1 and HTTP/2; gRPC: HTTP/2. */
	readonly over?: "HTTP/1.1" | "HTTP/2";
}

/** What the rows must know of the running service. */
export interface Facts {
	/** Name of a VM that is there, with four cores and the disks `root` and `data`. */
	readonly name: string;
	/** Version of the whole store. No input may change it. */
	readonly storeVersion: string;
	/** A page token for a list of the namespace `default` with pages of one. */
	readonly pageToken: string;
	/** Largest request message of the service, in bytes. */
	readonly maxRequestBytes: number;
}
