import { resolve } from "node:path";
import { asksWhoCalls, authorizationOf, type Config } from "../config/config.ts";
import { TlsFileError, type TlsFilePart } from "../http/tls-files.ts";

/**
 * Returns the text for a person who has just started the service. Each command in it works in another
 * terminal in the same folder.
 * @param clonePath the clone that the service runs from; undefined: it is installed, and has none
 * of the clone's scripts
 */
export function greeting(url: string, config: Config, clonePath: string | undefined): string {
	const isOpen = !asksWhoCalls(config);
	const key = isOpen ? "" : ` -H "Authorization: Bearer $TOKEN"`;
	const call = (method: string, body: string) =>
		`  curl ${url}/novasphere.v1.WukongService/${method}${key} \\
    -H 'content-type: application/json' -d '${body}'`;
	const create = JSON.stringify({
		wukong: {
			name: "web-1",
			spec: { cpu: 2, memory: "4Gi", disks: [{ name: "root", size: "20Gi", boot: true }] },
		},
	});
	return `WukongService listens on ${url}
${whereDataLives(config)}${isOpen || authorizationOf(config) !== "none" ? "" : everythingAllowed}

Try, in another terminal${isOpen ? "" : " that has an API key or a token in TOKEN"}:
  list:
${call("ListWukongs", "{}")}
  create:
${call("CreateWukong", create)}
  watch:
  ${clonePath === undefined || !isOpen ? watchWithCurl(url, key) : watchWithNpm(url, clonePath)}

Stop with Ctrl-C.
`;
}

const everythingAllowed = `
Whoever signs in may do everything; --policy-file says who may do what.`;

function watchWithNpm(url: string, clonePath: string): string {
	const place = process.cwd() === resolve(clonePath) ? "" : ` --prefix '${resolve(clonePath)}'`;
	return `npm run watch${place}${url === "http://127.0.0.1:8080" ? "" : ` -- ${url}`}`;
}

/**
 * Returns a watch by curl. An envelope is a byte of flags and four of length (Connect, streaming);
 * curl prints binary only with `-o -`.
 */
function watchWithCurl(url: string, key: string): string {
	return `printf '\\0\\0\\0\\0\\2{}' | curl -sN ${url}/novasphere.v1.WukongService/WatchWukong${key} \\
    -H 'content-type: application/connect+json' --data-binary @- -o -`;
}

function whereDataLives({ store, data }: Config): string {
	if (store === "kubernetes") return "Data lives in the cluster.";
	return data === ":memory:"
		? "Data lives in memory and ends with this process."
		: `Data lives in ${resolve(data)}.`;
}

const tlsOptions: Readonly<Record<TlsFilePart, string>> = {
	certificate: "--tls-cert",
	key: "--tls-key",
	pair: "--tls-cert and --tls-key",
	"client CA": "--tls-client-ca",
};

/** Returns one line for the person who started the service: why it cannot start, and what to change. */
export function startErrorLine(error: unknown, config: Config): string {
	if (error instanceof TlsFileError) return `${tlsOptions[error.part]}: ${error.message}`;
	if (!(error instanceof Error)) return String(error);
	return listenProblem(error, config) ?? error.message.replaceAll(/\s*\n\s*/g, " ");
}

/** Explains a system error that concerns `--host` or `--port`. */
function listenProblem(error: NodeJS.ErrnoException, { host, port }: Config): string | undefined {
	const { code, syscall } = error;
	if (syscall !== "listen" && syscall !== "getaddrinfo") return undefined;
	switch (code) {
		case "EADDRINUSE":
			return `port ${port} of ${host} is taken: end what listens there, or choose another port with --port (0: any free one) (${code})`;
		case "EACCES":
			return `port ${port} of ${host} may not be used by this user: choose one from 1024 on with --port (${code})`;
		case "EADDRNOTAVAIL":
			return `--host ${host} is no address of this machine (${code})`;
		case "EAFNOSUPPORT":
			return `--host ${host} is of a kind that this machine does not speak (${code})`;
		default:
			return syscall === "getaddrinfo"
				? `--host ${host} is no name of an address (${code})`
				: undefined;
	}
}
