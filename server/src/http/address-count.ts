/** Counts what each address holds. */
export interface AddressCount {
	/** False: the address has its share already. */
	enter(address: string): boolean;
	leave(address: string): void;
}

/** Keeps an entry only for addresses that hold something, so that passers-by cost no memory. */
export function createAddressCount(max: number): AddressCount {
	const counts = new Map<string, number>();
	return {
		enter(address) {
			const count = counts.get(address) ?? 0;
			if (count >= max) return false;
			counts.set(address, count + 1);
			return true;
		},
		leave(address) {
			const count = (counts.get(address) ?? 0) - 1;
			if (count > 0) counts.set(address, count);
			else counts.delete(address);
		},
	};
}
