// The drawing of a graph: boxes and curves that can be moved, enlarged and lit up.
//
//   canvas.tsx   the drawing; pointer, wheel and keys
//   view.ts      which part of it is seen
//   light.ts     what lights up for a selector or a column
//   box.ts       how large a box is, and what its text is cut to
//
// Moving transforms the drawing as a whole: the browser moves what it has painted and paints nothing anew until the drawing rests, so that a
// thousand nodes stay smooth. Were the drawing transformed within, each text would be laid out again for each frame.
import type { TargetedKeyboardEvent, TargetedPointerEvent } from 'preact';
import { memo } from 'preact/compat';
import { useCallback, useEffect, useMemo, useRef } from 'preact/hooks';
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

/**
 * A drawing of at most so many frames, across and down, is moved as it is painted. Of a larger one little is in view, which is painted anew
 * for each frame in less time than all that is around it.
 */
const mostFrames = 2;

/** The drawing rests when it has not been moved for so long, in milliseconds. */
const restMs = 150;

export function Canvas({ graph, toneOf, noteOf, light, selected, onSelect, onOpen }: CanvasProps) {
  const layout = useMemo(() => layOut(graph.nodes.map(boxOf), graph.edges), [graph]);
  const frame = useRef<HTMLDivElement>(null);
  const drawing = useRef<SVGSVGElement>(null);
  const view = useRef<View>({ x: 0, y: 0, scale: 1 });
  const look = useCallback((next: View) => {
    view.current = next;
    if (drawing.current !== null) drawing.current.style.transform = transformOf(next);
  }, []);
  const rest = useCallback(() => {
    frame.current?.classList.remove('moving');
    frame.current?.classList.toggle('far', view.current.scale < leastReadable);
  }, []);
  const jump = useCallback(
    (next: View) => {
      look(next);
      rest();
    },
    [look, rest],
  );
  const resting = useRef<ReturnType<typeof setTimeout>>(undefined);
  const move = useCallback(
    (next: View) => {
      look(next);
      const { clientWidth = 0, clientHeight = 0 } = frame.current ?? {};
      const isSeen =
        layout.width * next.scale <= mostFrames * clientWidth &&
        layout.height * next.scale <= mostFrames * clientHeight;
      frame.current?.classList.toggle('moving', isSeen);
      clearTimeout(resting.current);
      resting.current = setTimeout(rest, restMs);
    },
    [look, rest, layout],
  );
  const fit = useCallback(() => {
    if (frame.current !== null) jump(fitted(layout, frame.current.getBoundingClientRect()));
  }, [layout, jump]);
  useEffect(fit, [fit]);
  useEffect(() => {
    const lit = [...layout.boxes.values()].filter(({ id }) => light?.nodes.has(id));
    if (lit.length > 0 && frame.current !== null) jump(fittedTo(lit, frame.current.getBoundingClientRect()));
  }, [light, layout, jump]);
  useEffect(() => {
    const box = layout.boxes.get(selected);
    if (box !== undefined && frame.current !== null)
      jump(centredOn(box, view.current, frame.current.getBoundingClientRect()));
  }, [selected, layout, jump]);
  const grab = useGrabbing(frame, view, move);
  const zoom = (factor: number) => {
    const frameBox = frame.current?.getBoundingClientRect();
    if (frameBox !== undefined) jump(zoomed(view.current, factor, frameBox.width / 2, frameBox.height / 2));
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
      frame.current?.querySelector<SVGGElement>(`[data-id="${CSS.escape(next)}"]`)?.focus({ preventScroll: true });
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

      <div ref={frame} {...grab}>
        <svg
          ref={drawing}
          width={layout.width}
          height={layout.height}
          class={light === undefined ? '' : 'lit-only'}
          role="application"
          aria-label="Lineage graph: arrow keys go along its edges, Enter opens a node"
        >
          <Lines lines={layout.lines} />
          <g class="edges">
            {layout.edges.map(({ from, to, path }) => {
              const tone = light?.edges.has(edgeKey(from, to))
                ? 'lit'
                : from === selected || to === selected
                  ? 'near'
                  : '';
              return tone === '' ? null : <path key={edgeKey(from, to)} d={path} class={tone} />;
            })}
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
        </svg>
      </div>
    </div>
  );
}

/** All edges; those that light up are drawn over them. */
const Lines = memo(({ lines }: { lines: readonly string[] }) => (
  <g class="edges all">
    {lines.map((path) => (
      <path key={path} d={path} />
    ))}
  </g>
));

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
      onClick={() => onSelect(node.id)}
      onDblClick={() => onOpen(node.id)}
      onKeyDown={(event) => onKey(event, node.id)}
    >
      <title>{`${node.name}, ${node.kind}, ${note}`}</title>
      {/* Each has its own place: a thousand groups with a transform each are a thousand layers to sort for a frame. */}
      <rect
        x={box.x}
        y={box.y}
        width={box.width}
        height={box.height}
        rx={node.kind === 'source' ? 18 : node.kind === 'seed' ? 2 : 6}
      />
      <text x={box.x + 10} y={box.y + 16} class="name">
        {labelOf(node.name, box.width)}
      </text>
      <text x={box.x + 10} y={box.y + 30} class="note">
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
  frame: { readonly current: HTMLDivElement | null },
  view: { readonly current: View },
  move: (view: View) => void,
) {
  // Not a state: the classes of the frame tell how it is moved, and are not drawn with it.
  const isHeld = useRef(false);
  const hold = (held: boolean) => {
    isHeld.current = held;
    frame.current?.classList.toggle('held', held);
  };
  useEffect(() => {
    const area = frame.current;
    if (area === null) return undefined;
    const turn = (event: WheelEvent) => {
      event.preventDefault();
      const { left, top } = area.getBoundingClientRect();
      move(zoomed(view.current, Math.exp(-event.deltaY / 500), event.clientX - left, event.clientY - top));
    };
    // Not passive: or else the page is scrolled as well.
    area.addEventListener('wheel', turn, { passive: false });
    return () => area.removeEventListener('wheel', turn);
  }, [frame, view, move]);
  return {
    class: 'canvas-frame',
    onPointerDown: (event: TargetedPointerEvent<HTMLDivElement>) => {
      if (event.target instanceof Element && event.target.closest('.node') !== null) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      hold(true);
    },
    onPointerMove: (event: TargetedPointerEvent<HTMLDivElement>) => {
      if (isHeld.current) move(moved(view.current, event.movementX, event.movementY));
    },
    onPointerUp: () => hold(false),
    onPointerCancel: () => hold(false),
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
