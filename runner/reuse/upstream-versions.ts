import { digest } from '../manifest/digest.ts';
import { type BuiltNode, isBuilt, isMicrobatch, type Manifest, type ViewNode } from '../manifest/manifest.ts';
import { type Consumed, type ModelState, notAsBuilt } from '../state/models.ts';

/**
 * The versions of the upstreams that nodes read. A version identifies what the rows of an upstream are apart from increments:
 * of a table its generation, of a view a hash of the SQL that it was built with and of the versions of all it reads.
 */
export class UpstreamVersions {
  readonly #manifest: Manifest;
  readonly #models: ReadonlyMap<string, ModelState>;
  readonly #versions = new Map<string, string>();
  readonly #lengths = new Map<string, number>();

  /** @param models what is recorded of the models and seeds that are asked for, of views also of what is behind them, by name. */
  constructor(manifest: Manifest, models: ReadonlyMap<string, ModelState>) {
    this.#manifest = manifest;
    this.#models = models;
  }

  /**
   * The version of an upstream that a node has to be of. One that it follows batch by batch has none: which of its batches
   * changed is known, from when they are followed so.
   */
  of(node: BuiltNode, id: string): string {
    if (isMicrobatch(node) && node.batch.follows.includes(id)) return 'by batch';
    return this.versionOf(id);
  }

  /**
   * What a node has consumed, with the versions of views in the form of today. Before they were hashed, a version was written
   * out in full; one that says the same as today's must not rebuild anything.
   */
  inTodaysForm(node: BuiltNode, consumed: ReadonlyMap<string, Consumed>): ReadonlyMap<string, Consumed> {
    const found = new Map(consumed);
    for (const id of node.reads) {
      const name = this.#manifest.nodes.get(id)?.name ?? '';
      const then = consumed.get(name);
      if (then === undefined || this.#view(id) === undefined) continue;
      // In full, a version doubles with every diamond of views, so it is written only if its length is that of the stored one.
      if (then.version.length === this.#lengthInFull(id) && then.version === this.#inFull(id))
        found.set(name, { ...then, version: this.versionOf(id) });
    }
    return found;
  }

  /** The version of a node for whoever reads all of it. */
  versionOf(id: string): string {
    const view = this.#view(id);
    if (view === undefined) return this.#generationOf(id);
    const known = this.#versions.get(id);
    if (known !== undefined) return known;
    const parts = [this.#builtAs(view), ...view.reads.map((upstream) => this.versionOf(upstream))];
    const version = digest(parts);
    this.#versions.set(id, version);
    return version;
  }

  /** The project may say by now what is not built yet, and then says nothing of the rows that are read. */
  #builtAs({ name }: ViewNode): string {
    const state = this.#models.get(name);
    return state?.materialized === 'view' ? state.checksum : notAsBuilt;
  }

  #generationOf(id: string): string {
    const node = this.#manifest.nodes.get(id);
    if (isBuilt(node)) return String(this.#models.get(node.name)?.generation ?? 0);
    return 'source';
  }

  #lengthInFull(id: string): number {
    const view = this.#view(id);
    if (view === undefined) return this.#generationOf(id).length;
    const known = this.#lengths.get(id);
    if (known !== undefined) return known;
    const length = view.reads.reduce(
      (sum, upstream) => sum + 1 + this.#lengthInFull(upstream),
      this.#builtAs(view).length,
    );
    this.#lengths.set(id, length);
    return length;
  }

  #inFull(id: string): string {
    const view = this.#view(id);
    if (view === undefined) return this.#generationOf(id);
    return [this.#builtAs(view), ...view.reads.map((upstream) => this.#inFull(upstream))].join('/');
  }

  #view(id: string): ViewNode | undefined {
    const node = this.#manifest.nodes.get(id);
    return node?.materialized === 'view' ? node : undefined;
  }
}
