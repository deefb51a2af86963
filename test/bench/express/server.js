// Express without middleware but its own JSON parser, as its guide shows it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import express from "express";

const service = "/novasphere.v1.WukongService/";
const list = JSON.parse(readFileSync(join(process.argv[2], "list.json"), "utf8"));
const byReference = new Map(
	list.wukongs.map((wukong) => [`${wukong.namespace}/${wukong.name}`, { wukong }]),
);

const app = express();
app.use(express.json());
app.post(`${service}GetWukong`, (request, response) => {
	const { namespace, name } = request.body;
	const answer = byReference.get(`${namespace}/${name}`);
	if (answer === undefined) response.sendStatus(404);
	else response.json(answer);
});
app.post(`${service}ListWukongs`, (_request, response) => {
	response.json(list);
});

const server = app.listen(0, "127.0.0.1", () => {
	const url = `http://127.0.0.1:${server.address().port}`;
	process.stdout.write(`http1 ${url}\nhttp2 ${url}\n`);
});
// Node's 5 s would close the load's connections between two of its turns.
server.keepAliveTimeout = 300_000;
