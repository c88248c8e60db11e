import { useState } from 'preact/hooks';
import type { Job, JobKind, JobParam } from '../../data/job.ts';
import { cancelJob, startJob } from '../parts/api.ts';
import { Badge, Problem, Scrolling, Shown, Table } from '../parts/show.tsx';
import { useAnswer } from '../parts/use.ts';
import { useJobs } from '../parts/use-jobs.ts';
import { ago } from '../parts/words.ts';
import { Logs } from './logs.tsx';
import type { Route } from './route.ts';

const groups = ['Load', 'Build', 'Check', 'Keep house', 'Hand over'] as const;

/** Buttons, each with the command that it stands for; what their jobs say; the settings. */
export function Operate({ route }: { route: Route }) {
  const { kinds, jobs } = useJobs();
  const settings = useAnswer('settings');
  const isBusy = jobs[0]?.state === 'running';
  return (
    <>
      <h1>Operate</h1>
      <div class="operate">
        <div>
          {groups.map((group) => {
            const own = kinds.filter((kind) => kind.group === group);
            return own.length === 0 ? null : (
              <section key={group} aria-label={group}>
                <h2>{group}</h2>
                {own.map((kind) => (
                  <Button key={kind.name} kind={kind} isBusy={isBusy} route={route} />
                ))}
              </section>
            );
          })}
        </div>
        <div>
          <h2>Jobs</h2>
          {jobs.length === 0 && <p class="faint">None has been started since the program began.</p>}
          {jobs.map((job, index) => (
            <JobLog key={job.id} job={job} isOpen={index === 0} />
          ))}
        </div>
      </div>
      <Logs />
      <section>
        <h2>Settings</h2>
        <p class="faint">From the environment and .env. Of a secret only whether it is set.</p>
        <Shown from={settings}>
          {(found) => {
            const unset = found.filter(({ value }) => value === null);
            return (
              <>
                <Table
                  caption="Settings"
                  rows={found.filter(({ value }) => value !== null)}
                  keyOf={({ name }) => name}
                  empty="None is set."
                  columns={[
                    { title: 'Setting', cell: ({ name }) => <code>{name}</code> },
                    { title: 'Value', cell: ({ value }) => value },
                  ]}
                />
                <details>
                  <summary>{unset.length} that are not set</summary>
                  <p class="names">
                    {unset.map(({ name }) => (
                      <code key={name}>{name} </code>
                    ))}
                  </p>
                </details>
              </>
            );
          }}
        </Shown>
      </section>
    </>
  );
}

function Button({ kind, isBusy, route }: { kind: JobKind; isBusy: boolean; route: Route }) {
  const isAsked = route.query.get('job') === kind.name;
  const [given, setGiven] = useState<Readonly<Record<string, string>>>(() =>
    isAsked ? Object.fromEntries(kind.params.map(({ name }) => [name, route.query.get(name) ?? ''])) : {},
  );
  const [isConfirming, setConfirming] = useState(false);
  const [fault, setFault] = useState<Error>();
  const start = () => {
    setConfirming(false);
    setFault(undefined);
    const filled = Object.entries(given).filter(([, value]) => value !== '');
    startJob(kind.name, Object.fromEntries(filled)).catch((error: Error) => setFault(error));
  };
  const needsWord = kind.confirm !== null && given['dry-run'] !== 'yes';
  return (
    <form
      class={`job ${isAsked ? 'asked' : ''}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (needsWord) setConfirming(true);
        else start();
      }}
    >
      <button type="submit" class="main" disabled={isBusy} title={isBusy ? 'Another job is at work' : undefined}>
        {kind.label}
      </button>
      <span>
        {kind.description} <code class="faint">{kind.typed}</code>
      </span>
      {kind.params.map((param) => (
        <Param
          key={param.name}
          param={param}
          value={given[param.name] ?? ''}
          onChange={(value) => setGiven((before) => ({ ...before, [param.name]: value }))}
        />
      ))}
      {isConfirming && (
        <div
          class="problem"
          role="alertdialog"
          aria-label={kind.confirm ?? ''}
          onKeyDown={(event) => {
            if (event.key === 'Escape') setConfirming(false);
          }}
        >
          {kind.confirm}{' '}
          <button type="button" onClick={start}>
            Yes, {kind.label.toLowerCase()}
          </button>{' '}
          <button type="button" ref={focused} onClick={() => setConfirming(false)}>
            No
          </button>
        </div>
      )}
      {fault && <Problem error={fault} />}
    </form>
  );
}

/** Who works by keys answers at once; the answer that changes nothing comes first. */
function focused(button: HTMLButtonElement | null): void {
  button?.focus();
}

function Param({ param, value, onChange }: { param: JobParam; value: string; onChange: (value: string) => void }) {
  switch (param.type) {
    case 'selector':
      return (
        <label>
          {param.label}{' '}
          <input
            value={value}
            placeholder="+fact_energy_minute"
            onInput={(event) => onChange(event.currentTarget.value)}
          />
        </label>
      );
    case 'file':
      return (
        <label>
          {param.label} <input required value={value} onInput={(event) => onChange(event.currentTarget.value)} />
        </label>
      );
    case 'flag':
      return (
        <label>
          <input
            type="checkbox"
            checked={value === 'yes'}
            onChange={(event) => onChange(event.currentTarget.checked ? 'yes' : '')}
          />{' '}
          {param.label}
        </label>
      );
    case 'choice':
      return (
        <label>
          {param.label}{' '}
          <select value={value || param.choices[0]} onChange={(event) => onChange(event.currentTarget.value)}>
            {param.choices.map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </select>
        </label>
      );
    default:
      return param satisfies never;
  }
}

function JobLog({ job, isOpen }: { job: Job; isOpen: boolean }) {
  const [filter, setFilter] = useState('');
  const lines = job.lines.filter(({ text }) => text.toLowerCase().includes(filter.toLowerCase()));
  return (
    <details open={isOpen} class="job-log">
      <summary>
        <Badge status={job.state} /> <code>{job.command}</code>{' '}
        <span class="faint">
          {ago(job.startedAt)} by {job.by}
        </span>
      </summary>
      <p>
        {job.state === 'running' && (
          <button type="button" onClick={() => void cancelJob(job.id).catch(() => undefined)}>
            Stop
          </button>
        )}{' '}
        <label>
          Only lines with <input value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
        </label>
      </p>
      {job.progress && <p role="status">{job.progress}</p>}
      <Scrolling label={`What ${job.command} said`}>
        <pre class="log">
          {lines.map(({ tone, text }, index) => (
            <div key={index} class={`line ${tone}`}>
              {text || '\u00a0'}
            </div>
          ))}
        </pre>
      </Scrolling>
    </details>
  );
}
