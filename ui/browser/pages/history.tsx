import { useMemo, useState } from 'preact/hooks';
import type { NodeHistory } from '../../data/state.ts';
import { Chart } from '../parts/chart.tsx';
import { Badge, Message, Shown, Table } from '../parts/show.tsx';
import { useAnswer } from '../parts/use.ts';
import { duration, minute, number, size } from '../parts/words.ts';
import { hrefOf } from './route.ts';

/** The runs of a node: how long each took and how many rows it changed. */
export function History({ id }: { id: string }) {
  const history = useAnswer('history', { id }, 15_000);
  return (
    <section>
      <h2>Runs</h2>
      <Shown from={history}>{(found) => <Found history={found} />}</Shown>
    </section>
  );
}

function Found({ history: { results, bytes, rows, estimated } }: { history: NodeHistory }) {
  const [what, setWhat] = useState<'seconds' | 'rows'>('seconds');
  const series = useMemo(() => {
    const times = results.map(({ at }) => new Date(at).getTime() / 1000);
    const changed = results.map(({ inserted, updated, deleted }) => (inserted ?? 0) + (updated ?? 0) + (deleted ?? 0));
    return { times, values: what === 'seconds' ? results.map(({ seconds }) => seconds) : changed };
  }, [results, what]);
  if (results.length === 0) return <p class="faint">No run has worked on it yet.</p>;
  return (
    <>
      {rows !== null && (
        <p>
          {estimated ? 'About ' : ''}
          {number(rows)} rows, {size(bytes)}
        </p>
      )}
      <p>
        <button type="button" aria-pressed={what === 'seconds'} onClick={() => setWhat('seconds')}>
          Seconds
        </button>
        <button type="button" aria-pressed={what === 'rows'} onClick={() => setWhat('rows')}>
          Rows changed
        </button>
      </p>
      <Chart
        label={what === 'seconds' ? 'Seconds by run' : 'Rows changed by run'}
        times={series.times}
        series={[{ title: what, values: series.values }]}
        form="bars"
        height={180}
      />
      <Table
        caption="Runs"
        rows={results.toReversed().slice(0, 12)}
        keyOf={({ runId }) => runId}
        columns={[
          { title: 'Started (UTC)', cell: ({ runId, at }) => <a href={hrefOf('runs', runId)}>{minute(at)}</a> },
          { title: 'Result', cell: ({ status }) => <Badge status={status} /> },
          { title: 'Took', cell: ({ seconds }) => duration(seconds), isNumber: true },
          { title: 'Inserted', cell: ({ inserted }) => number(inserted), isNumber: true },
          { title: 'Updated', cell: ({ updated }) => number(updated), isNumber: true },
          { title: 'Deleted', cell: ({ deleted }) => number(deleted), isNumber: true },
          { title: 'Message', cell: ({ message }) => <Message text={message} /> },
        ]}
      />
    </>
  );
}
