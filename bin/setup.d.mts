/** Bundles one TypeScript program for Node; `entry` is a path from the project's root. Whole or absent. */
export function bundle(entry: string, outfile: string): Promise<void>;

/** Installs and bundles what is missing or older; returns the address of the program. Ends the process where that fails. */
export function prepare(options?: { readonly force?: boolean }): Promise<string>;

/** The bundled program of the thread that trains models: what `LEARNING_WORKER` stands for. */
export function learningWorker(): Promise<string>;

/** The folder of the program. */
export const root: string;

/** Translations of what the pages say, by language and English text. */
export function pageCaptions(): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>>;
