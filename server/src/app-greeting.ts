import type { Config } from "./config/config.ts";

/** What a person who has just started the service wants to know. */
export function greeting(url: string, config: Config): string {
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
  npm run watch${url === "http://127.0.0.1:8080" ? "" : ` -- ${url}`}

Stop with Ctrl-C.
`;
}

function whereDataLives({ store, data }: Config): string {
	if (store === "kubernetes") return "Data lives in the cluster.";
	return data === ":memory:"
		? "Data lives in memory and ends with this process."
		: `Data lives in ${data}.`;
}
