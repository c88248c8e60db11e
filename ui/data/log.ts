/** The logs that LOG_DIR has: of the watcher, and of all other commands. */
export const logNames = ['watch', 'commands'] as const;
export type LogName = (typeof logNames)[number];

export interface LogEntry {
  /** ISO text. */
  readonly time: string;
  readonly level: 'info' | 'warning' | 'error';
  readonly text: string;
}

/** The newest lines of a log, the oldest first. */
export interface Log {
  /** Where it is; null where LOG_DIR is not set. */
  readonly file: string | null;
  readonly entries: readonly LogEntry[];
}
