// The drawing of a graph: boxes and curves that can be moved, enlarged and lit up.
//
//   canvas.tsx   the drawing; pointer, wheel and keys
//   view.ts      which part of it is seen
//   light.ts     what lights up for a selector or a column
//   box.ts       how large a box is, and what its text is cut to
//
// Moving changes one attribute and draws nothing anew, so that a thousand nodes stay smooth.
import type { TargetedKeyboardEvent, TargetedPointerEvent } from 'preact';
import { memo } from 'preact/compat';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Graph, GraphNode } from '../../data/graph.ts';
import { type Layout, layOut, type PlacedBox } from '../../layout/layout.ts';
import { boxOf, labelOf } from './box.ts';
import { edgeKey, type Light } from './light.ts';
import { centredOn, fitted, fittedTo, moved, transformOf, type View, zoomed } from './view.ts';

export interface CanvasProps {
  readonly graph: Graph;
  /** A class for each node that colours it. */
  readonly toneOf: (node: GraphNode) => string;
  /** What stands below the name: its kind, its state. */
  readonly noteOf: (node: GraphNode) => string;
  readonly light: Light | undefined;
  readonly selected: string;
  readonly onSelect: (id: string) => void;
  readonly onOpen: (id: string) => void;
}

/** Below this scale texts cannot be read, and are not drawn. */
const leastReadable = 0.25;

export function Canvas({ graph, toneOf, noteOf, light, selected, onSelect, onOpen }: CanvasProps) {
  const layout = useMemo(() => layOut(graph.nodes.map(boxOf), graph.edges), [graph]);
  const frame = useRef<SVGSVGElement>(null);
  const drawing = useRef<SVGGElement>(null);
  const view = useRef<View>({ x: 0, y: 0, scale: 1 });
  const look = useCallback((next: View) => {
    view.current = next;
    drawing.current?.setAttribute('transform', transformOf(next));
    frame.current?.classList.toggle('far', next.scale < leastReadable);
  }, []);
  const fit = useCallback(() => {
    if (frame.current !== null) look(fitted(layout, frame.current.getBoundingClientRect()));
  }, [layout, look]);
  useEffect(fit, [fit]);
  useEffect(() => {
    const lit = [...layout.boxes.values()].filter(({ id }) => light?.nodes.has(id));
    if (lit.length > 0 && frame.current !== null) look(fittedTo(lit, frame.current.getBoundingClientRect()));
  }, [light, layout, look]);
  useEffect(() => {
    const box = layout.boxes.get(selected);
    if (box !== undefined && frame.current !== null)
      look(centredOn(box, view.current, frame.current.getBoundingClientRect()));
  }, [selected, layout, look]);
  const grab = useGrabbing(frame, view, look);
  const zoom = (factor: number) => {
    const frameBox = frame.current?.getBoundingClientRect();
    if (frameBox !== undefined) look(zoomed(view.current, factor, frameBox.width / 2, frameBox.height / 2));
  };
  // A node that is not drawn anew keeps what it was given first; what these do now is looked up when they are called.
  const current = useRef({ onSelect, onOpen, graph, layout });
  current.current = { onSelect, onOpen, graph, layout };
  const select = useCallback((id: string) => current.current.onSelect(id), []);
  const open = useCallback((id: string) => current.current.onOpen(id), []);
  const step = useCallback((event: TargetedKeyboardEvent<SVGGElement>, id: string) => {
    const now = current.current;
    if (event.key === 'Enter') now.onOpen(id);
    else if (event.key === ' ') now.onSelect(id);
    else {
      const next = neighbour(event.key, id, now.graph, now.layout);
      if (next === undefined) return;
      now.onSelect(next);
      frame.current?.querySelector<SVGGElement>(`[data-id="${CSS.escape(next)}"]`)?.focus();
    }
    event.preventDefault();
  }, []);
  const first = graph.nodes[0]?.id ?? '';
  return (
    <div class="canvas">
      <div class="canvas-tools">
        <button type="button" onClick={() => zoom(1.3)} aria-label="Larger">
          +
        </button>
        <button type="button" onClick={() => zoom(1 / 1.3)} aria-label="Smaller">
          −
        </button>
        <button type="button" onClick={fit}>
          All
        </button>
      </div>
      <svg
        ref={frame}
        {...grab}
        role="application"
        aria-label="Lineage graph: arrow keys go along its edges, Enter opens a node"
      >
        <g ref={drawing} class={light === undefined ? '' : 'lit-only'}>
          <g class="edges">
            {layout.edges.map(({ from, to, path }) => (
              <path
                key={edgeKey(from, to)}
                d={path}
                class={light?.edges.has(edgeKey(from, to)) ? 'lit' : from === selected || to === selected ? 'near' : ''}
              />
            ))}
          </g>
          {graph.nodes.map((node) => {
            const box = layout.boxes.get(node.id);
            return box === undefined ? null : (
              <Node
                key={node.id}
                node={node}
                box={box}
                tone={toneOf(node)}
                note={light?.notes.get(node.id)?.join(', ') ?? noteOf(node)}
                isLit={light?.nodes.has(node.id) ?? false}
                isSelected={node.id === selected}
                isFirst={selected === '' ? node.id === first : node.id === selected}
                onSelect={select}
                onOpen={open}
                onKey={step}
              />
            );
          })}
        </g>
      </svg>
    </div>
  );
}

interface NodeProps {
  readonly node: GraphNode;
  readonly box: PlacedBox;
  readonly tone: string;
  readonly note: string;
  readonly isLit: boolean;
  readonly isSelected: boolean;
  /** The one that the Tab key goes to. */
  readonly isFirst: boolean;
  readonly onSelect: (id: string) => void;
  readonly onOpen: (id: string) => void;
  readonly onKey: (event: TargetedKeyboardEvent<SVGGElement>, id: string) => void;
}

const Node = memo(
  ({ node, box, tone, note, isLit, isSelected, isFirst, onSelect, onOpen, onKey }: NodeProps) => (
    // biome-ignore lint/a11y/useSemanticElements: there is no button in a drawing.
    <g
      role="button"
      tabindex={isFirst ? 0 : -1}
      aria-pressed={isSelected}
      data-id={node.id}
      class={`node ${tone}${isLit ? ' lit' : ''}${isSelected ? ' selected' : ''}`}
      transform={`translate(${box.x} ${box.y})`}
      onClick={() => onSelect(node.id)}
      onDblClick={() => onOpen(node.id)}
      onKeyDown={(event) => onKey(event, node.id)}
    >
      <title>{`${node.name}, ${node.kind}, ${note}`}</title>
      <rect width={box.width} height={box.height} rx={node.kind === 'source' ? 18 : node.kind === 'seed' ? 2 : 6} />
      <text x={10} y={16} class="name">
        {labelOf(node.name, box.width)}
      </text>
      <text x={10} y={30} class="note">
        {labelOf(note, box.width * 1.4)}
      </text>
    </g>
  ),
  (before, after) =>
    before.node === after.node &&
    before.box === after.box &&
    before.tone === after.tone &&
    before.note === after.note &&
    before.isLit === after.isLit &&
    before.isSelected === after.isSelected &&
    before.isFirst === after.isFirst,
);

/** Moves the drawing by pointer and wheel; two fingers of a trackpad move it, with Ctrl they enlarge. */
function useGrabbing(
  frame: { readonly current: SVGSVGElement | null },
  view: { readonly current: View },
  look: (view: View) => void,
) {
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    const svg = frame.current;
    if (svg === null) return undefined;
    const turn = (event: WheelEvent) => {
      event.preventDefault();
      const { left, top } = svg.getBoundingClientRect();
      look(zoomed(view.current, Math.exp(-event.deltaY / 500), event.clientX - left, event.clientY - top));
    };
    // Not passive: or else the page is scrolled as well.
    svg.addEventListener('wheel', turn, { passive: false });
    return () => svg.removeEventListener('wheel', turn);
  }, [frame, view, look]);
  return {
    class: isHeld ? 'held' : '',
    onPointerDown: (event: TargetedPointerEvent<SVGSVGElement>) => {
      if (event.target !== event.currentTarget) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      setHeld(true);
    },
    onPointerMove: (event: TargetedPointerEvent<SVGSVGElement>) => {
      if (isHeld) look(moved(view.current, event.movementX, event.movementY));
    },
    onPointerUp: () => setHeld(false),
    onPointerCancel: () => setHeld(false),
  };
}

/** The node that an arrow key leads to: along an edge, or to the next in the same layer. */
function neighbour(key: string, id: string, { edges }: Graph, { boxes }: Layout): string | undefined {
  const own = boxes.get(id);
  if (own === undefined) return undefined;
  const height = (other: string) => boxes.get(other)?.y ?? 0;
  const nearest = (ids: readonly string[]) =>
    ids.toSorted((a, b) => Math.abs(height(a) - own.y) - Math.abs(height(b) - own.y))[0];
  const same = () => [...boxes.values()].filter((box) => box.x === own.x);
  switch (key) {
    case 'ArrowLeft':
      return nearest(edges.flatMap(({ from, to }) => (to === id ? [from] : [])));
    case 'ArrowRight':
      return nearest(edges.flatMap(({ from, to }) => (from === id ? [to] : [])));
    case 'ArrowUp':
      return nearest(same().flatMap((box) => (box.y < own.y ? [box.id] : [])));
    case 'ArrowDown':
      return nearest(same().flatMap((box) => (box.y > own.y ? [box.id] : [])));
    default:
      return undefined;
  }
}
