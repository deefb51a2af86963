import type { DescMessage } from "@bufbuild/protobuf";
import { WukongSchema } from "@novasphere/wukong-gen/wukong";
import {
	GetWukongResponseSchema,
	ListWukongsResponseSchema,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";

/** Types whose messages this service freezes and gives to all who ask: their bytes are made once. */
export const sharedTypes: readonly DescMessage[] = [
	WukongSchema,
	WukongEventSchema,
	GetWukongResponseSchema,
	ListWukongsResponseSchema,
];
