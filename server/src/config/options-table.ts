import { maxTimerDelayMs } from "../clock.ts";
import { accessOptions } from "./access-options.ts";
import { parseAddressRanges, parseBoundHost, parseHosts, parseOrigins } from "./hosts.ts";
import { count, type Option, size, text, time, toggle, words } from "./option.ts";
import {
	oneOf,
	parseBasePath,
	parseDataPath,
	parseDnsLabel,
	parseHeaderNames,
	parseIssuer,
	parsePrefix,
	wholeNumber,
} from "./parsers.ts";
import { portOptions } from "./port-options.ts";

const dayMs = 24 * 60 * 60 * 1_000;
const mebibyte = 1_024 * 1_024;

/** Every option of the service: the one source of the flags, the environment names and the help. */
export const optionsTable = {
	host: {
		...text("host", "address", "127.0.0.1", "Address to listen on."),
		parse: parseBoundHost,
	},
	port: count("port", 8080, [0, 65_535], "Port to listen on; 0: any free one."),
	insecureNoAuth: toggle(
		"insecure-no-auth",
		"Allow an address other than loopback although nobody has to sign in: whoever reaches the port may do everything.",
	),
	authTokensFile: text(
		"auth-tokens-file",
		"file",
		"",
		"API keys by which callers sign in, one a line, as wukong-server token create makes them; read again when it changes.",
	),
	oidcIssuer: {
		...text(
			"oidc-issuer",
			"url",
			"",
			"OpenID Connect issuer whose JWTs callers sign in with, as its iss claim has it.",
		),
		parse: parseIssuer,
	},
	oidcAudience: text("oidc-audience", "name", "", "Audience that these tokens must be for."),
	oidcNameClaim: text("oidc-name-claim", "claim", "sub", "Claim that is the caller's name."),
	oidcGroupsClaim: text(
		"oidc-groups-claim",
		"claim",
		"groups",
		"Claim that is the caller's groups.",
	),
	oidcPrefix: {
		...text(
			"oidc-prefix",
			"text",
			"oidc:",
			"Begins the names and groups of these tokens, so that they are nobody else's; - for none.",
		),
		parse: parsePrefix,
	},
	authKubernetes: toggle(
		"auth-kubernetes",
		"Callers sign in with tokens of the cluster, as service accounts have them: the API server is asked whose one is (TokenReview).",
	),
	authKubernetesAudience: words(
		"auth-kubernetes-audience",
		"names",
		"Audiences of which these tokens must be for one; without any they are for the API server itself.",
	),
	ticketKeyFile: text(
		"ticket-key-file",
		"file",
		"",
		"At least 32 random bytes, the same for all replicas: then a stream ticket of one is good on all of them.",
	),
	authorization: {
		...text(
			"authorization",
			"source",
			"auto",
			"What says who may do what: kubernetes, the rights that the cluster gives (SubjectAccessReview); policy, the policy file; none, whoever signs in may do everything; auto, the policy file where there is one, else kubernetes with the Kubernetes store.",
		),
		defaultValue: "auto" as "auto" | "kubernetes" | "policy" | "none",
		parse: oneOf("auto", "kubernetes", "policy", "none"),
	},
	maxAccessReviewsPerSecond: count(
		"max-access-reviews-per-second",
		100,
		[1, 10_000],
		"Kubernetes rights: questions to the API server about what callers may do, at most.",
	),
	policyFile: text(
		"policy-file",
		"file",
		"",
		"Rights of callers in YAML: roles, bound to names or groups, per namespace or in all; read again when it changes.",
	),
	auditLog: text(
		"audit-log",
		"file",
		"",
		"File to which a line of JSON is appended for each call that changes something and each that is refused for who made it; - for standard output.",
	),
	auditRequired: toggle("audit-required", "Change nothing while the audit log cannot be written."),
	disableHealth: toggle("disable-health", "Do not serve grpc.health.v1.Health."),
	disableReflection: toggle(
		"disable-reflection",
		"Do not serve gRPC's server reflection, by which tools need no proto file.",
	),
	...accessOptions,
	basePath: {
		...text(
			"base-path",
			"path",
			"",
			"Prefix of every path as callers see it, as in /wukong, where a proxy serves it under one; requests may have it or lack it.",
		),
		parse: parseBasePath,
	},
	allowedHosts: {
		...words(
			"allowed-hosts",
			"names",
			"Host names that requests may be addressed to, without port, besides loopback names and the host; * allows any.",
		),
		parse: parseHosts,
	},
	trustedProxies: {
		...words(
			"trusted-proxies",
			"ranges",
			"Addresses of proxies, as in 10.0.0.0/8, whose X-Forwarded-For tells the address of a caller in logs, audit lines and limits.",
		),
		parse: parseAddressRanges,
	},
	corsOrigins: {
		...words(
			"cors-origins",
			"origins",
			"Web origins that may call, as in https://app.example.com.",
		),
		parse: parseOrigins,
	},
	corsHeaders: {
		...words(
			"cors-headers",
			"names",
			"Header fields that pages of these origins may send, besides those of the protocols, of sign-in and of tracing.",
		),
		parse: parseHeaderNames,
	},
	tlsCert: text(
		"tls-cert",
		"file",
		"",
		"Certificate chain in PEM; with --tls-key the port speaks TLS.",
	),
	tlsKey: text("tls-key", "file", "", "Private key in PEM."),
	tlsClientCa: text(
		"tls-client-ca",
		"file",
		"",
		"Certificates in PEM of those who issue client certificates, which callers sign in with: CN is the name, each O a group.",
	),
	tlsClientPrefix: {
		...text(
			"tls-client-prefix",
			"text",
			"cert:",
			"Begins the names and groups of client certificates, so that they are nobody else's; - for none.",
		),
		parse: parsePrefix,
	},
	store: {
		...text("store", "kind", "embedded", "Store of the Wukongs: embedded or kubernetes."),
		defaultValue: "embedded" as "embedded" | "kubernetes",
		parse: oneOf("embedded", "kubernetes"),
	},
	kubeconfig: text(
		"kubeconfig",
		"file",
		"",
		"Kubernetes store: a kubeconfig; without one the usual places, in a pod its service account.",
	),
	context: text("context", "name", "", "Kubernetes store: a context of the kubeconfig."),
	namespace: {
		...text("namespace", "name", "", "Kubernetes store: serve this namespace only."),
		parse: parseDnsLabel,
	},
	kubeWritesAs: {
		...text(
			"kube-writes-as",
			"who",
			"service",
			"Kubernetes store: in whose name the API server is told of writes: service; or caller, by impersonation, so that its rights, admission and audit log see who calls.",
		),
		defaultValue: "service" as "service" | "caller",
		parse: oneOf("service", "caller"),
	},
	defaultStorageClass: text(
		"default-storage-class",
		"name",
		"longhorn",
		"Kubernetes store: class of a disk that names none, where the cluster requires one and has no default.",
	),
	defaultNetworkType: {
		...text(
			"default-network-type",
			"type",
			"bridge",
			"Kubernetes store: type of a network that names none, where the cluster has no default: bridge, macvlan, sriov or ovs.",
		),
		parse: oneOf("bridge", "macvlan", "sriov", "ovs"),
	},
	data: {
		...text("data", "path", "./data/wukong.db", "File of the embedded store, or :memory:."),
		parse: parseDataPath,
	},
	seed: count("seed", 0, [0, 100_000], "Fill an empty store with so many running Wukongs."),
	defaultNamespace: {
		...text("default-namespace", "name", "default", "Namespace meant where a call names none."),
		parse: parseDnsLabel,
	},
	historyChanges: count(
		"history-changes",
		10_000,
		[1, 1_000_000],
		"Changes that are kept of each kind (the Wukong, the VM and instance of KubeVirt), so that a watch can resume.",
	),
	historyAgeMs: time("history-age-ms", dayMs, "Age at which a kept change is forgotten."),
	historyBytes: size(
		"history-bytes",
		64 * mebibyte,
		"Memory that kept changes take, their encoded forms included; large ones push others out.",
	),
	minChangeIntervalMs: {
		...time(
			"min-change-interval-ms",
			250,
			"Kubernetes store: watches are told of a VM's status no more often; 0: as often as it changes.",
		),
		parse: wholeNumber(0, 60_000),
	},
	stuckStartingMs: time(
		"stuck-starting-ms",
		600_000,
		"Kubernetes store: time after which a start counts as stuck.",
	),
	stuckDeletingMs: time(
		"stuck-deleting-ms",
		300_000,
		"Kubernetes store: time after which a deletion counts as stuck.",
	),
	stuckVolumeMs: time(
		"stuck-volume-ms",
		300_000,
		"Kubernetes store: time after which a start counts as stuck that waits for a volume.",
	),
	encodingCacheBytes: size(
		"encoding-cache-bytes",
		128 * mebibyte,
		"Memory for encoded Wukongs, and pages of them, that are kept to be sent again.",
	),
	operatorPendingMs: time("operator-pending-ms", 300, "Embedded operator: time in Pending."),
	operatorCreatingMs: time("operator-creating-ms", 1_000, "Embedded operator: time in Creating."),
	operatorStoppingMs: time("operator-stopping-ms", 500, "Embedded operator: time to stop."),
	operatorDeletingMs: time("operator-deleting-ms", 300, "Embedded operator: time to clean up."),
	operatorProfile: {
		...text(
			"operator-profile",
			"name",
			"ideal",
			"Embedded operator: ideal, or public-437e853, which has the faults of the public one.",
		),
		defaultValue: "ideal" as "ideal" | "public-437e853",
		parse: oneOf("ideal", "public-437e853"),
	},
	shutdownDelayMs: {
		...time(
			"shutdown-delay-ms",
			0,
			"Time between not ready and a closed port: balancers lag behind.",
		),
		parse: wholeNumber(0, maxTimerDelayMs),
	},
	shutdownGraceMs: time("shutdown-grace-ms", 10_000, "Time for calls in flight at shutdown."),
	logLevel: {
		...text("log-level", "level", "info", "fatal, error, warn, info, debug, trace or silent."),
		defaultValue: "info" as const,
		parse: oneOf("fatal", "error", "warn", "info", "debug", "trace", "silent"),
	},
	maxWatchStreams: count(
		"max-watch-streams",
		20_000,
		[1, 1_000_000],
		"Most open watch streams and waits; further ones are refused.",
	),
	maxStreamsPerCaller: count(
		"max-streams-per-caller",
		2_000,
		[0, 1_000_000],
		"Most open watch streams and waits of one caller; 0: no limit.",
	),
	maxCallsPerSecondPerCaller: count(
		"max-calls-per-second-per-caller",
		1_000,
		[0, 1_000_000],
		"Calls of one caller in the long run, streams that it opens among them, and twice as many at once; 0: no limit.",
	),
	maxWaitMs: {
		...time("max-wait-ms", 600_000, "Longest wait of WaitWukong, which counts as a stream."),
		parse: wholeNumber(1, 600_000),
	},
	heartbeatIntervalMs: {
		...time(
			"heartbeat-interval-ms",
			15_000,
			"Longest silence of a watch whose request does not ask for another.",
		),
		// As the contract has it for those that are asked for.
		parse: wholeNumber(1_000, 300_000),
	},
	...portOptions,
} as const satisfies Readonly<Record<string, Option<unknown>>>;
