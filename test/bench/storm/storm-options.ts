/** How large the storm is. */
export interface StormOptions {
	/** VMs in the Error loop. */
	readonly vms: number;
	/** Time of the storm without updates. */
	readonly seconds: number;
	readonly watchers: number;
	/** Updates, each with the version that was read just before. */
	readonly updates: number;
}
