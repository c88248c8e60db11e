import type { BinnedColumn } from './bins.ts';
import { addLeaf, gather, perBin, subtract } from './histogram.ts';
import { betterSplit, noSplit, type Split, type SplitLimits, type Sums } from './split.ts';

/** How a tree may grow. */
export interface GrowthLimits extends SplitLimits {
  readonly leaves: number;
}

/** A split that was made. `left` and `right` as in a `Tree`: below 0, a leaf. */
export interface MadeSplit {
  readonly column: number;
  readonly bin: number;
  readonly missingLeft: boolean;
  readonly gain: number;
  left: number;
  right: number;
}

/** A grown tree: its splits, and the rows of each leaf as a range of `rows`. */
export interface Grown {
  readonly splits: readonly MadeSplit[];
  readonly leaves: readonly { readonly start: number; readonly end: number }[];
  readonly rows: Int32Array;
}

interface Leaf {
  start: number;
  end: number;
  sums: Sums;
  split: Split;
  histogram: Float64Array;
  /** The split that it hangs on, and the side; the root hangs on none. */
  parent: MadeSplit | undefined;
  side: 'left' | 'right';
}

/**
 * Grows trees on binned columns, leaf by leaf: the leaf whose split gains most is split next, until there are enough leaves or
 * nothing gains (best-first: Friedman, "Greedy function approximation", Annals of Statistics 29(5), 2001; Ke et al. 2017). It
 * owns the memory that all trees of a model need.
 */
export class Grower {
  private readonly columns: readonly BinnedColumn[];
  private readonly limits: GrowthLimits;
  private readonly gradients: Float64Array;
  private readonly curvatures: Float64Array;
  private readonly spare: Int32Array;
  private readonly pool: Float64Array[] = [];
  private readonly capacity: number;

  constructor(columns: readonly BinnedColumn[], rows: number, limits: GrowthLimits) {
    this.columns = columns;
    this.limits = limits;
    this.gradients = new Float64Array(rows);
    this.curvatures = new Float64Array(rows);
    this.spare = new Int32Array(rows);
    this.capacity = columns.reduce((sum, column) => sum + cellsOf(column), 0);
  }

  /**
   * Grows a tree on some rows and some columns.
   * @param rows their positions; the array is put in the order of the leaves.
   * @param gradient first derivative of the loss by the prediction, one for each row of all; `curvature`, the second.
   * @param used positions of the columns, ascending.
   */
  grow(rows: Int32Array, gradient: Float64Array, curvature: Float64Array, used: Int32Array): Grown {
    const splits: MadeSplit[] = [];
    const leaves = [this.root(rows, gradient, curvature, used)];
    while (leaves.length < this.limits.leaves) {
      const best = leaves.reduce((most, leaf) => (leaf.split.gain > most.split.gain ? leaf : most));
      if (best.split.gain === 0) break;
      const { column, bin, missingLeft, gain } = best.split;
      const made: MadeSplit = { column, bin, missingLeft, gain, left: 0, right: 0 };
      if (best.parent !== undefined) best.parent[best.side] = splits.length;
      splits.push(made);
      const isLast = leaves.length + 1 === this.limits.leaves;
      leaves.push(this.divide(best, made, rows, isLast ? undefined : { gradient, curvature, used }));
    }
    leaves.forEach((leaf, index) => {
      if (leaf.parent !== undefined) leaf.parent[leaf.side] = -1 - index;
      if (leaf.histogram.length > 0) this.pool.push(leaf.histogram);
    });
    return { splits, leaves: leaves.map(({ start, end }) => ({ start, end })), rows };
  }

  private root(rows: Int32Array, gradient: Float64Array, curvature: Float64Array, used: Int32Array): Leaf {
    const histogram = this.histogramOf(rows, 0, rows.length, gradient, curvature, used);
    let [g, h] = [0, 0];
    for (let i = 0; i < rows.length; i += 1) {
      g += this.gradients[i] as number;
      h += this.curvatures[i] as number;
    }
    const sums = { gradient: g, curvature: h, rows: rows.length };
    const leaf = { start: 0, end: rows.length, sums, histogram, parent: undefined, side: 'left' as const };
    return { ...leaf, split: this.bestSplit(histogram, sums, used) };
  }

  /**
   * Divides a leaf: it becomes the left child, and the right one is returned.
   * @param next what finds the children's own splits; undefined if they will not be split.
   */
  private divide(
    leaf: Leaf,
    made: MadeSplit,
    rows: Int32Array,
    next: { gradient: Float64Array; curvature: Float64Array; used: Int32Array } | undefined,
  ): Leaf {
    const { sums, split, start, end } = leaf;
    const middle = this.partition(rows, start, end, made);
    const left = { gradient: split.leftGradient, curvature: split.leftCurvature, rows: middle - start };
    const right = {
      gradient: sums.gradient - left.gradient,
      curvature: sums.curvature - left.curvature,
      rows: end - middle,
    };
    const parent = leaf.histogram;
    const other: Leaf = {
      start: middle,
      end,
      sums: right,
      split: noSplit(),
      histogram: new Float64Array(0),
      parent: made,
      side: 'right',
    };
    Object.assign(leaf, { end: middle, sums: left, split: noSplit(), parent: made, side: 'left' });
    if (next === undefined || Math.max(left.rows, right.rows) < 2 * this.limits.minRows) return other;
    const { gradient, curvature, used } = next;
    // Rows are counted for the smaller child only.
    const [small, large] = left.rows < right.rows ? [leaf, other] : [other, leaf];
    small.histogram = this.histogramOf(rows, small.start, small.end, gradient, curvature, used);
    subtract(parent, small.histogram);
    large.histogram = parent;
    for (const child of [small, large]) child.split = this.bestSplit(child.histogram, child.sums, used);
    return other;
  }

  private histogramOf(
    rows: Int32Array,
    start: number,
    end: number,
    gradient: Float64Array,
    curvature: Float64Array,
    used: Int32Array,
  ): Float64Array {
    const histogram = this.emptyHistogram(used);
    gather(gradient, rows, start, end, this.gradients);
    gather(curvature, rows, start, end, this.curvatures);
    let next = 0;
    const places = Array.from(used, (index) => {
      const { bins } = this.columns[index] as BinnedColumn;
      const at = next;
      next += cellsOf(this.columns[index] as BinnedColumn);
      return { bins, at };
    });
    addLeaf(histogram, places, { rows, start, end, gradients: this.gradients, curvatures: this.curvatures });
    return histogram;
  }

  /** The memory of an earlier one, where there is any: all have room for all columns. */
  private emptyHistogram(used: Int32Array): Float64Array {
    const length = used.reduce((sum, index) => sum + cellsOf(this.columns[index] as BinnedColumn), 0);
    const kept = this.pool.pop() ?? new Float64Array(this.capacity);
    return new Float64Array(kept.buffer, 0, length).fill(0);
  }

  private bestSplit(histogram: Float64Array, sums: Sums, used: Int32Array): Split {
    const best = noSplit();
    if (sums.rows < 2 * this.limits.minRows) return best;
    let at = 0;
    for (const index of used) {
      const column = this.columns[index] as BinnedColumn;
      betterSplit(best, histogram, at, column.edges.length + 1, index, sums, this.limits);
      at += cellsOf(column);
    }
    return best;
  }

  /** Puts the rows that go to the left first, both sides in their order; returns where the right side begins. */
  private partition(rows: Int32Array, start: number, end: number, { column, bin, missingLeft }: MadeSplit): number {
    const { bins } = this.columns[column] as BinnedColumn;
    const { spare } = this;
    const first = missingLeft ? 0 : 1;
    let [left, right] = [start, 0];
    for (let i = start; i < end; i += 1) {
      const row = rows[i] as number;
      const of = bins[row] as number;
      if (of <= bin && of >= first) {
        rows[left] = row;
        left += 1;
      } else {
        spare[right] = row;
        right += 1;
      }
    }
    rows.set(spare.subarray(0, right), left);
    return left;
  }
}

/** How many numbers the histogram of a column has: the bin of missing values and one more than there are edges. */
function cellsOf(column: BinnedColumn): number {
  return perBin * (column.edges.length + 2);
}
