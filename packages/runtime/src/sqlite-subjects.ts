import type { StatementSync } from "node:sqlite";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { StorageError } from "./storage-error.ts";

/** Subjects a log may know; an append with one more is refused ("overloaded"). A race has about 1,000. */
const SUBJECTS_MAX = 200_000;

/**
 * Subjects as small numbers: a record then holds two bytes in place of thirty, and a filter compares whole numbers. All
 * are kept in memory, at most SUBJECTS_MAX.
 */
export class SqliteSubjects {
  readonly #db: SqliteDatabase;
  readonly #insert: StatementSync;
  readonly #idsBySubject = new Map<string, number>();
  readonly #subjectsById = new Map<number, string>();
  #uncommitted: number[] = [];

  /** The table has to exist. */
  constructor(db: SqliteDatabase, table: string) {
    this.#db = db;
    this.#insert = db.prepare(`INSERT INTO ${table} (subject) VALUES (?)`);
    for (const row of db.prepare(`SELECT id, subject FROM ${table}`).all()) {
      this.#remember(Number(row.id), String(row.subject));
    }
  }

  /** The number of a subject, given one if it is new; inside a write. */
  intern(subject: string): number {
    const known = this.#idsBySubject.get(subject);
    if (known !== undefined) return known;
    if (this.#idsBySubject.size >= SUBJECTS_MAX) {
      throw new StorageError(
        "overloaded",
        `${this.#db.path} knows its most of ${SUBJECTS_MAX} subjects: start with an empty data folder.`,
      );
    }
    const { lastInsertRowid } = this.#insert.run(subject);
    const id = Number(lastInsertRowid);
    this.#remember(id, subject);
    this.#uncommitted.push(id);
    return id;
  }

  subject(id: number): string {
    const subject = this.#subjectsById.get(id);
    if (subject === undefined)
      throw new StorageError(
        "corrupt",
        `${this.#db.path} is damaged (a record names subject ${id}, which does not exist): move it away to start empty, or restore a copy of it.`,
      );
    return subject;
  }

  /** The numbers of all subjects with this prefix. */
  idsWithPrefix(prefix: string): number[] {
    return [...this.#idsBySubject].filter(([subject]) => subject.startsWith(prefix)).map(([, id]) => id);
  }

  committed(): void {
    this.#uncommitted = [];
  }

  rolledBack(): void {
    for (const id of this.#uncommitted) {
      this.#idsBySubject.delete(this.#subjectsById.get(id) ?? "");
      this.#subjectsById.delete(id);
    }
    this.#uncommitted = [];
  }

  #remember(id: number, subject: string): void {
    this.#idsBySubject.set(subject, id);
    this.#subjectsById.set(id, subject);
  }
}
