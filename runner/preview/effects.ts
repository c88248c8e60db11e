import { relation } from '../../warehouse/quote.ts';
import type { Foreseen } from '../build/transaction/node-state.ts';
import type { Compiled } from '../compile/compile.ts';
import type { Graph } from '../manifest/graph.ts';
import { type BuiltNode, isBuilt, type Manifest } from '../manifest/manifest.ts';
import type { Decision } from '../plan/decision.ts';
import { nothingCreated } from '../state/created.ts';
import type { ModelState } from '../state/models.ts';

/**
 * How much of what the nodes of a run may do is taken as done: only what is certain, also that increments bring rows with new load ids,
 * or everything, also that rows are late and rebuilds change rows.
 */
export type Extent = 'least' | 'likely' | 'most';

/** What a run will do with the rows and columns of one node. */
interface Effect {
  /** The least extent in which its rows are others, so that whoever reads all of it has to read it again. */
  readonly rows: Extent;
  /** The least extent in which it starts a new generation. */
  readonly generation: Extent;
  /** The least extent in which it has other columns; undefined: it keeps them. */
  readonly columns: Extent | undefined;
  /** Whether there is nothing yet that could be asked for its largest load_id. */
  readonly isNew: boolean;
}

const order: readonly Extent[] = ['least', 'likely', 'most'];
const isWithin = (given: Extent | undefined, extent: Extent) =>
  given !== undefined && order.indexOf(given) <= order.indexOf(extent);

/** What is known of a node whose turn it is. */
interface Known {
  /** It has no relation yet. */
  readonly isNew: boolean;
  /** Its SQL is another one than it was built with. */
  readonly isOther: boolean;
  /** Of a seed: whether its file has other rows; undefined: not known. */
  readonly differs?: boolean | undefined;
  /** Nothing is known by which it would get other rows than it has. */
  readonly isAsItWas?: boolean | undefined;
}

/** What the nodes of a run that come first do to those after them. */
export class Effects {
  readonly #manifest: Manifest;
  readonly #graph: Graph;
  readonly #effects = new Map<string, Effect>();

  constructor({ manifest, graph }: Pick<Compiled, 'manifest' | 'graph'>) {
    this.#manifest = manifest;
    this.#graph = graph;
  }

  /** The extents that may differ for a node, the likely one first: it alone where nothing before the node does anything. */
  extentsFor({ id }: BuiltNode): readonly Extent[] {
    const before = this.#graph.ancestors(id);
    return [...this.#effects.keys()].some((one) => before.has(one)) ? ['likely', 'least', 'most'] : ['likely'];
  }

  /**
   * Notes what becomes of a node.
   * @param decisions all that are possible, the likely one first.
   */
  note(
    node: BuiltNode,
    decisions: readonly Pick<Decision, 'mode'>[],
    { isNew, isOther, differs, isAsItWas }: Known,
  ): void {
    if (decisions.every(({ mode }) => mode === 'skip') || differs === false) return;
    const isCreated = decisions.every(({ mode }) => mode === 'create');
    // Whether a seed's file says other rows only its load finds out; most are as they were.
    const isLoaded = node.kind === 'seed' && !isCreated;
    // As is a table that is built anew only since its query may yield other rows by itself.
    const isLikeBefore =
      node.materialized === 'table' &&
      decisions[0]?.mode === 'replace' &&
      isAsItWas === true &&
      !isOther &&
      !this.#stirs(node);
    // It is likely to stay as it is, and does something only if all that may change before it does.
    const isUnlikely = isLoaded || isLikeBefore || decisions[0]?.mode === 'skip';
    const isCertain = isCreated || differs === true;
    const grows = decisions.every(({ mode }) => mode === 'increment' || mode === 'skip');
    const isView = node.materialized === 'view';
    this.#effects.set(node.id, {
      rows: isCertain ? 'least' : isUnlikely ? 'most' : 'likely',
      generation: isCertain ? 'least' : grows || isUnlikely ? 'most' : 'likely',
      columns: isNew ? 'least' : isOther || isView ? 'most' : undefined,
      isNew,
    });
  }

  /** Whether anything before a node is likely to get other rows. */
  #stirs({ id }: BuiltNode): boolean {
    const before = this.#graph.ancestors(id);
    return [...this.#effects].some(([one, { rows }]) => before.has(one) && isWithin(rows, 'likely'));
  }

  /** Whether the rows of a node are certainly, or maybe, others when its turn is over; its own, not those of what a view shows. */
  changes(id: string): 'certain' | 'maybe' | undefined {
    const effect = this.#effects.get(id);
    return effect && (effect.rows === 'least' ? 'certain' : 'maybe');
  }

  /** Whether a view among these, or behind them, gets another query. */
  reviews(ids: readonly string[]): boolean {
    return ids.some((id) => [...this.#behind(id)].some((one) => this.#isView(one) && this.#effects.has(one)));
  }

  #isView(id: string): boolean {
    return this.#manifest.nodes.get(id)?.materialized === 'view';
  }

  /** What a node will find, to the given extent. */
  foreseen(extent: Extent): Foreseen {
    const { nodes } = this.#manifest;
    const effectOf = (id: string) => this.#effects.get(id);
    return {
      models: (recorded) => {
        const found = new Map(recorded);
        for (const [id, { rows, generation }] of this.#effects) {
          const node = nodes.get(id);
          if (!isBuilt(node)) continue;
          const now = recorded.get(node.name) ?? nothingRecorded;
          const { materialized, checksum } = node;
          const made = { relation: relation(node.relation), materialized, checksum };
          if (node.materialized === 'view') {
            // Whatever its query shows, it will be this one.
            found.set(node.name, { ...now, ...made });
            continue;
          }
          if (!isWithin(rows, extent)) continue;
          found.set(node.name, {
            ...now,
            ...made,
            generation: now.generation + (isWithin(generation, extent) ? 1 : 0),
            rowsVersion: now.rowsVersion + 1,
          });
        }
        return found;
      },
      newest: async (id, read) => {
        const behind = [...this.#behind(id)].map(effectOf);
        if (behind.some((effect) => effect?.isNew === true)) return Number.MAX_SAFE_INTEGER;
        const grows = behind.some((effect) => isWithin(effect?.rows, extent));
        const now = await read();
        return grows ? (now ?? 0) + 1 : now;
      },
      shape: (node, now) => (node.reads.some((id) => isWithin(effectOf(id)?.columns, extent)) ? `${now} changed` : now),
      stays: (model) => {
        const changed = [...this.#effects].find(([id]) => nodes.get(id)?.name === model)?.[1];
        return !isWithin(changed?.rows, extent);
      },
    };
  }

  /** A node, and what is behind it where it is a view, each once however many paths lead to it. */
  #behind(id: string, found = new Set<string>()): ReadonlySet<string> {
    if (found.has(id)) return found;
    found.add(id);
    const node = this.#manifest.nodes.get(id);
    if (node?.materialized === 'view') for (const one of node.reads) this.#behind(one, found);
    return found;
  }
}

const nothingRecorded: ModelState = {
  relation: '',
  materialized: '',
  checksum: '',
  generation: 0,
  upstreamShape: null,
  rowsVersion: 0,
  removals: 0,
  created: nothingCreated,
};
