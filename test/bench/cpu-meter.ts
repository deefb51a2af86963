// Loaded into every measured server by `node --import`, so that a server needs to know nothing
// of the benchmark: tells the parent its CPU time when asked, and ends when the parent is gone.
process.on("message", (message) => {
	if (message === "cpu") process.send?.(process.cpuUsage());
});
process.on("disconnect", () => process.exit());
process.channel?.unref();
