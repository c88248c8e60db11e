import { useState } from 'preact/hooks';
import type { Advice, Overview } from '../../data/overview.ts';
import { startJob } from '../parts/api.ts';
import { Badge, Problem, Shown, Table } from '../parts/show.tsx';
import { useAnswer } from '../parts/use.ts';
import { ago, duration, minute, number, size } from '../parts/words.ts';
import { hrefOf } from './route.ts';

export function OverviewPage() {
  const overview = useAnswer('overview', {}, 10_000);
  return (
    <>
      <h1>Overview</h1>
      <Shown from={overview}>{(found) => <Found found={found} />}</Shown>
    </>
  );
}

function Found({ found }: { found: Overview }) {
  const now = new Date(found.now);
  const tiles = found.freshness.filter(({ level }) => level !== 'unused');
  return (
    <>
      <Verdict found={found} />
      {found.advice.length > 0 && (
        <section>
          <h2>What to do next</h2>
          <ul class="advice">
            {found.advice.map((advice) => (
              <AdviceLine key={advice.text} advice={advice} />
            ))}
          </ul>
        </section>
      )}
      <section>
        <h2>At a glance</h2>
        <ul class="tiles">
          <Tile title="Database" status="ok" value={size(found.disk.databaseBytes)} more="reachable" />
          <Tile
            title="Watcher"
            status={found.watcher === null ? 'idle' : 'ok'}
            value={found.watcher === null ? 'not at work' : 'at work'}
            more={found.watcher ?? 'datacycle watch'}
          />
          {found.sources.map((source) => (
            <Tile
              key={source.source}
              title={source.source}
              status={source.failures > 0 ? 'error' : 'ok'}
              value={`${number(source.files)} files`}
              more={source.failures > 0 ? `${source.failures} loads failed` : `loaded ${ago(source.lastLoad, now)}`}
            />
          ))}
          <Tile
            title="Disk"
            status={found.disk.freeBytes !== null && found.disk.freeBytes < 2e9 ? 'error' : 'ok'}
            value={size(found.disk.freeBytes)}
            more="free for Bronze"
          />
          {tiles.map((tile) => (
            <Tile
              key={tile.name}
              title={tile.name}
              status={tile.level}
              value={tile.ageSeconds === null ? 'no data' : `${duration(tile.ageSeconds)} old`}
              more={
                tile.message ??
                (tile.errorAfterSeconds === null ? '' : `late after ${duration(tile.errorAfterSeconds)}`)
              }
            />
          ))}
        </ul>
      </section>
      {found.problems.length > 0 && (
        <section>
          <h2>Needs a person</h2>
          <Table
            caption="What needs a person"
            keyOf={({ kind, name, problem }) => `${kind} ${name} ${problem}`}
            rows={found.problems}
            columns={[
              { title: 'What', cell: ({ page, name }) => <a href={`#/${page.replace(/^node\//, 'node/')}`}>{name}</a> },
              { title: 'Kind', cell: ({ kind }) => kind },
              { title: 'Problem', cell: ({ problem }) => problem },
            ]}
          />
        </section>
      )}
      {found.audits.length > 0 && (
        <section>
          <h2>Audits that hold their models back</h2>
          <Table
            caption="Failed audits"
            keyOf={({ test }) => test}
            rows={found.audits}
            columns={[
              { title: 'Model', cell: ({ model }) => <a href={hrefOf('node', `model.${model}`)}>{model}</a> },
              { title: 'Audit', cell: ({ test }) => <a href={hrefOf('node', `test.${test}`)}>{test}</a> },
              { title: 'Bad rows', cell: ({ badRows }) => number(badRows), isNumber: true },
              { title: 'Since', cell: ({ at }) => ago(at, now) },
            ]}
          />
        </section>
      )}
      <section>
        <h2>Last runs</h2>
        <Table
          caption="Last runs"
          keyOf={({ startedAt }) => startedAt}
          rows={found.runs}
          empty="Nothing has been built yet."
          columns={[
            { title: 'Started (UTC)', cell: ({ startedAt }) => <a href="#/runs">{minute(startedAt)}</a> },
            { title: 'Command', cell: ({ command }) => command },
            { title: 'State', cell: ({ status }) => <Badge status={status} /> },
            { title: 'Took', cell: ({ seconds }) => duration(seconds), isNumber: true },
            { title: 'Failed', cell: ({ failed }) => number(failed), isNumber: true },
          ]}
        />
      </section>
      <section>
        <h2>Rejected files</h2>
        <Table
          caption="Rejected files by reason"
          keyOf={({ source, reason }) => `${source} ${reason}`}
          rows={found.rejected.counts}
          empty="No file was rejected."
          columns={[
            { title: 'Source', cell: ({ source }) => <a href="#/sources">{source}</a> },
            { title: 'Reason', cell: ({ reason }) => reason },
            { title: 'Files', cell: ({ files }) => number(files), isNumber: true },
          ]}
        />
      </section>
    </>
  );
}

/** The one sentence that is read first. */
function Verdict({ found }: { found: Overview }) {
  const { problems, audits, runs } = found;
  const isNew = runs.length === 0 && found.sources.length === 0;
  const status = problems.length + audits.length > 0 ? 'error' : isNew ? 'idle' : 'ok';
  const text = isNew
    ? 'Nothing is here yet.'
    : status === 'ok'
      ? 'All is well: nothing needs a person.'
      : `${problems.length} ${problems.length === 1 ? 'thing needs' : 'things need'} a person.`;
  return (
    <p class={`verdict ${status}`} role="status">
      <Badge status={status} text={isNew ? 'new' : status === 'ok' ? 'ok' : 'look'} /> {text}
    </p>
  );
}

function Tile({ title, status, value, more }: { title: string; status: string; value: string; more: string }) {
  return (
    <li class="tile">
      <div class="tile-head">
        <span class="tile-title">{title}</span> <Badge status={status} />
      </div>
      <div class="tile-value">{value}</div>
      <div class="faint">{more}</div>
    </li>
  );
}

function AdviceLine({ advice: { text, job } }: { advice: Advice }) {
  const [fault, setFault] = useState<Error>();
  return (
    <li>
      {text}{' '}
      {job !== null && (
        <button
          type="button"
          onClick={() => {
            setFault(undefined);
            startJob(job.name, job.given).catch((error: Error) => setFault(error));
          }}
        >
          {[job.name, ...Object.values(job.given)].join(' ')}
        </button>
      )}
      {fault && <Problem error={fault} />}
    </li>
  );
}
