import { useState } from 'preact/hooks';
import type { NodeDetail, NodeLink, TestDetail } from '../../data/graph.ts';
import { isStatic } from '../parts/api.ts';
import { Badge, Prose, Shown, Sql, Table } from '../parts/show.tsx';
import { useAnswer } from '../parts/use.ts';
import { ago } from '../parts/words.ts';
import { History } from './history.tsx';
import { hrefOf } from './route.ts';
import { RowsOf } from './rows.tsx';

/** All about one node: what its files say and, where there is a server, what became of it. */
export function NodePage({ id }: { id: string }) {
  const node = useAnswer('node', { id });
  return <Shown from={node}>{(found) => <Found key={found.id} node={found} />}</Shown>;
}

function Found({ node }: { node: NodeDetail }) {
  const isTest = node.kind === 'test' || node.kind === 'unit_test';
  const hasRows = node.relation !== null || node.kind === 'test';
  return (
    <article>
      <h1>
        {node.name} <span class="badge">{node.materialized ?? node.kind}</span>
      </h1>
      <p class="faint">
        {[node.relation, node.file, node.group === null ? '' : `group ${node.group}`].filter(Boolean).join(' · ')}
        {node.tags.map((tag) => (
          <span key={tag} class="badge">
            {tag}
          </span>
        ))}
      </p>
      <p>
        <a href={hrefOf('lineage', '', { select: `+${selectorOf(node)}+`, node: node.id })}>In the lineage graph</a>
        {!isStatic && !isTest && node.kind !== 'source' && (
          <>
            {' · '}
            <a href={hrefOf('operate', '', { job: 'build', select: node.name })}>Build it</a>
          </>
        )}
      </p>
      <Prose text={node.description} />
      <Links title="Reads" links={node.upstreams} />
      <Links title="Read by" links={node.downstreams} />
      {node.columns.length > 0 && <Columns node={node} />}
      {node.tests.length > 0 && (isStatic ? <Tests tests={node.tests} /> : <TestsWithResults tests={node.tests} />)}
      {!isStatic && node.kind !== 'source' && node.kind !== 'exposure' && <History id={node.id} />}
      {(node.sql.written !== null || node.sql.full !== null) && <SqlOf node={node} />}
      {Object.keys(node.settings).length > 0 && (
        <section>
          <h2>Settings</h2>
          <Table
            caption="Settings"
            rows={Object.entries(node.settings)}
            keyOf={([name]) => name}
            columns={[
              { title: 'Setting', cell: ([name]) => name },
              { title: 'Value', cell: ([, value]) => <code>{value}</code> },
            ]}
          />
        </section>
      )}
      {!isStatic && hasRows && <RowsOf id={node.id} isTest={node.kind === 'test'} />}
    </article>
  );
}

/** A source is selected by its kind, all else by its name. */
function selectorOf({ kind, name }: NodeDetail): string {
  return kind === 'source' ? `source:${name}` : name;
}

function Links({ title, links }: { title: string; links: readonly NodeLink[] }) {
  if (links.length === 0) return null;
  return (
    <p>
      <span class="faint">{title}</span>{' '}
      {links.map(({ id, name }, index) => (
        <span key={id}>
          {index > 0 && ', '}
          <a href={hrefOf('node', id)}>{name}</a>
        </span>
      ))}
    </p>
  );
}

function Columns({ node }: { node: NodeDetail }) {
  return (
    <section>
      <h2>Columns</h2>
      <Table
        caption="Columns"
        rows={node.columns}
        keyOf={({ name }) => name}
        columns={[
          {
            title: 'Column',
            cell: ({ name }) => <a href={hrefOf('lineage', '', { node: node.id, column: name })}>{name}</a>,
          },
          { title: 'Type', cell: ({ type }) => type ?? '' },
          { title: 'Constraints', cell: ({ constraints }) => constraints.join(', ') },
          { title: 'What it is', cell: ({ description }) => description },
        ]}
      />
    </section>
  );
}

function TestsWithResults({ tests }: { tests: readonly TestDetail[] }) {
  const states = useAnswer('states', {}, 15_000);
  return <Tests tests={tests} stateOf={(id) => states.answer?.states[id]} />;
}

function Tests({
  tests,
  stateOf,
}: {
  tests: readonly TestDetail[];
  stateOf?: (id: string) => { status: string; at: string; message: string } | undefined;
}) {
  return (
    <section>
      <h2>Tests</h2>
      <Table
        caption="Tests"
        rows={tests}
        keyOf={({ id }) => id}
        columns={[
          { title: 'Test', cell: ({ id, name }) => <a href={hrefOf('node', id)}>{name}</a> },
          {
            title: 'Kind',
            cell: ({ kind, generic, isAudit, severity }) =>
              [
                kind === 'unit_test' ? 'unit test' : (generic ?? 'query'),
                isAudit ? 'audit' : '',
                severity === 'warn' ? 'warns' : '',
              ]
                .filter(Boolean)
                .join(', '),
          },
          { title: 'Column', cell: ({ column }) => column ?? '' },
          ...(stateOf === undefined
            ? []
            : [
                {
                  title: 'Last result',
                  cell: ({ id }: TestDetail) => {
                    const state = stateOf(id);
                    if (state === undefined) return <span class="faint">not yet</span>;
                    return (
                      <>
                        <Badge status={state.status} /> <span class="faint">{ago(state.at)}</span> {state.message}
                      </>
                    );
                  },
                },
              ]),
          { title: 'Where', cell: ({ place }) => <code>{place}</code> },
        ]}
      />
    </section>
  );
}

const forms = [
  { form: 'written', title: 'As written' },
  { form: 'full', title: 'Compiled' },
  { form: 'incremental', title: 'Compiled, incremental' },
] as const;

function SqlOf({ node: { sql } }: { node: NodeDetail }) {
  const there = forms.filter(({ form }) => sql[form] !== null);
  const [chosen, setChosen] = useState<(typeof forms)[number]['form']>(there[0]?.form ?? 'full');
  return (
    <section>
      <h2>SQL</h2>
      <p>
        {there.map(({ form, title }) => (
          <button key={form} type="button" aria-pressed={form === chosen} onClick={() => setChosen(form)}>
            {title}
          </button>
        ))}
      </p>
      <Sql text={sql[chosen] ?? ''} label={there.find(({ form }) => form === chosen)?.title ?? 'SQL'} />
    </section>
  );
}
