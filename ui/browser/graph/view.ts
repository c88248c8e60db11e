/** Which part of a drawing is seen: how far it is moved, in pixels, and how much enlarged. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const least = 0.03;
const most = 4;
const margin = 20;

/** As CSS says it, of what lies at the upper left corner of the frame. */
export function transformOf({ x, y, scale }: View): string {
  return `translate(${x}px, ${y}px) scale(${scale})`;
}

/** All of a drawing, no larger than it is. Pure. */
export function fitted(drawing: Size, frame: Size): View {
  const room = { width: frame.width - 2 * margin, height: frame.height - 2 * margin };
  const scale = clamp(Math.min(1, room.width / Math.max(1, drawing.width), room.height / Math.max(1, drawing.height)));
  return {
    scale,
    x: (frame.width - drawing.width * scale) / 2,
    y: (frame.height - drawing.height * scale) / 2,
  };
}

/** So that all of some boxes are seen. Pure. */
export function fittedTo(
  boxes: readonly { readonly x: number; readonly y: number; readonly width: number; readonly height: number }[],
  frame: Size,
): View {
  const left = Math.min(...boxes.map(({ x }) => x));
  const top = Math.min(...boxes.map(({ y }) => y));
  const width = Math.max(...boxes.map((box) => box.x + box.width)) - left;
  const height = Math.max(...boxes.map((box) => box.y + box.height)) - top;
  const { x, y, scale } = fitted({ width, height }, frame);
  return { scale, x: x - left * scale, y: y - top * scale };
}

/** Enlarged by a factor, so that the point of the frame at x, y stays where it is. Pure. */
export function zoomed(view: View, factor: number, x: number, y: number): View {
  const scale = clamp(view.scale * factor);
  const by = scale / view.scale;
  return { scale, x: x - (x - view.x) * by, y: y - (y - view.y) * by };
}

export function moved(view: View, x: number, y: number): View {
  return { ...view, x: view.x + x, y: view.y + y };
}

/** So that a box is in the middle and can be read; as it is if it is in view already. Pure. */
export function centredOn(
  box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
  view: View,
  frame: Size,
): View {
  const left = view.x + box.x * view.scale;
  const top = view.y + box.y * view.scale;
  const isSeen =
    left >= 0 &&
    top >= 0 &&
    left + box.width * view.scale <= frame.width &&
    top + box.height * view.scale <= frame.height;
  if (isSeen) return view;
  const scale = Math.max(view.scale, 0.6);
  return {
    scale,
    x: frame.width / 2 - (box.x + box.width / 2) * scale,
    y: frame.height / 2 - (box.y + box.height / 2) * scale,
  };
}

function clamp(scale: number): number {
  return Math.min(most, Math.max(least, scale));
}
