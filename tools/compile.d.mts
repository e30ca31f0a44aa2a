/** Writes what npm publishes into an empty folder. */
export function compile(folder: string): Promise<void>;
