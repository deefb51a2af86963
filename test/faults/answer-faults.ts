import { answerJson } from "../support/fake-api-server.ts";
import { answerNext, type ProtocolFault, pick, type Send, statusOf } from "./protocol-fault.ts";

const html = "<html><body>Bad gateway</body></html>";

const refusedWith =
	(code: number): Send =>
	(response) =>
		answerJson(response, code, statusOf(code));

/** Answers that are none. */
const nonsense: readonly Send[] = [
	...[500, 502, 503, 504].map(refusedWith),
	(response) => response.writeHead(503, { "content-type": "text/html" }).end(html),
	(response) => response.writeHead(200, { "content-type": "text/html" }).end(html),
	(response) => response.writeHead(200).end(),
	(response) => response.destroy(),
];

/** What goes wrong with whole answers. */
export const answerFaults: readonly ProtocolFault[] = [
	{
		title: "a call is answered with an error, a page or nothing",
		strike(site) {
			const { api, random } = site;
			const count = 1 + Math.floor(random() * 4);
			answerNext(site, (...call) => pick(nonsense, random)(...call), { count });
			api.cutWatches();
		},
	},
	{
		title: "401 and 403 alternate",
		strikesOpenWatches: true,
		strike(site) {
			let number = 0;
			const send: Send = (...call) => refusedWith(number++ % 3 === 2 ? 403 : 401)(...call);
			answerNext(site, send, { count: 6 });
			site.api.cutWatches();
		},
	},
	{
		title: "the token is rotated",
		strike({ api, onHit }) {
			const { renewals } = api;
			api.intercept(({ token }, response) => {
				if (Number(token.slice("Bearer token-".length)) > renewals + 1) return false;
				onHit();
				answerJson(response, 401, statusOf(401));
				return true;
			});
			api.cutWatches();
		},
	},
];
