/**
 * Says what a text shows of the tests' secrets, tokens and values, with the
 * line where it begins.
 */
export declare function findLeaks(text: string): string[];

/** A secret that is found wherever it is printed, if 25 characters of it are. */
export declare function mark(secret: string): string;
