import { Argument, type Command } from 'commander';
import { type Shell, shells } from './completion/scripts.ts';
import type { Define } from './define.ts';

/** Adds `completion`. @param program whose commands and flags are offered. */
export function addCompletion(define: Define, program: Command): void {
  define('completion', 'print the script by which a shell completes commands, flags and names', async (context) => {
    const { args, flags, terminal } = context;
    const [shell, ...words] = args as [Shell, ...string[]];
    const { lineFor, scriptFor } = await import('./completion/scripts.ts');
    if (words.length === 0) {
      terminal.output(scriptFor(shell));
      return 0;
    }
    const { candidates } = await import('./completion/candidates.ts');
    const { projectNames } = await import('./completion/project-names.ts');
    try {
      const found = await candidates(program, words, () => projectNames(flags));
      if (found.length > 0) terminal.output(found.map((one) => lineFor(shell, one)).join('\n'));
    } catch {
      // Whoever presses Tab is not told why there is nothing to offer.
    }
    return 0;
  })
    .addArgument(new Argument('<shell>', 'whose script; it says where it goes').choices(shells))
    .argument('[words...]', 'what the script asks: behind --, the words typed so far');
}
