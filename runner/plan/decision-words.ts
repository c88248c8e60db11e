import type { Decision } from './decision.ts';

/** How a node is built, in a few words, as a run and a plan say it; empty if that is obvious. Pure. */
export function wordsOf({ mode, reason }: Pick<Decision, 'mode' | 'reason'>): string {
  switch (mode) {
    case 'skip':
    case 'refresh':
      return reason;
    case 'create':
      return reason === 'new' ? 'created' : `created, ${reason}`;
    case 'view':
      return reason === 'new' ? 'view created' : 'view replaced';
    case 'replace':
      return reason === 'table' ? '' : `rebuilt: ${reason}`;
    case 'increment':
    case 'snapshot':
      return '';
    default:
      return mode satisfies never;
  }
}
