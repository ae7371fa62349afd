import type { EventLog, LogAppend, LogReaderOptions, LogRecord } from "../ports.ts";

export function append(partition: number, subject: string, text: string, messageId?: string): LogAppend {
  const record = { partition, subject, payload: new Uint8Array(Buffer.from(text)) };
  return messageId === undefined ? record : { ...record, messageId };
}

export function textOf(record: LogRecord): string {
  return Buffer.from(record.payload).toString();
}

/** Everything that is there for such a reader now. */
export async function drain(log: EventLog, options: LogReaderOptions): Promise<LogRecord[]> {
  const reader = await log.open(options);
  const all: LogRecord[] = [];
  for (;;) {
    const records = await reader.next(100, 0);
    if (records.length === 0) break;
    all.push(...records);
  }
  await reader.close();
  return all;
}
