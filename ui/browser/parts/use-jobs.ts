import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Job, JobKind } from '../../data/job.ts';
import type { JobChange } from '../../data/port.ts';
import { hearJobs, jobs as readJobs } from './api.ts';

export interface KnownJobs {
  readonly kinds: readonly JobKind[];
  /** The newest first. */
  readonly jobs: readonly Job[];
}

/** The jobs, as they go on. */
export function useJobs(): KnownJobs {
  const [known, setKnown] = useState<KnownJobs>({ kinds: [], jobs: [] });
  const again = useCallback(() => {
    readJobs().then(setKnown, () => undefined);
  }, []);
  useEffect(() => hearJobs((change) => setKnown((before) => changed(before, change)), again), [again]);
  return known;
}

/** So many lines of a job are kept in the page. */
const mostLines = 2000;

function changed({ kinds, jobs }: KnownJobs, { job, lines }: JobChange): KnownJobs {
  const before = jobs.find(({ id }) => id === job.id);
  const after: Job = { ...job, lines: [...(before?.lines ?? []), ...lines].slice(-mostLines) };
  return {
    kinds,
    jobs: before === undefined ? [after, ...jobs] : jobs.map((one) => (one.id === job.id ? after : one)),
  };
}
