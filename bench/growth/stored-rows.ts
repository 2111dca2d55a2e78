// Many snapshots and services without the hours it would take to make them: copies of one that the server has made.
import { cpSync, existsSync, linkSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import Database from 'libsql';

type Row = Readonly<Record<string, string | number | null>>;

/** What is copied: where its rows are, and what each copy must have of its own. */
export interface Copied {
  readonly dataDirectory: string;
  readonly table: 'snapshots' | 'services';
  /** The column by which the original is known. */
  readonly key: string;
  readonly original: string;
  /** The columns that a copy has of its own. */
  readonly own: (id: string) => Row;
  /** The folder, if any, in which a row has a folder of its id. */
  readonly folder?: string;
}

/** Adds copies, rows and folders, while the server runs. */
export function addCopies(copied: Copied, count: number): void {
  const { dataDirectory, table, key, original, own, folder } = copied;
  const database = new Database(path.join(dataDirectory, 'rserver.db'));
  try {
    database.exec('PRAGMA busy_timeout = 10000');
    const row = database.prepare(`select * from ${table} where ${key} = ?`).get(original) as Row;
    const columns = database
      .prepare(`select name from pragma_table_info('${table}')`)
      .all()
      .map((column) => (column as { name: string }).name);
    const insert = database.prepare(
      `insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`,
    );
    const addAll = database.transaction(() => {
      for (let index = 0; index < count; index += 1) {
        const id = randomUUID();
        if (folder !== undefined) copyFolder(path.join(dataDirectory, folder), original, id);
        const copy = { ...row, ...own(id) };
        insert.run(...columns.map((column) => copy[column]));
      }
    });
    addAll();
  } finally {
    database.close();
  }
}

/** Files are linked, not copied: what counts here is how many there are. */
function copyFolder(directory: string, original: string, id: string): void {
  const from = path.join(directory, original);
  if (!existsSync(from)) return;
  linkTree(from, path.join(directory, id));
}

function linkTree(from: string, to: string): void {
  mkdirSync(to, { mode: statSync(from).mode });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else if (entry.isFile()) linkSync(source, target);
    else cpSync(source, target, { verbatimSymlinks: true });
  }
}
