import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** With more than this in use, buffers included, old objects are cleared before the next batch, in bytes; a load needs half of it. */
const mostInUse = 56 * 1024 * 1024;

let collect: (() => void) | undefined;

/**
 * Clears what earlier batches have left, once it is much. Names and ledger rows live as long as their batch, so V8 takes them for old,
 * and of what is old it lets twice as much pile up as all the rest of a load needs. It takes some 20 ms for every tens of thousands of files.
 */
export function clearOldMemory(): void {
  const { used_heap_size: objects, external_memory: buffers } = getHeapStatistics();
  if (objects + buffers < mostInUse) return;
  if (collect === undefined) {
    // Contexts that are made from now on have the function; it is in no other way to be had without a flag of Node's.
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
