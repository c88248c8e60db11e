import { useState } from 'preact/hooks';
import type { Advice, Overview } from '../../data/overview.ts';
import { startJob } from '../parts/api.ts';
import { ownSpeech, spoken, t } from '../parts/language.ts';
import { Badge, Problem, Shown, Table } from '../parts/show.tsx';
import { useAnswer } from '../parts/use.ts';
import { ago, duration, minute, number, size } from '../parts/words.ts';
import { hrefOf } from './route.ts';

export function OverviewPage() {
  const overview = useAnswer('overview', {}, 10_000);
  return (
    <>
      <h1>{t('Overview')}</h1>
      <Shown from={overview}>{(found) => <Found found={found} />}</Shown>
    </>
  );
}

function Found({ found }: { found: Overview }) {
  const now = new Date(found.now);
  const speech = ownSpeech();
  const tiles = found.freshness.filter(({ level }) => level !== 'unused');
  return (
    <>
      <Verdict found={found} />
      {found.advice.length > 0 && (
        <section>
          <h2>{t('What to do next')}</h2>
          <ul class="advice">
            {found.advice.map((advice) => (
              <AdviceLine key={t(advice.text, advice.values)} advice={advice} />
            ))}
          </ul>
        </section>
      )}
      <section>
        <h2>{t('At a glance')}</h2>
        <ul class="tiles">
          <Tile
            title={t('Database')}
            status="ok"
            value={size(found.disk.databaseBytes, speech)}
            more={t('reachable')}
          />
          <Tile
            title={t('Watcher')}
            status={found.watcher === null ? 'idle' : 'ok'}
            value={t(found.watcher === null ? 'not at work' : 'at work')}
            more={found.watcher ?? 'datacycle watch'}
          />
          {found.sources.map((source) => (
            <Tile
              key={source.source}
              title={source.source}
              status={source.failures > 0 ? 'error' : 'ok'}
              value={
                source.files === 0
                  ? t('{count} loads', { count: number(source.loads, speech) })
                  : t('{count} files', { count: number(source.files, speech) })
              }
              more={
                source.failures > 0
                  ? t('{count} loads failed', { count: source.failures })
                  : t('loaded {when}', { when: ago(source.lastLoad, now, speech) })
              }
            />
          ))}
          <Tile
            title={t('Disk')}
            status={found.disk.freeBytes !== null && found.disk.freeBytes < 2e9 ? 'error' : 'ok'}
            value={size(found.disk.freeBytes, speech)}
            more={t('free for Bronze')}
          />
          {tiles.map((tile) => (
            <Tile
              key={tile.name}
              title={tile.name}
              status={tile.level}
              value={
                tile.ageSeconds === null ? t('no data') : t('{time} old', { time: duration(tile.ageSeconds, speech) })
              }
              more={
                tile.message ??
                (tile.errorAfterSeconds === null
                  ? ''
                  : t('late after {time}', { time: duration(tile.errorAfterSeconds, speech) }))
              }
            />
          ))}
        </ul>
      </section>
      {found.problems.length > 0 && (
        <section>
          <h2>{t('Needs a person')}</h2>
          <Table
            caption={t('What needs a person')}
            keyOf={({ kind, name, problem }) => `${kind} ${name} ${problem}`}
            rows={found.problems}
            columns={[
              { title: t('What'), cell: ({ page, name }) => <a href={`#/${page}`}>{name}</a> },
              { title: t('Kind'), cell: ({ kind }) => t(kind) },
              { title: t('Problem'), cell: ({ problem }) => <span lang="en">{problem}</span> },
            ]}
          />
        </section>
      )}
      {found.audits.length > 0 && (
        <section>
          <h2>{t('Audits that hold their models back')}</h2>
          <Table
            caption={t('Failed audits')}
            keyOf={({ test }) => test}
            rows={found.audits}
            columns={[
              { title: t('Model'), cell: ({ model }) => <a href={hrefOf('node', `model.${model}`)}>{model}</a> },
              { title: t('Audit'), cell: ({ test }) => <a href={hrefOf('node', `test.${test}`)}>{test}</a> },
              { title: t('Bad rows'), cell: ({ badRows }) => number(badRows, speech), isNumber: true },
              { title: t('Since'), cell: ({ at }) => ago(at, now, speech) },
            ]}
          />
        </section>
      )}
      {found.warnings.length > 0 && (
        <section>
          <h2>{t('Data tests that warn')}</h2>
          <Table
            caption={t('Data tests that warn')}
            keyOf={({ node }) => node}
            rows={found.warnings}
            columns={[
              { title: t('What'), cell: ({ node }) => <a href={hrefOf('node', `test.${node}`)}>{node}</a> },
              { title: t('Message'), cell: ({ message }) => <span lang="en">{message}</span> },
            ]}
          />
        </section>
      )}
      <section>
        <h2>{t('Last runs')}</h2>
        <Table
          caption={t('Last runs')}
          keyOf={({ startedAt }) => startedAt}
          rows={found.runs}
          empty={t('Nothing has been built yet.')}
          columns={[
            { title: t('Started (UTC)'), cell: ({ startedAt }) => <a href="#/runs">{minute(startedAt)}</a> },
            { title: t('Command'), cell: ({ command }) => command },
            { title: t('State'), cell: ({ status }) => <Badge status={status} text={spoken(status).text} /> },
            { title: t('Took'), cell: ({ seconds }) => duration(seconds, speech), isNumber: true },
            { title: t('Failed'), cell: ({ failed }) => number(failed, speech), isNumber: true },
          ]}
        />
      </section>
      <section>
        <h2>{t('Rejected files')}</h2>
        <Table
          caption={t('Rejected files by reason')}
          keyOf={({ source, reason }) => `${source} ${reason}`}
          rows={found.rejected.counts}
          empty={t('No file was rejected.')}
          columns={[
            { title: t('Source'), cell: ({ source }) => <a href="#/sources">{source}</a> },
            { title: t('Reason'), cell: ({ reason }) => <span lang="en">{reason}</span> },
            { title: t('Files'), cell: ({ files }) => number(files, speech), isNumber: true },
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
  // A model that an audit holds back is one of the problems, unless that was in a run before the last.
  const count = Math.max(problems.length, audits.length);
  const status = count > 0 ? 'error' : isNew ? 'idle' : 'ok';
  const text = isNew
    ? t('Nothing is here yet.')
    : status === 'ok'
      ? t('All is well: nothing needs a person.')
      : count === 1
        ? t('1 thing needs a person.')
        : t('{count} things need a person.', { count });
  return (
    <p class={`verdict ${status}`} role="status">
      <Badge status={status} text={t(isNew ? 'new' : status === 'ok' ? 'ok' : 'look')} /> {text}
    </p>
  );
}

function Tile({ title, status, value, more }: { title: string; status: string; value: string; more: string }) {
  return (
    <li class="tile">
      <div class="tile-head">
        <span class="tile-title">{title}</span> <Badge status={status} text={spoken(status).text} />
      </div>
      <div class="tile-value">{value}</div>
      <div class="faint">{more}</div>
    </li>
  );
}

function AdviceLine({ advice: { text, values, job } }: { advice: Advice }) {
  const [fault, setFault] = useState<Error>();
  return (
    <li>
      {t(text, values)}{' '}
      {job !== null && (
        <button
          type="button"
          onClick={() => {
            setFault(undefined);
            startJob(job.name, job.given).catch((error: Error) => setFault(error));
          }}
        >
          {labelOf(job)}
        </button>
      )}
      {fault && <Problem error={fault} />}
    </li>
  );
}

/** What the button does, in a word. */
function labelOf({ name, given }: NonNullable<Advice['job']>): string {
  const what = Object.values(given).join(' ');
  switch (name) {
    case 'demo':
      return t('Demo');
    case 'load':
      return what === '' || what === 'all' ? t('Load') : t('Load {what}', { what });
    case 'build':
      return what === '' ? t('Build') : t('Build {what}', { what });
    case 'retry':
      return t('Retry');
    default:
      return name satisfies never;
  }
}
