/** The least that is printed or logged: with `none` nothing. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'none'] as const;
export type LogLevel = (typeof logLevels)[number];
