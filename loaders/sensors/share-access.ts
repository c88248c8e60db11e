import { LoadFailedError } from '../landing/errors.ts';

/** The share does not answer. What was landed stays, and the next load goes on once it answers. */
export class ShareStalledError extends LoadFailedError {}

/** A call to the share while it runs. */
export interface ShareCall {
  /** Whether it was given up: what it still does must not be of any consequence. */
  readonly isLate: boolean;
  /** Says that the share has answered: a call of many parts may last longer than the limit, none of its parts may. */
  progress(): void;
}

/** Does one thing on the share, which may not use `Reach` itself. Passes on what `work` throws. */
export type Reach = <T>(work: (call: ShareCall) => Promise<T>) => Promise<T>;

/** Without a limit: for folders on a disk. */
export const unlimited: Reach = (work) => work({ isLate: false, progress: () => undefined });

/**
 * How many calls may run at once. One that hangs keeps a thread of Node's pool (libuv's default is four), and the rest of the program
 * needs some: a fifth of them, at least one, is never at the mercy of the share.
 */
function callsAtOnce(): number {
  const threads = Number(process.env.UV_THREADPOOL_SIZE) || 4;
  return Math.max(1, threads - Math.ceil(threads / 5));
}

/**
 * The way to a share that may stop answering, as a network mount does whose server is gone: its calls then hang in the kernel and
 * cannot be cancelled. A call that takes longer than the limit is given up. While one hangs no further one is begun, so that there are
 * never more than were running when it stopped.
 */
export class ShareAccess {
  /** How many calls hang now, of all shares: the process cannot end in the usual way until they return. */
  static hanging = 0;
  readonly #folder: string;
  readonly #limitMs: number;
  readonly #waiting: { readonly start: () => void; readonly refuse: (reason: Error) => void }[] = [];
  #running = 0;
  #hanging = 0;

  /** @param limitMs how long the share may take to answer, in milliseconds. */
  constructor(folder: string, limitMs: number) {
    this.#folder = folder;
    this.#limitMs = limitMs;
  }

  /** @throws ShareStalledError if the share takes too long, or if an earlier call still hangs. */
  readonly reach: Reach = (work) =>
    new Promise((resolve, reject) => {
      const start = () => void this.#call(work).then(resolve, reject);
      if (this.#hanging > 0) reject(this.#stalled());
      else if (this.#running < callsAtOnce()) start();
      else this.#waiting.push({ start, refuse: reject });
    });

  #call<T>(work: (call: ShareCall) => Promise<T>): Promise<T> {
    this.#running += 1;
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        call.isLate = true;
        this.#hanging += 1;
        ShareAccess.hanging += 1;
        reject(this.#stalled());
        for (const { refuse } of this.#waiting.splice(0)) refuse(this.#stalled());
      };
      const timer = setTimeout(giveUp, this.#limitMs);
      const call = {
        isLate: false,
        progress: () => {
          if (!call.isLate) timer.refresh();
        },
      };
      const done = () => {
        clearTimeout(timer);
        this.#running -= 1;
        if (call.isLate) {
          this.#hanging -= 1;
          ShareAccess.hanging -= 1;
        }
        if (this.#hanging === 0) this.#waiting.shift()?.start();
      };
      // Called within a function of its own, so that what it throws at once ends the call, too.
      (async () => work(call))().finally(done).then(resolve, reject);
    });
  }

  #stalled(): ShareStalledError {
    return new ShareStalledError({
      what: `SMB_PATH names the folder ${this.#folder}, which has not answered for ${this.#limitMs / 1000} s: the share hangs`,
      hint: 'Look whether its server can be reached and mount it again; SMB_TIMEOUT says how many seconds it may take.',
    });
  }
}
