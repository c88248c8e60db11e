import { useEffect, useState } from 'preact/hooks';
import { cancelJob } from './api.ts';
import { t } from './language.ts';
import { Badge } from './show.tsx';
import { useJobs } from './use-jobs.ts';

/** How long the end of a job stays in view, in milliseconds. */
const shownMs = 15_000;

/** What is running now, on every page. */
export function JobBar() {
  const { jobs } = useJobs();
  const [newest] = jobs;
  const [gone, setGone] = useState('');
  const isRunning = newest?.state === 'running';
  useEffect(() => {
    if (newest === undefined || isRunning) return undefined;
    const timer = setTimeout(() => setGone(newest.id), shownMs);
    return () => clearTimeout(timer);
  }, [newest?.id, isRunning]);
  const isOld =
    newest?.finishedAt != null && Date.now() - new Date(newest.finishedAt).getTime() > shownMs && !isRunning;
  if (newest === undefined || gone === newest.id || isOld) return null;
  return (
    <div class="job-bar" role="status">
      <Badge status={newest.state} /> <code>{newest.command}</code>
      <span class="faint grow">{newest.progress || newest.lines.at(-1)?.text}</span>
      <a href="#/operate">{t('See all')}</a>
      {isRunning && (
        <button type="button" onClick={() => void cancelJob(newest.id).catch(() => undefined)}>
          {t('Stop')}
        </button>
      )}
    </div>
  );
}
