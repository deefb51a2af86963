import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Browser, chromium, type LaunchOptions } from "playwright-core";

/**
 * Starts a real, headless Chromium: the one that `WUKONG_TEST_CHROMIUM` names, else the one
 * from npm. The latter brings its shared libraries along, so that the machine needs none.
 */
export async function startChromium(): Promise<Browser> {
	const own = process.env.WUKONG_TEST_CHROMIUM ?? "";
	if (own !== "") return launch({ executablePath: own });
	const folder = await unpacked();
	return launch({
		executablePath: join(folder, "chromium"),
		env: { ...process.env, LD_LIBRARY_PATH: join(folder, "al2023/lib") },
	});
}

/** Bounds a failing test only, in milliseconds; less than the test's own time, so that it says why. */
const ceilingMs = 100_000;

/** Starts a browser whose pages have time, however busy the machine. */
async function launch(options: LaunchOptions): Promise<Browser> {
	const browser = await chromium.launch({ ...options, timeout: ceilingMs });
	browser.on("context", (context) => context.setDefaultTimeout(ceilingMs));
	return browser;
}

/**
 * Unpacks the browser once for all runs. The package's own function unpacks into the system's
 * temporary folder under fixed names, where two test files, or a run that was killed half-way,
 * leave half a browser for the next one. Here a folder appears whole or not at all.
 */
async function unpacked(): Promise<string> {
	// The package exports no path to its archives; they lie beside its code.
	const home = dirname(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")));
	const { version } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
	const cache = join(home, "../../.cache");
	const folder = join(cache, `wukong-chromium-${version}`);
	if (existsSync(folder)) return folder;
	mkdirSync(cache, { recursive: true });
	const fresh = mkdtempSync(join(cache, "wukong-chromium-"));
	const { inflate } = await import("@sparticuz/chromium");
	// inflate knows no other way to be told where to.
	const temporary = process.env.TMPDIR;
	process.env.TMPDIR = fresh;
	try {
		const archives = ["chromium.br", "fonts.tar.br", "swiftshader.tar.br", "al2023.tar.br"];
		await Promise.all(archives.map((archive) => inflate(join(home, "bin", archive))));
		renameSync(fresh, folder);
	} catch (error) {
		rmSync(fresh, { recursive: true, force: true });
		// Another test file was first.
		if (!existsSync(folder)) throw error;
	} finally {
		if (temporary === undefined) delete process.env.TMPDIR;
		else process.env.TMPDIR = temporary;
	}
	return folder;
}
