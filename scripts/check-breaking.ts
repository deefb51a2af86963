// The contract is frozen: what a client was compiled against keeps working. buf compares two
// images: what has landed is a file of its own, whatever the history of the repository is.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { breakingArgs, buildImage, runBuf } from "./proto-image.ts";

const folder = mkdtempSync(join(tmpdir(), "wukong-image-"));
try {
	const image = join(folder, "new.binpb");
	buildImage(image);
	runBuf(...breakingArgs(image));
	console.log("contract: nothing breaks");
} catch {
	// buf has said what is wrong.
	console.error("contract: it breaks what has landed, or cannot be compared");
	process.exitCode = 1;
} finally {
	rmSync(folder, { recursive: true });
}
