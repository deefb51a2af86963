import { resolve } from "node:path";
import type { Config } from "../config/config.ts";

/**
 * What a person who has just started the service wants to know. Each command in it works in
 * another terminal that is in the same folder.
 * @param clonePath the clone that the service runs from; undefined: it is installed, and has none
 * of the clone's scripts
 */
export function greeting(url: string, config: Config, clonePath: string | undefined): string {
	const call = (method: string, body: string) =>
		`  curl ${url}/novasphere.v1.WukongService/${method} \\
    -H 'content-type: application/json' -d '${body}'`;
	const create = JSON.stringify({
		wukong: {
			name: "web-1",
			spec: { cpu: 2, memory: "4Gi", disks: [{ name: "root", size: "20Gi", boot: true }] },
		},
	});
	return `WukongService listens on ${url}
${whereDataLives(config)}

Try, in another terminal:
  list:
${call("ListWukongs", "{}")}
  create:
${call("CreateWukong", create)}
  watch:
  ${clonePath === undefined ? watchWithCurl(url) : watchWithNpm(url, clonePath)}

Stop with Ctrl-C.
`;
}

function watchWithNpm(url: string, clonePath: string): string {
	const place = process.cwd() === resolve(clonePath) ? "" : ` --prefix '${resolve(clonePath)}'`;
	return `npm run watch${place}${url === "http://127.0.0.1:8080" ? "" : ` -- ${url}`}`;
}

/**
 * An envelope is a byte of flags and four of length (Connect, streaming), which curl puts on a
 * terminal only where it is told to.
 */
function watchWithCurl(url: string): string {
	return `printf '\\0\\0\\0\\0\\2{}' | curl -sN ${url}/novasphere.v1.WukongService/WatchWukong \\
    -H 'content-type: application/connect+json' --data-binary @- -o -`;
}

function whereDataLives({ store, data }: Config): string {
	if (store === "kubernetes") return "Data lives in the cluster.";
	return data === ":memory:"
		? "Data lives in memory and ends with this process."
		: `Data lives in ${resolve(data)}.`;
}
