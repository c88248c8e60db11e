import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Graph, GraphNode, Selected } from '../../data/graph.ts';
import type { NodeStates } from '../../data/state.ts';
import { Canvas } from '../graph/canvas.tsx';
import { columnLight, lightOf } from '../graph/light.ts';
import { ask, isStatic } from '../parts/api.ts';
import { Legend, Problem, Shown, toneOf } from '../parts/show.tsx';
import { useAnswer, useKey } from '../parts/use.ts';
import { duration, nothingYet } from '../parts/words.ts';
import { ColumnPanel } from './column-panel.tsx';
import { hrefOf, type Route } from './route.ts';

type Colour = 'kind' | 'state' | 'freshness' | 'subject';

interface Colouring {
  readonly colour: Colour;
  readonly title: string;
  readonly isLive: boolean;
  /** What each colour means. */
  readonly key: readonly (readonly [end: string, text: string])[];
}

const colours: readonly Colouring[] = [
  {
    colour: 'kind',
    title: 'kind',
    isLive: false,
    key: [
      ['source', 'source'],
      ['seed', 'seed'],
      ['model', 'model'],
      ['view', 'view of schema bi, exposure, export'],
      ['idle', 'test'],
    ],
  },
  {
    colour: 'state',
    title: 'last result',
    isLive: true,
    key: [
      ['good', 'it and its tests did well'],
      ['warn', 'warned or skipped'],
      ['bad', 'it or a test of it failed'],
      ['busy', 'at work'],
      ['idle', 'not built yet'],
    ],
  },
  {
    colour: 'freshness',
    title: 'freshness',
    isLive: true,
    key: [
      ['good', 'new enough'],
      ['warn', 'late'],
      ['bad', 'later than project.yml allows'],
      ['idle', 'no limit is set'],
    ],
  },
  {
    colour: 'subject',
    title: 'whose rows',
    isLive: false,
    key: [
      ['warn', 'rows of persons'],
      ['good', "nobody's rows"],
      ['model', 'not said'],
    ],
  },
];

export function Lineage({ route }: { route: Route }) {
  const [withTests, setWithTests] = useState(false);
  const graph = useAnswer('graph', withTests ? { tests: 'yes' } : {}, isStatic ? undefined : 15_000);
  return (
    <>
      <h1 class="hidden">Lineage</h1>
      <Shown from={graph}>
        {(found) => <Found graph={found} route={route} withTests={withTests} onTests={setWithTests} />}
      </Shown>
    </>
  );
}

interface FoundProps {
  readonly graph: Graph;
  readonly route: Route;
  readonly withTests: boolean;
  readonly onTests: (wanted: boolean) => void;
}

function Found({ graph: newest, route, withTests, onTests }: FoundProps) {
  // Asked again and again, the graph is mostly the same: then nothing is drawn anew.
  const graph = useSame(newest);
  const [colour, setColour] = useState<Colour>(isStatic ? 'kind' : 'state');
  const states = useStates(colour);
  const node = route.query.get('node') ?? '';
  const column = route.query.get('column') ?? '';
  const selector = route.query.get('select') ?? '';
  const go = (next: Readonly<Record<string, string>>) => {
    location.hash = hrefOf('lineage', '', { select: selector, node, column, ...next });
  };
  const { selected, fault } = useSelected(selector, graph);
  const columns = useColumns(node !== '');
  const way = useMemo(
    () => (columns === undefined || node === '' || column === '' ? undefined : columnLight(columns, { node, column })),
    [columns, node, column],
  );
  const light = useMemo(
    () => way?.light ?? (selected === undefined ? undefined : lightOf(selected.ids, graph.edges)),
    [way, selected, graph],
  );
  const shown = graph.nodes.find(({ id }) => id === node);
  return (
    <div class="lineage">
      <div class="lineage-bar">
        <Search selector={selector} onSearch={(select) => go({ select, column: '' })} />
        <label>
          Colour by{' '}
          <select value={colour} onChange={(event) => setColour(event.currentTarget.value as Colour)}>
            {colours
              .filter(({ isLive }) => !isStatic || !isLive)
              .map((one) => (
                <option key={one.colour} value={one.colour}>
                  {one.title}
                </option>
              ))}
          </select>
        </label>
        {!isStatic && (
          <label>
            <input type="checkbox" checked={withTests} onChange={(event) => onTests(event.currentTarget.checked)} />{' '}
            tests
          </label>
        )}
        <span class="faint" role="status">
          {selected === undefined
            ? `${graph.nodes.length} nodes`
            : `${graph.nodes.filter(({ id }) => light?.nodes.has(id)).length} of ${graph.nodes.length}`}
          {selected?.warnings.map((warning) => ` · ${warning}`)}
        </span>
      </div>
      <Legend kind="key" entries={colours.find((one) => one.colour === colour)?.key ?? []} />
      {fault && <Problem error={fault} />}
      {graph.problem !== null && (
        <Problem error={new Error(`The files have faults, this is the graph of before: ${graph.problem}`)} />
      )}
      {graph.nodes.length === 0 && <p>{nothingYet}</p>}
      <div class="lineage-body">
        <Canvas
          graph={graph}
          toneOf={(one) => tone(one, colour, states)}
          noteOf={(one) => (colour === 'subject' ? (one.subject ?? 'not said') : note(one, states))}
          light={light}
          selected={node}
          onSelect={(id) => go({ node: id, column: '' })}
          onOpen={(id) => {
            location.hash = hrefOf('node', id);
          }}
        />
        {shown !== undefined && (
          <ColumnPanel
            node={shown}
            state={states?.states[shown.id]}
            lineage={columns}
            column={column}
            way={way}
            onColumn={(next) => go({ column: next })}
            onClose={() => go({ node: '', column: '' })}
          />
        )}
      </div>
    </div>
  );
}

function useSame(newest: Graph): Graph {
  const kept = useRef(newest);
  if (kept.current !== newest && JSON.stringify(kept.current) !== JSON.stringify(newest)) kept.current = newest;
  return kept.current;
}

function useStates(colour: Colour): NodeStates | undefined {
  const [states, setStates] = useState<NodeStates>();
  useEffect(() => {
    if (isStatic || (colour !== 'state' && colour !== 'freshness')) return undefined;
    const read = () => ask('states').then(setStates, () => undefined);
    void read();
    const timer = setInterval(() => void read(), 10_000);
    return () => clearInterval(timer);
  }, [colour]);
  return states;
}

/** The way of columns through all nodes: read once, when the first node is looked at. */
function useColumns(isWanted: boolean) {
  const [columns, setColumns] = useState<Awaited<ReturnType<typeof ask<'columns'>>>['lineage']>();
  useEffect(() => {
    if (isWanted && columns === undefined)
      ask('columns').then(
        ({ lineage }) => setColumns(lineage),
        () => undefined,
      );
  }, [isWanted, columns]);
  return columns;
}

function useSelected(selector: string, graph: Graph): { selected: Selected | undefined; fault: Error | undefined } {
  const [selected, setSelected] = useState<Selected>();
  const [fault, setFault] = useState<Error>();
  useEffect(() => {
    let left = false;
    setFault(undefined);
    if (selector === '') setSelected(undefined);
    else if (isStatic) setSelected(named(selector, graph));
    else
      ask('select', { selector }).then(
        (found) => !left && setSelected(found),
        (error: Error) => !left && setFault(error),
      );
    return () => {
      left = true;
    };
  }, [selector, graph]);
  return { selected, fault };
}

/** Without a server: the nodes whose name has the text, with those before and after them where it begins or ends with +. */
function named(selector: string, { nodes, edges }: Graph): Selected {
  const text = selector.replace(/^\+|\+$/g, '');
  const found = new Set(nodes.flatMap(({ id, name }) => (name.includes(text) ? [id] : [])));
  const reach = (start: 'from' | 'to', end: 'from' | 'to') => {
    const seen = new Set(found);
    for (const id of seen) for (const edge of edges) if (edge[start] === id) seen.add(edge[end]);
    return seen;
  };
  const all = [
    ...found,
    ...(selector.startsWith('+') ? reach('to', 'from') : []),
    ...(selector.endsWith('+') ? reach('from', 'to') : []),
  ];
  return { ids: [...new Set(all)], warnings: found.size === 0 ? [`nothing has "${text}" in its name`] : [] };
}

function tone(node: GraphNode, colour: Colour, states: NodeStates | undefined): string {
  switch (colour) {
    case 'kind':
      return `kind-${node.kind}`;
    case 'state':
      return `tone-${worst([node.id, ...node.tests], states)}`;
    case 'freshness':
      return `tone-${toneOf(states?.freshness[node.id] ?? '')}`;
    case 'subject':
      return node.subject === null ? '' : node.subject === 'nobody' ? 'tone-good' : 'tone-warn';
    default:
      return colour satisfies never;
  }
}

const order = ['bad', 'warn', 'busy', 'good', 'idle'] as const;

/** The worst of what became of a node and its tests. */
function worst(ids: readonly string[], states: NodeStates | undefined): string {
  const tones = new Set(ids.map((id) => toneOf(states?.states[id]?.status ?? '')));
  return order.find((one) => tones.has(one)) ?? 'idle';
}

function note(node: GraphNode, states: NodeStates | undefined): string {
  const state = states?.states[node.id];
  const age = states?.ages[node.id];
  return [
    node.materialized ?? node.kind,
    state === undefined ? '' : state.status === 'success' || state.status === 'pass' ? '' : state.status,
    age === undefined ? '' : duration(age),
  ]
    .filter(Boolean)
    .join(' · ');
}

function Search({ selector, onSearch }: { selector: string; onSearch: (selector: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(selector);
  useEffect(() => setText(selector), [selector]);
  useKey(
    '/',
    useCallback(() => field.current?.focus(), []),
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(text.trim());
      }}
    >
      <input
        ref={field}
        type="search"
        value={text}
        placeholder={isStatic ? 'name, +name, name+' : 'selector: +fact_energy_minute tag:x path:models/gold'}
        aria-label="Search by selector (key /)"
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onSearch('');
        }}
      />
      <button type="submit">Show</button>
      {selector !== '' && (
        <button type="button" onClick={() => onSearch('')}>
          Clear
        </button>
      )}
    </form>
  );
}
