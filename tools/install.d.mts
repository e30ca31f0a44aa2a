/** Runs `npm ci` in a folder with a lock, if it is not as locked. */
export declare function install(folder?: string): void;
