import { create } from "@bufbuild/protobuf";
import {
	type GetWukongResponse,
	GetWukongResponseSchema,
	type ListWukongsResponse,
} from "@novasphere/wukong-gen/wukong-service";

/** The answer to a Get of each VM, by its name. */
export function getAnswers({ wukongs }: ListWukongsResponse): Map<string, GetWukongResponse> {
	return new Map(
		wukongs.map((wukong) => [wukong.name, create(GetWukongResponseSchema, { wukong })]),
	);
}
