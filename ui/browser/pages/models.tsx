import { useCallback, useRef } from 'preact/hooks';
import type { Graph, GraphNode } from '../../data/graph.ts';
import type { NodeStates } from '../../data/state.ts';
import { isStatic } from '../parts/api.ts';
import { Badge, Shown, Table } from '../parts/show.tsx';
import { useAnswer, useKey } from '../parts/use.ts';
import { duration, nothingYet } from '../parts/words.ts';
import { hrefOf, type Route } from './route.ts';

/** All nodes as a list, which a text narrows. */
export function Models({ route }: { route: Route }) {
  const graph = useAnswer('graph');
  return (
    <>
      <h1>Models</h1>
      <Shown from={graph}>
        {(found) => (isStatic ? <List graph={found} route={route} /> : <Live graph={found} route={route} />)}
      </Shown>
    </>
  );
}

function Live({ graph, route }: { graph: Graph; route: Route }) {
  const states = useAnswer('states', {}, 15_000);
  return <List graph={graph} route={route} states={states.answer} />;
}

function List({ graph, route, states }: { graph: Graph; route: Route; states?: NodeStates | undefined }) {
  const field = useRef<HTMLInputElement>(null);
  useKey(
    '/',
    useCallback(() => field.current?.focus(), []),
  );
  const text = route.query.get('text') ?? '';
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = graph.nodes.filter((node) => {
    const all = `${node.name} ${node.kind} ${node.layer} ${node.tags.join(' ')} ${node.description}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
  const failing = (node: GraphNode) =>
    node.tests.filter((id) => ['fail', 'error'].includes(states?.states[id]?.status ?? '')).length;
  return (
    <>
      <p>
        <input
          ref={field}
          type="search"
          value={text}
          placeholder="name, layer, tag, words of the description"
          aria-label="Find (key /)"
          onInput={(event) => {
            history.replaceState(null, '', hrefOf('models', '', { text: event.currentTarget.value }));
            dispatchEvent(new HashChangeEvent('hashchange'));
          }}
        />{' '}
        <span class="faint" role="status">
          {rows.length} of {graph.nodes.length}
        </span>
      </p>
      <Table
        caption="Models, seeds and sources"
        rows={rows}
        keyOf={({ id }) => id}
        empty={graph.nodes.length === 0 ? nothingYet : 'Nothing has such a name, layer, tag or description.'}
        columns={[
          { title: 'Name', cell: ({ id, name }) => <a href={hrefOf('node', id)}>{name}</a> },
          { title: 'Kind', cell: ({ kind, materialized }) => materialized ?? kind },
          { title: 'Layer', cell: ({ layer }) => layer },
          ...(states === undefined
            ? []
            : [
                {
                  title: 'Last result',
                  cell: ({ id }: GraphNode) => {
                    const state = states.states[id];
                    return state === undefined ? '' : <Badge status={state.status} />;
                  },
                },
                {
                  title: 'Built',
                  cell: ({ id }: GraphNode) => {
                    const age = states.ages[id];
                    return age === undefined ? '' : `${duration(age)} ago`;
                  },
                },
              ]),
          {
            title: 'Tests',
            isNumber: true,
            cell: (node) =>
              failing(node) > 0 ? (
                <Badge status="fail" text={`${failing(node)} of ${node.tests.length} fail`} />
              ) : (
                node.tests.length
              ),
          },
          {
            title: 'What it is',
            cell: ({ description }) => <div class="sentence">{description.split(/(?<=\.)\s/)[0]}</div>,
          },
        ]}
      />
    </>
  );
}
