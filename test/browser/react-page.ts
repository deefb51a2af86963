// Runs in the browser: a React page in strict mode, on a fake service whose clock the test moves.
import { createElement, StrictMode, useState } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import {
	useAccess,
	useWukong,
	useWukongAction,
	useWukongs,
	WukongProvider,
} from "../../web-client/src/react/index.ts";
import { createFakeWukong } from "../../web-client/src/testing/index.ts";

const fake = createFakeWukong({ seed: [{ name: "a" }, { name: "b" }] });
let renders = 0;

function Names() {
	const { items, status } = useWukongs({ namespace: "default" });
	return createElement("p", { id: "names" }, `${status}: ${items.map(({ name }) => name).join()}`);
}

function Count() {
	renders++;
	return createElement(
		"p",
		{ id: "count" },
		useWukongs({ namespace: "default" }, ({ items }) => items.length),
	);
}

function One() {
	const { wukong } = useWukong("a", { namespace: "default" });
	const stop = useWukongAction("stop");
	const power = wukong?.status?.powerState ?? "none";
	return createElement(
		"button",
		{ id: "stop", type: "button", disabled: stop.pending, onClick: () => stop.run("default/a") },
		`power ${power}`,
	);
}

function App() {
	const [isShown, setShown] = useState(true);
	return createElement(
		"div",
		null,
		createElement(
			"button",
			{ id: "toggle", type: "button", onClick: () => setShown(!isShown) },
			"toggle",
		),
		...(isShown ? [Names, Count, One].map((part) => createElement(part, { key: part.name })) : []),
	);
}

let rightsRenders = 0;

/** A button that is off and says why. @param props.verbs in any order */
function StopButton({ id, verbs }: { id: string; verbs: ("start" | "stop")[] }) {
	rightsRenders++;
	const { can, reason, status } = useAccess({ verbs, namespace: "default", name: "a" });
	return createElement(
		"button",
		{ id, type: "button", disabled: !can("stop"), title: reason("stop") },
		`${status} ${can("start")}`,
	);
}

function Rights() {
	const [isShown, setShown] = useState(true);
	const parts = [
		createElement(StopButton, { key: 1, id: "first", verbs: ["start", "stop"] }),
		createElement(StopButton, { key: 2, id: "second", verbs: ["stop", "start"] }),
	];
	return createElement(
		"div",
		null,
		createElement(
			"button",
			{ id: "toggle-rights", type: "button", onClick: () => setShown(!isShown) },
			"toggle",
		),
		...(isShown ? parts : []),
	);
}

const app = createElement(
	StrictMode,
	null,
	createElement(WukongProvider, { client: fake.client }, createElement(App)),
);

/** What the page offers to the test. */
export interface ReactPage {
	readonly fake: typeof fake;
	readonly renders: number;
	readonly rightsRenders: number;
	/** Renders what shows rights. */
	startRights(): void;
	/** Renders into the page, or over what a server has rendered. */
	start(html: string): void;
}

const page: ReactPage = {
	fake,
	get renders() {
		return renders;
	},
	get rightsRenders() {
		return rightsRenders;
	},
	startRights() {
		const root = document.createElement("main");
		document.body.append(root);
		const rights = createElement(WukongProvider, { client: fake.client }, createElement(Rights));
		createRoot(root).render(createElement(StrictMode, null, rights));
	},
	start(html) {
		const root = document.createElement("main");
		root.innerHTML = html;
		document.body.append(root);
		if (html === "") createRoot(root).render(app);
		else hydrateRoot(root, app);
	},
};

Object.assign(globalThis, { reactPage: page });
