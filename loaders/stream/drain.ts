import type { Warehouse } from '../../warehouse/warehouse.ts';
import { LoadFailedError, SourceError } from '../landing/errors.ts';
import type { Note, SourceName } from '../landing/summary.ts';
import { type Gathered, Gatherer, type GatherLimits } from './gather.ts';
import { type MessageLog, type PartitionBounds, partitionName } from './message-log.ts';
import { type LandedOffset, landedOffsets, noteBounds, skipTo } from './offsets.ts';

/** What is to be landed of a log, and by whom. */
export interface Draining {
  /** Whose messages they are, for messages to people. */
  readonly source: SourceName;
  readonly warehouse: Warehouse;
  readonly topics: readonly string[];
  readonly limits: GatherLimits;
  /** When to stop; undefined: at what was the end of each partition at the beginning. */
  readonly isOver: (() => boolean) | undefined;
  readonly clock: () => Date;
  /** Go on behind messages that the log no longer has. */
  readonly skipLost: boolean;
  /** Throws to stop, between two batches. */
  readonly checkpoint: () => void;
  /** How many messages there are to land. */
  readonly onTotal: (messages: number) => void;
  /** A partition of which messages were skipped that the log no longer has. */
  readonly onLost: (note: Note) => void;
  /**
   * Lands ranges: plans them, unless a process before has (`plannedAt`), and moves the offsets past them in the transaction of their rows.
   * A range that was planned comes again as it was, so what is written for it outside the database has to come out the same.
   * @param turn when the batch before is landed, or has failed: nothing may be planned or written earlier, but what is computed only may be.
   */
  land(ranges: readonly Gathered[], plannedAt: Date | undefined, turn: Promise<void>): Promise<void>;
}

/**
 * Lands what a log has beyond the offsets that are landed, first what a process had planned when it ended.
 * @throws SourceError if none of the topics exists; LoadFailedError if messages are gone that were not landed; what `land`, `checkpoint` and
 * the log throw.
 */
export async function drain(log: MessageLog, draining: Draining): Promise<void> {
  const { warehouse, topics, limits, clock, checkpoint } = draining;
  const bounds = await log.bounds(topics);
  if (bounds.length === 0) {
    throw new SourceError({
      what: `none of the topics exists: ${topics.join(', ')}`,
      hint: `Correct ${draining.source === 'stream' ? 'vars.stream.topics in project.yml' : 'SENSORS_TOPIC'}, or create them at the broker.`,
    });
  }
  await noteBounds(warehouse, log.name, bounds, clock());
  const known = (await landedOffsets(warehouse, log.name)).filter(({ topic }) => topics.includes(topic));
  const landed = await reconcile(draining, log.name, bounds, known);
  // What a process that was killed has not told; and the broker forgets what it has not heard for days.
  log.landed?.(landed.map(({ topic, partition, next }) => ({ topic, partition, offset: next })));
  draining.onTotal(bounds.reduce((sum, { end }) => sum + end, 0) - landed.reduce((sum, { next }) => sum + next, 0));
  const gatherer = new Gatherer(log, landed);
  const isOver = draining.isOver ?? reached(gatherer, bounds);
  const land = async (ranges: readonly Gathered[], plannedAt: Date | undefined, turn: Promise<void>) => {
    await draining.land(ranges, plannedAt, turn);
    log.landed?.(ranges.map(({ topic, partition, to }) => ({ topic, partition, offset: to })));
  };
  await repeatPlanned({ ...draining, land }, gatherer, landed);
  let landing: Promise<void> = Promise.resolve();
  // One batch is gathered while another is made ready and a third one written.
  let next = gatherer.gather(limits, isOver);
  try {
    for (;;) {
      const ranges = await next;
      await stopIfAsked(checkpoint, landing);
      const done = isOver() && !gatherer.holdsAny;
      next = done ? Promise.resolve([]) : gatherer.gather(limits, isOver);
      // Its failure is met when its turn comes.
      next.catch(() => undefined);
      const before = landing;
      if (ranges.length > 0) {
        landing = land(ranges, undefined, before);
        landing.catch(() => undefined);
      }
      await before;
      if (done) return await landing;
    }
  } finally {
    // Nobody is to write any more when the log is closed.
    await landing.catch(() => undefined);
  }
}

/** Lets what is under way end before it stops, so that who asked for it is told of all that is landed. */
async function stopIfAsked(checkpoint: () => void, landing: Promise<void>): Promise<void> {
  try {
    checkpoint();
  } catch {
    await landing;
    checkpoint();
  }
}

/** What a process had begun when it ended is landed first, as it was planned. */
async function repeatPlanned(draining: Draining, gatherer: Gatherer, landed: readonly LandedOffset[]): Promise<void> {
  for (const { topic, partition, planned } of landed) {
    if (planned === undefined) continue;
    draining.checkpoint();
    const range = await gatherer.planned({ topic, partition }, planned.to, draining.isOver ?? (() => false));
    if (range === undefined) {
      throw new LoadFailedError({
        what: `${topic}:${partition} ends before offset ${planned.to}, up to which a process had begun to land it`,
        hint: 'The topic was shortened or made anew, or other files are replayed than before: give it back its messages, or another name.',
      });
    }
    await draining.land([range], planned.at, Promise.resolve());
  }
}

/** The partitions to read: where the broker has less than what is to be landed, that is an error, or is skipped if so wished. */
async function reconcile(
  { source, warehouse, skipLost, onLost }: Draining,
  log: string,
  bounds: readonly PartitionBounds[],
  landed: readonly LandedOffset[],
): Promise<readonly LandedOffset[]> {
  const there = new Map(bounds.map((one) => [partitionName(one), one]));
  const wanted: LandedOffset[] = [];
  for (const one of landed) {
    const bound = there.get(partitionName(one));
    if (bound === undefined) continue;
    const name = partitionName(one);
    if (one.next > bound.end) {
      throw new LoadFailedError({
        what: `${name} ends at offset ${bound.end}, but messages up to ${one.next - 1} are landed: the topic was made anew or shortened`,
        hint: 'Give the new topic another name: offsets tell messages apart, and name the files of Bronze.',
      });
    }
    if (one.next >= bound.earliest) {
      wanted.push(one);
      continue;
    }
    const lost = bound.earliest - one.next;
    const reason = `the broker keeps it from offset ${bound.earliest} on: ${lost} messages from ${one.next} were not landed and are gone`;
    if (!skipLost) {
      throw new LoadFailedError({
        what: `${name}: ${reason}`,
        hint: `Bring them back at the broker (retention, a mirror), or go on behind them: datacycle load ${source} --skip-lost.`,
      });
    }
    await skipTo(warehouse, log, one, bound.earliest);
    onLost({ name, reason });
    wanted.push({ ...one, next: bound.earliest, planned: undefined });
  }
  return wanted;
}

/** Whether everything has been read that was there at the beginning. */
function reached(gatherer: Gatherer, bounds: readonly PartitionBounds[]): () => boolean {
  const ends = new Map(bounds.map((one) => [partitionName(one), one.end]));
  return () => gatherer.positions().every((at) => at.offset >= (ends.get(partitionName(at)) ?? 0));
}
