import { create } from "@bufbuild/protobuf";
import {
	Code,
	ConnectError,
	createServiceImplSpec,
	type ServiceImplSpec,
} from "@connectrpc/connect";
import {
	Health,
	type HealthCheckResponse,
	HealthCheckResponseSchema,
	HealthCheckResponse_ServingStatus as ServingStatus,
} from "@novasphere/wukong-gen/health";
import type { Failure } from "../../failure.ts";
import { grpcDomain } from "../errors/connect-error.ts";
import { errorInfo } from "../errors/error-details.ts";
import { HealthStream } from "./health-stream.ts";

/** The service `grpc.health.v1.Health`, and what drives it. */
export interface HealthReporter {
	readonly service: ServiceImplSpec;
	/** Tells all who watch that a status may be another one. */
	changed(): void;
	/** Ends every stream, those to come too: the status as it is then, and then `failure`. */
	drain(failure: Failure): void;
}

/** Options of a {@link HealthReporter}. */
export interface HealthOptions {
	/** Full names of the services that are served. One status is that of all of them, and of the process. */
	readonly services: readonly string[];
	/** Checks whether they want calls, as `/readyz` says. */
	readonly isServing: () => boolean;
}

/**
 * Creates the health checks of gRPC (grpc/doc/health-checking.md). The statuses follow `changed`,
 * nothing is polled. A stream keeps no queue: its reader gets the status that holds when it reads.
 */
export function createHealth({ services, isServing }: HealthOptions): HealthReporter {
	const known = new Set(["", ...services]);
	const streams = new Set<HealthStream>();
	let drained: Failure | undefined;

	const status = () => (isServing() ? serving : notServing);

	const service = createServiceImplSpec<typeof Health>(Health, {
		check({ service }) {
			if (known.has(service)) return status();
			throw unknownToCheck();
		},
		list: () => ({ statuses: Object.fromEntries([...known].map((name) => [name, status()])) }),
		watch({ service }, context) {
			const isKnown = known.has(service);
			const stream = new HealthStream({
				current: isKnown ? status : () => serviceUnknown,
				caller: context,
				onClosed: () => void streams.delete(stream),
			});
			streams.add(stream);
			if (drained !== undefined) stream.end(drained);
			return stream;
		},
	});

	return {
		service,
		changed() {
			for (const stream of [...streams]) stream.wake();
		},
		drain(failure) {
			drained = failure;
			for (const stream of [...streams]) stream.end(failure);
		},
	};
}

function answer(status: ServingStatus): HealthCheckResponse {
	return Object.freeze(create(HealthCheckResponseSchema, { status }));
}

const serving = answer(ServingStatus.SERVING);
const notServing = answer(ServingStatus.NOT_SERVING);
const serviceUnknown = answer(ServingStatus.SERVICE_UNKNOWN);

/** NOT_FOUND, as grpc/doc/health-checking.md has it: the contract's own reasons are about VMs. */
function unknownToCheck(): ConnectError {
	const reason = ServingStatus[ServingStatus.SERVICE_UNKNOWN];
	const info = errorInfo({ reason, domain: grpcDomain, wukong: undefined });
	return new ConnectError("no such service is served here", Code.NotFound, undefined, [info]);
}
