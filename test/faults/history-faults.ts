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

/** Another VM takes the name of one that is there. */
function recreate({ api, random, onHit }: FaultSite): void {
	const { namespace, name, labels = {} } = pick(api.store.list(), random).metadata;
	api.store.remove({ namespace, name }, { preconditions: {}, dryRun: false });
	api.store.create({ metadata: { name, labels } }, namespace, false);
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
			fill(site, 9);
			const isThird = ({ url }: FakeRequest) => /[?&]continue=[^&]*\.6(&|$)/.test(url);
			answerNext(site, expired, { count: 1, of: isThird });
			site.api.expire();
		},
	},
	{
		title: "the history is gone, and older lists come first",
		maxLists: 3,
		strike(site) {
			const { api, random } = site;
			const metadata = { resourceVersion: String(api.store.version) };
			const items = api.store.list();
			const older: Send = (response) => answerJson(response, 200, { metadata, items });
			api.store.tick();
			answerNext(site, older, { count: 1 + Math.floor(random() * 2), of: isPage });
			api.expire();
		},
	},
	{
		title: "a VM is recreated while nobody watches",
		fullRounds: 1_000,
		strike(site) {
			site.api.cutWatches();
			recreate(site);
		},
	},
	{
		title: "a VM is recreated in a gap of the history",
		maxLists: 1,
		fullRounds: 1_000,
		strike(site) {
			site.api.cutWatches();
			recreate(site);
			site.api.store.compact();
		},
	},
];
