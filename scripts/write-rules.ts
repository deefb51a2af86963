// Writes proto/rules.txt, the readable listing that a test compares with the contract. A
// change of the listing is a change of the contract and is read as one in a review.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { listContract } from "./contract-listing.ts";
import { root } from "./source-files.ts";

writeFileSync(join(root, "proto/rules.txt"), listContract());
console.log("contract: proto/rules.txt is written");
