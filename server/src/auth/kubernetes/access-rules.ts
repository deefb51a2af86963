import type { KubeWriter } from "../../caller.ts";
import type { AccessAttributes } from "../../store/kubernetes/reviews/reviews.ts";
import type { Verb } from "../authorizer.ts";

/** A right in a cluster, wherever it is given. */
export type Right = Pick<AccessAttributes, "verb" | "group" | "resource" | "subresource">;

/** What one verb of ours needs: each of these, by any of the rights in it. */
export type Needs = readonly {
	readonly anyOf: readonly Right[];
	/** Said where none of them is there. */
	readonly denied: string;
}[];

const noRight = "no right in the cluster allows it";
const notByPower =
	"the cluster is told of changes in your name: you need update on wukongs, wukongs/power is not enough";
const notByKubeVirt =
	"the cluster is told of this in your name: you need the right to it in KubeVirt, too";

function right(verb: string, subresource = ""): Right {
	return { verb, group: "vm.novasphere.dev", resource: "wukongs", subresource };
}

/** KubeVirt's verbs are subresources that are updated. */
function kubeVirt(resource: string, subresource: string): Right {
	return { verb: "update", group: "subresources.kubevirt.io", resource, subresource };
}

/** Each right is one object: answers are kept by it. */
const [update, patch, power] = [right("update"), right("patch"), right("update", "power")];

const own = (verb: string): Needs => [{ anyOf: [right(verb)], denied: noRight }];
const pressing: Needs = [{ anyOf: [update, power], denied: noRight }];
const editing: Needs = [{ anyOf: [update], denied: notByPower }];
const acting = (resource: string, subresource: string): Needs => [
	...editing,
	{ anyOf: [kubeVirt(resource, subresource)], denied: notByKubeVirt },
];

const common = {
	...{ list: own("list"), watch: own("watch"), get: own("get") },
	...{ create: own("create"), delete: own("delete") },
};

/**
 * What each verb needs. A VM may be started by whoever may edit it, or has the right to the subresource
 * `wukongs/power`, which exists for this alone. Who may patch a VM may update it: an edit names fields.
 */
export const accessRules: Readonly<Record<KubeWriter, Readonly<Record<Verb, Needs>>>> = {
	service: {
		...common,
		update: [{ anyOf: [update, patch], denied: noRight }],
		...{ start: pressing, stop: pressing, restart: pressing, pause: pressing, resume: pressing },
	},
	caller: {
		...common,
		update: [{ anyOf: [update], denied: noRight }],
		...{ start: editing, stop: editing },
		restart: acting("virtualmachines", "restart"),
		pause: acting("virtualmachineinstances", "pause"),
		resume: acting("virtualmachineinstances", "unpause"),
	},
};
