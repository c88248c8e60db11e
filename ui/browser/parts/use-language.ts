import { useEffect, useState } from 'preact/hooks';
import { isLanguage, type Language, preferred, speak } from './language.ts';

const storedAs = 'datacycle-language';

/** The language that was chosen before, else the browser's. */
function initialLanguage(): Language {
  try {
    const stored = localStorage.getItem(storedAs);
    if (isLanguage(stored)) return stored;
  } catch {
    // A page of a file may not keep anything.
  }
  return preferred(navigator.languages);
}

/** The language of the page, and what chooses another one, also for the next time. */
export function useLanguage(): [Language, (chosen: Language) => void] {
  const [language, setLanguage] = useState(initialLanguage);
  // Before anything is drawn, and not after it.
  speak(language);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const choose = (chosen: Language) => {
    setLanguage(chosen);
    try {
      localStorage.setItem(storedAs, chosen);
    } catch {
      // As above.
    }
  };
  return [language, choose];
}
