import { describe, expect, test } from "vitest";
import { authorizationOf, type Config, parseConfig } from "../../../server/src/config/config.ts";
import { environmentName } from "../../../server/src/config/option.ts";
import { optionsTable } from "../../../server/src/config/options-table.ts";

type Environment = Record<string, string>;

function configOf(argv: string[], environment: Environment = {}): Config {
	const result = parseConfig(argv, environment);
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	return result.config;
}

function faultsOf(argv: string[], environment: Environment = {}): readonly string[] {
	const result = parseConfig(argv, environment);
	return result.kind === "faults" ? result.faults : [];
}

describe("the configuration", () => {
	test("without flags and environment is all defaults, and frozen", () => {
		const config = configOf([]);
		expect(config).toMatchObject({
			host: "127.0.0.1",
			port: 8080,
			store: "embedded",
			data: "./data/wukong.db",
			seed: 0,
			defaultNamespace: "default",
		});
		expect(Object.keys(config)).toEqual(Object.keys(optionsTable));
		expect(Object.isFrozen(config)).toBe(true);
	});

	test("takes flags in both forms", () => {
		const config = configOf(["--port", "8123", "--seed=100", "--data", ":memory:"]);
		expect(config).toMatchObject({ port: 8123, seed: 100, data: ":memory:" });
	});

	test("the longest silence of a watch is one that the contract lets a caller ask for", () => {
		expect(configOf(["--heartbeat-interval-ms=1000"])).toMatchObject({
			heartbeatIntervalMs: 1_000,
		});
		for (const text of ["999", "300001", "15s"]) {
			expect(faultsOf([`--heartbeat-interval-ms=${text}`])).toHaveLength(1);
		}
	});

	test("a flag wins over the environment, the environment over the default", () => {
		const environment = { WUKONG_PORT: "1", WUKONG_SEED: "2", PORT: "3" };
		expect(configOf(["--port=4"], environment)).toMatchObject({ port: 4, seed: 2 });
	});

	test("an empty variable counts as unset", () => {
		expect(configOf([], { WUKONG_PORT: "" }).port).toBe(8080);
	});

	test("other programs' and the tests' variables are none of its business", () => {
		expect(faultsOf([], { HOME: "/", WUKONG_TEST_CHROMIUM: "x" })).toEqual([]);
	});

	test("a base path is a path without a slash at its end, and nothing that would be encoded", () => {
		expect(configOf(["--base-path", "/wukong/v2.x"]).basePath).toBe("/wukong/v2.x");
		for (const path of [
			"wukong",
			"/",
			"/wukong/",
			"//wukong",
			"/a/../b",
			"/a b",
			"/%41",
			"/a?b",
			'/a"b',
		]) {
			expect(parseConfig(["--base-path", path], {}).kind).toBe("faults");
		}
	});

	test("reads lists and switches", () => {
		const environment = { WUKONG_INSECURE_NO_AUTH: "true" };
		const config = configOf(
			["--allowed-hosts", "a.example, b.example", "--cors-origins=https://x.example"],
			environment,
		);
		expect(config.allowedHosts).toEqual(["a.example", "b.example"]);
		expect(config.corsOrigins).toEqual(["https://x.example"]);
		expect(config.insecureNoAuth).toBe(true);
		expect(configOf(["--cors-headers", "X-Tenant,x-b3"]).corsHeaders).toEqual(["X-Tenant", "x-b3"]);
		expect(configOf(["--insecure-no-auth"]).insecureNoAuth).toBe(true);
	});
});

describe("what Kubernetes says of a Service (service links) is no option", () => {
	test.each([
		["wukong", "10.0.0.1", "tcp://10.0.0.1:80"],
		["wukong-api", "fd00::1", "tcp://[fd00::1]:80"],
		["wukong-max", "10.0.0.1", "udp://10.0.0.1:80"],
	])("of the Service %s at %s", (service, address, url) => {
		const prefix = service.toUpperCase().replaceAll("-", "_");
		const protocol = url.slice(0, 3);
		const link = `${prefix}_PORT_80_${protocol.toUpperCase()}`;
		const environment = {
			[`${prefix}_SERVICE_HOST`]: address,
			[`${prefix}_SERVICE_PORT`]: "80",
			[`${prefix}_SERVICE_PORT_HTTP`]: "80",
			[`${prefix}_SERVICE_PORT_GRPC_WEB`]: "81",
			[`${prefix}_PORT`]: url,
			[link]: url,
			[`${link}_PROTO`]: protocol,
			[`${link}_PORT`]: "80",
			[`${link}_ADDR`]: address,
		};
		expect(faultsOf([], environment)).toEqual([]);
		expect(configOf([], environment).port).toBe(8080);
		expect(configOf(["--port=1"], environment).port).toBe(1);
	});

	test.each([
		["WUKONG_PORT", "80x"],
		["WUKONG_PORT", "http://10.0.0.1:80"],
		["WUKONG_HTTP_PORT", "8080"],
		["WUKONG_SERVICE_HOST", "api.example"],
		["WUKONG_SERVICE_PRT", "80"],
		["WUKONG_PORT_80_TCP_NAME", "x"],
		["WUKONG_DATA_SERVICE", "10.0.0.1"],
	])("but %s=%s is a fault", (name, value) => {
		expect(faultsOf([], { [name]: value })).toHaveLength(1);
	});
});

describe("a wrong configuration", () => {
	test("tells every fault at once", () => {
		const argv = ["--port", "x", "--log-level=loud", "--seed", "--tls-kye=k", "word"];
		const faults = faultsOf(argv, { WUKONG_MAX_CONNECTIONS: "0", WUKONG_HSOT: "h" });
		expect(faults).toEqual([
			"unknown option: --tls-kye (did you mean --tls-key?)",
			"unexpected word: word",
			"unknown option: WUKONG_HSOT (did you mean WUKONG_HOST?)",
			"--port must be a whole number from 0 to 65535",
			"--seed needs a value",
			"--log-level must be one of fatal, error, warn, info, debug, trace, silent",
			"WUKONG_MAX_CONNECTIONS must be a whole number from 1 to 1000000",
		]);
	});

	test.each([
		["--data", ":memory:"],
		["--seed", "5"],
		["--operator-pending-ms", "1"],
	])("%s means nothing to the Kubernetes store, and is not passed over", (flag, value) => {
		const environment = { WUKONG_STORE: "kubernetes" };
		expect(faultsOf([flag, value], environment)).toEqual([`${flag} needs --store embedded`]);
	});

	test("suggests nothing where nothing is near", () => {
		expect(faultsOf(["--completely-different-thing=1"])).toEqual([
			"unknown option: --completely-different-thing",
		]);
	});

	test("the value of an unknown flag is no fault of its own", () => {
		expect(faultsOf(["--prot", "8123"])).toEqual(["unknown option: --prot (did you mean --port?)"]);
	});

	test.each([
		["--port", "65536"],
		["--port", "-1"],
		["--port", "1e3"],
		["--port", " 80"],
		["--seed", "1.5"],
		["--seed", "0x10"],
		["--history-age-ms", "2147483648"],
		["--store", "etcd"],
		["--namespace", "prod"],
		["--default-namespace", "Not_A_Label"],
		["--store=kubernetes", "--namespace=a b"],
		["--store=kubernetes", "--namespace=a/b"],
		["--store=kubernetes", "--namespace=a,b"],
		["--data", ""],
		["--data", ":memory"],
		["--data", ":MEMORY:"],
		["--cors-origins", "https://a.example/path"],
		["--cors-origins", "*"],
		["--cors-headers", "*"],
		["--cors-headers", "x-tenant, x tenant"],
		["--cors-headers", "x-tenant\r\nx: y"],
		["--cors-headers", "x-té"],
		["--insecure-no-auth=1"],
	])("refuses %s %s", (...argv) => {
		expect(faultsOf(argv)).not.toEqual([]);
	});

	test.each([["0.0.0.0"], ["::"], ["192.168.1.2"], ["example.com"], ["127.evil.example"]])(
		"--host %s needs a source of identities, or --insecure-no-auth",
		(host) => {
			expect(faultsOf(["--host", host])).toHaveLength(1);
			expect(configOf(["--host", host, "--insecure-no-auth"]).host).toBe(host);
			expect(configOf(["--host", host, "--auth-tokens-file=keys"]).host).toBe(host);
		},
	);

	test("that nobody signs in, and that somebody does, contradict each other", () => {
		expect(faultsOf(["--insecure-no-auth", "--auth-tokens-file=keys"])).toEqual([
			"--insecure-no-auth and --auth-tokens-file contradict each other: leave one out",
		]);
	});

	test.each([["localhost"], ["127.0.0.1"], ["127.8.8.8"], ["::1"]])(
		"--host %s needs nothing else",
		(host) => {
			expect(configOf(["--host", host]).host).toBe(host);
		},
	);

	test("an issuer comes with an audience, and is one that nobody can stand in for", () => {
		const audience = "--oidc-audience=wukong";
		expect(configOf(["--oidc-issuer=https://login.example.com/a", audience])).toMatchObject({
			...{ oidcIssuer: "https://login.example.com/a", oidcAudience: "wukong" },
			...{ oidcNameClaim: "sub", oidcGroupsClaim: "groups", oidcPrefix: "oidc:" },
		});
		expect(configOf(["--oidc-issuer=http://127.0.0.1:9000", audience]).oidcAudience).toBe("wukong");
		expect(faultsOf(["--oidc-issuer=https://login.example.com"])).toHaveLength(1);
		expect(faultsOf([audience])).toHaveLength(1);
		for (const issuer of [
			"http://login.example.com",
			"login",
			"https://a.example/?x",
			"https://u@a.example",
		]) {
			expect(faultsOf([`--oidc-issuer=${issuer}`, audience])).toHaveLength(1);
		}
	});

	test("a prefix of names ends visibly, is not Kubernetes' own, and is dropped by asking for that", () => {
		expect(configOf(["--oidc-prefix=-"]).oidcPrefix).toBe("");
		expect(configOf(["--oidc-prefix=corp:"]).oidcPrefix).toBe("corp:");
		for (const prefix of ["", "system:", "System:x:", "corp", "a b:"]) {
			expect(faultsOf([`--oidc-prefix=${prefix}`])).toHaveLength(1);
		}
	});

	test("pages are public and reflection is not, unless it is asked otherwise", () => {
		const [open, closed] = ["public", "authenticated"];
		expect(configOf([])).toMatchObject({
			...{ metricsAccess: open, docsAccess: open, reflectionAccess: closed },
		});
		for (const what of ["metrics", "docs", "reflection"] as const) {
			const key = `${what}Access` as const;
			expect(configOf([`--${what}-access=${open}`])[key]).toBe(open);
			expect(configOf([`--${what}-access=${closed}`])[key]).toBe(closed);
			expect(faultsOf([`--${what}-access=nobody`])).toHaveLength(1);
		}
	});

	test("client certificates need TLS, and are a source of identities", () => {
		const tls = ["--tls-cert=c", "--tls-key=k"];
		expect(faultsOf(["--tls-client-ca=ca"])).toHaveLength(1);
		expect(configOf([...tls, "--tls-client-ca=ca", "--host=0.0.0.0"])).toMatchObject({
			...{ tlsClientCa: "ca", tlsClientPrefix: "cert:" },
		});
		expect(faultsOf([...tls, "--tls-client-ca=ca", "--insecure-no-auth"])).toHaveLength(1);
	});

	test("tokens of a cluster are a source of identities for either store; their audiences need it", () => {
		const flags = ["--auth-kubernetes", "--auth-kubernetes-audience=a,b", "--kubeconfig=k"];
		expect(configOf([...flags, "--host=0.0.0.0"])).toMatchObject({
			...{ authKubernetes: true, authKubernetesAudience: ["a", "b"] },
		});
		expect(faultsOf([...flags, "--store=kubernetes"])).toEqual([]);
		expect(faultsOf(["--auth-kubernetes", "--insecure-no-auth"])).toHaveLength(1);
		expect(faultsOf(["--auth-kubernetes-audience=a"])).toHaveLength(1);
		expect(faultsOf(["--kubeconfig=k"])).toHaveLength(1);
	});

	test("writes in the caller's name need the Kubernetes store and somebody who signs in", () => {
		const kubernetes = ["--store=kubernetes", "--kube-writes-as=caller"];
		const signIn = "--auth-tokens-file=t";
		expect(configOf([]).kubeWritesAs).toBe("service");
		expect(configOf([...kubernetes, signIn]).kubeWritesAs).toBe("caller");
		expect(faultsOf(kubernetes)).toEqual([
			expect.stringContaining("--kube-writes-as caller needs a way to sign in: "),
		]);
		expect(faultsOf(["--kube-writes-as=caller", signIn])).toEqual([
			"--kube-writes-as caller needs --store kubernetes",
		]);
		expect(faultsOf([...kubernetes, signIn, "--kube-writes-as=nobody"])).toHaveLength(1);
		expect(faultsOf([...kubernetes, "--insecure-no-auth"])).toHaveLength(1);
	});

	test("the cluster says who may do what where callers of its store sign in, unless something else is named", () => {
		const of = (...flags: string[]) => authorizationOf(configOf(flags));
		const keys = "--auth-tokens-file=k";
		expect(of("--store=kubernetes", keys)).toBe("kubernetes");
		expect(of("--store=kubernetes", keys, "--policy-file=p")).toBe("policy");
		expect(of("--store=kubernetes", keys, "--authorization=none")).toBe("none");
		expect([of(keys), of("--store=kubernetes"), of(keys, "--policy-file=p")]).toEqual([
			...["none", "none", "policy"],
		]);
		for (const flags of [
			["--authorization=policy", keys],
			["--authorization=kubernetes", keys],
			["--authorization=kubernetes", "--store=kubernetes"],
			["--authorization=none", "--policy-file=p", keys],
			["--authorization=rbac", keys],
		]) {
			expect(faultsOf(flags)).toHaveLength(1);
		}
	});

	test("certificate and key come together or not at all", () => {
		expect(faultsOf(["--tls-cert=c.pem"])).toHaveLength(1);
		expect(faultsOf(["--tls-key=k.pem"])).toHaveLength(1);
		expect(faultsOf(["--tls-cert=c.pem", "--tls-key=k.pem"])).toEqual([]);
	});
});

describe("--help", () => {
	const result = parseConfig(["--help", "--port", "x"], { WUKONG_NOTHING: "1" });
	const help = result.kind === "help" ? result.text.replaceAll(/\s+/g, " ") : "";

	test.each(Object.values(optionsTable).map((option) => [option.flag, option] as const))(
		"shows --%s with default, unit and environment name",
		(flag, option) => {
			const { placeholder } = option;
			const start = help.indexOf(
				` --${flag} ${placeholder === undefined ? "" : `<${placeholder}>`}`,
			);
			const line = help.slice(start, help.indexOf(")", help.indexOf("(default:", start)));
			expect(start).toBeGreaterThan(0);
			expect(line).toContain(option.description);
			expect(line).toContain(`${option.unit}, env: ${environmentName(option)}`);
			const shown = String(option.defaultValue);
			expect(line).toContain(`(default: ${shown === "" ? "none" : shown}`);
		},
	);
});
