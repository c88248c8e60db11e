// The browser part: one page that shows others.
//
//   main.tsx   the frame: navigation, theme, what is running; which page the address names
//   app.css    how everything looks, light and dark
//   pages/, graph/, parts/   the pages, the drawing of the graph, and what they are made of
//
// Without a framework but preact. Esbuild makes app.js and app.css of it when the program is built.
import { render } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import './app.css';
import { Explore } from './pages/explore.tsx';
import { Lineage } from './pages/lineage.tsx';
import { Models } from './pages/models.tsx';
import { NodePage } from './pages/node.tsx';
import { Operate } from './pages/operate.tsx';
import { OverviewPage } from './pages/overview.tsx';
import { hrefOf, type Route, useRoute } from './pages/route.ts';
import { Runs } from './pages/runs.tsx';
import { SourcesPage } from './pages/sources.tsx';
import { isStatic, resident } from './parts/api.ts';
import { JobBar } from './parts/job-bar.tsx';
import { type Language, languages, t } from './parts/language.ts';
import { useAnswer } from './parts/use.ts';
import { useLanguage } from './parts/use-language.ts';

const all = [
  { page: '', title: 'Overview', key: '1', isLive: true },
  { page: 'lineage', title: 'Lineage', key: '2', isLive: false },
  { page: 'models', title: 'Models', key: '3', isLive: false },
  { page: 'runs', title: 'Runs', key: '4', isLive: true },
  { page: 'sources', title: 'Sources', key: '5', isLive: true },
  { page: 'explore', title: 'Explore', key: '6', isLive: true },
  { page: 'operate', title: 'Operate', key: '7', isLive: true },
] as const;
const pages = all.filter(({ page, isLive }) => (resident === undefined ? !isStatic || !isLive : page === 'explore'));

/** What those who live there look at is in every language, what engineers look at is in English. */
const isTranslated = (page: string) => resident !== undefined || page === 'explore' || (page === '' && !isStatic);

function Page({ route }: { route: Route }) {
  if (resident !== undefined) return <Explore />;
  switch (route.page) {
    case '':
      return isStatic ? <Lineage route={route} /> : <OverviewPage />;
    case 'lineage':
      return <Lineage route={route} />;
    case 'models':
      return <Models route={route} />;
    case 'node':
      return <NodePage id={route.of} />;
    case 'runs':
      return <Runs of={route.of} />;
    case 'sources':
      return <SourcesPage />;
    case 'explore':
      return <Explore />;
    case 'operate':
      return <Operate route={route} />;
    default:
      return <p>{t('There is no such page.')}</p>;
  }
}

type Theme = 'light' | 'dark';

function useTheme(): [Theme, () => void] {
  const preferred = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const stored = (): Theme | null => {
    try {
      return localStorage.getItem('datacycle-theme') as Theme | null;
    } catch {
      return null;
    }
  };
  const [theme, setTheme] = useState<Theme>(stored() ?? preferred);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  const turn = useCallback(() => {
    setTheme((before) => {
      const next = before === 'dark' ? 'light' : 'dark';
      try {
        localStorage.setItem('datacycle-theme', next);
      } catch {
        // A page of a file may not keep anything.
      }
      return next;
    });
  }, []);
  return [theme, turn];
}

function App() {
  const route = useRoute();
  const about = useAnswer('about');
  const [theme, turnTheme] = useTheme();
  const [language, setLanguage] = useLanguage();
  useEffect(() => {
    const known = resident === undefined ? pages.find(({ page }) => page === route.page) : pages[0];
    const title = known === undefined ? route.of || route.page : t(known.title);
    document.title = `${title} · ${about.answer?.project ?? 'datacycle'}`;
  }, [route, about.answer, language]);
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (!event.altKey || event.ctrlKey || event.metaKey) return;
      const wanted = pages.find(({ key }) => key === event.key);
      if (wanted !== undefined) location.hash = hrefOf(wanted.page);
    };
    document.addEventListener('keydown', hear);
    return () => document.removeEventListener('keydown', hear);
  }, []);
  const isCurrent = (page: string) =>
    resident !== undefined || page === route.page || (page === 'models' && route.page === 'node');
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        {t('To the content')}
      </button>
      <header class="top">
        <div class="brand" title={resident ?? about.answer?.database}>
          {about.answer?.project ?? 'datacycle'}
          {about.answer && <span class="faint"> {resident ?? about.answer.database}</span>}
        </div>
        <nav aria-label={t('Pages')}>
          {pages.map(({ page, title, key }) => (
            <a
              key={page}
              href={hrefOf(page)}
              aria-current={isCurrent(page) ? 'page' : undefined}
              title={`${t(title)} (Alt+${key})`}
            >
              {t(title)}
            </a>
          ))}
        </nav>
        <button type="button" class="quiet" onClick={turnTheme}>
          {t(theme === 'dark' ? 'Light' : 'Dark')}
        </button>
        <select
          class="quiet"
          aria-label={t('Language')}
          value={language}
          onChange={(event) => setLanguage(event.currentTarget.value as Language)}
        >
          {Object.entries(languages).map(([tag, name]) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
        </select>
      </header>
      {!isStatic && resident === undefined && <JobBar />}
      <main id="main" tabIndex={-1} lang={isTranslated(route.page) ? language : 'en'}>
        <Page route={route} />
      </main>
    </>
  );
}

const root = document.getElementById('app');
if (root !== null) {
  root.replaceChildren();
  render(<App />, root);
}
