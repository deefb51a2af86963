import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { root } from "../../scripts/source-files.ts";

/** A page of its own origin, with one bundled script. */
export interface PageServer extends AsyncDisposable {
	/** Origin of the page, as in `http://127.0.0.1:40000`; the page is at `/`. */
	readonly origin: string;
	/** Replaces the page's script by this TypeScript module, which may import installed packages. */
	serve(source: string): Promise<void>;
	/** Replaces the whole page. */
	servePage(html: string): void;
}

/** Serves a page as a bundler's development server does. */
export async function startPageServer(): Promise<PageServer> {
	let script = "";
	let page = '<!doctype html><script type="module" src="/script.js"></script><body></body>';
	const server = createServer((request, response) => {
		if (request.url === "/script.js") {
			response.setHeader("content-type", "text/javascript").end(script);
			return;
		}
		if (request.url !== "/") {
			response.writeHead(404).end();
			return;
		}
		response.setHeader("content-type", "text/html; charset=utf-8").end(page);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	return {
		origin: `http://127.0.0.1:${port}`,
		servePage(html) {
			page = html;
		},
		async serve(source) {
			const { outputFiles } = await build({
				stdin: { contents: source, loader: "tsx", resolveDir: root },
				jsx: "automatic",
				bundle: true,
				format: "esm",
				target: "es2024",
				write: false,
				logLevel: "silent",
			});
			script = outputFiles[0]?.text ?? "";
		},
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
