// The outcome of one scenario with one client, and the table of all.

export type Outcome = 'pass' | 'fail' | 'skip';

export interface Result {
  readonly client: string;
  readonly scenario: string;
  readonly outcome: Outcome;
  /** Why it failed, or why it was skipped. */
  readonly reason: string;
  readonly seconds: number;
}

/** Clients down, scenarios across would be too wide for a terminal: scenarios down, clients across, reasons as numbered notes below. */
export function resultTable(results: readonly Result[]): string {
  const clients = [...new Set(results.map((result) => result.client))];
  const scenarios = [...new Set(results.map((result) => result.scenario))];
  const notes: string[] = [];
  const note = (text: string): number => {
    if (!notes.includes(text)) notes.push(text);
    return notes.indexOf(text) + 1;
  };
  const cell = (client: string, scenario: string): string => {
    const result = results.find((one) => one.client === client && one.scenario === scenario);
    if (result === undefined) return '';
    const seconds = result.seconds.toFixed(1);
    if (result.outcome === 'pass') return `pass ${seconds}s`;
    if (result.outcome === 'fail') return `FAIL ${seconds}s [${note(`${client}: ${result.reason}`)}]`;
    return `- [${note(`${result.scenario === 'start' ? 'missing here' : 'not offered'}, ${client}: ${result.reason}`)}]`;
  };
  const rows = [
    ['', ...clients],
    ...scenarios.map((scenario) => [scenario, ...clients.map((client) => cell(client, scenario))]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, '', ...notes.map((text, index) => `[${index + 1}] ${text}`)].join('\n');
}

/** The closing line, and whether all is well. */
export function summary(results: readonly Result[]): { readonly line: string; readonly ok: boolean } {
  const count = (outcome: Outcome): number => results.filter((result) => result.outcome === outcome).length;
  const failed = count('fail');
  return { line: `${count('pass')} passed, ${failed} failed, ${count('skip')} skipped`, ok: failed === 0 };
}
