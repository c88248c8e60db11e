import { expect, it } from 'vitest';
import { examples } from '../../../cli/examples.ts';
import { buildProgram } from '../../../cli/program.ts';

const { commands, options: global } = buildProgram(new AbortController().signal, () => undefined);

it('every command, argument and option says what it is', () => {
  const silent = commands.flatMap((command) => [
    ...(command.description() === '' ? [command.name()] : []),
    ...command.options.filter(({ description }) => description === '').map(({ flags }) => `${command.name()} ${flags}`),
    ...command.registeredArguments
      .filter(({ description }) => description === '')
      .map((one) => `${command.name()} ${one.name()}`),
  ]);
  expect(silent).toEqual([]);
});

it('every command has an example, of itself and with flags that it has', () => {
  expect(Object.keys(examples).sort()).toEqual(commands.map((command) => command.name()).sort());
  const wrong = commands.flatMap((command) => {
    const known = [...command.options, ...global].flatMap(({ long, short }) => [long, short]);
    return (examples[command.name()] ?? []).filter(
      (line) =>
        !`${line} `.startsWith(`datacycle ${command.name()} `) ||
        line.split(/\s+/).some((word) => /^--?[a-z]/.test(word) && !known.includes(word)),
    );
  });
  expect(wrong).toEqual([]);
});

it('help fits 80 columns, with its examples at the end', () => {
  for (const command of commands) {
    let text = '';
    command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 80 });
    command.outputHelp();
    expect(text).toContain('Examples:\n  datacycle ');
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  }
});
