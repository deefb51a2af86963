import type { DescService } from "@bufbuild/protobuf";
import type { ServiceImplSpec } from "@connectrpc/connect";
import { Health } from "@novasphere/wukong-gen/health";
import type { Config } from "../config/config.ts";
import type { Failure } from "../failure.ts";
import { createHealth } from "../service/health/health-service.ts";
import { createReflection, reflectionServices } from "../service/reflection/reflection-service.ts";

/** The services that gRPC's own tools and balancers ask for. */
export interface GrpcServices {
	readonly services: readonly ServiceImplSpec[];
	/** Tells those who watch the health that it may have changed. */
	readinessChanged(): void;
	/** Ends all streams of these services, those to come too, with `failure`. */
	drain(failure: Failure): void;
}

/**
 * Creates health and reflection, as far as the configuration has them.
 * @param options.served the services that they speak of, besides these themselves
 * @param options.isReady whether this process wants calls
 */
export function createGrpcServices(options: {
	readonly config: Pick<Config, "disableHealth" | "disableReflection">;
	readonly served: readonly DescService[];
	readonly isReady: () => boolean;
}): GrpcServices {
	const { config, served, isReady } = options;
	const all = [
		...served,
		...(config.disableHealth ? [] : [Health]),
		...(config.disableReflection ? [] : reflectionServices),
	];
	const names = all.map(({ typeName }) => typeName);
	const health = config.disableHealth
		? undefined
		: createHealth({ services: names, isServing: isReady });
	const reflection = config.disableReflection ? undefined : createReflection(all);
	return {
		services: [...(health === undefined ? [] : [health.service]), ...(reflection?.services ?? [])],
		readinessChanged: () => health?.changed(),
		drain(failure) {
			health?.drain(failure);
			reflection?.drain(failure);
		},
	};
}
