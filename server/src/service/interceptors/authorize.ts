import type { DescService, Message } from "@bufbuild/protobuf";
import {
	type ContextKey,
	createContextKey,
	type Interceptor,
	type StreamRequest,
	type UnaryRequest,
} from "@connectrpc/connect";
import {
	type Authorizer,
	type Decision,
	isNone,
	type Namespaces,
	permissionDenied,
	type Question,
	type Verb,
} from "../../auth/authorizer.ts";
import type { RightsGuards } from "../../auth/rights-guards.ts";
import type { Principal } from "../../caller.ts";
import { principalKey } from "../../rpc/call/call-context.ts";
import type { StreamGuard } from "../../watch/stream-guard.ts";

/** How the calls of a method are judged. */
export interface MethodRule {
	readonly verb: Verb;
	/**
	 * When the right is asked for: `call`, once, before the method; `page`, by the method, which may be
	 * called once for each page; `open`, before the method, and from then on by a guard.
	 */
	readonly judged: "call" | "page" | "open";
}

/** What a call may see, for its method. */
export interface Grant {
	/**
	 * Asks for the right now.
	 * @returns the namespaces that may be shown where the request names none
	 * @throws PERMISSION_DENIED, UPSTREAM_UNAVAILABLE, TOO_MANY_REQUESTS
	 */
	namespaces(): Namespaces | Promise<Namespaces>;
	/** What `namespaces` said before the method of a stream or a wait; undefined: it is the method's to ask. */
	opened: Namespaces | undefined;
	/** Ends what is open once the right is gone. */
	guard(): StreamGuard;
}

/** Finds the {@link Grant} of a call in its context values; undefined: nobody's rights are asked for. */
export const grantKey: ContextKey<Grant | undefined> = createContextKey<Grant | undefined>(
	undefined,
	{ description: "what the call may see" },
);

/** Options of {@link createAuthorizeInterceptor}. */
export interface AuthorizeOptions {
	readonly authorizer: Authorizer;
	readonly guards: RightsGuards;
	/** Rules by service and method name; a method that is missing may not be called. Other services are open. */
	readonly rules: ReadonlyMap<DescService, Readonly<Record<string, MethodRule>>>;
	readonly defaultNamespace: string;
}

/**
 * Creates the interceptor that asks whether the caller may do what it calls for, from verb, namespace and
 * name alone: nothing has been looked up yet. Belongs behind authentication and validation.
 */
export function createAuthorizeInterceptor(options: AuthorizeOptions): Interceptor {
	const { authorizer, guards, rules, defaultNamespace } = options;

	const admit = (
		{ service, method, contextValues }: UnaryRequest | StreamRequest,
		methods: Readonly<Record<string, MethodRule>>,
		message: Message,
	): unknown => {
		const rule = methods[method.localName];
		const principal = contextValues.get(principalKey);
		if (rule === undefined || principal === undefined) {
			throw new Error(`${service.typeName}/${method.name} is called, and nobody says who may`);
		}
		const question = questionOf(rule.verb, message as Message & Named, defaultNamespace);
		if (rule.judged === "call") return checked(authorizer.decide(principal, question), question);
		const grant = createGrant({ authorizer, guards, principal, question });
		contextValues.set(grantKey, grant);
		return rule.judged === "page" ? undefined : keepFirst(grant);
	};
	return (next) => (request) => {
		const methods = rules.get(request.service);
		if (methods === undefined) return next(request);
		if (!request.stream) {
			const admitted = admit(request, methods, request.message);
			return admitted instanceof Promise ? admitted.then(() => next(request)) : next(request);
		}
		const messages = request.message;
		async function* admitted() {
			for await (const message of messages) {
				await admit(request, methods as Readonly<Record<string, MethodRule>>, message);
				yield message;
			}
		}
		return next({ ...request, message: admitted() });
	};
}

/** Asks for the right of what opens, so that its method is given the answer without asking again. */
function keepFirst(grant: Grant): void | Promise<void> {
	const keep = (namespaces: Namespaces) => {
		grant.opened = namespaces;
	};
	const first = grant.namespaces();
	return first instanceof Promise ? first.then(keep) : keep(first);
}

function createGrant(options: {
	readonly authorizer: Authorizer;
	readonly guards: RightsGuards;
	readonly principal: Principal;
	readonly question: Question;
}): Grant {
	const { authorizer, guards, principal, question } = options;
	const { verb, namespace } = question;
	if (namespace !== "") {
		return {
			namespaces() {
				const found = checked(authorizer.decide(principal, question), question);
				// Nobody asks which ones: the request names its own.
				return found instanceof Promise ? found.then(() => "" as const) : "";
			},
			opened: undefined,
			guard: () => guards.guardOf(principal, question),
		};
	}
	const require = (namespaces: Namespaces): Namespaces => {
		if (isNone(namespaces)) throw permissionDenied(question);
		return namespaces;
	};
	return {
		namespaces() {
			const found = authorizer.namespacesOf(principal, verb);
			return found instanceof Promise ? found.then(require) : require(found);
		},
		opened: undefined,
		guard: () => guards.guardOfAll(principal, verb),
	};
}

/** @throws PERMISSION_DENIED */
function checked(
	decision: Decision | Promise<Decision>,
	question: Question,
): undefined | Promise<undefined> {
	const require = ({ allowed }: Decision): undefined => {
		if (!allowed) throw permissionDenied(question);
		return undefined;
	};
	return decision instanceof Promise ? decision.then(require) : require(decision);
}

/** Fields that name what a request is about; Create and Update carry them in the VM itself. */
export interface Named {
	readonly namespace?: string;
	readonly name?: string;
	readonly wukong?: Named;
}

/** Reads the question of a call from its request, as the contract has empty namespaces. */
export function questionOf(verb: Verb, request: Named, defaultNamespace: string): Question {
	const { namespace = "", name = "" } = request.wukong ?? request;
	const isOfMany = (verb === "list" || verb === "watch") && name === "";
	return { verb, namespace: isOfMany ? namespace : namespace || defaultNamespace, name };
}
