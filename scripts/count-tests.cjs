// Reads vitest's JSON report and prints "passed failed skipped". CommonJS without anything
// new, because the CI runs it with whatever Node the machine has.
const { readFileSync } = require("node:fs");

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const suites = report.testResults;
// A file that cannot be loaded has no tests to fail, but it must count.
const unloaded = suites.filter(
	(suite) =>
		suite.status === "failed" && suite.assertionResults.every((it) => it.status !== "failed"),
).length;
const skipped = report.numPendingTests + report.numTodoTests;
console.log(report.numPassedTests, report.numFailedTests + unloaded, skipped);
