import { readFileSync } from "node:fs";
import type { Interceptor } from "@connectrpc/connect";
import { Health } from "@novasphere/wukong-gen/health";
import { createApiKeys } from "../auth/api-keys/api-keys.ts";
import { type Authenticator, createAuthentication } from "../auth/authenticator.ts";
import { createCertificates } from "../auth/certificates/certificates.ts";
import { type CredentialGuards, createCredentialGuards } from "../auth/credential-guards.ts";
import { createTokenReviews } from "../auth/kubernetes/token-reviews.ts";
import { createOidc } from "../auth/oidc/oidc.ts";
import { createTickets, type Tickets } from "../auth/tickets/tickets.ts";
import type { Clock } from "../clock.ts";
import type { Access } from "../config/access-options.ts";
import type { Config } from "../config/config.ts";
import type { GuardedRequest } from "../port/assets.ts";
import type { Refusal } from "../rpc/refusals.ts";
import { createAuthenticateInterceptor } from "../service/interceptors/authenticate.ts";
import { reflectionServices } from "../service/reflection/reflection-service.ts";
import { createClusterReviews } from "../store/kubernetes/reviews/cluster-reviews.ts";
import type { Logger } from "../telemetry/logger.ts";
import { createPageGuard, heardBy, type PageGuards } from "./page-guard.ts";

/** Who may be a caller of one service. */
export interface Identities {
	/** Asks each call who makes it; none where nobody is asked. */
	readonly interceptors: readonly Interceptor[];
	/** Who may read the pages. */
	readonly pageGuards: PageGuards;
	/** Ends what is open by a credential that is good no more. */
	readonly guardOf: CredentialGuards["guardOf"];
	/** Makes a ticket for one stream of a caller. */
	readonly createTicket: Tickets["createTicket"];
	/** Loads what has to be there before the first call. @throws what the one who starts the service is told */
	start(): Promise<void>;
	stop(): void;
	/** Returns why some callers cannot be told apart now, a line each. */
	troubles(): readonly string[];
}

/** Creates the sources of identities that the configuration names. */
export function createIdentities(
	config: Config,
	parts: {
		readonly clock: Clock;
		readonly logger: Logger;
		/** `KUBECONFIG` of the environment; undefined: unset. */
		readonly kubeconfigPath: string | undefined;
		/** Sources besides these. */
		readonly further: readonly Authenticator[];
		/** Hears of each page that is refused. */
		readonly onPageRefused: (request: GuardedRequest, refusal: Refusal) => void;
	},
): Identities {
	const { clock, logger } = parts;
	const guards = createCredentialGuards(clock);
	const sources: Authenticator[] = [];
	if (config.tlsClientCa !== "") {
		sources.push(createCertificates({ prefix: config.tlsClientPrefix, clock }));
	}
	if (config.authTokensFile !== "") {
		const observer = {
			keysLoaded: (keys: number) => logger.info({ keys }, "API keys loaded"),
			keysNotReloaded: (err: unknown) => logger.error({ err }, "API keys not reloaded"),
		};
		sources.push(createApiKeys({ file: config.authTokensFile, clock, guards, observer }));
	}
	if (config.oidcIssuer !== "") sources.push(createIssuer(config, parts));
	sources.push(...parts.further);
	// The last one: it is shown whatever nobody else knows.
	if (config.authKubernetes) sources.push(createCluster(config, parts));

	const { basePath } = config;
	const current = (credentialId: string) => {
		for (const source of sources) {
			const found = source.current?.(credentialId);
			if (found !== undefined) return found;
		}
		return undefined;
	};
	const secret = config.ticketKeyFile === "" ? undefined : readTicketKey(config.ticketKeyFile);
	const tickets = createTickets({ secret, basePath, current, clock });

	const authentication = createAuthentication([...sources, tickets]);
	const exempt = [Health, ...(config.reflectionAccess === "public" ? reflectionServices : [])];
	const guard = heardBy(parts.onPageRefused, createPageGuard(authentication));
	const guardOf = (access: Access) =>
		sources.length > 0 && access === "authenticated" ? guard : undefined;
	return {
		interceptors:
			sources.length === 0 ? [] : [createAuthenticateInterceptor({ authentication, exempt })],
		pageGuards: { metrics: guardOf(config.metricsAccess), docs: guardOf(config.docsAccess) },
		guardOf: guards.guardOf,
		createTicket: tickets.createTicket,
		async start() {
			if (sources.length > 0 && secret === undefined && config.store === "kubernetes") {
				logger.warn("without --ticket-key-file a stream ticket is good on its own replica only");
			}
			for (const source of sources) await source.start?.();
		},
		stop() {
			for (const source of sources) source.stop?.();
		},
		troubles: () => sources.flatMap((source) => source.trouble?.() ?? []),
	};
}

/** Shortest secret of tickets, in bytes. */
const minTicketKeyBytes = 32;

/** @throws Error, which names the option and the file */
function readTicketKey(file: string): Buffer {
	const fault = (problem: string) => new Error(`--ticket-key-file ${file} ${problem}`);
	let secret: Buffer;
	try {
		secret = readFileSync(file);
	} catch (error) {
		throw fault(`cannot be read: ${(error as NodeJS.ErrnoException).code}`);
	}
	if (secret.byteLength >= minTicketKeyBytes) return secret;
	throw fault(`has less than ${minTicketKeyBytes} bytes`);
}

function createIssuer(
	config: Config,
	{ clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Authenticator {
	const issuer = config.oidcIssuer;
	return createOidc({
		issuer,
		audience: config.oidcAudience,
		nameClaim: config.oidcNameClaim,
		groupsClaim: config.oidcGroupsClaim,
		prefix: config.oidcPrefix,
		clock,
		onTrouble: (err) => logger.error({ issuer, err }, "the identity provider cannot be asked"),
		onRecovery: () => logger.info({ issuer }, "the identity provider answers again"),
	});
}

function createCluster(
	{ kubeconfig, context, authKubernetesAudience: audiences }: Config,
	parts: {
		readonly clock: Clock;
		readonly logger: Logger;
		readonly kubeconfigPath: string | undefined;
	},
): Authenticator {
	const { clock, logger, kubeconfigPath: searchPath } = parts;
	const reviews = createClusterReviews({ kubeconfig: { kubeconfig, context, searchPath }, clock });
	return createTokenReviews({
		...{ reviews, audiences, clock, start: reviews.start, stop: reviews.close },
		onTrouble: (err) => logger.error({ err }, "the cluster cannot be asked about tokens"),
		onRecovery: () => logger.info("the cluster can be asked about tokens again"),
	});
}
