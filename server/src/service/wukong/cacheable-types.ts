import { type DescMessage, isMessage } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import {
	GetWukongResponseSchema,
	ListWukongsResponseSchema,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";

/** Types whose messages this service freezes and gives to all who ask: their bytes are made once. */
export const cacheableTypes: readonly DescMessage[] = [
	WukongSchema,
	WukongEventSchema,
	GetWukongResponseSchema,
	ListWukongsResponseSchema,
];

/**
 * The VM that a shared message tells of; undefined: it is not of one VM. Once another state has
 * taken the place of this one, few ask for the message again.
 */
export function wukongIn(message: object): Wukong | undefined {
	if (isMessage(message, WukongSchema)) return message;
	return "wukong" in message ? (message.wukong as Wukong | undefined) : undefined;
}
