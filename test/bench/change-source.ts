/** Makes VMs change, so that watches have something to tell. */
export interface ChangeSource {
	/**
	 * Changes `count` VMs at once: change number n is of the VM at place n, modulo the number
	 * of VMs, of the list. Resolves when the changes are made, not when they are delivered.
	 */
	burst(first: number, count: number): Promise<void>;
	close(): void;
}
