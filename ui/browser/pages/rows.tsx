import { useState } from 'preact/hooks';
import type { Rows } from '../../data/state.ts';
import { Shown, Table } from '../parts/show.tsx';
import { useAnswer } from '../parts/use.ts';

/** Rows are read when they are asked for: a view may take its time. */
export function RowsOf({ id, isTest }: { id: string; isTest: boolean }) {
  const [isWanted, setWanted] = useState(false);
  return (
    <section>
      <h2>{isTest ? 'Bad rows' : 'Sample rows'}</h2>
      {isWanted ? (
        <Read id={id} isTest={isTest} />
      ) : (
        <button type="button" onClick={() => setWanted(true)}>
          Show them
        </button>
      )}
    </section>
  );
}

function Read({ id, isTest }: { id: string; isTest: boolean }) {
  const rows = useAnswer('rows', { id, limit: '50' });
  return <Shown from={rows}>{(found) => <Found rows={found} isTest={isTest} />}</Shown>;
}

function Found({ rows: { columns, cells, more }, isTest }: { rows: Rows; isTest: boolean }) {
  return (
    <>
      <Table
        caption={isTest ? 'Bad rows' : 'Sample rows'}
        rows={cells}
        keyOf={(_row, index) => String(index)}
        isWide
        empty={isTest ? 'There are no bad rows now.' : 'It has no rows.'}
        columns={columns.map((title, index) => ({
          title,
          cell: (row: Rows['cells'][number]) => row[index] ?? <span class="faint">null</span>,
        }))}
      />
      {more && <p class="faint">There are more than these {cells.length}.</p>}
    </>
  );
}
