import { answerJson, type FakeRequest } from "../support/fake-api-server.ts";
import {
	answerNext,
	type FaultSite,
	type ProtocolFault,
	pick,
	type Send,
	statusOf,
} from "./protocol-fault.ts";

const expired: Send = (response) => answerJson(response, 410, statusOf(410));
const isWatch = ({ url }: FakeRequest) => url.includes("watch=1");
const isPage = ({ url }: FakeRequest) => /[?&]limit=(?!1(&|$))/.test(url);

/** Another object takes the name of one that is there, of any kind. */
function recreate({ api, random, onHit }: FaultSite): void {
	const store = pick(
		[...api.stores.values()].filter((one) => one.list().length > 0),
		random,
	);
	const { metadata, status } = pick(store.list(), random);
	const { namespace, name, labels = {}, ownerReferences = [] } = metadata;
	store.remove({ namespace, name }, { preconditions: {}, dryRun: false });
	store.create({ metadata: { name, labels, ownerReferences } }, namespace, false);
	const made = store.get(namespace, name);
	if (status !== undefined) store.replace({ ...made, status }, "status", false);
	onHit();
}

/** There are so many VMs at least. */
function fill({ api: { store } }: FaultSite, count: number): void {
	for (let number = store.list().length; number < count; number++) {
		store.create({ metadata: { name: `filler-${store.version}` } }, "default", false);
	}
}

/** What goes wrong with the API server's history. */
export const historyFaults: readonly ProtocolFault[] = [
	{
		title: "an ERROR event says 410",
		maxLists: 1,
		fullRounds: 1_000,
		strike({ api, onHit }) {
			api.expire();
			onHit();
		},
	},
	{
		title: "a watch is refused with 410",
		maxLists: 1,
		strike(site) {
			answerNext(site, expired, { count: Math.max(1, site.api.watching), of: isWatch });
			site.api.cutWatches();
		},
	},
	{
		title: "a list expires in its third page",
		maxLists: 1,
		strike(site) {
			const { api, onHit } = site;
			// The few names of the writer may go before the list comes: what fills alone makes three pages.
			fill(site, 14);
			const isThird = ({ url }: FakeRequest) => /[?&]continue=[^&]*\.6(&|$)/.test(url);
			const isWukongWatch = (request: FakeRequest) =>
				isWatch(request) && request.path.endsWith("/wukongs");
			// Whose watch is not open yet hears of no end: it is refused, so that somebody lists.
			let watches = api.watchingOf("wukongs") === 0 ? 1 : 0;
			let pages = 1;
			api.intercept((request, response) => {
				if (watches > 0 && isWukongWatch(request)) watches--;
				else if (pages > 0 && isThird(request)) {
					pages--;
					onHit();
				} else return false;
				expired(response, request);
				return true;
			});
			api.expire();
		},
	},
	{
		title: "the history is gone, and older lists come first",
		maxLists: 3,
		strike(site) {
			const { api, random } = site;
			const lists = new Map(
				[...api.stores].map(([plural, store]) => {
					const metadata = { resourceVersion: String(store.version) };
					return [plural as string, { metadata, items: store.list() }] as const;
				}),
			);
			const older: Send = (response, { path }) =>
				answerJson(response, 200, lists.get(path.split("/").at(-1) ?? "") ?? {});
			for (const store of api.stores.values()) store.tick();
			answerNext(site, older, { count: 1 + Math.floor(random() * 2), of: isPage });
			api.expire();
		},
	},
	{
		title: "an object is recreated while nobody watches",
		fullRounds: 1_000,
		strike(site) {
			site.api.cutWatches();
			recreate(site);
		},
	},
	{
		title: "an object is recreated in a gap of the history",
		maxLists: 1,
		fullRounds: 1_000,
		strike(site) {
			site.api.cutWatches();
			recreate(site);
			for (const store of site.api.stores.values()) store.compact();
		},
	},
];
