import { useEffect, useState } from 'preact/hooks';
import type { SourcesPage } from '../../data/overview.ts';
import { startJob } from '../parts/api.ts';
import { Badge, Problem, Scrolling, Shown, Table } from '../parts/show.tsx';
import { useAnswer } from '../parts/use.ts';
import { useJobs } from '../parts/use-jobs.ts';
import { size } from '../parts/words.ts';
import { hrefOf } from './route.ts';

type File = SourcesPage['rejected'][number];

/** The rejected files; of one that is chosen what it holds, and a button that judges it again. @param onReplayed called when that was done. */
export function Rejected({ rejected, onReplayed }: { rejected: readonly File[]; onReplayed: () => void }) {
  const [shown, setShown] = useState<File>();
  return (
    <>
      <Table
        caption="Rejected files"
        rows={rejected.slice(0, 100)}
        keyOf={({ id }) => id}
        empty="No file was rejected."
        columns={[
          {
            title: 'File',
            cell: (file) => (
              <button type="button" class="link" aria-pressed={file.id === shown?.id} onClick={() => setShown(file)}>
                {file.name}
              </button>
            ),
          },
          { title: 'Source', cell: ({ source }) => source },
          { title: 'Reason', cell: ({ reason }) => reason },
          { title: 'Load', cell: ({ loadId }) => loadId, isNumber: true },
        ]}
      />
      {shown && (
        <RejectedFile
          key={shown.id}
          file={shown}
          isRejected={rejected.some(({ id }) => id === shown.id)}
          onReplayed={onReplayed}
        />
      )}
    </>
  );
}

/** The sources whose files are judged one by one. */
const replayed: readonly string[] = ['sensors', 'weather', 'registry'];

function RejectedFile({
  file: { source, name },
  isRejected,
  onReplayed,
}: {
  file: File;
  isRejected: boolean;
  onReplayed: () => void;
}) {
  return (
    <section aria-label={`What ${name} holds`}>
      <h3>{name}</h3>
      {isRejected ? <Content source={source} name={name} /> : <Landed />}
      {replayed.includes(source) && (
        <ReplayButton source={source} name={name} isRejected={isRejected} onReplayed={onReplayed} />
      )}
    </section>
  );
}

function Landed() {
  return (
    <p>
      <Badge status="ok" text="landed" /> The next <a href={hrefOf('operate', '', { job: 'build' })}>build</a> takes it
      into the models.
    </p>
  );
}

function Content({ source, name }: { source: string; name: string }) {
  const file = useAnswer('rejected', { source, name });
  return (
    <Shown from={file}>
      {({ text, reason, bytes }) => (
        <>
          <p>
            {reason} <span class="faint">{size(bytes)}</span>
          </p>
          <Scrolling label="Its beginning">
            <pre class="log">
              {text === null ? 'There is no copy of it in Bronze.' : text === '' ? '(empty)' : text}
            </pre>
          </Scrolling>
        </>
      )}
    </Shown>
  );
}

/** Judges a file again, and tells what came of it. */
function ReplayButton({
  source,
  name,
  isRejected,
  onReplayed,
}: {
  source: string;
  name: string;
  isRejected: boolean;
  onReplayed: () => void;
}) {
  const { jobs } = useJobs();
  const [id, setId] = useState('');
  const [fault, setFault] = useState<Error>();
  const job = jobs.find((one) => one.id === id);
  const isDone = job !== undefined && job.state !== 'running';
  useEffect(() => {
    if (isDone) onReplayed();
  }, [isDone, onReplayed]);
  const verdict = isDone && job.state === 'done' && isRejected ? 'It was judged again, and is rejected as before.' : '';
  const start = () => {
    setFault(undefined);
    startJob('replay-file', { source, file: name }).then((started) => setId(started.id), setFault);
  };
  return (
    <>
      {isRejected && (
        <p>
          <button type="button" disabled={jobs[0]?.state === 'running'} onClick={start}>
            Replay it from Bronze
          </button>{' '}
          <code class="faint">{`datacycle load ${source} --from-bronze --file '${name.replaceAll("'", "'\\''")}'`}</code>
        </p>
      )}
      {fault && <Problem error={fault} />}
      {isDone && (
        <p role="status">
          {job.state !== 'done' && <Badge status={job.state} />}{' '}
          {[verdict, ...job.lines.map(({ text }) => text.trim())].join(' ')}
        </p>
      )}
    </>
  );
}
