/** A parameter of a job. `selector`: selectors as on the command line; `file`: the name of one; `flag`: yes or no; `choice`: one of `choices`. */
export type JobParam = {
  readonly name: string;
  readonly label: string;
} & (
  | { readonly type: 'selector' }
  | { readonly type: 'file' }
  | { readonly type: 'flag' }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
);

/** A button: what it does and the command that it stands for. */
export interface JobKind {
  readonly name: string;
  readonly label: string;
  /** The command, as it is typed without anything that is chosen below. */
  readonly typed: string;
  /** What happens, in one sentence. */
  readonly description: string;
  /** Under which heading the button is. */
  readonly group: 'Load' | 'Build' | 'Check' | 'Keep house' | 'Hand over';
  readonly params: readonly JobParam[];
  /** Asked before it starts, where it deletes something or takes long; null: it starts at once. */
  readonly confirm: string | null;
}

export interface JobLine {
  readonly tone: 'plain' | 'good' | 'bad' | 'warning' | 'faint';
  readonly text: string;
}

export interface Job {
  readonly id: string;
  readonly name: string;
  /** As it is typed: `datacycle build --select x`. */
  readonly command: string;
  readonly by: string;
  /** ISO text. */
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  /** What it works on now, in one line. */
  readonly progress: string;
  readonly lines: readonly JobLine[];
}

export interface JobStarted {
  readonly id: string;
}
