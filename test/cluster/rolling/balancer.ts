import { once } from "node:events";
import { get } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { pipeline } from "node:stream";

/** A TCP load balancer: each new connection goes to the next replica that wants calls. */
export interface Balancer {
	/** Where clients connect to. */
	readonly url: string;
	/** Takes a replica in, for as long as it says at `/readyz` that it wants calls. */
	add(url: string): void;
	/** Breaks off what is left. */
	close(): Promise<void>;
}

/** How often replicas are asked whether they want calls, in milliseconds. */
const probeIntervalMs = 100;

/** Listens on a free port, with no replica behind it. */
export async function startBalancer(): Promise<Balancer> {
	const replicas: URL[] = [];
	const sockets = new Set<Socket>();

	const takeOut = (replica: URL) => {
		const place = replicas.indexOf(replica);
		if (place >= 0) replicas.splice(place, 1);
	};

	const keep = (socket: Socket) => {
		sockets.add(socket);
		socket.on("error", () => {}).once("close", () => sockets.delete(socket));
	};

	/** A replica that refuses is taken out, and the next one is tried. */
	const forward = (client: Socket) => {
		const replica = replicas.shift();
		if (replica === undefined || client.destroyed) return void client.destroy();
		replicas.push(replica);
		const upstream = connect({ host: replica.hostname, port: Number(replica.port) });
		const onRefused = () => {
			takeOut(replica);
			forward(client);
		};
		upstream.once("error", onRefused);
		upstream.once("connect", () => {
			upstream.off("error", onRefused);
			keep(upstream);
			pipeline(client, upstream, client, () => {});
		});
	};

	const server = createServer({ noDelay: true }, (client) => {
		keep(client);
		forward(client);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const probes = setInterval(() => {
		for (const replica of replicas) {
			isReady(replica).then((ready) => ready || takeOut(replica));
		}
	}, probeIntervalMs);

	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		add: (url) => void replicas.push(new URL(url)),
		async close() {
			clearInterval(probes);
			const closed = once(server, "close");
			server.close();
			for (const socket of sockets) socket.destroy();
			await closed;
		},
	};
}

function isReady(replica: URL): Promise<boolean> {
	return new Promise((resolve) => {
		get(new URL("/readyz", replica), { agent: false }, (response) => {
			response.resume();
			resolve(response.statusCode === 200);
		}).on("error", () => resolve(false));
	});
}
