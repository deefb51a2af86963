import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../scripts/source-files.ts";
import { keepPort } from "../support/kept-port.ts";

export const nginxFolder = join(root, ".cache/nginx");

/** The program that `scripts/nginx-build.ts` fetches, or the one that is given. */
export const nginxProgram = process.env.WUKONG_TEST_NGINX || join(nginxFolder, "usr/sbin/nginx");

/** A running nginx in front of a service. */
export interface Nginx extends AsyncDisposable {
	readonly url: string;
}

/** The lines of its manual by which an upgrade passes (nginx.org, "WebSocket proxying"). */
const upgradeLines = `
			proxy_http_version 1.1;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection "upgrade";`;

/**
 * Starts nginx with nothing set but where it listens and where it passes requests on to, and for
 * WebSocket the upgrade.
 */
export async function startNginx(upstream: string): Promise<Nginx> {
	const folder = mkdtempSync(join(tmpdir(), "wukong-nginx-"));
	const port = await keepPort();
	const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
		.map((name) => `${name}_temp_path ${folder}/${name};`)
		.join("\n");
	writeFileSync(
		join(folder, "nginx.conf"),
		`daemon off;
master_process off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events {}
http {
	access_log off;
	${places}
	server {
		listen 127.0.0.1:${port};
		location / {
			proxy_pass ${upstream};
		}
		location /api/v1/ws {
			proxy_pass ${upstream};${upgradeLines}
		}
	}
}
`,
	);
	const child = spawn(nginxProgram, ["-p", folder, "-c", join(folder, "nginx.conf")], {
		stdio: ["ignore", "inherit", "inherit"],
	});
	const url = `http://127.0.0.1:${port}`;
	try {
		await answers(child, `${url}/livez`);
	} catch (cause) {
		throw new Error(readFileSync(join(folder, "error.log"), "utf8"), { cause });
	}
	return {
		url,
		async [Symbol.asyncDispose]() {
			const ended = once(child, "exit");
			child.kill();
			await ended;
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

async function answers(child: ChildProcess, url: string): Promise<void> {
	for (;;) {
		if (child.exitCode !== null) throw new Error(`nginx has ended with ${child.exitCode}`);
		const response = await fetch(url).catch(() => undefined);
		await response?.body?.cancel();
		if (response?.ok) return;
	}
}
