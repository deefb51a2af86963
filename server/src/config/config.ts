import { isIPv4 } from "node:net";
import { parseHost } from "../http/authority.ts";
import { readCommandLine } from "./command-line.ts";
import { environmentName, environmentPrefix, type Option } from "./option.ts";
import { optionsTable } from "./options-table.ts";

type Table = typeof optionsTable;

/** Values of all options; units and defaults are in the options table. Frozen. */
export type Config = {
	readonly [K in keyof Table]: Table[K] extends Option<infer T> ? T : never;
};

/** Result of parsing a command line and an environment. */
export type ConfigResult =
	| { readonly kind: "config"; readonly config: Config }
	/** The caller asked for help. */
	| { readonly kind: "help"; readonly text: string }
	/** One line for each fault: all of them, so that one try finds them. */
	| { readonly kind: "faults"; readonly faults: readonly string[] };

/** Prefix of variables that belong to the tests; the service does not read them. */
const testPrefix = `${environmentPrefix}TEST_`;

const options: readonly Option<unknown>[] = Object.values(optionsTable);

/**
 * Reads the configuration, once. A flag wins over the environment, the environment over the
 * default; an empty environment variable counts as unset, and so does one that is Kubernetes' way to
 * tell of a Service.
 * @param argv the words after the script
 */
export function parseConfig(
	argv: readonly string[],
	environment: { readonly [name: string]: string | undefined },
): ConfigResult {
	const line = readCommandLine(argv, options);
	if (line.helpWanted) return { kind: "help", text: line.help };
	const variables = Object.entries(environment).filter(
		(pair): pair is [string, string] => pair[1] !== undefined && !isServiceLink(pair[0], pair[1]),
	);
	const given = new Map(variables);
	const faults = [
		...line.unknownFlags.map((flag) =>
			unknown(
				flag,
				options.map((option) => `--${option.flag}`),
			),
		),
		...line.extraWords.map((word) => `unexpected word: ${word}`),
		...[...given.keys()]
			.filter(isUnknownVariable)
			.map((name) => unknown(name, options.map(environmentName))),
	];

	const values: Record<string, unknown> = {};
	for (const [key, option] of Object.entries<Option<unknown>>(optionsTable)) {
		const flagValue = line.values.get(option.flag);
		const variable = given.get(environmentName(option)) || undefined;
		const name = flagValue === undefined ? environmentName(option) : `--${option.flag}`;
		const parsed = parseValue(option, flagValue ?? variable);
		if ("problem" in parsed) faults.push(`${name} ${parsed.problem}`);
		else values[key] = parsed.value;
	}
	// Relations make sense only where each value is valid by itself.
	const config = Object.freeze(values) as Config;
	if (faults.length === 0) faults.push(...relationFaults(config));
	return faults.length > 0 ? { kind: "faults", faults } : { kind: "config", config };
}

function parseValue(option: Option<unknown>, given: string | true | undefined) {
	if (given === undefined) return { value: option.defaultValue };
	if (given !== true) return option.parse(given);
	return option.placeholder === undefined ? { value: true } : { problem: "needs a value" };
}

function isUnknownVariable(name: string): boolean {
	return (
		name.startsWith(environmentPrefix) &&
		!name.startsWith(testPrefix) &&
		!options.some((option) => environmentName(option) === name)
	);
}

function unknown(name: string, known: readonly string[]): string {
	const guess = nearest(name, known);
	return `unknown option: ${name}${guess === undefined ? "" : ` (did you mean ${guess}?)`}`;
}

/** Options that the Kubernetes store has no use for. */
const embeddedOnly = [
	"data",
	"seed",
	"operatorPendingMs",
	"operatorCreatingMs",
	"operatorStoppingMs",
	"operatorDeletingMs",
] as const;

/** Finds faults between options that are each valid by themselves. */
function relationFaults(config: Config): string[] {
	const faults: string[] = [];
	if ((config.tlsCert === "") !== (config.tlsKey === "")) {
		faults.push("--tls-cert and --tls-key must be given together");
	}
	faults.push(...authenticationFaults(config), ...authorizationFaults(config));
	if (config.auditRequired && config.auditLog === "") {
		faults.push("--audit-required needs --audit-log");
	}
	if (config.tlsClientCa !== "" && config.tlsCert === "") {
		faults.push("--tls-client-ca needs --tls-cert and --tls-key");
	}
	if ((config.oidcIssuer === "") !== (config.oidcAudience === "")) {
		faults.push("--oidc-issuer and --oidc-audience must be given together");
	}
	if (config.authKubernetesAudience.length > 0 && !config.authKubernetes) {
		faults.push("--auth-kubernetes-audience needs --auth-kubernetes");
	}
	if (config.store !== "kubernetes") {
		for (const name of ["kubeconfig", "context"] as const) {
			if (config[name] !== "" && !config.authKubernetes) {
				faults.push(`--${name} needs --store kubernetes`);
			}
		}
		if (config.namespace !== "") faults.push("--namespace needs --store kubernetes");
		if (config.kubeWritesAs !== "service") {
			faults.push(`--kube-writes-as ${config.kubeWritesAs} needs --store kubernetes`);
		}
	}
	if (config.store === "kubernetes") {
		for (const key of embeddedOnly) {
			const { flag, defaultValue } = optionsTable[key];
			if (config[key] !== defaultValue) faults.push(`--${flag} needs --store embedded`);
		}
	}
	return faults;
}

/** Options by which callers sign in; each is a source of identities. */
const signIn = ["authTokensFile", "oidcIssuer", "tlsClientCa", "authKubernetes"] as const;

/** Checks whether callers are asked who they are. */
export function asksWhoCalls(config: Config): boolean {
	return signIn.some((key) => config[key] !== optionsTable[key].defaultValue);
}

/** What is open to everybody must have been asked for. */
function authenticationFaults(config: Config): string[] {
	const { host, insecureNoAuth } = config;
	const flags = signIn.map((key) => `--${optionsTable[key].flag}`);
	const given = signIn.findIndex((key) => config[key] !== optionsTable[key].defaultValue);
	if (given === -1) {
		const rights = [
			...(config.policyFile === "" ? [] : ["--policy-file"]),
			...(config.authorization === "auto" ? [] : ["--authorization"]),
			...(config.kubeWritesAs === "service" ? [] : ["--kube-writes-as caller"]),
		];
		if (rights.length > 0) {
			return [`${rights.join(" and ")} needs a way to sign in: ${flags.join(", ")}`];
		}
	}
	if (given !== -1) {
		const words = `--insecure-no-auth and ${flags[given]} contradict each other: leave one out`;
		return insecureNoAuth ? [words] : [];
	}
	if (insecureNoAuth || isLoopback(host)) return [];
	return [
		`--host ${host} is not a loopback address: whoever reaches it may do everything, so it needs ${flags.join(", ")} or --insecure-no-auth`,
	];
}

function authorizationFaults({ authorization, policyFile, store }: Config): string[] {
	const faults: string[] = [];
	if (authorization === "policy" && policyFile === "") {
		faults.push("--authorization policy needs --policy-file");
	}
	if (policyFile !== "" && (authorization === "kubernetes" || authorization === "none")) {
		faults.push(`--policy-file and --authorization ${authorization} contradict each other`);
	}
	if (authorization === "kubernetes" && store !== "kubernetes") {
		faults.push("--authorization kubernetes needs --store kubernetes");
	}
	return faults;
}

/** Returns what says who may do what: `--authorization`, and what is meant where it says nothing. */
export function authorizationOf(config: Config): "kubernetes" | "policy" | "none" {
	const { authorization, policyFile, store } = config;
	if (authorization !== "auto") return authorization;
	if (policyFile !== "") return "policy";
	return store === "kubernetes" && asksWhoCalls(config) ? "kubernetes" : "none";
}

/** RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3, RFC 6761 section 6.3. */
function isLoopback(text: string): boolean {
	const host = parseHost(text) ?? text;
	return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** Finds the candidate that a misspelt word most likely means; undefined where none is near. */
function nearest(word: string, candidates: readonly string[]): string | undefined {
	let best: string | undefined;
	let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
	for (const candidate of candidates) {
		const distance = editDistance(word, candidate);
		if (distance < bestDistance) {
			best = candidate;
			bestDistance = distance;
		}
	}
	return best;
}

/** Computes Levenshtein's distance: insertions, deletions and replacements between two words. */
function editDistance(from: string, to: string): number {
	let row = Array.from({ length: to.length + 1 }, (_, index) => index);
	for (const [index, character] of [...from].entries()) {
		const next = [index + 1];
		for (let column = 1; column <= to.length; column++) {
			const replaced = (row[column - 1] ?? 0) + (to[column - 1] === character ? 0 : 1);
			next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
		}
		row = next;
	}
	return row[to.length] ?? 0;
}

/** Transport protocols of a Service's port. */
const protocol = "(?:TCP|UDP|SCTP)";

/** Names of such variables, without the Service's name, and the shape of their values. */
const shapes: readonly (readonly [name: RegExp, value: RegExp])[] = [
	[/_SERVICE_HOST$/, /^[0-9a-f.:]+$/i],
	[/_SERVICE_PORT(?:_[A-Z0-9_]+)?$/, /^[0-9]+$/],
	[/_PORT$/, /^(?:tcp|udp|sctp):\/\//],
	[new RegExp(`_PORT_[0-9]+_${protocol}$`), /^(?:tcp|udp|sctp):\/\//],
	[new RegExp(`_PORT_[0-9]+_${protocol}_PROTO$`), /^(?:tcp|udp|sctp)$/],
	[new RegExp(`_PORT_[0-9]+_${protocol}_PORT$`), /^[0-9]+$/],
	[new RegExp(`_PORT_[0-9]+_${protocol}_ADDR$`), /^[0-9a-f.:]+$/i],
];

/**
 * Recognises a variable by which Kubernetes tells pods of a Service ("service links", the Docker-links
 * variables of https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
 * A Service whose name begins with `wukong` puts them among the names of our options.
 */
function isServiceLink(name: string, value: string): boolean {
	return shapes.some(([ofName, ofValue]) => ofName.test(name) && ofValue.test(value));
}
