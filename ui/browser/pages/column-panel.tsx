import type { ProjectLineage } from '../../../runner/lineage/lineage.ts';
import type { Step } from '../../../runner/lineage/trace.ts';
import type { GraphNode } from '../../data/graph.ts';
import type { NodeState } from '../../data/state.ts';
import type { ColumnWay } from '../graph/light.ts';
import { Badge, Prose } from '../parts/show.tsx';
import { ago } from '../parts/words.ts';
import { hrefOf } from './route.ts';

export interface ColumnPanelProps {
  readonly node: GraphNode;
  readonly state: NodeState | undefined;
  /** Undefined until it has come. */
  readonly lineage: ProjectLineage | undefined;
  readonly column: string;
  readonly way: ColumnWay | undefined;
  readonly onColumn: (column: string) => void;
  readonly onClose: () => void;
}

/** What is beside the graph: a node and its columns; of a column, its way. */
export function ColumnPanel({ node, state, lineage, column, way, onColumn, onClose }: ColumnPanelProps) {
  const columns = lineage?.[node.id]?.columns ?? [];
  const first = node.description.split(/(?<=\.)\s/)[0] ?? '';
  return (
    <aside class="panel" aria-label={`${node.name} and its columns`}>
      <div class="panel-head">
        <h2>{node.name}</h2>
        <button type="button" class="quiet" onClick={onClose} aria-label="Close">
          ×
        </button>
      </div>
      <div class="faint">
        {node.materialized ?? node.kind} in {node.layer}
      </div>
      {state && (
        <div>
          <Badge status={state.status} /> <span class="faint">{ago(state.at)}</span>
        </div>
      )}
      <Prose text={first} />
      <p>
        <a href={hrefOf('node', node.id)}>Everything about it</a>
      </p>
      <h3>Columns</h3>
      {lineage === undefined && <p class="loading">Loading …</p>}
      <ul class="columns">
        {columns.map((one) => (
          <li key={one.column}>
            <button
              type="button"
              aria-pressed={one.column === column}
              onClick={() => onColumn(one.column === column ? '' : one.column)}
            >
              {one.column}
            </button>
          </li>
        ))}
      </ul>
      {way !== undefined && (
        <>
          <Steps title="Comes from" steps={way.upstream} end="from" />
          <Steps title="Leads to" steps={way.downstream} end="to" />
          {way.filters.length > 0 && (
            <p class="faint">
              Filters the rows of {way.filters.map((id) => id.slice(id.indexOf('.') + 1)).join(', ')}.
            </p>
          )}
        </>
      )}
    </aside>
  );
}

function Steps({ title, steps, end }: { title: string; steps: readonly Step[]; end: 'from' | 'to' }) {
  const found = new Map<string, { node: string; column: string; how: string; paths: string[] }>();
  for (const step of steps) {
    const { node, column, path } = step[end];
    const key = `${node} ${column} ${step.how}`;
    const one = found.get(key) ?? { node, column, how: step.how, paths: [] };
    if (path !== undefined) one.paths.push(path);
    found.set(key, one);
  }
  if (found.size === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul class="steps">
        {[...found].map(([key, { node, column, how, paths }]) => (
          <li key={key}>
            <a href={hrefOf('lineage', '', { node, column })}>
              {node.slice(node.indexOf('.') + 1)}.{column}
            </a>{' '}
            <span class="faint">
              {how}
              {paths.length > 0 ? ` at ${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ' …' : ''}` : ''}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
