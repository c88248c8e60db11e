import type { GraphNode } from '../../data/graph.ts';
import type { Box } from '../../layout/layout.ts';

/** The mean width of a character of a name, in pixels, as app.css sets it. */
const characterWidth = 7.9;
const padding = 20;
const widest = 280;
/** Room for what is below the name: `incremental · 9 min`. */
const narrowest = 136;

/** How large the box of a node is. Pure. */
export function boxOf({ id, name }: Pick<GraphNode, 'id' | 'name'>): Box {
  return { id, width: Math.min(widest, Math.max(narrowest, name.length * characterWidth + padding)), height: 38 };
}

/** A text as it fits into a box. Pure. */
export function labelOf(text: string, width: number): string {
  const room = Math.floor((width - padding) / characterWidth);
  return text.length <= room ? text : `${text.slice(0, Math.max(1, room - 1))}…`;
}
