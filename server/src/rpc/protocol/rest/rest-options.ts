import type { EntityTags } from "./entity-tags.ts";
import type { DescribeError } from "./error-body.ts";
import type { ListForms, StreamForm } from "./stream-form.ts";

/** Options of REST. */
export interface RestOptions {
	/** Says of an error what the contract of the services says. */
	readonly describeError: DescribeError;
	/** Default: nothing has entity tags. */
	readonly entityTags?: EntityTags | undefined;
	/** Forms of streams; the first one is for whoever takes anything. Default: no streams. */
	readonly streamForms?: readonly StreamForm[];
	/** Default: lists come as response messages, page by page. */
	readonly listForms?: ListForms | undefined;
	/** Prefix of every path, as callers see it: "" or as in `/wukong`. Default: "". */
	readonly basePath?: string;
}
