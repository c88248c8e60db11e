import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Answers } from '../../data/port.ts';
import { ask } from './api.ts';

/** An answer that may not be there yet. The one of before stays until the next has come. */
export interface Answered<Answer> {
  readonly answer: Answer | undefined;
  readonly error: Error | undefined;
  readonly again: () => void;
}

/** Asks a question, again when its parameters change, and every `everyMs` while the page can be seen. */
export function useAnswer<Name extends keyof Answers>(
  name: Name,
  params: Readonly<Record<string, string>> = {},
  everyMs?: number,
): Answered<Answers[Name]> {
  const [answer, setAnswer] = useState<Answers[Name]>();
  const [error, setError] = useState<Error>();
  const [turn, setTurn] = useState(0);
  const key = `${name} ${JSON.stringify(params)}`;
  const shown = useRef('');
  const again = useCallback(() => setTurn((before) => before + 1), []);
  useEffect(() => {
    let left = false;
    if (shown.current !== key) setAnswer(undefined);
    shown.current = key;
    ask(name, params).then(
      (found) => {
        if (left) return;
        setAnswer(found);
        setError(undefined);
      },
      (fault: unknown) => {
        if (!left) setError(fault instanceof Error ? fault : new Error(String(fault)));
      },
    );
    return () => {
      left = true;
    };
  }, [key, turn]);
  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') again();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, again]);
  return { answer, error, again };
}

/** Calls back for a key that is pressed while no field has the focus. */
export function useKey(key: string, act: () => void): void {
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if (event.key !== key || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', hear);
    return () => document.removeEventListener('keydown', hear);
  }, [key, act]);
}
